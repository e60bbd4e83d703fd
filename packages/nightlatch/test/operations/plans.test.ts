import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { inviteAccount } from '../../src/core/accounts/administration.js'
import { runHousekeeping } from '../../src/core/maintenance/housekeeping.js'
import { sqliteDriver } from '../../src/storage/engine/sqlite/driver.js'
import { enrolledPerson, setUpKey, Phone } from '../support/app.js'
import { answerIn, askAs, authorizePath, follow, redeem, register } from '../support/application.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { anotherSession, growing, inDatabase, proveAgain, withPassword } from '../support/attack.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'
import type { Said } from '../support/recorded.js'
import { asInSqlite, recordStatements } from '../support/recorded.js'

/** A handful of rows each: applications and keys, facts about the installation, one lease, the steps of the schema. */
const small = ['application', 'fact', 'lease', 'migration', 'signing_key']

/** Those whose rows housekeeping takes away. */
const swept = [
  'application_grant',
  'application_token',
  'attempt',
  'audit',
  'authorization_request',
  'device_request',
  'invitation',
  'known_device',
  'mail_link',
  'outbox',
  'open_invitation',
  'registration',
  'session',
  'set_up',
  'sign_in',
  'trusted_device',
]

/** Asked once at the start, or by an administrator: they may look at everything. */
const mayScan = [
  /^SELECT count\(\*\) AS n FROM (account|authenticator|hardware_token)\b/,
  // It ends with the first one that lies in the drawer.
  /^SELECT serial_key FROM hardware_token WHERE NOT EXISTS .* LIMIT 1$/s,
  /^SELECT .* FROM account WHERE id > \$1 ORDER BY id LIMIT 1000$/s,
  /^DELETE FROM invitation WHERE account IS NULL/,
]

/** Everything that people and servers do all the time. */
async function busyDay(app: TestApp): Promise<void> {
  const ada = await enrolledPerson(app, 'ada')
  await useEveryDoor(app, ada)
  await useAnApplication(app, ada)
  await changeEverything(app, ada)
  await app.browser().refused('/login', { username: 'nobody', password: 'wrong' })
  await inviteAccount(app.nightlatch.core, { username: 'bob', admin: false })
  expect(await app.nightlatch.storage.stores.openInvitations.findByTokenHash('nobody')).toBeNull()
  await runHousekeeping(app.nightlatch.core, { name: 'here', pause: () => Promise.resolve(true) })
}

async function useEveryDoor(app: TestApp, ada: Enrolled): Promise<void> {
  const trusted = await anotherSession(app, ada, { remember: 'yes' })
  await trusted.submit('/login', { username: 'ada', password: ada.password })
  const recovered = await withPassword(app, ada)
  await recovered.submit('/mfa/recovery', { recovery_code: ada.recoveryCodes[0]! })
  const wrong = await withPassword(app, ada)
  await wrong.refused('/mfa/verify', { otp: ada.phone.wrongCode() })
  await wrong.submit('/mfa/verify', { otp: ada.phone.code() })
  app.clock.advance(90)
  for (const path of ['/', '/account', '/api/v1/session', '/api/v1/sessions', '/forward-auth'])
    expect([path, (await trusted.get(path)).status]).toEqual([path, 200])
}

async function useAnApplication(app: TestApp, { browser }: Enrolled): Promise<void> {
  const client = await register(app.nightlatch.core, { skipConsent: false, access: 'two-factors' })
  const wanted = authorizePath(client, { scope: 'openid profile offline_access' })
  const page = await follow(browser, wanted)
  const request = /name="request" value="(\w+)"/.exec(page.body)?.[1] ?? ''
  const agreed = await browser.submit('/oidc/consent', { request, answer: 'allow' })
  const code = answerIn(await follow(browser, agreed.location))['code'] ?? ''
  const { body } = await redeem(app.origin, client, code)
  await redeem(app.origin, client, code)
  const token = String(body['refresh_token'])
  for (const [path, fields] of [
    ['/oidc/token', { grant_type: 'refresh_token', refresh_token: token }],
    ['/oidc/introspect', { token }],
    ['/oidc/revoke', { token }],
  ] as const)
    expect((await askAs(app.origin, path, { app: client, fields })).status).toBeLessThan(500)
}

async function changeEverything(app: TestApp, ada: Enrolled): Promise<void> {
  await proveAgain(app, ada)
  const phone = new Phone(setUpKey((await ada.browser.get('/mfa/setup')).body), app.clock)
  await ada.browser.submit('/mfa/setup', { otp: phone.code(), name: 'Second' })
  const [account] = await app.nightlatch.storage.stores.accounts.list()
  const [first] = await app.nightlatch.storage.stores.authenticators.listOf(account!.id)
  await ada.browser.submit(`/account/authenticators/${first!.id}/rename`, { name: 'Old one' })
  await ada.browser.submit(`/account/authenticators/${first!.id}/remove`)
  await ada.browser.submit('/account/recovery-codes/renew')
  await ada.browser.submit('/account/sessions/end-others')
  const passwords = { current_password: ada.password, new_password: 'a quite different battery' }
  await ada.browser.submit('/account/password', passwords)
  await ada.browser.submit('/logout')
}

const series = {
  postgres: (count: number) => `generate_series(1, ${count}) AS s(n)`,
  sqlite: (count: number) =>
    `(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${count}) SELECT n FROM s)`,
}

/** Enough of everything for a plan to matter. */
function crowd(from: (count: number) => string): string[] {
  const many = from(20_000)
  const owner = `('a' || (n % 4000 + 1))`
  return [
    `INSERT INTO account (id, username, name, email, group_names, admin, disabled, password_hash, authenticator_count, created_at, last_sign_in_at) SELECT 'a' || n, 'u' || n, '', '', '[]', 0, 0, '', 1, n, 0 FROM ${from(4000)}`,
    `INSERT INTO login_name (name, account) SELECT 'u' || n, 'a' || n FROM ${from(4000)}`,
    `INSERT INTO people_group (key, name, created_at) SELECT 'g' || n, 'g' || n, n FROM ${from(50)}`,
    `INSERT INTO membership (people_group, account, sort_key) SELECT 'g' || (n % 50 + 1), 'a' || n, 'u' || n FROM ${from(4000)}`,
    `INSERT INTO search_word (word, account) SELECT 'w' || n, ${owner} FROM ${many}`,
    `INSERT INTO passkey_user (account, user_handle) SELECT 'a' || n, 'h' || n FROM ${from(4000)}`,
    `INSERT INTO passkey (id, account, name, credential_id, public_key, algorithm, sign_count, rp_id, transports, aaguid, verifies_user, backup_eligible, backed_up, created_at, last_used_at) SELECT 'k' || n, ${owner}, '', 'c' || n, '', -7, 0, 'localhost', '', '', 1, 0, 0, n, n FROM ${many}`,
    `INSERT INTO passkey_challenge (hash, expires_at) SELECT 'c' || n, 1900000000 + n FROM ${many}`,
    `INSERT INTO session (token_hash, id, account, factors, signed_in_at, verified_at, last_seen_at, expires_at, address, user_agent) SELECT 't' || n, 's' || n, ${owner}, 'password', n, n, 1900000000 + n, 1900000000 + n, '', '' FROM ${many}`,
    `INSERT INTO sign_in (token_hash, id, account, started_at, expires_at) SELECT 't' || n, 'i' || n, ${owner}, n, 1900000000 + n FROM ${many}`,
    `INSERT INTO authenticator (id, account, name, sealed, last_step, created_at, last_used_at) SELECT 'f' || n, ${owner}, '', 'v1.0123456789abcdef.x', 0, n, n FROM ${many}`,
    `INSERT INTO hardware_token (serial_key, serial, maker, sealed, algorithm, digits, period, last_step, drift, added_at) SELECT 'S' || n, 's' || n, '', 'v1.0123456789abcdef.x', 'SHA1', 6, 30, 0, 0, n FROM ${many}`,
    `INSERT INTO set_up (owner, id, account, sealed, name, replaces, created_at, expires_at) SELECT 'o' || n, 'p' || n, ${owner}, '', '', '', n, 1900000000 + n FROM ${many}`,
    `INSERT INTO recovery_code_set (account, salt) SELECT 'a' || n, 'salt' FROM ${from(4000)}`,
    `INSERT INTO recovery_code (account, hash) SELECT ${owner}, 'h' || n FROM ${many}`,
    `INSERT INTO unsaved_codes (session, account, sealed) SELECT 's' || n, ${owner}, '' FROM ${many}`,
    `INSERT INTO trusted_device (id, account, token_hash, previous_hash, created_at, last_used_at, expires_at, user_agent, address) SELECT 'd' || n, ${owner}, 't' || n, 'p' || n, n, n, 1900000000 + n, '', '' FROM ${many}`,
    `INSERT INTO known_device (account, device_hash, seen_at) SELECT ${owner}, 'h' || n, 1900000000 + n FROM ${many}`,
    `INSERT INTO invitation (token_hash, id, account, created_at, expires_at) SELECT 't' || n, 'i' || n, ${owner}, n, 1900000000 + n FROM ${many}`,
    `INSERT INTO mail_link (token_hash, id, kind, account, sealed, created_at, expires_at) SELECT 't' || n, 'i' || n, 'email', ${owner}, 'v1.0123456789abcdef.x', n, 1900000000 + n FROM ${many}`,
    `INSERT INTO outbox (id, kind, account, sealed, tries, created_at, next_try_at, expires_at) SELECT 'm' || n, 'new-device', ${owner}, 'v1.0123456789abcdef.x', 0, n, 1900000000 + n, 1900000000 + n FROM ${many}`,
    `INSERT INTO open_invitation (id, token_hash, group_names, uses, used, domain, email, created_at, expires_at) SELECT 'i' || n, 'o' || n, '[]', 5, 0, '', '', n, 1900000000 + n FROM ${many}`,
    `INSERT INTO registration (email_key, token_hash, email, created_at, expires_at) SELECT 'e' || n, 'r' || n, 'e' || n, n, 1900000000 + n FROM ${many}`,
    `INSERT INTO attempt (key, failures, blocked_until, changed_at, forgets) SELECT 'k' || n, n % 5, 0, n, n % 2 FROM ${many}`,
    `INSERT INTO application (id, name, is_public, redirect_uris, post_logout_uris, backchannel_logout_uri, launch_url, group_names, access, skip_consent, signing_algorithm, secrets, created_at) SELECT 'c' || n, 'c' || n, 0, '[]', '[]', '', '', '[]', 'one-factor', 0, 'RS256', '[]', n FROM ${from(50)}`,
    `INSERT INTO application_consent (application, account, scopes, given_at, last_used_at) SELECT 'c' || (n % 50 + 1), 'a' || n, 'openid', n, n FROM ${from(4000)}`,
    `INSERT INTO application_grant (id, application, account, session, scopes, created_at, expires_at) SELECT 'g' || n, 'c' || (n % 50 + 1), ${owner}, 's' || n, 'openid', n, 1900000000 + n FROM ${many}`,
    `INSERT INTO application_token (hash, kind, grant_id, payload, created_at, expires_at) SELECT 't' || n, 'refresh', 'g' || n, '{}', n, 1900000000 + n FROM ${many}`,
    `INSERT INTO application_logout (application, session, account, tries, next_try_at) SELECT 'c' || (n % 50 + 1), 's' || n, ${owner}, 0, 1900000000 + n FROM ${many}`,
    `INSERT INTO device_request (hash, id, user_code_hash, application, payload, scopes, address, user_agent, answer, proof, started_at, expires_at, polled_at, wait_seconds) SELECT 'd' || n, 'i' || n, 'u' || n, 'c' || (n % 50 + 1), '{}', '', '', '', '', '', n, 1900000000 + n, 0, 5 FROM ${many}`,
    `INSERT INTO authorization_request (id, application, query, mark, answer, started_at, expires_at) SELECT 'r' || n, 'c' || (n % 50 + 1), '', '', '', n, 1900000000 + n FROM ${many}`,
    `INSERT INTO audit (at, event, account, address, user_agent, details) SELECT 1900000000 + n, 'session.ended', ${owner}, '', '', '{}' FROM ${many}`,
  ]
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly PlanNode[]
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** The tables that PostgreSQL would read from end to end, with the values at hand or for any values. */
async function scansOf(client: pg.Client, { text, values }: Said): Promise<string[]> {
  await client.query(`PREPARE one AS ${text}`)
  const literals = values.map((value) => (value === null ? 'NULL' : pg.escapeLiteral(String(value))))
  const given = literals.length === 0 ? '' : `(${literals.join(', ')})`
  const scanned: string[] = []
  for (const mode of ['force_custom_plan', 'force_generic_plan']) {
    await client.query(`SET plan_cache_mode = ${mode}`)
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `EXPLAIN (FORMAT JSON) EXECUTE one${given}`,
    )
    for (const node of nodesOf(rows[0]!['QUERY PLAN'][0].Plan))
      if (node['Node Type'] === 'Seq Scan') scanned.push(node['Relation Name'] ?? '')
  }
  await client.query('DEALLOCATE one')
  return scanned
}

async function scannedBySqlite(file: string, said: readonly Said[]): Promise<Map<string, string[]>> {
  const handle = new (await sqliteDriver()).DatabaseSync(file, { timeout: 5000 })
  const scanned = new Map<string, string[]>()
  for (const { text } of said) {
    const steps = handle.prepare(`EXPLAIN QUERY PLAN ${asInSqlite(text)}`).all() as { detail: string }[]
    scanned.set(
      text,
      steps.flatMap(({ detail }) => /^SCAN (\w+)/.exec(detail)?.[1] ?? []),
    )
  }
  handle.close()
  return scanned
}

async function scannedByPostgres(url: string, said: readonly Said[]): Promise<Map<string, string[]>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('ANALYZE')
  const scanned = new Map<string, string[]>()
  for (const one of said) scanned.set(one.text, await scansOf(client, one))
  await client.end()
  return scanned
}

describe('what is asked all the time', () => {
  let said: readonly Said[]
  beforeAll(async () => {
    const recording = recordStatements()
    const app = await startAppOn(databases[1]!)
    await busyDay(app)
    recording.end()
    await app.close()
    said = [...recording.said.values()]
      .filter(({ text }) => growing.some((table) => new RegExp(`\\b${table}\\b`).test(text)))
      .filter(({ text }) => !mayScan.some((one) => one.test(text)))
  })

  it('is what people really do, and housekeeping', () => {
    expect(said.length).toBeGreaterThan(60)
    const tables = said.flatMap(({ text }) => /^DELETE FROM (\w+)/.exec(text)?.[1] ?? [])
    expect([...new Set(tables)].sort()).toEqual(expect.arrayContaining(swept))
  })

  it.each(databases)('reads no growing table from end to end on $name', async (kind) => {
    const app = await startAppOn(kind)
    await inDatabase(app, ...crowd(series[kind.name]))
    const { database } = app.nightlatch.settings
    const scanned =
      database.kind === 'postgres'
        ? await scannedByPostgres(database.url.reveal(), said)
        : await scannedBySqlite(database.file, said)
    await app.close()
    const guilty = [...scanned].filter(([, tables]) => tables.some((table) => growing.includes(table)))
    expect(guilty.map(([text, tables]) => `${tables.join()}: ${text}`)).toEqual([])
    expect(scanned.size).toBe(said.length)
  })

  it('a table that is new here has its place among those that grow, or those that do not', async () => {
    const app = await startAppOn(databases[1]!)
    const tables = await inDatabase(app, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
    // Without an index of its own, each row that goes would look through the whole table that points to it.
    const bare = await inDatabase(
      app,
      `SELECT conrelid::regclass AS name FROM pg_constraint WHERE contype = 'f' AND NOT EXISTS
        (SELECT 1 FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1])`,
    )
    await app.close()
    expect(tables.map(({ tablename }) => tablename).sort()).toEqual([...growing, ...small].sort())
    expect(bare).toEqual([])
  })
})
