import { describe, expect, it } from 'vitest'
import { databases, useDatabase } from '../support/databases.js'
import { anAuthenticator, anId, aSetUp, fiftyAtOnce, somebody } from './things.js'

describe.each(databases)('authenticators on $name', (kind) => {
  const servers = useDatabase(kind)
  const both = () => [servers.here.stores, servers.there.stores] as const

  it('they come back as they were kept, the oldest first', async () => {
    const { authenticators } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const young = anAuthenticator(ada, { createdAt: 2000, name: 'Tablet 📱' })
    const old = anAuthenticator(ada, { drift: -20 })
    await authenticators.add(young)
    await authenticators.add(old)
    expect(await servers.there.stores.authenticators.listOf(ada.id)).toEqual([old, young])
  })

  it('of fifty requests with one code at once, one uses its step', async () => {
    const ada = await somebody(servers.here.stores)
    const phone = anAuthenticator(ada)
    await servers.here.stores.authenticators.add(phone)
    const wins = await fiftyAtOnce(both(), (stores) =>
      stores.authenticators.consumeStepIfNewer(phone.id, { step: 11, drift: 4 }, 1100),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
    const [kept] = await servers.here.stores.authenticators.listOf(ada.id)
    expect(kept).toMatchObject({ lastStep: 11, drift: 4, lastUsedAt: 1100 })
  })

  it('a step at or before the last one is spent, also when the clock went back', async () => {
    const { authenticators } = servers.here.stores
    const phone = anAuthenticator(await somebody(servers.here.stores))
    await authenticators.add(phone)
    expect(await authenticators.consumeStepIfNewer(phone.id, { step: 10, drift: 0 }, 1)).toBe(false)
    expect(await authenticators.consumeStepIfNewer(phone.id, { step: 9, drift: 0 }, 1)).toBe(false)
    expect(await authenticators.consumeStepIfNewer(phone.id, { step: 12, drift: 0 }, 1)).toBe(true)
    expect(await authenticators.consumeStepIfNewer(phone.id, { step: 11, drift: 0 }, 1)).toBe(false)
    expect(await authenticators.consumeStepIfNewer(anId(), { step: 99, drift: 0 }, 1)).toBe(false)
  })

  it('a name is given once in an account, by its owner only', async () => {
    const { authenticators } = servers.here.stores
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const [phone, tablet] = [anAuthenticator(ada), anAuthenticator(ada, { name: 'Tablet' })]
    await authenticators.add(phone)
    await authenticators.add(tablet)
    expect(await authenticators.rename(tablet.id, ada.id, 'Phone')).toBe(false)
    expect(await authenticators.rename(tablet.id, ada.id, 'Tablet')).toBe(true)
    expect(await authenticators.rename(tablet.id, ada.id, 'phone')).toBe(true)
    expect(await authenticators.rename(tablet.id, eve.id, 'Mine')).toBe(false)
    expect(await authenticators.remove(tablet.id, eve.id)).toBe(false)
    expect(await authenticators.remove(tablet.id, ada.id)).toBe(true)
    expect(await authenticators.remove(tablet.id, ada.id)).toBe(false)
  })

  it('of fifty that want one name at once, one gets it', async () => {
    const ada = await somebody(servers.here.stores)
    const phones = Array.from({ length: 50 }, (_one, index) => anAuthenticator(ada, { name: `No ${index}` }))
    for (const phone of phones) await servers.here.stores.authenticators.add(phone)
    const wins = await fiftyAtOnce(both(), (stores, index) =>
      stores.authenticators.rename(phones[index]!.id, ada.id, 'The one'),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
  })

  it('all of an account are removed, and nobody else’s', async () => {
    const { authenticators } = servers.here.stores
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    for (const owner of [ada, ada, eve]) await authenticators.add(anAuthenticator(owner))
    expect(await authenticators.removeAllOf(ada.id)).toBe(2)
    expect(await authenticators.listOf(eve.id)).toHaveLength(1)
  })
})

describe.each(databases)('sealed secrets on $name', (kind) => {
  const servers = useDatabase(kind)

  it('those of older keys are found, in batches, and sealed anew unless they changed', async () => {
    const { authenticators } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const [key, other, third] = ['key-0123456789ab', 'kEy-0123456789ab', 'key-0123456789ac']
    const old = [other, third].map((id) => anAuthenticator(ada, { sealed: `v1.${id}.a` }))
    const fresh = anAuthenticator(ada, { sealed: `v1.${key}.${other}.` })
    for (const one of [...old, fresh]) await authenticators.add(one)
    expect(await authenticators.listNotSealedUnder(key, 10)).toHaveLength(2)
    const [first] = await authenticators.listNotSealedUnder(key, 1)
    const [second, ...more] = await authenticators.listNotSealedUnder(key, 10, first)
    expect(second?.id).not.toBe(first?.id)
    expect([more, await authenticators.listNotSealedUnder(key, 10, second)]).toEqual([[], []])
    expect(await authenticators.countNotSealedUnder([key])).toBe(2)
    expect(await authenticators.countNotSealedUnder([key, other])).toBe(1)
    expect(await authenticators.countNotSealedUnder([key, other, third])).toBe(0)
    expect(await authenticators.countNotSealedUnder([])).toBe(3)
    const [one] = old
    expect(await authenticators.reseal(one!.id, { from: `v1.${other}.x`, to: `v1.${key}.a` })).toBe(false)
    expect(await authenticators.reseal(one!.id, { from: `v1.${other}.a`, to: `v1.${key}.a` })).toBe(true)
    expect(await authenticators.countNotSealedUnder([key])).toBe(1)
  })
})

describe.each(databases)('set-ups on $name', (kind) => {
  const servers = useDatabase(kind)
  const both = () => [servers.here.stores, servers.there.stores] as const

  it('of fifty at once for one owner, the first stays and all see the same secret', async () => {
    const ada = await somebody(servers.here.stores)
    const owner = `session:${anId()}`
    const seen = await fiftyAtOnce(both(), async (stores, index) => {
      await stores.setUps.addUnlessThere(aSetUp(ada, { owner, sealed: `secret ${index}` }))
      return (await stores.setUps.findByOwner(owner, 1001))?.sealed
    })
    expect(new Set(seen).size).toBe(1)
    expect(seen[0]).toMatch(/^secret/)
  })

  it('one that has expired is not found and makes room for the next', async () => {
    const { setUps } = servers.here.stores
    const old = aSetUp(await somebody(servers.here.stores))
    await setUps.addUnlessThere(old)
    expect(await setUps.findByOwner(old.owner, old.expiresAt - 1)).toEqual(old)
    expect(await setUps.findByOwner(old.owner, old.expiresAt)).toBeNull()
    const next = {
      ...old,
      id: anId(),
      sealed: 'next',
      createdAt: old.expiresAt,
      expiresAt: 5000,
    } as typeof old
    await setUps.addUnlessThere(next)
    expect(await setUps.findByOwner(old.owner, old.expiresAt)).toEqual(next)
    expect(await setUps.take(old.id)).toBe(false)
  })

  it('the numbers of the entries of an account that may still be confirmed are known', async () => {
    const { setUps } = servers.here.stores
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    for (const [owner, entryNumber, expiresAt] of [
      [ada, 2, 3000],
      [ada, 3, 2000],
      [eve, 4, 3000],
    ] as const)
      await setUps.addUnlessThere(aSetUp(owner, { entryNumber, expiresAt }))
    expect((await setUps.entryNumbersOf(ada.id, 1999)).toSorted()).toEqual([2, 3])
    expect(await setUps.entryNumbersOf(ada.id, 2000)).toEqual([2])
    expect(await setUps.entryNumbersOf(anId(), 1000)).toEqual([])
  })

  it('of fifty who confirm at once, one does', async () => {
    const setUp = aSetUp(await somebody(servers.here.stores), { replaces: anId() })
    await servers.here.stores.setUps.addUnlessThere(setUp)
    const wins = await fiftyAtOnce(both(), (stores) => stores.setUps.take(setUp.id))
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect(await servers.here.stores.setUps.findByOwner(setUp.owner, 1001)).toBeNull()
  })

  it('they are removed by owner, by account, and when they have expired', async () => {
    const { setUps } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const [one, two, three] = [aSetUp(ada), aSetUp(ada), aSetUp(ada, { expiresAt: 1500 })]
    for (const setUp of [one, two, three]) await setUps.addUnlessThere(setUp)
    await setUps.removeByOwner(one.owner)
    expect(await setUps.findByOwner(one.owner, 1001)).toBeNull()
    expect(await setUps.removeExpired(1500, 10)).toBe(1)
    expect(await setUps.findByOwner(two.owner, 1001)).toEqual(two)
    await setUps.removeAllOf(ada.id)
    expect(await setUps.findByOwner(two.owner, 1001)).toBeNull()
  })
})
