import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as jose from 'jose'
import { describe, expect, it } from 'vitest'
import { enrolledPerson, useApp } from '../support/app.js'
import { answerIn, authorizePath, claimsIn, follow, redeem, register } from '../support/application.js'
import type { Registered } from '../support/application.js'
import type { Browser } from '../support/browser.js'

/** The modules of the OpenID Foundation's plans for RP-Initiated and Back-Channel Logout, by their names. */
const app = useApp()
const core = () => app.nightlatch.core
const back = 'https://grafana.example.org/'

let people = 0
async function signedIn(client: Registered): Promise<{ browser: Browser; idToken: string }> {
  const { browser } = await enrolledPerson(app, `ada${String((people += 1))}`)
  const { code = '' } = answerIn(await follow(browser, authorizePath(client)))
  return { browser, idToken: String((await redeem(app.origin, client, code)).body['id_token']) }
}

const logoutPath = (fields: Readonly<Record<string, string>>): string =>
  `/oidc/logout?${new URLSearchParams(fields).toString()}`
const silently = async (browser: Browser, client: Registered) =>
  answerIn(await follow(browser, authorizePath(client, { prompt: 'none' })))

const discovery = async () =>
  (await (await fetch(`${app.origin}/.well-known/openid-configuration`)).json()) as Record<string, unknown>

/** The same claims under a key of somebody else. */
async function foreign(idToken: string): Promise<string> {
  const { privateKey } = await jose.generateKeyPair('RS256')
  const header = jose.decodeProtectedHeader(idToken)
  return new jose.SignJWT(claimsIn(idToken)).setProtectedHeader({ ...header, alg: 'RS256' }).sign(privateKey)
}

const unsigned = (idToken: string): string => new jose.UnsecuredJWT(claimsIn(idToken)).encode()

describe('RP-Initiated Logout', () => {
  it('oidcc-rp-initiated-logout-discovery-endpoint-verification: the address is named', async () => {
    expect((await discovery())['end_session_endpoint']).toBe(`${app.server.settings.origin}/oidc/logout`)
  })

  it.each([
    ['oidcc-rp-initiated-logout', { state: 'abc' }, `${back}?state=abc`],
    ['oidcc-rp-initiated-logout-no-state', {}, back],
  ])('%s: signed out, and back', async (_name, more: Record<string, string>, location) => {
    const client = await register(core())
    const { browser, idToken } = await signedIn(client)
    const fields = { id_token_hint: idToken, post_logout_redirect_uri: back, ...more }
    expect(await browser.get(logoutPath(fields))).toMatchObject({ status: 303, location })
    expect(await silently(browser, client)).toMatchObject({ error: 'login_required' })
  })

  type Wish = (idToken: string) => Promise<Record<string, string>> | Record<string, string>
  it.each<[string, Wish]>([
    [
      'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri',
      (idToken) => ({ id_token_hint: idToken, post_logout_redirect_uri: 'https://evil.example/' }),
    ],
    [
      'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri',
      (idToken) => ({ id_token_hint: idToken, post_logout_redirect_uri: `${back}?foo=bar` }),
    ],
    [
      'oidcc-rp-initiated-logout-modified-id-token-hint',
      (idToken) => ({ id_token_hint: unsigned(idToken), post_logout_redirect_uri: back }),
    ],
    [
      'oidcc-rp-initiated-logout-bad-id-token-hint',
      async (idToken) => ({ id_token_hint: await foreign(idToken), post_logout_redirect_uri: back }),
    ],
    ['oidcc-rp-initiated-logout-no-id-token-hint', () => ({ post_logout_redirect_uri: back })],
  ])('%s: a page, nobody is led anywhere, and nobody is signed out unasked', async (_name, wish) => {
    const client = await register(core())
    const { browser, idToken } = await signedIn(client)
    const reply = await browser.get(logoutPath(await wish(idToken)))
    expect([200, 400]).toContain(reply.status)
    expect(reply.location).toBe('')
    expect(await silently(browser, client)).toHaveProperty('code')
  })

  it.each<[string, Wish]>([
    ['oidcc-rp-initiated-logout-no-params', () => ({})],
    ['oidcc-rp-initiated-logout-only-state', () => ({ state: 'abc' })],
    ['oidcc-rp-initiated-logout-no-post-logout-redirect-uri', (idToken) => ({ id_token_hint: idToken })],
  ])('%s: a question, and with its answer the person is signed out', async (_name, wish) => {
    const client = await register(core())
    const { browser, idToken } = await signedIn(client)
    const fields = await wish(idToken)
    const page = await browser.get(logoutPath(fields))
    expect(page).toMatchObject({ status: 200, location: '' })
    expect(page.body).toContain('Sign out')
    await browser.submit('/oidc/logout', { ...fields, confirm: 'yes' })
    expect(await silently(browser, client)).toMatchObject({ error: 'login_required' })
  })
})

describe('Back-Channel Logout', () => {
  it('oidcc-backchannel-logout-discovery-endpoint-verification: it is offered, with the session', async () => {
    expect(await discovery()).toMatchObject({
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    })
  })

  it('oidcc-backchannel-rp-initiated-logout: a token that checks, for this session', async () => {
    const got: { type: string; body: string }[] = []
    const receiver = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        got.push({ type: request.headers['content-type'] ?? '', body })
        response.writeHead(200).end()
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', () => resolve()))
    const { port } = receiver.address() as AddressInfo
    try {
      const backchannelLogoutUri = `http://127.0.0.1:${String(port)}/backchannel_logout`
      const client = await register(core(), { backchannelLogoutUri })
      const { browser, idToken } = await signedIn(client)
      const fields = { id_token_hint: idToken, post_logout_redirect_uri: back }
      expect((await browser.get(logoutPath(fields))).location).toBe(back)
      await expect.poll(() => got.length).toBe(1)
      expect(got[0]?.type).toContain('application/x-www-form-urlencoded')
      const token = new URLSearchParams(got[0]?.body).get('logout_token') ?? ''
      const keys = (await (await fetch(`${app.origin}/oidc/jwks`)).json()) as jose.JSONWebKeySet
      const { payload } = await jose.jwtVerify(token, jose.createLocalJWKSet(keys), {
        issuer: app.server.settings.origin,
        audience: client.id,
        algorithms: ['RS256'],
        requiredClaims: ['iat', 'jti', 'sid', 'sub'],
      })
      expect(payload).toMatchObject({ sub: claimsIn(idToken)['sub'], sid: claimsIn(idToken)['sid'] })
      expect(payload['events']).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} })
      expect(payload).not.toHaveProperty('nonce')
      expect(await silently(browser, client)).toMatchObject({ error: 'login_required' })
    } finally {
      receiver.close()
    }
  })
})
