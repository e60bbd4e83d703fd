import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { words } from '../pages/read.js'
import { enrolledPerson, startApp, type Enrolled, type TestApp } from '../support/app.js'
import { accountOf, proveAgain } from '../support/attack.js'
import { runMailServer, withMail, type MailServer } from '../support/mail-server.js'

const call = '/api/v1/admin/mail/test'

async function startWith(env: Record<string, string>): Promise<{ app: TestApp; root: Enrolled }> {
  const app = await startApp({ env })
  const root = await enrolledPerson(app, 'root')
  await give(app, { admin: true })
  await proveAgain(app, root)
  return { app, root }
}

const valueOf = ({ body }: { readonly body: string }): unknown => JSON.parse(body)

const give = async (app: TestApp, edit: { admin?: boolean; email?: string }): Promise<unknown> =>
  editAccount(app.nightlatch.core, await accountOf(app, 'root'), { edit, actor: atTheCommandLine })

describe('whether mails arrive, asked on the pages and by a program', () => {
  let server: MailServer
  let app: TestApp
  let root: Enrolled
  beforeAll(async () => {
    server = await runMailServer()
    ;({ app, root } = await startWith(withMail(server)))
    await give(app, { email: 'root@example.org' })
    await server.got(1) // that the account was changed
  })
  afterAll(async () => {
    await app.close()
    await server.down()
  })
  beforeEach(() => {
    server.mood.recipient = undefined
    server.mood.data = undefined
  })

  const trials = () => server.mails.filter(({ subject }) => subject.endsWith('to see whether mails arrive'))

  it('one mail goes to whoever asks, and nowhere else', async () => {
    expect(words((await root.browser.get('/admin/findings')).body)).toContain('whether mails arrive')
    const before = trials().length
    const reply = await root.browser.post('/admin/mail', { to: 'eve@evil.test' })
    expect(words(reply.body)).toContain('The mail server has taken a mail for root@example.org')
    const json = await root.browser.json('POST', call, { to: 'eve@evil.test' })
    expect([json.status, valueOf(json)]).toEqual([200, { to: 'root@example.org' }])
    expect(
      trials()
        .slice(before)
        .map(({ to }) => to),
    ).toEqual(['root@example.org', 'root@example.org'])
  })

  it.each([
    ['RCPT TO', { recipient: { status: 550, text: 'no such mailbox' } }],
    ['DATA', { data: { status: 554, text: 'spam' } }],
  ] as const)('says that it failed at %s, and what came before and after it', async (stage, mood) => {
    Object.assign(server.mood, mood)
    const page = await root.browser.post('/admin/mail')
    expect(page.status).toBe(200)
    const said = words(page.body)
    expect(said).toContain(`The mail was not sent: ${stage} failed: `)
    expect(said).toMatch(new RegExp(`connection\\s+done.*${stage}\\s+failed`))
    if (stage !== 'DATA') expect(said).toMatch(/DATA\s+not reached/)
    const json = await root.browser.json('POST', call)
    expect([json.status, valueOf(json)]).toMatchObject([502, { code: 'mail-failed', stage }])
  })

  it('says so where nothing listens', async () => {
    await server.down()
    const said = words((await root.browser.post('/admin/mail')).body)
    expect(said).toContain('The mail was not sent: connection failed: nothing listens there')
    expect(said).toMatch(/connection\s+failed\s+EHLO\s+not reached/)
    await server.up()
  })

  it('who has no address is told to get one, and gets nothing', async () => {
    await give(app, { email: '' })
    const before = trials().length
    expect(words((await root.browser.get('/admin/mail')).body)).toContain('You have no email address')
    expect((await root.browser.post('/admin/mail')).status).toBe(200)
    expect(valueOf(await root.browser.json('POST', call))).toMatchObject({ code: 'no-own-address' })
    expect(trials()).toHaveLength(before)
    await give(app, { email: 'root@example.org' })
  })

  it('where there is no mail server, the page says what to set', async () => {
    const other = await startWith({})
    const page = await other.root.browser.get('/admin/mail')
    expect(words(page.body)).toContain('NIGHTLATCH_SMTP_URL')
    expect(page.body).not.toContain('action="/admin/mail"')
    expect(valueOf(await other.root.browser.json('POST', call))).toMatchObject({ code: 'no-mail-server' })
    await other.app.close()
  })
})
