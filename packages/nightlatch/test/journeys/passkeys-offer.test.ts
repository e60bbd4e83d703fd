import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Enrolled, TestApp } from '../support/app.js'
import { accepted, api } from '../support/api.js'
import { enrolledPerson, Phone, startApp } from '../support/app.js'
import { proveAgain } from '../support/attack.js'
import type { CreationOptions, Forgery } from '../support/authenticator.js'
import { askedOn, Authenticator } from '../support/authenticator.js'
import type { Browser } from '../support/browser.js'

const offer = 'Sign in without a code next time'
let app: TestApp
let number = 0

beforeAll(async () => {
  app = await startApp({ env: { NIGHTLATCH_ORIGIN: 'http://localhost:8080' } })
})
afterAll(() => app.close())

const newPerson = (): Promise<Enrolled> => {
  number += 1
  return enrolledPerson(app, `ada${number}`)
}

async function signIn({ username, password, phone }: Enrolled, browser: Browser, next = '') {
  app.clock.advance(30)
  await browser.submit('/login', { username, password, next })
  return browser.submit('/mfa/verify', { otp: phone.code() })
}

/** What the browser of somebody makes of the offer, with nobody touching anything. */
const untouched = { userPresent: false, userVerified: false }
const takeUp = (
  browser: Browser,
  body: string,
  how: Forgery = untouched,
  more: Record<string, string> = {},
) =>
  browser.post('/mfa/setup/passkey', {
    credential: JSON.stringify(
      new Authenticator('http://localhost:8080').create(askedOn<CreationOptions>(body), how),
    ),
    upgrade: 'yes',
    ...more,
  })

describe('right after a sign-in with a code', () => {
  it('home offers a passkey, once in each browser', async () => {
    const ada = await newPerson()
    const browser = app.browser()
    expect((await signIn(ada, browser)).location).toBe('/')
    expect((await browser.get('/')).body).toContain(offer)
    expect((await browser.get('/')).body).not.toContain(offer)
    await browser.submit('/logout', {})
    await signIn(ada, browser)
    expect((await browser.get('/')).body).not.toContain(offer)
    const other = app.browser()
    await signIn(ada, other)
    expect((await other.get('/')).body).toContain(offer)
  })

  it('not later than that, and not to somebody who has just set up an app', async () => {
    const ada = await newPerson()
    expect((await ada.browser.get('/')).body).not.toContain(offer)
    const browser = app.browser()
    await signIn(ada, browser)
    app.clock.advance(301)
    expect((await browser.get('/')).body).not.toContain(offer)
  })

  it('nor to somebody who has just added another app, beside the one that was there', async () => {
    const ada = await newPerson()
    const browser = app.browser()
    await signIn(ada, browser)
    app.clock.advance(30)
    await proveAgain(app, ada, browser)
    const { value } = await api(browser, 'POST /authenticators/totp', { name: 'Second' })
    const phone = new Phone(String(value['secret']), app.clock)
    await accepted(browser, `POST /authenticators/totp/${String(value['id'])}/confirm`, { otp: phone.code() })
    expect((await browser.get('/')).body).not.toContain(offer)
  })

  it('it is hidden until the script knows that the browser can, and says nothing else', async () => {
    const browser = app.browser()
    await signIn(await newPerson(), browser)
    const { body } = await browser.get('/')
    expect(body).toMatch(/<section class="aside" aria-labelledby="passkey-offer" hidden data-passkey-only>/)
    expect(body).toMatch(/data-create data-there="[^"]*" data-upgrade/)
    expect(body).not.toContain('role="region"')
  })

  it('the browser makes it on the way, without a touch, and it is there', async () => {
    const browser = app.browser()
    await signIn(await newPerson(), browser)
    const made = await takeUp(browser, (await browser.get('/')).body)
    expect(made).toMatchObject({ status: 303, location: '/' })
    expect((await browser.get('/')).body).toContain('Passkey added.')
    expect((await browser.get('/account')).body).toContain(
      'Your account has 1 authenticator app, 1 passkey and 10 recovery codes left.',
    )
  })

  it('what was asked for with a button is not made without a touch, whatever the form says', async () => {
    const browser = app.browser()
    await signIn(await newPerson(), browser)
    const { body } = await browser.get('/mfa/setup/passkey')
    expect((await takeUp(browser, body)).status).toBe(401)
    expect((await browser.get('/account')).body).not.toContain('1 passkey')
  })

  it('nobody on the way to an application is held up, nobody is asked who has one, and nobody where they are off', async () => {
    const ada = await newPerson()
    const browser = app.browser()
    expect((await signIn(ada, browser, '/account')).location).toBe('/account')
    const made = await browser.get('/mfa/setup/passkey')
    expect((await takeUp(browser, made.body, {}, { upgrade: '' })).status).toBe(303)
    const other = app.browser()
    await signIn(ada, other)
    expect((await other.get('/')).body).not.toContain(offer)
    const without = await startApp({ env: { NIGHTLATCH_PASSKEYS: 'second-factor' } })
    const eve = await enrolledPerson(without, 'eve')
    const third = without.browser()
    without.clock.advance(30)
    await third.submit('/login', { username: eve.username, password: eve.password })
    await third.submit('/mfa/verify', { otp: eve.phone.code() })
    expect((await third.get('/')).body).not.toContain(offer)
    await without.close()
  })
})
