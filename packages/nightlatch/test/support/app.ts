import { afterAll, beforeAll } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNightlatch } from '../../src/compose/open.js'
import type { OpenNightlatch, Parts } from '../../src/compose/open.js'
import { readSettings } from '../../src/config/read.js'
import type { Account } from '../../src/core/accounts/account.js'
import type { Notice } from '../../src/core/notify/notices.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { serve } from '../../src/compose/http-server.js'
import type { RunningServer } from '../../src/compose/http-server.js'
import type { Cookies } from '../../src/http/cookies.js'
import { Browser } from './browser.js'
import { addPerson, testPassword } from './people.js'
import { Phone, quickArgon2, TestClock } from './phone.js'

export { testPassword } from './people.js'
export { Phone, quickArgon2, TestClock } from './phone.js'

type CookieName = Parameters<Cookies['nameOf']>[0] | 'forward'

export interface TestApp {
  readonly origin: string
  readonly nightlatch: OpenNightlatch
  readonly server: RunningServer
  readonly clock: TestClock
  readonly notices: Notice[]
  readonly logged: string[]
  readonly dataFolder: string
  /** What one of its cookies is called: `nightlatch-session-1f0a…`. */
  cookieName(name: CookieName): string
  /** A browser of its own, with a cookie jar. */
  browser(headers?: Record<string, string>): Browser
  /** An account with this password. */
  person(username: string, password?: string): Promise<Account>
  /** Ends the server and opens it again on the same data, as a restart does. */
  restart(): Promise<TestApp>
  close(): Promise<void>
}

export interface Wishes {
  /** Environment variables of the settings. */
  readonly env?: Record<string, string>
  readonly parts?: Parts
  readonly clock?: TestClock
  readonly dataFolder?: string
  /** Another server than the plain one. */
  readonly serve?: typeof serve
}

/** The real server on a free loopback port, with a real database in a temporary folder. */
export async function startApp(wishes: Wishes = {}): Promise<TestApp> {
  const dataFolder = wishes.dataFolder ?? mkdtempSync(join(tmpdir(), 'nightlatch-test-'))
  const clock = wishes.clock ?? new TestClock()
  const env = { NIGHTLATCH_PORT: '0', NIGHTLATCH_DATA: dataFolder, ...wishes.env }
  const read = readSettings({ env })
  if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
  const notices: Notice[] = []
  const logged: string[] = []
  const log = {
    warn: (message: string, fields: object) => logged.push(`${message} ${JSON.stringify(fields)}`),
    error: (message: string, fields: object, error: unknown) =>
      logged.push(`${message} ${JSON.stringify(fields)} ${String(error)}`),
  }
  const nightlatch = await openNightlatch(read.settings, {
    platform: { ...nodePlatform, nowSeconds: () => clock.seconds },
    notices: { send: (notice) => notices.push(notice) },
    unsafeArgon2Setting: quickArgon2,
    ...wishes.parts,
  })
  const server = await (wishes.serve ?? serve)(nightlatch, log)
  const scheme = server.settings.tls === null ? 'http' : 'https'
  const listening = `${scheme}://127.0.0.1:${server.settings.port}`
  const stop = async (): Promise<void> => {
    await server.stop(1000)
    await nightlatch.close()
  }
  return {
    origin: listening,
    nightlatch,
    server,
    clock,
    notices,
    logged,
    dataFolder,
    cookieName: (name) =>
      name === 'forward' ? server.services.site.forwardCookie.current : server.services.cookies.nameOf(name),
    browser: (headers) => new Browser(listening, headers),
    person: (username, password = testPassword) => addPerson(nightlatch.core, username, password),
    restart: async () => {
      await stop()
      return startApp({ ...wishes, dataFolder, clock })
    },
    close: async () => {
      await stop()
      rmSync(dataFolder, { recursive: true, force: true })
    },
  }
}

/** One server for the tests around which this is called: started before them and closed after. */
export const useApp = (wishes: Wishes = {}): TestApp => whileTestsRun(() => startApp(wishes))

/** What there is only while tests run, by a name that they have before. */
export function whileTestsRun<Thing extends { close(): Promise<void> }>(start: () => Promise<Thing>): Thing {
  let thing: Thing | null = null
  beforeAll(async () => {
    thing = await start()
  })
  afterAll(async () => {
    await thing?.close()
  })
  return lazily(() => {
    if (thing === null) throw new Error('it is there only while tests run')
    return thing
  })
}

/** Something that is looked for once a part of it is asked for. */
export const lazily = <Thing extends object>(find: () => Thing): Thing =>
  new Proxy({} as Thing, { get: (_none, name) => Reflect.get(find(), name) as unknown })

export interface Enrolled {
  readonly browser: Browser
  readonly phone: Phone
  readonly recoveryCodes: readonly string[]
  readonly username: string
  readonly password: string
}

/** Somebody who has been through the first sign-in and is signed in: password, set-up, recovery codes saved. */
export async function enrolledPerson(
  app: TestApp,
  username = 'ada',
  password = testPassword,
): Promise<Enrolled> {
  await app.person(username, password)
  const browser = app.browser()
  const base = app.server.settings.basePath
  await browser.submit(`${base}/login`, { username, password })
  const setUp = await browser.get(`${base}/mfa/setup`)
  const phone = new Phone(setUpKey(setUp.body), app.clock)
  const confirmed = await browser.post(`${base}/mfa/setup`, { otp: phone.code() })
  if (confirmed.status !== 303) throw new Error(`set-up: ${confirmed.status}`)
  const codes = await browser.get(`${base}/mfa/recovery-codes`)
  const recoveryCodes = recoveryCodesOf(codes.body)
  await browser.submit(`${base}/mfa/recovery-codes`, { saved: 'yes' })
  app.clock.advance(30) // the confirming code is spent: the next one is due
  return { browser, phone, recoveryCodes, username, password }
}

export const setUpKey = (body: string): string => /<code id="setup-key"[^>]*>([^<]*)</.exec(body)?.[1] ?? ''

export const recoveryCodesOf = (body: string): string[] =>
  [...body.matchAll(/<li class="recovery-code">([^<]*)</g)].map((match) => match[1] ?? '')
