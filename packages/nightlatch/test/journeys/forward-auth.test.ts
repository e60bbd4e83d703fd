import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openServices } from '../../src/compose/open.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount, type AccountEdit } from '../../src/core/accounts/edit.js'
import { disableAccount, resetSecondFactor } from '../../src/core/accounts/administration.js'
import type { AccessRules } from '../../src/core/access/rules.js'
import { createRequestHandler } from '../../src/http/request-handler.js'
import type { HttpRequest } from '../../src/http/request.js'
import { serve } from '../../src/compose/http-server.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, Phone, setUpKey, startApp, TestClock, testPassword } from '../support/app.js'
import { databases, type TestDatabase } from '../support/databases.js'
import { accountOf, proveAgain } from '../support/attack.js'
import type { Browser, Reply } from '../support/browser.js'

const origin = 'https://auth.example.test'
const env = { NIGHTLATCH_ORIGIN: origin, NIGHTLATCH_COOKIE_DOMAIN: 'example.test' }
const sessionCookie = '__Host-nightlatch-session'
const forwardCookie = '__Secure-nightlatch-forward'

type Headers = Record<string, string | string[]>

const forwarded: Headers = {
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'app.example.test',
  'X-Forwarded-Uri': '/',
}
const original: Headers = {
  'X-Original-Method': 'GET',
  'X-Original-URL': 'https://app.example.test/',
}
const navigation: Headers = { 'Sec-Fetch-Mode': 'navigate', Accept: 'text/html,*/*;q=0.8' }

const ask = (browser: Browser, headers: Headers, method = 'GET'): Promise<Reply> =>
  browser.send('/forward-auth', { method, headers })

const identityOf = ({ headers }: Reply) => ({
  user: headers['remote-user'],
  name: headers['remote-name'],
  email: headers['remote-email'],
  groups: headers['remote-groups'],
})
const nobody = { user: undefined, name: undefined, email: undefined, groups: undefined }

const expectDenied = (reply: Reply): void => {
  expect(reply.status === 302 || (reply.status >= 400 && reply.status < 500)).toBe(true)
  expect(identityOf(reply)).toEqual(nobody)
  expect(reply.headers['cache-control']).toBe('no-store')
}

describe('forward authentication behind a trusted proxy', () => {
  let app: TestApp
  let alice: Enrolled
  /** Only what a host below the parent domain would see. */
  let aliceAtTheApp: Browser

  beforeAll(async () => {
    app = await startApp({ env: { ...env, NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })
    alice = await enrolledPerson(app, 'alice')
    aliceAtTheApp = app.browser()
    aliceAtTheApp.cookies.set(forwardCookie, alice.browser.cookies.get(forwardCookie)!)
  })
  afterAll(() => app.close())

  const halfSignedIn = async () => {
    const browser = app.browser()
    await browser.submit('/login', { username: alice.username, password: alice.password })
    return browser
  }

  describe.each([
    ['X-Forwarded-… (Traefik, Caddy)', forwarded, (url: string) => ({ 'X-Forwarded-Uri': url })],
    [
      'X-Original-URL (nginx)',
      original,
      (url: string) => ({ 'X-Original-URL': `https://app.example.test${url}` }),
    ],
    ['no address at all', {}, () => ({})],
  ] as const)('that says %s', (_name, base, at) => {
    it('no-session: nobody without a cookie', async () => {
      const reply = await ask(app.browser(), base)
      expect(reply.status).toBe(401)
      expectDenied(reply)
    })

    it('password-only-session: nobody whose second factor is due, with any cookie of the sign-in', async () => {
      const half = await halfSignedIn()
      expectDenied(await ask(half, base))
      const token = half.cookies.get('__Host-nightlatch-sign-in')!
      for (const name of [sessionCookie, forwardCookie, '__Host-nightlatch-device', 'nightlatch-session'])
        expectDenied(await ask(app.browser(), { ...base, Cookie: `${name}=${token}` }))
    })

    it('spoof-remote-user: nobody who only says so', async () => {
      expectDenied(await ask(app.browser(), { ...base, 'Remote-User': 'admin', 'Remote-Groups': 'admins' }))
    })

    it.each([
      ['spoof-remote-user-with-session', 'Remote-User'],
      ['case', 'rEMOTE-uSER'],
      ['dot-alias', 'Remote.User'],
      ['underscore alias', 'Remote_User'],
    ])('%s: the session decides who it is', async (_id, name) => {
      const reply = await ask(alice.browser, { ...base, [name]: 'admin' })
      expect(reply.status).toBe(200)
      expect(identityOf(reply)).toEqual({ user: 'alice', name: '', email: '', groups: '' })
      expect(JSON.stringify(reply)).not.toContain('admin')
    })

    it('empty-attribute: what is empty is there, so that it takes the place of what the client sent', async () => {
      const reply = await ask(alice.browser, { ...base, 'Remote-Groups': 'admins' })
      expect(reply.headers['remote-groups']).toBe('')
    })

    it.each(['a', '127.0.0.1', '198.51.100.7', '::1, 127.0.0.1', ''])(
      'xff-unparsable, xff-loopback: X-Forwarded-For %j changes nothing',
      async (address) => {
        expect((await ask(alice.browser, { ...base, 'X-Forwarded-For': address })).status).toBe(200)
        expectDenied(await ask(app.browser(), { ...base, 'X-Forwarded-For': address }))
      },
    )

    it('underscore-forwarded: names with underscores are other headers', async () => {
      const alias = { X_Forwarded_Proto: 'https', X_Forwarded_Host: 'app.example.test', X_Forwarded_Uri: '/' }
      expectDenied(await ask(app.browser(), { ...base, ...alias }))
    })

    it('authorization-basic: a password is no second factor', async () => {
      const basic = Buffer.from(`${alice.username}:${alice.password}`).toString('base64')
      expectDenied(await ask(app.browser(), { ...base, Authorization: `Basic ${basic}` }))
    })

    it('cookie-two-sessions: a cookie that came twice counts as none', async () => {
      const token = alice.browser.cookies.get(sessionCookie)!
      const twice = `${sessionCookie}=${'A'.repeat(43)}; ${sessionCookie}=${token}`
      expectDenied(await ask(app.browser(), { ...base, Cookie: twice }))
      const forward = alice.browser.cookies.get(forwardCookie)!
      const tossed = `${forwardCookie}=${'0'.repeat(64)}; ${forwardCookie}=${forward}`
      expectDenied(await ask(app.browser(), { ...base, Cookie: tossed }))
    })

    it.each(['', 'x', '%', '"', 'A'.repeat(43), '0'.repeat(64), 'é', `${'A'.repeat(5000)}`])(
      'a malformed cookie %j opens nothing',
      async (value) => {
        for (const name of [sessionCookie, forwardCookie])
          expectDenied(
            await ask(app.browser(), { ...base, Cookie: Buffer.from(`${name}=${value}`).toString('latin1') }),
          )
      },
    )

    it('FA-43 answers every method alike and never reads the body', async () => {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        const marked = { ...base, 'Sec-Fetch-Site': 'cross-site', Origin: 'https://app.example.test' }
        const passed = await ask(alice.browser, marked, method)
        expect([method, passed.status]).toEqual([method, 200])
        expect(passed.headers['remote-user']).toBe('alice')
        expect([method, (await ask(app.browser(), marked, method)).status]).toEqual([method, 401])
      }
    })

    it('knows the person by the cookie of the parent domain', async () => {
      const reply = await ask(aliceAtTheApp, { ...base, ...at('/some/page?x=1') })
      expect(reply.status).toBe(200)
      expect(reply.headers['remote-user']).toBe('alice')
      expect(reply.headers['cache-control']).toBe('no-store')
      expect(reply.body).toBe('')
    })
  })

  describe('whose headers are not sound', () => {
    it.each<[string, Headers]>([
      ['dup', { ...forwarded, 'X-Forwarded-Host': ['app.example.test', 'evil.test'] }],
      [
        'dup after a thousand others',
        {
          'X-A': Array.from({ length: 1200 }, () => 'b'),
          ...forwarded,
          'X-Forwarded-Host': ['app.example.test', 'evil.test'],
        },
      ],
      ['dup of the same', { ...forwarded, 'X-Forwarded-Proto': ['https', 'https'] }],
      ['dup of the address', { ...forwarded, 'X-Forwarded-Uri': ['/', '/public'] }],
      [
        'dup of the URL',
        { ...original, 'X-Original-URL': [original['X-Original-URL'] as string, 'https://evil.test/'] },
      ],
      ['list', { ...forwarded, 'X-Forwarded-Host': 'app.example.test, evil.test' }],
      ['list of protocols', { ...forwarded, 'X-Forwarded-Proto': 'https, http' }],
      ['proto-js', { ...forwarded, 'X-Forwarded-Proto': 'javascript' }],
      ['proto in capitals', { ...forwarded, 'X-Forwarded-Proto': 'HTTPS' }],
      ['uri-absolute', { ...forwarded, 'X-Forwarded-Uri': 'https://evil.test/' }],
      ['uri-raw-bytes', { ...forwarded, 'X-Forwarded-Uri': '/\u00ff\u00fe' }],
      ['uri with a blank', { ...forwarded, 'X-Forwarded-Uri': '/a b' }],
      ['uri with a backslash', { ...forwarded, 'X-Forwarded-Uri': '/\\evil.test' }],
      ['uri with U+0000', { ...forwarded, 'X-Forwarded-Uri': '/%00' }],
      ['uri with a broken escape', { ...forwarded, 'X-Forwarded-Uri': '/%zz' }],
      ['uri empty', { ...forwarded, 'X-Forwarded-Uri': '' }],
      ['method-missing', { ...forwarded, 'X-Forwarded-Method': '' }],
      ['method in small letters', { ...forwarded, 'X-Forwarded-Method': 'get' }],
      ['host empty', { ...forwarded, 'X-Forwarded-Host': '' }],
      ['host with a path', { ...forwarded, 'X-Forwarded-Host': 'app.example.test/evil' }],
      ['host with a name before it', { ...forwarded, 'X-Forwarded-Host': 'app.example.test@evil.test' }],
      ['host with two dots', { ...forwarded, 'X-Forwarded-Host': 'app..example.test' }],
      ['original-url', { 'X-Original-URL': 'https://app.example.test/public', 'X-Forwarded-Uri': '/admin' }],
      ['original-url and another address', { ...original, ...forwarded, 'X-Forwarded-Uri': '/admin' }],
      ['original-url and another host', { ...original, 'X-Forwarded-Host': 'evil.test' }],
      ['original-url without a host', { ...original, 'X-Original-URL': 'https:///x' }],
      ['original-url with a name', { ...original, 'X-Original-URL': 'https://a@app.example.test/' }],
      ['original method alone', { 'X-Original-Method': 'GET' }],
      ['original url alone', { 'X-Original-URL': 'https://app.example.test/' }],
    ])('%s: is refused, signed in or not', async (_id, headers) => {
      for (const browser of [app.browser(), alice.browser]) {
        const reply = await ask(browser, { ...headers, ...navigation })
        expect(reply.status).toBe(400)
        expect(JSON.parse(reply.body)).toMatchObject({ code: 'forwarded-headers' })
        expectDenied(reply)
      }
    })

    it.each(['/%00', '/%zz', '/a%2'])(
      'nginx, which knows no other refusal, hears 403 of an address that cannot be read: %s',
      async (uri) => {
        for (const browser of [app.browser(), alice.browser]) {
          const reply = await ask(browser, {
            ...original,
            'X-Original-URL': `https://app.example.test${uri}`,
          })
          expect([reply.status, JSON.parse(reply.body)]).toMatchObject([403, { code: 'unreadable-address' }])
          expectDenied(reply)
        }
      },
    )

    it.each(Object.keys(forwarded).filter((name) => !/Method|Uri/.test(name)))(
      'an address without %s is refused, and the answer names what is missing',
      async (name) => {
        const headers = Object.fromEntries(Object.entries(forwarded).filter(([each]) => each !== name))
        const reply = await ask(alice.browser, headers)
        expect(reply.status).toBe(400)
        expect(reply.body).toContain(name.toLowerCase())
      },
    )

    it('proto-http: what came by plain http is refused', async () => {
      for (const headers of [
        { ...forwarded, 'X-Forwarded-Proto': 'http' },
        { ...forwarded, 'X-Forwarded-Proto': 'ws' },
        { 'X-Forwarded-Proto': 'http' },
        { ...original, 'X-Original-URL': 'http://app.example.test/' },
      ]) {
        const reply = await ask(alice.browser, { ...headers, ...navigation })
        expect(JSON.parse(reply.body)).toMatchObject({ status: 403, code: 'plain-http' })
        expectDenied(reply)
      }
    })

    it('a WebSocket behind Traefik is one of https', async () => {
      const headers = { ...forwarded, 'X-Forwarded-Proto': 'wss' }
      expect((await ask(alice.browser, headers)).status).toBe(200)
      expect((await ask(app.browser(), { ...headers, Upgrade: 'websocket', ...navigation })).status).toBe(401)
    })
  })

  describe('when somebody has to sign in first', () => {
    const url = 'https://app.example.test/some/page?x=1&y=%C3%A9'
    const behindTraefik = { ...forwarded, 'X-Forwarded-Uri': '/some/page?x=1&y=%C3%A9' }

    it('sends a page navigation to sign-in, and names exactly the address that was asked for', async () => {
      for (const method of ['GET', 'HEAD']) {
        const headers = { ...behindTraefik, 'X-Forwarded-Method': method, ...navigation }
        const reply = await ask(app.browser(), headers)
        expect(reply.status).toBe(302)
        expect(reply.location).toBe(`${origin}/login?next=${encodeURIComponent(url)}`)
        expectDenied(reply)
      }
    })

    it('the sign-in page says which application sent somebody, also after a refusal, and names no other place', async () => {
      const stranger = app.browser()
      const lead = 'Sign in to continue to <em><bdi>app.example.test</bdi></em>'
      const next = 'https://app.example.test/reports?page=2'
      expect((await stranger.get(`/login?next=${encodeURIComponent(next)}`)).body).toContain(lead)
      const refused = await stranger.post('/login', { username: 'nobody', password: 'wrong', next })
      expect(refused.body).toContain(lead)
      for (const elsewhere of ['/account', 'https://example.org/', ''])
        expect((await stranger.get(`/login?next=${encodeURIComponent(elsewhere)}`)).body).not.toContain(
          'to continue',
        )
    })

    it('takes a query as browsers send it, with a backslash; in a path it takes none', async () => {
      const at = (uri: string) =>
        ask(app.browser(), { ...behindTraefik, ...navigation, 'X-Forwarded-Uri': uri })
      expect((await at('/x?q=a\\b')).location).toMatch(/%2Fx%3Fq%3Da%255Cb$/)
      expect((await at('/x\\y?q=1')).status).toBe(400)
    })

    it('knows a navigation by Accept where the browser does not say its mode', async () => {
      expect((await ask(app.browser(), { ...behindTraefik, Accept: 'text/html' })).status).toBe(302)
      expect((await ask(app.browser(), { ...behindTraefik, Accept: 'application/json' })).status).toBe(401)
      expect((await ask(app.browser(), behindTraefik)).status).toBe(401)
    })

    it.each<[string, Headers]>([
      ['a fetch', { 'Sec-Fetch-Mode': 'cors', Accept: 'text/html' }],
      ['an XMLHttpRequest', { 'X-Requested-With': 'XMLHttpRequest', Accept: 'text/html' }],
      ['a picture', { 'Sec-Fetch-Mode': 'no-cors', Accept: 'image/avif,*/*' }],
      [
        'a form that a script sends',
        { 'X-Forwarded-Method': 'POST', 'Sec-Fetch-Mode': 'cors', Accept: 'text/html' },
      ],
      ['a WebSocket', { 'Sec-Fetch-Mode': 'websocket', Upgrade: 'websocket' }],
    ])('%s gets 401 and never a page', async (_what, headers) => {
      const reply = await ask(app.browser(), { ...behindTraefik, ...headers })
      expect(reply.status).toBe(401)
      expect(reply.location).toBe('')
      expect(reply.headers['content-type']).toContain('application/problem+json')
    })

    it('gives nginx 401, with the address of sign-in for a page navigation only', async () => {
      const headers = { ...original, 'X-Original-URL': url }
      const page = await ask(app.browser(), { ...headers, ...navigation })
      expect([page.status, page.location]).toEqual([401, `${origin}/login?next=${encodeURIComponent(url)}`])
      const fetched = await ask(app.browser(), { ...headers, 'Sec-Fetch-Mode': 'cors' })
      expect([fetched.status, fetched.location]).toEqual([401, ''])
    })

    it.each([
      ['evil.test', '/'],
      ['app.example.test.evil.test', '/'],
      ['evilexample.test', '/'],
      ['app.example.test:8443', '/'],
    ])('sends nobody back to %s%s', async (host, uri) => {
      const reply = await ask(app.browser(), {
        ...forwarded,
        'X-Forwarded-Host': host,
        'X-Forwarded-Uri': uri,
        ...navigation,
      })
      expect([reply.status, reply.location]).toEqual([302, `${origin}/login`])
    })

    it('an address that begins with two slashes stays on its host', async () => {
      const headers = { ...forwarded, 'X-Forwarded-Uri': '//evil.test/x', ...navigation }
      const next = new URL((await ask(app.browser(), headers)).location).searchParams.get('next')!
      expect(new URL(next).origin).toBe('https://app.example.test')
    })

    it('does not send people round in a circle when the sign-in page is guarded by itself', async () => {
      const headers = {
        ...forwarded,
        'X-Forwarded-Host': 'auth.example.test',
        'X-Forwarded-Uri': '/login?next=%2F',
        ...navigation,
      }
      const reply = await ask(app.browser(), headers)
      expect(reply.status).toBe(409)
      expect(reply.body).toContain('guards the sign-in page itself')
    })
  })

  describe('the cookie of the parent domain', () => {
    it('is set beside the session, for the domain, and holds another value', async () => {
      const browser = await halfSignedIn()
      app.clock.advance(30)
      const reply = await browser.post('/mfa/verify', { otp: alice.phone.code() })
      const lines = reply.headers['set-cookie'] as string[]
      const line = lines.find((one) => one.startsWith(forwardCookie))!
      expect(line).toMatch(
        /^__Secure-nightlatch-forward=[0-9a-f]{64}; Max-Age=\d+; Path=\/; Domain=example\.test; HttpOnly; SameSite=Lax; Secure$/,
      )
      expect(lines.find((one) => one.startsWith(sessionCookie))).not.toContain('Domain')
    })

    it('opens nothing on the sign-in host, under any name', async () => {
      const token = aliceAtTheApp.cookies.get(forwardCookie)!
      const names = [forwardCookie, sessionCookie, '__Host-nightlatch-sign-in', '__Host-nightlatch-trusted']
      for (const name of names) {
        const browser = app.browser({ cookie: `${name}=${token}` })
        expect((await browser.get('/account')).location).toContain('/login')
        expect((await browser.get('/api/v1/session')).status).toBe(401)
      }
    })

    it('does not give away what the database holds, nor the other way round', async () => {
      const token = aliceAtTheApp.cookies.get(forwardCookie)!
      const session = alice.browser.cookies.get(sessionCookie)!
      expect(token).not.toContain(session)
      const { sessions } = app.nightlatch.storage.stores
      expect(await sessions.findByTokenHash(token)).toBeNull()
      expect(await sessions.findByTokenHash(app.nightlatch.core.platform.sha256(token))).not.toBeNull()
      const stored = app.nightlatch.core.platform.sha256(token)
      expectDenied(await ask(app.browser(), { ...forwarded, Cookie: `${forwardCookie}=${stored}` }))
    })

    it('changes with a fresh proof, and the old one is dead at once', async () => {
      const person = await enrolledPerson(app, 'stepping-up')
      const old = person.browser.copy()
      await person.browser.submit('/account/confirm', { password: person.password, otp: person.phone.code() })
      const at = (browser: Browser) =>
        ask(app.browser(), {
          ...forwarded,
          Cookie: `${forwardCookie}=${browser.cookies.get(forwardCookie)!}`,
        })
      expect((await at(person.browser)).status).toBe(200)
      expectDenied(await at(old))
    })

    it.each([
      ['signing out', (person: Enrolled) => person.browser.post('/logout')],
      ['signing out by JSON', (person: Enrolled) => person.browser.json('DELETE', '/api/v1/session')],
      [
        'disabling the account',
        async (person: Enrolled) => {
          const { core } = app.nightlatch
          const all = await core.queries.accounts.list()
          await disableAccount(
            core,
            all.find((one) => one.username === person.username)!,
          )
        },
      ],
    ])('ends with %s, on the very next request', async (what, end) => {
      const person = await enrolledPerson(app, `ending-${what.replace(/\W/g, '-')}`)
      const copy = person.browser.copy()
      expect((await ask(copy, forwarded)).status).toBe(200)
      await end(person)
      expectDenied(await ask(copy, forwarded))
      const forward = copy.cookies.get(forwardCookie)!
      expectDenied(await ask(app.browser(), { ...forwarded, Cookie: `${forwardCookie}=${forward}` }))
    })

    it('is taken away at sign-out', async () => {
      const person = await enrolledPerson(app, 'leaving')
      const reply = await person.browser.post('/logout')
      const line = (reply.headers['set-cookie'] as string[]).find((one) => one.startsWith(forwardCookie))!
      expect(line).toContain('Max-Age=0')
      expect(line).toContain('Domain=example.test')
    })

    it.each<[string, (person: Enrolled) => Promise<unknown>]>([
      ['signing out', (person) => person.browser.post('/logout')],
      [
        'a new password',
        async (person) => {
          await proveAgain(app, person)
          const fields = { current_password: person.password, new_password: 'a quite different battery' }
          expect((await person.browser.post('/account/password', fields)).location).toBe('/account')
        },
      ],
      [
        'disabling',
        async (person) => disableAccount(app.nightlatch.core, await accountOf(app, person.username)),
      ],
      [
        'a reset',
        async (person) => resetSecondFactor(app.nightlatch.core, await accountOf(app, person.username)),
      ],
    ])(
      'FA-42 is worth nothing at once after %s, also as a copy that passed a moment ago',
      async (way, end) => {
        const person = await enrolledPerson(app, `copied-${way.replaceAll(' ', '-')}`)
        const copy = app.browser()
        copy.cookies.set(forwardCookie, person.browser.cookies.get(forwardCookie)!)
        for (let time = 0; time < 3; time += 1) {
          const passed = await ask(copy, forwarded)
          expect([passed.status, passed.headers['cache-control']]).toEqual([200, 'no-store'])
        }
        await end(person)
        const refused = await ask(copy, forwarded)
        expectDenied(refused)
        expect(refused.headers['cache-control']).toBe('no-store')
      },
    )

    it('keeps a session alive that is used only at the application', async () => {
      const person = await enrolledPerson(app, 'at-work')
      const copy = person.browser.copy()
      for (let hours = 0; hours < 20; hours += 10) {
        app.clock.advance(10 * 3600)
        expect((await ask(copy, forwarded)).status).toBe(200)
      }
      app.clock.advance(12 * 3600)
      expectDenied(await ask(copy, forwarded))
    })
  })

  describe('a circle', () => {
    const next = 'https://app.example.test/page'
    const login = (url = next) => `/login?next=${encodeURIComponent(url)}`

    it('ends after three rounds in one page that names the cookie', async () => {
      const person = await enrolledPerson(app, 'round')
      for (let rounds = 0; rounds < 3; rounds += 1)
        expect(await person.browser.get(login())).toMatchObject({ status: 303, location: next })
      const page = await person.browser.get(login())
      expect(page.status).toBe(409)
      expect(page.body).toContain(forwardCookie)
      expect(page.body).toContain('app.example.test')
      app.clock.advance(11)
      person.browser.cookies.delete('__Host-nightlatch-bounces') // after ten seconds it is gone
      expect((await person.browser.get(login())).status).toBe(303)
    })

    it('is not what several windows of several pages are', async () => {
      const person = await enrolledPerson(app, 'windows')
      for (let window = 0; window < 6; window += 1)
        expect((await person.browser.get(login(`${next}?${window}`))).status).toBe(303)
    })

    it('is not begun by a session that has no cookie on the parent domain yet: it gets one', async () => {
      const person = await enrolledPerson(app, 'older')
      const forward = person.browser.cookies.get(forwardCookie)
      person.browser.cookies.delete(forwardCookie)
      await person.browser.get(login())
      expect(person.browser.cookies.get(forwardCookie)).toBe(forward)
    })
  })

  it('FA-45 denies with the database gone', async () => {
    const broken = await startApp({ env: { ...env, NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })
    const person = await enrolledPerson(broken, 'outage')
    await broken.nightlatch.storage.close()
    const reply = await ask(person.browser, { ...forwarded, ...navigation })
    expect(reply.status).toBeGreaterThanOrEqual(500)
    expect(reply.headers['content-type']).toContain('application/problem+json')
    expect(identityOf(reply)).toEqual(nobody)
    await broken.close().catch(() => undefined)
  })

  it('without the parent domain there is no such cookie', async () => {
    const plain = await startApp()
    const person = await enrolledPerson(plain, 'no-domain')
    expect([...person.browser.cookies.keys()].filter((name) => name.includes('forward'))).toEqual([])
    const reply = await ask(person.browser, {})
    expect([reply.status, reply.headers['remote-user']]).toEqual([200, 'no-domain'])
    expect((await ask(plain.browser(), {})).status).toBe(401)
    await plain.close()
  })
})

describe('FA-41 forward authentication from an address that is no trusted proxy', () => {
  let app: TestApp
  let alice: Enrolled
  beforeAll(async () => {
    app = await startApp({ env })
    alice = await enrolledPerson(app, 'alice')
  })
  afterAll(() => app.close())

  it.each<[string, Headers]>([
    ['all of them', forwarded],
    ['those of nginx', original],
    ...Object.entries({ ...forwarded, ...original }).map(
      ([name, value]) => [name, { [name]: value }] as [string, Headers],
    ),
  ])('never tells who it is when %s are sent', async (_what, headers) => {
    for (const browser of [app.browser(), alice.browser]) {
      const reply = await ask(browser, { ...headers, ...navigation })
      expect(JSON.parse(reply.body)).toMatchObject({ status: 403, code: 'untrusted-proxy' })
      expectDenied(reply)
    }
  })

  it('tells a person about nobody but that person', async () => {
    expect((await ask(alice.browser, {})).headers['remote-user']).toBe('alice')
    expect((await ask(app.browser(), { 'X-Forwarded-For': '127.0.0.1' })).status).toBe(401)
  })
})

describe('forward authentication with rules', () => {
  let app: TestApp
  let alice: Enrolled
  beforeAll(async () => {
    app = await startApp({ env: { ...env, NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })
    alice = await enrolledPerson(app, 'alice')
  })
  afterAll(() => app.close())

  const open = { hosts: null, paths: null, methods: null, groups: null }
  const rules: AccessRules = {
    otherwise: 'two-factors',
    rules: [
      { ...open, paths: ['/public/*'], access: 'public' },
      { ...open, methods: ['OPTIONS'], paths: ['/cors/*'], access: 'public' },
      { ...open, paths: ['/admin/*'], groups: ['admins'], access: 'two-factors' },
      { ...open, hosts: ['closed.example.test'], access: 'deny' },
    ],
  }

  /** Asks the door of the running app, with these rules. */
  function judgedAs(headers: Record<string, string>) {
    const { services } = openServices(app.nightlatch, app.server.settings)
    const all = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
    const asked: HttpRequest = {
      id: 'test',
      method: 'GET',
      path: '/forward-auth',
      query: '',
      peer: '127.0.0.1',
      connection: null,
      header: (name) => all.get(name),
      hasAny: (names) => names.some((name) => all.has(name)),
      headerCount: (name) => (all.has(name) ? 1 : 0),
      hasArrived: () => true,
      body: () => Promise.reject(new Error('the body was read')),
    }
    return createRequestHandler({ ...services, accessRules: rules })(asked)
  }

  function judged(headers: Record<string, string>, browser?: Browser) {
    const cookie = [...(browser?.cookies ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
    return judgedAs({ ...(forwarded as Record<string, string>), ...headers, cookie })
  }

  it('what is public passes for everybody, and names nobody, signed in or not', async () => {
    for (const browser of [undefined, alice.browser]) {
      const answer = await judged({ 'X-Forwarded-Uri': '/public/logo.png' }, browser)
      expect(answer.status).toBe(200)
      expect(answer.headers).toMatchObject({ 'remote-user': '', 'remote-name': '', 'remote-groups': '' })
    }
  })

  it('method-override: OPTIONS passes only where a rule says so, and never with an identity', async () => {
    const headers = { 'X-Forwarded-Method': 'OPTIONS' }
    expect((await judged({ ...headers, 'X-Forwarded-Uri': '/x' })).status).toBe(401)
    const passed = await judged({ ...headers, 'X-Forwarded-Uri': '/cors/x' }, alice.browser)
    expect([passed.status, passed.headers['remote-user']]).toEqual([200, ''])
  })

  it.each([
    ['uri-dotdot', '/public/../admin'],
    ['uri-encoded-dotdot', '/public/%2e%2e/admin'],
    ['uri-double-slash', '//admin'],
    ['uri-semicolon', '/public;/../admin'],
    ['uri-case', '/ADMIN'],
  ])('%s: the rule of /admin applies to %s', async (_id, uri) => {
    expect((await judged({ 'X-Forwarded-Uri': uri })).status).toBe(401)
    expect((await judged({ 'X-Forwarded-Uri': uri }, alice.browser)).status).toBe(403)
  })

  it.each(['/admin#/public', '/public/#/x', '/x?y#/public'])(
    'FA-53 uri-fragment: %s is refused, signed in or not, whatever the rules say',
    async (uri) => {
      for (const browser of [undefined, alice.browser])
        expect((await judged({ 'X-Forwarded-Uri': uri }, browser)).status).toBe(400)
      const url = `https://app.example.test${uri}`
      const asked = { 'X-Original-Method': 'GET', 'X-Original-URL': url }
      expect((await judgedAs(asked)).status).toBe(403)
    },
  )

  it('refuses a page with a page, and everything else with a problem', async () => {
    const html = await judged({ 'X-Forwarded-Uri': '/admin', accept: 'text/html' }, alice.browser)
    expect([html.status, html.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8'])
    const problem = await judged({ 'X-Forwarded-Uri': '/admin', accept: '*/*' }, alice.browser)
    expect([problem.status, problem.headers['content-type']]).toEqual([
      403,
      'application/problem+json; charset=utf-8',
    ])
    const closed = await judged({ 'X-Forwarded-Host': 'closed.example.test' })
    expect(closed.status).toBe(403)
  })

  it('all-missing: refuses what names no address', async () => {
    const cookie = `${sessionCookie}=${alice.browser.cookies.get(sessionCookie)!}`
    expect((await judgedAs({ cookie })).status).toBe(400)
    expect((await judgedAs({ cookie, 'X-Forwarded-Proto': 'https' })).status).toBe(400)
  })
})

describe('where a rule asks for a second factor of somebody who has none yet', () => {
  const rules: AccessRules = { otherwise: 'two-factors', rules: [] }

  it('sets one up and is back at the page that was asked for', async () => {
    const app = await startApp({
      env: { ...env, NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1', NIGHTLATCH_MFA: 'optional' },
      serve: (nightlatch, log) => serve(nightlatch, log, rules),
    })
    try {
      await app.person('ada')
      const ada = app.browser()
      await ada.submit('/login', { username: 'ada', password: testPassword })
      const wanted = 'https://app.example.test/reports?page=2'
      const asked = { ...forwarded, ...navigation, 'X-Forwarded-Uri': '/reports?page=2' }
      const sent = await ask(ada, asked)
      expect(sent.location).toBe(`${origin}/mfa/setup?next=${encodeURIComponent(wanted)}`)
      const setUp = await ada.get(sent.location.slice(origin.length))
      const phone = new Phone(setUpKey(setUp.body), app.clock)
      expect((await ada.post('/mfa/setup', { otp: phone.code() })).location).toBe('/mfa/recovery-codes')
      expect((await ada.post('/mfa/recovery-codes', { saved: 'yes' })).location).toBe(wanted)
      expect((await ask(ada, asked)).status).toBe(200)
    } finally {
      await app.close()
    }
  })
})

describe.each(databases)('a rule for a group, with two servers on $name', (kind) => {
  const group = ['admins']
  const open = { hosts: null, methods: null, groups: null }
  const rules: AccessRules = {
    otherwise: 'two-factors',
    rules: [{ ...open, paths: ['/admin/*'], groups: group, access: 'two-factors' }],
  }
  const trusted = { ...env, NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' }
  const clock = new TestClock()
  let database: TestDatabase
  let servers: readonly TestApp[] = []

  beforeAll(async () => {
    database = await kind.create()
    const { location } = database
    const where = typeof location === 'string' ? { NIGHTLATCH_DATABASE_URL: location } : {}
    const dataFolder = typeof location === 'string' ? undefined : dirname(location.sqliteFile)
    const wishes = {
      env: { ...trusted, ...where },
      clock,
      ...(dataFolder === undefined ? {} : { dataFolder }),
    }
    const start = (folder?: string) =>
      startApp({
        ...wishes,
        ...(folder === undefined ? {} : { dataFolder: folder }),
        serve: (nightlatch, log) => serve(nightlatch, log, rules),
      })
    const first = await start()
    servers = [first, await start(first.dataFolder)]
  })

  afterAll(async () => {
    for (const server of servers) await server.close()
    await database.remove()
  })

  it('lets somebody pass from the very next request on, with the groups in the header, and not after', async () => {
    const [one, other] = servers as readonly [TestApp, TestApp]
    const ada = await enrolledPerson(one, 'ada')
    const asked = { ...forwarded, 'X-Forwarded-Uri': '/admin/' }
    const forward = ada.browser.cookies.get(forwardCookie)!
    const both = async () =>
      Promise.all(
        [one, other].map(async (server) => {
          const reply = await ask(server.browser(), { ...asked, Cookie: `${forwardCookie}=${forward}` })
          return [reply.status, reply.headers['remote-groups']]
        }),
      )
    const edit = async (wishes: AccountEdit) =>
      editAccount(one.nightlatch.core, await accountOf(one, 'ada'), { edit: wishes, actor: atTheCommandLine })
    await expect.poll(both).toEqual([
      [403, undefined],
      [403, undefined],
    ])
    await edit({ addGroups: ['Admins', 'Schüler'] })
    expect((await both())[0]).toEqual([200, Buffer.from('Admins,Schüler').toString('latin1')])
    await expect.poll(both).toEqual(Array(2).fill([200, Buffer.from('Admins,Schüler').toString('latin1')]))
    await edit({ removeGroups: ['ADMINS'] })
    expect((await both())[0]).toEqual([403, undefined])
    await expect.poll(both).toEqual([
      [403, undefined],
      [403, undefined],
    ])
  })
})
