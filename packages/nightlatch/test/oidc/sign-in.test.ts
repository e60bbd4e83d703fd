import { describe, expect, it } from 'vitest'
import { editAccount, type AccountEdit } from '../../src/core/accounts/edit.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { addAccount, disableAccount, findAccount } from '../../src/core/accounts/administration.js'
import { prune } from '../../src/core/maintenance/housekeeping.js'
import { storage } from '../../src/core/ports/stores.js'
import { endSession } from '../../src/core/sessions/session-lifetime.js'
import {
  Phone,
  enrolledPerson,
  recoveryCodesOf,
  setUpKey,
  startApp,
  testPassword,
  useApp,
} from '../support/app.js'
import {
  answerIn,
  askAs,
  authorizePath,
  claimsIn,
  follow,
  redeem,
  register,
  verifier,
} from '../support/application.js'
import type { Registered } from '../support/application.js'
import type { Browser, Reply } from '../support/browser.js'

const app = useApp()
const core = () => app.nightlatch.core

let people = 0
const somebody = () => enrolledPerson(app, `ada${String((people += 1))}`)

const policyOf = ({ headers }: Reply): string => String(headers['content-security-policy'])

/** The whole way for somebody who is signed in: the tokens. */
async function tokensFor(
  browser: Browser,
  client: Registered,
  more: Readonly<Record<string, string | undefined>> = {},
): Promise<Record<string, unknown>> {
  const back = await follow(browser, authorizePath(client, more))
  const { body } = await redeem(app.origin, client, answerIn(back)['code'] ?? '')
  return body
}

const userinfo = async (token: unknown) => {
  const response = await fetch(`${app.origin}/oidc/userinfo`, {
    headers: { authorization: `Bearer ${String(token)}` },
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const refresh = (client: Registered, token: unknown) =>
  askAs(app.origin, '/oidc/token', {
    app: client,
    fields: { grant_type: 'refresh_token', refresh_token: String(token) },
  })

describe('an application learns who is there', () => {
  it('from somebody who is signed in, at once and without a page', async () => {
    const client = await register(core())
    const { browser, username } = await somebody()
    const back = await follow(browser, authorizePath(client))
    expect(back.location.split('?')[0]).toBe(client.redirectUri)
    expect(answerIn(back)).toMatchObject({ state: 'xyz', iss: app.server.settings.origin })
    const { status, body } = await redeem(app.origin, client, answerIn(back)['code'] ?? '')
    expect(status).toBe(200)
    const account = await findAccount(core(), username)
    const told = {
      sub: account?.id,
      name: username,
      preferred_username: username,
      groups: [],
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'https://refeds.org/profile/mfa',
    }
    const idToken = claimsIn(body['id_token'])
    expect(idToken).toMatchObject({
      ...told,
      nonce: 'n-0S6',
      aud: client.id,
      iss: app.server.settings.origin,
    })
    expect((await userinfo(body['access_token'])).body).toMatchObject({
      ...told,
      auth_time: idToken['auth_time'],
      sid: idToken['sid'],
    })
    expect(body).not.toHaveProperty('refresh_token')
  })

  it('after a refresh, too, as it is then: groups and names of now, the same proof', async () => {
    const client = await register(core())
    const { browser, username } = await somebody()
    const first = await tokensFor(browser, client, { scope: 'openid profile groups offline_access' })
    const account = await findAccount(core(), username)
    const joined = { edit: { addGroups: ['admins'] }, actor: atTheCommandLine }
    expect(await editAccount(core(), account!, joined)).toMatchObject({ kind: 'edited' })
    const { status, body } = await refresh(client, first['refresh_token'])
    expect(status).toBe(200)
    const [before, now] = [claimsIn(first['id_token']), claimsIn(body['id_token'])]
    expect(now).toMatchObject({ groups: ['admins'], preferred_username: username })
    expect(now).toMatchObject({ auth_time: before['auth_time'], acr: before['acr'], amr: before['amr'] })
    expect((await userinfo(body['access_token'])).body).toMatchObject({ groups: ['admins'] })
  })

  it('of scopes that it asks for alone, or of claims by their names', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const little = claimsIn((await tokensFor(browser, client, { scope: 'openid' }))['id_token'])
    expect(little).not.toHaveProperty('name')
    const claims = JSON.stringify({ id_token: { preferred_username: null } })
    const asked = claimsIn((await tokensFor(browser, client, { scope: 'openid', claims }))['id_token'])
    expect(asked).toHaveProperty('preferred_username')
  })

  it('of an address that nobody has confirmed: never as a confirmed one', async () => {
    const client = await register(core())
    const username = `mail${String((people += 1))}`
    const wish = { password: testPassword, unsafeExemptFromPolicy: true }
    await addAccount(core(), { username, email: `${username}@example.org`, admin: false }, wish)
    const browser = app.browser()
    await browser.submit('/login', { username, password: testPassword })
    const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    await browser.submit('/mfa/setup', { otp: phone.code() })
    await browser.submit('/mfa/recovery-codes', { saved: 'yes' })
    expect(claimsIn((await tokensFor(browser, client))['id_token'])).toMatchObject({
      email: `${username}@example.org`,
      email_verified: false,
    })
  })

  it('signed with what it asked for, under a key that is shown', async () => {
    const client = await register(core(), { signingAlgorithm: 'ES256' })
    const { browser } = await somebody()
    const { id_token: token } = await tokensFor(browser, client)
    const header = JSON.parse(Buffer.from(String(token).split('.')[0] ?? '', 'base64url').toString()) as {
      alg: string
      kid: string
    }
    const { keys } = (await (await fetch(`${app.origin}/oidc/jwks`)).json()) as {
      keys: { kid: string; d?: string }[]
    }
    expect(header.alg).toBe('ES256')
    expect(keys.map(({ kid }) => kid)).toContain(header.kid)
    expect(keys.every(({ d }) => d === undefined)).toBe(true)
  })

  it('by a form that the browser posts', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const page = await follow(browser, authorizePath(client, { response_mode: 'form_post' }))
    expect(page.status).toBe(200)
    expect(page.body).toContain(`action="${client.redirectUri}"`)
    expect(page.body).toMatch(/name="code" value="[\w-]{43}"/)
    expect(policyOf(page)).toContain("form-action 'self' https://grafana.example.org;")
  })

  it('when it posts its request', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const [, query = ''] = authorizePath(client).split('?')
    const posted = await browser.send('/oidc/authorize', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' },
      body: query,
    })
    expect(posted.status).toBe(303)
    expect(answerIn(await follow(browser, posted.location))).toHaveProperty('code')
  })

  it('of somebody who is signed in where pages of it ask, and no page of anybody else', async () => {
    const client = await register(core(), { isPublic: true, redirectUris: ['https://spa.example.org/'] })
    const { browser } = await somebody()
    const code = async () => answerIn(await follow(browser, authorizePath(client)))['code'] ?? ''
    const ask = async (origin: string) =>
      askAs(app.origin, '/oidc/token', {
        headers: { origin },
        fields: {
          grant_type: 'authorization_code',
          client_id: client.id,
          code: await code(),
          redirect_uri: client.redirectUri,
          code_verifier: verifier,
        },
      })
    const own = await ask('https://spa.example.org')
    expect(own.status).toBe(200)
    expect(own.headers.get('access-control-allow-origin')).toBe('https://spa.example.org')
    const other = await ask('https://evil.example.org')
    expect(other.status).toBe(400)
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('whoever is not signed in', () => {
  it('signs in, sets up, keeps the codes, agrees, and is back at the application', async () => {
    const client = await register(core(), { skipConsent: false })
    const username = `new${String((people += 1))}`
    await app.person(username)
    const browser = app.browser()
    const login = await follow(browser, authorizePath(client))
    expect(login.body).toContain('Sign in to continue to')
    expect(login.body).toContain('Grafana')
    const places = "form-action 'self' https://grafana.example.org;"
    expect(policyOf(login)).toContain(places)
    const next = /name="next" value="([^"]+)"/.exec(login.body)?.[1] ?? ''
    expect(next).toMatch(/^\/oidc\/authorize\/[a-z2-7]{26}$/)
    const given = await browser.submit('/login', { username, password: testPassword, next })
    expect(given.location).toBe('/mfa/setup')
    const setUp = await browser.get('/mfa/setup')
    expect(policyOf(setUp)).toContain(places)
    const phone = new Phone(setUpKey(setUp.body), app.clock)
    const confirmed = await browser.submit('/mfa/setup', { otp: phone.code(), next })
    const codes = await browser.get(confirmed.location)
    expect(recoveryCodesOf(codes.body)).toHaveLength(10)
    expect(policyOf(codes)).toContain(places)
    const saved = await browser.submit('/mfa/recovery-codes', { saved: 'yes', next })
    expect(saved.location).toBe(next)
    const consent = await follow(browser, saved.location)
    expect(consent.body).toContain('May')
    expect(consent.body).toContain('know you?')
    expect(policyOf(consent)).toContain(places)
    const request = /name="request" value="(\w+)"/.exec(consent.body)?.[1] ?? ''
    const agreed = await browser.submit('/oidc/consent', { request, answer: 'allow' })
    const back = await follow(browser, agreed.location)
    expect(answerIn(back)).toMatchObject({ state: 'xyz' })
    expect((await redeem(app.origin, client, answerIn(back)['code'] ?? '')).status).toBe(200)
    // Asked once.
    expect(answerIn(await follow(browser, authorizePath(client)))).toHaveProperty('code')
    // More than was allowed is asked for.
    const more = await follow(browser, authorizePath(client, { scope: 'openid offline_access' }))
    expect(more.body).toContain('To go on knowing you')
  })

  it('is asked by a form that already has the name which the application knows', async () => {
    const client = await register(core())
    const login = await follow(app.browser(), authorizePath(client, { login_hint: 'ada@example.org' }))
    expect(login.body).toContain('value="ada@example.org"')
  })

  it('is not asked where the application wants no page', async () => {
    const client = await register(core())
    const back = await follow(app.browser(), authorizePath(client, { prompt: 'none' }))
    expect(answerIn(back)).toMatchObject({ error: 'login_required', state: 'xyz' })
  })

  it('comes too late after a quarter of an hour', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const login = await app.browser().get(authorizePath(client))
    const { searchParams } = new URL(login.location, app.origin)
    app.clock.advance(15 * 60)
    const late = await browser.get(searchParams.get('next') ?? '')
    expect(late.status).toBe(404)
    expect(late.body).toContain('This request is over')
  })
})

describe('consent', () => {
  it('that is not given says so to the application', async () => {
    const client = await register(core(), { skipConsent: false })
    const { browser } = await somebody()
    const page = await follow(browser, authorizePath(client))
    const request = /name="request" value="(\w+)"/.exec(page.body)?.[1] ?? ''
    const denied = await browser.submit('/oidc/consent', { request, answer: 'deny' })
    expect(answerIn(await follow(browser, denied.location))).toMatchObject({
      error: 'access_denied',
      state: 'xyz',
    })
  })

  it('is not asked where the application wants no page', async () => {
    const client = await register(core(), { skipConsent: false })
    const { browser } = await somebody()
    const back = await follow(browser, authorizePath(client, { prompt: 'none' }))
    expect(answerIn(back)).toMatchObject({ error: 'consent_required' })
  })

  it('is asked again where the application wants that', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const page = await follow(browser, authorizePath(client, { prompt: 'consent' }))
    const request = /name="request" value="(\w+)"/.exec(page.body)?.[1] ?? ''
    const agreed = await browser.submit('/oidc/consent', { request, answer: 'allow' })
    expect(answerIn(await follow(browser, agreed.location))).toHaveProperty('code')
  })
})

describe('an application that is for some', () => {
  it('turns others away on a page with a way back, and takes them once they are in the group', async () => {
    const client = await register(core(), { groups: ['admins'] })
    const { browser, username } = await somebody()
    const page = await follow(browser, authorizePath(client))
    expect(page.status).toBe(403)
    expect(page.body).toContain('Grafana')
    const request = /name="request" value="(\w+)"/.exec(page.body)?.[1] ?? ''
    const away = await browser.submit('/oidc/consent', { request, answer: 'deny' })
    expect(answerIn(await follow(browser, away.location))).toMatchObject({ error: 'access_denied' })
    const account = await findAccount(core(), username)
    await editAccount(core(), account!, { edit: { addGroups: ['Admins'] }, actor: atTheCommandLine })
    expect(answerIn(await follow(browser, authorizePath(client)))).toHaveProperty('code')
  })

  it('learns nothing any more of somebody who left the group, at the next refresh', async () => {
    const client = await register(core(), { groups: ['admins'] })
    const { browser, username } = await somebody()
    const account = await findAccount(core(), username)
    const edit = (wish: AccountEdit) => editAccount(core(), account!, { edit: wish, actor: atTheCommandLine })
    await edit({ addGroups: ['admins'] })
    const tokens = await tokensFor(browser, client, { scope: 'openid offline_access' })
    await edit({ removeGroups: ['admins'] })
    expect(await refresh(client, tokens['refresh_token'])).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    expect((await userinfo(tokens['access_token'])).status).toBe(401)
  })
})

describe('how well it was proven', () => {
  const confirm = async (browser: Browser, phone: Phone, next: string) => {
    app.clock.advance(30)
    return browser.submit('/account/confirm', { password: testPassword, otp: phone.code(), next })
  }
  const nextIn = (reply: Reply) => /name="next" value="([^"]+)"/.exec(reply.body)?.[1] ?? ''

  it('is proven anew where the application wants that, and never without', async () => {
    const client = await register(core())
    const { browser, phone } = await somebody()
    for (const more of [{ prompt: 'login' }, { max_age: '0' }, { max_age: '20' }]) {
      app.clock.advance(60)
      const page = await follow(browser, authorizePath(client, more))
      expect(page.body).toContain('Confirm it is you')
      const next = nextIn(page)
      // Whoever goes straight on is asked again.
      expect((await follow(browser, next)).body).toContain('Confirm it is you')
      const proven = await confirm(browser, phone, next)
      const back = await follow(browser, proven.location)
      const { body } = await redeem(app.origin, client, answerIn(back)['code'] ?? '')
      expect(claimsIn(body['id_token'])['auth_time']).toBe(app.clock.seconds)
    }
  })

  it('is old enough for a request that takes older ones', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    app.clock.advance(60)
    expect(answerIn(await follow(browser, authorizePath(client, { max_age: '3600' })))).toHaveProperty('code')
    expect(
      answerIn(await follow(browser, authorizePath(client, { max_age: '10', prompt: 'none' }))),
    ).toMatchObject({ error: 'login_required' })
  })

  it('is asked of somebody else where the application knows who it wants', async () => {
    const client = await register(core())
    const [ada, bea] = [await somebody(), await somebody()]
    const { id_token: hint } = await tokensFor(ada.browser, client)
    const asked = authorizePath(client, { id_token_hint: String(hint) })
    expect(answerIn(await follow(ada.browser, asked))).toHaveProperty('code')
    const login = await bea.browser.get(asked)
    expect(login.location).toContain('/login?restart=yes')
    expect(answerIn(await follow(bea.browser, `${asked}&prompt=none`))).toMatchObject({
      error: 'login_required',
    })
  })

  it('is chosen anew where the application wants a choice', async () => {
    const client = await register(core())
    const { browser, phone, username } = await somebody()
    const login = await browser.get(authorizePath(client, { prompt: 'select_account' }))
    const page = await browser.get(login.location)
    expect(page.body).toContain('Sign in to continue')
    const next = nextIn(page)
    await browser.submit('/login', { username, password: testPassword, next })
    app.clock.advance(30)
    const signedIn = await browser.submit('/mfa/verify', { otp: phone.code(), next })
    expect(answerIn(await follow(browser, signedIn.location))).toHaveProperty('code')
  })

  it('says what cannot be proven', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ['urn:gold'] } } })
    const back = await follow(browser, authorizePath(client, { claims }))
    expect(answerIn(back)).toMatchObject({ error: 'unmet_authentication_requirements' })
    // Where it is a wish alone, what there is is told.
    const wish = claimsIn((await tokensFor(browser, client, { acr_values: 'urn:gold' }))['id_token'])
    expect(wish['acr']).toBe('https://refeds.org/profile/mfa')
  })

  it('tells a recovery code from a code, and a remembered device from both', async () => {
    const client = await register(core())
    const { username, phone, recoveryCodes } = await somebody()
    const recovered = app.browser()
    await recovered.submit('/login', { username, password: testPassword })
    await recovered.submit('/mfa/recovery', { recovery_code: recoveryCodes[0] ?? '' })
    expect(claimsIn((await tokensFor(recovered, client))['id_token'])['amr']).toEqual([
      'pwd',
      'otp',
      'recovery-code',
      'mfa',
    ])
    const remembered = app.browser()
    await remembered.submit('/login', { username, password: testPassword })
    app.clock.advance(30)
    await remembered.submit('/mfa/verify', { otp: phone.code(), remember: 'yes' })
    await remembered.submit('/logout')
    await remembered.submit('/login', { username, password: testPassword })
    expect(claimsIn((await tokensFor(remembered, client))['id_token'])['amr']).toEqual([
      'pwd',
      'device',
      'mfa',
    ])
  })
})

describe('where a second factor is a choice', () => {
  it('an application may demand one: whoever has none sets one up on the way', async () => {
    const optional = await startApp({ env: { NIGHTLATCH_MFA: 'optional' } })
    try {
      const client = await register(optional.nightlatch.core, { access: 'two-factors' })
      const open = await register(optional.nightlatch.core)
      await optional.person('ada')
      const browser = optional.browser()
      await browser.submit('/login', { username: 'ada', password: testPassword })
      const one = await follow(browser, authorizePath(open))
      const { body } = await redeem(optional.origin, open, answerIn(one)['code'] ?? '')
      expect(claimsIn(body['id_token'])).toMatchObject({
        acr: 'https://refeds.org/profile/sfa',
        amr: ['pwd'],
      })
      for (const wish of [
        authorizePath(client),
        authorizePath(open, { acr_values: 'https://refeds.org/profile/mfa' }),
      ])
        expect((await browser.get(wish)).location).toMatch(/^\/mfa\/setup\?next=/)
      const setUp = await follow(browser, authorizePath(client))
      const phone = new Phone(setUpKey(setUp.body), optional.clock)
      const next = /name="next" value="([^"]+)"/.exec(setUp.body)?.[1] ?? ''
      await browser.submit('/mfa/setup', { otp: phone.code(), next })
      const saved = await browser.submit('/mfa/recovery-codes', { saved: 'yes', next })
      const back = await follow(browser, saved.location)
      const two = await redeem(optional.origin, client, answerIn(back)['code'] ?? '')
      expect(claimsIn(two.body['id_token'])).toMatchObject({ acr: 'https://refeds.org/profile/mfa' })
      expect(answerIn(await follow(browser, authorizePath(client, { prompt: 'none' })))).toHaveProperty(
        'code',
      )
    } finally {
      await optional.close()
    }
  })
})

describe('what an application was given ends', () => {
  const live = async (token: unknown, client: Registered): Promise<boolean> =>
    (await askAs(app.origin, '/oidc/introspect', { app: client, fields: { token: String(token) } })).body[
      'active'
    ] === true

  it('with the session: sign-out, ended elsewhere, a new password, a disabled account', async () => {
    const client = await register(core())
    const scope = 'openid offline_access'
    const ways: readonly ((one: Awaited<ReturnType<typeof somebody>>) => Promise<unknown>)[] = [
      ({ browser }) => browser.submit('/logout'),
      async ({ username }) => {
        const account = await findAccount(core(), username)
        const [session] = await core().queries.sessions.listOf(account!.id)
        const signedIn = { account: account!, session: session! }
        return endSession(core(), { signedIn, id: session!.id, client: { address: '', userAgent: '' } })
      },
      async ({ username }) => {
        const account = await findAccount(core(), username)
        return disableAccount(core(), account!)
      },
    ]
    for (const way of ways) {
      const person = await somebody()
      const tokens = await tokensFor(person.browser, client, { scope })
      expect(await live(tokens['refresh_token'], client)).toBe(true)
      await way(person)
      expect(await live(tokens['refresh_token'], client)).toBe(false)
      expect(await live(tokens['access_token'], client)).toBe(false)
      expect(await refresh(client, tokens['refresh_token'])).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant' },
      })
      expect((await userinfo(tokens['access_token'])).status).toBe(401)
    }
  })

  it('when the application gives it back', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const tokens = await tokensFor(browser, client, { scope: 'openid offline_access' })
    const token = String(tokens['refresh_token'])
    const other = await register(core())
    await askAs(app.origin, '/oidc/revoke', { app: other, fields: { token } })
    expect(await live(token, client)).toBe(true)
    expect((await askAs(app.origin, '/oidc/revoke', { app: client, fields: { token } })).status).toBe(200)
    expect(await live(token, client)).toBe(false)
    expect((await userinfo(tokens['access_token'])).status).toBe(401)
  })

  it('in time: a code after a minute, an access token after an hour, a refresh token unused for thirty days', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const back = await follow(browser, authorizePath(client))
    const tokens = await tokensFor(browser, client, { scope: 'openid offline_access' })
    app.clock.advance(61)
    expect(await redeem(app.origin, client, answerIn(back)['code'] ?? '')).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    app.clock.advance(3600)
    expect((await userinfo(tokens['access_token'])).status).toBe(401)
    const next = await refresh(client, tokens['refresh_token'])
    expect(next.status).toBe(200)
    app.clock.advance(30 * 24 * 3600 + 1)
    expect((await refresh(client, next.body['refresh_token'])).body['error']).toBe('invalid_grant')
  })

  it('not with a session that has run out, where the application may go on without its person', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const tokens = await tokensFor(browser, client, { scope: 'openid offline_access' })
    app.clock.advance(13 * 3600)
    await prune(core(), core()[storage].stores)
    expect((await browser.get('/account')).location).toMatch(/^\/login/)
    expect((await refresh(client, tokens['refresh_token'])).status).toBe(200)
  })
})
