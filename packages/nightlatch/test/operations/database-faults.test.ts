import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp } from '../support/app.js'
import { anotherSession, showsNothingInside, withPassword } from '../support/attack.js'
import type { Browser, Reply } from '../support/browser.js'
import { startCli } from '../support/cli.js'
import { databases, type TestDatabase } from '../support/databases.js'
import { FaultProxy, type Cut } from '../support/fault-proxy.js'
import { until } from '../support/until.js'
import { patient } from '../support/pace.js'

let database: TestDatabase
let line: FaultProxy
let app: TestApp
let ada: Enrolled
beforeAll(async () => {
  database = await databases[1]!.create()
  line = await FaultProxy.start(String(database.location))
  app = await startApp({ env: { NIGHTLATCH_DATABASE_URL: `${line.url}?connect_timeout=1` } })
  ada = await enrolledPerson(app, 'ada')
})
afterAll(async () => {
  await app.close()
  await line.close()
  await database.remove()
})

/** Past the line: what is really kept. */
async function kept(sql: string): Promise<number> {
  const client = new pg.Client({ connectionString: String(database.location) })
  await client.connect()
  const { rows } = await client.query<{ n: string }>(`SELECT (${sql}) AS n`)
  await client.end()
  return Number(rows[0]?.n)
}

const signInsDone = () => kept(`SELECT count(*) FROM audit WHERE event = 'sign-in.completed'`)
const sessions = () => kept('SELECT count(*) FROM session')
const halfSignIns = () => kept('SELECT count(*) FROM sign_in')
const failures = () => kept(`SELECT coalesce(max(failures), 0) FROM attempt WHERE key LIKE 'code:%'`)

const isOutage = (reply: Reply): void => {
  expect(reply.status).toBe(503)
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  expect(reply.headers['set-cookie']).toBeUndefined()
  expect(showsNothingInside(reply)).toBe(true)
}

/** Everything that asks the database says so; nobody is signed in or out by it; what needs no database works. */
async function nothingWorks(signedIn: Browser, half: Browser): Promise<void> {
  const { username, password } = ada
  const asked = await Promise.all([
    app.browser().post('/login', { username, password }),
    half.post('/mfa/verify', { otp: ada.phone.code() }),
    signedIn.get('/account'),
    signedIn.get('/api/v1/session'),
    signedIn.get('/forward-auth'),
    signedIn.post('/logout'),
    app.browser().get('/readyz'),
  ])
  for (const reply of asked) isOutage(reply)
  expect(asked[3].headers['content-type']).toContain('application/problem+json')
  expect(JSON.parse(asked[3].body)).toMatchObject({ status: 503, code: 'unavailable' })
  expect((await app.browser().get('/healthz')).status).toBe(200)
  expect((await app.browser().get('/login')).status).toBe(200)
}

/** Without a restart: the same session, the same sign-in, the same code. */
async function allIsWell(signedIn: Browser, half: Browser): Promise<void> {
  await until(async () => (await app.browser().get('/readyz')).status === 200)
  expect((await signedIn.get('/account')).status).toBe(200)
  expect((await half.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
  app.clock.advance(30)
}

describe('a database that', () => {
  it('refuses connections is an outage, and all goes on when it is back', async () => {
    const [signedIn, half] = [await anotherSession(app, ada), await withPassword(app, ada)]
    await line.refuse()
    await nothingWorks(signedIn, half)
    await line.accept()
    await allIsWell(signedIn, half)
  })

  it(
    'takes connections and never answers is an outage, told within ten seconds',
    async () => {
      const [signedIn, half] = [await anotherSession(app, ada), await withPassword(app, ada)]
      // Many connections that worked: one after the other would be tried in vain.
      await Promise.all(Array.from({ length: 30 }, () => signedIn.get('/forward-auth')))
      line.freeze()
      const began = performance.now()
      isOutage(await signedIn.get('/account'))
      expect(performance.now() - began).toBeLessThan(10_000)
      await nothingWorks(signedIn, half)
      expect(performance.now() - began).toBeLessThan(20_000)
      line.thaw()
      await allIsWell(signedIn, half)
    },
    patient(60_000),
  )

  it('stands still keeps no server from stopping, with a line of notifications or without', async () => {
    const still = await FaultProxy.start(String(database.location))
    const env = { NIGHTLATCH_DATABASE_URL: still.url, NIGHTLATCH_DATA: app.dataFolder }
    for (const isBusy of [false, true]) {
      const server = startCli(['serve', '--port', '0', '--drain', '0'], { env })
      const [, port] = await server.until(/"port":(\d+)/)
      const session = ada.browser.copy()
      Object.assign(session, { origin: `http://127.0.0.1:${port}` })
      const ask = () => session.get('/api/v1/session')
      for (let asked = 0; asked < 5; asked += 1) expect((await ask()).status).toBe(200)
      if (isBusy)
        await until(async () => {
          await Promise.all(Array.from({ length: 40 }, ask))
          return still.isHeard
        })
      still.freeze()
      const began = performance.now()
      expect(await server.stop('SIGTERM')).toBe(0)
      expect(performance.now() - began).toBeLessThan(12_000) // a question that was on its way has seven
      still.thaw()
    }
    await still.close()
  })

  it('is lost right after the start is an outage like any other', async () => {
    const still = await FaultProxy.start(String(database.location))
    still.delayMs = 100
    const env = { NIGHTLATCH_DATABASE_URL: still.url, NIGHTLATCH_DATA: app.dataFolder }
    const server = startCli(['serve', '--port', '0', '--drain', '0'], { env })
    const [, port] = await server.until(/"port":(\d+)/)
    await server.until(/ is at /)
    still.freeze()
    await server.until(/first-account-link\.failed/)
    still.delayMs = 0
    still.thaw()
    await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200)
    expect(await server.stop('SIGTERM')).toBe(0)
    await still.close()
  })

  it('is slow makes everything slow, and nothing wrong', async () => {
    line.delayMs = 60
    const browser = await anotherSession(app, ada)
    expect((await browser.get('/account')).status).toBe(200)
    expect((await browser.post('/logout')).status).toBe(303)
    expect((await browser.get('/account')).status).toBe(303)
    line.delayMs = 0
  })

  it(
    'is so slow that all connections are taken is an outage for those who come then',
    async () => {
      const signedIn = await anotherSession(app, ada)
      // All connections are open: a new one would take longer than anybody waits for one.
      await Promise.all(Array.from({ length: 30 }, () => signedIn.copy().get('/account')))
      line.delayMs = 1500
      const replies = await Promise.all(Array.from({ length: 40 }, () => signedIn.copy().get('/account')))
      line.delayMs = 0
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 503]))
      for (const reply of replies) if (reply.status === 503) isOutage(reply)
      await until(async () => (await signedIn.get('/account')).status === 200)
    },
    patient(60_000),
  )
})

const whens: Cut['when'][] = ['before', 'after']

describe.each(whens)('a connection that is cut %s the database has heard a message', (when) => {
  it(
    'whichever message it is: a code signs in once, wholly or not at all',
    async () => {
      let cuts = 0
      for (let message = 1, wasCut = true; wasCut; message += 1) {
        const [half, again] = [await withPassword(app, ada), await withPassword(app, ada)]
        const otp = ada.phone.code()
        const before = [await signInsDone(), await sessions(), -(await halfSignIns())]
        let reply: Reply | null = null
        wasCut = await line.cutting({ message, when }, async () => {
          reply = await half.post('/mfa/verify', { otp })
        })
        const after = [await signInsDone(), await sessions(), -(await halfSignIns())]
        const done = after[0]! - before[0]!
        expect([0, 1]).toContain(done)
        expect([message, after]).toEqual([message, before.map((count) => count + done)])
        await mustFit(reply!, half, done)
        expect((await again.post('/mfa/verify', { otp })).status).toBe(done === 1 ? 401 : 303)
        expect(await signInsDone()).toBe(before[0]! + 1)
        if (wasCut) cuts += 1
        await reset()
      }
      // Which of them is the last one is not the same each time: what else is going on speaks on the line, too.
      expect(cuts).toBeGreaterThan(5)
    },
    patient(120_000),
  )

  it(
    'whichever message it is: a wrong code that was looked at is counted, and none is given back',
    async () => {
      for (let message = 1, wasCut = true; wasCut; message += 1) {
        const half = await withPassword(app, ada)
        const before = await failures()
        wasCut = await line.cutting({ message, when }, async () => {
          const reply = await half.post('/mfa/verify', { otp: ada.phone.wrongCode() })
          const spent = (await failures()) - before
          expect([401, 503]).toContain(reply.status)
          if (reply.status === 401) expect([message, spent]).toEqual([message, 1])
          else expect([0, 1]).toContain(spent)
        })
        if (message % 4 === 0) await reset()
      }
      await reset()
    },
    patient(120_000),
  )
})

/** What the browser was told, and what is there. */
async function mustFit(reply: Reply, half: Browser, done: number): Promise<void> {
  expect([303, 503]).toContain(reply.status)
  if (reply.status === 503) isOutage(reply)
  else expect([done, (await half.get('/account')).status]).toEqual([1, 200])
}

async function reset(): Promise<void> {
  await database.sql('DELETE FROM attempt')
  app.clock.advance(30)
}

describe('a connection that is cut at the word COMMIT', () => {
  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)(
    '%s it was heard: the person is told that it is unknown, and what is kept is whole',
    async (when, done) => {
      const half = await withPassword(app, ada)
      const before = await signInsDone()
      const cut = { message: /COMMIT\0/, when }
      const wasCut = await line.cutting(cut, async () =>
        isOutage(await half.post('/mfa/verify', { otp: ada.phone.code() })),
      )
      expect(wasCut).toBe(true)
      expect(await signInsDone()).toBe(before + done)
      const again = await half.post('/mfa/verify', { otp: ada.phone.code() })
      expect(again.status).toBe(303)
      expect(again.location).toBe(done === 1 ? '/login' : '/')
      expect(await signInsDone()).toBe(before + 1)
      await reset()
    },
  )

  it('of a sign-out: it is told as unknown, and asking again is right', async () => {
    const browser = await anotherSession(app, ada)
    const cut = { message: /COMMIT\0/, when: 'after' } as const
    await line.cutting(cut, async () => isOutage(await browser.post('/logout')))
    expect((await browser.get('/account')).status).toBe(303)
  })
})

it(
  'the line of notifications alone: nothing is remembered, and every answer is right at once',
  async () => {
    const busy = async (browser: Browser): Promise<void> => {
      for (let round = 0; round < 20; round += 1)
        await Promise.all(Array.from({ length: 8 }, () => browser.get('/api/v1/session')))
    }
    const first = await anotherSession(app, ada)
    await busy(first)
    line.refuseToHear(true)
    for (let round = 0; round < 3; round += 1) {
      const browser = await anotherSession(app, ada)
      await busy(browser)
      // Whoever hears nothing can only know it by asking. Each session is 30 seconds younger than the one before.
      await database.sql('DELETE FROM session WHERE signed_in_at = (SELECT max(signed_in_at) FROM session)')
      expect((await browser.get('/api/v1/session')).status).toBe(401)
      expect((await first.get('/api/v1/session')).status).toBe(200)
    }
    line.refuseToHear(false)
    await busy(first)
  },
  patient(60_000),
)
