import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openServices } from '../../src/compose/open.js'
import { routes } from '../../src/http/routes.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp, TestClock, testPassword } from '../support/app.js'
import {
  accountOf,
  countOf,
  failuresOf,
  inDatabase,
  isDenied,
  isSignedIn,
  showsNothingInside,
  withPassword,
} from '../support/attack.js'

const probes = [
  '/console',
  '/debug',
  '/__inspect',
  '/.env',
  '/.git/config',
  '/server-status',
  '/actuator',
  '/phpinfo.php',
  '/package.json',
  '/src/app.ts',
  '/assets/../package.json',
  '/assets/%2e%2e/package.json',
  '/nightlatch.db',
  '/root-key',
  '/api',
  '/admin',
  '/setup',
  '/?__debugger__=yes&cmd=resource&f=debugger.js',
]

describe('when something inside breaks', () => {
  it('ERR-1 nothing of the inside is shown: one calm sentence, a reference, and the cause in the log', async () => {
    const app = await startApp()
    const ada = await enrolledPerson(app, 'ada')
    const half = await withPassword(app, ada)
    await app.nightlatch.storage.close()
    const replies = [
      await app.browser().post('/login', { username: 'ada', password: testPassword }),
      await half.get('/mfa/verify'),
      await half.post('/mfa/verify', { otp: ada.phone.code() }),
      await ada.browser.get('/account'),
      await app.browser().get('/readyz'),
    ]
    for (const reply of replies) {
      expect(reply.status).toBe(503)
      expect(showsNothingInside(reply)).toBe(true)
      expect(reply.headers['retry-after']).toBeDefined()
      expect(reply.headers['set-cookie']).toBeUndefined()
    }
    const reference = /[\w-]{12}/.exec(app.logged.at(-2) ?? '')?.[0] ?? 'no reference'
    expect(replies[3]!.body).toContain(reference)
    expect((await app.browser().get('/healthz')).status).toBe(200)
    expect((await app.browser().get('/login')).status).toBe(200)
    await app.close()
  })

  it('ERR-1 there is no console, no file and no inside to look at', async () => {
    const app = await startApp()
    try {
      for (const path of probes) {
        const reply = await app.browser().get(path)
        expect([path, reply.status === 404 || (reply.status === 303 && reply.location === '/login')]).toEqual(
          [path, true],
        )
        expect(showsNothingInside(reply)).toBe(true)
      }
      for (const claim of [{ 'x-forwarded-for': '127.0.0.1' }, { forwarded: 'for=127.0.0.1' }])
        expect((await app.browser(claim).get('/metrics')).status).toBe(404)
      const { handle } = openServices(app.nightlatch, app.server.settings)
      for (const peer of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', '', '127.0.0.1.evil.test']) {
        const ask = {
          id: 'x',
          method: 'GET',
          path: '/metrics',
          query: '',
          peer,
          connection: null,
          header: () => undefined,
          hasAny: () => false,
          headerCount: () => 0,
          hasArrived: () => true,
          body: () => Promise.resolve(new Uint8Array()),
        }
        expect([peer, (await handle(ask)).status]).toEqual([peer, 404])
      }
      const metrics = await app.browser().get('/metrics')
      expect(metrics.status).toBe(200)
    } finally {
      await app.close()
    }
  })
})

describe('a check that cannot be made', () => {
  let app: TestApp
  let ada: Enrolled
  const clock = new TestClock()
  beforeAll(async () => {
    app = await startApp({ clock })
    ada = await enrolledPerson(app, 'ada')
  })
  afterAll(() => app.close())

  const fault = (table: string, event: string): string =>
    `CREATE TRIGGER broken_${table}_${event} BEFORE ${event} ON ${table} BEGIN SELECT RAISE(ABORT, 'no'); END`

  const faults: [string, string[]][] = [
    ['attempts cannot be counted', [fault('attempt', 'INSERT'), fault('attempt', 'UPDATE')]],
    ['a code cannot be marked as used', [fault('authenticator', 'UPDATE')]],
    ['the sign-in cannot be taken', [fault('sign_in', 'DELETE')]],
    ['the session cannot be kept', [fault('session', 'INSERT')]],
    ['the device cannot be noted', [fault('known_device', 'INSERT'), fault('known_device', 'UPDATE')]],
    ['the account cannot be noted', [fault('account', 'UPDATE')]],
    ['the audit trail cannot be written', [fault('audit', 'INSERT')]],
  ]

  it.each(faults)('ERR-2 lets nobody in: %s', async (_name, statements) => {
    const half = await withPassword(app, ada)
    const before = await countOf(app, 'session')
    await inDatabase(app, ...statements)
    try {
      const wrong = await half.post('/mfa/verify', { otp: ada.phone.wrongCode() })
      const right = await half.post('/mfa/verify', { otp: ada.phone.code() })
      expect(right.status).toBeGreaterThanOrEqual(500)
      expect(wrong.status === 401 || wrong.status >= 500).toBe(true)
      for (const reply of [wrong, right]) {
        expect(reply.headers['set-cookie']).toBeUndefined()
        expect(showsNothingInside(reply)).toBe(true)
      }
      expect(await countOf(app, 'session')).toBe(before)
      expect(app.logged.length).toBeGreaterThan(0)
    } finally {
      for (const statement of statements)
        await inDatabase(app, `DROP TRIGGER ${/broken_\w+/.exec(statement)![0]}`)
    }
    // Nothing is half done: the same sign-in goes on with the same code.
    expect((await half.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
    app.clock.advance(30)
  })

  it('ERR-2 lets nobody in when passwords cannot be counted', async () => {
    await inDatabase(app, fault('attempt', 'INSERT'), fault('attempt', 'UPDATE'))
    const right = await app.browser().post('/login', { username: 'ada', password: testPassword })
    await inDatabase(app, 'DROP TRIGGER broken_attempt_INSERT', 'DROP TRIGGER broken_attempt_UPDATE')
    expect(right.status).toBeGreaterThanOrEqual(500)
    expect(right.headers['set-cookie']).toBeUndefined()
  })

  it('ERR-2 lets nobody in when the hash cannot be computed, and the attempt stays spent', async () => {
    const spy = vi.spyOn(app.nightlatch.core.passwords, 'verify').mockRejectedValue(new Error('no memory'))
    const spy2 = vi.spyOn(app.nightlatch.core.passwords, 'hashAll').mockRejectedValue(new Error('no memory'))
    const browser = app.browser()
    const reply = await browser.post('/login', { username: 'ada', password: testPassword })
    spy.mockRestore()
    expect([reply.status, browser.cookies.size]).toEqual([500, 0])
    expect(await failuresOf(app, await accountOf(app, 'ada'), 'password')).toBe(1)
    const half = await withPassword(app, ada)
    const recovery = await half.post('/mfa/recovery', { recovery_code: ada.recoveryCodes[0]! })
    spy2.mockRestore()
    expect([recovery.status, await isSignedIn(half)]).toEqual([500, false])
  })

  it('ERR-2 lets nobody in when there is no time', async () => {
    const half = await withPassword(app, ada)
    const code = ada.phone.code()
    const { seconds } = clock
    Object.defineProperty(clock, 'seconds', {
      configurable: true,
      get: () => {
        throw new Error('no clock')
      },
    })
    const replies = [await half.post('/mfa/verify', { otp: code }), await ada.browser.get('/account')]
    Object.defineProperty(clock, 'seconds', { configurable: true, writable: true, value: seconds })
    for (const reply of replies) expect(reply.status).toBe(500)
    expect((await half.post('/mfa/verify', { otp: code })).status).toBe(303)
    app.clock.advance(30)
  })

  it('ERR-2 a secret that cannot be opened lets nobody in without it, and recovery codes still work', async () => {
    const eve = await enrolledPerson(app, 'eve')
    const [mine, hers] = [await accountOf(app, 'ada'), await accountOf(app, 'eve')]
    const rows = await inDatabase(app, `SELECT sealed FROM authenticator WHERE account = '${mine.id}'`)
    const sealed = String(rows[0]!['sealed'])
    const flipped = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA')
    for (const damaged of [
      flipped,
      sealed.slice(0, 40),
      '',
      'v1.x.y.z',
      sealed.replace(/^v1\.[0-9a-f]/, 'v1.z'),
      '\u0001',
    ]) {
      await inDatabase(
        app,
        'DELETE FROM attempt',
        `UPDATE authenticator SET sealed = '${damaged}' WHERE account = '${mine.id}'`,
      )
      const half = await withPassword(app, ada)
      const reply = await half.post('/mfa/verify', { otp: ada.phone.code() })
      expect([damaged, reply.status]).toEqual([damaged, 401])
      expect((await half.get('/mfa/setup')).location).toBe('/mfa/verify')
    }
    // Somebody else's secret in this row is not this row's secret.
    await inDatabase(
      app,
      `UPDATE authenticator SET sealed = (SELECT sealed FROM authenticator WHERE account = '${hers.id}') WHERE account = '${mine.id}'`,
    )
    const half = await withPassword(app, ada)
    expect((await half.post('/mfa/verify', { otp: eve.phone.code() })).status).toBe(401)
    expect((await half.post('/mfa/recovery', { recovery_code: ada.recoveryCodes[1]! })).status).toBe(303)
    await inDatabase(app, `UPDATE authenticator SET sealed = '${sealed}' WHERE account = '${mine.id}'`)
  })

  it('a damaged row of an account is a clear no for that account, and nobody else notices', async () => {
    const joan = await enrolledPerson(app, 'joan')
    const { id } = await accountOf(app, 'joan')
    await inDatabase(app, `UPDATE account SET group_names = '{{{' WHERE id = '${id}'`)
    const login = await app.browser().post('/login', { username: 'joan', password: testPassword })
    const page = await joan.browser.get('/account')
    for (const reply of [login, page])
      expect([reply.status >= 500, showsNothingInside(reply)]).toEqual([true, true])
    expect((await (await withPassword(app, ada)).get('/mfa/verify')).status).toBe(200)
    await inDatabase(app, `UPDATE account SET group_names = '[]' WHERE id = '${id}'`)
    expect(await isSignedIn(joan.browser)).toBe(true)
  })
})

describe('headers', () => {
  let app: TestApp
  let ada: Enrolled
  beforeAll(async () => {
    app = await startApp()
    ada = await enrolledPerson(app, 'ada')
  })
  afterAll(() => app.close())

  it('HDR-1 HDR-2 HDR-4 on every answer of every route: not framed, not cached, not sniffed, no banner', async () => {
    const half = await withPassword(app, ada)
    for (const path of new Set(['/nothing', ...routes.map((route) => route.path)])) {
      for (const browser of [ada.browser, half, app.browser()]) {
        for (const method of ['GET', 'POST', 'PUT']) {
          if (path === '/logout' && method === 'POST') continue
          const reply = await browser.send(path.replace(':id', 'a'.repeat(26)), {
            method,
            headers: { 'if-none-match': '*' },
          })
          const where = `${method} ${path}`
          expect(reply.headers['cache-control'], where).toBe('no-store')
          expect(reply.headers['x-content-type-options'], where).toBe('nosniff')
          expect(reply.headers['cross-origin-resource-policy'], where).toBe('same-origin')
          expect(
            [reply.headers['server'], reply.headers['x-powered-by'], reply.headers['etag']],
            where,
          ).toEqual([undefined, undefined, undefined])
          if (!String(reply.headers['content-type']).startsWith('text/html')) continue
          expect(reply.headers['x-frame-options'], where).toBe('DENY')
          expect(String(reply.headers['content-security-policy']), where).toMatch(/frame-ancestors 'none'/)
          expect(reply.body.replaceAll('127.0.0.1', ''), where).not.toMatch(/<!--|\d+\.\d+\.\d+/)
        }
      }
    }
  })

  it('answers methods that it does not know with a plain no', async () => {
    for (const method of ['TRACE', 'PROPFIND', 'OPTIONS', 'LOCK']) {
      for (const path of ['/login', '/account', '/mfa/verify', '/nothing']) {
        const reply = await ada.browser.send(path, { method })
        expect([404, 405, 501], `${method} ${path}`).toContain(reply.status)
        expect(isDenied(reply)).toBe(true)
      }
    }
  })
})
