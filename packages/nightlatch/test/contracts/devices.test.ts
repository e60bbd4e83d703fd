import { describe, expect, it } from 'vitest'
import { databases, useDatabase } from '../support/databases.js'
import { aHash, anId, aTrustedDevice, fiftyAtOnce, somebody } from './things.js'

describe.each(databases)('known devices on $name', (kind) => {
  const servers = useDatabase(kind)

  it('a device is known to the account that it signed in to, and to no other', async () => {
    const { knownDevices } = servers.here.stores
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.knownDevices.note(ada.id, 'laptop', 1000),
    )
    expect(await knownDevices.isKnown(ada.id, 'laptop')).toBe(true)
    expect(await knownDevices.isKnown(eve.id, 'laptop')).toBe(false)
    expect(await knownDevices.noteAgain(ada.id, 'laptop', 1001)).toBe(true)
    expect(await knownDevices.noteAgain(eve.id, 'laptop', 1001)).toBe(false)
    expect(await knownDevices.isKnown(eve.id, 'laptop')).toBe(false)
    expect(await knownDevices.isKnown(ada.id, 'phone')).toBe(false)
    await knownDevices.removeAllOf(ada.id)
    expect(await knownDevices.isKnown(ada.id, 'laptop')).toBe(false)
  })

  it('only so many are kept for an account, those that were seen last', async () => {
    const { knownDevices } = servers.here.stores
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    for (const [at, device] of ['a', 'b', 'c', 'd'].entries())
      await knownDevices.note(ada.id, device, 100 + at)
    await knownDevices.note(ada.id, 'a', 110)
    await knownDevices.note(eve.id, 'a', 100)
    expect(await knownDevices.removeOldestOf(ada.id, 2)).toBe(2)
    const known = await Promise.all(['a', 'b', 'c', 'd'].map((one) => knownDevices.isKnown(ada.id, one)))
    expect(known).toEqual([true, false, false, true])
    expect(await knownDevices.isKnown(eve.id, 'a')).toBe(true)
  })

  it('idle ones are forgotten in batches, used ones stay', async () => {
    const { knownDevices } = servers.here.stores
    const { id } = await somebody(servers.here.stores)
    for (const device of ['a', 'b', 'c', 'd']) await knownDevices.note(id, device, 10)
    await knownDevices.noteAgain(id, 'a', 20)
    expect(await knownDevices.removeIdleSince(20, 2)).toBe(2)
    expect(await knownDevices.removeIdleSince(20, 2)).toBe(1)
    expect(await knownDevices.isKnown(id, 'a')).toBe(true)
  })
})

describe.each(databases)('trusted devices on $name', (kind) => {
  const servers = useDatabase(kind)
  const devices = () => servers.here.stores.trustedDevices

  it('a token is used once and replaced by the next', async () => {
    const ada = await somebody(servers.here.stores)
    const device = aTrustedDevice(ada)
    const [first, second, third] = [aHash(), aHash(), aHash()] as const
    await devices().add(device, first)
    const used = { kind: 'used', device: { ...device, lastUsedAt: 2000 } }
    expect(await devices().use(ada.id, { token: first, next: second }, 2000)).toEqual(used)
    expect(await devices().use(ada.id, { token: second, next: third }, 2000)).toEqual(used)
    expect(await devices().listOf(ada.id)).toEqual([used.device])
  })

  it('a token that was replaced comes back: the device is ended', async () => {
    const ada = await somebody(servers.here.stores)
    const device = aTrustedDevice(ada)
    const [first, second] = [aHash(), aHash()] as const
    await devices().add(device, first)
    await devices().use(ada.id, { token: first, next: second }, 2000)
    expect(await devices().use(ada.id, { token: first, next: aHash() }, 2001)).toMatchObject({
      kind: 'reused',
      device: { id: device.id },
      wasLast: true,
    })
    expect(await devices().use(ada.id, { token: second, next: aHash() }, 2002)).toEqual({ kind: 'unknown' })
    expect(await devices().listOf(ada.id)).toEqual([])
  })

  it('any token of the series comes back, however old: the device is ended', async () => {
    const ada = await somebody(servers.here.stores)
    const [series, ...tokens] = [aHash(), aHash(), aHash(), aHash(), aHash()] as const
    await devices().add(aTrustedDevice(ada), tokens[0]!, series)
    for (const [index, token] of tokens.slice(0, -1).entries())
      await devices().use(ada.id, { token, next: tokens[index + 1]!, series }, 2000 + index)
    expect(await devices().use(ada.id, { token: tokens[0]!, next: aHash(), series: aHash() }, 3000)).toEqual({
      kind: 'unknown',
    })
    expect(await devices().use(ada.id, { token: tokens[0]!, next: aHash(), series }, 3000)).toMatchObject({
      kind: 'reused',
      wasLast: false,
    })
    expect(await devices().listOf(ada.id)).toEqual([])
  })

  it('a token that was current when the request began, and is not any more, ends nothing', async () => {
    const ada = await somebody(servers.here.stores)
    const [token, next, series] = [aHash(), aHash(), aHash()] as const
    await devices().add(aTrustedDevice(ada), token, series)
    expect(await devices().isCurrent(ada.id, token, 2000)).toBe(true)
    await devices().use(ada.id, { token, next, series }, 2000)
    expect(await devices().isCurrent(ada.id, token, 2000)).toBe(false)
    const overtaken = { token, next: aHash(), series, wasCurrent: true }
    expect(await devices().use(ada.id, overtaken, 2000)).toEqual({ kind: 'overtaken' })
    expect(await devices().isCurrent(ada.id, next, 2000)).toBe(true)
  })

  it('a browser that is remembered anew ends what it held, and nothing of another one', async () => {
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const [series, other] = [aHash(), aHash()]
    const [mine, second] = [aTrustedDevice(ada), aTrustedDevice(ada)]
    await devices().add(mine, aHash(), series)
    await devices().add(second, aHash(), other)
    await devices().endSeries(eve.id, series)
    await devices().endSeries(ada.id, aHash())
    expect(await devices().listOf(ada.id)).toHaveLength(2)
    await devices().endSeries(ada.id, series)
    expect(await devices().listOf(ada.id)).toEqual([second])
  })

  it('of fifty copies of a token at once, one is used', async () => {
    const ada = await somebody(servers.here.stores)
    const token = aHash()
    await devices().add(aTrustedDevice(ada), token)
    const answers = await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.trustedDevices.use(ada.id, { token, next: aHash() }, 2000),
    )
    const count = (kind: string) => answers.filter((answer) => answer.kind === kind).length
    expect([count('used'), count('reused'), count('unknown')]).toEqual([1, 1, 48])
  })

  it('a token opens nothing for another account, nor at or after its end', async () => {
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const token = aHash()
    await devices().add(aTrustedDevice(ada), token)
    const use = (account: typeof ada, at: number) => devices().use(account.id, { token, next: aHash() }, at)
    expect(await use(eve, 2000)).toEqual({ kind: 'unknown' })
    expect(await use(ada, 9000)).toEqual({ kind: 'unknown' })
    expect(await use(ada, 8999)).toMatchObject({ kind: 'used' })
  })

  it('they are ended one by one by their owner, all at once, and when they have expired', async () => {
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const mine = Array.from({ length: 4 }, (_one, index) => aTrustedDevice(ada, { expiresAt: 3000 + index }))
    for (const device of mine) await devices().add(device, aHash())
    expect(await devices().end(mine[3]!.id, eve.id)).toBe(false)
    expect(await devices().end(mine[3]!.id, ada.id)).toBe(true)
    expect(await devices().end(anId(), ada.id)).toBe(false)
    expect(await devices().removeExpired(3000, 10)).toBe(1)
    expect(await devices().endAllOf(ada.id)).toBe(2)
  })
})
