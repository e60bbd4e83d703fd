import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Totp } from '@nightlatch/otp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openNightlatch } from '../../src/compose/open.js'
import type { OpenNightlatch } from '../../src/compose/open.js'
import { readSettings } from '../../src/config/read.js'
import { prepareRecoveryCodes } from '../../src/core/factors/recovery-codes/set-up.js'
import { acceptPassword } from '../../src/core/sign-in/password-step.js'
import { sqliteDriver } from '../../src/storage/engine/sqlite/driver.js'
import { addPerson, givePhone } from '../support/people.js'
import { quickArgon2, setUpKey, testPassword } from '../support/app.js'
import type { Answered } from '../support/at-once.js'
import { atOnce, gotSession } from '../support/at-once.js'
import { Browser } from '../support/browser.js'
import type { StoppableServer } from '../support/stoppable.js'
import { startStoppable } from '../support/stoppable.js'

const rounds = Number(process.env['SOAK_ROUNDS'] ?? '5')
const now = (): number => Math.floor(Date.now() / 1000)

interface Person {
  readonly username: string
  readonly totp: Totp | null
  readonly recoveryCodes: readonly string[]
  /** Sign-ins whose password is given already: their cookies. */
  readonly signIns: readonly string[]
  /** What these cookies are called. */
  readonly signInCookie: string
}

/** Makes people while no server runs; the tests wait for no password hash. */
async function makePeople(
  dataFolder: string,
  names: readonly string[],
  enrolled: boolean,
): Promise<Person[]> {
  const read = readSettings({ env: { NIGHTLATCH_DATA: dataFolder } })
  if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
  const nightlatch = await openNightlatch(read.settings, { unsafeArgon2Setting: quickArgon2 })
  const people: Person[] = []
  for (const name of names) people.push(await makePerson(nightlatch, name, enrolled))
  await nightlatch.close()
  return people
}

async function makePerson(
  { core, storage, cookieMark }: OpenNightlatch,
  username: string,
  enrolled: boolean,
): Promise<Person> {
  const person = await addPerson(core, username)
  const codes = await prepareRecoveryCodes(core)
  if (codes === 'busy') throw new Error(codes)
  const totp = enrolled ? (await givePhone(core, person)).totp : null
  if (enrolled) await storage.atomically((stores) => stores.recoveryCodes.replaceAll(person.id, codes))
  const owner = await core.queries.accounts.find(person.id)
  const browser = {
    client: { address: '', userAgent: '' },
    knownDevice: null,
    trustedDevice: null,
    session: null,
  }
  const signIns: string[] = []
  for (let count = 0; count < 4; count += 1) {
    const begun = await acceptPassword(core, { account: owner!, browser, settle: () => Promise.resolve() })
    if (begun.kind === 'code-due' || begun.kind === 'set-up-due') signIns.push(begun.token.reveal())
  }
  const signInCookie = `nightlatch-sign-in-${cookieMark}`
  return { username, totp, recoveryCodes: codes.shown, signIns, signInCookie }
}

function half(origin: string, person: Person, which: number): Browser {
  const browser = new Browser(origin)
  browser.cookies.set(person.signInCookie, person.signIns[which]!)
  return browser
}

/** What the server has acknowledged with a whole answer: none of it may be lost. */
interface Acknowledged {
  readonly sessions: Browser[]
  readonly signedOut: Browser[]
  readonly codes: { person: Person; code: string }[]
  readonly recoveryCodes: { person: Person; code: string }[]
  /** Sent, whether or not there was an answer. */
  readonly sent: { person: Person; code: string }[]
  readonly enrolled: { person: Person; key: string; code: string }[]
}

/** A person's busy minute; it ends wherever the server is killed. */
async function live(origin: string, person: Person, seen: Acknowledged): Promise<void> {
  if (person.totp === null) return enrol(origin, person, seen)
  const first = half(origin, person, 0)
  const code = person.totp.at(now())
  seen.sent.push({ person, code })
  const signedIn = await first.post('/mfa/verify', { otp: code })
  if (signedIn.status !== 303) return
  seen.codes.push({ person, code })
  const copy = first.copy()
  copy.cookies.delete(person.signInCookie)
  seen.sessions.push(copy)
  const second = half(origin, person, 1)
  const recovered = await second.post('/mfa/recovery', { recovery_code: person.recoveryCodes[0]! })
  if (recovered.status === 303) seen.recoveryCodes.push({ person, code: person.recoveryCodes[0]! })
  // From here on the session may be over, whether or not the answer still comes.
  seen.sessions.splice(seen.sessions.indexOf(copy), 1)
  const out = await first.post('/logout')
  if (out.status === 303) seen.signedOut.push(copy)
}

async function enrol(origin: string, person: Person, seen: Acknowledged): Promise<void> {
  const browser = half(origin, person, 0)
  const key = setUpKey((await browser.get('/mfa/setup')).body).replaceAll(' ', '')
  const code = new Totp({ secret: key }).at(now())
  const confirmed = await browser.post('/mfa/setup', { otp: code })
  if (confirmed.location === '/mfa/recovery-codes') seen.enrolled.push({ person, key, code })
}

async function mustHaveKept(origin: string, seen: Acknowledged): Promise<void> {
  const at = (browser: Browser): Browser => {
    const there = new Browser(origin)
    for (const [name, value] of browser.cookies) there.cookies.set(name, value)
    return there
  }
  for (const browser of seen.sessions) expect((await at(browser).get('/account')).status).toBe(200)
  for (const browser of seen.signedOut) expect((await at(browser).get('/account')).status).toBe(303)
  for (const { person, code } of seen.sent) {
    const again = await half(origin, person, 2).post('/mfa/verify', { otp: code })
    const isSpent = seen.codes.some((one) => one.person === person)
    expect([401, isSpent ? 401 : 303]).toContain(again.status)
  }
  for (const { person, code } of seen.recoveryCodes)
    expect((await half(origin, person, 3).post('/mfa/recovery', { recovery_code: code })).status).toBe(401)
  for (const { person, code } of seen.enrolled) {
    const browser = new Browser(origin)
    const login = await browser.post('/login', { username: person.username, password: testPassword })
    expect(login.location).toBe('/mfa/verify')
    expect((await browser.post('/mfa/verify', { otp: code })).status).toBe(401)
  }
}

/** The audit trail is written with the change itself: never two sign-ins for one code. */
async function noCodeWorkedTwice(dataFolder: string): Promise<void> {
  const { DatabaseSync } = await sqliteDriver()
  const handle = new DatabaseSync(join(dataFolder, 'nightlatch.db'), { timeout: 5000 })
  expect(handle.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  expect(handle.prepare('PRAGMA foreign_key_check').all()).toEqual([])
  const twice = handle
    .prepare(
      `SELECT account, details, count(*) AS n FROM audit WHERE event = 'sign-in.completed' GROUP BY account, details HAVING n > 1`,
    )
    .all()
  expect(twice).toEqual([])
  const halfEnrolled = handle
    .prepare(
      `SELECT id FROM account WHERE authenticator_count <> (SELECT count(*) FROM authenticator WHERE account = account.id)
        OR (authenticator_count > 0 AND NOT EXISTS (SELECT 1 FROM recovery_code WHERE account = account.id))`,
    )
    .all()
  handle.close()
  expect(halfEnrolled).toEqual([])
}

describe('a server that is killed', () => {
  let dataFolder: string
  let server: StoppableServer | null = null
  beforeEach(() => {
    dataFolder = mkdtempSync(join(tmpdir(), 'nightlatch-crash-'))
  })
  afterEach(async () => {
    await server?.end('SIGKILL')
    rmSync(dataFolder, { recursive: true, force: true })
  })

  it(
    `RACE-11 loses nothing that it has acknowledged, and no code works twice: ${String(rounds)} times kill -9 under load`,
    async () => {
      let acknowledged = 0
      for (let round = 0; round < rounds; round += 1) {
        const names = (kind: string, count: number) =>
          Array.from({ length: count }, (_, one) => `${kind}${String(round)}-${String(one)}`)
        const people = [
          ...(await makePeople(dataFolder, names('old', 8), true)),
          ...(await makePeople(dataFolder, names('new', 4), false)),
        ]
        server = await startStoppable(dataFolder)
        const seen: Acknowledged = {
          sessions: [],
          signedOut: [],
          codes: [],
          recoveryCodes: [],
          sent: [],
          enrolled: [],
        }
        const { origin } = server
        const lives = people.map((person) => live(origin, person, seen).catch(() => undefined))
        await Promise.race([pause(Math.random() * 400), Promise.all(lives)])
        await server.end('SIGKILL')
        await Promise.all(lives)
        server = await startStoppable(dataFolder)
        await mustHaveKept(server.origin, seen)
        await server.end('SIGKILL')
        await noCodeWorkedTwice(dataFolder)
        acknowledged += Object.values(seen).reduce((sum, all: unknown[]) => sum + all.length, 0)
      }
      expect(acknowledged).toBeGreaterThan(0)
    },
    30_000 + rounds * 20_000,
  )

  it('OPS-7 SIGTERM among fifty codes: each is answered or refused, and none is half done', async () => {
    const names = Array.from({ length: 50 }, (_, one) => `person${String(one)}`)
    const people = await makePeople(dataFolder, names, true)
    server = await startStoppable(dataFolder)
    const { origin } = server
    const codes = people.map((person) => person.totp!.at(now()))
    const forms = people.map((person, index) => ({
      browser: half(origin, person, 0),
      path: '/mfa/verify',
      fields: { otp: codes[index]! },
    }))
    const sent = atOnce(forms)
    const first = await Promise.race([sent.then(() => 'all'), pause(30).then(() => 'some')])
    expect(['all', 'some']).toContain(first)
    const [answers, status] = await Promise.all([sent, server.end('SIGTERM')])
    expect(status).toBe(0)
    expect(server.told()).toMatch(/stopped/)
    expect(server.told()).not.toMatch(/Error|rejection/)
    const done = answers.filter(gotSession)
    const refused = answers.filter((answer) => answer.status === 503 || answer.status === 0)
    expect(done.length + refused.length).toBe(50)
    server = await startStoppable(dataFolder)
    for (const [index, answer] of answers.entries())
      await isWholeOrNotAtAll(server.origin, people[index]!, codes[index]!, answer)
    await server.end('SIGKILL')
    await noCodeWorkedTwice(dataFolder)
  })

  /** Signed in and spent, or not signed in and to be given again. */
  async function isWholeOrNotAtAll(
    origin: string,
    person: Person,
    code: string,
    answer: Answered,
  ): Promise<void> {
    const again = await half(origin, person, 1).post('/mfa/verify', { otp: code })
    if (gotSession(answer)) expect(again.status).toBe(401)
    if (answer.status === 503) expect(again.status).toBe(303)
  }
})
