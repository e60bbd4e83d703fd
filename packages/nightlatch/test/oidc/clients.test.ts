import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { auth, requiresAuth } from 'express-openid-connect'
import * as jose from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rotateSigningKeys } from '../../src/core/applications/signing-keys.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { enrolledPerson, testPassword, useApp } from '../support/app.js'
import type { Enrolled } from '../support/app.js'
import { follow, register } from '../support/application.js'
import type { Registered } from '../support/application.js'
import { Browser } from '../support/browser.js'

/** Real clients, at a server with the real time, below a base path. */
const app = useApp({ env: { NIGHTLATCH_BASE_PATH: '/auth' }, parts: { platform: nodePlatform } })
const core = () => app.nightlatch.core
const issuer = () => new URL(`${app.server.settings.origin}/auth`)

let ada: Enrolled
let client: Registered
beforeAll(async () => {
  ada = await enrolledPerson(app, 'ada')
  client = await register(core(), {
    redirectUris: ['http://localhost:1/callback'],
    postLogoutUris: ['http://localhost:1/'],
  })
})

/** Where the browser ends up that an application has sent here. */
async function sent(url: URL): Promise<URL> {
  const reply = await follow(ada.browser, url.pathname + url.search, '/auth')
  if (reply.status !== 303) throw new Error(`${String(reply.status)} ${reply.body}`)
  return new URL(reply.location)
}

describe('openid-client', () => {
  it('discovers, signs in, asks who it is, refreshes twice, gives back, and signs out', async () => {
    const config = await openid.discovery(issuer(), client.id, client.secret, undefined, {
      execute: [openid.allowInsecureRequests],
    })
    const codeVerifier = openid.randomPKCECodeVerifier()
    const [state, nonce] = [openid.randomState(), openid.randomNonce()]
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: client.redirectUri,
      scope: 'openid profile groups offline_access',
      code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    const tokens = await openid.authorizationCodeGrant(config, await sent(url), {
      pkceCodeVerifier: codeVerifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    expect(claims).toMatchObject({ preferred_username: 'ada', amr: ['pwd', 'otp', 'mfa'] })
    const info = await openid.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '')
    expect(info).toMatchObject({ preferred_username: 'ada', groups: [] })
    const second = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
    const third = await openid.refreshTokenGrant(config, second.refresh_token ?? '')
    expect(third.claims()).toMatchObject({ sub: claims?.sub, preferred_username: 'ada' })
    expect((await openid.tokenIntrospection(config, third.access_token)).active).toBe(true)
    await openid.tokenRevocation(config, third.refresh_token ?? '')
    await expect(openid.refreshTokenGrant(config, third.refresh_token ?? '')).rejects.toThrow()
    const out = openid.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'http://localhost:1/',
    })
    expect(out.pathname).toBe('/auth/oidc/logout')
  })
})

describe('oauth4webapi', () => {
  const insecure = { [oauth.allowInsecureRequests]: true }

  it('finds nothing wrong with every check on, by either way of saying who it is, with either key', async () => {
    const es256 = await register(core(), {
      redirectUris: ['http://localhost:1/callback'],
      signingAlgorithm: 'ES256',
    })
    for (const [one, authenticate, algorithm] of [
      [client, oauth.ClientSecretPost(client.secret), 'RS256'],
      [es256, oauth.ClientSecretBasic(es256.secret), 'ES256'],
    ] as const) {
      for (const kind of ['oidc', 'oauth2'] as const) {
        const found = await oauth.discoveryRequest(issuer(), { algorithm: kind, ...insecure })
        expect((await oauth.processDiscoveryResponse(issuer(), found)).issuer).toBe(issuer().href)
      }
      const as = await oauth.processDiscoveryResponse(
        issuer(),
        await oauth.discoveryRequest(issuer(), { algorithm: 'oidc', ...insecure }),
      )
      const party: oauth.Client = {
        client_id: one.id,
        id_token_signed_response_alg: algorithm,
        require_auth_time: true,
        default_max_age: 3600,
      }
      const codeVerifier = oauth.generateRandomCodeVerifier()
      const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
      const url = new URL(as.authorization_endpoint ?? '')
      const query = {
        client_id: one.id,
        redirect_uri: one.redirectUri,
        response_type: 'code',
        scope: 'openid email profile',
        code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        max_age: '3600',
        state,
        nonce,
      }
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
      const parameters = oauth.validateAuthResponse(as, party, await sent(url), state)
      const response = await oauth.authorizationCodeGrantRequest(
        as,
        party,
        authenticate,
        parameters,
        one.redirectUri,
        codeVerifier,
        insecure,
      )
      const tokens = await oauth.processAuthorizationCodeResponse(as, party, response, {
        expectedNonce: nonce,
        maxAge: 3600,
        requireIdToken: true,
      })
      await oauth.validateApplicationLevelSignature(as, response, insecure)
      const claims = oauth.getValidatedIdTokenClaims(tokens)
      const info = await oauth.userInfoRequest(as, party, tokens.access_token, insecure)
      expect(await oauth.processUserInfoResponse(as, party, claims?.sub ?? '', info)).toMatchObject({
        preferred_username: 'ada',
      })
    }
  })
})

describe('jose', () => {
  it('checks tokens with the keys that are shown, before and after they change', async () => {
    const config = await openid.discovery(issuer(), client.id, client.secret, undefined, {
      execute: [openid.allowInsecureRequests],
    })
    const tokenNow = async (): Promise<string> => {
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: client.redirectUri,
        scope: 'openid',
      })
      return (await openid.authorizationCodeGrant(config, await sent(url))).id_token ?? ''
    }
    const check = (token: string, keys: jose.JWTVerifyGetKey) =>
      jose.jwtVerify(token, keys, { issuer: issuer().href, audience: client.id, algorithms: ['RS256'] })
    const keys = () => jose.createRemoteJWKSet(new URL(`${issuer().href}/oidc/jwks`))
    const kept = keys()
    const before = await tokenNow()
    expect((await check(before, kept)).protectedHeader.kid).toBeTruthy()
    await rotateSigningKeys(core(), { atOnce: false })
    expect((await check(await tokenNow(), kept)).payload['sub']).toBeTruthy()
    await rotateSigningKeys(core(), { atOnce: true })
    const after = await tokenNow()
    expect(after.split('.')[0]).not.toBe(before.split('.')[0])
    expect((await check(after, keys())).payload['sub']).toBeTruthy()
    expect((await check(before, keys())).payload['sub']).toBeTruthy()
  })
})

describe('express-openid-connect', () => {
  const server = createServer()
  let own: string
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    own = `http://localhost:${String((server.address() as AddressInfo).port)}`
    const { id, secret } = await register(core(), {
      redirectUris: [`${own}/callback`],
      postLogoutUris: [own],
    })
    const site = express()
    site.use(
      auth({
        issuerBaseURL: issuer().href,
        baseURL: own,
        clientID: id,
        clientSecret: secret,
        secret: createHash('sha256').update(secret).digest('hex'),
        authRequired: false,
        idpLogout: true,
        authorizationParams: { response_type: 'code', response_mode: 'form_post', scope: 'openid profile' },
      }),
    )
    site.get('/private', requiresAuth(), (request, response) => {
      response.send(`Hello ${String(request.oidc.user?.['preferred_username'])}`)
    })
    server.on('request', site)
  })
  afterAll(() => server.close())

  it('signs in by a form that the browser posts, and signs out in both places', async () => {
    const visitor = new Browser(own.replace('localhost', '127.0.0.1'), { host: new URL(own).host })
    const login = await visitor.get('/private')
    expect(login.status).toBe(302)
    const url = new URL(login.location)
    const page = await follow(ada.browser, url.pathname + url.search, '/auth')
    const fields = Object.fromEntries(
      [...page.body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
        ([, name, value]) => [name, value],
      ),
    ) as Record<string, string>
    const back = await visitor.post('/callback', fields)
    expect(back.status).toBe(302)
    expect((await visitor.get('/private')).body).toBe('Hello ada')
    const out = await visitor.get('/logout')
    const there = new URL(out.location)
    expect(there.pathname).toBe('/auth/oidc/logout')
    const done = await follow(ada.browser, there.pathname + there.search, '/auth')
    expect(done.location.replace(/\/$/, '')).toBe(own)
    expect((await ada.browser.get('/auth/account')).status).toBe(303)
    expect(testPassword).toBeTruthy()
  })
})
