import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createHmac, randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createNightlatch } from '../../src/index.js'
import type { SessionView } from '../../src/index.js'
import { readSettings } from '../../src/config/read.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp, testPassword, useApp } from '../support/app.js'
import {
  accountOf,
  anotherSession,
  countOf,
  inDatabase,
  isDenied,
  isSignedIn,
  proveAgain,
  withPassword,
} from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { answerTo, cookieOf } from '../support/protected.js'

/** Whatever it is called. */
const sessionOf = (browser: Browser): string =>
  [...browser.cookies].find(([name]) => name.startsWith('nightlatch-session'))?.[1] ?? ''

describe('a session', () => {
  const app = useApp()

  it('SESS-1 has a new token at every step up, and every older one is dead', async () => {
    const ada = await enrolledPerson(app, 'ada1')
    const browser = app.browser()
    browser.cookies.set(app.cookieName('session'), 'F'.repeat(43))
    browser.cookies.set(app.cookieName('sign-in'), 'F'.repeat(43))
    await browser.submit('/login', { username: 'ada1', password: testPassword })
    const half = browser.copy()
    expect(browser.cookies.get(app.cookieName('sign-in'))).not.toBe('F'.repeat(43))
    await browser.submit('/mfa/verify', { otp: ada.phone.code() })
    app.clock.advance(30)
    const before = browser.copy()
    expect(sessionOf(browser)).not.toBe('F'.repeat(43))
    expect(browser.cookies.get(app.cookieName('sign-in'))).toBeUndefined()
    await proveAgain(app, ada, browser)
    expect(sessionOf(browser)).not.toBe(sessionOf(before))
    expect(await isSignedIn(browser)).toBe(true)
    expect(await isSignedIn(before)).toBe(false)
    expect((await half.post('/mfa/verify', { otp: ada.phone.code() })).location).toMatch(/^\/login/)
    // Signing in again in the same browser ends the session that it had.
    const again = browser.copy()
    await browser.submit('/login', { username: 'ada1', password: testPassword })
    await browser.submit('/mfa/verify', { otp: ada.phone.code() })
    app.clock.advance(30)
    expect(await isSignedIn(again)).toBe(false)
  })

  it('is the one whose cookie is shown, request after request, although people share a connection to a proxy', async () => {
    const [ada, bob] = [await enrolledPerson(app, 'ada1c'), await enrolledPerson(app, 'bob1c')]
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const sockets = new Set<object>()
    const whose = async ({ browser }: Enrolled): Promise<unknown> => {
      const headers = { cookie: cookieOf(browser) }
      const asked = request(`${app.origin}/api/v1/session`, { agent, headers }).end()
      asked.on('socket', (socket) => sockets.add(socket))
      const { status, body } = await answerTo(asked)
      return status === 200 ? (JSON.parse(body.toString()) as SessionView).account.username : status
    }
    const seen = [await whose(ada), await whose(ada), await whose(bob), await whose(ada)]
    await ada.browser.copy().submit('/logout')
    seen.push(await whose(ada), await whose(ada), await whose(bob))
    expect(seen).toEqual(['ada1c', 'ada1c', 'bob1c', 'ada1c', 401, 401, 'bob1c'])
    expect(sockets.size).toBe(1)
    agent.destroy()
  })

  it('SESS-1 a step up puts the session’s token into no second cookie', async () => {
    const ada = await enrolledPerson(app, 'ada1b')
    ada.browser.cookies.delete(app.cookieName('device'))
    await proveAgain(app, ada)
    expect(ada.browser.cookies.get(app.cookieName('device'))).not.toBe(sessionOf(ada.browser))
    ada.browser.cookies.delete(app.cookieName('device'))
    const form = { current_password: testPassword, new_password: 'a quite different battery' }
    await ada.browser.submit('/account/password', form)
    expect(ada.browser.cookies.get(app.cookieName('device'))).not.toBe(sessionOf(ada.browser))
  })

  it('SESS-3 is over on the server once it is signed out: a copy opens nothing', async () => {
    const ada = await enrolledPerson(app, 'ada3')
    const copy = ada.browser.copy()
    await ada.browser.submit('/logout')
    for (const path of ['/', '/account', '/mfa/setup', '/account/password', '/mfa/recovery-codes'])
      expect(isDenied(await copy.get(path)), path).toBe(true)
    expect(await countOf(app, `session WHERE account = '${(await accountOf(app, 'ada3')).id}'`)).toBe(0)
  })

  it('SESS-3 signing out in the middle of a sign-in ends that sign-in on the server, too', async () => {
    const ada = await enrolledPerson(app, 'ada3b')
    const half = await withPassword(app, ada)
    const copy = half.copy()
    await half.submit('/logout')
    expect((await copy.post('/mfa/verify', { otp: ada.phone.code() })).location).toMatch(/^\/login/)
    expect(await isSignedIn(copy)).toBe(false)
  })

  it('SESS-4 a sign-in in progress lasts fifteen minutes', async () => {
    const ada = await enrolledPerson(app, 'ada4')
    const [inTime, tooLate] = [await withPassword(app, ada), await withPassword(app, ada)]
    app.clock.advance(15 * 60 - 1)
    expect((await inTime.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
    app.clock.advance(31)
    const late = await tooLate.post('/mfa/verify', { otp: ada.phone.code() })
    expect(late.location).toMatch(/^\/login/)
    expect((await tooLate.get(late.location)).body).toContain('15 minutes')
  })

  it('SESS-5 nothing in the stolen database opens one', async () => {
    const ada = await enrolledPerson(app, 'ada5')
    await withPassword(app, ada)
    const stored = new Set<string>()
    for (const table of ['session', 'sign_in', 'trusted_device', 'known_device', 'invitation']) {
      for (const row of await inDatabase(app, `SELECT * FROM ${table}`))
        for (const value of Object.values(row))
          if (typeof value === 'string' && value !== '') stored.add(value)
    }
    for (const value of stored) {
      for (const name of ['session', 'sign-in', 'trusted'] as const) {
        const thief = app.browser()
        thief.cookies.set(app.cookieName(name), encodeURIComponent(value).slice(0, 500))
        expect(isDenied(await thief.get('/account'))).toBe(true)
      }
    }
    for (const token of ada.browser.cookies.values()) expect(stored.has(token)).toBe(false)
  })

  it('lasts twelve idle hours, and seven days whatever is done', async () => {
    const ada = await enrolledPerson(app, 'ada6')
    const idle = await anotherSession(app, ada)
    app.clock.advance(12 * 3600 - 120)
    expect(await isSignedIn(ada.browser)).toBe(true)
    app.clock.advance(121)
    expect(await isSignedIn(idle)).toBe(false)
    for (let hours = 12; hours < 7 * 24 + 12; hours += 11) {
      const alive = await isSignedIn(ada.browser)
      expect([hours, alive]).toEqual([hours, hours <= 7 * 24])
      app.clock.advance(11 * 3600)
    }
  })

  it('SESS-9 the hundredth and first ends the oldest', async () => {
    const ada = await enrolledPerson(app, 'ada9')
    const account = await accountOf(app, 'ada9')
    await inDatabase(
      app,
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
        INSERT INTO session (token_hash, id, account, factors, signed_in_at, verified_at, last_seen_at, expires_at, address, user_agent)
          SELECT 'hash' || i, 'session' || i, '${account.id}', 'password', ${String(app.clock.seconds)},
        0, ${String(app.clock.seconds + 1)}, ${String(app.clock.seconds + 999)}, '', '' FROM n`,
    )
    expect(await isSignedIn(ada.browser)).toBe(true)
    await anotherSession(app, ada)
    expect(await countOf(app, `session WHERE account = '${account.id}'`)).toBe(100)
    expect(await isSignedIn(ada.browser)).toBe(false)
  })

  it('SESS-10 however it began, it is listed as what it is and ends with all others', async () => {
    const ada = await enrolledPerson(app, 'ada10')
    const remembered = await anotherSession(app, ada, { remember: 'yes' })
    await remembered.submit('/logout')
    await remembered.submit('/login', { username: 'ada10', password: testPassword })
    const recovered = await withPassword(app, ada)
    await recovered.submit('/mfa/recovery', { recovery_code: ada.recoveryCodes[0]! })
    const { body } = await ada.browser.get('/account')
    for (const how of [
      'password and authenticator app',
      'password and trusted device',
      'password and recovery code',
    ])
      expect(body).toContain(how)
    for (const token of [...remembered.cookies.values(), ...recovered.cookies.values()])
      expect(body).not.toContain(token)
    await ada.browser.submit('/account/sessions/end-others')
    expect([
      await isSignedIn(remembered),
      await isSignedIn(recovered),
      await isSignedIn(ada.browser),
    ]).toEqual([false, false, true])
  })

  it('SESS-8 no cache keeps or mixes answers, and no made-up suffix makes a page of one', async () => {
    const ada = await enrolledPerson(app, 'ada8')
    for (const path of ['/', '/account', '/login', '/mfa/verify', '/mfa/setup', '/healthz', '/nothing']) {
      const { headers, status } = await ada.browser.get(path, {
        'if-none-match': '*',
        'if-modified-since': 'Thu, 01 Jan 2099 00:00:00 GMT',
      })
      expect(headers['cache-control'], path).toBe('no-store')
      expect([headers['etag'], headers['last-modified'], status === 304], path).toEqual([
        undefined,
        undefined,
        false,
      ])
    }
    const suffixes = [
      '/account/x.css',
      '/account;x.js',
      '/account%2fx.css',
      '/account/..%2fx',
      '/account.css',
      '/account/',
      '//account',
    ]
    for (const path of suffixes) expect((await ada.browser.get(path)).status, path).toBe(404)
  })
})

describe('a remembered device', () => {
  const app = useApp()

  const remembered = async (username: string): Promise<{ ada: Enrolled; browser: Browser }> => {
    const ada = await enrolledPerson(app, username)
    const browser = await anotherSession(app, ada, { remember: 'yes' })
    return { ada, browser }
  }
  const nextStep = async (ada: Enrolled, browser: Browser): Promise<string> =>
    (await browser.post('/login', { username: ada.username, password: ada.password })).location

  it('DEV-1 is known by a random value of which the server keeps only a hash', async () => {
    const { browser } = await remembered('dev1')
    const token = browser.cookies.get(app.cookieName('trusted'))!
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(JSON.stringify(await inDatabase(app, 'SELECT * FROM trusted_device'))).not.toContain(token)
  })

  it('DEV-3 is forgotten after thirty days, when it is ended, and with the password', async () => {
    const old = await remembered('dev3a')
    app.clock.advance(30 * 86_400 + 1)
    expect(await nextStep(old.ada, old.browser)).toBe('/mfa/verify')
    const ended = await remembered('dev3b')
    const { trustedDevices } = app.nightlatch.storage.stores
    const [device] = await trustedDevices.listOf((await accountOf(app, 'dev3b')).id)
    await ended.ada.browser.submit(`/account/trusted-devices/${device!.id}/end`)
    expect(await nextStep(ended.ada, ended.browser)).toBe('/mfa/verify')
    const changed = await remembered('dev3c')
    await proveAgain(app, changed.ada)
    const form = { current_password: testPassword, new_password: 'a quite different battery' }
    await changed.ada.browser.submit('/account/password', form)
    expect(await nextStep({ ...changed.ada, password: form.new_password }, changed.browser)).toBe(
      '/mfa/verify',
    )
  })

  it('DEV-3 is forgotten when everything else is signed out', async () => {
    const { ada, browser } = await remembered('dev3d')
    await ada.browser.submit('/account/sessions/end-others')
    expect(await nextStep(ada, browser)).toBe('/mfa/verify')
  })

  it('DEV-4 opens the account and changes nothing in it', async () => {
    const { ada, browser } = await remembered('dev4')
    expect(await nextStep(ada, browser)).toBe('/')
    expect(await isSignedIn(browser)).toBe(true)
    const form = { current_password: testPassword, new_password: 'a quite different battery' }
    for (const path of ['/account/password', '/account/recovery-codes/renew', '/account/change-phone'])
      expect((await browser.get(path)).location, path).toMatch(/^\/account\/confirm/)
    expect((await browser.post('/account/password', form)).location).toMatch(/^\/account\/confirm/)
    expect((await browser.get('/mfa/setup')).location).toMatch(/^\/account\/confirm/)
  })

  it('DEV-5 changes its value at every use, and an old value that comes back ends it', async () => {
    const { ada, browser } = await remembered('dev5')
    const other = await anotherSession(app, ada, { remember: 'yes' })
    expect(other.cookies.get(app.cookieName('trusted'))).not.toBe(
      browser.cookies.get(app.cookieName('trusted')),
    )
    const thief = browser.copy()
    expect(await nextStep(ada, browser)).toBe('/')
    expect(await isSignedIn(browser)).toBe(true)
    expect(thief.cookies.get(app.cookieName('trusted'))).not.toBe(
      browser.cookies.get(app.cookieName('trusted')),
    )
    expect(await nextStep(ada, thief)).toBe('/mfa/verify')
    expect(await nextStep(ada, browser)).toBe('/mfa/verify')
    const { id } = await accountOf(app, 'dev5')
    expect(await countOf(app, `audit WHERE account = '${id}' AND event = 'trusted-device.reused'`)).toBe(1)
    expect(await nextStep(ada, other)).toBe('/')
  })

  it('DEV-6 only where the person asks for it, in the form', async () => {
    const ada = await enrolledPerson(app, 'dev6')
    for (const [path, fields] of [
      ['/mfa/verify', {}],
      ['/mfa/verify?remember=yes', {}],
      ['/mfa/verify', { remember: 'no' }],
    ] as const) {
      const browser = await withPassword(app, ada)
      await browser.submit(path, { otp: ada.phone.code(), ...fields })
      app.clock.advance(30)
      expect(browser.cookies.has(app.cookieName('trusted')), path).toBe(false)
    }
    const recovered = await withPassword(app, ada)
    await recovered.submit('/mfa/recovery', { recovery_code: ada.recoveryCodes[0]!, remember: 'yes' })
    expect(recovered.cookies.has(app.cookieName('trusted'))).toBe(false)
  })
})

describe('the root key', () => {
  it('SESS-7 is never a word: too short or missing stops the start, and otherwise it is made at random', () => {
    for (const secret of ['changeme', '12345678', 'your_secret_key', 'my_secret_key', 'APP_SECRET_KEY', '']) {
      const read = readSettings({ env: { NIGHTLATCH_SECRET: secret } })
      expect(read.kind, secret).toBe('problems')
      if (read.kind === 'problems' && secret !== '') expect(read.problems.join()).not.toContain(secret)
    }
  })

  it.each([
    ['a word', Buffer.alloc(32, 'changeme')],
    ['zeros', Buffer.alloc(32)],
    ['one letter', Buffer.from('a'.repeat(32))],
  ])('SESS-7 of 32 bytes that are %s is told of at every start', async (_what, bytes) => {
    const warnings: string[] = []
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-key-'))
    const auth = await createNightlatch({
      origin: 'http://localhost:3000',
      database: join(folder, 'nightlatch.db'),
      secret: bytes.toString('base64'),
      log: { warn: (message) => warnings.push(message), error: () => undefined },
    })
    await auth.close()
    rmSync(folder, { recursive: true, force: true })
    expect(warnings).toEqual(['the root key can be guessed'])
  })

  it('SESS-7 OPS-5 is generated with 256 bits, for its owner only, like everything in the folder', async () => {
    const app = await startApp()
    try {
      await enrolledPerson(app, 'ada')
      const key = readFileSync(join(app.dataFolder, 'root-key'), 'utf8').trim()
      expect(Buffer.from(key, 'base64')).toHaveLength(32)
      for (const file of ['root-key', 'nightlatch.db', 'nightlatch.db-wal', 'nightlatch.db-shm'])
        expect([file, statSync(join(app.dataFolder, file)).mode & 0o077]).toEqual([file, 0])
      expect(statSync(app.dataFolder).mode & 0o077).toBe(0)
    } finally {
      await app.close()
    }
  })

  it('SESS-7 signs no cookie: what a framework’s signed session looks like opens nothing', async () => {
    const app = await startApp()
    try {
      await enrolledPerson(app, 'user1')
      for (const secret of ['your_secret_key', 'my_secret_key', 'APP_SECRET_KEY']) {
        const payload = Buffer.from('{"username":"user1"}').toString('base64url')
        const flask = `${payload}.aAAAAA.${createHmac('sha1', secret).update(payload).digest('base64url')}`
        const head = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')
        const jwt = `${head}.${payload}.${createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url')}`
        const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
        for (const value of [flask, jwt, none, payload]) {
          const cookie = `session=${value}; ${app.cookieName('session')}=${value}; ${app.cookieName('sign-in')}=${value}; ${app.cookieName('trusted')}=${value}`
          expect(isDenied(await app.browser().get('/account', { cookie }))).toBe(true)
        }
      }
    } finally {
      await app.close()
    }
  })

  it('OPS-2 a key is rotated by three starts, however short; then the old one alone stops the start', async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), 'nightlatch-test-'))
    const aKey = () => randomBytes(32).toString('base64')
    const [older, newer] = [aKey(), aKey()]
    const startWith = (keys: string, clock?: TestApp['clock']) =>
      startApp({ dataFolder, env: { NIGHTLATCH_SECRET: keys }, ...(clock === undefined ? {} : { clock }) })
    const leave = async (app: TestApp) => {
      await app.server.stop()
      await app.nightlatch.close()
    }
    const before = await startWith(older)
    const ada = await enrolledPerson(before, 'ada')
    await leave(before)
    const between = await startWith(`${newer},${older}`, before.clock)
    expect((await between.browser().get('/healthz')).status).toBe(200)
    await leave(between)
    await expect(startWith(older)).rejects.toMatchObject({ code: 'KEY_DOES_NOT_FIT' })
    const after = await startWith(newer, before.clock)
    try {
      const browser = await withPassword(after, ada)
      expect((await browser.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
    } finally {
      await after.close()
    }
  })

  it('OPS-2 a wrong or missing key stops the start with a clear line, and the right one works again', async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), 'nightlatch-test-'))
    const app = await startApp({ dataFolder })
    const ada = await enrolledPerson(app, 'ada')
    const file = join(dataFolder, 'root-key')
    const right = readFileSync(file)
    await app.server.stop()
    await app.nightlatch.close()
    rmSync(file)
    await expect(startApp({ dataFolder })).rejects.toMatchObject({ code: 'KEY_MISSING' })
    const other = Buffer.from(
      Array.from({ length: 32 }, (_, index) => (index * 89 + 17 * index * index) & 255),
    )
    writeFileSync(file, other.toString('base64'))
    await expect(startApp({ dataFolder })).rejects.toMatchObject({ code: 'KEY_DOES_NOT_FIT' })
    writeFileSync(file, right)
    const back = await startApp({ dataFolder, clock: app.clock })
    try {
      const browser = await withPassword(back, ada)
      expect((await browser.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
    } finally {
      await back.close()
    }
  })
})
