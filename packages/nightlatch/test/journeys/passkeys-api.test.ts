import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accepted, api, enrolledByApi, proveAgain } from '../support/api.js'
import { startApp, testPassword } from '../support/app.js'
import type { TestApp } from '../support/app.js'
import type { Algorithm, CreationOptions, RequestOptions } from '../support/authenticator.js'
import { Authenticator } from '../support/authenticator.js'
import type { Browser } from '../support/browser.js'

describe('passkeys through the JSON interface', () => {
  let app: TestApp
  let origin: string
  let number = 0

  beforeAll(async () => {
    app = await startApp()
    origin = app.server.settings.origin
  })
  afterAll(() => app.close())

  const request = async (browser: Browser): Promise<RequestOptions> =>
    (await accepted(browser, 'POST /sign-in/passkey/options')).value as unknown as RequestOptions
  const creation = async (browser: Browser, wishes?: object): Promise<CreationOptions> =>
    (await accepted(browser, 'POST /passkeys/options', wishes)).value as unknown as CreationOptions

  const givenPassword = async (username: string): Promise<Browser> => {
    const browser = app.browser()
    await accepted(browser, 'POST /sign-in', { username, password: testPassword })
    return browser
  }

  /** Somebody with nothing but a passkey, signed in. */
  async function somebody(traits: ConstructorParameters<typeof Authenticator>[1] = {}) {
    number += 1
    const username = `ada${number}`
    const account = await app.person(username)
    const browser = await givenPassword(username)
    const key = new Authenticator(origin, traits)
    const { value } = await accepted(browser, 'POST /passkeys', key.create(await creation(browser)))
    return { username, account, browser, key, ...(value as { recoveryCodes: string[] }) }
  }

  it('the first sign-in sets one up, with ten recovery codes, and is over with it', async () => {
    const { browser, recoveryCodes, username } = await somebody()
    expect(recoveryCodes).toHaveLength(10)
    const session = await accepted(browser, 'GET /session')
    expect(session.value).toMatchObject({ factors: ['password', 'passkey'], account: { username } })
    const { value } = await accepted(browser, 'GET /passkeys')
    expect(value).toMatchObject({
      passkeys: [{ name: 'A browser', synced: false, verifiesUser: true, usable: true }],
    })
  })

  it('signs in with it alone: nothing more is asked, it is a fresh proof, and nobody is named beforehand', async () => {
    const { key, username } = await somebody()
    const browser = app.browser()
    const options = await request(browser)
    expect(options).not.toHaveProperty('allowCredentials')
    expect(options).toMatchObject({ userVerification: 'required', rpId: 'localhost' })
    expect(Buffer.from(options.challenge, 'base64url')).toHaveLength(32)
    const done = await accepted(browser, 'POST /sign-in/passkey', key.get(options))
    expect(done.value).toEqual({ next: 'done' })
    const session = await accepted(browser, 'GET /session')
    expect(session.value).toMatchObject({ factors: ['passkey'], account: { username } })
    expect((await api(browser, 'POST /recovery-codes')).status).toBe(200)
  })

  it('is not asked for a code when the account has an authenticator app as well', async () => {
    const person = await enrolledByApi(app, 'both')
    await proveAgain(app, person)
    const key = new Authenticator(origin)
    const added = await accepted(person.browser, 'POST /passkeys', key.create(await creation(person.browser)))
    expect(added.value).toMatchObject({ recoveryCodes: [] })
    const browser = app.browser()
    await accepted(browser, 'POST /sign-in/passkey', key.get(await request(browser)))
    expect((await accepted(browser, 'GET /session')).value).toMatchObject({ factors: ['passkey'] })
    await accepted(browser, `DELETE /authenticators/${person.id}`)
    expect((await accepted(browser, 'GET /passkeys')).value['passkeys']).toHaveLength(1)
  })

  it('is the second step after the password, its own ones named, and remembers the device', async () => {
    const { key, username } = await somebody()
    const browser = await givenPassword(username)
    const options = await request(browser)
    expect(options).toMatchObject({
      userVerification: 'preferred',
      allowCredentials: [{ id: key.id, type: 'public-key' }],
    })
    await accepted(browser, 'POST /sign-in/verify/passkey', { ...key.get(options), remember: true })
    expect((await accepted(browser, 'GET /session')).value).toMatchObject({
      factors: ['password', 'passkey'],
    })
    await accepted(browser, 'DELETE /session')
    const again = await accepted(browser, 'POST /sign-in', { username, password: testPassword })
    expect(again.value).toEqual({ next: 'done' })
  })

  it('without user verification it counts after the password, and never alone', async () => {
    const { key, username } = await somebody({ userVerified: false })
    const alone = app.browser()
    expect((await api(alone, 'POST /sign-in/passkey', key.get(await request(alone)))).code).toBe(
      'wrong-passkey',
    )
    const browser = await givenPassword(username)
    await accepted(browser, 'POST /sign-in/verify/passkey', key.get(await request(browser)))
    const list = await accepted(browser, 'GET /passkeys')
    expect(list.value).toMatchObject({ passkeys: [{ verifiesUser: false }] })
  })

  it('proves again who is there: alone where it verifies the user, with the password where not', async () => {
    const strong = await somebody()
    app.clock.advance(3600)
    expect((await api(strong.browser, 'POST /recovery-codes')).code).toBe('fresh-proof-required')
    const passkey = strong.key.get(await request(strong.browser))
    await accepted(strong.browser, 'POST /session/verify', { passkey })
    await accepted(strong.browser, 'POST /recovery-codes')
    const weak = await somebody({ userVerified: false })
    const one = weak.key.get(await request(weak.browser))
    const refused = await api(weak.browser, 'POST /session/verify', { passkey: one })
    expect(refused.value).toMatchObject({ code: 'invalid-body', errors: [{ pointer: '/password' }] })
    await accepted(weak.browser, 'POST /session/verify', { passkey: one, password: testPassword })
  })

  it.each<Algorithm>([-7, -8, -257])('takes keys of algorithm %i', async (algorithm) => {
    const { key } = await somebody({ algorithm })
    const browser = app.browser()
    await accepted(browser, 'POST /sign-in/passkey', key.get(await request(browser)))
  })

  it('is given another name, and removed, unless it is the last second factor', async () => {
    const { browser, key } = await somebody()
    const options = await creation(browser)
    expect(options).toMatchObject({ excludeCredentials: [{ id: key.id }] })
    const second = new Authenticator(origin, { synced: true })
    const { value } = await accepted(browser, 'POST /passkeys', {
      credential: second.create(options),
      name: 'Blue key',
    })
    const { id } = value['passkey'] as { id: string }
    expect(value['passkey']).toMatchObject({ name: 'Blue key', synced: true, backedUp: true })
    const renamed = await accepted(browser, `PATCH /passkeys/${id}`, { name: 'Green key' })
    expect(renamed.value).toMatchObject({ id, name: 'Green key' })
    expect((await accepted(browser, `GET /passkeys/${id}`)).value).toMatchObject({ name: 'Green key' })
    await accepted(browser, `DELETE /passkeys/${id}`)
    expect((await api(browser, `GET /passkeys/${id}`)).code).toBe('not-found')
    const [last] = (await accepted(browser, 'GET /passkeys')).value['passkeys'] as { id: string }[]
    expect((await api(browser, `DELETE /passkeys/${last!.id}`)).status).toBe(409)
    const elsewhere = app.browser()
    expect((await api(elsewhere, 'POST /sign-in/passkey', second.get(await request(elsewhere)))).code).toBe(
      'wrong-passkey',
    )
  })

  it('two windows of one browser have a challenge each', async () => {
    const { key } = await somebody()
    const browser = app.browser()
    const first = await request(browser)
    await request(browser)
    await accepted(browser, 'POST /sign-in/passkey', key.get(first))
  })

  it('malformed JSON is 400, and a credential that is none is told which member is missing', async () => {
    const browser = app.browser()
    const sent = await browser.send('/api/v1/sign-in/passkey', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: '{"id":',
    })
    expect(sent.status).toBe(400)
    expect((await api(browser, 'POST /sign-in/passkey', {})).code).toBe('invalid-body')
  })

  it('a lost passkey is replaced after a recovery code, and so is one by an authenticator app', async () => {
    const { username, recoveryCodes, key } = await somebody()
    const browser = await givenPassword(username)
    await accepted(browser, 'POST /sign-in/recovery', { recoveryCode: recoveryCodes[0] })
    const next = new Authenticator(origin)
    await accepted(browser, 'POST /passkeys', next.create(await creation(browser)))
    expect((await accepted(browser, 'GET /passkeys')).value['passkeys']).toHaveLength(1)
    expect((await api(browser, 'POST /passkeys/options')).code).toBe('fresh-proof-required')
    const old = app.browser()
    expect((await api(old, 'POST /sign-in/passkey', key.get(await request(old)))).code).toBe('wrong-passkey')
    const again = await givenPassword(username)
    await accepted(again, 'POST /sign-in/recovery', { recoveryCode: recoveryCodes[1] })
    await accepted(again, 'POST /authenticators/totp', {})
  })
})
