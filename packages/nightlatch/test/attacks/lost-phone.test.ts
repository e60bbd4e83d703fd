import { describe, expect, it } from 'vitest'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, Phone, setUpKey, testPassword } from '../support/app.js'
import {
  accountOf,
  anotherSession,
  countOf,
  isSignedIn,
  proveAgain,
  withPassword,
} from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { useTwoOn } from '../support/kinds.js'

/** Signed in with the password and a recovery code: the owner who has lost the phone, or a thief of both. */
async function recovered(app: TestApp, ada: Enrolled, code = ada.recoveryCodes[0]!): Promise<Browser> {
  const browser = await withPassword(app, ada)
  const reply = await browser.post('/mfa/recovery', { recovery_code: code })
  if (reply.status !== 303) throw new Error(`recovery: ${String(reply.status)}`)
  return browser
}

/** Sets up another phone and says where that led. */
async function setUpPhone(app: TestApp, browser: Browser): Promise<{ phone: Phone; location: string }> {
  const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
  return { phone, location: (await browser.post('/mfa/setup', { otp: phone.code() })).location }
}

async function authenticatorsOf(app: TestApp, username: string) {
  const { id } = await accountOf(app, username)
  return app.nightlatch.storage.stores.authenticators.listOf(id)
}

describe.each(databases)('after a sign-in with a recovery code, on $name', (kind) => {
  const { app, there } = useTwoOn(kind)

  it('RC-11 the new phone takes the place of the lost one, in one go, for one recovery code, and the owner is told', async () => {
    const ada = await enrolledPerson(app, 'ada11')
    const browser = await recovered(app, ada)
    const home = (await browser.get('/')).body
    expect(home).toMatch(/<a [^>]*href="\/mfa\/setup"[^>]*>Set up my new phone<\/a>/)
    expect((await browser.get('/account')).body).toContain('Set up my new phone')
    const { phone, location } = await setUpPhone(app, browser)
    expect(location).toBe('/account')
    expect(await authenticatorsOf(app, 'ada11')).toHaveLength(1)
    expect((await accountOf(app, 'ada11')).factorCounts.totp).toBe(1)
    expect(app.notices.at(-1)).toMatchObject({
      kind: 'authenticator-replaced',
      account: { username: 'ada11' },
      details: { replaced: 'Authenticator app', recovered: 1 },
    })
    const account = await accountOf(app, 'ada11')
    expect(await countOf(app, `recovery_code WHERE account = '${account.id}'`)).toBe(9)
    app.clock.advance(30)
    const old = await withPassword(app, ada)
    expect((await old.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(401)
    expect((await old.post('/mfa/verify', { otp: phone.code() })).status).toBe(303)
    expect((await browser.get('/account')).body).not.toContain('Set up my new phone')
  })

  it('RC-11 "Change phone" asks for no second recovery code; of several, the person says which is lost', async () => {
    const ada = await enrolledPerson(app, 'ada11b')
    await setUpPhone(app, ada.browser)
    const [one, two] = await authenticatorsOf(app, 'ada11b')
    const browser = await recovered(app, ada)
    expect((await browser.get('/mfa/setup')).location).toBe('/account/change-phone')
    expect((await browser.json('POST', '/api/v1/authenticators/totp')).status).toBe(403)
    expect((await browser.get('/account/change-phone')).status).toBe(200)
    expect((await browser.post('/account/change-phone', { authenticator: two!.id })).location).toBe(
      '/mfa/setup',
    )
    expect((await setUpPhone(app, browser)).location).toBe('/account')
    const left = (await authenticatorsOf(app, 'ada11b')).map(({ id }) => id)
    expect(left).toHaveLength(2)
    expect(left).toContain(one!.id)
    expect(left).not.toContain(two!.id)
  })

  it('RC-12 what was set up is no fresh proof: everything else asks for one', async () => {
    const ada = await enrolledPerson(app, 'ada12')
    await setUpPhone(app, ada.browser)
    const browser = await recovered(app, ada)
    const [mine, others] = await authenticatorsOf(app, 'ada12')
    await browser.submit('/account/change-phone', { authenticator: mine!.id })
    expect((await setUpPhone(app, browser)).location).toBe('/account')
    const changes: [string, Record<string, string>][] = [
      [`/account/authenticators/${others!.id}/remove`, {}],
      [`/account/authenticators/${others!.id}/rename`, { name: 'Mine' }],
      ['/account/recovery-codes/renew', {}],
      ['/account/password', { current_password: testPassword, new_password: 'a quite different battery' }],
      ['/account/change-phone', { authenticator: others!.id }],
    ]
    for (const [path, fields] of changes)
      expect((await browser.post(path, fields)).location, path).toMatch(/^\/account\/confirm/)
    const json: [string, string][] = [
      ['DELETE', `/api/v1/authenticators/${others!.id}`],
      ['POST', '/api/v1/authenticators/totp'],
      ['POST', '/api/v1/recovery-codes'],
    ]
    for (const [method, path] of json) expect((await browser.json(method, path)).status, path).toBe(403)
    expect((await authenticatorsOf(app, 'ada12')).map(({ id }) => id)).toContain(others!.id)
  })

  it('RC-12 an authenticator added with a fresh proof makes that proof no younger', async () => {
    const ada = await enrolledPerson(app, 'ada12b')
    await proveAgain(app, ada)
    app.clock.advance(540)
    expect((await setUpPhone(app, ada.browser)).location).toBe('/account')
    app.clock.advance(60)
    expect((await ada.browser.post('/account/recovery-codes/renew')).location).toMatch(/^\/account\/confirm/)
  })

  it('RC-13 it is good once, and only for ten minutes', async () => {
    const ada = await enrolledPerson(app, 'ada13')
    const browser = await recovered(app, ada)
    await setUpPhone(app, browser)
    expect((await browser.get('/mfa/setup')).location).toMatch(/^\/account\/confirm/)
    expect((await browser.json('POST', '/api/v1/authenticators/totp')).status).toBe(403)
    const late = await recovered(app, ada, ada.recoveryCodes[1]!)
    app.clock.advance(600)
    expect((await late.get('/mfa/setup')).location).toMatch(/^\/account\/confirm/)
  })

  it('RC-13 what was begun in time may be finished while the set-up lasts: an app has to be found first', async () => {
    const ada = await enrolledPerson(app, 'ada13b')
    const browser = await recovered(app, ada)
    const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    app.clock.advance(1200)
    expect((await browser.post('/mfa/setup', { otp: phone.wrongCode() })).status).toBe(401)
    expect((await browser.post('/mfa/setup', { otp: phone.code() })).location).toBe('/account')
    expect(await authenticatorsOf(app, 'ada13b')).toHaveLength(1)
  })

  it('RC-14 twenty confirmations at once, on two servers, replace one authenticator and add none', async () => {
    const ada = await enrolledPerson(app, 'ada14')
    const browser = await recovered(app, ada)
    const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    const otp = phone.code()
    const copies = Array.from({ length: 20 }, (_, index) => {
      const copy = (index % 2 === 0 ? app : there).browser()
      for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
      return copy
    })
    const replies = await Promise.all(copies.map((copy) => copy.post('/mfa/setup', { otp })))
    const kept = copies.filter((_copy, index) => replies[index]!.location === '/account')
    const alive = await Promise.all(kept.map((copy) => isSignedIn(copy)))
    expect(alive.filter(Boolean).length).toBeLessThanOrEqual(1)
    expect(await authenticatorsOf(app, 'ada14')).toHaveLength(1)
    expect((await accountOf(app, 'ada14')).factorCounts.totp).toBe(1)
  })

  it('RC-14 a session that was there before goes on, and with its own phone the owner undoes it', async () => {
    const ada = await enrolledPerson(app, 'ada15')
    const other = await anotherSession(app, ada)
    const thief = await recovered(app, ada)
    await setUpPhone(app, thief)
    expect(await isSignedIn(other)).toBe(true)
    const [code] = ada.recoveryCodes.slice(1)
    const owner = await recovered(app, ada, code)
    app.clock.advance(30)
    const back = await setUpPhone(app, owner)
    expect(back.location).toBe('/account')
    expect(await authenticatorsOf(app, 'ada15')).toHaveLength(1)
    expect((await owner.post('/account/sessions/end-others')).status).toBe(303)
    expect(await isSignedIn(thief)).toBe(false)
  })
})
