import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstAccountLink, inviteAccount, removeAccount } from '../../src/core/accounts/administration.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, Phone, setUpKey, startApp, testPassword } from '../support/app.js'
import type { Answered } from '../support/at-once.js'
import { atOnce, gotSession, tally } from '../support/at-once.js'
import {
  accountOf,
  countOf,
  failuresOf,
  inDatabase,
  isSignedIn,
  proveAgain,
  withPassword,
} from '../support/attack.js'
import { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startAppOn, startServersOn } from '../support/kinds.js'

const times = 50
/** How often the most important race is run: once in the suite, many times by `npm run soak`. */
const rounds = Number(process.env['SOAK_ROUNDS'] ?? '1')
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

interface Place {
  readonly name: string
  open(): Promise<{ apps: readonly TestApp[]; close(): Promise<void> }>
}

const [sqlite, postgres] = databases
const one = async (app: Promise<TestApp>) => {
  const opened = await app
  return { apps: [opened], close: () => opened.close() }
}
const env = { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' }
const places: Place[] = [
  { name: 'one server on SQLite', open: () => one(startApp({ env })) },
  { name: 'one server on PostgreSQL', open: () => one(startAppOn(postgres!, { env })) },
  { name: 'two servers on one PostgreSQL', open: () => startServersOn(postgres!, 2, env) },
  { name: 'three servers on one PostgreSQL', open: () => startServersOn(postgres!, 3, env) },
  { name: 'two servers on one SQLite file', open: () => startServersOn(sqlite!, 2, env) },
]

describe.each(places)('fifty at once, $name', ({ open }) => {
  let apps: readonly TestApp[]
  let close: () => Promise<void>
  let app: TestApp
  beforeAll(async () => {
    const opened = await open()
    apps = opened.apps
    close = opened.close
    app = apps[0]!
  })
  afterAll(() => close())

  /** The same jar at the next server in turn. */
  const at = (browser: Browser, index: number): Browser => {
    const there = new Browser(apps[index % apps.length]!.origin)
    for (const [name, value] of browser.cookies) there.cookies.set(name, value)
    return there
  }
  /** Eight at a time: ten right passwords at the same instant would have to wait like ten wrong ones. */
  const halfSignedIn = async (
    person: Pick<Enrolled, 'username' | 'password'>,
    count: number,
  ): Promise<Browser[]> => {
    const jars: Browser[] = []
    while (jars.length < count) {
      const batch = range(Math.min(8, count - jars.length)).map(() => withPassword(app, person))
      for (const jar of await Promise.all(batch)) jars.push(at(jar, jars.length))
    }
    return jars
  }
  const healthy = async (answers: readonly Answered[]): Promise<void> => {
    for (const each of apps) {
      expect((await each.browser().get('/readyz')).status).toBe(200)
      expect(each.logged.splice(0)).toEqual([])
    }
    expect(tally(answers.filter((answer) => answer.status === 0 || answer.status >= 500))).toEqual({})
  }

  it('RACE-1 one code in fifty browsers is one sign-in', async () => {
    for (const round of range(rounds)) {
      const ada = await enrolledPerson(app, `race1-${String(round)}`)
      const account = await accountOf(app, ada.username)
      const jars = await halfSignedIn(ada, times)
      const sessions = await countOf(app, `session WHERE account = '${account.id}'`)
      const otp = ada.phone.code()
      const answers = await atOnce(jars.map((browser) => ({ browser, path: '/mfa/verify', fields: { otp } })))
      await healthy(answers)
      expect(answers.filter(gotSession)).toHaveLength(1)
      expect(await countOf(app, `session WHERE account = '${account.id}'`)).toBe(sessions + 1)
      expect(
        await countOf(app, `audit WHERE account = '${account.id}' AND event = 'sign-in.completed'`),
      ).toBe(2)
      const rest = answers.filter((answer) => !gotSession(answer)).map((answer) => answer.status)
      expect(rest.every((status) => status === 401 || status === 429)).toBe(true)
    }
  })

  it('RACE-2 one sign-in, fifty times the right code: one session, and the counter is at zero', async () => {
    const ada = await enrolledPerson(app, 'race2')
    const account = await accountOf(app, 'race2')
    const browser = await withPassword(app, ada)
    const otp = ada.phone.code()
    const forms = range(times).map((index) => ({
      browser: at(browser, index),
      path: '/mfa/verify',
      fields: { otp },
    }))
    const answers = await atOnce(forms)
    await healthy(answers)
    expect(answers.filter(gotSession)).toHaveLength(1)
    expect(await countOf(app, `session WHERE account = '${account.id}'`)).toBe(2)
  })

  it('RACE-3 fifty wrong codes: five are looked at, and the counter says five', async () => {
    for (const jarEach of [false, true]) {
      const ada = await enrolledPerson(app, `race3-${String(jarEach)}`)
      const account = await accountOf(app, ada.username)
      const jars = jarEach ? await halfSignedIn(ada, times) : []
      const shared = await withPassword(app, ada)
      const right = new Set(range(7).map((step) => ada.phone.code((step - 3) * 30)))
      const guesses = range(times + 10)
        .map((guess) => String(guess * 13_337).padStart(6, '0'))
        .filter((guess) => !right.has(guess))
      const forms = range(times).map((index) => ({
        browser: jarEach ? jars[index]! : at(shared, index),
        path: '/mfa/verify',
        fields: { otp: guesses[index]! },
      }))
      const answers = await atOnce(forms)
      await healthy(answers)
      expect(tally(answers)).toEqual({ 401: 5, 429: times - 5 })
      expect(await failuresOf(app, account)).toBe(5)
      expect(await countOf(app, `audit WHERE account = '${account.id}' AND event = 'code.refused'`)).toBe(5)
      // Refused unseen: a row at each server that refused, and a count.
      const throttled = `audit WHERE account = '${account.id}' AND event = 'code.throttled'`
      const rows = await countOf(app, throttled)
      expect(rows).toBeGreaterThanOrEqual(1)
      expect(rows).toBeLessThanOrEqual(3)
    }
  })

  it('RACE-3 fifty wrong passwords: ten are looked at', async () => {
    const account = await app.person('race3-password')
    const forms = range(times).map((index) => ({
      browser: at(app.browser(), index),
      path: '/login',
      fields: { username: 'race3-password', password: `guess ${String(index)}` },
    }))
    const answers = await atOnce(forms)
    await healthy(answers)
    expect(tally(answers)).toEqual({ 401: 10, 429: times - 10 })
    expect(await failuresOf(app, account, 'password')).toBe(10)
    await inDatabase(app, 'DELETE FROM attempt')
  })

  it('RACE-5 RC-3 one recovery code in fifty browsers is one sign-in, and one code less', async () => {
    const ada = await enrolledPerson(app, 'race5')
    const account = await accountOf(app, 'race5')
    const jars = await halfSignedIn(ada, times)
    const code = ada.recoveryCodes[0]!
    const answers = await atOnce(
      jars.map((browser) => ({ browser, path: '/mfa/recovery', fields: { recovery_code: code } })),
    )
    await healthy(answers)
    expect(answers.filter(gotSession)).toHaveLength(1)
    expect(await countOf(app, `recovery_code WHERE account = '${account.id}'`)).toBe(9)
    expect(await countOf(app, `audit WHERE account = '${account.id}' AND event = 'recovery-code.used'`)).toBe(
      1,
    )
  })

  it('RACE-7 one set-up confirmed fifty times is one authenticator, one session and one set of recovery codes', async () => {
    const account = await app.person('race7')
    const browser = await withPassword(app, { username: 'race7', password: testPassword })
    const otp = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock).code()
    const forms = range(times).map((index) => ({
      browser: at(browser, index),
      path: '/mfa/setup',
      fields: { otp },
    }))
    const answers = await atOnce(forms)
    await healthy(answers)
    expect(answers.filter(gotSession)).toHaveLength(1)
    expect((await accountOf(app, 'race7')).factorCounts.totp).toBe(1)
    for (const [table, rows] of [
      ['authenticator', 1],
      ['session', 1],
      ['recovery_code', 10],
      ['unsaved_codes', 1],
    ] as const)
      expect([table, await countOf(app, `${table} WHERE account = '${account.id}'`)]).toEqual([table, rows])
  })

  it('RACE-7 twenty browsers that set up the first authenticator at once: the first one wins, and all others end', async () => {
    const account = await app.person('race7b')
    const jars = await halfSignedIn({ username: 'race7b', password: testPassword }, 20)
    const forms: { browser: Browser; path: string; fields: { otp: string } }[] = []
    for (const browser of jars) {
      const otp = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock).code()
      forms.push({ browser, path: '/mfa/setup', fields: { otp } })
    }
    const answers = await atOnce(forms)
    await healthy(answers)
    expect(answers.filter(gotSession)).toHaveLength(1)
    expect(await countOf(app, `authenticator WHERE account = '${account.id}'`)).toBe(1)
    expect((await accountOf(app, 'race7b')).factorCounts.totp).toBe(1)
  })

  it('RACE-7 reloading the set-up at once shows one secret', async () => {
    await app.person('race7c')
    const browser = await withPassword(app, { username: 'race7c', password: testPassword })
    const pages = await Promise.all(range(20).map((index) => at(browser, index).get('/mfa/setup')))
    expect(new Set(pages.map((page) => setUpKey(page.body))).size).toBe(1)
  })

  it('RACE-6 one invitation accepted fifty times sets one password', async () => {
    const invited = await inviteAccount(app.nightlatch.core, { username: 'race6', admin: false })
    if (invited.kind !== 'invited') throw new Error(invited.why)
    const browser = app.browser()
    await browser.get(`/invitation?token=${invited.token.reveal()}`)
    const forms = range(times).map((index) => ({
      browser: at(browser, index),
      path: '/invitation',
      fields: { new_password: `battery horse number ${String(index)}` },
    }))
    const answers = await atOnce(forms)
    const winners = answers.flatMap((answer, index) => (answer.status === 303 ? [index] : []))
    expect(winners).toHaveLength(1)
    expect(answers.every((answer) => [303, 404, 503].includes(answer.status))).toBe(true)
    const { username } = invited.account
    const right = await app
      .browser()
      .post('/login', { username, password: `battery horse number ${String(winners[0])}` })
    expect(right.location).toBe('/mfa/setup')
    expect(await countOf(app, 'invitation')).toBe(0)
  })

  it('OFF-4 a password change and fifty sign-ins with the old one: afterwards none of them is signed in', async () => {
    const ada = await enrolledPerson(app, 'race-off4')
    await proveAgain(app, ada)
    const { username, password } = ada
    const jars = await halfSignedIn(ada, 10)
    const otp = ada.phone.code()
    const change = { current_password: password, new_password: 'a quite different battery' }
    const answers = await atOnce([
      ...jars.map((browser) => ({ browser, path: '/mfa/verify', fields: { otp } })),
      ...range(20).map((index) => ({
        browser: at(app.browser(), index),
        path: '/login',
        fields: { username, password },
      })),
      { browser: ada.browser, path: '/account/password', fields: change },
    ])
    await healthy(answers)
    expect(answers.at(-1)!.location).toBe('/account')
    const { id } = await accountOf(app, username)
    expect(await countOf(app, `session WHERE account = '${id}'`)).toBe(1)
    expect(await countOf(app, `sign_in WHERE account = '${id}'`)).toBe(0)
    await inDatabase(app, 'DELETE FROM attempt')
  })

  it('OFF-6 two authenticators removed at once: one is left', async () => {
    const ada = await enrolledPerson(app, 'race-off6')
    await proveAgain(app, ada)
    const phone = new Phone(setUpKey((await ada.browser.get('/mfa/setup')).body), app.clock)
    await ada.browser.submit('/mfa/setup', { otp: phone.code(), name: 'Second' })
    const { id } = await accountOf(app, 'race-off6')
    const both = await app.nightlatch.storage.stores.authenticators.listOf(id)
    const forms = range(20).map((index) => ({
      browser: at(ada.browser, index >> 1),
      path: `/account/authenticators/${both[index % 2]!.id}/remove`,
      fields: {},
    }))
    const answers = await atOnce(forms)
    await healthy(answers)
    expect(answers.filter((answer) => answer.status === 303)).toHaveLength(1)
    expect(await countOf(app, `authenticator WHERE account = '${id}'`)).toBe(1)
    expect((await accountOf(app, 'race-off6')).factorCounts.totp).toBe(1)
  })

  it('SESS-1 twenty fresh proofs of one session with one code: one token lives', async () => {
    const ada = await enrolledPerson(app, 'race-sess1')
    const fields = { password: ada.password, otp: ada.phone.code() }
    const answers = await atOnce(
      range(20).map((index) => ({ browser: at(ada.browser, index), path: '/account/confirm', fields })),
    )
    await healthy(answers)
    expect(answers.filter(gotSession)).toHaveLength(1)
    expect(await isSignedIn(ada.browser)).toBe(false)
  })

  it('DEV-5 one remembered device used twenty times at once signs in once without a code', async () => {
    const ada = await enrolledPerson(app, 'race-dev5')
    const browser = await withPassword(app, ada)
    await browser.submit('/mfa/verify', { otp: ada.phone.code(), remember: 'yes' })
    app.clock.advance(30)
    browser.cookies.delete(app.cookieName('session'))
    const { username, password } = ada
    const answers = await atOnce(
      range(20).map((index) => ({
        browser: at(browser, index),
        path: '/login',
        fields: { username, password },
      })),
    )
    expect(answers.filter(gotSession)).toHaveLength(1)
    expect(answers.every((answer) => [303, 429].includes(answer.status))).toBe(true)
  })

  // Last: it needs a database without any account.
  it('RACE-10 AUTHZ-4 the first-account link used fifty times makes one account', async () => {
    for (const account of await app.nightlatch.storage.stores.accounts.list())
      await removeAccount(app.nightlatch.core, account)
    const link = await firstAccountLink(app.nightlatch.core)
    const browser = app.browser()
    await browser.get(`/invitation?token=${link!.token.reveal()}`)
    const forms = range(times).map((index) => ({
      browser: at(browser, index),
      path: '/invitation',
      fields: { username: `first${String(index)}`, new_password: 'battery horse number 9' },
    }))
    const answers = await atOnce(forms)
    expect(answers.filter((answer) => answer.status === 303)).toHaveLength(1)
    expect(answers.every((answer) => [303, 404, 503].includes(answer.status))).toBe(true)
    expect(await app.nightlatch.storage.stores.accounts.list()).toHaveLength(1)
    const [first] = await app.nightlatch.storage.stores.accounts.list()
    expect(first!.admin).toBe(true)
    expect(await firstAccountLink(app.nightlatch.core)).toBeNull()
    for (const late of [browser, app.browser()]) expect((await late.get('/invitation')).status).toBe(404)
  })
})
