import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routes } from '../../src/http/routes.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp, testPassword, useApp } from '../support/app.js'
import { everythingKept, isSignedIn, withPassword } from '../support/attack.js'

const evil = 'https://evil.test'
const formType = { 'content-type': 'application/x-www-form-urlencoded' }

describe('a page of another site', () => {
  let app: TestApp
  let ada: Enrolled
  beforeAll(async () => {
    app = await startApp()
    ada = await enrolledPerson(app, 'ada')
  })
  afterAll(() => app.close())

  const marks: [string, Record<string, string>][] = [
    ['another origin', { origin: evil }],
    ['no origin at all', { origin: 'null' }],
    ['our host over another scheme', { origin: 'https://localhost' }],
    ['our host at another port', { origin: 'http://localhost:1' }],
    ['a name that begins like ours', { origin: 'http://localhost.evil.test' }],
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['same-site, another origin', { 'sec-fetch-site': 'same-site' }],
    ['cross-site with our own origin', { 'sec-fetch-site': 'cross-site', origin: 'http://localhost' }],
    ['several marks', { 'sec-fetch-site': 'same-origin, cross-site' }],
    ['an empty mark', { 'sec-fetch-site': '' }],
  ]

  it.each(marks)('CSRF-1 changes nothing anywhere: %s', async (_name, headers) => {
    const before = await everythingKept(app)
    const jar = ada.browser
    // Forward authentication answers a proxy's question about any method, and changes nothing itself.
    const writing = routes.filter((route) => route.method !== 'GET' && route.method !== 'ANY')
    for (const { method, path } of writing) {
      const address = path.replace(':id', 'a'.repeat(26))
      const type = path.startsWith('/api/') ? { 'content-type': 'application/json' } : formType
      const body = path.startsWith('/api/') ? '{}' : 'saved=yes'
      const reply = await jar.send(address, { method, headers: { ...type, ...headers }, body })
      expect([path, reply.status]).toEqual([path, 403])
      expect(reply.headers['set-cookie'], path).toBeUndefined()
    }
    expect(await everythingKept(app)).toBe(before)
    expect(await isSignedIn(ada.browser)).toBe(true)
  })

  it('CSRF-1 the same requests of our own pages are not refused', async () => {
    const { origin } = app.server.settings
    for (const headers of [{ origin }, { 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }]) {
      const reply = await ada.browser.send('/account/confirm', {
        method: 'POST',
        headers: { ...formType, ...headers },
        body: 'otp=',
      })
      expect(reply.status).toBe(422)
    }
  })

  it.each([
    ['http://localhost', 'http://192.168.1.20:3000', 'set up for the machine that it runs on'],
    ['https://auth.example.org', 'http://192.168.1.20:3000', 'only at the address that this site was set up'],
    ['https://auth.example.org', 'http://auth.example.org:3000', 'only at the address that this site was'],
  ])('who opened %s as %s is told the right address', async (origin, opened, words) => {
    const env = origin.startsWith('https') ? { NIGHTLATCH_ORIGIN: origin } : undefined
    const other = await startApp({ env: { ...env, NIGHTLATCH_BASE_PATH: '/auth' } })
    const address = `${other.server.settings.origin}/auth/`
    const send = (headers: Record<string, string>) =>
      other.browser().send('/auth/login', {
        method: 'POST',
        headers: { ...formType, ...headers },
        body: 'username=ada',
      })
    const refused = await send({ origin: opened, host: new URL(opened).host })
    expect([refused.status, refused.body.includes(words)]).toEqual([403, true])
    expect(refused.body).toContain(`href="${address}">${address}</a>`)
    // From its own address only another site sends that.
    const { host } = new URL(other.server.settings.origin)
    const own = await send({ origin: evil, host: origin.startsWith('https') ? `${host}:443` : host })
    expect([own.status, own.body.includes('That came from another site')]).toEqual([403, true])
    expect(own.body).not.toContain(`href="${address}">`)
    await other.close()
  })

  it('CSRF-2 signs nobody in as somebody else', async () => {
    const eve = await enrolledPerson(app, 'eve')
    const victim = app.browser()
    const login = await victim.post(
      '/login',
      { username: 'eve', password: eve.password },
      { 'sec-fetch-site': 'cross-site', origin: evil },
    )
    expect([login.status, victim.cookies.size]).toEqual([403, 0])
    const half = await withPassword(app, eve)
    const code = await half.post('/mfa/verify', { otp: eve.phone.code() }, { 'sec-fetch-site': 'cross-site' })
    expect(code.status).toBe(403)
    expect(await isSignedIn(half)).toBe(false)
    expect((await half.post('/mfa/verify', { otp: eve.phone.code() })).status).toBe(303)
    app.clock.advance(30)
  })

  it('CSRF-5 GET signs nobody out, POST does: on the server, and with every cookie taken back', async () => {
    const joan = await enrolledPerson(app, 'joan')
    for (const method of ['GET', 'HEAD']) {
      const asked = await joan.browser.send('/logout', { method })
      expect([asked.status, asked.headers['set-cookie']]).toEqual([200, undefined])
    }
    expect(await isSignedIn(joan.browser)).toBe(true)
    const copy = joan.browser.copy()
    const out = await joan.browser.post('/logout')
    expect(out).toMatchObject({ status: 303, location: '/login' })
    expect(out.headers['set-cookie']).toContain(
      `${app.cookieName('session')}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`,
    )
    expect(out.headers['clear-site-data']).toContain('"cache"')
    expect(await isSignedIn(copy)).toBe(false)
  })

  /** Facts of OpenID Connect that say nothing of anybody. */
  const forEverySite = new Set([
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/oidc/jwks',
  ])

  it('CSRF-6 reads nothing either: no answer is shared with another origin', async () => {
    const own = routes.filter(({ method, path }) => method === 'GET' && !forEverySite.has(path))
    for (const { path } of own) {
      const headers = { origin: evil, 'access-control-request-method': 'POST' }
      const reply = await ada.browser.get(path.replace(':id', 'a'.repeat(26)), headers)
      for (const name of Object.keys(reply.headers)) expect(name, path).not.toMatch(/^access-control-/)
      const preflight = await ada.browser.send(path.replace(':id', 'a'.repeat(26)), {
        method: 'OPTIONS',
        headers,
      })
      for (const name of Object.keys(preflight.headers)) expect(name, path).not.toMatch(/^access-control-/)
    }
  })

  it('CSRF-7 cookies that a neighbour planted beside ours are not taken for ours', async () => {
    const session = ada.browser.cookies.get(app.cookieName('session'))!
    const eve = await enrolledPerson(app, 'eve7')
    const planted = eve.browser.cookies.get(app.cookieName('session'))!
    const both = await app.browser().get('/account', {
      cookie: `${app.cookieName('session')}=${planted}; ${app.cookieName('session')}=${session}`,
    })
    expect(both.location).toMatch(/^\/login/)
    const lookalikes = [
      `x${app.cookieName('session')}`,
      `${app.cookieName('session')}2`,
      `N${app.cookieName('session').slice(1)}`,
      // White space to many languages, part of the name to browsers: their rules for __Host- do not look at it.
      `\xa0${app.cookieName('session')}`,
      `\xc2\xa0${app.cookieName('session')}`,
    ]
    for (const name of lookalikes)
      expect((await app.browser().get('/account', { cookie: `${name}=${session}` })).location).toMatch(
        /^\/login/,
      )
  })

  it('CSRF-1 a form in another dress is not read: JSON, text and multipart are not forms', async () => {
    for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x', '']) {
      const headers: Record<string, string> = {
        'sec-fetch-site': 'same-origin',
        ...(type === '' ? {} : { 'content-type': type }),
      }
      const body = new URLSearchParams({ username: 'ada', password: testPassword }).toString()
      const reply = await app.browser().send('/login', { method: 'POST', headers, body })
      expect(reply.status, type).toBe(415)
    }
  })
})

describe('Strict-Transport-Security', () => {
  it.each([
    [{}, 'max-age=63072000'],
    [{ NIGHTLATCH_HSTS: 'host' }, 'max-age=63072000'],
    [{ NIGHTLATCH_HSTS: 'subdomains' }, 'max-age=63072000; includeSubDomains'],
    [{ NIGHTLATCH_HSTS: 'off' }, undefined],
    [{ NIGHTLATCH_HSTS: 'subdomains', NIGHTLATCH_ORIGIN: 'http://localhost:3000' }, undefined],
  ])('with %j is %j, on every answer', async (env, expected) => {
    const app = await startApp({ env: { NIGHTLATCH_ORIGIN: 'https://auth.example.test', ...env } })
    const { browser } = await enrolledPerson(app)
    // Twice: the second answer is one that was kept.
    for (const path of [
      '/',
      '/',
      '/login',
      '/api/v1/session',
      '/api/v1/session',
      '/forward-auth',
      '/nowhere',
      '/healthz',
    ])
      expect([path, (await browser.get(path)).headers['strict-transport-security']]).toEqual([path, expected])
    await app.close()
  })
})

describe('over https', () => {
  const app = useApp({ env: { NIGHTLATCH_ORIGIN: 'https://auth.example.test' } })

  it('CSRF-7 SESS-1 every cookie is bound to this host, secure, and out of reach of scripts', async () => {
    await app.person('ada')
    const browser = app.browser()
    const login = await browser.post('/login', { username: 'ada', password: testPassword, next: '/account' })
    const out = await browser.post('/logout')
    for (const cookie of [...login.headers['set-cookie']!, ...out.headers['set-cookie']!])
      expect(cookie).toMatch(
        /^__Host-nightlatch-[a-z-]+=[^;]*; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
      )
    expect(login.headers['strict-transport-security'], 'sibling hosts are not ours').toBe('max-age=63072000')
  })

  it('CSRF-7 a cookie without the prefix is nobody’s', async () => {
    const browser = app.browser()
    await browser.submit('/login', { username: 'ada', password: testPassword })
    const token = browser.cookies.get('__Host-nightlatch-sign-in')!
    expect((await browser.get('/mfa/setup')).status).toBe(200)
    const plain = await app.browser().get('/mfa/setup', { cookie: `nightlatch-sign-in=${token}` })
    expect(plain.location).toBe('/login')
  })
})
