import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addAccount, disableAccount, findAccount } from '../../src/core/accounts/administration.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { enrolledPerson, testPassword, type Enrolled, type TestApp } from '../support/app.js'
import { everythingKept, inDatabase, isSignedIn, proveAgain } from '../support/attack.js'
import type { Browser, Reply } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'
import { recordStatements } from '../support/recorded.js'
import { runMailServer, textOf, withMail, type MailServer } from '../support/mail-server.js'
import { until } from '../support/until.js'

interface Arrived {
  readonly to: string
  readonly about: string
  /** Of the link in it. */
  readonly token: string
}

const next = 'a quite different battery'

describe.each(databases)('mails with links on $name', (kind) => {
  let app: TestApp
  let ada: Enrolled
  let server: MailServer
  let seen = 0
  let people = 0

  beforeAll(async () => {
    server = await runMailServer()
    app = await startAppOn(kind, { env: withMail(server) })
  })
  afterAll(async () => {
    await app.close()
    await server.down()
  })
  beforeEach(async () => {
    people += 1
    app.clock.advance(3601)
    ada = await personWithMail(`ada${people}`)
    await received()
  })

  async function personWithMail(username: string): Promise<Enrolled> {
    const person = await enrolledPerson(app, username)
    const account = (await findAccount(app.nightlatch.core, username))!
    const edit = { email: `${username}@example.org` }
    await editAccount(app.nightlatch.core, account, { edit, actor: atTheCommandLine })
    return person
  }

  /** What has arrived since this was asked last, by subject. */
  async function received(): Promise<readonly Arrived[]> {
    const { queries } = app.nightlatch.core
    await until(async () => (await queries.outbox.summary()).waiting === 0)
    const fresh = server.mails.slice(seen)
    seen = server.mails.length
    return fresh.map((mail) => ({
      to: mail.to,
      about: mail.subject.replace('Nightlatch: ', ''),
      token: /[?]token=([\w-]{43})/.exec(textOf(mail))?.[1] ?? '',
    }))
  }

  const forget = (identifier: string, browser = app.browser()): Promise<Reply> =>
    browser.post('/password/forgot', { identifier })

  /** Somebody has asked, and opens the link that has come. */
  async function openLink(person = ada): Promise<Browser> {
    await forget(person.username)
    const [mail] = await received()
    const browser = app.browser()
    expect((await browser.get(`/password/reset?token=${mail!.token}`)).location).toBe('/password/reset')
    return browser
  }

  const signsIn = async (password: string): Promise<boolean> => {
    const reply = await app.browser().post('/login', { username: ada.username, password })
    return reply.status === 303 && reply.location === '/mfa/verify'
  }

  it('the sign-in page leads there, and a link comes to the address of the account', async () => {
    expect((await app.browser().get('/login')).body).toContain('href="/password/forgot"')
    expect((await app.browser().get('/password/forgot')).status).toBe(200)
    expect((await forget(ada.username)).status).toBe(200)
    expect(await received()).toMatchObject([{ about: 'A new password', to: `${ada.username}@example.org` }])
  })

  it('a new password takes the link and the second factor, ends everything, and signs nobody in', async () => {
    const browser = await openLink()
    const page = await browser.get('/password/reset')
    expect(page.body).toContain(ada.username)
    const reply = await browser.post('/password/reset', { new_password: next, otp: ada.phone.code() })
    expect([reply.status, reply.location]).toEqual([303, '/login'])
    expect(await isSignedIn(browser)).toBe(false)
    expect(await isSignedIn(ada.browser)).toBe(false)
    expect(await signsIn(next)).toBe(true)
    expect(await signsIn(ada.password)).toBe(false)
    expect((await received()).map((mail) => mail.about)).toContain('Your password was set anew')
  })

  it('RESET-11 the link without the second factor changes nothing, however often it is tried', async () => {
    const browser = await openLink()
    const answers: [number, string][] = []
    for (const given of [
      {},
      { otp: ada.phone.wrongCode() },
      { with: 'recovery-code', recovery_code: '0000-0000-0000-0000' },
    ]) {
      const reply = await browser.post('/password/reset', { new_password: next, ...given })
      answers.push([reply.status, reply.location])
    }
    expect(answers).toEqual([
      [422, ''],
      [401, ''],
      [401, ''],
    ])
    expect(await signsIn(next)).toBe(false)
    expect(await signsIn(ada.password)).toBe(true)
  })

  it('RESET-12 a recovery code counts for the second factor once, and is never worth the password', async () => {
    const browser = await openLink()
    const [code = ''] = ada.recoveryCodes
    const given = { new_password: next, with: 'recovery-code', recovery_code: code }
    expect((await browser.post('/password/reset', given)).location).toBe('/login')
    expect((await received()).map((mail) => mail.about)).toEqual(
      expect.arrayContaining(['A recovery code was used', 'Your password was set anew']),
    )
    const again = await openLink()
    expect((await again.post('/password/reset', given)).status).toBe(401)
    expect((await app.browser().post('/password/reset', given)).status).toBe(404)
  })

  it('RESET-13 no factor goes, and none comes', async () => {
    const before = await inDatabase(app, 'SELECT id, account FROM authenticator ORDER BY id')
    const browser = await openLink()
    const reply = await browser.post('/password/reset', { new_password: next, otp: ada.phone.code() })
    expect(reply.location).toBe('/login')
    expect(await inDatabase(app, 'SELECT id, account FROM authenticator ORDER BY id')).toEqual(before)
  })

  it('RESET-4 a list of addresses brings nobody else in', async () => {
    for (const identifier of [
      `${ada.username}@example.org,eve@evil.test`,
      `${ada.username}@example.org\r\nBcc: eve@evil.test`,
      `${ada.username} eve@evil.test`,
    ])
      expect((await forget(identifier)).status).toBe(200)
    expect(await received()).toEqual([])
    const body = new URLSearchParams([
      ['identifier', ada.username],
      ['identifier', 'eve@evil.test'],
    ])
    const twice = await app.browser().send('/password/forgot', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: body.toString(),
    })
    expect(twice.status).toBe(400)
    expect(await received()).toEqual([])
  })

  it('RESET-7 the page and what is done for it are the same for every name', async () => {
    const { core } = app.nightlatch
    await addAccount(core, { username: `bare${people}`, admin: false }, { password: testPassword })
    const closed = await personWithMail(`closed${people}`)
    await disableAccount(core, (await findAccount(core, closed.username))!)
    await received()
    // Whoever looks the names up has to wait meanwhile.
    const { leases, outbox } = app.nightlatch.storage.stores
    const lease = { name: 'outbox', holder: 'test', seconds: 15 }
    await until(() => leases.take(lease, app.clock.seconds))
    const replies: string[] = []
    const rows: number[] = []
    const recording = recordStatements()
    for (const name of [
      ada.username,
      `${ada.username}@example.org`,
      'nobody',
      `bare${people}`,
      closed.username,
      '🚪',
    ]) {
      const reply = await forget(name)
      replies.push(`${reply.status} ${reply.body}`)
      rows.push((await outbox.summary()).waiting)
    }
    recording.end()
    expect(new Set(replies).size).toBe(1)
    expect(rows).toEqual([1, 2, 3, 4, 5, 6])
    // Until there is an answer nobody has asked whose name it is.
    expect(
      [...recording.said.keys()].filter((text) => /login_name|mail_link|FROM account/.test(text)),
    ).toEqual([])
    await leases.release('outbox', 'test')
    expect((await received()).map(({ to }) => to)).toEqual(Array(2).fill(`${ada.username}@example.org`))
  })

  it('RESET-8 to open the link spends nothing, and only a hash of it is kept', async () => {
    await forget(ada.username)
    const [mail] = await received()
    const token = mail!.token
    for (let scanner = 0; scanner < 3; scanner += 1) {
      const browser = app.browser()
      const moved = await browser.get(`/password/reset?token=${token}`)
      expect(moved.headers['cache-control']).toBe('no-store')
      expect((await browser.get('/password/reset')).status).toBe(200)
    }
    expect(await everythingKept(app)).not.toContain(token)
    const person = app.browser()
    await person.get(`/password/reset?token=${token}`)
    const reply = await person.post('/password/reset', { new_password: next, otp: ada.phone.code() })
    expect(reply.location).toBe('/login')
    expect((await person.get('/password/reset')).status).toBe(404)
    await person.get(`/password/reset?token=${token}`)
    expect((await person.get('/password/reset')).status).toBe(404)
  })

  it.each([
    ['after half an hour', async () => void app.clock.advance(1801)],
    ['once a newer one was sent', async () => void (await forget(ada.username), await received())],
    [
      'once its owner has signed in',
      async () => {
        app.clock.advance(30)
        const browser = app.browser()
        await browser.submit('/login', { username: ada.username, password: ada.password })
        await browser.submit('/mfa/verify', { otp: ada.phone.code() })
      },
    ],
    [
      'once the password was changed',
      async () => {
        await proveAgain(app, ada)
        await ada.browser.submit('/account/password', {
          current_password: ada.password,
          new_password: 'another one entirely',
        })
      },
    ],
    [
      'once the address was changed',
      async () => {
        const account = (await findAccount(app.nightlatch.core, ada.username))!
        const edit = { email: `new-${ada.username}@example.org` }
        await editAccount(app.nightlatch.core, account, { edit, actor: atTheCommandLine })
      },
    ],
    [
      'once the account was disabled',
      async () => {
        await disableAccount(app.nightlatch.core, (await findAccount(app.nightlatch.core, ada.username))!)
      },
    ],
  ])('RESET-14 the link is over %s', async (_when, act) => {
    const browser = await openLink()
    expect((await browser.get('/password/reset')).status).toBe(200)
    await act()
    expect((await browser.get('/password/reset')).status).toBe(404)
    app.clock.advance(30)
    const reply = await browser.post('/password/reset', { new_password: next, otp: ada.phone.code() })
    expect(reply.status).toBe(404)
    expect(await signsIn(next)).toBe(false)
  })

  it('RESET-10 an account gets three in an hour, and an address asks for ten', async () => {
    for (let count = 0; count < 5; count += 1) expect((await forget(ada.username)).status).toBe(200)
    expect(await received()).toHaveLength(3)
    app.clock.advance(3601)
    for (let count = 0; count < 12; count += 1) await forget('nobody')
    await received()
    expect((await forget(ada.username)).status).toBe(200)
    expect(await received()).toEqual([])
    app.clock.advance(3601)
    await forget(ada.username)
    expect(await received()).toHaveLength(1)
  })

  it('whoever has no second factor is told whom to ask', async () => {
    const { core } = app.nightlatch
    const input = { username: `new${people}`, email: `new${people}@example.org`, admin: false }
    await addAccount(core, input, { password: testPassword })
    await forget(`new${people}`)
    const [mail] = await received()
    const browser = app.browser()
    await browser.get(`/password/reset?token=${mail!.token}`)
    expect((await browser.get('/password/reset')).body).toContain('Ask the person who runs this site')
    const reply = await browser.post('/password/reset', { new_password: next, otp: '123456' })
    expect(reply.status).toBe(409)
  })

  it('a password that is too poor spends neither link nor code', async () => {
    const browser = await openLink()
    const code = ada.phone.code()
    expect((await browser.post('/password/reset', { new_password: 'short', otp: code })).status).toBe(422)
    expect((await browser.post('/password/reset', { new_password: next, otp: code })).location).toBe('/login')
  })

  describe('one’s own address', () => {
    const asked = async (email: string): Promise<Arrived> => {
      await proveAgain(app, ada)
      const reply = await ada.browser.post('/account/email', { email })
      expect([reply.status, reply.location]).toEqual([303, '/account'])
      const [mail] = await received()
      expect(mail).toMatchObject({ about: 'Confirm your email address', to: email })
      return mail!
    }
    const confirm = async (mail: Arrived): Promise<Reply> => {
      const browser = app.browser()
      await browser.get(`/email/confirm?token=${mail.token}`)
      expect((await browser.get('/email/confirm')).body).toContain(mail.to)
      return browser.post('/email/confirm')
    }

    it('counts once it was confirmed there, for notices and as a name, and both addresses hear of it', async () => {
      const email = `lovelace${people}@example.org`
      const mail = await asked(email)
      expect((await findAccount(app.nightlatch.core, ada.username))?.email).toBe(
        `${ada.username}@example.org`,
      )
      expect(await findAccount(app.nightlatch.core, email)).toBeNull()
      expect((await confirm(mail)).location).toBe('/login')
      expect((await findAccount(app.nightlatch.core, email))?.username).toBe(ada.username)
      const told = await received()
      expect(told.map(({ to }) => to).toSorted()).toEqual([`${ada.username}@example.org`, email].toSorted())
      for (const { about } of told) expect(about).toBe('The email address of your account was changed')
    })

    it('EMAIL-1 asks for a fresh proof, and to open the link changes nothing', async () => {
      app.clock.advance(700)
      const stale = await ada.browser.post('/account/email', { email: 'eve@evil.test' })
      expect(stale.location).toMatch(/^\/account\/confirm/)
      const email = `lovelace${people}@example.org`
      const mail = await asked(email)
      for (let scanner = 0; scanner < 2; scanner += 1) {
        const browser = app.browser()
        await browser.get(`/email/confirm?token=${mail.token}`)
        await browser.get('/email/confirm')
      }
      expect(await findAccount(app.nightlatch.core, email)).toBeNull()
      expect((await confirm(mail)).status).toBe(303)
      const again = app.browser()
      await again.get(`/email/confirm?token=${mail.token}`)
      expect((await again.post('/email/confirm')).status).toBe(404)
    })

    it('EMAIL-2 one that is somebody else’s looks the same until the end, and is refused there', async () => {
      const bob = await personWithMail(`bob${people}`)
      await received()
      const mail = await asked(`${bob.username}@example.org`)
      const reply = await confirm(mail)
      expect(reply.status).toBe(404)
      expect((await findAccount(app.nightlatch.core, `${bob.username}@example.org`))?.username).toBe(
        bob.username,
      )
    })

    it.each(['', 'ada', 'ada@', 'a@b.test\r\nBcc: eve@evil.test', 'a@b.test,eve@evil.test', '<a@b.test>'])(
      '%j is no address',
      async (email) => {
        await proveAgain(app, ada)
        expect((await ada.browser.post('/account/email', { email })).status).toBe(422)
        expect(await received()).toEqual([])
      },
    )
  })
})

it('without a mail server, or where it is switched off, nobody can ask', async () => {
  const set = { NIGHTLATCH_SMTP_URL: 'smtp://127.0.0.1:9', NIGHTLATCH_MAIL_FROM: 'auth@example.org' }
  for (const more of [{}, { ...set, NIGHTLATCH_PASSWORD_RESET: 'off' }]) {
    const app = await startAppOn(databases[0]!, { env: more })
    expect((await app.browser().get('/login')).body).not.toContain('/password/forgot')
    expect((await app.browser().get('/password/forgot')).status).toBe(404)
    expect((await app.browser().post('/password/forgot', { identifier: 'ada' })).status).toBe(404)
    await app.close()
  }
})
