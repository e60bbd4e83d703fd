/**
 * What one look-up of a session costs in a small and in a large table, past the memory of the process.
 * `npm run bench -- growth --largest` goes on to ten million.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sessionStore } from '../packages/nightlatch/dist/storage/sessions.js'
import { openStorage } from '../packages/nightlatch/dist/storage/index.js'
import { openSqlite } from '../packages/nightlatch/dist/storage/sqlite.js'
import { openPostgres } from '../packages/nightlatch/dist/storage/postgres.js'
import { print, round } from './lib/figures.mjs'
import { startPostgres } from './lib/postgres.mjs'

const sizes = [1_000, 100_000, 1_000_000, ...(process.argv.includes('--largest') ? [10_000_000] : [])]
/** Ten sessions an account. */
const each = 10
const batch = 250_000

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-bench-growth-'))
  const rows = []
  const file = join(folder, 'nightlatch.sqlite')
  await (await openStorage({ sqliteFile: file })).close()
  rows.push(...(await grow('SQLite', await openSqlite(file), 5000)))
  rmSync(folder, { recursive: true, force: true })
  const postgres = await startPostgres()
  if (postgres !== null) {
    await (await openStorage(postgres.url())).close()
    const options = { poolSize: 2, statementMs: 600_000, onLost: () => undefined }
    rows.push(...(await grow('PostgreSQL', await openPostgres(postgres.url(), options), 500)))
    postgres.stop()
  }
  return {
    title: 'One look-up of a session, past the memory',
    columns: ['database', 'sessions', 'accounts', 'ratio to the smallest', 'µs'],
    rows,
  }
}

async function grow(name, database, lookUps) {
  const rows = []
  let smallest = 0
  for (const [index, size] of sizes.entries()) {
    await fill(database.db, sizes[index - 1] ?? 0, size)
    const micros = await lookUp(database.db, size, lookUps)
    if (index === 0) smallest = micros
    rows.push([name, size, size / each, round(micros / smallest, 2), round(micros, 1)])
  }
  await database.close()
  return rows
}

/** Spread over the whole range, as hashes are; the same in SQL below. */
const scattered = (number) => Number((BigInt(number) * 2654435761n) % 4294967296n)
const tokenHash = (number) =>
  scattered(number).toString(16).padStart(8, '0') + number.toString(16).padStart(56, '0')

async function fill(db, from, to) {
  const isSqlite = db.dialect === 'sqlite'
  const hex = (value, width) =>
    isSqlite ? `printf('%0${width}x', ${value})` : `lpad(to_hex(${value}), ${width}, '0')`
  const numbers = (low, high) =>
    `WITH RECURSIVE number (n) AS (SELECT ${low} UNION ALL SELECT n + 1 FROM number WHERE n < ${high - 1})`
  const cast = isSqlite ? '' : '::bigint'
  const scatteredSql = `((n${cast} * 2654435761) % 4294967296)`
  await insertIn([from / each, to / each], (low, high) =>
    db.run(
      `INSERT INTO account (id, username, name, email, group_names, admin, disabled, password_hash,
        authenticator_count, created_at, last_sign_in_at)
      ${numbers(low, high)} SELECT ${hex('n', 26)}, ${hex('n', 8)}, '', '', '[]', 0, 0, '', 1, 0, 0 FROM number`,
      [],
    ),
  )
  await insertIn([from, to], (low, high) =>
    db.run(
      `INSERT INTO session (token_hash, id, account, factors, signed_in_at, verified_at, last_seen_at,
        expires_at, address, user_agent)
      ${numbers(low, high)} SELECT ${hex(scatteredSql, 8)} || ${hex('n', 56)}, ${hex(scatteredSql, 8)} || ${hex('n', 18)},
        ${hex(`n / ${each}`, 26)}, 'password,totp', n, n, n, n + 604800, '192.0.2.1', 'Mozilla/5.0 (X11; Linux x86_64)'
      FROM number`,
      [],
    ),
  )
  if (!isSqlite) await db.run('ANALYZE session', [])
}

async function insertIn([from, to], insert) {
  for (let low = Math.floor(from); low < to; low += batch) await insert(low, Math.min(to, low + batch))
}

/** The fastest of seven rounds, which other programs disturbed least; each asks for sessions all over the table. */
async function lookUp(db, size, count) {
  const sessions = sessionStore(db)
  const rounds = []
  for (let number = 0; number <= 7; number += 1) {
    const wanted = Array.from({ length: count }, () => tokenHash(Math.floor(Math.random() * size)))
    const began = performance.now()
    for (const hash of wanted)
      if ((await sessions.findByTokenHash(hash)) === null) throw new Error(`no session ${hash}`)
    if (number > 0) rounds.push(((performance.now() - began) * 1000) / count) // round 0 warms up
  }
  return Math.min(...rounds)
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
