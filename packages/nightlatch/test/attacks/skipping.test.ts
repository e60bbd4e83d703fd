import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { disableAccount, resetSecondFactor } from '../../src/core/accounts/administration.js'
import { Secret } from '../../src/core/secret.js'
import { createPasswordHasher } from '../../src/crypto/password-hasher.js'
import { routes } from '../../src/http/routes.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, Phone, setUpKey, startApp, testPassword, useApp } from '../support/app.js'
import {
  accountOf,
  anotherSession,
  countOf,
  everythingKept,
  inDatabase,
  isDenied,
  isSignedIn,
  personWithSecret,
  proveAgain,
  showsNothingInside,
  withPassword,
} from '../support/attack.js'
import type { Browser, Reply } from '../support/browser.js'
import { rfcSecret } from '../support/vectors.js'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** What anybody may see, or what the password has opened: none of it says or changes anything of the account. */
const openToHalfSignedIn = new Set([
  '/login',
  '/logout',
  '/help',
  '/invitation',
  '/register',
  '/register/sent',
  '/register/waiting',
  '/password/forgot',
  '/password/reset',
  '/password/due',
  '/notice/undo',
  '/email/confirm',
  '/mfa/verify',
  '/mfa/recovery',
  '/.well-known/change-password',
  '/.well-known/webauthn',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/oidc/jwks',
  '/oidc/authorize',
  '/oidc/logout',
  '/login/passkey',
  '/api/v1/sign-in/passkey',
  '/api/v1/sign-in/passkey/options',
  '/api/v1/sign-in/verify/passkey',
  '/healthz',
  '/readyz',
  '/metrics',
  '/api/v1/openapi.json',
  '/api/v1/sign-in',
  '/api/v1/sign-in/verify',
  '/api/v1/sign-in/recovery',
])

interface Walk {
  readonly method: (typeof methods)[number]
  readonly path: string
}

const walks: Walk[] = [...new Set(routes.map((route) => route.path))].flatMap((path) =>
  methods.map((method) => ({ method, path })),
)

function walk(browser: Browser, { method, path }: Walk, id: string): Promise<Reply> {
  const address = path.replace(':id', id)
  if (path.startsWith('/api/')) {
    const sendsNothing = method === 'GET' || method === 'HEAD' || method === 'DELETE'
    return browser.json(method, address, sendsNothing ? undefined : { otp: '000000', name: 'Mine' })
  }
  if (method === 'GET' || method === 'HEAD') return browser.send(address, { method })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
  const body = `name=Mine&saved=yes&new_password=${'p'.repeat(20)}&current_password=${testPassword}&authenticator=${id}`
  return browser.send(address, { method, headers, body })
}

describe('with the password alone', () => {
  let app: TestApp
  let ada: Enrolled
  let secrets: string[]
  let ids: string[]
  beforeAll(async () => {
    app = await startApp()
    ada = await enrolledPerson(app, 'ada')
    await proveAgain(app, ada)
    const account = await accountOf(app, 'ada')
    const { authenticators, sessions } = app.nightlatch.storage.stores
    const [authenticator] = await authenticators.listOf(account.id)
    const [session] = await sessions.listOf(account.id)
    ids = [authenticator!.id, session!.id]
    secrets = [...ada.recoveryCodes, authenticator!.name, authenticator!.id, session!.id, account.id]
  })
  afterAll(() => app.close())

  it('SKIP-1 no address opens, by any method: every route of the router', async () => {
    const before = await everythingKept(app, ['sign_in', 'audit', 'attempt'])
    let browser = await withPassword(app, ada)
    for (const step of walks) {
      if ((await browser.get('/mfa/verify')).status !== 200) browser = await withPassword(app, ada)
      for (const id of step.path.includes(':id') ? ids : ['']) {
        const reply = await walk(browser, step, id)
        const where = `${step.method} ${step.path} → ${String(reply.status)} ${reply.location}`
        expect(reply.status, where).toBeLessThan(500 + Number(reply.status === 501))
        expect(showsNothingInside(reply), where).toBe(true)
        expect(
          secrets.filter((secret) => reply.body.includes(secret)),
          where,
        ).toEqual([])
        if (!openToHalfSignedIn.has(step.path)) expect(isDenied(reply), where).toBe(true)
        expect(browser.cookies.get(app.cookieName('session')), where).toBeUndefined()
      }
    }
    expect(await everythingKept(app, ['sign_in', 'audit', 'attempt'])).toBe(before)
    expect(await isSignedIn(ada.browser)).toBe(true)
  })

  it('SKIP-2 the cookie of a sign-in is no session under any name', async () => {
    const browser = await withPassword(app, ada)
    const token = browser.cookies.get(app.cookieName('sign-in'))!
    const names = ['session', 'sign-in', 'device', 'trusted', 'invitation', 'next', 'notice'] as const
    for (const name of names) {
      const other = app.browser()
      other.cookies.set(app.cookieName(name), token)
      other.cookies.set(`nightlatch-${name}`, token)
      expect(isDenied(await other.get('/account')), name).toBe(true)
      expect(isDenied(await other.get('/')), name).toBe(true)
      other.cookies.set(`__Host-nightlatch-session`, token)
      other.cookies.set(app.cookieName('sign-in'), token)
      other.cookies.set(app.cookieName('session'), token)
      expect(isDenied(await other.get('/account')), name).toBe(true)
    }
  })

  it('SKIP-4 name and password in a header open nothing', async () => {
    const authorization = `Basic ${Buffer.from(`ada:${testPassword}`).toString('base64')}`
    for (const { path } of routes.filter((route) => !openToHalfSignedIn.has(route.path))) {
      const reply = await app.browser({ authorization }).get(path.replace(':id', ids[0]!))
      expect(isDenied(reply), path).toBe(true)
    }
  })

  it('SKIP-5 every spelling of the name is asked for the code', async () => {
    for (const username of ['ada', 'ADA', ' ada ', 'Ada', 'aDa\t']) {
      const browser = app.browser()
      const reply = await browser.post('/login', { username, password: testPassword })
      expect(reply.location, username).toBe('/mfa/verify')
      expect(browser.cookies.get(app.cookieName('session'))).toBeUndefined()
    }
  })

  it('SKIP-6 the second step belongs to the account whose password was given', async () => {
    const eve = await enrolledPerson(app, 'eve6')
    const browser = await withPassword(app, ada)
    const reply = await browser.post('/mfa/verify', { otp: eve.phone.code(), username: 'eve6' })
    expect(reply.status).toBe(401)
    const recovered = await browser.post('/mfa/recovery', { recovery_code: eve.recoveryCodes[0]! })
    expect(recovered.status).toBe(401)
    expect(await isSignedIn(browser)).toBe(false)
  })

  it('SKIP-7 an empty code is no attempt and no proof', async () => {
    const browser = await withPassword(app, ada)
    const attempts = await countOf(app, 'attempt')
    expect((await browser.post('/mfa/verify', {})).status).toBe(422)
    expect((await browser.post('/mfa/verify', { otp: '' })).status).toBe(422)
    expect((await browser.post('/mfa/recovery', { recovery_code: ' ' })).status).toBe(422)
    expect(await countOf(app, 'attempt')).toBe(attempts)
  })

  it('SKIP-8 no header talks the second step away', async () => {
    const headers: Record<string, string>[] = [
      { 'x-forwarded-for': 'a' },
      { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' },
      { 'remote-user': 'ada', 'x-forwarded-user': 'ada', 'x-remote-user': 'ada', remote_user: 'ada' },
      { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/healthz', 'x-original-url': '/healthz' },
      { 'x-rewrite-url': '/account', 'x-original-uri': '/account', 'x-forwarded-host': 'evil.test' },
      { 'x-http-method-override': 'GET', 'x-skip-mfa': '1', 'x-mfa': 'passed', host: 'evil.test' },
    ]
    for (const one of headers) {
      const browser = await withPassword(app, ada, one)
      expect(isDenied(await browser.get('/account')), JSON.stringify(one)).toBe(true)
      expect((await browser.post('/mfa/verify', { otp: ada.phone.wrongCode() })).status).toBeGreaterThan(400)
      await inDatabase(app, 'DELETE FROM attempt')
    }
  })

  it('SKIP-15 without the password there is no second step, and nothing to learn', async () => {
    const code = ada.phone.code()
    const known = await app.browser().post('/mfa/verify', { otp: code, username: 'ada' })
    const unknown = await app.browser().post('/mfa/verify', { otp: '000000', username: 'nobody' })
    expect([known.status, known.location, known.body]).toEqual([
      unknown.status,
      unknown.location,
      unknown.body,
    ])
    expect(known.location).toBe('/login')
    const setUp = await app.browser().get('/mfa/setup')
    expect(setUp.location).toBe('/login')
    expect((await app.browser().get('/mfa/setup/qr.png')).status).toBe(404)
  })
})

describe('a fresh proof', () => {
  const app = useApp()

  it('SKIP-11 counts for its own session only, for ten minutes only, and not after signing out', async () => {
    const ada = await enrolledPerson(app, 'ada11')
    const other = await anotherSession(app, ada)
    app.clock.advance(600)
    await proveAgain(app, ada)
    expect((await ada.browser.get('/account/password')).status).toBe(200)
    expect((await other.get('/account/password')).location).toMatch(/^\/account\/confirm/)
    const form = { current_password: testPassword, new_password: 'a quite different battery' }
    expect((await other.post('/account/password', form)).location).toMatch(/^\/account\/confirm/)
    const stale = ada.browser.copy()
    await ada.browser.submit('/logout')
    expect((await stale.get('/account/password')).location).toMatch(/^\/login/)
    app.clock.advance(600)
    await proveAgain(app, ada, other)
    app.clock.advance(600)
    expect((await other.post('/account/password', form)).location).toMatch(/^\/account\/confirm/)
  })

  it('SKIP-11 needs the password and the second factor, both', async () => {
    const ada = await enrolledPerson(app, 'ada11b')
    app.clock.advance(600)
    const prove = (fields: Record<string, string>) => ada.browser.post('/account/confirm', fields)
    expect((await prove({ password: testPassword })).status).toBe(422)
    expect((await prove({ otp: ada.phone.code() })).status).toBe(422)
    expect((await prove({ password: 'wrong', otp: ada.phone.code() })).status).toBe(401)
    expect((await prove({ password: testPassword, otp: ada.phone.wrongCode() })).status).toBe(401)
    expect((await ada.browser.get('/account/password')).location).toMatch(/^\/account\/confirm/)
    expect((await prove({ password: testPassword, otp: ada.phone.code() })).status).toBe(303)
  })

  it('SKIP-11 is not made younger by the password alone', async () => {
    const ada = await enrolledPerson(app, 'ada11c')
    await proveAgain(app, ada)
    app.clock.advance(500)
    const form = { current_password: testPassword, new_password: 'a quite different battery' }
    expect((await ada.browser.post('/account/password', form)).location).toBe('/account')
    app.clock.advance(200)
    expect((await ada.browser.get('/account/password')).location).toMatch(/^\/account\/confirm/)
  })

  it('SKIP-13 a forged or foreign remembered device is asked for the code', async () => {
    const ada = await enrolledPerson(app, 'ada13')
    const eve = await enrolledPerson(app, 'eve13')
    const evil = await anotherSession(app, eve, { remember: 'yes' })
    const token = evil.cookies.get(app.cookieName('trusted'))!
    for (const value of [
      token,
      'A'.repeat(43),
      `${token.slice(0, 42)}A`,
      token.toLowerCase(),
      '1',
      'true',
      '',
    ]) {
      const browser = app.browser()
      browser.cookies.set(app.cookieName('trusted'), value)
      const reply = await browser.post('/login', { username: 'ada13', password: ada.password })
      expect(reply.location, value).toBe('/mfa/verify')
    }
  })
})

describe('where a second factor is optional', () => {
  const app = useApp({ env: { NIGHTLATCH_MFA: 'optional' } })

  it('SKIP-12 whoever has one is asked for it', async () => {
    const ada = await personWithSecret(app, 'ada12', rfcSecret)
    expect(isDenied(await (await withPassword(app, ada)).get('/account'))).toBe(true)
    await app.person('bob12')
    const bob = app.browser()
    expect((await bob.post('/login', { username: 'bob12', password: testPassword })).location).toBe('/')
    expect(await isSignedIn(bob)).toBe(true)
  })

  it('SKIP-14 sessions from before the second factor end when it is switched on', async () => {
    await app.person('ada14')
    const [first, second] = [app.browser(), app.browser()]
    for (const one of [first, second])
      await one.submit('/login', { username: 'ada14', password: testPassword })
    const old = first.copy()
    const phone = new Phone(setUpKey((await first.get('/mfa/setup')).body), app.clock)
    expect((await first.post('/mfa/setup', { otp: phone.code() })).location).toBe('/mfa/recovery-codes')
    expect(await isSignedIn(first)).toBe(true)
    expect(await isSignedIn(second)).toBe(false)
    expect(await isSignedIn(old)).toBe(false)
  })

  describe('a password that was right a moment ago', () => {
    /** Holds the hasher's answer back until `meanwhile` is done: what a storm of sign-ins does by itself. */
    async function signInWhile(username: string, meanwhile: () => Promise<unknown>) {
      const { passwords } = app.nightlatch.core
      const verify = passwords.verify.bind(passwords)
      const spy = vi.spyOn(passwords, 'verify').mockImplementationOnce(async (...args) => {
        const verdict = await verify(...args)
        spy.mockRestore()
        await meanwhile()
        return verdict
      })
      const browser = app.browser()
      const reply = await browser.post('/login', { username, password: testPassword })
      return { late: browser, status: reply.status }
    }

    it('SKIP-14 opens no session when a second factor was switched on meanwhile', async () => {
      await app.person('slow1')
      const owner = app.browser()
      await owner.submit('/login', { username: 'slow1', password: testPassword })
      const phone = new Phone(setUpKey((await owner.get('/mfa/setup')).body), app.clock)
      const { late, status } = await signInWhile('slow1', async () => {
        expect((await owner.post('/mfa/setup', { otp: phone.code() })).status).toBe(303)
      })
      expect(status).toBe(303)
      expect(await isSignedIn(late)).toBe(false)
      expect(await isSignedIn(owner)).toBe(true)
    })

    it('OFF-4 opens no session when the password was changed meanwhile', async () => {
      await app.person('slow2')
      const owner = app.browser()
      await owner.submit('/login', { username: 'slow2', password: testPassword })
      const { late, status } = await signInWhile('slow2', async () => {
        const form = { current_password: testPassword, new_password: 'a quite different battery' }
        expect((await owner.post('/account/password', form)).location).toBe('/account')
      })
      expect(status).toBe(401)
      expect(await isSignedIn(late)).toBe(false)
      expect(await isSignedIn(owner)).toBe(true)
    })

    it('SESS-2 opens no session when the account was disabled meanwhile, nor once it is enabled again', async () => {
      const account = await app.person('slow3')
      const { late, status } = await signInWhile('slow3', () => disableAccount(app.nightlatch.core, account))
      expect(status).toBe(401)
      expect(late.cookies.has(app.cookieName('session'))).toBe(false)
      expect(await countOf(app, `session WHERE account = '${account.id}'`)).toBe(0)
    })

    it('still opens one when nothing changed, also while an old hash is renewed', async () => {
      await app.person('slow4')
      const { late, status } = await signInWhile('slow4', () => Promise.resolve())
      expect(status).toBe(303)
      expect(await isSignedIn(late)).toBe(true)
      const { core } = app.nightlatch
      const old = createPasswordHasher({ setting: { memory: 32, passes: 1, lanes: 1 } })
      const hash = await old.hash(new Secret(testPassword))
      await old.close()
      await inDatabase(app, `UPDATE account SET password_hash = '${hash}' WHERE username = 'slow4'`)
      const { late: renewing } = await signInWhile('slow4', () => Promise.resolve())
      expect(await isSignedIn(renewing)).toBe(true)
      const { passwordHash } = await accountOf(app, 'slow4')
      expect(passwordHash).not.toBe(hash)
      expect(core.passwords.needsRenewal(passwordHash)).toBe(false)
    })
  })
})

describe('where a second factor becomes required', () => {
  it('SKIP-14 a session of the password alone, from before, opens nothing any more', async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), 'nightlatch-test-'))
    const before = await startApp({ dataFolder, env: { NIGHTLATCH_MFA: 'optional' } })
    await before.person('ada')
    const browser = before.browser()
    await browser.submit('/login', { username: 'ada', password: testPassword })
    expect(await isSignedIn(browser)).toBe(true)
    await before.server.stop(1000)
    await before.nightlatch.close()
    const app = await startApp({ dataFolder, clock: before.clock })
    try {
      const there = app.browser()
      for (const [name, value] of browser.cookies) there.cookies.set(name, value)
      for (const path of ['/', '/account', '/mfa/setup', '/account/password', '/account/confirm'])
        expect([path, isDenied(await there.get(path))]).toEqual([path, true])
      for (const path of ['/api/v1/session', '/api/v1/sessions', '/forward-auth'])
        expect([path, (await there.get(path)).status]).toEqual([path, 401])
      const reply = await there.post('/login', { username: 'ada', password: testPassword })
      expect(reply.location).toBe('/mfa/setup')
    } finally {
      await app.close()
    }
  })
})

describe('what an administrator does', () => {
  it('DEV-3 SESS-2 reaches every browser at once: reset and disabling', async () => {
    const app = await startApp()
    try {
      const ada = await enrolledPerson(app, 'ada')
      const half = await withPassword(app, ada)
      const account = await accountOf(app, 'ada')
      await resetSecondFactor(app.nightlatch.core, account)
      expect(await isSignedIn(ada.browser)).toBe(false)
      expect((await half.post('/mfa/verify', { otp: ada.phone.code() })).location).toMatch(/^\/login/)
      const again = await withPassword(app, ada)
      expect((await again.get('/mfa/verify')).location).toBe('/mfa/setup')
      await disableAccount(app.nightlatch.core, account)
      expect((await again.get('/mfa/setup')).location).toMatch(/^\/login/)
      const refused = await app.browser().post('/login', { username: 'ada', password: ada.password })
      expect(refused.status).toBe(401)
    } finally {
      await app.close()
    }
  })
})
