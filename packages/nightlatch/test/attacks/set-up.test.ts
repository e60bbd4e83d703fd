import { describe, expect, it } from 'vitest'
import { Totp, decodeBase32 } from '@nightlatch/otp'
import { enrolledPerson, Phone, setUpKey, testPassword, useApp } from '../support/app.js'
import {
  accountOf,
  anotherSession,
  countOf,
  failuresOf,
  inDatabase,
  isDenied,
  isSignedIn,
  proveAgain,
  withPassword,
} from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { rfcSecret } from '../support/vectors.js'

const plainKey = (body: string): string => setUpKey(body).replaceAll(' ', '')

describe('setting up', () => {
  const app = useApp()

  const newcomer = async (username: string): Promise<Browser> => {
    await app.person(username)
    return withPassword(app, { username, password: testPassword })
  }

  it('ENROL-1 shows the secret never again once it is confirmed', async () => {
    const browser = await newcomer('ada1')
    const key = plainKey((await browser.get('/mfa/setup')).body)
    const phone = new Phone(key, app.clock)
    await browser.submit('/mfa/setup', { otp: phone.code() })
    await browser.submit('/mfa/recovery-codes', { saved: 'yes' })
    app.clock.advance(30)
    const half = await withPassword(app, { username: 'ada1', password: testPassword })
    const spellings = [
      key,
      key.toLowerCase(),
      key.replace(/(.{4})(?=.)/g, '$1 '),
      Buffer.from(decodeBase32(key)!).toString('hex'),
      Buffer.from(decodeBase32(key)!).toString('base64'),
    ]
    const pages = [
      '/',
      '/account',
      '/mfa/setup',
      '/mfa/setup/qr.png',
      '/mfa/setup/qr.svg',
      '/mfa/verify',
      '/help',
    ]
    for (const path of [...pages, '/metrics', '/account/change-phone', '/mfa/recovery-codes']) {
      for (const one of [browser, half, app.browser()]) {
        const reply = await one.get(path)
        expect(
          spellings.filter((spelling) => reply.body.includes(spelling)),
          path,
        ).toEqual([])
      }
    }
    expect((await half.get('/mfa/setup/qr.png')).status).toBe(404)
    expect((await browser.get('/mfa/setup/qr.svg')).status).toBe(200) // fresh: another authenticator's
    expect(plainKey((await browser.get('/mfa/setup')).body)).not.toBe(key)
  })

  it('ENROL-2 DOWN-2 is closed to whoever has only the password of an account with a second factor', async () => {
    const ada = await enrolledPerson(app, 'ada2')
    const half = await withPassword(app, ada)
    for (const path of ['/mfa/setup', '/mfa/setup/qr.png', '/mfa/setup/qr.svg', '/account/change-phone'])
      expect(isDenied(await half.get(path)), path).toBe(true)
    const account = await accountOf(app, 'ada2')
    expect(await countOf(app, `set_up WHERE account = '${account.id}'`)).toBe(0)
    const own = new Totp({ secret: rfcSecret }).at(app.clock.seconds)
    expect(
      isDenied(await half.post('/mfa/setup', { otp: own, secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' })),
    ).toBe(true)
    expect((await half.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
  })

  it('ENROL-3 a page of another site can neither begin nor confirm one, nor load the picture', async () => {
    const browser = await newcomer('ada3')
    const key = setUpKey((await browser.get('/mfa/setup')).body)
    const phone = new Phone(key, app.clock)
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }])
      expect((await browser.post('/mfa/setup', { otp: phone.code() }, headers)).status).toBe(403)
    for (const path of ['/mfa/setup/qr.png', '/mfa/setup/qr.svg', '/mfa/setup']) {
      const { headers } = await browser.get(path)
      expect(headers['cache-control'], path).toBe('no-store')
      expect(headers['cross-origin-resource-policy'], path).toBe('same-origin')
      expect(headers['access-control-allow-origin'], path).toBeUndefined()
    }
    expect(setUpKey((await browser.get('/mfa/setup')).body)).toBe(key)
  })

  it('ENROL-4 counts only from the right code on: until then there is nothing to ask for', async () => {
    const first = await newcomer('ada4')
    const key = setUpKey((await first.get('/mfa/setup')).body)
    const second = await withPassword(app, { username: 'ada4', password: testPassword })
    expect((await second.get('/mfa/verify')).location).toBe('/mfa/setup')
    const other = setUpKey((await second.get('/mfa/setup')).body)
    expect(other).not.toBe(key)
    const codeOfFirst = new Phone(key, app.clock).code()
    expect((await second.post('/mfa/setup', { otp: codeOfFirst })).status).toBe(401)
    expect((await second.post('/mfa/setup', { otp: new Phone(other, app.clock).code() })).status).toBe(303)
    // The sign-in that came first is over, and its secret with it.
    expect(isDenied(await first.post('/mfa/setup', { otp: codeOfFirst }))).toBe(true)
    expect(await isSignedIn(first)).toBe(false)
  })

  it('ENROL-4 a secret that nobody confirmed is too old after half an hour', async () => {
    const ada = await enrolledPerson(app, 'ada4b')
    await proveAgain(app, ada)
    const key = setUpKey((await ada.browser.get('/mfa/setup')).body)
    app.clock.advance(30 * 60)
    await proveAgain(app, ada)
    const late = await ada.browser.post('/mfa/setup', { otp: new Phone(key, app.clock).code() })
    expect(late.status).toBe(422)
    expect(setUpKey((await ada.browser.get('/mfa/setup')).body)).not.toBe(key)
  })

  it('ENROL-5 tells the owner at once that an authenticator was added, and an administrator can undo it', async () => {
    await enrolledPerson(app, 'ada5')
    expect(app.notices.at(-1)).toMatchObject({ kind: 'authenticator-added', account: { username: 'ada5' } })
  })

  it('ENROL-6 takes no secret from the form', async () => {
    const browser = await newcomer('ada6')
    const shown = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    const own = new Totp({ secret }).at(app.clock.seconds)
    const names = ['secret', 'key', 'setup-key', 'setup_key', 'uri', 'sealed', 'totp_secret']
    const fields = Object.fromEntries(names.map((name) => [name, secret]))
    const refused = await browser.post('/mfa/setup', { ...fields, otp: own })
    expect(refused.status).toBe(401)
    expect(refused.body).not.toContain('GEZD')
    expect((await browser.post('/mfa/setup', { ...fields, otp: shown.code() })).status).toBe(303)
    app.clock.advance(30)
    const next = await withPassword(app, { username: 'ada6', password: testPassword })
    const withOwn = new Totp({ secret }).at(app.clock.seconds)
    expect((await next.post('/mfa/verify', { otp: withOwn })).status).toBe(401)
    expect((await next.post('/mfa/verify', { otp: shown.code() })).status).toBe(303)
  })

  it('ENROL-7 keeps one secret over reloads and wrong codes', async () => {
    const browser = await newcomer('ada7')
    const key = setUpKey((await browser.get('/mfa/setup')).body)
    const phone = new Phone(key, app.clock)
    const svg = (await browser.get('/mfa/setup/qr.svg')).body
    for (let time = 0; time < 3; time += 1) {
      expect(setUpKey((await browser.get('/mfa/setup')).body)).toBe(key)
      const wrong = await browser.post('/mfa/setup', { otp: phone.wrongCode() })
      expect([wrong.status, setUpKey(wrong.body)]).toEqual([401, key])
    }
    expect((await browser.get('/mfa/setup/qr.svg')).body).toBe(svg)
    expect((await browser.post('/mfa/setup', { otp: phone.code() })).location).toBe('/mfa/recovery-codes')
  })

  it('ENROL-8 another authenticator needs a fresh proof with the ones there are', async () => {
    const ada = await enrolledPerson(app, 'ada8')
    app.clock.advance(600)
    for (const path of ['/mfa/setup', '/account/change-phone'])
      expect((await ada.browser.get(path)).location, path).toMatch(/^\/account\/confirm\?/)
    expect((await ada.browser.get('/mfa/setup/qr.png')).status).toBe(404)
    expect((await ada.browser.post('/mfa/setup', { otp: '123456' })).location).toMatch(/^\/account\/confirm/)
    const { id } = (
      await app.nightlatch.storage.stores.authenticators.listOf((await accountOf(app, 'ada8')).id)
    )[0]!
    expect((await ada.browser.post('/account/change-phone', { authenticator: id })).location).toMatch(
      /^\/account\/confirm/,
    )
    await proveAgain(app, ada)
    expect((await ada.browser.get('/mfa/setup')).status).toBe(200)
  })

  it('ENROL-8 a set-up that was begun freshly is not confirmed once the proof is old', async () => {
    const ada = await enrolledPerson(app, 'ada8b')
    await proveAgain(app, ada)
    const phone = new Phone(setUpKey((await ada.browser.get('/mfa/setup')).body), app.clock)
    app.clock.advance(600)
    const late = await ada.browser.post('/mfa/setup', { otp: phone.code() })
    expect(late.location).toMatch(/^\/account\/confirm/)
    expect((await accountOf(app, 'ada8b')).factorCounts.totp).toBe(1)
  })

  it('ENROL-9 after a change of phone the old one is worth nothing, in sign-ins in progress, too', async () => {
    const ada = await enrolledPerson(app, 'ada9')
    await proveAgain(app, ada)
    const half = await withPassword(app, ada)
    const [old] = await app.nightlatch.storage.stores.authenticators.listOf((await accountOf(app, 'ada9')).id)
    await ada.browser.submit('/account/change-phone', { authenticator: old!.id })
    const phone = new Phone(setUpKey((await ada.browser.get('/mfa/setup')).body), app.clock)
    expect((await ada.browser.post('/mfa/setup', { otp: phone.code() })).status).toBe(303)
    app.clock.advance(30)
    expect((await half.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(401)
    expect((await half.post('/mfa/verify', { otp: phone.code() })).status).toBe(303)
    expect((await accountOf(app, 'ada9')).factorCounts.totp).toBe(1)
  })

  it('ENROL-10 nobody touches what belongs to somebody else', async () => {
    const ada = await enrolledPerson(app, 'ada10')
    const eve = await enrolledPerson(app, 'eve10')
    await anotherSession(app, ada, { remember: 'yes' })
    await proveAgain(app, eve)
    const { authenticators, sessions, trustedDevices } = app.nightlatch.storage.stores
    const { id } = await accountOf(app, 'ada10')
    const [authenticator] = await authenticators.listOf(id)
    const [session] = await sessions.listOf(id)
    const [device] = await trustedDevices.listOf(id)
    const before = await inDatabase(app, `SELECT * FROM authenticator WHERE account = '${id}'`)
    const paths = [
      `/account/authenticators/${authenticator!.id}/rename`,
      `/account/authenticators/${authenticator!.id}/remove`,
      `/account/sessions/${session!.id}/end`,
      `/account/trusted-devices/${device!.id}/end`,
    ]
    for (const path of paths) {
      expect((await eve.browser.get(path)).status, path).toBe(404)
      expect((await eve.browser.post(path, { name: 'Eve was here' })).status, path).toBe(404)
    }
    const change = await eve.browser.post('/account/change-phone', { authenticator: authenticator!.id })
    expect(change.status).toBe(422)
    expect(await inDatabase(app, `SELECT * FROM authenticator WHERE account = '${id}'`)).toEqual(before)
    expect(await sessions.listOf(id)).toHaveLength(2)
    expect(await trustedDevices.listOf(id)).toHaveLength(1)
    const cannotBe = ['../../x', 'a'.repeat(26), '%00', '1', "' OR 1=1--", ':id']
    for (const text of cannotBe)
      expect(
        (await eve.browser.post(`/account/authenticators/${encodeURIComponent(text)}/remove`)).status,
      ).toBe(404)
  })

  it('ENROL-11 keeps no password and no plain secret between the steps', async () => {
    const password = 'marker-password-9d1f'
    await app.person('ada11', password)
    const browser = await withPassword(app, { username: 'ada11', password })
    const key = plainKey((await browser.get('/mfa/setup')).body)
    const kept = JSON.stringify([
      [...browser.cookies],
      await inDatabase(app, 'SELECT * FROM set_up'),
      await inDatabase(app, 'SELECT * FROM sign_in'),
      await inDatabase(app, 'SELECT * FROM account'),
    ])
    for (const secret of [
      password,
      key,
      Buffer.from(decodeBase32(key)!).toString('hex'),
      browser.cookies.get(app.cookieName('sign-in'))!,
    ]) {
      const inCookies = JSON.stringify([...browser.cookies]).includes(secret)
      const isToken = secret === browser.cookies.get(app.cookieName('sign-in'))
      expect(inCookies).toBe(isToken)
      expect(kept.slice(JSON.stringify([...browser.cookies]).length + 1)).not.toContain(secret)
    }
  })

  it('ENROL-12 gives every authenticator 160 random bits of its own', async () => {
    const keys = new Set<string>()
    for (let time = 0; time < 20; time += 1) {
      const browser = await newcomer(`ada12-${String(time)}`)
      const key = plainKey((await browser.get('/mfa/setup')).body)
      expect(key).toMatch(/^[A-Z2-7]{32}$/)
      expect(decodeBase32(key)).toHaveLength(20)
      keys.add(key)
    }
    expect(keys.size).toBe(20)
  })

  it('ENROL-13 confirming is no place to guess: it counts and waits like a sign-in', async () => {
    const browser = await newcomer('ada13')
    const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    const statuses: number[] = []
    for (let time = 0; time < 8; time += 1)
      statuses.push((await browser.post('/mfa/setup', { otp: phone.wrongCode() })).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
    expect((await browser.post('/mfa/setup', { otp: phone.code() })).status).toBe(429)
    expect(await failuresOf(app, await accountOf(app, 'ada13'), 'set-up')).toBe(5)
    const again = await withPassword(app, { username: 'ada13', password: testPassword })
    const next = new Phone(setUpKey((await again.get('/mfa/setup')).body), app.clock)
    expect((await again.post('/mfa/setup', { otp: next.code() })).status).toBe(429)
    app.clock.advance(30)
    expect((await again.post('/mfa/setup', { otp: next.code() })).status).toBe(303)
  })

  it('ENROL-14 the label in the app is the account’s own name', async () => {
    const browser = await newcomer('ada14')
    const { body } = await browser.get('/mfa/setup')
    const uri = /href="(otpauth:[^"]*)"/.exec(body)![1]!.replaceAll('&amp;', '&')
    expect(uri).toMatch(/^otpauth:\/\/totp\/Nightlatch:ada14/)
    expect(new URL(uri).searchParams.get('issuer')).toBe('Nightlatch')
  })

  it('ENROL-17 no other host is asked for the picture: nothing on the page leaves this origin', async () => {
    const browser = await newcomer('ada17')
    const { body, headers } = await browser.get('/mfa/setup')
    expect(String(headers['content-security-policy'])).toMatch(/img-src 'self'/)
    const addresses = [...body.matchAll(/(?:src|href|action)="([^"]*)"/g)].map((match) => match[1]!)
    for (const address of addresses) expect(address).toMatch(/^(\/(?!\/)|#|otpauth:)/)
  })

  it('ENROL-18 beginning a change of phone ends nothing: the old one works until the new one is confirmed', async () => {
    const ada = await enrolledPerson(app, 'ada18')
    await proveAgain(app, ada)
    const [old] = await app.nightlatch.storage.stores.authenticators.listOf(
      (await accountOf(app, 'ada18')).id,
    )
    await ada.browser.submit('/account/change-phone', { authenticator: old!.id })
    const phone = new Phone(setUpKey((await ada.browser.get('/mfa/setup')).body), app.clock)
    const first = await withPassword(app, ada)
    expect((await first.post('/mfa/verify', { otp: phone.code() })).status).toBe(401)
    expect((await first.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
    expect((await ada.browser.post('/mfa/setup', { otp: phone.code() })).status).toBe(303)
    app.clock.advance(30)
    const second = await withPassword(app, ada)
    expect((await second.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(401)
    expect((await second.post('/mfa/verify', { otp: phone.code() })).status).toBe(303)
  })

  it('ENROL-18 a change of phone works with ten authenticators, too', async () => {
    const ada = await enrolledPerson(app, 'ada18b')
    await proveAgain(app, ada)
    for (let number = 2; number <= 10; number += 1) {
      const phone = new Phone(setUpKey((await ada.browser.get('/mfa/setup')).body), app.clock)
      const added = await ada.browser.post('/mfa/setup', {
        otp: phone.code(),
        name: `Phone ${String(number)}`,
      })
      expect(added.location).toBe('/account')
    }
    expect((await ada.browser.get('/mfa/setup')).location).toBe('/account')
    const [old] = await app.nightlatch.storage.stores.authenticators.listOf(
      (await accountOf(app, 'ada18b')).id,
    )
    await ada.browser.submit('/account/change-phone', { authenticator: old!.id })
    const page = await ada.browser.get('/mfa/setup')
    expect(page.status).toBe(200)
    const phone = new Phone(setUpKey(page.body), app.clock)
    expect((await ada.browser.post('/mfa/setup', { otp: phone.code() })).status).toBe(303)
    expect((await accountOf(app, 'ada18b')).factorCounts.totp).toBe(10)
  })
})
