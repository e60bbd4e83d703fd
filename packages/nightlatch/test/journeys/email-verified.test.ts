import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { findAccount, inviteAccount } from '../../src/core/accounts/administration.js'
import type { AccountEdit, EditOutcome } from '../../src/core/accounts/edit.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { invitationPath } from '../../src/core/accounts/invitation.js'
import { enrolledPerson, testPassword, type Enrolled, type TestApp } from '../support/app.js'
import { answerIn, authorizePath, claimsIn, follow, redeem, register } from '../support/application.js'
import { proveAgain } from '../support/attack.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'
import { runMailServer, textOf, withMail, type MailServer } from '../support/mail-server.js'
import { until } from '../support/until.js'

describe.each(databases)('whether an address is confirmed on $name', (kind) => {
  let app: TestApp
  let server: MailServer
  let seen = 0
  let people = 0

  beforeAll(async () => {
    server = await runMailServer()
    app = await startAppOn(kind, {
      env: { ...withMail(server), NIGHTLATCH_REGISTRATION: 'approval', NIGHTLATCH_PASSWORD_RESET: 'on' },
    })
  })
  afterAll(async () => {
    await app.close()
    await server.down()
  })
  beforeEach(() => {
    people += 1
    app.clock.advance(3601)
  })

  const core = () => app.nightlatch.core

  /** The token of the newest mail with this subject that has come since this was asked last. */
  async function tokenIn(about: string): Promise<string> {
    await until(async () => (await core().queries.outbox.summary()).waiting === 0)
    const mail = server.mails.slice(seen).find(({ subject }) => subject.includes(about))
    seen = server.mails.length
    return /[?]token=([\w-]{43})/.exec(mail === undefined ? '' : textOf(mail))?.[1] ?? ''
  }

  async function edit(username: string, wishes: AccountEdit): Promise<EditOutcome> {
    const account = (await findAccount(core(), username))!
    return editAccount(core(), account, { edit: wishes, actor: atTheCommandLine })
  }

  const isVerified = async (username: string): Promise<boolean | undefined> =>
    (await findAccount(core(), username))?.emailVerified

  async function personWithMail(): Promise<Enrolled & { readonly email: string }> {
    const person = await enrolledPerson(app, `ada${String(people)}`)
    const email = `${person.username}@example.org`
    await edit(person.username, { email })
    return { ...person, email }
  }

  async function changeOwn(person: Enrolled, email: string): Promise<void> {
    await proveAgain(app, person)
    await person.browser.submit('/account/email', { email })
    const browser = app.browser()
    await browser.get(`/email/confirm?token=${await tokenIn('Confirm your email address')}`)
    expect((await browser.post('/email/confirm')).status).toBe(303)
  }

  it('an application hears it of one that its owner confirmed by a mail, until anybody changes it', async () => {
    const client = await register(core())
    const ada = await personWithMail()
    const told = async (): Promise<unknown> => {
      const back = await follow(ada.browser, authorizePath(client))
      const { body } = await redeem(app.origin, client, answerIn(back)['code'] ?? '')
      const claims = claimsIn(body['id_token'])
      return [claims['email'], claims['email_verified']]
    }
    expect(await told()).toEqual([ada.email, false])
    const own = `lovelace${String(people)}@example.org`
    await changeOwn(ada, own)
    expect(await told()).toEqual([own, true])
    await edit(ada.username, { email: ada.email })
    expect(await told()).toEqual([ada.email, false])
    await edit(ada.username, { email: own })
    expect(await told()).toEqual([own, false])
  })

  it('a password that was set anew by a mailed link confirms the address', async () => {
    const ada = await personWithMail()
    const asked = await app.browser().post('/password/forgot', { identifier: ada.username })
    expect(asked.status).toBe(200)
    const browser = app.browser()
    await browser.get(`/password/reset?token=${await tokenIn('A new password')}`)
    expect(await isVerified(ada.username)).toBe(false)
    const given = { new_password: 'a quite different battery', otp: ada.phone.code() }
    expect((await browser.post('/password/reset', given)).location).toBe('/login')
    expect(await isVerified(ada.username)).toBe(true)
  })

  it('"It was not me" brings back what was known of the address before', async () => {
    const ada = await personWithMail()
    await edit(ada.username, { emailVerified: true })
    await changeOwn(ada, `eve${String(people)}@evil.test`)
    await until(async () => (await core().queries.outbox.summary()).waiting === 0)
    const notice = server.mails.findLast((mail) => mail.to === ada.email)
    const token = /[?]token=([\w-]{43})/.exec(textOf(notice!))?.[1] ?? ''
    const browser = app.browser()
    await browser.get(`/notice/undo?token=${token}`)
    expect((await browser.post('/notice/undo')).status).toBe(200)
    expect(await findAccount(core(), ada.username)).toMatchObject({ email: ada.email, emailVerified: true })
  })

  it('the mailed link of an invitation confirms it, the one that was handed over does not, and one of both is used', async () => {
    const invite = async (username: string) => {
      const input = { username, email: `${username}@example.org`, admin: false }
      const invited = await inviteAccount(core(), input, { ...atTheCommandLine, byMail: true })
      if (invited.kind !== 'invited') throw new Error(invited.kind)
      const mailed = `/invitation?token=${await tokenIn('Choose your password')}`
      return { mailed, handedOver: invitationPath(invited.token) }
    }
    const accept = async (path: string): Promise<number> => {
      const browser = app.browser()
      await browser.get(path)
      return (await browser.post('/invitation', { new_password: testPassword })).status
    }
    const [one, other] = [`bob${String(people)}`, `carol${String(people)}`]
    const [first, second] = [await invite(one), await invite(other)]
    expect(await accept(first.mailed)).toBe(303)
    expect(await accept(first.handedOver)).toBe(404)
    expect(await isVerified(one)).toBe(true)
    expect(await accept(second.handedOver)).toBe(303)
    expect(await accept(second.mailed)).toBe(404)
    expect(await isVerified(other)).toBe(false)
  })

  it('a registration whose link came by mail begins with a confirmed address', async () => {
    const email = `zoe${String(people)}@example.org`
    await app.browser().submit('/register', { email })
    const browser = app.browser()
    await browser.get(`/register?token=${await tokenIn('Go on with')}`)
    await browser.submit('/register', { username: `zoe${String(people)}`, new_password: testPassword })
    expect(await findAccount(core(), email)).toMatchObject({ email, emailVerified: true })
  })

  it('an administrator vouches for one, and for none that is not there', async () => {
    const ada = await personWithMail()
    expect(await edit(ada.username, { emailVerified: true })).toMatchObject({ changed: ['emailVerified'] })
    const email = `ada.l${String(people)}@example.org`
    const both = await edit(ada.username, { email, emailVerified: true })
    expect(both).toMatchObject({ kind: 'edited', account: { email, emailVerified: true } })
    expect(await edit(ada.username, { emailVerified: false })).toMatchObject({ changed: ['emailVerified'] })
    expect(await edit(ada.username, { email: '', emailVerified: true })).toMatchObject({ why: 'no-email' })
    expect(await edit(ada.username, { email: '' })).toMatchObject({ changed: ['email'] })
    expect(await edit(ada.username, { emailVerified: true })).toEqual({ kind: 'refused', why: 'no-email' })
  })
})
