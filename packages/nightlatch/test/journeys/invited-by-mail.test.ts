import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { accepted, api } from '../support/api.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp, testPassword } from '../support/app.js'
import { accountOf, proveAgain } from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import type { MailServer, Received } from '../support/mail-server.js'
import { linkIn, runMailServer, withMail } from '../support/mail-server.js'

let app: TestApp
let chief: Enrolled
let server: MailServer

async function start(env: Record<string, string> = {}): Promise<void> {
  app = await startApp({ env })
  chief = await enrolledPerson(app, 'chief')
  const edit = { admin: true }
  await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), { edit, actor: atTheCommandLine })
}

const freshChief = async (): Promise<Browser> => {
  await proveAgain(app, chief)
  return chief.browser
}

/** Uses a link of an invitation for a password. */
async function choose(link: string): Promise<number> {
  const { pathname, search } = new URL(link)
  const browser = app.browser()
  await browser.get(pathname + search)
  return (await browser.post('/invitation', { new_password: testPassword })).status
}

const shownIn = (body: string): string => /<code class="handed"[^>]*>([^<]+)</.exec(body)?.[1] ?? ''

const fieldsOf = (username: string, email = `${username}@example.org`) => ({
  ...{ username, email, name: '', groups: '', ends: '' },
})

describe('a link for a password', () => {
  beforeAll(async () => {
    server = await runMailServer()
    await start(withMail(server))
  })
  afterAll(async () => {
    await app.close()
    await server.down()
  })

  const mailTo = async (address: string): Promise<Received> => {
    const before = server.mails.length
    const found = (): Received | undefined => server.mails.findLast(({ to }) => to === address)
    if (found() === undefined) await server.got(before + 1)
    return found() ?? mailTo(address)
  }

  it('is mailed where an address is given on the pages: the one in the mail confirms it, the one that is shown does not', async () => {
    const browser = await freshChief()
    expect((await browser.get('/admin/people/new')).body).toMatch(/value="mail"[^>]*checked/)
    for (const [username, mailedIsUsed] of [
      ['ada', true],
      ['bob', false],
    ] as const) {
      const added = await browser.post('/admin/people/new', fieldsOf(username))
      expect([added.status, added.body.includes('is on its way to')]).toEqual([200, true])
      const shown = shownIn(added.body)
      const mailed = linkIn(await mailTo(`${username}@example.org`), '/invitation')
      expect(new Set([shown, mailed, '']).size).toBe(3)
      expect(await choose(mailedIsUsed ? mailed : shown)).toBe(303)
      expect(await choose(mailedIsUsed ? shown : mailed)).toBe(404)
      expect((await accountOf(app, username)).emailVerified).toBe(mailedIsUsed)
    }
  })

  it('is only handed over where that is wished, or where there is no address', async () => {
    const browser = await freshChief()
    const by = { ...fieldsOf('cyd'), delivery: 'hand' }
    for (const fields of [by, fieldsOf('dora', '')]) {
      const added = await browser.post('/admin/people/new', fields)
      expect([added.status, added.body.includes('is on its way to')]).toEqual([200, false])
    }
    const { waiting } = await app.nightlatch.core.queries.outbox.summary()
    expect([waiting, server.mails.some(({ to }) => to.startsWith('cyd'))]).toEqual([0, false])
    expect(
      (await browser.get(`/admin/people/${(await accountOf(app, 'dora')).id}/invite`)).body,
    ).not.toContain('name="delivery"')
  })

  it('is mailed anew, and nothing that was typed is lost on the way to a fresh proof', async () => {
    const browser = await freshChief()
    const fields = { ...fieldsOf('eva'), delivery: 'hand' }
    expect((await browser.post('/admin/people/new', fields)).status).toBe(200)
    const place = `/admin/people/${(await accountOf(app, 'eva')).id}/invite`
    app.clock.advance(11 * 60)
    const refused = await browser.post(place, { delivery: 'hand' })
    const back = new URL(refused.location, app.origin).searchParams.get('next') ?? ''
    await freshChief()
    expect((await browser.get(back)).body).toMatch(/value="hand"[^>]*checked/)
    expect((await browser.get(place)).body).toContain('eva@example.org')
    const made = await browser.post(place, { delivery: 'mail' })
    expect(made.body).toContain('is on its way to')
    expect(await choose(linkIn(await mailTo('eva@example.org'), '/invitation'))).toBe(303)
  })

  it('is mailed to nobody who is refused', async () => {
    const browser = await freshChief()
    const before = server.mails.length
    expect((await browser.post('/admin/people/new', fieldsOf('ada', 'ada2@example.org'))).status).toBe(422)
    const again = await browser.post('/admin/people/new', { ...fieldsOf('a b'), delivery: 'hand' })
    expect([again.status, /value="hand"[^>]*checked/.test(again.body)]).toEqual([422, true])
    expect([(await app.nightlatch.core.queries.outbox.summary()).waiting, server.mails.length]).toEqual([
      0,
      before,
    ])
  })

  it('is mailed by programs that ask for it', async () => {
    const browser = await freshChief()
    const [username, email] = ['fay', 'fay@example.org']
    const added = await accepted(browser, 'POST /admin/people', { username, email, mail: true })
    expect(added.value['invitation']).toMatchObject({ mailedTo: email })
    const { url } = added.value['invitation'] as { url: string }
    const mailed = linkIn(await mailTo(email), '/invitation')
    expect(mailed).not.toBe(url)
    const place = `POST /admin/people/${(await accountOf(app, username)).id}/invite`
    expect((await accepted(browser, place)).value['mailedTo']).toBeNull()
    expect(await choose(mailed)).toBe(404)
    expect((await accepted(browser, place, { mail: true })).value['mailedTo']).toBe(email)
    const refused = await api(browser, 'POST /admin/people', { username: 'gil', mail: true })
    expect([refused.status, refused.code, refused.value['reason']]).toEqual([422, 'bad-person', 'no-email'])
    const without = `POST /admin/people/${(await accountOf(app, 'dora')).id}/invite`
    expect((await api(browser, without, { mail: true })).value['reason']).toBe('no-email')
  })
})

describe('a link for a password without a mail server', () => {
  beforeAll(() => start())
  afterAll(() => app.close())

  it('is handed over, and nobody is asked how', async () => {
    const browser = await freshChief()
    expect((await browser.get('/admin/people/new')).body).not.toContain('name="delivery"')
    const added = await browser.post('/admin/people/new', { ...fieldsOf('ada'), delivery: 'mail' })
    expect([added.status, added.body.includes('on its way')]).toEqual([200, false])
    expect(await choose(shownIn(added.body))).toBe(303)
    const asked = { username: 'bob', email: 'bob@example.org', mail: true }
    expect((await api(browser, 'POST /admin/people', asked)).code).toBe('no-mail-server')
  })
})
