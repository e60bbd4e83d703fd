import { describe, expect, it } from 'vitest'
import { databases, useDatabase } from '../support/databases.js'
import { aHash, anId, aPasskey, fiftyAtOnce, somebody } from './things.js'

describe.each(databases)('passkeys on $name', (kind) => {
  const servers = useDatabase(kind)
  const both = () => [servers.here.stores, servers.there.stores] as const
  const used = { signCount: 0, userVerified: true, backedUp: true, at: 2000 }

  it('they come back as they were kept, the oldest first, and by the id that browsers know', async () => {
    const { passkeys } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const young = aPasskey(ada, { createdAt: 2000, transports: [], backedUp: true })
    const old = aPasskey(ada, { verifiesUser: false, publicKey: { algorithm: -257, spki: 'x' } })
    expect(await passkeys.add(young)).toBe(true)
    expect(await passkeys.add(old)).toBe(true)
    expect(await servers.there.stores.passkeys.listOf(ada.id)).toEqual([old, young])
    expect(await passkeys.findByCredentialId(young.credentialId)).toEqual(young)
    expect(await passkeys.findByCredentialId('unknown')).toBeNull()
  })

  it('of fifty that bring the same credential at once, one has it, whoever they are', async () => {
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const { credentialId } = aPasskey(ada)
    const wins = await fiftyAtOnce(both(), (stores, index) =>
      stores.passkeys.add(aPasskey(index % 4 < 2 ? ada : eve, { credentialId })),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
  })

  it('of fifty requests with one challenge at once, one spends it', async () => {
    const hash = aHash()
    const wins = await fiftyAtOnce(both(), (stores) => stores.passkeyChallenges.spend(hash, 5000))
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect(await servers.here.stores.passkeyChallenges.spend(aHash(), 5000)).toBe(true)
  })

  it('a challenge is forgotten an hour after it would have been too old, when no clock believes it any more', async () => {
    const { passkeyChallenges } = servers.here.stores
    const hash = aHash()
    await passkeyChallenges.spend(hash, 100)
    expect(await passkeyChallenges.removeExpired(100 + 3600, 500)).toBe(0)
    expect(await passkeyChallenges.spend(hash, 100)).toBe(false)
    expect(await passkeyChallenges.removeExpired(100 + 3601, 500)).toBe(1)
    expect(await passkeyChallenges.spend(hash, 100)).toBe(true)
  })

  it('a counter only moves on; where one side has none there is nothing to compare', async () => {
    const { passkeys } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const key = aPasskey(ada, { signCount: 5, verifiesUser: false })
    await passkeys.add(key)
    const use = (signCount: number) => passkeys.use(key.id, { ...used, userVerified: false, signCount })
    expect([await use(5), await use(4), await use(6), await use(5), await use(0), await use(6)]).toEqual([
      false,
      false,
      true,
      false,
      true,
      false,
    ])
    const [kept] = await passkeys.listOf(ada.id)
    expect(kept).toMatchObject({ signCount: 6, lastUsedAt: 2000, backedUp: true, verifiesUser: false })
    await passkeys.use(key.id, { ...used, signCount: 7 })
    expect(await passkeys.listOf(ada.id)).toMatchObject([{ verifiesUser: true }])
    const silent = aPasskey(ada)
    await passkeys.add(silent)
    expect([await passkeys.use(silent.id, used), await passkeys.use(silent.id, used)]).toEqual([true, true])
    expect(await passkeys.use(anId(), used)).toBe(false)
  })

  it('of fifty copies of one count at once, one is used', async () => {
    const ada = await somebody(servers.here.stores)
    const key = aPasskey(ada, { signCount: 5 })
    await servers.here.stores.passkeys.add(key)
    const wins = await fiftyAtOnce(both(), (stores) => stores.passkeys.use(key.id, { ...used, signCount: 6 }))
    expect(wins.filter(Boolean)).toHaveLength(1)
  })

  it('a name is free or taken within one account', async () => {
    const { passkeys } = servers.here.stores
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const [one, other] = [aPasskey(ada, { name: 'One' }), aPasskey(ada, { name: 'Other' })]
    for (const key of [one, other]) await passkeys.add(key)
    expect(await passkeys.rename(one.id, ada.id, 'Other')).toBe(false)
    expect(await passkeys.rename(one.id, eve.id, 'Mine')).toBe(false)
    expect(await passkeys.rename(one.id, ada.id, 'One')).toBe(true)
    expect(await passkeys.remove(one.id, eve.id)).toBe(false)
    expect(await passkeys.remove(one.id, ada.id)).toBe(true)
    expect(await passkeys.removeAllOf(ada.id)).toBe(1)
  })

  it('an account is known to authenticators by one handle for good, whoever asks first', async () => {
    const { id } = await somebody(servers.here.stores)
    expect(await servers.here.stores.passkeys.findUserHandle(id)).toBeNull()
    const handles = await fiftyAtOnce(both(), (stores, index) =>
      stores.passkeys.userHandleOf(id, `h${index}`),
    )
    expect(new Set(handles).size).toBe(1)
    expect(await servers.there.stores.passkeys.findUserHandle(id)).toBe(handles[0])
  })

  it('those that were made for another domain are counted', async () => {
    const { passkeys } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const before = [await passkeys.count(), await passkeys.countElsewhere('new.example')] as const
    await passkeys.add(aPasskey(ada, { rpId: 'new.example' }))
    await passkeys.add(aPasskey(ada, { rpId: 'old.example' }))
    expect(await passkeys.count()).toBe(before[0] + 2)
    expect(await passkeys.countElsewhere('new.example')).toBe(before[1] + 1)
  })

  it('everything of an account goes with it', async () => {
    const { accounts, passkeys } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const key = aPasskey(ada)
    await passkeys.add(key)
    await passkeys.userHandleOf(ada.id, 'handle')
    await accounts.remove(ada.id)
    expect(await passkeys.findByCredentialId(key.credentialId)).toBeNull()
    expect(await passkeys.findUserHandle(ada.id)).toBeNull()
  })
})
