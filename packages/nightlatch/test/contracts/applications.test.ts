import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Application } from '../../src/core/applications/application.js'
import type { Grant } from '../../src/core/applications/tokens.js'
import type { OpenStorage } from '../../src/storage/index.js'
import { databases } from '../support/databases.js'
import type { TestDatabase } from '../support/databases.js'
import { aGrant, aHash, anApplication, aRequest, aSession, aSigningKey, aToken, somebody } from './things.js'

describe.each(databases)('applications and what they were given, on $name', (kind) => {
  let database: TestDatabase
  let storage: OpenStorage
  beforeAll(async () => {
    database = await kind.create()
    storage = await database.open()
  })
  afterAll(() => database.remove())

  /** Somebody with a session, and an application that was told so. */
  async function given(own: Partial<Grant> = {}) {
    const { stores } = storage
    const application = anApplication()
    await stores.applications.add(application)
    const account = await somebody(stores)
    const session = aSession(account)
    await stores.sessions.add(session, aHash())
    const grant = aGrant(application, account, session, own)
    await stores.grants.add(grant)
    const token = aToken(grant)
    await stores.grants.addToken(token)
    const isThere = async () => (await stores.grants.findToken(token.hash, 'refresh')) !== null
    return { stores, application, account, session, grant, token, isThere }
  }

  it('an application is found as it was added, changed and removed; its id is taken once', async () => {
    const { applications } = storage.stores
    const one = anApplication()
    expect(await applications.add(one)).toBe(true)
    expect(await applications.add({ ...one, name: 'another' })).toBe(false)
    expect(await applications.find(one.id)).toEqual(one)
    const changed = anApplication({ id: one.id, groups: null, secrets: [], isPublic: true })
    expect(await applications.replace(changed)).toBe(true)
    expect(await storage.atomically((stores) => stores.applications.hold(one.id))).toEqual(changed)
    expect(await applications.list()).toContainEqual(changed)
    expect(await applications.isEmpty()).toBe(false)
    const [a, b, c] = ['zz-1', 'zz-2', 'zz-Z'].map((id) => anApplication({ id: id as Application['id'] }))
    for (const another of [b, c, a]) await applications.add(another!)
    expect(await applications.page('zz-', 2)).toEqual([a, b])
    expect((await applications.page('zz-1', 9)).map(({ id }) => id)).toEqual(['zz-2', 'zz-Z'])
    expect(await applications.page('zz-Z', 9)).toEqual([])
    for (const another of [a, b, c]) await applications.remove(another!.id)
    expect(await applications.remove(one.id)).toBe(true)
    expect(await applications.remove(one.id)).toBe(false)
    expect(await applications.find(one.id)).toBeNull()
  })

  it('a token is used once, also when fifty ask at once', async () => {
    const { stores, token } = await given()
    const used = await Promise.all(Array.from({ length: 50 }, () => stores.grants.consume(token.hash, 2000)))
    expect(used.filter(Boolean)).toHaveLength(1)
    expect(await stores.grants.findToken(token.hash, 'refresh')).toMatchObject({ consumedAt: 2000 })
    const late = aToken({ ...aGrant(anApplication(), await somebody(stores), null) }, { expiresAt: 2000 })
    await stores.grants.addToken(late)
    expect(await stores.grants.consume(late.hash, 2000)).toBe(false)
  })

  it('a token is nothing without its grant, and of one kind', async () => {
    const { stores, grant, token, isThere } = await given()
    expect(await stores.grants.findToken(token.hash, 'access')).toBeNull()
    expect(await isThere()).toBe(true)
    expect(await stores.grants.end(grant.id)).toBe(true)
    expect(await isThere()).toBe(false)
    await stores.grants.addToken(aToken(grant))
    expect(await stores.grants.end(grant.id)).toBe(false)
  })

  it('a session that is ended takes what was given with it, in whatever way it ends', async () => {
    const ways: readonly ((one: Awaited<ReturnType<typeof given>>) => Promise<unknown>)[] = [
      ({ stores, session, account }) => stores.sessions.end(session.id, account.id),
      ({ stores, account }) => stores.sessions.endAllOf(account.id),
      ({ stores, account }) => stores.sessions.endOldestOf(account.id, 0),
      ({ stores, account }) => stores.accounts.remove(account.id),
      ({ stores, application }) => stores.applications.remove(application.id),
      ({ stores, grant }) => stores.applications.withdraw(grant.application, grant.account),
    ]
    for (const way of ways) {
      const one = await given()
      expect(await one.isThere()).toBe(true)
      await way(one)
      expect(await one.isThere()).toBe(false)
    }
  })

  it('a session that has run out leaves it, until everything of its person ends', async () => {
    for (const runOut of ['removeExpired', 'removeIdleSince'] as const) {
      const { stores, account, grant, session, isThere } = await given()
      await stores.sessions[runOut](1_000_000, 10_000)
      expect(await stores.sessions.listOf(account.id)).toEqual([])
      expect(await stores.grants.find(grant.id)).toMatchObject({ session: null })
      expect(await isThere()).toBe(true)
      await stores.sessions.endAllOf(account.id, session.id)
      expect(await isThere()).toBe(false)
    }
  })

  it('what has expired goes, and what was extended stays', async () => {
    const { stores, grant, token, isThere } = await given()
    await stores.grants.extend(grant.id, 20_000)
    await stores.grants.extend(grant.id, 10_000)
    await stores.grants.removeExpired(19_999, 1000)
    expect(await isThere()).toBe(true)
    await stores.grants.removeExpiredTokens(9000, 1000)
    expect(await isThere()).toBe(false)
    await stores.grants.removeToken(token.hash)
    expect(await stores.grants.removeExpired(20_000, 1000)).toBeGreaterThan(0)
  })

  it('an application is told of each session once, when its time has come, and no longer when it was told', async () => {
    const { stores } = storage
    const account = await somebody(stores)
    const [told, silent] = [anApplication({ backchannelLogoutUri: 'https://a.example/out' }), anApplication()]
    for (const one of [told, silent]) await stores.applications.add(one)
    const sessions = [aSession(account), aSession(account)]
    for (const session of sessions) {
      await stores.sessions.add(session, aHash())
      for (const one of [told, told, silent]) await stores.grants.add(aGrant(one, account, session))
    }
    await stores.sessions.endAllOf(account.id)
    const ours = async (now: number, limit = 1000) =>
      (await stores.grants.listNotices(now, limit)).filter((one) => one.account === account.id)
    const notices = await ours(0)
    expect(notices.map(({ session }) => session).sort()).toEqual(sessions.map(({ id }) => id).sort())
    expect(notices.map(({ application, tries }) => [application, tries])).toEqual(Array(2).fill([told.id, 0]))
    expect(await stores.grants.listNotices(0, 1)).toHaveLength(1)
    await stores.grants.claimNotice(notices[0]!, 5000)
    expect(await ours(4999)).toEqual([notices[1]])
    expect(await ours(5000)).toContainEqual({ ...notices[0]!, tries: 1 })
    await stores.grants.removeNotice(notices[0]!)
    expect(await ours(5000)).toEqual([notices[1]])
    await stores.grants.removeNotice(notices[1]!)
  })

  it('everything that somebody was given ends, and nothing of anybody else', async () => {
    const [one, other] = [await given({ session: null }), await given()]
    await one.stores.grants.endAllOf(one.account.id)
    expect([await one.isThere(), await other.isThere()]).toEqual([false, true])
  })

  it('a token tells what it was given for, and to whom', async () => {
    const { stores, grant, account, token } = await given({ scopes: [] })
    const { id, application, expiresAt } = grant
    const { username, name, email, emailVerified, groups, disabled, endsAt } = account
    expect(await stores.grants.findToken(token.hash, 'refresh')).toEqual({
      ...{ payload: token.payload, expiresAt: token.expiresAt, consumedAt: null },
      givenFor: { id, application, account: account.id, scopes: [], expiresAt },
      givenTo: { id: account.id, username, name, email, emailVerified, groups, disabled, endsAt },
    })
    expect(await stores.grants.find(id)).toEqual(grant)
  })

  it('what was allowed is kept, and what it was used for noted beside it', async () => {
    const { stores, application, account } = await given()
    const consent = { application: application.id, account: account.id, givenAt: 1000, lastUsedAt: 1000 }
    await stores.applications.noteUse({ ...consent, scopes: [] })
    await stores.applications.allow({ ...consent, scopes: ['openid', 'email'], lastUsedAt: 1500 })
    await stores.applications.noteUse({ ...consent, scopes: [], lastUsedAt: 2000 })
    const kept = { ...consent, scopes: ['openid', 'email'], lastUsedAt: 2000 }
    expect(await stores.applications.findConsent(application.id, account.id)).toEqual(kept)
    expect(await stores.applications.listConsents(account.id)).toEqual([{ ...kept, name: application.name }])
  })

  it('a request waits until its time is over', async () => {
    const { stores, application, account } = await given()
    const request = aRequest(application)
    await stores.grants.addRequest(request)
    expect(await stores.grants.findRequest(request.id, 1899)).toEqual(request)
    const answered = { answer: 'allowed' as const, answeredBy: account.id }
    expect(await stores.grants.answerRequest(request.id, answered)).toBe(true)
    expect(await stores.grants.findRequest(request.id, 1899)).toMatchObject(answered)
    expect(await stores.grants.findRequest(request.id, 1900)).toBeNull()
    expect(await stores.grants.removeExpiredRequests(1900, 1000)).toBeGreaterThan(0)
  })

  it('keys are in the order in which they sign, go when they are retired, and are sealed anew once', async () => {
    const { signingKeys } = storage.stores
    const [later, first] = [aSigningKey({ activeFrom: 2000 }), aSigningKey()]
    for (const one of [later, first]) await signingKeys.add(one)
    expect(await signingKeys.list()).toEqual([first, later])
    expect(await signingKeys.countNotSealedUnder([])).toBe(2)
    expect(await signingKeys.countNotSealedUnder(['0123456789abcdef'])).toBe(0)
    expect(await signingKeys.listNotSealedUnder('fedcba9876543210', 1)).toHaveLength(1)
    const to = 'v1.fedcba9876543210.a.b'
    expect(await signingKeys.replaceSealed(first.id, { from: first.sealed, to })).toBe(true)
    expect(await signingKeys.replaceSealed(first.id, { from: first.sealed, to })).toBe(false)
    await signingKeys.retire(first.id, 3000)
    expect(await signingKeys.removeRetired(2999)).toBe(0)
    expect(await signingKeys.removeRetired(3000)).toBe(1)
    expect(await signingKeys.list()).toEqual([later])
  })
})
