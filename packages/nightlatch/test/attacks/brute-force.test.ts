import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { prune } from '../../src/core/maintenance/housekeeping.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp, testPassword, useApp } from '../support/app.js'
import {
  accountOf,
  countOf,
  failuresOf,
  inDatabase,
  isSignedIn,
  personWithSecret,
  withPassword,
} from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'
import { rfcSecret } from '../support/vectors.js'

const trusting = { env: { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } }
let addresses = 0
/** An address that nobody has used before in this file. */
const newAddress = (): Record<string, string> => {
  addresses += 1
  return {
    'x-forwarded-for': `10.${String(addresses >> 16)}.${String((addresses >> 8) & 255)}.${String(addresses & 255)}`,
  }
}

const giveWrong = (browser: Browser, ada: Enrolled) =>
  browser.post('/mfa/verify', { otp: ada.phone.wrongCode() })

// BRUTE-17: the limits are the same on both databases (a count that comes back as text compares as text).
describe.each(databases)('BRUTE-17 guessing codes, on $name', (kind) => {
  let app: TestApp
  let ada: Enrolled
  let people = 0
  beforeAll(async () => {
    app = await startAppOn(kind, trusting)
  })
  afterAll(() => app.close())
  beforeEach(async () => {
    people += 1
    ada = await enrolledPerson(app, `ada${String(people)}`)
  })

  const wrongTimes = async (times: number): Promise<number[]> => {
    const statuses: number[] = []
    for (let time = 0; time < times; time += 1)
      statuses.push((await giveWrong(await withPassword(app, ada), ada)).status)
    return statuses
  }

  it('BRUTE-1 a new sign-in gives no new guesses: the account counts them all', async () => {
    expect(await wrongTimes(5)).toEqual([401, 401, 401, 401, 401])
    const browser = await withPassword(app, ada)
    const code = ada.phone.code()
    const right = await browser.post('/mfa/verify', { otp: code })
    const wrong = await giveWrong(browser, ada)
    expect(right.status).toBe(429)
    expect(right.headers['retry-after']).toBe('30')
    expect(right.body).toBe(wrong.body)
    expect(await isSignedIn(browser)).toBe(false)
    app.clock.advance(29)
    expect((await browser.post('/mfa/verify', { otp: code })).status).toBe(429)
    app.clock.advance(1)
    // Refused without being looked at: the code was not spent.
    expect((await browser.post('/mfa/verify', { otp: code })).status).toBe(303)
    expect(await failuresOf(app, await accountOf(app, ada.username))).toBe(0)
  })

  it('BRUTE-1 a right password does not set the count back, a right code does', async () => {
    await wrongTimes(4)
    await withPassword(app, ada)
    expect(await failuresOf(app, await accountOf(app, ada.username))).toBe(4)
    await (await withPassword(app, ada)).submit('/mfa/verify', { otp: ada.phone.code() })
    expect(await failuresOf(app, await accountOf(app, ada.username))).toBe(0)
    app.clock.advance(30)
    expect(await wrongTimes(6)).toEqual([401, 401, 401, 401, 401, 429])
  })

  it('BRUTE-4 what was counted stays counted: a failure rolls nothing back', async () => {
    await wrongTimes(6)
    const account = await accountOf(app, ada.username)
    expect(await failuresOf(app, account)).toBe(5)
    expect(await countOf(app, `audit WHERE account = '${account.id}' AND event = 'code.refused'`)).toBe(5)
    expect(await countOf(app, `audit WHERE account = '${account.id}' AND event = 'code.throttled'`)).toBe(1)
    const right = await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.code() })
    expect(right.status).toBe(429)
  })

  it('the wait doubles from 30 seconds to an hour', async () => {
    await wrongTimes(5)
    const waits: string[] = []
    for (let failures = 5; failures < 15; failures += 1) {
      const browser = await withPassword(app, ada)
      const told = (await giveWrong(browser, ada)).headers['retry-after']
      waits.push(String(told))
      app.clock.advance(Number(told))
      expect((await giveWrong(await withPassword(app, ada), ada)).status).toBe(401)
    }
    expect(waits).toEqual(['30', '60', '120', '240', '480', '960', '1920', '3600', '3600', '3600'])
  })

  it('BRUTE-8 another address for every guess changes nothing', async () => {
    const statuses: number[] = []
    for (let time = 0; time < 6; time += 1) {
      const browser = await withPassword(app, ada, newAddress())
      statuses.push((await giveWrong(browser, ada)).status)
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  })

  it('BRUTE-11 a restart gives no new guesses, and neither does a second server', async () => {
    await wrongTimes(4)
    const { dataFolder, clock } = app
    const env = { ...trusting.env, ...databaseOf(app) }
    const neighbour = await startApp({ dataFolder, clock, env })
    expect((await giveWrong(await withPassword(neighbour, ada), ada)).status).toBe(401)
    expect((await giveWrong(await withPassword(neighbour, ada), ada)).status).toBe(429)
    await neighbour.server.stop()
    await neighbour.nightlatch.close()
    app = await app.restart()
    expect((await giveWrong(await withPassword(app, ada), ada)).status).toBe(429)
  })

  it('BRUTE-13 another factor is no fresh budget: changing over and back sets nothing to zero', async () => {
    await wrongTimes(5)
    const account = await accountOf(app, ada.username)
    const recover = async (code: string) =>
      (await (await withPassword(app, ada)).post('/mfa/recovery', { recovery_code: code })).status
    const statuses: number[] = []
    for (let time = 0; time < 6; time += 1) statuses.push(await recover('0000-0000-0000-0000'))
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
    expect(await failuresOf(app, account)).toBe(5)
    expect(await failuresOf(app, account, 'recovery')).toBe(5)
    expect((await giveWrong(await withPassword(app, ada), ada)).status).toBe(429)
  })

  it('BRUTE-16 a hundred failures in a row lock the codes for good, and the owner was told', async () => {
    const account = await accountOf(app, ada.username)
    for (let guess = 0; guess < 12; guess += 1) {
      expect((await giveWrong(await withPassword(app, ada), ada)).status).toBe(401)
      if (guess >= 4) app.clock.advance(3600)
    }
    // A year of patience, in one line.
    await inDatabase(app, `UPDATE attempt SET failures = 98 WHERE key = 'code:${account.id}'`)
    for (const status of [401, 401, 429]) {
      expect((await giveWrong(await withPassword(app, ada), ada)).status).toBe(status)
      app.clock.advance(3600)
    }
    for (let day = 0; day < 3; day += 1) {
      const right = await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.code() })
      expect(right.status).toBe(429)
      app.clock.advance(10 * 86_400)
    }
    expect(await failuresOf(app, account)).toBe(100)
    await prune(app.nightlatch.core, app.nightlatch.storage.stores)
    expect(await failuresOf(app, account)).toBe(100)
    const told = app.notices.filter((one) => one.kind === 'many-wrong-codes' && one.account.id === account.id)
    expect(told).toHaveLength(1)
    const recovery = await (
      await withPassword(app, ada)
    ).post('/mfa/recovery', { recovery_code: ada.recoveryCodes[0]! })
    expect(recovery.status).toBe(303)
    const freed = await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.code() })
    expect(freed.status).toBe(303)
  })

  describe.each(['a page', 'JSON'])('BRUTE-23 a stolen session that is fresh, by %s', (door) => {
    const stepUp = (fields: Record<string, string>) =>
      door === 'JSON'
        ? ada.browser.json('POST', '/api/v1/session/verify', fields)
        : ada.browser.post('/account/confirm', fields)
    const signIn = async () =>
      (await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.code() })).status
    const wrongCode = () => ({ password: testPassword, otp: ada.phone.wrongCode() })

    it('makes nobody wait at sign-in by wrong codes at the fresh proof, and waits itself', async () => {
      const account = await accountOf(app, ada.username)
      const statuses: number[] = []
      for (let time = 0; time < 7; time += 1) statuses.push((await stepUp(wrongCode())).status)
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
      const counts = [await failuresOf(app, account), await failuresOf(app, account, 'step-up-code')]
      expect(counts).toEqual([0, 5])
      expect(await signIn()).toBe(303)
    })

    it('makes nobody wait at sign-in by wrong codes of a set-up', async () => {
      const account = await accountOf(app, ada.username)
      const api = '/api/v1/authenticators/totp'
      const begun = await (door === 'JSON' ? ada.browser.json('POST', api) : ada.browser.get('/mfa/setup'))
      const id = door === 'JSON' ? String((JSON.parse(begun.body) as { id: unknown }).id) : ''
      const confirm = (fields: Record<string, string>) =>
        door === 'JSON'
          ? ada.browser.json('POST', `${api}/${id}/confirm`, fields)
          : ada.browser.post('/mfa/setup', fields)
      const statuses: number[] = []
      for (let time = 0; time < 7; time += 1)
        statuses.push((await confirm({ otp: ada.phone.wrongCode() })).status)
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
      const counts = [await failuresOf(app, account), await failuresOf(app, account, 'step-up-code')]
      expect(counts).toEqual([0, 0])
      expect(await signIn()).toBe(303)
    })

    it('has no hundred of its own: those at sign-in and those at the fresh proof are one row of failures', async () => {
      const account = await accountOf(app, ada.username)
      await stepUp(wrongCode())
      await giveWrong(await withPassword(app, ada), ada)
      // A year of patience, in one line.
      await inDatabase(app, `UPDATE attempt SET failures = 60 WHERE key = 'code:${account.id}'`)
      await inDatabase(app, `UPDATE attempt SET failures = 39 WHERE key = 'step-up-code:${account.id}'`)
      expect((await stepUp(wrongCode())).status).toBe(401)
      app.clock.advance(3600)
      expect(await signIn()).toBe(429)
      expect((await stepUp({ password: testPassword, otp: ada.phone.code() })).status).toBe(429)
      const recovery = await (
        await withPassword(app, ada)
      ).post('/mfa/recovery', { recovery_code: ada.recoveryCodes[0]! })
      expect(recovery.status).toBe(303)
      expect(await signIn()).toBe(303)
    })
  })

  it('nobody without the right password moves the count of codes', async () => {
    const account = await accountOf(app, ada.username)
    const stranger = app.browser()
    await stranger.refused('/login', { username: ada.username, password: 'not the password' })
    stranger.cookies.set(app.cookieName('sign-in'), 'A'.repeat(43))
    for (let time = 0; time < 10; time += 1)
      expect((await giveWrong(stranger, ada)).location).toMatch(/^\/login/)
    expect(await failuresOf(app, account)).toBe(0)
  })
})

/** The same database for a second server. */
const databaseOf = (app: TestApp): Record<string, string> => {
  const { database } = app.nightlatch.settings
  return database.kind === 'postgres' ? { NIGHTLATCH_DATABASE_URL: database.url.reveal() } : {}
}

describe('guessing codes by other ways', () => {
  const app = useApp()

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'BREW'])(
    'BRUTE-6 %s with a code is not a guess',
    async (method) => {
      const ada = await personWithSecret(app, `method-${method.toLowerCase()}`, rfcSecret)
      const browser = await withPassword(app, ada)
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
      const sent = { method, headers, body: 'otp=123456&_method=POST' }
      if (method === 'BREW' || method === 'TRACE') {
        expect(
          await browser.send('/mfa/verify', sent).then(
            (one) => one.status,
            () => 400,
          ),
        ).toBeGreaterThanOrEqual(400)
      } else {
        const reply = await browser.send('/mfa/verify', sent)
        expect(reply.status).toBe(method === 'GET' || method === 'HEAD' ? 200 : 405)
        const overridden = await browser.get('/mfa/verify?otp=123456&_method=POST', {
          'x-http-method-override': 'POST',
        })
        expect(overridden.status).toBe(200)
      }
      expect(await failuresOf(app, ada.account)).toBe(0)
    },
  )

  it('a code in the address is not looked at', async () => {
    const ada = await enrolledPerson(app, 'query')
    const browser = await withPassword(app, ada)
    expect((await browser.post(`/mfa/verify?otp=${ada.phone.code()}`, {})).status).toBe(422)
    expect(await isSignedIn(browser)).toBe(false)
  })
})

describe.each(databases)('guessing passwords, on $name', (kind) => {
  let app: TestApp
  beforeAll(async () => {
    app = await startAppOn(kind, trusting)
  })
  afterAll(() => app.close())

  const guess = async (username: string, headers: Record<string, string>, password = 'wrong password') =>
    app.browser(headers).post('/login', { username, password })

  it('ten wrong passwords for one account, wherever from, and there is a wait', async () => {
    await app.person('grace')
    const statuses: number[] = []
    for (let time = 0; time < 12; time += 1) statuses.push((await guess('grace', newAddress())).status)
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429])
    const right = await guess('grace', newAddress(), testPassword)
    expect(right.status).toBe(429)
    app.clock.advance(30)
    expect((await guess('grace', newAddress(), testPassword)).status).toBe(303)
  })

  it('BRUTE-8 one customer with many IPv6 addresses is one address', async () => {
    const statuses = new Set<number>()
    for (let time = 0; time < 50; time += 1) {
      const address = { 'x-forwarded-for': `2001:db8:1:2::${time.toString(16)}` }
      statuses.add((await guess(`nobody${String(time)}`, address)).status)
    }
    expect([...statuses]).toEqual([401])
    expect((await guess('somebody', { 'x-forwarded-for': '2001:db8:1:2:ffff::1' })).status).toBe(429)
    expect((await guess('somebody', { 'x-forwarded-for': '2001:db8:1:3::1' })).status).toBe(401)
  })

  it('BRUTE-10 thousands of names push nobody’s count out', async () => {
    await app.person('joan')
    for (let time = 0; time < 9; time += 1) await guess('joan', newAddress())
    for (let time = 0; time < 80; time += 1) await guess(`random-${String(time)}`, newAddress())
    await prune(app.nightlatch.core, app.nightlatch.storage.stores)
    expect((await guess('joan', newAddress())).status).toBe(401)
    expect((await guess('joan', newAddress())).status).toBe(429)
    const rows = await countOf(app, 'attempt')
    expect(rows).toBeGreaterThan(80)
    app.clock.advance(3 * 86_400)
    while ((await prune(app.nightlatch.core, app.nightlatch.storage.stores)) > 0);
    expect(await countOf(app, `attempt WHERE key LIKE 'password:?%'`)).toBe(0)
  })

  it('BRUTE-18 one wrong password for each of many accounts: the address waits, other addresses do not', async () => {
    const sprayer = newAddress()
    const statuses: number[] = []
    for (let time = 0; time < 60; time += 1)
      statuses.push((await guess(`colleague${String(time)}`, sprayer, 'Summer2026!')).status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(50)
    expect(statuses.slice(50).every((status) => status === 429)).toBe(true)
    await app.person('unaffected')
    expect((await guess('unaffected', sprayer, testPassword)).status).toBe(429)
    expect((await guess('unaffected', newAddress(), testPassword)).status).toBe(303)
    // One good account of the sprayer's own buys no fresh tries.
    app.clock.advance(3600)
    expect((await guess('unaffected', sprayer, testPassword)).status).toBe(303)
    expect((await guess('colleague70', sprayer)).status).toBe(401)
    expect((await guess('colleague71', sprayer)).status).toBe(429)
  })
})

describe('an address that somebody claims', () => {
  const app = useApp()

  it('BRUTE-9 is not believed from a peer that is no trusted proxy, and loopback is not exempt', async () => {
    const claims = ['127.0.0.1', '::1', '10.0.0.1', '203.0.113.7', '1.1.1.1, 127.0.0.1', 'localhost', '']
    for (let time = 0; time < 50; time += 1) {
      const headers = {
        'x-forwarded-for': claims[time % claims.length]!,
        'x-real-ip': `198.51.100.${String(time)}`,
        forwarded: `for=192.0.2.${String(time)}`,
        'client-ip': '127.0.0.1',
        'true-client-ip': '127.0.0.1',
        'cf-connecting-ip': '127.0.0.1',
      }
      const reply = await app
        .browser(headers)
        .post('/login', { username: `n${String(time)}`, password: 'wrong one' })
      expect(reply.status).toBe(401)
    }
    const next = await app
      .browser({ 'x-forwarded-for': '203.0.113.99' })
      .post('/login', { username: 'x', password: 'wrong one' })
    expect(next.status).toBe(429)
    expect(await inDatabase(app, `SELECT DISTINCT address FROM audit`)).toEqual([{ address: '127.0.0.1' }])
  })
})

describe('a flood of passwords', () => {
  it('BRUTE-19 PW-3 is queued or refused, and the server answers others meanwhile', async () => {
    const app = await startApp({
      ...trusting,
      parts: { unsafeArgon2Setting: { memory: 19_456, passes: 2, lanes: 1 } },
    })
    try {
      const before = process.memoryUsage().rss
      const flood = Array.from({ length: 110 }, (_, one) =>
        app
          .browser(newAddress())
          .post('/login', { username: `flood${String(one)}`, password: 'x'.repeat(256) }),
      )
      const allAccounts = Promise.all(flood)
      const first = await Promise.race([
        app.browser().get('/healthz'),
        allAccounts.then(() => 'the flood was first'),
      ])
      expect(first).toMatchObject({ status: 200 })
      const statuses = (await allAccounts).map((one) => one.status)
      expect(statuses.every((status) => [401, 503].includes(status))).toBe(true)
      expect(statuses).toContain(503)
      // Two or more threads of 19 MiB, and not a hundred; tests beside this one may take some, too.
      expect(process.memoryUsage().rss - before).toBeLessThan(1024 ** 3)
    } finally {
      await app.close()
    }
  })
})
