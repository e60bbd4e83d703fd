import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accepted, api } from '../support/api.js'
import type { ApiReply } from '../support/api.js'
import type { TestApp } from '../support/app.js'
import { startApp, testPassword } from '../support/app.js'
import type { CreationOptions, Forgery, RequestOptions } from '../support/authenticator.js'
import { Authenticator } from '../support/authenticator.js'
import type { Browser } from '../support/browser.js'
import { everythingKept, isSignedIn } from '../support/attack.js'

interface Person {
  readonly username: string
  readonly browser: Browser
  readonly key: Authenticator
  readonly id: string
  readonly account: string
}

describe('passkeys that are not what they should be', () => {
  let app: TestApp
  let origin: string
  let number = 0
  let ada: Person
  let eve: Person

  const asked = async (browser: Browser): Promise<RequestOptions> =>
    (await accepted(browser, 'POST /sign-in/passkey/options')).value as unknown as RequestOptions
  const toMake = async (browser: Browser): Promise<CreationOptions> =>
    (await accepted(browser, 'POST /passkeys/options')).value as unknown as CreationOptions
  const givenPassword = async (username: string): Promise<Browser> => {
    const browser = app.browser()
    await accepted(browser, 'POST /sign-in', { username, password: testPassword })
    return browser
  }

  async function somebody(traits: ConstructorParameters<typeof Authenticator>[1] = {}): Promise<Person> {
    number += 1
    const username = `ada${number}`
    const account = await app.person(username)
    const browser = await givenPassword(username)
    const key = new Authenticator(origin, traits)
    const { value } = await accepted(browser, 'POST /passkeys', key.create(await toMake(browser)))
    return { username, browser, key, id: (value['passkey'] as { id: string }).id, account: account.id }
  }

  /** The reasons in the audit trail, the newest first. */
  const reasons = async (): Promise<readonly unknown[]> =>
    (await app.nightlatch.core.queries.audit.list({ limit: 20 }))
      .filter(({ event }) => event === 'passkey.refused')
      .map(({ details }) => details['reason'])

  beforeAll(async () => {
    app = await startApp()
    origin = app.server.settings.origin
  })
  afterAll(() => app.close())
  beforeEach(async () => {
    app.clock.advance(24 * 3600 + 1) // the address's count is forgotten
    ada = await somebody()
    eve = await somebody()
  })

  /** One text for all of them, and the reason for whoever runs the server. */
  async function expectRefused(reply: ApiReply, reason: string): Promise<void> {
    expect(reply).toMatchObject({
      status: 401,
      code: 'wrong-passkey',
      value: { title: 'The passkey was not accepted' },
    })
    expect(Object.keys(reply.value).sort()).toEqual(['code', 'status', 'title', 'type'])
    expect((await reasons())[0]).toBe(reason)
  }

  const large = randomBytes(64 * 1024).toString('base64url')
  const bends: readonly (readonly [what: string, forgery: Forgery, reason: string])[] = [
    ['another origin', { origin: 'https://evil.test' }, 'origin'],
    ['a host below ours', { origin: 'http://evil.localhost:1' }, 'origin'],
    ['the hash of another domain', { rpId: 'evil.test' }, 'rp-id'],
    ['a registration in the place of an assertion', { type: 'webauthn.create' }, 'type'],
    ['a frame of another site', { crossOrigin: true }, 'cross-origin'],
    ['a frame of another site, said by its origin', { topOrigin: 'https://evil.test' }, 'cross-origin'],
    ['nobody present', { userPresent: false }, 'user-presence'],
    ['nobody verified', { userVerified: false }, 'user-verification'],
    ['another challenge', { challenge: randomBytes(32).toString('base64url') }, 'challenge'],
    ['no challenge', { challenge: '' }, 'challenge'],
    ['backed up, and not to be backed up', { backedUp: true }, 'backup-flags'],
    ['a change from one device to synced', { backupEligible: true, backedUp: true }, 'backup-flags'],
    ['authenticator data cut short', { cut: 1 }, 'malformed'],
    ['bytes behind the authenticator data', { more: Uint8Array.of(0) }, 'malformed'],
    ['extensions that are none', { extensions: 'text' }, 'malformed'],
    ['no client data', { clientData: 'e30' }, 'malformed'],
    ['client data that is not base64url', { clientData: '{}' }, 'malformed'],
    ['a user handle that is missing', { userHandle: null }, 'user-handle'],
    ['a foreign user handle', { userHandle: randomBytes(64).toString('base64url') }, 'user-handle'],
    ['an id of 64 KB', { id: large }, 'malformed'],
    ['an id that nobody has', { id: randomBytes(32).toString('base64url') }, 'unknown-credential'],
    ['two ids that differ', { rawId: randomBytes(32).toString('base64url') }, 'malformed'],
    ['another type of credential', { kind: 'password' }, 'malformed'],
    ['no signature', { signature: '' }, 'signature'],
    ['a signature of something else', { signature: randomBytes(70).toString('base64url') }, 'signature'],
  ]

  it.each(bends)('PASSKEY-1 alone, with %s: refused in one text', async (_what, forgery, reason) => {
    const browser = app.browser()
    const reply = await api(browser, 'POST /sign-in/passkey', ada.key.get(await asked(browser), forgery))
    await expectRefused(reply, reason)
    expect(await isSignedIn(browser)).toBe(false)
    // What was refused is used up: the right one does not work with the same challenge either.
    await accepted(browser, 'POST /sign-in/passkey', ada.key.get(await asked(browser)))
  })

  const afterwards = bends.filter(
    ([, forgery]) => forgery.userVerified !== false && forgery.userHandle !== null,
  )
  it.each(afterwards)('PASSKEY-2 after the password, with %s: refused', async (_what, forgery, reason) => {
    const browser = await givenPassword(ada.username)
    const reply = await api(
      browser,
      'POST /sign-in/verify/passkey',
      ada.key.get(await asked(browser), forgery),
    )
    await expectRefused(reply, reason)
    expect(await isSignedIn(browser)).toBe(false)
  })

  it("PASSKEY-3 another account's passkey after one's own password, under either id: refused", async () => {
    const browser = await givenPassword(ada.username)
    await expectRefused(
      await api(browser, 'POST /sign-in/verify/passkey', eve.key.get(await asked(browser))),
      'other-account',
    )
    await expectRefused(
      await api(
        browser,
        'POST /sign-in/verify/passkey',
        eve.key.get(await asked(browser), { id: ada.key.id, userHandle: null }),
      ),
      'signature',
    )
    const stepUp = await api(eve.browser, 'POST /session/verify', {
      passkey: ada.key.get(await asked(eve.browser)),
    })
    await expectRefused(stepUp, 'other-account')
  })

  it('PASSKEY-4 a challenge is good once: not for the same answer again, nor for a right one after a wrong one', async () => {
    const browser = app.browser()
    const options = await asked(browser)
    const copy = browser.copy()
    await accepted(browser, 'POST /sign-in/passkey', ada.key.get(options))
    await expectRefused(await api(copy, 'POST /sign-in/passkey', ada.key.get(options)), 'challenge-used')
    const other = app.browser()
    const spent = await asked(other)
    const wrong = ada.key.get(spent, { signature: randomBytes(70).toString('base64url') })
    await expectRefused(await api(other, 'POST /sign-in/passkey', wrong), 'signature')
    await expectRefused(await api(other, 'POST /sign-in/passkey', ada.key.get(spent)), 'challenge-used')
  })

  it('PASSKEY-5 a challenge of another browser, of another purpose, or six minutes old: refused', async () => {
    const [one, other] = [app.browser(), app.browser()]
    const options = await asked(one)
    await expectRefused(await api(other, 'POST /sign-in/passkey', ada.key.get(options)), 'challenge')
    const browser = await givenPassword(ada.username)
    const second = await asked(browser)
    await expectRefused(await api(browser, 'POST /sign-in/passkey', ada.key.get(second)), 'challenge')
    const stepUp = await asked(ada.browser)
    await expectRefused(await api(ada.browser, 'POST /sign-in/passkey', ada.key.get(stepUp)), 'challenge')
    app.clock.advance(360)
    await expectRefused(await api(one, 'POST /sign-in/passkey', ada.key.get(options)), 'challenge')
  })

  it('PASSKEY-5 the challenge of one sign-in does not complete another one of the same account', async () => {
    const browser = await givenPassword(ada.username)
    const options = await asked(browser)
    await accepted(browser, 'POST /sign-in', { username: ada.username, password: testPassword })
    const reply = await api(browser, 'POST /sign-in/verify/passkey', ada.key.get(options))
    await expectRefused(reply, 'challenge')
  })

  const made: readonly (readonly [what: string, forgery: Forgery, reason: string])[] = [
    ['another origin', { origin: 'https://evil.test' }, 'origin'],
    ['the hash of another domain', { rpId: 'evil.test' }, 'rp-id'],
    ['an assertion in the place of a registration', { type: 'webauthn.get' }, 'type'],
    ['a frame of another site', { crossOrigin: true }, 'cross-origin'],
    ['nobody present', { userPresent: false }, 'user-presence'],
    ['another challenge', { challenge: randomBytes(32).toString('base64url') }, 'challenge'],
    ['backed up, and not to be backed up', { backedUp: true }, 'backup-flags'],
    ['an algorithm that nobody asked for', { algorithm: -47 }, 'algorithm'],
    ['a key of another type than its algorithm', { algorithm: -8 }, 'algorithm'],
    ['truncated CBOR', { cut: 5 }, 'malformed'],
    ['bytes behind the attestation', { more: Uint8Array.of(0) }, 'malformed'],
    ['an id of 64 KB', { rawId: large }, 'malformed'],
    ['an id of 2 KB', { id: randomBytes(2048).toString('base64url') }, 'malformed'],
    ['two ids that differ', { rawId: randomBytes(32).toString('base64url') }, 'malformed'],
  ]

  it.each(made)('PASSKEY-6 a registration with %s: refused', async (_what, forgery, reason) => {
    const key = new Authenticator(origin)
    const options = await toMake(ada.browser)
    await expectRefused(await api(ada.browser, 'POST /passkeys', key.create(options, forgery)), reason)
    const list = await accepted(ada.browser, 'GET /passkeys')
    expect(list.value['passkeys']).toHaveLength(1)
  })

  it('PASSKEY-6 a registration twice, in another session, or with a passkey of somebody else: refused', async () => {
    const key = new Authenticator(origin)
    const options = await toMake(ada.browser)
    await accepted(ada.browser, 'POST /passkeys', key.create(options))
    await expectRefused(
      await api(ada.browser, 'POST /passkeys', new Authenticator(origin).create(options)),
      'challenge-used',
    )
    await expectRefused(
      await api(eve.browser, 'POST /passkeys', new Authenticator(origin).create(await toMake(ada.browser))),
      'challenge',
    )
    await expectRefused(
      await api(eve.browser, 'POST /passkeys', key.create(await toMake(eve.browser))),
      'credential-taken',
    )
  })

  it('PASSKEY-7 whoever has the password of an account with passkeys alone can set up nothing, at either door', async () => {
    const browser = await givenPassword(ada.username)
    for (const call of ['POST /passkeys/options', 'POST /authenticators/totp', 'GET /passkeys'])
      expect((await api(browser, call)).code).toBe('second-factor-required')
    for (const path of ['/mfa/setup', '/mfa/setup/passkey', '/mfa/verify'])
      expect(await browser.get(path)).toMatchObject({ status: 303, location: '/mfa/passkey' })
    expect(await isSignedIn(browser)).toBe(false)
  })

  it('PASSKEY-8 a counter that goes back is refused, told to the owner, and stands in the trail', async () => {
    const counting = await somebody({ counts: true })
    const browser = app.browser()
    await accepted(browser, 'POST /sign-in/passkey', counting.key.get(await asked(browser), { signCount: 9 }))
    app.notices.length = 0
    for (const signCount of [9, 3]) {
      const thief = app.browser()
      const reply = await api(
        thief,
        'POST /sign-in/passkey',
        counting.key.get(await asked(thief), { signCount }),
      )
      expect(reply.code).toBe('wrong-passkey')
    }
    expect(app.notices.map(({ kind }) => kind)).toEqual(['passkey-cloned', 'passkey-cloned'])
    const [last] = await app.nightlatch.core.queries.audit.list({ limit: 1 })
    expect(last).toMatchObject({ event: 'passkey.cloned', account: counting.account })
  })

  it('PASSKEY-9 refused passkeys make their sender wait, and keep nobody else out', async () => {
    const thief = app.browser()
    const options = await asked(thief)
    const wrong = ada.key.get(options, { origin: 'https://evil.test' })
    for (let tries = 0; tries < 49; tries += 1)
      expect((await api(thief, 'POST /sign-in/passkey', wrong)).code).toBe('wrong-passkey')
    expect((await api(thief, 'POST /sign-in/passkey', wrong)).status).toBe(401)
    const waits = await api(thief, 'POST /sign-in/passkey', wrong)
    expect(waits).toMatchObject({ status: 429, code: 'too-many-attempts' })
    expect(Number(waits.headers['retry-after'])).toBeGreaterThan(0)
    app.clock.advance(31)
    const browser = await givenPassword(ada.username)
    await accepted(browser, 'POST /sign-in/verify/passkey', ada.key.get(await asked(browser)))
  })

  it('PASSKEY-10 a disabled account, a removed passkey, and a removed account of the same name: refused', async () => {
    const { core } = app.nightlatch
    const { disableAccount, removeAccount } = await import('../../src/core/accounts/administration.js')
    const account = (await core.queries.accounts.list()).find(({ id }) => id === ada.account)!
    await disableAccount(core, account)
    const browser = app.browser()
    await expectRefused(
      await api(browser, 'POST /sign-in/passkey', ada.key.get(await asked(browser))),
      'account-disabled',
    )
    await removeAccount(core, account)
    await app.person(ada.username)
    await expectRefused(
      await api(browser, 'POST /sign-in/passkey', ada.key.get(await asked(browser))),
      'unknown-credential',
    )
  })

  it("PASSKEY-11 nobody touches another person's passkey", async () => {
    for (const call of ['GET', 'PATCH', 'DELETE'])
      expect((await api(eve.browser, `${call} /passkeys/${ada.id}`, { name: 'Mine' })).code).toBe('not-found')
    expect((await accepted(ada.browser, 'GET /passkeys')).value).toMatchObject({ passkeys: [{ id: ada.id }] })
  })

  it('PASSKEY-12 to open the sign-in page, or to ask for a passkey, writes nothing and names nobody', async () => {
    const changes = () => everythingKept(app)
    const before = await changes()
    const browser = app.browser()
    const page = await browser.get('/login')
    expect(page.body).toContain('data-passkey=')
    expect(page.body).not.toContain(ada.key.id)
    await asked(browser)
    expect(await changes()).toBe(before)
  })
})
