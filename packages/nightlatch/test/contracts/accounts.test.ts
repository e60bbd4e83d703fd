import { describe, expect, it } from 'vitest'
import type { LoginName } from '../../src/core/accounts/account.js'
import type { Stores } from '../../src/core/ports/stores.js'
import { databases, useDatabase } from '../support/databases.js'
import {
  aHash,
  anAccount,
  anAuthenticator,
  anId,
  aSession,
  aSetUp,
  aSignIn,
  aTrustedDevice,
  fiftyAtOnce,
  nameOf,
  somebody,
} from './things.js'

describe.each(databases)('accounts on $name', (kind) => {
  const servers = useDatabase(kind)
  const both = () => [servers.here.stores, servers.there.stores] as const

  it('an account comes back as it was kept, by id and by each of its names', async () => {
    const account = anAccount({
      username: 'Zoë',
      name: `Zoë "'; DROP TABLE account; --`,
      email: 'zoe@example.org',
      groups: ['staff', 'a,b'],
      admin: true,
      factorCounts: { totp: 3 },
      lastSignInAt: 4_102_444_800,
    })
    const [zoe, mail] = ['zoë', 'zoe@example.org'] as LoginName[]
    expect(await servers.here.stores.accounts.add({ account, loginNames: [zoe!, mail!] })).toBe(true)
    const { accounts } = servers.there.stores
    expect(await accounts.find(account.id)).toEqual(account)
    expect(await accounts.findByLoginName(zoe!)).toEqual(account)
    expect(await accounts.findByLoginName(mail!)).toEqual(account)
    expect(await accounts.findByLoginName('zoe' as LoginName)).toBeNull()
    expect(await accounts.findByLoginName('ZOË' as LoginName)).toBeNull()
    expect(await accounts.find(anId())).toBeNull()
  })

  it('an account that wants one taken name is not kept at all, nor are its other names', async () => {
    const ada = await somebody(servers.here.stores)
    const other = anAccount()
    const { accounts } = servers.here.stores
    expect(await accounts.add({ account: other, loginNames: [nameOf(other), nameOf(ada)] })).toBe(false)
    expect(await accounts.find(other.id)).toBeNull()
    expect(await accounts.add({ account: other, loginNames: [nameOf(other)] })).toBe(true)
  })

  it('a user name that is also the email is one name', async () => {
    const account = anAccount()
    const loginNames = [nameOf(account), nameOf(account)]
    expect(await servers.here.stores.accounts.add({ account, loginNames })).toBe(true)
  })

  it('a taken name inside of a larger transaction takes back the account and nothing else', async () => {
    const ada = await somebody(servers.here.stores)
    const other = anAccount()
    const added = await servers.here.atomically(async ({ accounts, facts }) => {
      await facts.put(`kept beside ${other.id}`, 'yes')
      return accounts.add({ account: other, loginNames: [nameOf(other), nameOf(ada)] })
    })
    expect(added).toBe(false)
    expect(await servers.here.stores.accounts.find(other.id)).toBeNull()
    expect(await servers.here.stores.facts.get(`kept beside ${other.id}`)).toBe('yes')
  })

  it('of fifty who want the same name at once, one gets it', async () => {
    const name = `wanted-${anId()}` as LoginName
    const wins = await fiftyAtOnce(both(), (stores, index) => {
      const account = anAccount()
      const own = `own-${account.id}` as LoginName
      return stores.accounts.add({ account, loginNames: index % 3 === 0 ? [own, name] : [name, own] })
    })
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect(await servers.here.stores.accounts.findByLoginName(name)).not.toBeNull()
  })

  it('changes reach the account they name, and say whether there was one', async () => {
    const { accounts } = servers.here.stores
    const { id } = await somebody(servers.here.stores)
    expect(await accounts.setDisabled(id, true)).toBe(true)
    expect(await accounts.setPasswordHash(id, '$argon2id$two')).toBe(true)
    await accounts.setProfile(id, { username: 'Ada', name: 'A', email: 'a@example.org', groups: ['x'] })
    await accounts.noteSignIn(id, 5000)
    expect(await accounts.find(id)).toMatchObject({
      disabled: true,
      passwordHash: '$argon2id$two',
      username: 'Ada',
      email: 'a@example.org',
      groups: ['x'],
      lastSignInAt: 5000,
    })
    expect(await accounts.setDisabled(anId(), true)).toBe(false)
    expect(await accounts.setPasswordHash(anId(), 'x')).toBe(false)
  })

  it('an administrator, an end and a password that is due are kept until they are taken back', async () => {
    const { accounts } = servers.here.stores
    const ada = await somebody(servers.here.stores, { waiting: true, endsAt: 4000 })
    const seen = () => servers.there.stores.accounts.find(ada.id)
    expect(await seen()).toEqual(ada)
    await accounts.setAdmin(ada.id, true)
    await accounts.setEnd(ada.id, 5000)
    await accounts.setPasswordDue(ada.id)
    expect(await seen()).toEqual({ ...ada, admin: true, endsAt: 5000, passwordDue: true })
    await accounts.setAdmin(ada.id, false)
    await accounts.setEnd(ada.id, null)
    await accounts.setDisabled(ada.id, false)
    await accounts.setPasswordHash(ada.id, 'new')
    expect(await seen()).toEqual({ ...ada, waiting: false, endsAt: null, passwordHash: 'new' })
  })

  it('factors of every kind are kept beside each other, and all of them are reset', async () => {
    const { accounts } = servers.here.stores
    const { id } = await somebody(servers.here.stores, { factorCounts: { totp: 2, passkey: 3 } })
    const counts = async () => (await servers.there.stores.accounts.find(id))?.factorCounts
    expect(await counts()).toEqual({ totp: 2, passkey: 3 })
    expect(await accounts.countFactorUp(id, 'passkey', { atMost: 4 })).toMatchObject({
      factorCounts: { totp: 2, passkey: 4 },
    })
    for (const left of [3, 2, 1, 0]) expect(await accounts.countFactorDown(id, 'passkey', left)).toBe(true)
    expect(await counts()).toEqual({ totp: 2 })
    await accounts.resetFactorCounts(id)
    expect(await counts()).toEqual({ totp: 0 })
  })

  it('many names are looked for at once, also more than one statement takes', async () => {
    const { accounts } = servers.here.stores
    const people = [await somebody(servers.here.stores), await somebody(servers.here.stores)] as const
    const names = Array.from({ length: 1100 }, (_none, index) => `nobody-${index}` as LoginName)
    names[3] = nameOf(people[0])
    names[1099] = nameOf(people[1])
    const given = { loginNames: [`new-${anId()}` as LoginName], heldUntil: 5000, now: 1000 }
    expect(await accounts.findByLoginNames(names)).toEqual(
      new Map(people.map((account) => [nameOf(account), account])),
    )
    expect(await accounts.findByLoginNames([])).toEqual(new Map())
    await accounts.setLoginNames(people[1].id, given)
    expect([...(await accounts.findByLoginNames(names)).keys()]).toEqual([nameOf(people[0])])
  })

  it('an address is confirmed as it is written, and another one by nobody', async () => {
    const { accounts } = servers.here.stores
    const { id, ...profile } = await somebody(servers.here.stores, { email: 'ada@example.org' })
    const seen = async () => (await servers.there.stores.accounts.find(id))?.emailVerified
    expect(await seen()).toBe(false)
    await accounts.setEmailVerified(id, true)
    expect(await seen()).toBe(true)
    await accounts.setProfile(id, { ...profile, name: 'Ada' })
    expect(await seen()).toBe(true)
    for (const email of ['Ada@example.org', '', 'ada@example.org']) {
      await accounts.setProfile(id, { ...profile, email })
      expect(await seen(), email).toBe(false)
    }
    await accounts.setProfile(id, { ...profile, email: '' })
    await accounts.setEmailVerified(id, true)
    expect(await seen()).toBe(false)
  })

  it('an old hash is renewed only while it is still the hash', async () => {
    const { accounts } = servers.here.stores
    const { id } = await somebody(servers.here.stores, { passwordHash: 'old' })
    expect(await accounts.renewPasswordHash(id, { from: 'older', to: 'new' })).toBe(false)
    expect(await accounts.renewPasswordHash(id, { from: 'old', to: 'new' })).toBe(true)
    expect(await accounts.renewPasswordHash(id, { from: 'old', to: 'newer' })).toBe(false)
    expect((await accounts.find(id))?.passwordHash).toBe('new')
  })

  it('of fifty first authenticators at once, one is counted', async () => {
    const { id } = await somebody(servers.here.stores)
    const wins = await fiftyAtOnce(both(), (stores) => stores.accounts.countFactorUp(id, 'totp', 'first'))
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect((await servers.here.stores.accounts.find(id))?.factorCounts.totp).toBe(1)
  })

  it('authenticators are counted up to the most and down to the least', async () => {
    const { accounts } = servers.here.stores
    const { id } = await somebody(servers.here.stores, { factorCounts: { totp: 9 } })
    expect(await accounts.countFactorUp(id, 'totp', { atMost: 10 })).toMatchObject({ id })
    expect(await accounts.countFactorUp(id, 'totp', { atMost: 10 })).toBeNull()
    await accounts.resetFactorCounts(id)
    expect(await accounts.countFactorDown(id, 'totp', 0)).toBe(false)
    expect(await accounts.countFactorUp(id, 'totp', { atMost: 10 })).toMatchObject({ id })
    expect(await accounts.countFactorDown(id, 'totp', 1)).toBe(false)
    expect(await accounts.countFactorDown(id, 'totp', 0)).toBe(true)
    expect((await accounts.find(id))?.factorCounts.totp).toBe(0)
  })

  it('of two last authenticators removed at once, one stays where one must', async () => {
    const { id } = await somebody(servers.here.stores, { factorCounts: { totp: 2 } })
    const wins = await fiftyAtOnce(both(), (stores) => stores.accounts.countFactorDown(id, 'totp', 1))
    expect(wins.filter(Boolean)).toHaveLength(1)
  })

  it('an account that is removed takes everything along but the audit trail, and frees its names', async () => {
    const { stores } = servers.here
    const ada = await somebody(stores)
    const kept = await everythingOf(stores, ada)
    expect(await stores.accounts.remove(ada.id)).toBe(true)
    expect(await stores.accounts.remove(ada.id)).toBe(false)
    expect(await stores.accounts.findByLoginName(nameOf(ada))).toBeNull()
    expect(await stores.sessions.findByTokenHash(kept.sessionHash)).toBeNull()
    expect(await stores.signIns.findByTokenHash(kept.signInHash, 1001)).toBeNull()
    expect(await stores.authenticators.listOf(ada.id)).toEqual([])
    expect(await stores.setUps.findByOwner(kept.setUp.owner, 1001)).toBeNull()
    expect(await stores.recoveryCodes.saltOf(ada.id)).toBeNull()
    expect(await stores.recoveryCodes.countLeft(ada.id)).toBe(0)
    expect(await stores.unsavedCodes.find(kept.session.id)).toBeNull()
    expect(await stores.trustedDevices.listOf(ada.id)).toEqual([])
    expect(await stores.knownDevices.isKnown(ada.id, 'device')).toBe(false)
    expect(await stores.invitations.find(kept.invitationHash, 1001)).toBeNull()
    expect(await stores.audit.list({ account: ada.id, limit: 10 })).toHaveLength(1)
    expect(await stores.accounts.add({ account: anAccount(), loginNames: [nameOf(ada)] })).toBe(true)
  })

  async function everythingOf(stores: Stores, ada: ReturnType<typeof anAccount>) {
    const session = aSession(ada)
    const setUp = aSetUp(ada)
    const [sessionHash, signInHash, invitationHash] = [aHash(), aHash(), aHash()] as const
    await stores.sessions.add(session, sessionHash)
    await stores.signIns.add(aSignIn(ada), signInHash)
    await stores.authenticators.add(anAuthenticator(ada))
    await stores.setUps.addUnlessThere(setUp)
    await stores.recoveryCodes.replaceAll(ada.id, { salt: 'salt', hashes: ['a', 'b'] })
    await stores.unsavedCodes.put(session.id, ada.id, 'sealed')
    await stores.trustedDevices.add(aTrustedDevice(ada), aHash())
    await stores.knownDevices.note(ada.id, 'device', 1000)
    await stores.invitations.add(
      { id: anId(), account: ada.id, createdAt: 1, expiresAt: 9000 },
      invitationHash,
    )
    await stores.audit.add({
      at: 1000,
      event: 'account.created',
      account: ada.id,
      address: '',
      userAgent: '',
      details: {},
    })
    return { session, setUp, sessionHash, signInHash, invitationHash }
  }
})

describe.each(databases)('the list of accounts on $name', (kind) => {
  const servers = useDatabase(kind)

  it('has each of them once, the oldest first, however many there are', async () => {
    await servers.database.sql(`INSERT INTO account
      (id, username, name, email, group_names, admin, disabled, password_hash, authenticator_count, created_at,
        last_sign_in_at)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2100)
      SELECT 'id' || i, 'user' || i, '', '', '[]', 0, 0, '', 0, 3000 - i, 0 FROM n`)
    const listed = (await servers.here.stores.accounts.list()).map(({ username }) => username)
    expect(listed).toEqual(Array.from({ length: 2100 }, (_, index) => `user${2100 - index}`))
  })
})

describe.each(databases)('the first account on $name', (kind) => {
  const servers = useDatabase(kind)
  const both = () => [servers.here.stores, servers.there.stores] as const

  it('of fifty first accounts at once, one is the first, and afterwards nobody is', async () => {
    const wins = await fiftyAtOnce(both(), (stores) => {
      const account = anAccount()
      return stores.accounts.addFirst({ account, loginNames: [nameOf(account)] })
    })
    expect(wins.filter(Boolean)).toHaveLength(1)
    const { accounts } = servers.here.stores
    expect(await accounts.list()).toHaveLength(1)
    const second = anAccount({ createdAt: 2000 })
    expect(await accounts.addFirst({ account: second, loginNames: [nameOf(second)] })).toBe(false)
    expect(await accounts.add({ account: second, loginNames: [nameOf(second)] })).toBe(true)
    expect((await accounts.list()).map((account) => account.id).at(-1)).toBe(second.id)
  })

  it('with the last account gone there may be a first one again', async () => {
    const { accounts } = servers.here.stores
    for (const account of await accounts.list()) await accounts.remove(account.id)
    const account = anAccount()
    const added = await servers.here.atomically((stores) =>
      stores.accounts.addFirst({ account, loginNames: [nameOf(account)] }),
    )
    expect(added).toBe(true)
  })
})
