import pg from 'pg'
import type { Account } from '../../src/core/accounts/account.js'
import type { AuthenticatorId } from '../../src/core/ids.js'
import { sqliteDriver } from '../../src/storage/engine/sqlite/driver.js'
import { tables } from '../../src/storage/move/tables.js'
import { givePhone } from './people.js'
import type { Enrolled, TestApp } from './app.js'
import { testPassword } from './app.js'
import type { Browser, Reply } from './browser.js'

/** Somebody who has the password and nothing else: the second factor is due. */
export async function withPassword(
  app: TestApp,
  person: Pick<Enrolled, 'username' | 'password'>,
  headers: Record<string, string> = {},
): Promise<Browser> {
  const browser = app.browser(headers)
  const { username, password } = person
  const reply = await browser.post('/login', { username, password })
  if (!/\/mfa\/(verify|setup)$/.test(reply.location)) throw new Error(`sign-in: ${String(reply.status)}`)
  return browser
}

/** One more browser of the same person, signed in with the next code. */
export async function anotherSession(
  app: TestApp,
  person: Enrolled,
  fields: Record<string, string> = {},
): Promise<Browser> {
  const browser = await withPassword(app, person)
  const reply = await browser.post('/mfa/verify', { otp: person.phone.code(), ...fields })
  if (reply.status !== 303) throw new Error(`code: ${String(reply.status)}`)
  app.clock.advance(30)
  return browser
}

/** A fresh proof: password and the next code. */
export async function proveAgain(app: TestApp, person: Enrolled, browser = person.browser): Promise<Reply> {
  const reply = await browser.submit('/account/confirm', {
    password: person.password,
    otp: person.phone.code(),
  })
  app.clock.advance(30)
  return reply
}

/** A page without what is random on it, whoever asks: the challenge for a passkey. */
export const withoutChallenge = (body: string): string =>
  body.replace(/challenge&#34;:&#34;[\w-]+/g, 'challenge')

export const isSignedIn = async (browser: Browser): Promise<boolean> =>
  (await browser.get('/account')).status === 200

/** An account with an authenticator whose secret the test chooses, as vectors need it. */
export async function personWithSecret(
  app: TestApp,
  username: string,
  secret: Uint8Array,
): Promise<{ account: Account; username: string; password: string; authenticator: AuthenticatorId }> {
  const account = await app.person(username)
  const { id } = await givePhone(app.nightlatch.core, account, { secret })
  return { account, username, password: testPassword, authenticator: id }
}

/** Looks into the database, as whoever steals it does, or changes it, as a fault does. */
export async function inDatabase(app: TestApp, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const { database } = app.nightlatch.settings
  return database.kind === 'sqlite'
    ? inSqlite(database.file, statements)
    : inPostgres(database.url.reveal(), statements)
}

async function inSqlite(file: string, statements: string[]): Promise<Record<string, unknown>[]> {
  const { DatabaseSync } = await sqliteDriver()
  const handle = new DatabaseSync(file, { timeout: 5000 })
  try {
    let rows: unknown[] = []
    for (const statement of statements) rows = handle.prepare(statement).all()
    return rows as Record<string, unknown>[]
  } finally {
    handle.close()
  }
}

async function inPostgres(url: string, statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let rows: unknown[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

export async function countOf(app: TestApp, what: string): Promise<number> {
  const [row] = await inDatabase(app, `SELECT count(*) AS n FROM ${what}`)
  return Number(row?.['n'])
}

/** Failures on the account's counter of codes (or of recovery codes, passwords). */
export async function failuresOf(
  app: TestApp,
  account: { id: string },
  counter: 'code' | 'step-up-code' | 'recovery' | 'step-up-recovery' | 'set-up' | 'password' = 'code',
): Promise<number> {
  const [row] = await inDatabase(app, `SELECT failures FROM attempt WHERE key = '${counter}:${account.id}'`)
  return Number(row?.['failures'] ?? 0)
}

export async function accountOf(app: TestApp, username: string): Promise<Account> {
  const all = await app.nightlatch.storage.stores.accounts.list()
  const account = all.find((one) => one.username === username)
  if (account === undefined) throw new Error(`nobody is called ${username}`)
  return account
}

/**
 * The tables that grow with the people and with what they do. Housekeeping bounds those that it sweeps; an account
 * bounds its names, authenticators (20) and recovery codes (10), and takes them along; a session takes its unsaved
 * codes along.
 */
export const growing = tables
  .map(({ name }) => name)
  .filter((name) => !['fact', 'application', 'signing_key'].includes(name))

/** Everything that is kept, row by row: equal before and after means that nothing was changed. */
export async function everythingKept(app: TestApp, except: readonly string[] = []): Promise<string> {
  const parts: unknown[] = []
  for (const table of growing.filter((one) => !except.includes(one)))
    parts.push([table, await inDatabase(app, `SELECT * FROM ${table}`)])
  return JSON.stringify(parts)
}

/** No answer ever shows the inside: no stack, path, statement or library. */
export function showsNothingInside(reply: Reply): boolean {
  return !/\n\s+at |node_modules|\/src\/|\/dist\/|SQLITE|SELECT |INSERT |node:internal|\.ts:\d/.test(
    reply.body,
  )
}

/** Sent back to sign in (or to the code), or told no: and without a word about the account. */
export function isDenied(reply: Reply, base = ''): boolean {
  if ([401, 403, 404, 405, 415, 501].includes(reply.status)) return true
  const to = reply.location.slice(base.length)
  return (reply.status === 303 || reply.status === 302) && /^\/(login|mfa\/verify)(\?|$)/.test(to)
}
