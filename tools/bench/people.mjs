/**
 * What lists and searches cost an administrator among a thousand people and among a hundred thousand: whole answers of a real
 * server, for every filter, alone and with others, on the first pages and on those far behind.
 */
import { openNightlatch } from '../../packages/nightlatch/dist/compose/open.js'
import { readSettings } from '../../packages/nightlatch/dist/config/read.js'
import { atTheCommandLine } from '../../packages/nightlatch/dist/core/accounts/actor.js'
import { findAccount } from '../../packages/nightlatch/dist/core/accounts/administration.js'
import { editAccount } from '../../packages/nightlatch/dist/core/accounts/edit.js'
import { openPostgres } from '../../packages/nightlatch/dist/storage/engine/postgres/postgres.js'
import { startServer } from './lib/child.mjs'
import { addCrowd, someone } from './lib/crowd.mjs'
import { median, print, round } from './lib/figures.mjs'
import { startPostgres } from './lib/postgres.mjs'

const sizes = [1000, 100_000]
const rounds = 15

const states = ['active', 'invited', 'waiting', 'disabled', 'expired', 'admin', 'no-second-factor']

/** What is asked for, by what it is; each is a page of fifty. */
const questions = {
  everybody: {},
  'everybody, in the middle': { after: someone(500).username },
  'everybody, at the end': { after: 'zz' },
  ...Object.fromEntries(states.map((state) => [`state ${state}`, { state }])),
  'a group of a third': { group: 'third' },
  'a group of a third, in the middle': { group: 'third', after: someone(500).username },
  'a group of ten': { group: 'ten' },
  ...Object.fromEntries(
    states.map((state) => [`a group of a third, state ${state}`, { group: 'third', state }]),
  ),
  'a word that all have': { q: 'example' },
  'a word that all have, in the middle': { q: 'example', after: someone(500).username },
  ...Object.fromEntries(
    states.map((state) => [`a word that all have, state ${state}`, { q: 'example', state }]),
  ),
  'a word that one has': { q: someone(777).username },
  'the middle of a word': { q: someone(777).username.slice(3) },
  'a whole address': { q: someone(777).email },
  'one and the same end of all addresses': { q: '@example.org' },
  'two words, of which all have one': { q: `example ${someone(777).username}` },
  'two words that many have': { q: 'lovelace example' },
  'first and last name': { q: someone(42).name },
  'one letter': { q: 'e' },
  'a word that nobody has': { q: 'qqqq' },
  'a word that nobody has, with one of all': { q: 'example qqq' },
  'a word of all in a group of ten': { q: 'example', group: 'ten' },
  'a word of all in a group of a third': { q: 'example', group: 'third' },
  'word, group and state': { q: 'example', group: 'third', state: 'disabled' },
}

const pathOf = (place, asked) => `${place}?${new URLSearchParams(asked)}`

/** Every question by the JSON interface, some on the pages as well. */
const paths = {
  ...Object.fromEntries(
    Object.entries(questions).map(([what, asked]) => [what, pathOf('/api/v1/admin/people', asked)]),
  ),
  'the page: everybody, with the week': '/admin',
  'the page: a state': pathOf('/admin', { state: 'disabled' }),
  'the page: a word of all': pathOf('/admin', { q: 'example' }),
  'the page: groups': '/admin/groups',
  'the page: activity': '/admin/activity',
  'the page: activity of a person': pathOf('/admin/activity', { who: someone(777).username }),
  'the page: health': '/admin/findings',
}

export async function run() {
  const rows = await measure('SQLite', {})
  const postgres = await startPostgres()
  if (postgres !== null) {
    rows.push(...(await measure('PostgreSQL', { databaseUrl: postgres.url() }, postgres)))
    postgres.stop()
  }
  return {
    title: 'People: an administrator’s pages, the whole answer',
    columns: ['database', 'what', ...sizes.map((size) => `ms among ${size}`), 'ratio'],
    rows,
  }
}

async function measure(name, where) {
  const { ready, stop } = await startServer('nightlatch.mjs', { accounts: 1, ...where })
  const env = {
    NIGHTLATCH_DATA: ready.folder,
    ...(where.databaseUrl === undefined ? {} : { NIGHTLATCH_DATABASE_URL: where.databaseUrl }),
  }
  const beside = await openNightlatch(readSettings({ env }).settings)
  const administrator = await findAccount(beside.core, ready.people[0].username)
  await editAccount(beside.core, administrator, { edit: { admin: true }, actor: atTheCommandLine })
  const found = new Map(Object.keys(paths).map((what) => [what, []]))
  for (const [index, size] of sizes.entries()) {
    await addCrowd(beside, sizes[index - 1] ?? 0, size)
    if (where.databaseUrl !== undefined) await analyze(where.databaseUrl)
    for (const [what, path] of Object.entries(paths)) found.get(what).push(await time(ready, path))
  }
  await beside.close()
  await stop()
  return [...found].map(([what, times]) => [
    name,
    what,
    ...times.map((one) => round(one, 2)),
    round(times.at(-1) / times[0], 2),
  ])
}

/** What PostgreSQL does by itself, a minute later. */
async function analyze(url) {
  const database = await openPostgres(url, { poolSize: 1, statementMs: 600_000, onLost: () => undefined })
  await database.db.run('VACUUM ANALYZE', [])
  await database.close()
}

async function time({ port, cookie }, path) {
  const times = []
  for (let at = -3; at < rounds; at += 1) {
    const began = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie } })
    await answer.text()
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
    if (at >= 0) times.push(performance.now() - began)
  }
  return median(times)
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
