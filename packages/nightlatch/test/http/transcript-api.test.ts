import type { GenericSchema, ObjectEntries } from 'valibot'
import { describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import type { Endpoint } from '../../src/http/api/endpoints.js'
import { endpoints } from '../../src/http/api/endpoints.js'
import type { OperationId } from '../../src/http/api/operations.js'
import { operationIds, operations } from '../../src/http/api/operations.js'
import { accepted, proveAgain } from '../support/api.js'
import type { Enrolled } from '../support/app.js'
import { enrolledPerson, TestClock, testPassword, useApp } from '../support/app.js'
import { accountOf } from '../support/attack.js'
import { register } from '../support/application.js'
import { Authenticator, type CreationOptions } from '../support/authenticator.js'
import type { Browser } from '../support/browser.js'
import { Transcript } from './transcript.js'

const start = 1_800_000_000
const unknown = 'a'.repeat(26)
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const credential = {
  id: 'AAAA',
  rawId: 'AAAA',
  type: 'public-key',
  response: {
    clientDataJSON: 'AAAA',
    authenticatorData: 'AAAA',
    attestationObject: 'AAAA',
    signature: 'AAAA',
  },
}

/** A body that is not refused for its shape, with every member. */
const whole: Partial<Record<OperationId, Record<string, unknown>>> = {
  signIn: { username: 'ada', password: 'wrong' },
  verify: { otp: '12', remember: true },
  recover: { recoveryCode: 'AAAA' },
  signInWithPasskey: credential,
  verifyPasskey: { ...credential, remember: false },
  proveAgain: { password: 'wrong', otp: '12' },
  setUpAuthenticator: { name: 'Pixel', replaces: unknown },
  confirmAuthenticator: { otp: '12', name: 'Pixel' },
  renameAuthenticator: { name: '' },
  resynchroniseAuthenticator: { otp: '12', nextOtp: '34' },
  passkeyCreation: { replaces: unknown },
  addPasskey: { ...credential, name: 'Key', replaces: unknown },
  renamePasskey: { name: '' },
  changePassword: { current: 'wrong', next: 'a quite different battery' },
  addPerson: {
    username: 'x y',
    email: 'nonsense',
    emailVerified: true,
    name: 'Eve',
    admin: true,
    groups: ['crew'],
    expiresAt: '2030-01-01',
    mail: false,
  },
  editPerson: {
    username: 'x y',
    email: 'nonsense',
    emailVerified: true,
    name: 'Eve',
    admin: true,
    groups: ['crew'],
    expiresAt: '2030-01-01',
    addGroups: ['one'],
    removeGroups: ['two'],
  },
  invitePerson: { mail: true },
  giveToken: { serial: 'GALT-9', otp: '12', nextOtp: '34' },
  takeToken: { serial: 'GALT-9' },
  addTokens: { tokens: [{ serial: '', secret }], onConflict: 'stop' },
  renameGroup: { name: 'a,b' },
  addInvitation: { groups: ['a,b'], uses: 2, expiresAt: 'nonsense', domain: 'no domain', mail: ['nonsense'] },
  addApplication: { name: '' },
  editApplication: { name: '' },
  rotateApplicationSecret: { keepOldFor: 'nonsense' },
}

const entriesOf = (schema: GenericSchema): ObjectEntries =>
  (schema as unknown as { entries?: ObjectEntries }).entries ?? {}

/** Values of other kinds in the place of one. */
const odd = [
  ['null', null],
  ['7', 7],
  ['a long text', 'x'.repeat(300)],
  ['[]', []],
  ['an empty text', ''],
] as const

/** A refusal without what follows from its code, or that there is none. */
async function said(browser: Browser, call: string, body?: unknown): Promise<string> {
  const [method = '', path = ''] = call.split(' ')
  const { status, body: text } = await browser.json(method, `/api/v1${path}`, body)
  const {
    type,
    title,
    code,
    status: again,
    errors,
    ...more
  } = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  if (type === undefined || code === undefined || title === undefined || again !== status)
    return String(status)
  const wrong = (errors as { pointer: string; detail: string }[] | undefined)?.map(
    ({ pointer, detail }) => `${pointer} ${detail}`,
  )
  const own = Object.keys(more).length === 0 ? [] : [JSON.stringify(more)]
  return [String(status), code, ...own, ...(wrong ?? [])].join(' ')
}

/** Each answer once, with all to whom it was given. */
function together(answers: readonly (readonly [string, string])[]): string[] {
  const all = new Map<string, string[]>()
  for (const [to, answer] of answers) all.set(answer, [...(all.get(answer) ?? []), to])
  return [...all].map(([answer, those]) => `  ${those.join(', ')}: ${answer}`)
}

describe('what the JSON interface says', () => {
  const app = useApp({ clock: new TestClock(start) })
  let chief: Enrolled
  let ada: Enrolled
  const ids: Record<string, string> = {}

  const pathOf = (id: OperationId): string =>
    operations[id].path
      .replace(/^(\/admin\/people\/):id/, `$1${ids['ada'] ?? ''}`)
      .replace(/^(\/authenticators\/totp\/):id/, `$1${unknown}`)
      .replace(/^(\/authenticators\/):id/, `$1${ids['authenticator'] ?? ''}`)
      .replace(/:id/, unknown)
      .replace(/^(\/admin\/groups\/):name/, '$1crew')
      .replace(/^(\/admin\/applications\/):name/, '$1grafana')
      .replace(/:name/, 'GALT-0001')
  const callOf = (id: OperationId): string => `${operations[id].method} ${pathOf(id)}`

  it('to everybody in turn, and to every body that is not as described', async () => {
    const t = new Transcript(app)
    chief = await enrolledPerson(app, 'chief')
    ada = await enrolledPerson(app, 'ada')
    await app.person('bob')
    const { core, storage } = app.nightlatch
    await editAccount(core, await accountOf(app, 'chief'), {
      edit: { admin: true, groups: ['crew'] },
      actor: atTheCommandLine,
    })
    const account = await accountOf(app, 'ada')
    ids['ada'] = account.id
    ids['authenticator'] = (await storage.stores.authenticators.listOf(account.id))[0]!.id
    await register(core, { name: 'Grafana' }, { id: 'grafana', secret: 's'.repeat(43) })
    app.clock.advance(700)

    const half = async (username: string): Promise<Browser> => {
      const browser = app.browser()
      await accepted(browser, 'POST /sign-in', { username, password: testPassword })
      return browser
    }
    const standings: readonly (readonly [string, Browser])[] = [
      ['a stranger', app.browser()],
      ['somebody whose set-up is due', await half('bob')],
      ['somebody whose code is due', await half('ada')],
      ['somebody without a fresh proof', ada.browser],
      ['an administrator without a fresh proof', chief.browser],
    ]
    const leaves = [
      'signOut',
      'endOtherSessions',
      'describe',
      'setUpAuthenticator',
      'passkeyCreation',
      'passkeyRequest',
      'signIn',
    ]
    t.about('To everybody in turn')
    for (const id of operationIds.filter((one) => !leaves.includes(one))) {
      const body = ['GET', 'DELETE'].includes(operations[id].method) ? undefined : whole[id]
      const answers: [string, string][] = []
      for (const [name, browser] of standings)
        answers.push([name, await said(browser.copy(), callOf(id), body)])
      t.lines([callOf(id), ...together(answers)])
    }

    t.about('To bodies that are not as described')
    await proveAgain(app, chief)
    const callers: Record<string, Browser> = {
      anyone: app.browser(),
      'signing-in': standings[2]![1],
      'setting-up': standings[1]![1],
      'signed-in': chief.browser,
      administrator: chief.browser,
      'fresh-administrator': chief.browser,
    }
    ids['authenticator'] = (
      await storage.stores.authenticators.listOf((await accountOf(app, 'chief')).id)
    )[0]!.id
    for (const id of operationIds) {
      const { body, caller }: Endpoint = endpoints[id]
      if (body === undefined) continue
      const browser = callers[caller]!
      const answers: [string, string][] = []
      for (const wrong of [[], 'text', null])
        answers.push([JSON.stringify(wrong), await said(browser.copy(), callOf(id), wrong)])
      for (const member of Object.keys(entriesOf(body))) {
        const rest = Object.fromEntries(Object.entries(whole[id] ?? {}).filter(([one]) => one !== member))
        answers.push([`without ${member}`, await said(browser.copy(), callOf(id), rest)])
        for (const [name, value] of odd)
          answers.push([
            `${member} ${name}`,
            await said(browser.copy(), callOf(id), { ...rest, [member]: value }),
          ])
      }
      t.lines([callOf(id), ...together(answers)])
    }
    t.about('To queries that are not as described')
    for (const call of [
      'GET /admin/people?limit=0',
      'GET /admin/people?limit=1001',
      'GET /admin/people?limit=x',
      'GET /admin/people?state=nonsense&limit=',
      'GET /admin/people?limit=1',
      'GET /admin/people?q=a&after=ada',
      'GET /admin/people?state=active&group=crew',
      'GET /admin/tokens?limit=0',
      'GET /admin/tokens?after=x',
      'GET /admin/invitations?after=x&limit=1',
      'GET /admin/applications?limit=1&after=grafana',
      'GET /admin/applications/grafana/received',
      'GET /admin/applications/grafana/received?user=nobody',
      'GET /admin/people?limit=1&limit=2',
      'GET /session?a=%ff',
    ])
      await t.json(chief.browser, call)
    t.about('To what is not sent as JSON')
    const plain = await chief.browser.send('/api/v1/admin/people', {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'sec-fetch-site': 'same-origin' },
      body: '{}',
    })
    const broken = await chief.browser.send('/api/v1/admin/people', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: '{',
    })
    const large = await chief.browser.json('POST', '/api/v1/admin/people', { username: 'x'.repeat(70_000) })
    const elsewhere = await chief.browser.json(
      'POST',
      '/api/v1/admin/people',
      {},
      { 'sec-fetch-site': 'cross-site' },
    )
    const none = await chief.browser.json('GET', '/api/v1/nowhere')
    const wrong = await chief.browser.json('PATCH', '/api/v1/session', {})
    t.lines(
      [plain, broken, large, elsewhere, none, wrong].map(
        ({ status, body, headers }) => `${String(status)} ${String(headers['allow'] ?? '')} ${body}`,
      ),
    )
    await expect(t.text).toMatchFileSnapshot('recorded/api-refusals.txt')
  }, 60_000)

  it('when all is well', async () => {
    const t = new Transcript(app)
    const { browser } = chief
    app.clock.advance(700)
    await proveAgain(app, chief)
    t.about('One’s own account')
    for (const call of [
      'GET /session',
      'GET /sessions',
      'GET /authenticators',
      'GET /passkeys',
      'GET /recovery-codes',
      'GET /trusted-devices',
    ])
      await t.json(browser, call)
    await t.json(browser, `PATCH /authenticators/${ids['authenticator'] ?? ''}`, { name: ' Pixel 9 ' })
    for (const name of ['', 'x'.repeat(41), 'a\u0007', 'Pixel 9'])
      await t.json(browser, `PATCH /authenticators/${ids['authenticator'] ?? ''}`, { name })
    const created = (await accepted(browser, 'POST /passkeys/options')).value as unknown as CreationOptions
    const key = new Authenticator(app.server.settings.origin)
    const made = await accepted(browser, 'POST /passkeys', {
      ...(key.create(created) as object),
      name: 'Key',
    })
    const { id } = (made.value as { passkey: { id: string } }).passkey
    await t.json(browser, `GET /passkeys/${id}`)
    for (const name of ['', 'x'.repeat(41), 'Other key'])
      await t.json(browser, `PATCH /passkeys/${id}`, { name })
    await t.json(browser, 'POST /sign-in/passkey/options', {})
    await t.json(browser, 'POST /passkeys/options', {})
    await t.json(browser, `DELETE /passkeys/${id}`)
    await t.json(browser, `GET /passkeys/${id}`)
    await t.json(browser, `DELETE /authenticators/${ids['authenticator'] ?? ''}`)
    await t.json(browser, 'POST /recovery-codes')
    await t.json(browser, 'GET /recovery-codes')
    await t.json(browser, 'POST /recovery-codes/saved')
    await t.json(browser, 'GET /recovery-codes')
    for (const next of [
      'short',
      'x'.repeat(2000),
      'password1234',
      'chief-chief-1',
      'a\u0000quite different',
      '\ud800 a quite different',
    ])
      await t.json(browser, 'POST /password', { current: testPassword, next })
    await t.json(browser, 'DELETE /sessions')
    t.about('Administration')
    for (const call of [
      'GET /admin/people',
      `GET /admin/people/${ids['ada'] ?? ''}`,
      `GET /admin/people/${ids['ada'] ?? ''}/sessions`,
      'GET /admin/groups',
      'GET /admin/groups/crew',
      'GET /admin/groups/none',
      'GET /admin/invitations',
      'GET /admin/tokens',
      'GET /admin/applications',
      'GET /admin/applications/grafana',
      'GET /admin/applications/none',
      'GET /admin/applications/grafana/received?user=ada',
    ])
      await t.json(browser, call)
    await t.json(browser, 'POST /admin/people', {
      username: 'eve',
      email: 'eve@example.org',
      emailVerified: true,
      name: 'Eve',
      admin: false,
      groups: ['crew'],
      expiresAt: '2030-01-01',
    })
    const eve = (await accountOf(app, 'eve')).id
    for (const body of [
      { username: 'ada' },
      { email: '' },
      { name: 'a\u0007' },
      { groups: ['a,b'] },
      { expiresAt: 'nonsense' },
      { expiresAt: '2000-01-01' },
      { email: 'eve@example.com', emailVerified: false },
      { expiresAt: null, name: '' },
      { addGroups: ['staff'], removeGroups: ['crew'] },
      { admin: true },
      {},
    ])
      await t.json(browser, `PATCH /admin/people/${eve}`, body)
    for (const call of [
      `POST /admin/people/${eve}/invite`,
      `POST /admin/people/${eve}/rescue`,
      `POST /admin/people/${ids['ada'] ?? ''}/rescue`,
      `POST /admin/people/${eve}/disable`,
      `POST /admin/people/${eve}/invite`,
      `POST /admin/people/${eve}/enable`,
      `POST /admin/people/${ids['ada'] ?? ''}/reset-mfa`,
      `DELETE /admin/people/${ids['ada'] ?? ''}/sessions`,
    ])
      await t.json(browser, call)
    await t.json(browser, 'POST /admin/tokens', {
      tokens: [
        { serial: 'galt-0001', secret, maker: 'Maker', algorithm: 'SHA256', digits: 8, period: 60 },
        { serial: 'GALT-0002', secret, type: 'hotp', counter: 3 },
      ],
    })
    await t.json(browser, 'POST /admin/tokens', { tokens: [{ serial: 'GALT-0001', secret }] })
    await t.json(browser, 'POST /admin/tokens', {
      tokens: [
        { serial: 'GALT-0001', secret },
        { serial: 'GALT-0003', secret },
      ],
      onConflict: 'skip',
    })
    for (const call of [
      'GET /admin/tokens',
      'GET /admin/tokens?limit=1',
      'GET /admin/tokens?after=galt0001',
      'DELETE /admin/tokens/GALT-0003',
      'DELETE /admin/tokens/GALT-0003',
      'DELETE /admin/tokens/-',
    ])
      await t.json(browser, call)
    for (const body of [
      { serial: '', otp: '123456', nextOtp: '654321' },
      { serial: 'GALT-0001', otp: '12', nextOtp: 'x' },
      { serial: 'GALT-0001', otp: '12345678', nextOtp: '87654321' },
      { serial: 'GALT-9', otp: '123456', nextOtp: '654321' },
    ])
      await t.json(browser, `POST /admin/people/${eve}/give-token`, body)
    await t.json(browser, `POST /admin/people/${unknown}/give-token`, {
      serial: 'GALT-0001',
      otp: '12345678',
      nextOtp: '87654321',
    })
    await t.json(browser, `POST /admin/people/${eve}/take-token`, { serial: 'GALT-0001' })
    await t.json(browser, 'POST /admin/invitations', { groups: ['crew'], uses: 2, expiresAt: '7d' })
    app.clock.advance(1)
    await t.json(browser, 'POST /admin/invitations', {})
    for (const body of [
      { groups: ['a,b'] },
      { uses: 10_001 },
      { expiresAt: 'nonsense' },
      { expiresAt: '2000-01-01' },
      { domain: 'no domain' },
      { mail: ['nonsense'] },
      { mail: ['a@example.org'] },
    ])
      await t.json(browser, 'POST /admin/invitations', body)
    for (const call of ['GET /admin/invitations', 'GET /admin/invitations?limit=1'])
      await t.json(browser, call)
    await t.json(browser, 'PATCH /admin/groups/crew', { name: 'Crew' })
    await t.json(browser, 'PATCH /admin/groups/Crew', { name: 'staff' })
    await t.json(browser, 'PATCH /admin/groups/none', { name: 'some' })
    await t.json(browser, 'DELETE /admin/groups/Crew')
    await t.json(browser, 'DELETE /admin/groups/Crew')
    await t.json(browser, 'POST /admin/applications', {
      id: 'wiki',
      name: 'Wiki',
      redirectUris: ['https://wiki.example.org/back'],
      groups: ['staff'],
    })
    await t.json(browser, 'PATCH /admin/applications/wiki', { name: 'The wiki', skipConsent: true })
    await t.json(browser, 'POST /admin/applications/wiki/rotate-secret', {})
    await t.json(browser, 'GET /admin/applications')
    await t.json(browser, 'DELETE /admin/applications/wiki')
    await t.json(browser, 'DELETE /admin/applications/wiki')
    await t.json(browser, 'POST /admin/mail/test')
    await t.json(browser, `DELETE /admin/people/${eve}`)
    await t.json(browser, `DELETE /admin/people/${eve}`)
    const own = (await accountOf(app, 'chief')).id
    for (const call of [`POST /admin/people/${own}/disable`, `DELETE /admin/people/${own}`])
      await t.json(browser, call)
    await t.json(browser, `PATCH /admin/people/${own}`, { admin: false })
    await t.json(browser, 'DELETE /session')
    await t.json(browser, 'GET /session')
    await expect(t.text).toMatchFileSnapshot('recorded/api.txt')
  })
})
