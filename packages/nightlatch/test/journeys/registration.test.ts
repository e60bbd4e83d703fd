import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import type { Mail } from '../../src/core/notify/mail.js'
import { openMail } from '../../src/core/notify/mail.js'
import type { InvitationWish } from '../../src/core/registration/invitations.js'
import { addInvitations, withdrawInvitation } from '../../src/core/registration/invitations.js'
import { registrationPath } from '../../src/core/registration/open-invitation.js'
import type { TestApp } from '../support/app.js'
import { enrolledPerson, Phone, setUpKey, startApp, testPassword } from '../support/app.js'
import { accepted, api } from '../support/api.js'
import { accountOf, countOf, isSignedIn, proveAgain } from '../support/attack.js'
import type { Browser } from '../support/browser.js'

const password = 'quite another battery'
const smtp = { NIGHTLATCH_SMTP_URL: 'smtp://127.0.0.1:1', NIGHTLATCH_MAIL_FROM: 'auth@example.org' }

const hour = 3600

interface Here {
  readonly app: TestApp
  /** What waits for the mail server, in the order in which it was written. */
  mails(): Promise<readonly Mail[]>
  readonly notices: TestApp['notices']
}

async function start(mode: string, env: Record<string, string> = smtp): Promise<Here> {
  const app = await startApp({ env: { NIGHTLATCH_REGISTRATION: mode, ...env } })
  const mails = async (): Promise<readonly Mail[]> => {
    const { outbox } = app.nightlatch.storage.stores
    const waiting = [...(await outbox.listDue(app.clock.seconds + hour, 1000))]
    const opened = waiting.map((mail) => openMail(app.nightlatch.core, mail))
    return opened.filter((mail) => mail !== null)
  }
  return { app, mails, notices: app.notices }
}

/** Those of a kind, or to somebody. */
const only = (mails: readonly Mail[], own: Partial<Pick<Mail, 'kind' | 'to'>>): readonly Mail[] =>
  mails.filter((mail) => Object.entries(own).every(([name, value]) => mail[name as 'kind' | 'to'] === value))

/** Where the link in a mail leads. */
const pathIn = (mail: Mail | undefined): string => {
  const next = mail?.details['next']
  return `/register?token=${mail?.token ?? ''}${next === undefined ? '' : `&next=${encodeURIComponent(next)}`}`
}

/** One invitation, and the path of its link. */
async function invite(app: TestApp, wish: InvitationWish = {}): Promise<{ id: string; path: string }> {
  const made = await addInvitations(app.nightlatch.core, wish, atTheCommandLine)
  if (made.kind !== 'invited') throw new Error(made.why)
  const [{ invitation, token } = { invitation: null, token: null }] = made.made
  if (invitation === null) throw new Error('none was made')
  return { id: invitation.id, path: registrationPath(token) }
}

/** Opens a link, which leads to the page without its token. */
async function open(app: TestApp, path: string, browser = app.browser()): Promise<Browser> {
  const reply = await browser.get(path)
  expect([reply.status, reply.location.startsWith('/register')]).toEqual([303, true])
  expect(reply.location).not.toContain('token')
  return browser
}

const usedOf = async (app: TestApp, id: string): Promise<number> => {
  const found = await app.nightlatch.storage.stores.openInvitations.find(id as never)
  return found?.used ?? -1
}

describe('an account by invitation', () => {
  let here: Here
  beforeAll(async () => {
    here = await start('invitation')
  })
  afterAll(() => here.app.close())

  it('REG-2 is made with the groups of the invitation, which it uses up; the sign-in goes on from there', async () => {
    const { app } = here
    const { id, path } = await invite(app, { groups: ['crew', 'staff'] })
    const browser = await open(app, path)
    for (let time = 0; time < 3; time += 1) expect((await browser.get('/register')).status).toBe(200)
    expect(await usedOf(app, id)).toBe(0)
    const made = await browser.submit('/register', { username: 'ada', name: 'Ada', new_password: password })
    expect(made.location).toBe('/mfa/setup')
    expect(await usedOf(app, id)).toBe(1)
    expect(await accountOf(app, 'ada')).toMatchObject({
      name: 'Ada',
      groups: ['crew', 'staff'],
      admin: false,
      disabled: false,
    })
    const setUp = await browser.get('/mfa/setup')
    const phone = new Phone(setUpKey(setUp.body), app.clock)
    expect((await browser.submit('/mfa/setup', { otp: phone.code() })).location).toBe('/mfa/recovery-codes')
    expect(await isSignedIn(browser)).toBe(true)
    const events = await app.nightlatch.core.queries.audit.list({
      limit: 9,
      account: (await accountOf(app, 'ada')).id,
    })
    expect(events.at(-1)).toMatchObject({
      event: 'account.registered',
      address: '127.0.0.1',
      details: { invitation: id },
    })
  })

  it('leads to where the link says afterwards, and to nowhere else', async () => {
    const { app } = here
    const { path } = await invite(app, { uses: 2 })
    const browser = app.browser()
    const kept = await browser.get(`${path}&next=${encodeURIComponent('/account?x=1')}`)
    expect(kept.location).toBe('/register?next=%2Faccount%3Fx%3D1')
    const shown = await browser.get(kept.location)
    expect(shown.body).toContain('name="next" value="/account?x=1"')
    const made = await browser.submit('/register', {
      username: 'nextly',
      new_password: password,
      next: '/account?x=1',
    })
    expect(made.location).toBe('/mfa/setup')
    const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    await browser.submit('/mfa/setup', { otp: phone.code() })
    expect((await browser.submit('/mfa/recovery-codes', { saved: 'yes' })).location).toBe('/account?x=1')
    const away = await app.browser().get(`${path}&next=${encodeURIComponent('https://evil.example')}`)
    expect(away.location).toBe('/register')
  })

  it('is refused with what was typed when something cannot be, and nothing is used up', async () => {
    const { app } = here
    const { id, path } = await invite(app)
    await app.person('taken')
    const browser = await open(app, path)
    const fields = { username: 'fresh', name: 'Fresh & co', new_password: password }
    for (const [wrong, words] of [
      [{ username: 'taken' }, 'Somebody has this username already'],
      [{ username: 'a b' }, 'Choose a username'],
      [{ username: 'ada@example.org' }, 'Choose a username'],
      [{ username: '' }, 'Choose a username'],
      [{ name: 'a\u202eb' }, 'Enter a name'],
      [{ email: 'nowhere' }, 'Enter an email address'],
      [{ new_password: '' }, 'Enter the password'],
      [{ new_password: 'short' }, 'at least 8 characters'],
      [{ new_password: 'password1' }, 'Many people use this password'],
    ] as const) {
      const reply = await browser.refused('/register', { ...fields, ...wrong })
      expect([reply.status, reply.body.includes(words)], JSON.stringify(wrong)).toEqual([422, true])
      if (!('name' in wrong)) expect(reply.body).toContain('value="Fresh &amp; co"')
      expect(reply.body).not.toContain(password)
    }
    expect(await usedOf(app, id)).toBe(0)
  })

  it('REG-7 says in three texts why a link opens nothing any more', async () => {
    const { app } = here
    const [used, withdrawn, expired] = [await invite(app), await invite(app), await invite(app)]
    const browsers = await Promise.all([used, withdrawn, expired].map(({ path }) => open(app, path)))
    const first = await open(app, used.path)
    await first.submit('/register', { username: 'only', new_password: password })
    await withdrawInvitation(app.nightlatch.core, { id: withdrawn.id as never, actor: atTheCommandLine })
    const words = ['This invitation is used up', 'This invitation was withdrawn', 'This link has expired']
    const fields = { username: 'late', new_password: password }
    const check = async (at: number): Promise<void> => {
      const browser = browsers[at]!
      for (const reply of [await browser.get('/register'), await browser.post('/register', fields)])
        expect([reply.status, reply.body.includes(words[at]!)], words[at]).toEqual([404, true])
    }
    await check(0)
    await check(1)
    app.clock.advance(7 * 86_400)
    await check(2)
    expect((await app.browser().get('/register?token=wrong')).location).toBe('/register?link=wrong')
    const wrong = await app.browser().get('/register?link=wrong')
    expect([wrong.status, wrong.body.includes('This link has expired')]).toEqual([404, true])
    const none = await app.browser().get('/register')
    expect([none.status, none.body.includes('You need an invitation')]).toEqual([403, true])
  })

  it('is where its sign-in is, for a second tab and for whoever goes back', async () => {
    const { app } = here
    const { id, path } = await invite(app, { uses: 5 })
    const browser = await open(app, path)
    const fields = { username: 'twice', new_password: password }
    await browser.submit('/register', fields)
    expect((await browser.get('/register')).location).toBe('/mfa/setup')
    const again = await browser.post('/register', { ...fields, username: 'thrice' })
    expect([again.status, again.location]).toEqual([303, '/mfa/setup'])
    const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    await browser.submit('/mfa/setup', { otp: phone.code() })
    expect((await browser.get('/register')).location).toBe('/')
    expect(await usedOf(app, id)).toBe(1)
    // The link of another one is for an account more.
    await open(app, (await invite(app)).path, browser)
    const another = await browser.get('/register')
    expect([another.status, another.body.includes('name="new_password"')]).toEqual([200, true])
  })

  it('REG-3 tells nobody whose an address is: the account is made without it', async () => {
    const { app, mails } = here
    const owner = await app.person('owner')
    await editAccount(app.nightlatch.core, owner, {
      edit: { email: 'owner@example.org' },
      actor: atTheCommandLine,
    })
    const { path } = await invite(app, { uses: 2 })
    const [free, taken] = [await open(app, path), await open(app, path)]
    const made = await free.submit('/register', {
      username: 'with-free',
      email: 'free@example.org',
      new_password: password,
    })
    const same = await taken.submit('/register', {
      username: 'with-taken',
      email: 'Owner@EXAMPLE.org',
      new_password: password,
    })
    expect([made.status, made.location, made.body]).toEqual([same.status, same.location, same.body])
    expect((await accountOf(app, 'with-free')).email).toBe('free@example.org')
    expect((await accountOf(app, 'with-taken')).email).toBe('')
    const told = only(await mails(), { kind: 'registration-known' })
    expect(told).toMatchObject([{ to: 'Owner@EXAMPLE.org' }])
  })
})

describe('an invitation', () => {
  let here: Here
  beforeAll(async () => {
    here = await start('invitation')
  })
  afterAll(() => here.app.close())

  it('REG-6 for an address confirms it, and goes there', async () => {
    const { app, mails } = here
    const made = await addInvitations(
      app.nightlatch.core,
      { mail: ['ada@example.org', 'bob@example.org'], groups: ['crew'] },
      atTheCommandLine,
    )
    expect(made).toMatchObject({ kind: 'invited', made: [{}, {}] })
    const sent = only(await mails(), { kind: 'open-invitation' })
    expect(sent.map(({ to }) => to).sort()).toEqual(['ada@example.org', 'bob@example.org'])
    const browser = await open(app, pathIn(only(sent, { to: 'ada@example.org' })[0]))
    const shown = await browser.get('/register')
    expect(shown.body).toContain('ada@example.org')
    expect(shown.body).not.toContain('name="email"')
    await browser.submit('/register', {
      username: 'ada',
      email: 'mallory@example.org',
      new_password: password,
    })
    expect(await accountOf(app, 'ada')).toMatchObject({ email: 'ada@example.org', groups: ['crew'] })
  })

  it('that is handed over, although it was mailed, confirms no address: the first of its links that is used ends both', async () => {
    const { app, mails } = here
    const paths = async (email: string, domain = '') => {
      const made = await addInvitations(app.nightlatch.core, { mail: [email], domain }, atTheCommandLine)
      if (made.kind !== 'invited') throw new Error(made.why)
      expect(made.made).toMatchObject([{ isMailed: true }])
      const [mail] = only(await mails(), { kind: 'open-invitation', to: email })
      return { handed: registrationPath(made.made[0]!.token), mailed: pathIn(mail) }
    }
    const fields = { new_password: password }
    const zoe = await paths('zoe@example.org')
    const holder = await open(app, zoe.handed)
    expect((await holder.get('/register')).body).toContain('name="email"')
    expect((await holder.get('/register')).body).toContain('value="zoe@example.org"')
    await holder.submit('/register', { ...fields, username: 'zoe', email: 'zoe@example.org' })
    expect(await accountOf(app, 'zoe')).toMatchObject({ email: 'zoe@example.org', emailVerified: false })
    expect((await (await open(app, zoe.mailed)).get('/register')).status).toBe(404)

    const yan = await paths('yan@example.org')
    const reader = await open(app, yan.mailed)
    await reader.submit('/register', { ...fields, username: 'yan', email: 'eve@example.org' })
    expect(await accountOf(app, 'yan')).toMatchObject({ email: 'yan@example.org', emailVerified: true })
    expect((await (await open(app, yan.handed)).get('/register')).status).toBe(404)

    const xenia = await paths('xenia@example.org', 'example.org')
    const asked = await (await open(app, xenia.handed)).get('/register')
    expect(asked.body).toContain('value="xenia@example.org"')
    expect(asked.body).not.toContain('new_password')
  })

  it('for a domain asks for an address there first, and the mail leads on, in any browser', async () => {
    const { app, mails } = here
    const { id, path } = await invite(app, { domain: 'Example.org', uses: 2, groups: ['domain'] })
    const browser = await open(app, path)
    expect((await browser.get('/register')).body).toContain('@example.org')
    const others = ['', 'ada', 'ada@example.net', 'ada@sub.example.org', 'ada@example.org.evil.test']
    const looksAlike = ['ada@exam\u034fple.org', 'ada@example\ufe0f.org', 'ada@example.o\u{e0100}rg']
    for (const email of [...others, ...looksAlike])
      expect((await browser.post('/register', { email })).status, email).toBe(422)
    expect(only(await mails(), { kind: 'registration-link' })).toEqual([])
    const sent = await browser.submit('/register', { email: 'Carol@example.org', next: '/account' })
    expect(sent.location).toBe('/register/sent?next=%2Faccount')
    expect((await browser.get(sent.location)).body).toContain('Look in your mail')
    expect(await usedOf(app, id)).toBe(0)
    const other = app.browser()
    const [mail] = only(await mails(), { kind: 'registration-link' })
    const opened = await other.get(pathIn(mail))
    expect(opened.location).toBe('/register?next=%2Faccount')
    await other.submit('/register', { username: 'carol', new_password: password, next: '/account' })
    expect(await accountOf(app, 'carol')).toMatchObject({ email: 'Carol@example.org', groups: ['domain'] })
    expect(await usedOf(app, id)).toBe(1)
    const late = await open(app, pathIn(mail))
    expect((await late.get('/register')).status).toBe(404)
  })

  it('is made, listed and withdrawn on the pages and by programs', async () => {
    const { app } = here
    const chief = await enrolledPerson(app, 'chief')
    await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), {
      edit: { admin: true },
      actor: atTheCommandLine,
    })
    await proveAgain(app, chief)
    const { browser } = chief
    const fields = { groups: 'crew', uses: '3', ends: '2d', domain: '', mail: '' }
    for (const [wrong, words] of [
      [{ groups: 'a\u202eb' }, 'A group has'],
      [{ uses: '0' }, 'Enter a number'],
      [{ uses: 'many' }, 'Enter a number'],
      [{ ends: 'soon' }, 'Enter a date'],
      [{ ends: '2020-01-01' }, 'Enter a date'],
      [{ domain: 'nowhere' }, 'Enter a domain'],
      [{ mail: 'nobody' }, 'Enter email addresses'],
    ] as const) {
      const reply = await browser.refused('/admin/invitations/new', { ...fields, ...wrong })
      expect([reply.status, reply.body.includes(words)], JSON.stringify(wrong)).toEqual([422, true])
      if (!('groups' in wrong)) expect(reply.body).toContain('value="crew"')
    }
    const made = await browser.post('/admin/invitations/new', fields)
    const link = new URL(/<code class="handed"[^>]*>([^<]+)</.exec(made.body)![1]!)
    const invited = await open(app, link.pathname + link.search)
    await invited.submit('/register', { username: 'paged', new_password: password })
    const list = await browser.get('/admin/invitations')
    expect(list.body).toContain('1 of 3 accounts made')
    expect(list.body).not.toContain(link.search)
    const place = /href="(\/admin\/invitations\/\w{26}\/withdraw)"/.exec(list.body)![1]!
    expect((await browser.get(place)).body).toContain('1 of 3 accounts made')
    expect((await browser.submit(place)).location).toBe('/admin/invitations')
    expect((await browser.get(place)).status).toBe(404)
    expect((await invited.copy().get(link.pathname + link.search)).status).toBe(303)

    app.clock.advance(1) // the newest is the first
    const added = await accepted(browser, 'POST /admin/invitations', { groups: ['crew'], uses: 2 })
    const [one] = added.value['invitations'] as { id: string; url: string }[]
    expect(new URL(one!.url).pathname).toBe('/register')
    const all = await accepted(browser, 'GET /admin/invitations?limit=1')
    expect(all.value).toMatchObject({
      invitations: [{ id: one!.id, state: 'open', uses: 2, used: 0 }],
      next: one!.id,
    })
    const rest = await accepted(browser, `GET /admin/invitations?after=${one!.id}`)
    expect((rest.value['invitations'] as { id: string }[]).map(({ id }) => id)).not.toContain(one!.id)
    await accepted(browser, `DELETE /admin/invitations/${one!.id}`)
    expect((await api(browser, `DELETE /admin/invitations/${one!.id}`)).code).toBe('not-found')
    for (const [body, reason] of [
      [{ groups: ['a,b'] }, 'bad-group'],
      [{ uses: 100_000 }, 'bad-uses'],
      [{ expiresAt: '2020-01-01' }, 'bad-end'],
      [{ domain: 'x' }, 'bad-domain'],
      [{ mail: ['x'] }, 'bad-email'],
      [{ mail: ['a@example.net'], domain: 'example.org' }, 'bad-email'],
    ] as const) {
      const refused = await api(browser, 'POST /admin/invitations', body)
      expect([refused.code, refused.value['reason']]).toEqual(['bad-invitation', reason])
    }
  })
})

describe('registration with approval', () => {
  let here: Here
  beforeAll(async () => {
    here = await start('approval')
    const boss = await here.app.person('boss')
    await editAccount(here.app.nightlatch.core, boss, {
      edit: { admin: true, email: 'boss@example.org' },
      actor: atTheCommandLine,
    })
  })
  afterAll(() => here.app.close())

  const confirmed = async (email: string): Promise<Browser> => {
    const { app, mails } = here
    const browser = app.browser()
    const sent = await browser.submit('/register', { email })
    expect(sent.location).toBe('/register/sent')
    return open(app, pathIn(only(await mails(), { kind: 'registration-link', to: email })[0]), browser)
  }

  it('REG-3 answers alike for an address that is free and one that is taken, and the mail says it', async () => {
    const { app, mails } = here
    const replies = []
    for (const email of ['new@example.org', 'Boss@example.org'])
      replies.push(await app.browser().post('/register', { email }))
    const [free, taken] = replies
    expect([free!.status, free!.location, free!.body]).toEqual([taken!.status, taken!.location, taken!.body])
    expect(only(await mails(), { to: 'new@example.org' })).toMatchObject([{ kind: 'registration-link' }])
    expect(only(await mails(), { to: 'Boss@example.org' })).toMatchObject([{ kind: 'registration-known' }])
  })

  it('REG-5 lets nobody in before an administrator does, and says so to whoever has the password', async () => {
    const { app, notices } = here
    const browser = await confirmed('ada@example.org')
    const fields = { username: 'ada', new_password: password }
    notices.length = 0
    const made = await browser.submit('/register', fields)
    expect(made.location).toBe('/register/waiting')
    expect((await browser.get(made.location)).body).toContain('Your account waits')
    expect(await accountOf(app, 'ada')).toMatchObject({
      disabled: true,
      waiting: true,
      email: 'ada@example.org',
    })
    expect(notices).toMatchObject([{ kind: 'registration-waiting', account: { username: 'boss' } }])

    const signIn = { username: 'ada', password }
    expect((await browser.submit('/login', signIn)).location).toBe('/register/waiting')
    expect((await browser.post('/login', { ...signIn, password: testPassword })).status).toBe(401)
    const json = await api(app.browser(), 'POST /sign-in', signIn)
    expect([json.status, json.code]).toEqual([403, 'awaiting-approval'])
    expect(await isSignedIn(browser)).toBe(false)
    for (const path of ['/account', '/mfa/setup', '/'])
      expect((await browser.get(path)).status, path).toBe(303)
    expect((await browser.get('/forward-auth')).status).toBe(401)

    const chief = await enrolledPerson(app, 'chief')
    await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), {
      edit: { admin: true },
      actor: atTheCommandLine,
    })
    const list = await chief.browser.get('/admin?state=waiting')
    expect(list.body).toMatch(/<bdi>ada<\/bdi>/)
    expect(list.body).not.toMatch(/<bdi>chief<\/bdi><\/a>/)
    await proveAgain(app, chief)
    const place = `/admin/people/${(await accountOf(app, 'ada')).id}`
    expect((await chief.browser.get(place)).body).toContain(`href="${place}/approve"`)
    expect((await chief.browser.submit(`${place}/approve`)).location).toBe(place)
    expect(notices.at(-1)).toMatchObject({ kind: 'account-approved', account: { username: 'ada' } })
    expect((await browser.submit('/login', signIn)).location).toBe('/mfa/setup')
    const [event] = await app.nightlatch.core.queries.audit.list({
      limit: 1,
      account: (await accountOf(app, 'ada')).id,
    })
    expect(event!.event).toBe('sign-in.password-accepted')
  })

  it('is not asked of people with an invitation', async () => {
    const { app } = here
    const { path } = await invite(app)
    const browser = await open(app, path)
    const made = await browser.submit('/register', { username: 'invited', new_password: password })
    expect(made.location).toBe('/mfa/setup')
  })

  it('REG-4 sends an address three mails an hour and tells one sender nothing of it', async () => {
    const { app, mails } = here
    app.clock.advance(3601)
    const before = (await mails()).length
    const flooded = async (): Promise<number> => only(await mails(), { to: 'flooded@example.org' }).length
    const statuses = new Set<string>()
    for (let time = 0; time < 20; time += 1) {
      const reply = await app.browser().post('/register', { email: 'flooded@example.org' })
      statuses.add(`${reply.status} ${reply.location}`)
    }
    expect(await flooded()).toBe(3)
    for (let time = 0; time < 20; time += 1)
      statuses.add(
        await app
          .browser()
          .post('/register', { email: `many${time}@example.org` })
          .then(({ status, location }) => `${status} ${location}`),
      )
    expect([...statuses]).toEqual(['303 /register/sent'])
    expect((await mails()).length - before).toBeLessThanOrEqual(10)
    app.clock.advance(3601)
    await app.browser().submit('/register', { email: 'flooded@example.org' })
    expect(await flooded()).toBe(4)
  })
})

describe('ten thousand registrations from one address', () => {
  it('REG-4 make few accounts, and the next ones wait', async () => {
    const { app } = await start('invitation', {})
    const { path } = await invite(app, { uses: 10_000 })
    const browser = await open(app, path)
    const statuses: number[] = []
    for (let number = 0; number < 60; number += 1) {
      const other = browser.copy()
      const fields = { username: `many-${number}`, new_password: password }
      const reply = await other.post('/register', fields)
      statuses.push(reply.status)
      if (reply.status === 429) expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    }
    expect(statuses.filter((status) => status === 303)).toHaveLength(50)
    expect(new Set(statuses.slice(50))).toEqual(new Set([429]))
    expect(await countOf(app, 'account')).toBe(50)
    await app.close()
  })
})

describe('registration by domain', () => {
  it('takes addresses of the domain, once they are confirmed', async () => {
    const { app, mails } = await start('domain:example.org, example.net')
    const browser = app.browser()
    expect((await browser.get('/login')).body).toContain('href="/register"')
    expect((await browser.post('/register', { email: 'eve@evil.test' })).status).toBe(422)
    expect((await browser.post('/register', { username: 'eve', new_password: password })).status).toBe(422)
    await browser.submit('/register', { email: 'ada@Example.NET' })
    await open(app, pathIn((await mails())[0]), browser)
    const made = await browser.submit('/register', { username: 'ada', new_password: password })
    expect(made.location).toBe('/mfa/setup')
    expect((await accountOf(app, 'ada')).email).toBe('ada@Example.NET')
    await app.close()
  })
})

describe('registration that is off', () => {
  it('REG-7 is not there, with or without a link', async () => {
    const { app } = await start('off')
    const { path } = await invite(app)
    const browser = app.browser()
    await browser.get(path)
    for (const page of ['/register', '/register/sent'])
      expect((await browser.get(page)).status, page).toBe(404)
    const fields = { username: 'ada', email: 'ada@example.org', new_password: password }
    expect((await browser.post('/register', fields)).status).toBe(404)
    expect(await countOf(app, 'account')).toBe(0)
    expect((await browser.get('/login')).body).not.toContain('/register')
    await app.close()
  })
})
