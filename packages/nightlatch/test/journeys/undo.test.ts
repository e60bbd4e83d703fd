import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { addAccount, findAccount, resetSecondFactor } from '../../src/core/accounts/administration.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { enrolledPerson, Phone, setUpKey, testPassword, type Enrolled, type TestApp } from '../support/app.js'
import { anotherSession, isSignedIn, proveAgain, withPassword } from '../support/attack.js'
import type { Browser, Reply } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'
import { runMailServer, textOf, withMail, type MailServer } from '../support/mail-server.js'
import { until } from '../support/until.js'

interface Arrived {
  readonly to: string
  readonly about: string
  /** The address of "It was not me". */
  readonly undo: string
}

const next = 'a quite different battery'

describe.each(databases)('“It was not me” on $name', (kind) => {
  let server: MailServer
  let app: TestApp
  let ada: Enrolled
  let seen = 0
  let people = 0

  beforeAll(async () => {
    server = await runMailServer()
    app = await startAppOn(kind, { env: withMail(server) })
    await addAccount(
      app.nightlatch.core,
      { username: 'root', email: 'root@example.org', admin: true },
      { password: testPassword },
    )
  })
  afterAll(async () => {
    await app.close()
    await server.down()
  })
  beforeEach(async () => {
    people += 1
    app.clock.advance(3601)
    ada = await enrolledPerson(app, `ada${people}`)
    const edit = { email: `ada${people}@example.org` }
    await editAccount(app.nightlatch.core, await account(), { edit, actor: atTheCommandLine })
    await received()
    await proveAgain(app, ada)
    app.clock.advance(1)
  })

  const account = async () => (await findAccount(app.nightlatch.core, ada.username))!

  async function received(): Promise<readonly Arrived[]> {
    const { queries } = app.nightlatch.core
    await until(async () => (await queries.outbox.summary()).waiting === 0)
    const fresh = server.mails.slice(seen)
    seen = server.mails.length
    return fresh.map((mail) => ({
      to: mail.to,
      about: mail.subject.replace('Nightlatch: ', ''),
      undo: /\/notice\/undo[?]token=[\w-]{43}/.exec(textOf(mail))?.[0] ?? '',
    }))
  }

  async function noticeOf(about: string): Promise<Arrived> {
    const found = (await received()).find((mail) => mail.about === about)
    if (found === undefined) throw new Error(`no mail: ${about}`)
    return found
  }

  async function press({ undo }: Arrived): Promise<Reply> {
    const browser = app.browser()
    expect((await browser.get(undo)).location).toBe('/notice/undo')
    expect((await browser.get('/notice/undo')).status).toBe(200)
    return browser.post('/notice/undo')
  }

  const gets = async (password: string, code: string): Promise<string> => {
    const browser = app.browser()
    const first = await browser.post('/login', { username: ada.username, password })
    if (first.status !== 303) return 'wrong password'
    const second = await browser.post('/mfa/verify', { otp: code })
    if (second.status !== 303) return 'wrong code'
    return (await browser.get('/login')).location
  }

  async function addPhone(browser: Browser, name = 'Eve'): Promise<Phone> {
    const page = await browser.get('/mfa/setup')
    const phone = new Phone(setUpKey(page.body), app.clock)
    await browser.submit('/mfa/setup', { otp: phone.code(), name })
    app.clock.advance(30)
    return phone
  }

  it('UNDO-1 an added authenticator is taken off, everybody is signed out, a new password is due, and administrators hear', async () => {
    const eve = await addPhone(ada.browser)
    const mail = await noticeOf('An authenticator was added to your account')
    expect((await press(mail)).status).toBe(200)
    expect(await isSignedIn(ada.browser)).toBe(false)
    app.clock.advance(60)
    expect(await gets(ada.password, eve.code())).toBe('wrong code')
    expect(await gets(ada.password, ada.phone.code())).toBe('/password/due')
    const told = await received()
    expect(told.find(({ to }) => to === 'root@example.org')?.about).toBe(
      'Somebody has taken a change of their account back',
    )
    expect(told.map(({ about }) => about)).toContain('A change of your account was taken back')
  })

  it('UNDO-2 a removed authenticator works again, and what was used before it went stays used', async () => {
    const second = await addPhone(ada.browser)
    await received()
    app.clock.advance(5)
    const [first] = await app.nightlatch.core.queries.authenticators.listOf((await account()).id)
    await ada.browser.submit(`/account/authenticators/${first!.id}/remove`)
    const mail = await noticeOf('An authenticator was removed from your account')
    const code = ada.phone.code()
    await press(mail)
    expect(await gets(ada.password, code)).toBe('wrong code')
    app.clock.advance(60)
    expect(await gets(ada.password, ada.phone.code())).toBe('/password/due')
    app.clock.advance(30)
    expect(await gets(ada.password, second.code())).toBe('/password/due')
  })

  it('UNDO-3 whatever a thief did afterwards goes with it: password, codes and more authenticators', async () => {
    await addPhone(ada.browser)
    const mail = await noticeOf('An authenticator was added to your account')
    await proveAgain(app, ada)
    const eve = await addPhone(ada.browser, 'Mallory')
    await ada.browser.submit('/account/recovery-codes/renew')
    await ada.browser.submit('/account/password', { current_password: ada.password, new_password: next })
    const later = await noticeOf('Your password was changed')
    const browser = app.browser()
    await browser.get(mail.undo)
    const says = (await browser.get('/notice/undo')).body
    for (const words of ['Stops working:', 'The password from before', 'The recovery codes from before'])
      expect(says).toContain(words)
    expect((await browser.post('/notice/undo')).status).toBe(200)
    app.clock.advance(60)
    expect(await gets(next, eve.code())).toBe('wrong password')
    expect(await gets(ada.password, eve.code())).toBe('wrong code')
    expect(await gets(ada.password, ada.phone.code())).toBe('/password/due')
    const recovered = await withPassword(app, ada)
    expect((await recovered.post('/mfa/recovery', { recovery_code: ada.recoveryCodes[0]! })).status).toBe(303)
    // What would lead back to the thief's state is gone.
    const again = app.browser()
    await again.get(later.undo)
    expect((await again.post('/notice/undo')).status).toBe(404)
  })

  it('UNDO-4 the new phone of somebody with a recovery code is taken out again', async () => {
    const thief = await withPassword(app, ada)
    await thief.submit('/mfa/recovery', { recovery_code: ada.recoveryCodes[1]! })
    const eve = await addPhone(thief)
    const mail = await noticeOf('An authenticator of your account was replaced')
    await press(mail)
    expect(await isSignedIn(thief)).toBe(false)
    app.clock.advance(60)
    expect(await gets(ada.password, eve.code())).toBe('wrong code')
    expect(await gets(ada.password, ada.phone.code())).toBe('/password/due')
  })

  it('UNDO-5 to open the link does nothing, and it works once, for three days', async () => {
    await addPhone(ada.browser)
    const mail = await noticeOf('An authenticator was added to your account')
    for (let scanner = 0; scanner < 2; scanner += 1) {
      const browser = app.browser()
      await browser.get(mail.undo)
      expect((await browser.get('/notice/undo')).status).toBe(200)
    }
    expect(await isSignedIn(ada.browser)).toBe(true)
    expect((await press(mail)).status).toBe(200)
    const again = app.browser()
    await again.get(mail.undo)
    expect((await again.post('/notice/undo')).status).toBe(404)
    app.clock.advance(30)
    await anotherSessionOf()
    const device = await noticeOf('A new device signed in to your account')
    app.clock.advance(3 * 24 * 3600 + 1)
    const late = app.browser()
    await late.get(device.undo)
    expect((await late.get('/notice/undo')).status).toBe(404)
  })

  const anotherSessionOf = async (): Promise<Browser> => {
    const browser = await withPassword(app, ada)
    await browser.submit('/mfa/verify', { otp: ada.phone.code() })
    return browser
  }

  it('UNDO-6 whoever has the mailbox gains nothing: no session, and no way around password and second step', async () => {
    await ada.browser.submit('/account/password', { current_password: ada.password, new_password: next })
    const mail = await noticeOf('Your password was changed')
    const browser = app.browser()
    await browser.get(mail.undo)
    const reply = await browser.post('/notice/undo')
    expect(reply.status).toBe(200)
    expect(await isSignedIn(browser)).toBe(false)
    for (const path of ['/', '/account', '/password/due', '/mfa/setup', '/mfa/verify'])
      expect((await browser.get(path)).location).toMatch(/^\/login/)
  })

  it('UNDO-8 mailbox and password do not get rid of the very first second step', async () => {
    const { core } = app.nightlatch
    const username = `bob${people}`
    const input = { username, email: `${username}@example.org`, admin: false }
    await addAccount(core, input, { password: testPassword })
    const browser = app.browser()
    await browser.submit('/login', { username, password: testPassword })
    await addPhone(browser)
    const mail = await noticeOf('An authenticator was added to your account')
    expect((await press(mail)).status).toBe(200)
    const thief = app.browser()
    expect((await thief.post('/login', { username, password: testPassword })).location).toBe('/mfa/verify')
    expect((await thief.get('/mfa/setup')).location).toBe('/mfa/verify')
  })

  it('a due password is asked for before anything else, and then the sign-in goes on', async () => {
    const other = await anotherSession(app, ada)
    const mail = await noticeOf('A new device signed in to your account')
    await press(mail)
    expect(await isSignedIn(other)).toBe(false)
    app.clock.advance(30)
    const browser = app.browser()
    await browser.submit('/login', { username: ada.username, password: ada.password })
    expect((await browser.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
    expect((await browser.get('/forward-auth')).status).toBe(401)
    expect((await browser.get('/api/v1/session')).status).toBe(401)
    expect((await browser.get('/account')).location).toMatch(/^\/login/)
    expect((await browser.get('/login?next=%2Faccount')).location).toBe('/password/due?next=%2Faccount')
    expect((await browser.post('/password/due', { new_password: ada.password })).status).toBe(422)
    expect((await browser.post('/password/due', { new_password: 'short' })).status).toBe(422)
    const done = await browser.post('/password/due', { new_password: next, next: '/account' })
    expect(done.location).toBe('/account')
    expect((await browser.get('/account')).status).toBe(200)
    expect(
      (await app.browser().post('/login', { username: ada.username, password: ada.password })).status,
    ).toBe(401)
  })

  it('a second step that an administrator was talked into resetting comes back', async () => {
    await resetSecondFactor(app.nightlatch.core, await account())
    const mail = await noticeOf('Your second step was reset')
    await press(mail)
    app.clock.advance(60)
    expect(await gets(ada.password, ada.phone.code())).toBe('/password/due')
  })

  it('UNDO-7 the address before takes the account back for a week, and the new one cannot', async () => {
    await ada.browser.submit('/account/email', { email: `eve${people}@evil.test` })
    await until(() => server.mails.length > seen)
    const confirm = /\/email\/confirm[?]token=[\w-]{43}/.exec(textOf(server.mails.at(-1)!))![0]
    const browser = app.browser()
    await browser.get(confirm)
    await browser.submit('/email/confirm').catch(() => undefined)
    const told = (await received()).filter(({ about }) => about.includes('email address of your account'))
    const old = told.find(({ to }) => to === `ada${people}@example.org`)!
    app.clock.advance(6 * 24 * 3600)
    await press(old)
    expect((await account()).email).toBe(`ada${people}@example.org`)
    expect(await findAccount(app.nightlatch.core, `eve${people}@evil.test`)).toBeNull()
  })
})
