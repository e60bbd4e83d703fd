import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { Core } from '../../src/core/core.js'
import { storage as storageKey } from '../../src/core/ports/stores.js'
import { housekeepingLease, runHousekeeping } from '../../src/core/maintenance/housekeeping.js'
import { usualLimits } from '../../src/core/policy.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { startHousekeeping } from '../../src/compose/housekeeping.js'
import type { OpenStorage } from '../../src/storage/index.js'
import { aBox } from '../core/people.js'
import { databases, useDatabase } from '../support/databases.js'
import { until } from '../support/until.js'
import { withStores } from '../support/with-stores.js'
import { aHash, anAccount, aSession, nameOf, somebody } from './things.js'
import { overriding } from '../../src/storage/stores/store.js'

const now = 2_000_000
const box = aBox()

/** What housekeeping needs of a server: its database, a clock that stands still, and the root key. */
const coreOn = (storage: OpenStorage) =>
  ({
    [storageKey]: storage,
    box,
    policy: usualLimits,
    platform: { ...nodePlatform, nowSeconds: () => now },
  }) as unknown as Core

const goOn = () => sleep(0).then(() => true)
const silent = { warn: () => undefined, error: () => undefined }

/** Far more than one batch of sessions that are over, half of them by age and half by rest. */
async function backlog(storage: OpenStorage, count: number): Promise<void> {
  const account = await somebody(storage.stores)
  await storage.atomically(async ({ sessions }) => {
    for (let index = 0; index < count; index += 1) {
      const times =
        index % 2 === 0
          ? { lastSeenAt: now, expiresAt: now }
          : { lastSeenAt: now - usualLimits.session.idleSeconds - 1, expiresAt: now + 9000 }
      await sessions.add(aSession(account, times), aHash())
    }
  })
}

describe.each(databases)('housekeeping on $name', (kind) => {
  const servers = useDatabase(kind)
  const left = (storage = servers.here) => storage.stores.sessions.removeExpired(0, 1)
  afterEach(async () => {
    await servers.database.sql('DELETE FROM lease')
    await servers.database.sql('DELETE FROM account')
  })

  it('a backlog of several batches goes in one round, and what is alive stays', async () => {
    await backlog(servers.here, 2100)
    const ada = await somebody(servers.here.stores)
    const alive = aSession(ada, { lastSeenAt: now - usualLimits.session.idleSeconds, expiresAt: now + 1 })
    await servers.here.stores.sessions.add(alive, aHash())
    let pauses = 0
    const pause = () => goOn().finally(() => (pauses += 1))
    expect(await runHousekeeping(coreOn(servers.here), { name: 'here', pause })).toBe(2100)
    expect(pauses).toBeGreaterThanOrEqual(3)
    expect(await servers.here.stores.sessions.listOf(ada.id)).toEqual([alive])
    expect(await runHousekeeping(coreOn(servers.here), { name: 'here', pause: goOn })).toBe(0)
    expect(await left()).toBe(0)
  })

  it('one server at a time: whoever comes second leaves it to the first, until it is gone', async () => {
    await backlog(servers.here, 1100)
    const there = () => runHousekeeping(coreOn(servers.there), { name: 'there', pause: goOn })
    const others: (number | null)[] = []
    const pause = async () => {
      others.push(await there())
      return true
    }
    expect(await runHousekeeping(coreOn(servers.here), { name: 'here', pause })).toBe(1100)
    expect(others.length).toBeGreaterThanOrEqual(2)
    expect(others.every((one) => one === null)).toBe(true)
    await servers.here.stores.leases.release(housekeepingLease, 'here')
    expect(await there()).toBe(0)
  })

  it('it ends between two batches, and gives the work back at once', async () => {
    await backlog(servers.here, 2100)
    const stop = startHousekeeping({ core: coreOn(servers.here) }, silent, { everyMs: 1, pauseMs: 60_000 })
    const lease = { name: housekeepingLease, holder: 'other', seconds: 1000 }
    await until(async () => (await countOver(servers.there)) < 2100)
    await stop()
    const after = await countOver(servers.there)
    expect(after).toBeGreaterThan(0)
    expect(await servers.there.stores.leases.take(lease, now)).toBe(true)
    expect(await countOver(servers.there)).toBe(after)
  })

  it('whoever writes meanwhile gets a turn between two batches', async () => {
    await backlog(servers.here, 4200)
    const ada = await somebody(servers.here.stores)
    let batches = 0
    let isOver = false
    const pause = () => goOn().finally(() => (batches += 1))
    let writes = 0
    const writing = (async () => {
      while (!isOver) {
        await servers.here.stores.sessions.add(
          aSession(ada, { lastSeenAt: now, expiresAt: now + 9 }),
          aHash(),
        )
        writes += 1
        // SQLite answers at once: without this, no timer of this process would ever come.
        await sleep(1)
      }
    })()
    expect(await runHousekeeping(coreOn(servers.here), { name: 'here', pause })).toBe(4200)
    isOver = true
    await writing
    expect(batches).toBeGreaterThanOrEqual(5)
    expect(writes).toBeGreaterThanOrEqual(batches)
  })

  it('an outage is told once and the next round goes on', async () => {
    const told: string[] = []
    const log = { ...silent, error: (message: string) => void told.push(message) }
    const { stores } = servers.here
    let failing = true
    const leases = overriding(stores.leases, {
      take: (...given) => (failing ? Promise.reject(new Error('away')) : stores.leases.take(...given)),
    })
    const core = coreOn({ ...servers.here, stores: withStores(stores, { leases }) })
    await backlog(servers.here, 10)
    const stop = startHousekeeping({ core }, log, { everyMs: 5, pauseMs: 1 })
    await until(async () => told.length > 0)
    failing = false
    await until(async () => (await countOver(servers.there)) === 0)
    await stop()
    expect(told[0]).toBe('housekeeping failed and will be tried again')
  })

  async function countOver({ stores }: OpenStorage): Promise<number> {
    const sessions = await Promise.all(
      (await stores.accounts.list()).map(({ id }) => stores.sessions.listOf(id)),
    )
    return sessions.flat().length
  }
})

describe.each(databases.filter(({ name }) => name === 'postgres'))('housekeeping on $name', (kind) => {
  const servers = useDatabase(kind)

  it('waits for nobody: what somebody holds just now stays until the next time', async () => {
    const account = anAccount()
    await servers.here.stores.accounts.add({ account, loginNames: [nameOf(account)] })
    const [held, free] = [aSession(account, { expiresAt: 10 }), aSession(account, { expiresAt: 10 })]
    for (const session of [held, free]) await servers.here.stores.sessions.add(session, aHash())
    const keep = () => runHousekeeping(coreOn(servers.there), { name: 'there', pause: goOn })
    await servers.here.atomically(async ({ sessions }) => {
      await sessions.touch(held.id, 2000)
      expect(await keep()).toBe(1)
    })
    expect(await servers.here.stores.sessions.listOf(account.id)).toHaveLength(1)
    expect(await keep()).toBe(1)
  })
})
