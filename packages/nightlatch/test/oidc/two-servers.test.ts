import * as jose from 'jose'
import { describe, expect, it } from 'vitest'
import { disableAccount, findAccount } from '../../src/core/accounts/administration.js'
import { rotateSigningKeys } from '../../src/core/applications/signing-keys.js'
import { enrolledPerson } from '../support/app.js'
import { answerIn, askAs, authorizePath, claimsIn, follow, redeem, register } from '../support/application.js'
import type { Registered } from '../support/application.js'
import type { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { useTwoOn } from '../support/kinds.js'

const issuer = 'https://auth.example.org'
const [, postgres] = databases

describe('two servers of one site, for an application', () => {
  const { app: here, there } = useTwoOn(postgres!, { NIGHTLATCH_ORIGIN: issuer })
  const core = () => here.nightlatch.core
  /** One after the other, as a load balancer does it. */
  const servers = (count: number) =>
    Array.from({ length: count }, (_none, at) => (at % 2 === 0 ? here.origin : there.origin))

  const codeFor = async (browser: Browser, client: Registered): Promise<string> => {
    const path = authorizePath(client, { scope: 'openid profile offline_access' })
    return answerIn(await follow(browser, path))['code'] ?? ''
  }
  const tokensFor = async (browser: Browser, client: Registered) =>
    (await redeem(here.origin, client, await codeFor(browser, client))).body

  const refreshAt = (origin: string, client: Registered, token: unknown) =>
    askAs(origin, '/oidc/token', {
      app: client,
      fields: { grant_type: 'refresh_token', refresh_token: String(token) },
    })
  const isActive = async (origin: string, client: Registered, token: unknown): Promise<boolean> =>
    (await askAs(origin, '/oidc/introspect', { app: client, fields: { token: String(token) } })).body[
      'active'
    ] === true

  it('of fifty copies of one code one is redeemed, and what it was redeemed for has ended', async () => {
    const client = await register(core())
    const { browser } = await enrolledPerson(here, 'ada')
    const code = await codeFor(browser, client)
    const answers = await Promise.all(servers(50).map((origin) => redeem(origin, client, code)))
    const won = answers.filter(({ status }) => status === 200)
    const lost = answers.filter(({ status, body }) => status === 400 && body['error'] === 'invalid_grant')
    expect([won.length, lost.length]).toEqual([1, 49])
    for (const name of ['access_token', 'refresh_token'])
      for (const origin of servers(2)) expect(await isActive(origin, client, won[0]?.body[name])).toBe(false)
    expect((await refreshAt(there.origin, client, won[0]?.body['refresh_token'])).body['error']).toBe(
      'invalid_grant',
    )
  })

  it('copies of one refresh token at once leave one family, and it ends with a late one', async () => {
    const client = await register(core())
    const { browser } = await enrolledPerson(here, 'bea')
    const { refresh_token: first } = await tokensFor(browser, client)
    const answers = await Promise.all(servers(20).map((origin) => refreshAt(origin, client, first)))
    const renewed = answers.filter(({ status }) => status === 200)
    expect(renewed.length).toBeGreaterThanOrEqual(1)
    expect(answers.every(({ status, body }) => status === 200 || body['error'] === 'invalid_grant')).toBe(
      true,
    )
    // Half a minute later the old one is no copy of an answer that was lost, but somebody else's.
    here.clock.advance(31)
    expect((await refreshAt(there.origin, client, first)).body['error']).toBe('invalid_grant')
    for (const { body } of renewed)
      expect((await refreshAt(here.origin, client, body['refresh_token'])).body['error']).toBe(
        'invalid_grant',
      )
  })

  it('keys change under both, and tokens from before and after are good by what either shows', async () => {
    const client = await register(core())
    const { browser } = await enrolledPerson(here, 'cleo')
    const keysOf = async (origin: string) =>
      jose.createLocalJWKSet((await (await fetch(`${origin}/oidc/jwks`)).json()) as jose.JSONWebKeySet)
    const kidOf = (token: unknown): string => jose.decodeProtectedHeader(String(token)).kid ?? ''
    const signedAt = async (origin: string): Promise<string> =>
      String((await redeem(origin, client, await codeFor(browser, client))).body['id_token'])
    const before = await Promise.all(servers(2).map(signedAt))
    await rotateSigningKeys(core(), { atOnce: true })
    const after = await Promise.all(servers(2).map(signedAt))
    expect(new Set(before.map(kidOf)).size).toBe(1)
    expect(new Set(after.map(kidOf)).size).toBe(1)
    expect(kidOf(after[0])).not.toBe(kidOf(before[0]))
    for (const origin of servers(2)) {
      const keys = await keysOf(origin)
      for (const token of [...before, ...after]) {
        const currentDate = new Date(here.clock.seconds * 1000)
        const { payload } = await jose.jwtVerify(token, keys, { issuer, audience: client.id, currentDate })
        expect(payload.sub).toBe(claimsIn(before[0])['sub'])
      }
    }
  })

  it('a disabled account is known at the other one at the next request', async () => {
    const client = await register(core())
    const { browser, username } = await enrolledPerson(here, 'dora')
    const tokens = await tokensFor(browser, client)
    expect(await isActive(there.origin, client, tokens['refresh_token'])).toBe(true)
    const account = await findAccount(core(), username)
    await disableAccount(core(), account!)
    expect(await isActive(there.origin, client, tokens['refresh_token'])).toBe(false)
    expect((await refreshAt(there.origin, client, tokens['refresh_token'])).body['error']).toBe(
      'invalid_grant',
    )
    const info = await fetch(`${there.origin}/oidc/userinfo`, {
      headers: { authorization: `Bearer ${String(tokens['access_token'])}` },
    })
    expect(info.status).toBe(401)
  })
})
