/** What lists and searches cost an administrator among a thousand people and among a hundred thousand, in the server. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNightlatch } from '../../packages/nightlatch/dist/compose/open.js'
import { readSettings } from '../../packages/nightlatch/dist/config/read.js'
import { groupNames, listGroups } from '../../packages/nightlatch/dist/core/accounts/group-changes.js'
import { listPeople } from '../../packages/nightlatch/dist/core/accounts/people.js'
import { openPostgres } from '../../packages/nightlatch/dist/storage/engine/postgres/postgres.js'
import { openSqlite } from '../../packages/nightlatch/dist/storage/engine/sqlite/sqlite.js'
import { median, print, round } from './lib/figures.mjs'
import { fill } from './lib/many-rows.mjs'
import { startPostgres } from './lib/postgres.mjs'

const sizes = [1000, 100_000]
const rounds = 40

/** What an administrator asks for; every one of them is a page of fifty. */
const questions = {
  'first page': (core) => listPeople(core, { limit: 50 }),
  'page in the middle': (core) => listPeople(core, { limit: 50, after: 'person 50' }),
  'a word that all have': (core) => listPeople(core, { limit: 50, search: 'exam' }),
  'a word that one has': (core) => listPeople(core, { limit: 50, search: '777' }),
  'a group of a third': (core) => listPeople(core, { limit: 50, group: 'third' }),
  'a word of all in a group of ten': (core) =>
    listPeople(core, { limit: 50, group: 'ten', search: 'person' }),
  'names of the groups': (core) => groupNames(core),
  'groups with their members': (core) => listGroups(core),
}

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-bench-people-'))
  const file = join(folder, 'nightlatch.db')
  const rows = await measure('SQLite', { NIGHTLATCH_DATA: folder }, () => openSqlite(file))
  const postgres = await startPostgres()
  if (postgres !== null) {
    const options = { poolSize: 2, statementMs: 1_800_000, onLost: () => undefined }
    const env = { NIGHTLATCH_DATA: folder, NIGHTLATCH_DATABASE_URL: postgres.url() }
    rows.push(...(await measure('PostgreSQL', env, () => openPostgres(postgres.url(), options))))
    postgres.stop()
  }
  rmSync(folder, { recursive: true, force: true })
  return {
    title: 'People: an administrator’s pages, in the server',
    columns: ['database', 'what', ...sizes.map((size) => `ms among ${size}`), 'ratio'],
    rows,
  }
}

async function measure(name, env, open) {
  const nightlatch = await openNightlatch(readSettings({ env }).settings)
  const database = await open()
  const found = new Map(Object.keys(questions).map((what) => [what, []]))
  for (const [index, size] of sizes.entries()) {
    await fill(database, sizes[index - 1] ?? 0, size)
    await makeFindable(database.db)
    for (const [what, ask] of Object.entries(questions)) {
      const times = []
      for (let round = 0; round < rounds; round += 1) {
        const began = performance.now()
        await ask(nightlatch.core)
        times.push(performance.now() - began)
      }
      found.get(what).push(median(times))
    }
  }
  await database.close()
  await nightlatch.close()
  return [...found].map(([what, times]) => [
    name,
    what,
    ...times.map((time) => round(time, 2)),
    round(times.at(-1) / times[0], 2),
  ])
}

/** What the program writes for each of them, written by the database itself. */
async function makeFindable(db) {
  const number =
    db.dialect === 'sqlite' ? 'CAST(substr(username, 8) AS INTEGER)' : 'CAST(substr(username, 8) AS bigint)'
  await db.run(`UPDATE account SET sort_key = username WHERE sort_key = ''`, [])
  for (const word of [
    "'person'",
    'substr(username, 8)',
    "'person' || substr(username, 8)",
    "'example'",
    "'org'",
    "'a'",
  ])
    await db.run(
      `INSERT INTO search_word (word, account) SELECT ${word}, id FROM account WHERE true ON CONFLICT DO NOTHING`,
      [],
    )
  for (const [key, condition] of [
    ['third', `${number} % 3 = 0`],
    ['ten', `${number} < 10`],
  ]) {
    const group = `INSERT INTO people_group (key, name, created_at) VALUES ('${key}', '${key}', 0) ON CONFLICT DO NOTHING`
    await db.run(group, [])
    await db.run(
      `INSERT INTO membership (people_group, account, sort_key)
        SELECT '${key}', id, sort_key FROM account WHERE ${condition} ON CONFLICT DO NOTHING`,
      [],
    )
  }
  const analyze =
    db.dialect === 'sqlite'
      ? []
      : ['VACUUM ANALYZE account', 'VACUUM ANALYZE search_word', 'VACUUM ANALYZE membership']
  for (const statement of analyze) await db.run(statement, [])
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
