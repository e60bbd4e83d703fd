import * as jose from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { findAccount } from '../../src/core/accounts/administration.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { rotateSigningKeys } from '../../src/core/applications/signing-keys.js'
import type { Enrolled } from '../support/app.js'
import { enrolledPerson, useApp } from '../support/app.js'
import { answerIn, askAs, authorizePath, claimsIn, follow, redeem, register } from '../support/application.js'
import type { Registered } from '../support/application.js'
import { Browser } from '../support/browser.js'

/**
 * The modules of the OpenID Foundation's plans for a provider (Basic OP, Config OP, Form Post OP, and of Dynamic OP what is
 * no registration), by their names. Their suite needs Java and a database; what each of them asks is asked here.
 */
const app = useApp()
const core = () => app.nightlatch.core
const issuer = () => app.server.settings.origin

let ada: Enrolled
let client: Registered
let other: Registered
beforeAll(async () => {
  ada = await enrolledPerson(app, 'ada')
  const account = await findAccount(core(), 'ada')
  const edit = { name: 'Ada Lovelace', email: 'ada@example.org' }
  await editAccount(core(), account!, { edit, actor: atTheCommandLine })
  client = await register(core())
  other = await register(core())
})

type Wishes = Readonly<Record<string, string | undefined>>
interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

const plain = { code_challenge: undefined, code_challenge_method: undefined }
const back = async (wishes: Wishes = {}, browser = ada.browser) =>
  answerIn(await follow(browser, authorizePath(client, { ...plain, ...wishes })))

const withoutVerifier = (code: string, by: Registered = client, more: Wishes = {}) =>
  askAs(app.origin, '/oidc/token', {
    app: by,
    fields: Object.fromEntries(
      Object.entries({
        grant_type: 'authorization_code',
        code,
        redirect_uri: by.redirectUri,
        ...more,
      }).filter((one): one is [string, string] => one[1] !== undefined),
    ),
  })

async function tokens(wishes: Wishes = {}, browser = ada.browser): Promise<Record<string, unknown>> {
  const { code = '' } = await back(wishes, browser)
  const { status, body } = await withoutVerifier(code)
  expect(status).toBe(200)
  return body
}

async function userinfo(init: RequestInit): Promise<Answer> {
  const response = await fetch(`${app.origin}/oidc/userinfo`, init)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
const bearer = (token: unknown) => ({ authorization: `Bearer ${String(token)}` })

const keys = async () =>
  jose.createLocalJWKSet((await (await fetch(`${app.origin}/oidc/jwks`)).json()) as jose.JSONWebKeySet)

/** Where a page of ours asks to sign in or to prove anew. */
const asksAgain = /^\/(?:login|account\/confirm)\?/

describe.each(['query', 'form_post'])('Basic OP, answers by %s', (mode) => {
  const asked: Wishes = mode === 'query' ? {} : { response_mode: mode }
  const answered = async (wishes: Wishes = {}): Promise<Record<string, string>> => {
    const reply = await follow(ada.browser, authorizePath(client, { ...plain, ...asked, ...wishes }))
    if (mode === 'query') return answerIn(reply)
    expect(reply.body).toContain(`action="${client.redirectUri}"`)
    return Object.fromEntries(
      Array.from(reply.body.matchAll(/name="(\w+)" value="([^"]*)"/g), ([, name, value]) => [name, value]),
    ) as Record<string, string>
  }

  it('oidcc-server: code, tokens, a signed ID token, user info', async () => {
    const answer = await answered()
    expect(answer).toMatchObject({ state: 'xyz', iss: issuer() })
    const { status, headers, body } = await withoutVerifier(answer['code'] ?? '')
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toContain('no-store')
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) as number })
    const currentDate = new Date(app.clock.seconds * 1000)
    const { payload } = await jose.jwtVerify(String(body['id_token']), await keys(), {
      issuer: issuer(),
      audience: client.id,
      algorithms: ['RS256'],
      requiredClaims: ['sub', 'exp', 'iat'],
      currentDate,
    })
    expect(payload).toMatchObject({ nonce: 'n-0S6' })
    const info = await userinfo({ headers: bearer(body['access_token']) })
    expect(info.body['sub']).toBe(payload.sub)
  })

  it('oidcc-response-type-missing: invalid_request', async () => {
    expect(await answered({ response_type: undefined })).toMatchObject({
      error: 'invalid_request',
      state: 'xyz',
    })
  })

  it('oidcc-ensure-request-without-nonce-succeeds-for-code-flow: and none is made up', async () => {
    const { code = '' } = await answered({ nonce: undefined })
    const { body } = await withoutVerifier(code)
    expect(claimsIn(body['id_token'])).not.toHaveProperty('nonce')
  })

  it('oidcc-ensure-request-with-valid-pkce-succeeds: and without the verifier it does not', async () => {
    const { code = '' } = answerIn(await follow(ada.browser, authorizePath(client)))
    expect((await redeem(app.origin, client, code)).status).toBe(200)
    const { code: second = '' } = answerIn(await follow(ada.browser, authorizePath(client)))
    expect((await withoutVerifier(second)).body['error']).toBe('invalid_grant')
  })
})

describe('Basic OP', () => {
  it('oidcc-idtoken-signature: by a key that is shown, and named', async () => {
    const { kid, alg } = jose.decodeProtectedHeader(String((await tokens())['id_token']))
    const { keys: shown } = (await (await fetch(`${app.origin}/oidc/jwks`)).json()) as jose.JSONWebKeySet
    expect(alg).toBe('RS256')
    expect(shown.filter((key) => key.kid === kid)).toEqual([
      expect.objectContaining({ kty: 'RSA', use: 'sig' }),
    ])
  })

  it('oidcc-userinfo-get, and a token that is none is refused as RFC 6750 says', async () => {
    const { access_token: token } = await tokens()
    expect((await userinfo({ headers: bearer(token) })).status).toBe(200)
    const refused = await fetch(`${app.origin}/oidc/userinfo`, { headers: bearer('none') })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/)
  })

  it('oidcc-userinfo-post-header: the same', async () => {
    const { access_token: token } = await tokens()
    expect((await userinfo({ method: 'POST', headers: bearer(token) })).status).toBe(200)
  })

  it('oidcc-userinfo-post-body: the same', async () => {
    const { access_token: token } = await tokens()
    const body = new URLSearchParams({ access_token: String(token) })
    expect((await userinfo({ method: 'POST', body })).status).toBe(200)
  })

  it.each([
    ['oidcc-scope-profile', 'openid profile', { name: 'Ada Lovelace', preferred_username: 'ada' }, 'email'],
    [
      'oidcc-scope-email',
      'openid email',
      { email: 'ada@example.org', email_verified: expect.any(Boolean) as boolean },
      'name',
    ],
    ['oidcc-scope-address', 'openid address', {}, 'address'],
    ['oidcc-scope-phone', 'openid phone', {}, 'phone_number'],
    [
      'oidcc-scope-all',
      'openid profile email address phone',
      { name: 'Ada Lovelace', email: 'ada@example.org' },
      'address',
    ],
    ['oidcc-alternate-happy-flow', 'email openid', { email: 'ada@example.org' }, 'name'],
  ])('%s: “%s” lets know what it stands for, and nothing else', async (_name, scope, told, untold) => {
    const { access_token: token } = await tokens({ scope })
    const { body } = await userinfo({ headers: bearer(token) })
    expect(body).toMatchObject(told)
    expect(body).not.toHaveProperty(untold)
  })

  it.each([
    ['oidcc-display-page', { display: 'page' }],
    ['oidcc-display-popup', { display: 'popup' }],
    ['oidcc-ui-locales', { ui_locales: 'se' }],
    ['oidcc-claims-locales', { claims_locales: 'se' }],
    ['oidcc-login-hint', { login_hint: 'ada@example.org' }],
    ['oidcc-ensure-request-with-unknown-parameter-succeeds', { extra: 'foobar' }],
    ['oidcc-ensure-request-with-acr-values-succeeds', { acr_values: '1 2' }],
    ['oidcc-claims-essential', { claims: '{"userinfo":{"name":{"essential":true}}}' }],
  ])('%s: no error', async (_name, wish) => {
    const { access_token: token } = await tokens({ scope: 'openid profile', ...wish })
    expect((await userinfo({ headers: bearer(token) })).body).toMatchObject({ name: 'Ada Lovelace' })
  })

  it('oidcc-prompt-login: the person is asked, whoever is signed in', async () => {
    const reply = await ada.browser.get(authorizePath(client, { prompt: 'login' }))
    expect(reply.location).toMatch(asksAgain)
  })

  it('oidcc-prompt-none-not-logged-in: login_required', async () => {
    expect(await back({ prompt: 'none' }, app.browser())).toMatchObject({
      error: 'login_required',
      state: 'xyz',
    })
  })

  it('oidcc-prompt-none-logged-in: the same sign-in, without a page', async () => {
    const [first, second] = [await tokens(), await tokens({ prompt: 'none' })].map(({ id_token: token }) =>
      claimsIn(token),
    )
    expect(second).toMatchObject({ sub: first?.['sub'], auth_time: first?.['auth_time'] })
  })

  it('oidcc-max-age-1: the person is asked again', async () => {
    app.clock.advance(2)
    expect((await ada.browser.get(authorizePath(client, { max_age: '1' }))).location).toMatch(asksAgain)
  })

  it('oidcc-max-age-10000: the same sign-in, and it says when that was', async () => {
    const [first, second] = [await tokens(), await tokens({ max_age: '10000' })].map(({ id_token: token }) =>
      claimsIn(token),
    )
    expect(second?.['auth_time']).toEqual(expect.any(Number))
    expect(second?.['auth_time']).toBe(first?.['auth_time'])
  })

  it('oidcc-id-token-hint: with prompt=none, for the same person', async () => {
    const { id_token: hint } = await tokens()
    const { id_token: second } = await tokens({ prompt: 'none', id_token_hint: String(hint) })
    expect(claimsIn(second)['sub']).toBe(claimsIn(hint)['sub'])
    const bea = await enrolledPerson(app, 'bea')
    expect(await back({ prompt: 'none', id_token_hint: String(hint) }, bea.browser)).toMatchObject({
      error: 'login_required',
    })
  })

  it('oidcc-codereuse: invalid_grant', async () => {
    const { code = '' } = await back()
    expect((await withoutVerifier(code)).status).toBe(200)
    expect(await withoutVerifier(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  it('oidcc-codereuse-30seconds: and the access token has ended', async () => {
    const { code = '' } = await back()
    const { body } = await withoutVerifier(code)
    app.clock.advance(30)
    expect((await withoutVerifier(code)).body['error']).toBe('invalid_grant')
    expect((await userinfo({ headers: bearer(body['access_token']) })).status).toBe(401)
  })

  it('oidcc-ensure-registered-redirect-uri: a page, and no way on', async () => {
    const reply = await ada.browser.get(authorizePath({ ...client, redirectUri: 'https://evil.example/' }))
    expect(reply).toMatchObject({ status: 400, location: '' })
  })

  it('oidcc-ensure-post-request-succeeds: as a form of another site', async () => {
    const [path = '', query = ''] = authorizePath(client, plain).split('?')
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' }
    const posted = await new Browser(app.origin).send(path, { method: 'POST', headers, body: query })
    expect(posted.status).toBe(303)
    expect(answerIn(await follow(ada.browser, posted.location))).toHaveProperty('code')
  })

  it('oidcc-server-client-secret-post: the secret in the body', async () => {
    const { code = '' } = await back()
    const fields = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: client.redirectUri,
      client_id: client.id,
      client_secret: client.secret,
    }
    expect((await askAs(app.origin, '/oidc/token', { fields })).status).toBe(200)
  })

  const unsigned = [{ alg: 'none' }, { redirect_uri: 'https://evil.example/' }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  it.each([
    [
      'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
      { request: `${unsigned}.` },
      'request_not_supported',
    ],
    ['oidcc-ensure-request-object-with-redirect-uri', { request: `${unsigned}.` }, 'request_not_supported'],
    [
      'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
      { request_uri: 'https://evil.example/r' },
      'request_uri_not_supported',
    ],
  ])('%s: refused by its name, at the registered address', async (_name, wish, error) => {
    const reply = await follow(ada.browser, authorizePath(client, wish))
    expect(reply.location.split('?')[0]).toBe(client.redirectUri)
    expect(answerIn(reply)).toMatchObject({ error, state: 'xyz' })
  })

  it('oidcc-refresh-token: renewed for its own client alone, for the same person and sign-in', async () => {
    const first = await tokens({ scope: 'openid profile offline_access' })
    const renew = (by: Registered) =>
      askAs(app.origin, '/oidc/token', {
        app: by,
        fields: { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) },
      })
    expect(await renew(other)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    const { status, body } = await renew(client)
    expect(status).toBe(200)
    const [before, now] = [claimsIn(first['id_token']), claimsIn(body['id_token'])]
    for (const name of ['iss', 'sub', 'aud', 'auth_time']) expect(now[name]).toEqual(before[name])
    expect((await userinfo({ headers: bearer(body['access_token']) })).status).toBe(200)
  })
})

describe('Config OP', () => {
  it('oidcc-discovery-endpoint-verification: what it says is so', async () => {
    const response = await fetch(`${app.origin}/.well-known/openid-configuration`)
    expect(response.headers.get('content-type')).toContain('application/json')
    const found = (await response.json()) as Record<string, unknown>
    expect(found['issuer']).toBe(issuer())
    for (const name of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'jwks_uri'])
      expect(String(found[name])).toMatch(new RegExp(`^${issuer()}/`))
    expect(found['scopes_supported']).toContain('openid')
    expect(found['response_types_supported']).toEqual(['code'])
    expect(found['subject_types_supported']).toEqual(['public'])
    expect(found['id_token_signing_alg_values_supported']).toContain('RS256')
    expect(found['claims_parameter_supported']).toBe(true)
    expect([found['request_parameter_supported'], found['request_uri_parameter_supported']]).toEqual([
      false,
      false,
    ])
    const { keys: shown } = (await (await fetch(`${app.origin}/oidc/jwks`)).json()) as jose.JSONWebKeySet
    expect(new Set(shown.map(({ kid }) => kid)).size).toBe(shown.length)
    expect(
      shown.flatMap((key) => Object.keys(key)).filter((name) => ['d', 'p', 'q', 'k'].includes(name)),
    ).toEqual([])
  })

  it('oidcc-server-rotate-keys: new ones are shown, and the old ones with them', async () => {
    const { id_token: before } = await tokens()
    await rotateSigningKeys(core(), { atOnce: true })
    const { id_token: after } = await tokens()
    const currentDate = new Date(app.clock.seconds * 1000)
    for (const token of [before, after]) await jose.jwtVerify(String(token), await keys(), { currentDate })
    expect(jose.decodeProtectedHeader(String(after)).kid).not.toBe(
      jose.decodeProtectedHeader(String(before)).kid,
    )
  })
})

describe('redirect addresses, as Dynamic OP asks', () => {
  it.each([
    ['oidcc-redirect-uri-query-added', 'https://app.example.org/cb', 'https://app.example.org/cb?foo=bar'],
    [
      'oidcc-redirect-uri-query-mismatch',
      'https://app.example.org/cb?foo=bar',
      'https://app.example.org/cb?bar=foo',
    ],
    ['oidcc-ensure-redirect-uri-in-authorization-request', 'https://app.example.org/cb', undefined],
  ])('%s: a page, and no way on', async (_name, registered, asked) => {
    const one = await register(core(), { redirectUris: [registered] })
    const reply = await ada.browser.get(authorizePath(one, { redirect_uri: asked }))
    expect(reply).toMatchObject({ status: 400, location: '' })
  })

  it('oidcc-redirect-uri-regfrag: none with a fragment is registered', async () => {
    await expect(register(core(), { redirectUris: ['https://app.example.org/cb#foo=bar'] })).rejects.toThrow(
      'fragment',
    )
  })
})
