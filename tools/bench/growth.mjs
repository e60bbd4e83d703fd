/**
 * What the look-up of a session and the database's part of a sign-in cost in a small and in a large database.
 * `npm run bench -- growth --largest` goes on to ten million sessions of a million people (20 GB, half an hour).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Totp } from '@nightlatch/otp'
import { openNightlatch } from '../../packages/nightlatch/dist/compose/open.js'
import { readSettings } from '../../packages/nightlatch/dist/config/read.js'
import { findSignIn, giveSecondFactor } from '../../packages/nightlatch/dist/core/sign-in/code-step.js'
import { givePassword } from '../../packages/nightlatch/dist/core/sign-in/password-step.js'
import { openPostgres } from '../../packages/nightlatch/dist/storage/engine/postgres/postgres.js'
import { sessionStore } from '../../packages/nightlatch/dist/storage/stores/sessions.js'
import { openSqlite } from '../../packages/nightlatch/dist/storage/engine/sqlite/sqlite.js'
import { median, round } from './lib/figures.mjs'
import { each, fill, sizesOf, tokenHash } from './lib/many-rows.mjs'
import { enrol } from './lib/people.mjs'
import { startPostgres } from './lib/postgres.mjs'

const sizes = [100, 10_000, 100_000, ...(process.argv.includes('--largest') ? [1_000_000] : [])]
const rounds = 7
const signInsARound = 40

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-bench-growth-'))
  const file = join(folder, 'nightlatch.db')
  const tables = []
  const rows = await grow('SQLite', { NIGHTLATCH_DATA: folder }, () => openSqlite(file))
  const postgres = await startPostgres()
  if (postgres !== null) {
    const options = { poolSize: 2, statementMs: 1_800_000, onLost: () => undefined }
    const open = () => openPostgres(postgres.url(), options)
    const env = { NIGHTLATCH_DATA: folder, NIGHTLATCH_DATABASE_URL: postgres.url() }
    rows.push(...(await grow('PostgreSQL', env, open)))
    tables.push(await growthOfTables(open))
    postgres.stop()
  }
  rmSync(folder, { recursive: true, force: true })
  return [
    {
      title: 'Growth: one look-up of a session, past the memory, and the database’s part of a sign-in',
      columns: ['database', 'sessions', 'accounts', 'look-up', 'µs', 'sign-in', 'ms'],
      rows,
    },
    ...tables,
  ]
}

async function growthOfTables(open) {
  const database = await open()
  const rows = await sizesOf(database.db)
  await database.close()
  return {
    title: `Tables and their indexes, PostgreSQL, ${sizes.at(-1)} accounts`,
    columns: ['table', 'rows', 'bytes a row', 'bytes of indexes a row', 'levels of the deepest index'],
    rows,
  }
}

async function grow(name, env, open) {
  const read = readSettings({ env })
  const nightlatch = await openNightlatch(read.settings)
  const database = await open()
  const rows = []
  let smallest = null
  for (const [index, accounts] of sizes.entries()) {
    await fill(database, sizes[index - 1] ?? 0, accounts)
    const lookUp = await lookUpMicros(database.db, accounts * each)
    const signIn = await signInMillis(nightlatch, `size${index}-`)
    smallest ??= { lookUp, signIn }
    const ratios = [lookUp / smallest.lookUp, signIn / smallest.signIn].map((ratio) => round(ratio, 2))
    rows.push([name, accounts * each, accounts, ratios[0], round(lookUp, 1), ratios[1], round(signIn, 2)])
  }
  await database.close()
  await nightlatch.close()
  return rows
}

/** The fastest round, which other programs disturbed least; each asks for sessions all over the table. */
async function lookUpMicros(db, size) {
  const count = db.dialect === 'sqlite' ? 5000 : 500
  const sessions = sessionStore(db)
  const measured = []
  for (let number = 0; number <= rounds; number += 1) {
    const wanted = Array.from({ length: count }, () => tokenHash(Math.floor(Math.random() * size)))
    const began = performance.now()
    for (const hash of wanted)
      if ((await sessions.findByTokenHash(hash)) === null) throw new Error(`no session ${hash}`)
    if (number > 0) measured.push(((performance.now() - began) * 1000) / count) // round 0 warms up
  }
  return Math.min(...measured)
}

/** Everything that a sign-in does except the hash of the password, which costs the same in any database. */
async function signInMillis(nightlatch, prefix) {
  const { core: real } = nightlatch
  const people = await enrol(nightlatch, (rounds + 1) * signInsARound, prefix)
  const core = {
    ...real,
    passwords: {
      unknownAccountHash: real.passwords.unknownAccountHash,
      verify: () => Promise.resolve(true),
      needsRenewal: () => false,
      hash: (password) => real.passwords.hash(password),
    },
  }
  const measured = []
  for (let number = 0; number <= rounds; number += 1) {
    const some = people.slice(number * signInsARound, (number + 1) * signInsARound)
    const began = performance.now()
    for (const person of some) await signIn(core, person)
    if (number > 0) measured.push((performance.now() - began) / signInsARound)
  }
  return median(measured)
}

async function signIn(core, { username, key }) {
  const browser = {
    client: { address: '127.0.0.1', userAgent: 'bench' },
    knownDevice: null,
    trustedDevice: null,
    session: null,
  }
  const first = await givePassword(core, { username, password: 'correct horse battery', browser })
  const found = await findSignIn(core, first.token ?? null)
  const code = new Totp({ secret: key }).now()
  const second =
    found && (await giveSecondFactor(core, { signIn: found.signIn, browser, factor: 'totp', given: code }))
  if (second?.kind !== 'complete') throw new Error(`${username}: ${first.kind} ${second?.kind}`)
}
