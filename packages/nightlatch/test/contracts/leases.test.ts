import { describe, expect, it } from 'vitest'
import { databases, useDatabase } from '../support/databases.js'
import { fiftyAtOnce } from './things.js'

describe.each(databases)('leases on $name', (kind) => {
  const servers = useDatabase(kind)
  const lease = (name: string, holder: string, endsAt: number) => ({ name, holder, endsAt })

  it('one holds it until it ends, and can make it last longer', async () => {
    const [here, there] = [servers.here.stores.leases, servers.there.stores.leases]
    expect(await here.take(lease('house', 'a', 200), 100)).toBe(true)
    expect(await there.take(lease('house', 'b', 210), 110)).toBe(false)
    expect(await here.take(lease('house', 'a', 250), 150)).toBe(true)
    expect(await there.take(lease('house', 'b', 349), 249)).toBe(false)
    expect(await there.take(lease('house', 'b', 350), 250)).toBe(true)
    expect(await here.take(lease('house', 'a', 360), 260)).toBe(false)
    expect(await here.take(lease('garden', 'a', 360), 260)).toBe(true)
  })

  it('one that is given back is free; nobody gives back what another holds', async () => {
    const { leases } = servers.here.stores
    await leases.take(lease('given', 'a', 200), 100)
    await leases.release('given', 'b')
    expect(await leases.take(lease('given', 'b', 200), 100)).toBe(false)
    await leases.release('given', 'a')
    expect(await leases.take(lease('given', 'b', 200), 100)).toBe(true)
  })

  it('a clock that was years fast keeps nobody out', async () => {
    const { leases } = servers.here.stores
    await leases.take(lease('fast', 'a', 400_000_100), 400_000_000)
    expect(await leases.take(lease('fast', 'b', 200), 100)).toBe(true)
  })

  it('of fifty servers at once one gets it', async () => {
    const won = await fiftyAtOnce([servers.here, servers.there], (server, index) =>
      server.stores.leases.take(lease('wanted', `server ${index}`, 200), 100),
    )
    expect(won.filter(Boolean)).toHaveLength(1)
  })
})
