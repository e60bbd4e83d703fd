import { describe, expect, it } from 'vitest'
import { databases, useDatabase } from '../support/databases.js'

describe.each(databases)('facts on $name', (kind) => {
  const servers = useDatabase(kind)

  it('a fact is what was put last', async () => {
    const { facts } = servers.here.stores
    expect(await facts.get('colour')).toBeNull()
    await facts.put('colour', 'green')
    await facts.put('colour', 'blue')
    expect(await facts.get('colour')).toBe('blue')
    expect(await servers.there.stores.facts.get('colour')).toBe('blue')
  })

  it('of several that add one, the first decides, and a fact that is there stays', async () => {
    const all = ['a', 'b', 'c', 'd'].map((value, at) =>
      (at % 2 === 0 ? servers.here : servers.there).stores.facts.add('mark', value),
    )
    expect((await Promise.all(all)).filter(Boolean)).toHaveLength(1)
    const first = await servers.here.stores.facts.get('mark')
    expect(await servers.there.stores.facts.add('mark', 'late')).toBe(false)
    expect(await servers.there.stores.facts.get('mark')).toBe(first)
  })

  it('of several that go on from one value, one does', async () => {
    await servers.here.stores.facts.put('week', '1')
    const all = ['a', 'b', 'c', 'd'].map((to, at) =>
      (at % 2 === 0 ? servers.here : servers.there).stores.facts.replace('week', { from: '1', to }),
    )
    expect((await Promise.all(all)).filter(Boolean)).toHaveLength(1)
    expect(await servers.here.stores.facts.replace('week', { from: '1', to: 'late' })).toBe(false)
    expect(await servers.here.stores.facts.replace('none', { from: '1', to: '2' })).toBe(false)
    expect(await servers.here.stores.facts.get('none')).toBeNull()
  })

  it('facts are listed by the beginning of their names, compared exactly', async () => {
    const { facts } = servers.here.stores
    for (const name of ['key:b', 'key:a', 'KEY:c', 'key', 'key:%', 'ключ:ä', 'other'])
      await facts.put(name, '1')
    expect(await facts.list('key:')).toEqual([
      { name: 'key:%', value: '1' },
      { name: 'key:a', value: '1' },
      { name: 'key:b', value: '1' },
    ])
    expect(await facts.list('key:%')).toHaveLength(1)
    expect(await facts.list('ключ:')).toHaveLength(1)
  })

  it('a fact is removed once', async () => {
    const { facts } = servers.here.stores
    await facts.put('gone', 'soon')
    expect(await facts.remove('gone')).toBe(true)
    expect(await facts.remove('gone')).toBe(false)
    expect(await facts.get('gone')).toBeNull()
  })
})
