import { describe, expect, it } from 'vitest'
import { databases, useDatabase } from '../support/databases.js'
import { fiftyAtOnce } from './things.js'

describe.each(databases)('leases on $name', (kind) => {
  const servers = useDatabase(kind)
  const lease = (name: string, holder: string, seconds: number) => ({ name, holder, seconds })

  it('one holds it until it ends, and can make it last longer', async () => {
    const [here, there] = [servers.here.stores.leases, servers.there.stores.leases]
    expect(await here.take(lease('house', 'a', 100), 100)).toBe(true)
    expect(await there.take(lease('house', 'b', 100), 110)).toBe(false)
    expect(await here.take(lease('house', 'a', 100), 150)).toBe(true)
    expect(await there.take(lease('house', 'b', 100), 249)).toBe(false)
    expect(await there.take(lease('house', 'b', 100), 250)).toBe(true)
    expect(await here.take(lease('house', 'a', 100), 260)).toBe(false)
    expect(await here.take(lease('garden', 'a', 100), 260)).toBe(true)
  })

  it('one that is given back is free; nobody gives back what another holds', async () => {
    const { leases } = servers.here.stores
    await leases.take(lease('given', 'a', 100), 100)
    await leases.release('given', 'b')
    expect(await leases.take(lease('given', 'b', 100), 100)).toBe(false)
    await leases.release('given', 'a')
    expect(await leases.take(lease('given', 'b', 100), 100)).toBe(true)
  })

  it('a clock that was years fast keeps nobody out', async () => {
    const { leases } = servers.here.stores
    await leases.take(lease('fast', 'a', 100), 400_000_000)
    expect(await leases.take(lease('fast', 'b', 100), 100)).toBe(true)
  })

  it('of fifty servers at once one gets it', async () => {
    const won = await fiftyAtOnce([servers.here, servers.there], (server, index) =>
      server.stores.leases.take(lease('wanted', `server ${index}`, 100), 100),
    )
    expect(won.filter(Boolean)).toHaveLength(1)
  })
})
