import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { editAccount } from '../../src/core/accounts/edit.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp } from '../support/app.js'
import { accountOf, isSignedIn, proveAgain } from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import type { MailServer, Received } from '../support/mail-server.js'
import { linkIn, runMailServer, withMail } from '../support/mail-server.js'
import { until } from '../support/until.js'

const next = 'a quite different battery'

describe('what an administrator does to somebody', () => {
  let server: MailServer
  let app: TestApp
  let chief: Enrolled
  let ada: Enrolled
  let place: string
  let seen = 0

  beforeAll(async () => {
    server = await runMailServer()
    app = await startApp({ env: withMail(server) })
    chief = await enrolledPerson(app, 'chief')
    ada = await enrolledPerson(app, 'ada')
    const core = app.nightlatch.core
    const chiefly = { edit: { admin: true }, actor: atTheCommandLine }
    await editAccount(core, await accountOf(app, 'chief'), chiefly)
    const own = { edit: { email: 'ada@example.org' }, actor: atTheCommandLine }
    await editAccount(core, await accountOf(app, 'ada'), own)
    place = `/admin/people/${(await accountOf(app, 'ada')).id}`
    await told()
  })
  afterAll(async () => {
    await app.close()
    await server.down()
  })

  /** What has come since this was asked last. */
  async function told(): Promise<readonly Received[]> {
    await until(async () => (await app.nightlatch.core.queries.outbox.summary()).waiting === 0)
    const fresh = server.mails.slice(seen)
    seen = server.mails.length
    return fresh
  }

  const subjects = async (): Promise<readonly string[]> =>
    (await told()).map(({ to, subject }) => `${to}: ${subject.replace('Nightlatch: ', '')}`)

  async function act(name: string, fields = {}): Promise<string> {
    await proveAgain(app, chief)
    const reply = await chief.browser.post(`${place}/${name}`, fields)
    expect(reply.status).toBeLessThan(400)
    return reply.body
  }

  async function choose(link: string): Promise<Browser> {
    const { pathname, search } = new URL(link)
    const browser = app.browser()
    await browser.get(pathname + search)
    expect((await browser.submit('/invitation', { new_password: next })).location).toBe('/mfa/verify')
    return browser
  }

  it.each([
    ['end-sessions', 'You were signed out everywhere'],
    ['disable', 'Your account was blocked'],
    ['enable', 'Your account is open again'],
    ['rescue', 'A rescue code was made for your account'],
  ])('is told by mail: %s', async (name, subject) => {
    await act(name)
    expect(await subjects()).toEqual([`ada@example.org: ${subject}`])
  })

  it('a link for a new password is told, and so is the new password, which “It was not me” takes back', async () => {
    const shown = /<code class="handed"[^>]*>([^<]+)</.exec(await act('invite', { delivery: 'hand' }))![1]!
    expect(await subjects()).toEqual(['ada@example.org: A link for a new password was made'])
    await choose(shown)
    const [mail, ...others] = await told()
    expect([mail!.subject, others]).toEqual(['Nightlatch: Your password was changed', []])
    const undo = new URL(linkIn(mail!, '/notice/undo'))
    const owner = app.browser()
    await owner.get(undo.pathname + undo.search)
    expect((await owner.post('/notice/undo')).status).toBe(200)
    app.clock.advance(60)
    expect((await app.browser().post('/login', { username: 'ada', password: next })).status).toBe(401)
    const back = app.browser()
    await back.submit('/login', { username: 'ada', password: ada.password })
    await back.submit('/mfa/verify', { otp: ada.phone.code() })
    expect((await back.get('/login')).location).toBe('/password/due')
    await told()
  })

  it('“It was not me” shuts a link that nobody has used yet', async () => {
    const shown = /<code class="handed"[^>]*>([^<]+)</.exec(await act('invite', { delivery: 'hand' }))![1]!
    const [mail] = await told()
    const undo = new URL(linkIn(mail!, '/notice/undo'))
    const owner = app.browser()
    await owner.get(undo.pathname + undo.search)
    expect((await owner.post('/notice/undo')).status).toBe(200)
    const { pathname, search } = new URL(shown)
    const thief = app.browser()
    await thief.get(pathname + search)
    expect((await thief.post('/invitation', { new_password: next })).status).toBe(404)
    expect(await isSignedIn(thief)).toBe(false)
    await told()
  })

  it('the last mail is about the end of the account', async () => {
    await act('remove', { confirm_name: 'ada' })
    expect(await subjects()).toEqual(['ada@example.org: Your account was removed'])
  })
})
