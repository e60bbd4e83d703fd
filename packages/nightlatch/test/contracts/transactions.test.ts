import { describe, expect, it } from 'vitest'
import { codeKey } from '../../src/core/factors/totp/counters.js'
import { type Storage, type Stores, Rollback } from '../../src/core/ports/stores.js'
import { StorageError } from '../../src/storage/index.js'
import { databases, useDatabase } from '../support/databases.js'
import { aHash, anId, aSession, fiftyAtOnce, somebody } from './things.js'
import { usualLimits } from '../../src/core/policy.js'

const { code: codePolicy } = usualLimits.attempts

describe.each(databases)('transactions on $name', (kind) => {
  const servers = useDatabase(kind)
  const facts = () => servers.here.stores.facts
  const both = () => [servers.here, servers.there] as const

  it('what one returns is kept whole, and seen by all', async () => {
    const outcome = await servers.here.atomically(async (stores) => {
      await stores.facts.put('whole-1', 'a')
      await stores.facts.put('whole-2', 'b')
      return 'done'
    })
    expect(outcome).toBe('done')
    expect(await servers.there.stores.facts.list('whole-')).toHaveLength(2)
  })

  it('an error in the middle leaves nothing, and comes out as it was', async () => {
    const oops = new Error('oops')
    const failing = servers.here.atomically(async (stores) => {
      await stores.facts.put('half', 'a')
      throw oops
    })
    await expect(failing).rejects.toBe(oops)
    expect(await facts().get('half')).toBeNull()
  })

  it('an outcome can be given back with nothing kept', async () => {
    const outcome = await servers.here.atomically(async (stores) => {
      await stores.facts.put('undone', 'a')
      expect(await stores.facts.get('undone')).toBe('a')
      return new Rollback('refused')
    })
    expect(outcome).toBe('refused')
    expect(await facts().get('undone')).toBeNull()
  })

  it('what is put off is done once the transaction is kept, and events are told then; else neither is', async () => {
    const event = { event: 'session.ended', account: null, address: '', userAgent: '', details: {} } as const
    const done: string[] = []
    servers.here.onEvent(({ at }) => void done.push(`event ${at}`))
    const act = async (stores: Stores, at: number) => {
      stores.afterwards.push(() => done.push(`act ${at}`))
      await stores.audit.add({ ...event, at })
      return done.length
    }
    expect(await servers.here.atomically((stores) => act(stores, 1))).toBe(0)
    expect(done).toEqual(['act 1', 'event 1'])
    await servers.here.atomically(async (stores) => new Rollback(await act(stores, 2)))
    const failing = servers.here.atomically(async (stores) => {
      await act(stores, 3)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(done).toEqual(['act 1', 'event 1'])
    await act(servers.here.stores, 4)
    expect(done).toEqual(['act 1', 'event 1', 'act 4', 'event 4'])
    servers.here.onEvent(() => undefined)
  })

  it('after a statement that failed nothing is kept, even if the error is caught', async () => {
    const ada = await somebody(servers.here.stores)
    const session = aSession(ada)
    await servers.here.stores.sessions.add(session, aHash())
    const working = servers.here.atomically(async (stores) => {
      await stores.facts.put('before the failure', 'a')
      await stores.sessions.add(session, aHash()).catch(() => 'as if nothing had happened')
      return 'done'
    })
    await expect(working).rejects.toThrow(StorageError)
    expect(await facts().get('before the failure')).toBeNull()
    expect(await facts().put('the next one works', 'a')).toBeUndefined()
  })

  it('a row that belongs to nobody is refused when the transaction ends at the latest', async () => {
    const orphan = servers.here.atomically((stores) => stores.unsavedCodes.put(anId(), anId(), 'sealed'))
    await expect(orphan).rejects.toThrow(StorageError)
  })

  it('a store that outlives its transaction writes nothing', async () => {
    let kept: Stores | null = null
    await servers.here.atomically((stores) => {
      kept = stores
      return Promise.resolve()
    })
    await expect(kept!.facts.put('too late', 'a')).rejects.toThrow('after its transaction had ended')
    expect(await facts().get('too late')).toBeNull()
  })

  it('nobody sees half of an open transaction, and reads do not wait for it', async () => {
    await facts().put('seen-1', 'old')
    await facts().put('seen-2', 'old')
    const seen: unknown[] = []
    const look = async () => {
      for (const server of both())
        for (const name of ['seen-1', 'seen-2']) seen.push(await server.stores.facts.get(name))
    }
    await servers.here.atomically(async (stores) => {
      await stores.facts.put('seen-1', 'new')
      await look()
      await stores.facts.put('seen-2', 'new')
      await look()
    })
    expect(seen).toEqual(Array(8).fill('old'))
    expect(await servers.there.stores.facts.get('seen-1')).toBe('new')
  })

  it('a write from outside waits for an open transaction and is no part of it', async () => {
    await facts().put('contended', 'old')
    const outside: Promise<unknown>[] = []
    const answers: string[] = []
    const reserve = async (server: Storage) => {
      const key = codeKey(anId())
      answers.push((await server.stores.attempts.reserve(key, codePolicy, 1000)).kind)
    }
    await servers.here.atomically(async (stores) => {
      await stores.facts.put('contended', 'inside')
      for (const server of both()) outside.push(server.stores.facts.put('contended', 'outside'))
      for (const server of both()) outside.push(reserve(server))
      await stores.facts.put('contended', 'still inside')
      expect(await stores.facts.get('contended')).toBe('still inside')
      return new Rollback(null)
    })
    await Promise.all(outside)
    expect(await facts().get('contended')).toBe('outside')
    expect(answers).toEqual(['reserved', 'reserved'])
  })

  it('fifty transactions at once on two servers happen one after the other', async () => {
    const { id } = await somebody(servers.here.stores, { name: '0' })
    await fiftyAtOnce(both(), (server) =>
      server.atomically(async ({ accounts }) => {
        const account = (await accounts.hold(id))!
        await accounts.setProfile(id, { ...account, name: String(Number(account.name) + 1) })
      }),
    )
    expect((await servers.here.stores.accounts.find(id))?.name).toBe('50')
  })

  it('statements that are asked at once in a transaction run one after the other', async () => {
    await servers.here.atomically(async (stores) => {
      await Promise.all(Array.from({ length: 20 }, (_one, index) => stores.facts.put(`once-${index}`, 'a')))
    })
    expect(await facts().list('once-')).toHaveLength(20)
  })

  it('statements that are asked at once are done in the order in which they were asked', async () => {
    const seen = await servers.here.atomically(({ facts }) =>
      Promise.all([
        facts.put('in turn', 'first'),
        facts.get('in turn'),
        facts.put('in turn', 'second'),
        facts.get('in turn'),
        facts.remove('in turn'),
        facts.get('in turn'),
        facts.put('in turn', 'last'),
      ]),
    )
    expect(seen).toEqual([undefined, 'first', undefined, 'second', true, null, undefined])
    expect(await facts().get('in turn')).toBe('last')
  })

  it('of statements that are asked at once, one that fails takes the others back', async () => {
    const session = aSession(await somebody(servers.here.stores))
    const working = servers.here.atomically(({ facts, sessions }) => {
      const first = sessions.add(session, aHash())
      const failing = sessions.add(session, aHash())
      const behind = facts.put('at once', 'a')
      // The one behind is heard of sooner, and says why it failed all the same.
      const late = failing.catch((error: unknown) =>
        behind.then(
          () => Promise.reject(error as Error),
          () => Promise.reject(error as Error),
        ),
      )
      return Promise.all([first, late, behind])
    })
    const error = await working.catch((caught: unknown) => caught as StorageError)
    expect(String((error as StorageError).cause)).toMatch(/unique/i)
    expect(await facts().list('at once')).toEqual([])
    expect(await facts().put('the next one works', 'a')).toBeUndefined()
  })

  it('one that ends asynchronously is seen by all at once, whole or not at all', async () => {
    const put = (value: string) =>
      servers.here.atomically(async ({ facts }) => {
        await Promise.all([facts.put('soon-1', value), facts.put('soon-2', value)])
        return value === 'b' ? new Rollback(value) : value
      }, 'asynchronous')
    expect(await put('a')).toBe('a')
    expect(await put('b')).toBe('b')
    for (const server of both())
      expect((await server.stores.facts.list('soon-')).map(({ value }) => value)).toEqual(['a', 'a'])
  })

  it.each([
    ['NUL', 'a\0b'],
    ['the first half of a pair', 'a\ud83d'],
    ['the second half of a pair', '\ude80b'],
  ])('text with %s is refused, to keep and to look for', async (_what, text) => {
    const message = 'text with NUL or half of a surrogate pair cannot be kept'
    const refused = { name: 'StorageError', code: 'not-text', message }
    await expect(facts().put('text', text)).rejects.toMatchObject(refused)
    await expect(facts().get(text)).rejects.toMatchObject(refused)
    const inside = servers.here.atomically(({ facts }) => facts.put(text, 'a'))
    await expect(inside).rejects.toMatchObject(refused)
  })

  it('all other text comes back as it was', async () => {
    const texts = [
      '',
      ' a ',
      '\u00e9',
      'e\u0301',
      '\u202e',
      '\uffff',
      '🚪',
      "'",
      '\\',
      '%_',
      '\u0001\u007f',
      '$1 ?1',
    ]
    for (const text of texts) {
      await facts().put('text', text)
      expect(await facts().get('text')).toBe(text)
    }
  })
})

describe.each(databases)('closing $name', (kind) => {
  it('lets a running transaction end, and refuses what comes later', async () => {
    const database = await kind.create()
    const storage = await database.open()
    let closed: Promise<void> = Promise.resolve()
    await storage.atomically(async ({ facts }) => {
      await facts.put('last', 'words')
      closed = storage.close()
      await facts.put('very last', 'words')
    })
    await closed
    const refused = { code: 'unavailable', message: 'the database is closed' }
    await expect(storage.stores.facts.get('last')).rejects.toMatchObject(refused)
    await expect(storage.stores.facts.put('a', 'b')).rejects.toMatchObject(refused)
    await expect(storage.atomically(() => Promise.resolve())).rejects.toMatchObject(refused)
    await expect(storage.check()).rejects.toMatchObject(refused)
    await storage.close()
    expect(await (await database.open()).stores.facts.get('very last')).toBe('words')
    await database.remove()
  })
})

describe('while one writes to SQLite', () => {
  const servers = useDatabase(databases[0]!)

  /** How often this thread has looked for what arrived. */
  function countLooks() {
    let looks = 0
    let goesOn = true
    const look = () => {
      looks += 1
      if (goesOn) setImmediate(look)
    }
    setImmediate(look)
    return { soFar: () => looks, end: () => (goesOn = false) }
  }

  it('whoever arrived before is answered before it begins, and again before it is written down', async () => {
    const looks = countLooks()
    const seen = { atBegin: 0, atEnd: 0, after: 0 }
    await servers.here.atomically(async ({ facts }) => {
      seen.atBegin = looks.soFar()
      await facts.put('a chunk', 'x')
      seen.atEnd = looks.soFar()
    }, 'asynchronous')
    seen.after = looks.soFar()
    looks.end()
    expect(seen.atBegin).toBeGreaterThanOrEqual(2)
    expect(seen.atEnd).toBe(seen.atBegin)
    expect(seen.after).toBeGreaterThanOrEqual(seen.atEnd + 2)
  })
})
