import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { rotateSecret } from '../../src/core/applications/registration.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { rotateSigningKeys } from '../../src/core/applications/signing-keys.js'
import { type Enrolled, enrolledPerson, testPassword, useApp } from '../support/app.js'
import {
  answerIn,
  askAs,
  authorizePath,
  challenge,
  claimsIn,
  follow,
  redeem,
  register,
  verifier,
} from '../support/application.js'
import type { Registered } from '../support/application.js'
import type { Browser } from '../support/browser.js'

const app = useApp()
const core = () => app.nightlatch.core

let people = 0
const somebody = () => enrolledPerson(app, `ada${String((people += 1))}`)

const codeFor = async (
  browser: Browser,
  client: Registered,
  more: Readonly<Record<string, string | undefined>> = {},
): Promise<string> => answerIn(await follow(browser, authorizePath(client, more)))['code'] ?? ''

const isLive = async (token: unknown): Promise<boolean> =>
  (
    await fetch(`${app.origin}/oidc/userinfo`, {
      headers: { authorization: `Bearer ${String(token)}` },
    })
  ).status === 200

const invalidGrant = { status: 400, body: { error: 'invalid_grant' } }

describe('a code', () => {
  it('OIDC-1 is good for its own application, its own address and its own verifier alone', async () => {
    const [client, other] = [await register(core()), await register(core())]
    const { browser } = await somebody()
    const wrong: readonly (readonly [Registered, Record<string, string>])[] = [
      [other, {}],
      [client, { redirect_uri: 'https://grafana.example.org/' }],
      [client, { redirect_uri: `${client.redirectUri}/` }],
      [client, { code_verifier: randomBytes(32).toString('base64url') }],
      [client, { code_verifier: challenge }],
    ]
    for (const [one, fields] of wrong)
      expect(await redeem(app.origin, one, await codeFor(browser, client), fields)).toMatchObject(
        invalidGrant,
      )
    const without = { grant_type: 'authorization_code', redirect_uri: client.redirectUri }
    const code = await codeFor(browser, client)
    expect(
      await askAs(app.origin, '/oidc/token', { app: client, fields: { ...without, code } }),
    ).toMatchObject(invalidGrant)
    // A verifier for a request that had no challenge: somebody took the challenge out on the way.
    const plain = await codeFor(browser, client, {
      code_challenge: undefined,
      code_challenge_method: undefined,
    })
    expect(await redeem(app.origin, client, plain)).toMatchObject(invalidGrant)
  })

  it('OIDC-2 that comes again ends everything that it led to, half a minute later as well', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    for (const seconds of [0, 30]) {
      const code = await codeFor(browser, client)
      const first = await redeem(app.origin, client, code)
      expect(await isLive(first.body['access_token'])).toBe(true)
      app.clock.advance(seconds)
      expect(await redeem(app.origin, client, code)).toMatchObject(invalidGrant)
      expect(await isLive(first.body['access_token'])).toBe(false)
    }
  })

  it('OIDC-2 ends nothing else of the same person', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const other = await redeem(app.origin, client, await codeFor(browser, client))
    const code = await codeFor(browser, client)
    await redeem(app.origin, client, code)
    await redeem(app.origin, client, code)
    expect(await isLive(other.body['access_token'])).toBe(true)
  })

  it('OIDC-8 fifty copies at once: one is exchanged, and what it gave ends', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const code = await codeFor(browser, client)
    const replies = await Promise.all(Array.from({ length: 50 }, () => redeem(app.origin, client, code)))
    const won = replies.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    expect(replies.filter(({ body }) => body['error'] === 'invalid_grant')).toHaveLength(49)
    expect(await isLive(won[0]?.body['access_token'])).toBe(false)
  })
})

describe('a refresh token', () => {
  const refresh = (client: Registered, token: unknown) =>
    askAs(app.origin, '/oidc/token', {
      app: client,
      fields: { grant_type: 'refresh_token', refresh_token: String(token) },
    })

  it('OIDC-7 that was replaced ends the family, unless the answer was lost a moment ago', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const code = await codeFor(browser, client, { scope: 'openid offline_access' })
    const first = await redeem(app.origin, client, code)
    const second = await refresh(client, first.body['refresh_token'])
    expect(second.body['refresh_token']).not.toBe(first.body['refresh_token'])
    app.clock.advance(20)
    const again = await refresh(client, first.body['refresh_token'])
    expect(again.status).toBe(200)
    app.clock.advance(31)
    expect(await refresh(client, first.body['refresh_token'])).toMatchObject(invalidGrant)
    for (const { body } of [second, again]) {
      expect(await refresh(client, body['refresh_token'])).toMatchObject(invalidGrant)
      expect(await isLive(body['access_token'])).toBe(false)
    }
  })

  it('OIDC-7 is good for its own application alone, and gives no more than it had', async () => {
    const [client, other] = [await register(core()), await register(core())]
    const { browser } = await somebody()
    const code = await codeFor(browser, client, { scope: 'openid offline_access' })
    const { body } = await redeem(app.origin, client, code)
    expect(await refresh(other, body['refresh_token'])).toMatchObject(invalidGrant)
    const more = await askAs(app.origin, '/oidc/token', {
      app: client,
      fields: {
        grant_type: 'refresh_token',
        refresh_token: String(body['refresh_token']),
        scope: 'openid email',
      },
    })
    expect(more).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
  })
})

describe('whoever has given no second factor', () => {
  it('OIDC-4 gets no code: neither with the password alone nor half way through', async () => {
    const client = await register(core())
    const { username } = await somebody()
    const browser = app.browser()
    await browser.submit('/login', { username, password: testPassword })
    const reply = await browser.get(authorizePath(client))
    expect(reply.location).toMatch(/^\/login\?next=/)
    expect(answerIn(await follow(browser, authorizePath(client, { prompt: 'none' })))).toMatchObject({
      error: 'login_required',
    })
  })
})

describe('an answer', () => {
  it('OIDC-23 that somebody gave before they sent the link on is no answer of whoever follows it', async () => {
    const client = await register(core(), { skipConsent: false })
    const [mallory, victim] = [await enrolledPerson(app, 'mallory'), await enrolledPerson(app, 'victim')]
    const requestIn = (body: string) => /name="request" value="(\w+)"/.exec(body)?.[1] ?? ''
    const agree = async ({ browser }: Enrolled, body: string, answer: string) =>
      browser.submit('/oidc/consent', { request: requestIn(body), answer })
    // The victim has allowed this application before.
    const first = await follow(victim.browser, authorizePath(client))
    expect((await agree(victim, first.body, 'allow')).status).toBe(303)
    for (const answer of ['allow', 'deny']) {
      const page = await follow(mallory.browser, authorizePath(client, { prompt: 'consent' }))
      const { location } = await agree(mallory, page.body, answer)
      expect(location).toMatch(/^\/oidc\/authorize\/[a-z2-7]{26}$/)
      const asked = await follow(victim.browser, location)
      expect(asked.status).toBe(200)
      expect(asked.body).toContain('victim')
      expect(requestIn(asked.body)).not.toBe('')
      const own = await agree(victim, asked.body, 'allow')
      expect(answerIn(await follow(victim.browser, own.location))).toHaveProperty('code')
    }
  })
})

describe('an address', () => {
  it('OIDC-5 that is not registered is a page that says what is different, and never a way there', async () => {
    const client = await register(core(), { redirectUris: ['https://app.example.org/callback'] })
    const { browser } = await somebody()
    const differences: Readonly<Record<string, string>> = {
      'https://app.example.org/callback/': 'a slash at the end',
      'http://app.example.org/callback': 'http and https',
      'https://app.example.org:8443/callback': 'the port',
      'https://app.example.com/callback': 'the host',
      'https://app.example.org/Callback': 'the path',
      'https://app.example.org/callback?x=1': 'what follows the question mark',
      'https://app.example.org/callback/../callback': 'the path',
      'https://APP.example.org/callback': 'capital letters',
      'https://app.example.org@evil.example/callback': 'capital letters',
      'https://evil.example/': 'the host',
      '//evil.example': 'capital letters',
      'javascript:alert(1)': '',
    }
    for (const [asked, difference] of Object.entries(differences)) {
      const page = await follow(browser, authorizePath(client, { redirect_uri: asked }))
      expect([asked, page.status, page.location]).toEqual([asked, 400, ''])
      expect(page.body).toContain(difference)
      expect(page.body).toContain('not registered')
      expect(page.body).not.toContain('Add this address')
    }
  })

  it('OIDC-5 is added by an administrator from that very page, once it was proven anew who that is', async () => {
    const client = await register(core(), { redirectUris: ['https://app.example.org/callback'] })
    const { browser, username } = await somebody()
    const { findAccount } = await import('../../src/core/accounts/administration.js')
    const { editAccount } = await import('../../src/core/accounts/edit.js')
    const account = await findAccount(core(), username)
    await editAccount(core(), account!, { edit: { admin: true }, actor: atTheCommandLine })
    const asked = 'https://app.example.org:8443/callback'
    const page = await browser.get(authorizePath(client, { redirect_uri: asked }))
    const href = /href="([^"]+)">Add this address/
      .exec(page.body)?.[1]
      ?.replaceAll('&#38;', '&')
      .replaceAll('&amp;', '&')
    const form = await browser.get(href ?? '')
    expect(form.body).toContain(asked)
    await browser.submit('/admin/applications/address', { application: client.id, address: asked })
    expect(answerIn(await follow(browser, authorizePath(client, { redirect_uri: asked })))).toHaveProperty(
      'code',
    )
  })

  it('OIDC-5 of a loopback is good with every port, and with nothing else that is different', async () => {
    const redirectUris = ['http://127.0.0.1/callback', 'http://[::1]:4000/callback', 'http://localhost:8080/']
    const client = await register(core(), { isPublic: true, redirectUris })
    const { browser } = await somebody()
    const good = [
      'http://127.0.0.1:51004/callback',
      'http://127.0.0.1/callback',
      'http://[::1]:1/callback',
      'http://localhost/',
    ]
    const bad = [
      'http://127.0.0.1:51004/callback/',
      'https://127.0.0.1:51004/callback',
      'http://127.0.0.2:51004/callback',
      'http://127.0.0.1:51004@evil.example/callback',
      'http://127.0.0.1:port/callback',
      'http://localhost.evil.example/',
    ]
    for (const redirect_uri of good) {
      const back = await follow(browser, authorizePath(client, { redirect_uri }))
      expect([redirect_uri, back.status]).toEqual([redirect_uri, 303])
      expect(back.location.startsWith(redirect_uri)).toBe(true)
    }
    for (const redirect_uri of bad) {
      const page = await follow(browser, authorizePath(client, { redirect_uri }))
      expect([redirect_uri, page.status]).toEqual([redirect_uri, 400])
    }
  })

  it('OIDC-5 that is missing is a page, also where one is registered', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const page = await follow(browser, authorizePath(client, { redirect_uri: undefined }))
    expect(page).toMatchObject({ status: 400, location: '' })
  })
})

describe('a request', () => {
  const errorOf = async (browser: Browser, path: string): Promise<string | undefined> =>
    answerIn(await follow(browser, path))['error']

  it('OIDC-9 that cannot be met says so to the application', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const refused: readonly (readonly [Record<string, string | undefined>, string])[] = [
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ response_type: 'id_token' }, 'unsupported_response_type'],
      [{ response_type: 'code id_token' }, 'unsupported_response_type'],
      [{ response_mode: 'web_message' }, 'unsupported_response_mode'],
      [{ response_type: undefined }, 'invalid_request'],
      [{ request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
      [{ request_uri: 'https://app.example.org/request' }, 'request_uri_not_supported'],
      [{ code_challenge_method: 'plain' }, 'invalid_request'],
      [{ code_challenge_method: undefined }, 'invalid_request'],
      [{ code_challenge: 'short' }, 'invalid_request'],
      [{ prompt: 'none login' }, 'invalid_request'],
      [{ prompt: 'sing' }, 'invalid_request'],
      [{ max_age: '-1' }, 'invalid_request'],
      [{ claims: '{' }, 'invalid_request'],
      [{ id_token_hint: 'no.token.atall' }, 'invalid_request'],
      [{ state: 'x'.repeat(4097) }, 'invalid_request'],
    ]
    for (const [more, error] of refused)
      expect([more, await errorOf(browser, authorizePath(client, more))]).toEqual([more, error])
    expect(await errorOf(browser, `${authorizePath(client)}&state=other`)).toBe('invalid_request')
    expect(await errorOf(browser, `${authorizePath(client)}&scope=openid`)).toBe('invalid_request')
  })

  it('OIDC-9 is not held up by what nobody here knows', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const known = { scope: 'openid profile unheard:of', ui_locales: 'de-CH fr', display: 'touch' }
    const back = await follow(browser, `${authorizePath(client, known)}&foo=bar`)
    const { body } = await redeem(app.origin, client, answerIn(back)['code'] ?? '')
    expect(body['scope']).toBe('openid profile')
  })

  it('OIDC-9 of nobody, or to nowhere, is a page', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    for (const more of [{ client_id: 'nobody' }, { client_id: undefined }])
      expect(await follow(browser, authorizePath(client, more))).toMatchObject({ status: 400, location: '' })
    expect((await follow(browser, `${authorizePath(client)}&client_id=nobody`)).status).toBe(400)
    expect((await follow(browser, `${authorizePath(client)}&redirect_uri=https://evil.example`)).status).toBe(
      400,
    )
  })

  it('OIDC-9 of an application that keeps no secret needs PKCE', async () => {
    const redirectUris = ['org.example.app:/callback']
    const client = await register(core(), { isPublic: true, redirectUris })
    const { browser } = await somebody()
    const without = { code_challenge: undefined, code_challenge_method: undefined }
    expect(await errorOf(browser, authorizePath(client, without))).toBe('invalid_request')
    const back = await follow(browser, authorizePath(client))
    expect(back.location.startsWith('org.example.app:/callback?code=')).toBe(true)
    const code = answerIn(back)['code'] ?? ''
    const fields = {
      grant_type: 'authorization_code',
      client_id: client.id,
      code,
      redirect_uri: client.redirectUri,
    }
    expect(await askAs(app.origin, '/oidc/token', { fields })).toMatchObject(invalidGrant)
    const again = answerIn(await follow(browser, authorizePath(client)))['code'] ?? ''
    const whole = { ...fields, code: again, code_verifier: verifier }
    expect((await askAs(app.origin, '/oidc/token', { fields: whole })).status).toBe(200)
  })
})

describe('an application', () => {
  const ask = (given: Parameters<typeof askAs>[2]) => askAs(app.origin, '/oidc/token', given)
  const nothing = { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://x.example' }

  it('OIDC-10 that is not who it says gets 401, whatever it says, and is counted', async () => {
    const client = await register(core())
    const foreign = await register(core())
    const wrong: readonly Parameters<typeof askAs>[2][] = [
      { app: { id: client.id, secret: 'wrong' }, fields: nothing },
      { app: { id: client.id, secret: foreign.secret }, fields: nothing },
      { app: { id: 'nobody', secret: client.secret }, fields: nothing },
      { fields: { ...nothing, client_id: client.id, client_secret: 'wrong' } },
      { fields: { ...nothing, client_id: client.id } },
      { fields: { ...nothing, client_id: client.id, client_secret: 'not-a-secret' } },
    ]
    for (const given of wrong) {
      const reply = await ask(given)
      expect(reply).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      expect(reply.headers.get('www-authenticate')).toMatch(/^Basic realm="/)
    }
    let last = await ask(wrong[0] ?? {})
    for (let more = 0; more < 15 && last.status === 401; more += 1) last = await ask(wrong[0] ?? {})
    expect(last.status).toBe(429)
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    // Its own requests go on.
    expect((await ask({ app: client, fields: nothing })).body['error']).toBe('invalid_grant')
  })

  it('OIDC-10 says who it is in either way, with what needs an escape in it', async () => {
    const secret = 'p%20q+r&s=t:u/v#w'
    const client = await register(core(), {}, { secret })
    expect((await ask({ app: client, fields: nothing })).body['error']).toBe('invalid_grant')
    const posted = { ...nothing, client_id: client.id, client_secret: secret }
    expect((await ask({ fields: posted })).body['error']).toBe('invalid_grant')
  })

  it('OIDC-10 has two secrets while it is being changed, and one afterwards', async () => {
    const client = await register(core())
    const rotated = await rotateSecret(core(), {
      id: client.id,
      keepOldSeconds: 7 * 24 * 3600,
      actor: atTheCommandLine,
    })
    if (rotated.kind !== 'rotated') throw new Error(rotated.kind)
    const fresh = { id: client.id, secret: rotated.secret.reveal() }
    for (const one of [client, fresh])
      expect((await ask({ app: one, fields: nothing })).body['error']).toBe('invalid_grant')
    app.clock.advance(7 * 24 * 3600)
    expect((await ask({ app: client, fields: nothing })).status).toBe(401)
    expect((await ask({ app: fresh, fields: nothing })).body['error']).toBe('invalid_grant')
  })

  it('OIDC-11 is told as much of another one’s token as of none', async () => {
    const [client, other] = [await register(core()), await register(core())]
    const { browser } = await somebody()
    const { body } = await redeem(app.origin, client, await codeFor(browser, client))
    const introspect = (given: Parameters<typeof askAs>[2]) => askAs(app.origin, '/oidc/introspect', given)
    const fields = { token: String(body['access_token']) }
    expect((await introspect({ app: client, fields })).body).toMatchObject({
      active: true,
      client_id: client.id,
    })
    expect((await introspect({ app: other, fields })).body).toEqual({ active: false })
    expect((await introspect({ fields })).status).toBeGreaterThanOrEqual(400)
  })

  it('OIDC-12 is refused with doubled, foreign and malformed input, in the words of the protocol', async () => {
    const client = await register(core())
    const doubled = 'grant_type=authorization_code&code=x&code=y&redirect_uri=https%3A%2F%2Fx.example'
    expect(await ask({ app: client, fields: doubled })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
    expect(await ask({ app: client, fields: { grant_type: 'password' } })).toMatchObject({
      body: { error: 'unsupported_grant_type' },
    })
    expect(
      await ask({ app: client, fields: '{}', headers: { 'content-type': 'application/json' } }),
    ).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect((await ask({ app: client, fields: 'x'.repeat(70_000) })).status).toBe(413)
    expect((await fetch(`${app.origin}/oidc/token`)).status).toBe(405)
    for (const token of ['', 'Bearer', 'Bearer x y', 'Bearer x', 'Basic x'])
      expect(
        (await fetch(`${app.origin}/oidc/userinfo`, { headers: { authorization: token } })).status,
      ).toBeGreaterThanOrEqual(400)
  })
})

describe('the keys', () => {
  it('OIDC-13 change without a refused token: the next one is shown before it signs', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const keyOf = (token: unknown): string =>
      (JSON.parse(Buffer.from(String(token).split('.')[0] ?? '', 'base64url').toString()) as { kid: string })
        .kid
    const shown = async (): Promise<string[]> =>
      ((await (await fetch(`${app.origin}/oidc/jwks`)).json()) as { keys: { kid: string }[] }).keys.map(
        ({ kid }) => kid,
      )
    const sign = async (): Promise<string> =>
      keyOf((await redeem(app.origin, client, await codeFor(browser, client))).body['id_token'])
    const before = await sign()
    const { keys } = await rotateSigningKeys(core(), { atOnce: false })
    expect(await shown()).toEqual(expect.arrayContaining([before, ...keys.map(({ id }) => id)]))
    expect(await sign()).toBe(before)
    app.clock.advance(11 * 3600)
    await follow(browser, '/account')
    app.clock.advance(11 * 3600)
    await follow(browser, '/account')
    app.clock.advance(2 * 3600)
    const after = await sign()
    expect(after).not.toBe(before)
    expect(await shown()).toContain(before)
    const {
      keys: [now],
    } = await rotateSigningKeys(core(), { atOnce: true })
    expect(await sign()).toBe(now?.id)
  })

  it('OIDC-14 are the only ones: a token of another key, or of none, is no hint of anybody', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const { body } = await redeem(app.origin, client, await codeFor(browser, client))
    const [, payload = ''] = String(body['id_token']).split('.')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
    const foreign = `${Buffer.from('{"alg":"RS256","kid":"other"}').toString('base64url')}.${payload}.AAAA`
    for (const id_token_hint of [none, foreign])
      expect(answerIn(await follow(browser, authorizePath(client, { id_token_hint })))['error']).toBe(
        'invalid_request',
      )
    expect(claimsIn(body['id_token'])['iss']).toBe(app.server.settings.origin)
  })
})

describe('the issuer', () => {
  it('OIDC-15 is the address of the settings, whatever the request says', async () => {
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
    const browser = app.browser(headers)
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      const { body } = await browser.get(`/.well-known/${name}`)
      expect(body).not.toContain('evil')
      expect(JSON.parse(body)).toMatchObject({ issuer: app.server.settings.origin })
    }
  })
})
