import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { prune } from '../../src/core/maintenance/housekeeping.js'
import { storage } from '../../src/core/ports/stores.js'
import { tellLogouts } from '../../src/core/applications/logout.js'
import { disableAccount, findAccount } from '../../src/core/accounts/administration.js'
import { enrolledPerson, useApp } from '../support/app.js'
import { answerIn, askAs, authorizePath, claimsIn, follow, redeem, register } from '../support/application.js'
import type { Registered } from '../support/application.js'
import type { Browser } from '../support/browser.js'

const app = useApp()
const core = () => app.nightlatch.core

let people = 0
const somebody = () => enrolledPerson(app, `ada${String((people += 1))}`)

async function idTokenFor(browser: Browser, client: Registered): Promise<string> {
  const back = await follow(browser, authorizePath(client))
  return String((await redeem(app.origin, client, answerIn(back)['code'] ?? '')).body['id_token'])
}

const path = (fields: Record<string, string>): string =>
  `/oidc/logout?${new URLSearchParams(fields).toString()}`

const isSignedIn = async (browser: Browser): Promise<boolean> =>
  (await browser.get('/account')).status === 200

const back = 'https://grafana.example.org/'

describe('an application signs its person out', () => {
  it('at once where it shows a token of the session, however old, and knows where to go', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const id_token_hint = await idTokenFor(browser, client)
    app.clock.advance(2 * 3600)
    const fields = { id_token_hint, post_logout_redirect_uri: back, state: 'abc' }
    const reply = await browser.get(path(fields))
    expect(reply).toMatchObject({ status: 303, location: `${back}?state=abc` })
    expect(await isSignedIn(browser)).toBe(false)
    // Nobody is signed in again in silence.
    expect(answerIn(await follow(browser, authorizePath(client, { prompt: 'none' })))['error']).toBe(
      'login_required',
    )
    expect((await browser.get(path(fields))).location).toBe(`${back}?state=abc`)
  })

  it('by a form of its own, too', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const id_token_hint = await idTokenFor(browser, client)
    const posted = await browser.send('/oidc/logout', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ id_token_hint, post_logout_redirect_uri: back, confirm: 'yes' }).toString(),
    })
    expect(posted.status).toBe(303)
    expect(await isSignedIn(browser)).toBe(true)
    expect((await browser.get(posted.location)).location).toBe(back)
    expect(await isSignedIn(browser)).toBe(false)
  })

  it('by asking, where it cannot show whose session it means', async () => {
    const client = await register(core())
    const [ada, bea] = [await somebody(), await somebody()]
    const foreign = await idTokenFor(bea.browser, client)
    const asked: readonly Record<string, string>[] = [
      {},
      { client_id: client.id, post_logout_redirect_uri: back, state: 'abc' },
      { id_token_hint: foreign, post_logout_redirect_uri: back },
      { id_token_hint: await idTokenFor(ada.browser, client) },
    ]
    for (const fields of asked) {
      const page = await ada.browser.get(path(fields))
      expect(page.status).toBe(200)
      expect(page.body).toContain('Sign out')
      expect(await isSignedIn(ada.browser)).toBe(true)
    }
    const page = await ada.browser.get(path(asked[1] ?? {}))
    expect(String(page.headers['content-security-policy'])).toContain(
      "form-action 'self' https://grafana.example.org;",
    )
    const done = await ada.browser.submit('/oidc/logout', { ...asked[1], confirm: 'yes' })
    expect(done.location).toBe(`${back}?state=abc`)
    expect(await isSignedIn(ada.browser)).toBe(false)
    expect(await isSignedIn(bea.browser)).toBe(true)
  })

  it('and leads nowhere that is not registered, nor for a token that is not ours', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const id_token_hint = await idTokenFor(browser, client)
    const wrong: readonly Record<string, string>[] = [
      { id_token_hint, post_logout_redirect_uri: 'https://evil.example/' },
      { id_token_hint, post_logout_redirect_uri: `${back}?x=1` },
      { post_logout_redirect_uri: back },
      { id_token_hint: `${id_token_hint}x`, post_logout_redirect_uri: back },
      { id_token_hint, client_id: 'somebody-else', post_logout_redirect_uri: back },
    ]
    for (const fields of wrong) {
      const page = await browser.get(path(fields))
      expect(page).toMatchObject({ status: 400, location: '' })
      expect(await isSignedIn(browser)).toBe(true)
    }
  })
})

describe('applications are told that a session has ended', () => {
  /** A receiver of logout tokens. */
  async function receiver() {
    const got: string[] = []
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        got.push(new URLSearchParams(body).get('logout_token') ?? '')
        response.writeHead(200).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    const { port } = server.address() as AddressInfo
    return { got, uri: `http://127.0.0.1:${String(port)}/logout`, close: () => server.close() }
  }

  it('by a token that says whose and which, from sign-out, and from a disabled account', async () => {
    const there = await receiver()
    const client = await register(core(), { backchannelLogoutUri: there.uri })
    const silent = await register(core())
    for (const way of ['sign-out', 'disable'] as const) {
      there.got.length = 0
      const { browser, username } = await somebody()
      const idToken = claimsIn(await idTokenFor(browser, client))
      await idTokenFor(browser, client)
      await idTokenFor(browser, silent)
      const account = await findAccount(core(), username)
      await (way === 'sign-out' ? browser.submit('/logout') : disableAccount(core(), account!))
      await expect.poll(() => there.got.length, { timeout: 20_000 }).toBe(1)
      const [token = ''] = there.got
      const said = claimsIn(token)
      expect(said).toMatchObject({
        iss: app.server.settings.origin,
        aud: client.id,
        sub: idToken['sub'],
        sid: idToken['sid'],
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      })
      expect(said).toHaveProperty('jti')
      expect(said).not.toHaveProperty('nonce')
    }
    there.close()
  })

  it('also beside one that answers without an end', async () => {
    const slow = createServer((_request, response) => {
      response.socket?.write('HTTP/1.1 200 OK\r\nX-Slow: ')
      const drip = setInterval(() => response.socket?.write('a'), 200)
      response.socket?.on('close', () => clearInterval(drip))
    })
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', () => resolve()))
    const uri = `http://127.0.0.1:${String((slow.address() as AddressInfo).port)}/`
    const [hostile, there] = [await register(core(), { backchannelLogoutUri: uri }), await receiver()]
    const honest = await register(core(), { backchannelLogoutUri: there.uri })
    const [ada, bea] = [await somebody(), await somebody()]
    await idTokenFor(ada.browser, hostile)
    await idTokenFor(bea.browser, honest)
    const asked = new Promise((resolve) => slow.once('request', resolve))
    await ada.browser.submit('/logout')
    await asked
    await bea.browser.submit('/logout')
    await expect.poll(() => there.got.length, { timeout: 20_000 }).toBe(1)
    slow.closeAllConnections()
    slow.close()
    there.close()
  })

  it('five times at most, and whoever signs out waits for none of it', async () => {
    const tried: number[] = []
    const client = await register(core(), { backchannelLogoutUri: 'http://127.0.0.1:9/' })
    const { browser } = await somebody()
    await idTokenFor(browser, client)
    const before = app.clock.seconds
    await browser.submit('/logout')
    for (let tries = 0; tries < 8; tries += 1) {
      await tellLogouts(core(), (application, notice) => {
        if (application.id === client.id) tried.push(notice.tries)
        return Promise.resolve(false)
      })
      app.clock.advance(3600)
    }
    expect(tried.length).toBeLessThanOrEqual(5)
    expect(app.clock.seconds).toBeGreaterThan(before)
    const [last] = await core().queries.audit.list({ limit: 1 })
    expect(last).toMatchObject({ event: 'application.sign-out-not-told' })
  })

  it('and not of one that has run out by itself', async () => {
    const client = await register(core(), { backchannelLogoutUri: 'http://127.0.0.1:9/' })
    const { browser } = await somebody()
    await idTokenFor(browser, client)
    app.clock.advance(13 * 3600)
    await prune(core(), core()[storage].stores)
    const told: string[] = []
    await tellLogouts(core(), (application) => Promise.resolve(told.push(application.id) > 0))
    expect(told).not.toContain(client.id)
  })
})

describe('a person takes access away', () => {
  it('on the account page, from an application that has it', async () => {
    const client = await register(core(), { skipConsent: false, name: 'Photos' })
    const { browser } = await somebody()
    const page = await follow(browser, authorizePath(client, { scope: 'openid offline_access' }))
    const request = /name="request" value="(\w+)"/.exec(page.body)?.[1] ?? ''
    const agreed = await browser.submit('/oidc/consent', { request, answer: 'allow' })
    const code = answerIn(await follow(browser, agreed.location))['code'] ?? ''
    const { body } = await redeem(app.origin, client, code)
    expect((await browser.get('/account')).body).toContain('Photos')
    const path = `/account/applications/withdraw?application=${client.id}`
    expect((await browser.get(path)).body).toContain('Take access away from')
    await browser.submit('/account/applications/withdraw', { application: client.id })
    const fields = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) }
    expect((await askAs(app.origin, '/oidc/token', { app: client, fields })).body['error']).toBe(
      'invalid_grant',
    )
    expect((await follow(browser, authorizePath(client))).body).toContain('know you?')
    const stranger = await somebody()
    expect((await stranger.browser.get(path)).status).toBe(404)
  })
})
