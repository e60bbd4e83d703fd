import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, Phone, setUpKey, startApp, TestClock, testPassword, useApp } from '../support/app.js'
import { accountOf, proveAgain, withPassword } from '../support/attack.js'
import { accepted } from '../support/api.js'
import type { MailServer } from '../support/mail-server.js'
import { runMailServer, withMail } from '../support/mail-server.js'
import { Transcript } from './transcript.js'

const start = 1_800_000_000
const unknown = 'a'.repeat(26)

/** An administrator, and two people: with a second factor, and with a password alone. */
async function populate(app: TestApp): Promise<Enrolled> {
  const chief = await enrolledPerson(app, 'chief')
  const { core } = app.nightlatch
  const edit = { admin: true, email: 'chief@example.org', name: 'The Chief', groups: ['crew'] }
  await editAccount(core, await accountOf(app, 'chief'), { edit, actor: atTheCommandLine })
  await enrolledPerson(app, 'ada')
  await editAccount(core, await accountOf(app, 'ada'), {
    edit: { groups: ['crew', 'staff'], email: 'ada@example.org' },
    actor: atTheCommandLine,
  })
  await app.person('bob')
  return chief
}

const ofOnesOwn = [
  '/account/password',
  '/account/email',
  '/account/recovery-codes/renew',
  '/account/change-phone',
  '/account/confirm',
  '/account/confirm/passkey',
  '/account/confirm/recovery',
]

describe('what administrators are shown and asked', () => {
  let server: MailServer
  let app: TestApp
  let chief: Enrolled
  beforeAll(async () => {
    server = await runMailServer()
    app = await startApp({
      clock: new TestClock(start),
      env: { ...withMail(server), NIGHTLATCH_REGISTRATION: 'approval' },
    })
    chief = await populate(app)
  })
  afterAll(async () => {
    await app.close()
    await server.down()
  })

  it('of people', async () => {
    const t = new Transcript(app)
    const { browser } = chief
    const [ada, bob, own] = [
      (await accountOf(app, 'ada')).id,
      (await accountOf(app, 'bob')).id,
      (await accountOf(app, 'chief')).id,
    ]
    app.clock.advance(700)
    t.about('Before a fresh proof')
    for (const path of ['/admin', `/admin/people/${ada}`]) await t.page(browser, path)
    const acts = [
      'edit',
      'invite',
      'rescue',
      'give-token',
      'take-token',
      'end-sessions',
      'reset-mfa',
      'disable',
      'enable',
      'approve',
      'remove',
    ]
    for (const path of [
      '/admin/people/new',
      '/admin/people/new?username=eve',
      ...acts.map((act) => `/admin/people/${ada}/${act}`),
    ]) {
      await t.get(browser, path)
      await t.send(browser, path, { username: 'eve', confirm_name: 'ada' })
    }
    await t.send(browser, '/admin/people/new', { username: 'eve', name: 'x'.repeat(2000) })
    t.about('With the password alone, and to somebody else')
    const half = await withPassword(app, chief)
    const other = await withPassword(app, { username: 'bob', password: testPassword })
    for (const path of [
      '/admin',
      '/admin/people/new',
      `/admin/people/${ada}/invite`,
      '/admin/groups',
      '/admin/mail',
      '/admin/rules',
    ])
      for (const who of [half, other]) {
        await t.get(who, path)
        await t.send(who, path, {})
      }
    await proveAgain(app, chief)
    t.about('People')
    for (const path of [
      '/admin',
      '/admin?q=ad',
      '/admin?state=invited',
      '/admin?state=nonsense',
      '/admin?group=crew',
      '/admin?group=none',
      '/admin?after=ada',
      '/admin?q=%20ada%20&state=active&group=staff',
    ])
      await t.page(browser, path)
    for (const path of [
      `/admin/people/${ada}`,
      `/admin/people/${bob}`,
      `/admin/people/${own}`,
      '/admin/people/new',
      '/admin/people/new?username=eve&admin=yes&email_verified=yes&ends=2030-01-01',
      `/admin/people/${ada}/edit`,
      `/admin/people/${ada}/edit?username=other`,
    ])
      await t.page(browser, path)
    for (const act of acts.slice(1)) await t.page(browser, `/admin/people/${ada}/${act}`)
    for (const path of [`/admin/people/${unknown}`, '/admin/people/x', `/admin/people/${unknown}/invite`])
      await t.get(browser, path)
    t.about('A new one')
    const good = {
      username: 'eve',
      name: 'Eve',
      email: 'eve@example.org',
      email_verified: 'yes',
      groups: 'crew',
      admin: 'yes',
      ends: '2030-01-01',
      delivery: 'link',
    }
    await t.send(browser, '/admin/people/new')
    for (const [name, value] of [
      ['username', ''],
      ['username', 'ada'],
      ['username', 'x y'],
      ['username', 'x'.repeat(2000)],
      ['name', 'a\u0007'],
      ['name', 'x'.repeat(200)],
      ['email', 'nonsense'],
      ['email', ''],
      ['groups', 'a\u0007'],
      ['groups', Array.from({ length: 200 }, (_none, at) => `g${String(at)}`).join()],
      ['ends', 'nonsense'],
      ['ends', '2000-01-01'],
    ] as const)
      await t.send(browser, '/admin/people/new', { ...good, [name]: value })
    await t.send(browser, '/admin/people/new', good)
    await t.send(browser, '/admin/people/new', {
      username: 'fay',
      email: 'fay@example.org',
      delivery: 'mail',
    })
    await t.send(browser, '/admin/people/new', { username: 'gil', ends: '30d' })
    t.about('A change')
    for (const [name, value] of [
      ['username', 'eve'],
      ['username', ''],
      ['name', 'a\u0007'],
      ['email', 'nonsense'],
      ['email', ''],
      ['groups', 'a\u0007'],
      ['ends', 'nonsense'],
    ] as const)
      await t.send(browser, `/admin/people/${ada}/edit`, {
        username: 'ada',
        name: 'Ada',
        email: 'ada@example.org',
        email_verified: 'yes',
        groups: 'crew',
        ends: '',
        [name]: value,
      })
    await t.send(browser, `/admin/people/${ada}/edit`, {
      username: 'ada',
      name: 'Ada L',
      email: 'ada@example.org',
      email_verified: 'yes',
      groups: 'crew, staff',
      ends: '2031-01-01',
    })
    await t.page(browser, `/admin/people/${ada}`)
    await t.page(browser, `/admin/people/${ada}/edit`)
    await t.send(browser, `/admin/people/${own}/edit`, {
      username: 'chief',
      email: 'chief@example.org',
      name: 'The Chief',
      groups: 'crew',
    })
    t.about('What can be done to somebody')
    for (const act of acts.slice(1)) {
      await t.send(browser, `/admin/people/${unknown}/${act}`)
      await t.send(browser, `/admin/people/${bob}/${act}`, {
        confirm_name: 'nobody',
        serial: 'GALT-9',
        otp: '123456',
        next_otp: '654321',
      })
    }
    await t.send(browser, `/admin/people/${ada}/invite`, { delivery: 'mail' })
    await t.send(browser, `/admin/people/${ada}/invite`, { delivery: 'link' })
    await t.send(browser, `/admin/people/${ada}/give-token`, { serial: '', otp: '', next_otp: '' })
    await t.send(browser, `/admin/people/${ada}/give-token`, { serial: 'GALT-9', otp: '12', next_otp: 'x' })
    await t.send(browser, `/admin/people/${ada}/take-token`, {})
    await t.send(browser, `/admin/people/${ada}/disable`)
    await t.page(browser, `/admin/people/${ada}`)
    await t.send(browser, `/admin/people/${ada}/invite`, { delivery: 'link' })
    await t.send(browser, `/admin/people/${ada}/rescue`)
    await t.send(browser, `/admin/people/${ada}/enable`)
    await t.send(browser, `/admin/people/${ada}/rescue`)
    await t.send(browser, `/admin/people/${ada}/end-sessions`)
    await t.send(browser, `/admin/people/${ada}/reset-mfa`)
    await t.page(browser, `/admin/people/${ada}`)
    for (const act of ['disable', 'remove'])
      await t.send(browser, `/admin/people/${own}/${act}`, { confirm_name: 'chief' })
    await t.without(browser, `/admin/people/${ada}/remove`, { confirm_name: 'Ada' })
    await t.send(browser, `/admin/people/${ada}/remove`, { confirm_name: ' ada ' })
    await t.page(browser, '/admin')
    await expect(t.text).toMatchFileSnapshot('recorded/admin-people.txt')
  })

  it('of groups, invitations, tokens, rules, mail and what was done', async () => {
    const t = new Transcript(app)
    const { browser } = chief
    app.clock.advance(700)
    t.about('Before a fresh proof')
    const places = [
      '/admin/groups/rename?group=crew',
      '/admin/groups/remove?group=crew',
      '/admin/invitations/new',
      '/admin/invitations/new?uses=3',
      `/admin/invitations/${unknown}/withdraw`,
      '/admin/mail',
    ]
    for (const path of places) {
      await t.get(browser, path)
      await t.send(browser, path, { group: 'crew', name: 'Crew 2' })
    }
    await proveAgain(app, chief)
    t.about('Groups')
    for (const path of ['/admin/groups', ...places.slice(0, 2), '/admin/groups/rename?group=crew&name=typed'])
      await t.page(browser, path)
    for (const path of ['/admin/groups/rename', '/admin/groups/remove?group=none']) {
      await t.get(browser, path)
      await t.send(browser, path, {})
    }
    for (const name of ['', 'a,b', 'x'.repeat(200), 'staff', 'Crew'])
      await t.send(browser, '/admin/groups/rename', { group: 'crew', name })
    await t.page(browser, '/admin/groups')
    await t.send(browser, '/admin/groups/remove', { group: 'Crew' })
    await t.page(browser, '/admin/groups')
    t.about('Invitations')
    for (const path of [
      '/admin/invitations',
      '/admin/invitations/new',
      '/admin/invitations/new?uses=3&ends=9d&groups=crew&domain=example.org&mail=a%40example.org',
      `/admin/invitations/${unknown}/withdraw`,
      '/admin/invitations/x/withdraw',
    ])
      await t.page(browser, path)
    const good = { groups: 'crew', uses: '2', ends: '7d', domain: '', mail: '' }
    for (const [name, value] of [
      ['groups', 'a\u0007'],
      ['groups', Array.from({ length: 200 }, (_none, at) => `g${String(at)}`).join()],
      ['uses', '0'],
      ['uses', 'x'],
      ['uses', '-1'],
      ['uses', '1.5'],
      ['uses', '9999999999'],
      ['ends', 'nonsense'],
      ['ends', '2000-01-01'],
      ['domain', 'no domain'],
      ['mail', 'nonsense'],
      ['mail', 'a@example.org'],
    ] as const)
      await t.send(browser, '/admin/invitations/new', { ...good, [name]: value })
    app.clock.advance(1)
    await t.send(browser, '/admin/invitations/new', good)
    app.clock.advance(1)
    await t.send(browser, '/admin/invitations/new', {
      groups: 'crew',
      uses: '',
      ends: ' ',
      domain: 'example.org',
    })
    app.clock.advance(1)
    await t.send(browser, '/admin/invitations/new', { uses: ' 1 ', mail: 'b@example.org' })
    await t.page(browser, '/admin/invitations')
    const listed = await browser.get('/admin/invitations')
    const withdraw = /\/admin\/invitations\/[a-z2-7]{26}\/withdraw/.exec(listed.body)?.[0] ?? ''
    await t.page(browser, withdraw)
    await t.send(browser, withdraw)
    await t.get(browser, withdraw)
    await t.send(browser, withdraw)
    await t.page(browser, '/admin/invitations')
    t.about('Hardware tokens')
    await accepted(browser, 'POST /admin/tokens', {
      tokens: [{ serial: 'GALT-0001', secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', maker: 'Maker' }],
    })
    const bob = (await accountOf(app, 'chief')).id
    await t.page(browser, `/admin/people/${bob}`)
    await t.page(browser, `/admin/people/${bob}/give-token`)
    await t.page(browser, `/admin/people/${bob}/take-token`)
    for (const [serial, otp, next] of [
      ['', '123456', '654321'],
      ['GALT-0001', '', ''],
      ['GALT-0001', '12', '123456'],
      ['GALT-0001', 'abcdef', '123456'],
      ['GALT-0001', '123456', '654321'],
    ] as const)
      await t.send(browser, `/admin/people/${bob}/give-token`, { serial, otp, next_otp: next })
    await t.send(browser, `/admin/people/${bob}/take-token`, { serial: 'GALT-0001' })
    t.about('Rules')
    for (const query of [
      '',
      '?url=',
      '?url=https%3A%2F%2Fapp.example.org%2F',
      '?url=%2Fpath&method=POST&who=bob&proof=passkey',
      '?url=%2F%2Fpath',
      '?url=nonsense&method=get&who=nobody',
      '?who=bob&proof=password',
    ])
      await t.page(browser, `/admin/rules${query}`)
    t.about('Mail')
    await t.page(browser, '/admin/mail')
    await t.send(browser, '/admin/mail')
    t.about('What was done')
    for (const query of [
      '?who=chief',
      '?event=sign-in',
      '?since=nonsense',
      '?who=nobody',
      '?since=7d&event=account.removed',
      '?address=10.0.0.1',
      '?before=3',
      '?before=x&event=person.edited',
    ])
      await t.page(browser, `/admin/activity${query}`)
    await expect(t.text).toMatchFileSnapshot('recorded/admin.txt')
  })
})

describe('what administrators are shown where an application keeps the accounts, without mail, passkeys or registration', () => {
  const app = useApp({
    clock: new TestClock(start),
    env: { NIGHTLATCH_PASSKEYS: 'off', NIGHTLATCH_MFA: 'optional' },
    parts: {
      applicationAccounts: {
        verifyPassword: (username: string, password: string) =>
          Promise.resolve(password === 'open sesame' ? { username } : null),
      },
    },
  })

  it('is what is written down', async () => {
    const t = new Transcript(app)
    const browser = app.browser()
    t.about('The first sign-in')
    for (const path of [
      '/login',
      '/password/forgot',
      '/register',
      '/register/sent',
      '/register/waiting',
      '/invitation',
      '/login/passkey',
    ])
      await t.page(browser, path)
    await t.send(browser, '/login/passkey', { credential: '{}' })
    await t.send(browser, '/login', { username: 'chief', password: 'open sesame' })
    for (const path of [
      '/',
      '/account',
      '/mfa/setup',
      '/mfa/setup/passkey',
      '/mfa/setup/token',
      ...ofOnesOwn,
    ])
      await t.page(browser, path)
    for (const path of [
      ...ofOnesOwn,
      '/mfa/setup/passkey',
      '/password/forgot',
      '/password/reset',
      '/register',
      '/email/confirm',
      '/notice/undo',
      '/invitation',
    ])
      await t.send(browser, path, {
        current_password: 'open sesame',
        new_password: 'another battery',
        email: 'a@example.org',
        password: 'open sesame',
        otp: '123456',
        recovery_code: '123',
        identifier: 'chief',
      })
    const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    await t.send(browser, '/mfa/setup', { otp: phone.code() })
    await t.send(browser, '/mfa/recovery-codes', { saved: 'yes' })
    const chief = await accountOf(app, 'chief')
    await editAccount(app.nightlatch.core, chief, { edit: { admin: true }, actor: atTheCommandLine })
    app.clock.advance(30)
    await t.send(browser, '/account/confirm', { password: 'open sesame', otp: phone.code() })
    t.about('Administration')
    for (const path of [
      '/admin',
      `/admin/people/${chief.id}`,
      `/admin/people/${chief.id}/edit`,
      '/admin/people/new',
      '/admin/invitations',
      '/admin/invitations/new',
      `/admin/people/${chief.id}/invite`,
      '/admin/mail',
      '/admin/groups',
      '/account',
    ])
      await t.page(browser, path)
    for (const path of [
      '/admin/people/new',
      '/admin/invitations/new',
      `/admin/people/${chief.id}/invite`,
      '/admin/mail',
      `/admin/people/${chief.id}/edit`,
      `/admin/people/${chief.id}/remove`,
    ])
      await t.send(browser, path, { username: 'eve', confirm_name: 'chief', admin: 'yes' })
    t.about('The JSON interface')
    for (const call of [
      'POST /admin/people',
      `PATCH /admin/people/${chief.id}`,
      `POST /admin/people/${chief.id}/invite`,
      'POST /admin/invitations',
      'POST /password',
      'POST /passkeys/options',
      'POST /sign-in/passkey/options',
      'POST /admin/mail/test',
      `DELETE /admin/people/${chief.id}`,
      `POST /admin/people/${chief.id}/disable`,
    ])
      await t.json(
        browser,
        call,
        call.startsWith('DELETE')
          ? undefined
          : { username: 'eve', current: 'open sesame', next: 'another battery' },
      )
    for (const call of [
      'GET /admin/people',
      `GET /admin/people/${chief.id}`,
      'GET /session',
      'GET /recovery-codes',
      'GET /trusted-devices',
      'GET /authenticators',
      'GET /passkeys',
    ])
      await t.json(browser, call)
    await expect(t.text).toMatchFileSnapshot('recorded/application-accounts.txt')
  })
})
