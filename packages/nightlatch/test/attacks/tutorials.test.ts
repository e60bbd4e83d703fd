import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Totp } from '@nightlatch/otp'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, Phone, setUpKey, startApp, testPassword } from '../support/app.js'
import {
  inDatabase,
  isDenied,
  isSignedIn,
  personWithSecret,
  showsNothingInside,
  withPassword,
} from '../support/attack.js'
import { rfcSecret } from '../support/vectors.js'

/**
 * Ten holes that short guides to two-factor sign-in leave open, each as the shortest attack on it. Every one has
 * its longer tests in the files beside this one.
 */
describe('what a short guide forgets', () => {
  let app: TestApp
  let ada: Enrolled
  beforeAll(async () => {
    app = await startApp()
    ada = await enrolledPerson(app, 'user1', 'password1')
  })
  afterAll(() => app.close())

  it('SKIP-1 after the password, typing the address of a protected page opens nothing', async () => {
    const half = await withPassword(app, ada)
    for (const path of ['/', '/account', '/mfa/setup', '/mfa/recovery-codes', '/account/password'])
      expect([path, isDenied(await half.get(path))]).toEqual([path, true])
    expect(await isSignedIn(half)).toBe(false)
  })

  it('ENROL-1 after the password, the QR code of an account that has one is not shown again', async () => {
    const half = await withPassword(app, ada)
    for (const browser of [half, ada.browser.copy()]) {
      expect((await browser.get('/qrcode')).status).toBe(404)
      const page = await browser.get('/mfa/verify')
      expect(page.body).not.toMatch(/otpauth:|setup-key|<svg[^>]*qr/)
    }
    expect((await half.get('/mfa/setup/qr.png')).status).toBe(404)
    expect((await half.get('/mfa/setup/qr.svg')).status).toBe(404)
  })

  it('ENROL-6 a secret in the form is not the secret that the code is checked with', async () => {
    await app.person('user6', 'password6')
    const browser = await withPassword(app, { username: 'user6', password: 'password6' })
    await browser.get('/mfa/setup')
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    const otp = new Totp({ secret }).at(app.clock.seconds)
    expect((await browser.post('/mfa/setup', { secret, otp })).status).toBe(401)
    expect((await browser.post('/mfa/verify', { secret, otp })).location).toBe('/mfa/setup')
    expect(await isSignedIn(browser)).toBe(false)
  })

  it('ENROL-7 the secret that is shown is the one that is checked, also after a reload and a wrong code', async () => {
    await app.person('user7', 'password7')
    const browser = await withPassword(app, { username: 'user7', password: 'password7' })
    const first = setUpKey((await browser.get('/mfa/setup')).body)
    const phone = new Phone(first, app.clock)
    await browser.refused('/mfa/setup', { otp: phone.wrongCode() })
    expect(setUpKey((await browser.get('/mfa/setup')).body)).toBe(first)
    expect((await browser.post('/mfa/setup', { otp: phone.code() })).location).toBe('/mfa/recovery-codes')
    expect((await browser.get('/mfa/setup/qr.png')).status).toBe(404)
  })

  it('PARSE-1 a code that begins with zeros is a text, not a number', async () => {
    const { seconds } = app.clock
    const zeros = [
      [900, '026920'],
      [755_790, '000039'],
      [10_484_850, '000000'],
    ] as const
    for (const [at, code] of zeros) {
      app.clock.seconds = at
      const person = await personWithSecret(app, `zeros${code}`, rfcSecret)
      const browser = await withPassword(app, person)
      expect((await browser.post('/mfa/verify', { otp: String(Number(code)) })).status).toBe(422)
      expect((await browser.post('/mfa/verify', { otp: code })).status).toBe(303)
    }
    app.clock.seconds = seconds
  })

  it('REPLAY-1 a code works once', async () => {
    const otp = ada.phone.code()
    expect((await (await withPassword(app, ada)).post('/mfa/verify', { otp })).status).toBe(303)
    const again = await withPassword(app, ada)
    expect((await again.post('/mfa/verify', { otp })).status).toBe(401)
    expect(await isSignedIn(again)).toBe(false)
    app.clock.advance(30)
  })

  it('BRUTE-1 a new sign-in is no new set of guesses', async () => {
    await inDatabase(app, 'DELETE FROM attempt')
    const statuses: number[] = []
    for (let time = 0; time < 7; time += 1) {
      const reply = await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.wrongCode() })
      statuses.push(reply.status)
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
    expect((await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(
      429,
    )
    await inDatabase(app, 'DELETE FROM attempt')
  })

  it('SESS-7 no session is made of a name and a key that stands in a guide', async () => {
    for (const key of ['your_secret_key', 'my_secret_key', 'APP_SECRET_KEY']) {
      const payload = Buffer.from('{"username":"user1"}').toString('base64url')
      const salted = createHmac('sha1', createHmac('sha1', key).update('cookie-session').digest())
      const signed = `${payload}.aQDwAA.${salted.update(`${payload}.aQDwAA`).digest('base64url')}`
      const cookie = `session=${signed}; ${app.cookieName('session')}=${signed}`
      expect((await app.browser().get('/', { cookie })).location).toBe('/login')
    }
  })

  it('CSRF-5 a picture whose address is the sign-out signs nobody out, and signing out ends the session', async () => {
    const grace = await enrolledPerson(app, 'user5', 'password5')
    const copy = grace.browser.copy()
    await grace.browser.get('/logout', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' })
    expect(await isSignedIn(grace.browser)).toBe(true)
    expect((await grace.browser.post('/logout')).location).toBe('/login')
    expect(await isSignedIn(copy)).toBe(false)
  })

  it('ERR-1 no debugger, no console, no stack: an odd request gets a plain answer', async () => {
    const odd = [
      await app.browser().post('/login', {}),
      await app.browser().post('/login', { username: 'user1' }),
      await app.browser().post('/mfa/verify', {}),
      await (await withPassword(app, ada)).post('/mfa/verify', { otp: 'abc' }),
      await app.browser().get('/console'),
      await app.browser().get('/?__debugger__=yes'),
    ]
    for (const reply of odd) {
      expect(reply.status).toBeLessThan(500)
      expect(showsNothingInside(reply)).toBe(true)
      expect(reply.body).not.toMatch(/Traceback|Werkzeug|debugger/i)
    }
  })
})

describe('a name nobody has, a password everybody knows', () => {
  it('there is no account in the beginning, and none with a known password', async () => {
    const app = await startApp()
    for (const [username, password] of [
      ['admin', 'admin'],
      ['root', 'root'],
      ['test', 'password'],
      ['user1', 'password1'],
      ['admin', ''],
    ])
      expect(
        (await app.browser().post('/login', { username: username!, password: password! })).status,
      ).toBeGreaterThanOrEqual(401)
    expect(await app.nightlatch.storage.stores.accounts.list()).toHaveLength(0)
    expect(testPassword).not.toBe('')
    await app.close()
  })
})
