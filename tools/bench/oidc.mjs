/**
 * What an application costs: its requests beside the library alone, a token endpoint with many live refresh tokens, and
 * a start with and without an application.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openPostgres } from '../../packages/nightlatch/dist/storage/engine/postgres/postgres.js'
import { openSqlite } from '../../packages/nightlatch/dist/storage/engine/sqlite/sqlite.js'
import { applicationAt, many } from './lib/application.mjs'
import { startServer } from './lib/child.mjs'
import { median, print, round } from './lib/figures.mjs'
import { fillRefreshTokens } from './lib/many-tokens.mjs'
import { startPostgres } from './lib/postgres.mjs'
import { startOnce } from './start.mjs'

/** So many people, each with one sign-in on its way. */
const people = 8
const rounds = 9
const ours = { accounts: people, application: true }

export async function run() {
  const postgres = await startPostgres()
  const results = [await requests(postgres), await refreshes(postgres), await starts()]
  postgres?.stop()
  return results
}

/** A server, an application that asks it, and what its process has used for that. */
async function candidate(name, file, options) {
  const server = await startServer(file, options)
  const application = applicationAt(server.ready.application ?? server.ready, people)
  const cpu = async (count, work) => {
    const before = (await server.ask('usage')).cpuMicros
    await many(count, people, (lane) => work(application, lane))
    return ((await server.ask('usage')).cpuMicros - before) / count
  }
  const stop = async () => {
    application.end()
    await server.stop()
  }
  return { name, application, cpu, stop, folder: server.ready.folder }
}

/** Rounds in turn, so that whatever else the machine does meets all of them. @returns CPU a request, by candidate and round */
async function inTurn(candidates, { toWarmUp, perRound }, work) {
  for (const one of candidates) await one.cpu(toWarmUp, work(one))
  const measured = candidates.map(() => [])
  for (let number = 0; number < rounds; number += 1)
    for (const [index, one] of candidates.entries()) measured[index].push(await one.cpu(perRound, work(one)))
  return measured
}

const rowsOf = (what, candidates, measured) =>
  candidates.map(({ name }, index) => [
    what,
    name,
    round(median(measured[index]) / 1000, 2),
    round(median(measured[index].map((cpu, at) => cpu / measured[0][at])), 2),
  ])

async function requests(postgres) {
  const candidates = [
    await candidate('the library alone, in memory', 'oidc-provider.mjs', { people }),
    await candidate('Nightlatch, SQLite', 'nightlatch.mjs', ours),
  ]
  if (postgres !== null) {
    await postgres.create('requests')
    const options = { ...ours, databaseUrl: postgres.url('requests') }
    candidates.push(await candidate('Nightlatch, PostgreSQL', 'nightlatch.mjs', options))
  }
  const flows = await inTurn(
    candidates,
    { toWarmUp: 1500, perRound: 300 },
    () => (application, lane) => application.signIn(lane),
  )
  const tokens = new Map()
  for (const one of candidates) tokens.set(one, (await one.application.signIn(0)).access_token)
  const userInfo = await inTurn(
    candidates,
    { toWarmUp: 3000, perRound: 1000 },
    (one) => (application) => application.userInfo(tokens.get(one)),
  )
  for (const one of candidates) await one.stop()
  return {
    title: 'OpenID Connect: server CPU of a sign-in of somebody who is signed in, and of user info',
    columns: ['what', 'who', 'CPU ms', 'ratio'],
    rows: [...rowsOf('authorize and token', candidates, flows), ...rowsOf('user info', candidates, userInfo)],
  }
}

const few = 200
const lots = 200_000

async function refreshes(postgres) {
  const rows = []
  for (const database of postgres === null ? ['SQLite'] : ['SQLite', 'PostgreSQL']) {
    const candidates = []
    for (const count of [few, lots]) candidates.push(await withTokens(database, count, postgres))
    const work = () => async (application, lane) => {
      const { current } = candidates.find((one) => one.application === application)
      current[lane] = (await application.refresh(current[lane])).refresh_token
    }
    const measured = await inTurn(candidates, { toWarmUp: 500, perRound: 200 }, work)
    rows.push(...rowsOf(database, candidates, measured))
    for (const one of candidates) await one.stop()
  }
  return {
    title: 'OpenID Connect: server CPU of a refresh, by the refresh tokens that live',
    columns: ['database', 'refresh tokens', 'CPU ms', 'ratio'],
    rows,
  }
}

/** A server with so many, of which each lane has one. */
async function withTokens(database, count, postgres) {
  const name = `tokens${count}`
  if (database === 'PostgreSQL') await postgres.create(name)
  const options = database === 'SQLite' ? ours : { ...ours, databaseUrl: postgres.url(name) }
  const one = await candidate(count.toLocaleString('en'), 'nightlatch.mjs', options)
  const limits = { poolSize: 2, statementMs: 600_000, onLost: () => undefined }
  const opened =
    database === 'SQLite'
      ? await openSqlite(join(one.folder, 'nightlatch.db'))
      : await openPostgres(postgres.url(name), limits)
  await fillRefreshTokens(opened.db, count)
  await opened.close()
  const signIns = Array.from({ length: people }, (_none, person) =>
    one.application.signIn(person, 'openid profile email groups offline_access'),
  )
  return { ...one, current: (await Promise.all(signIns)).map((tokens) => tokens.refresh_token) }
}

const nightlatch = fileURLToPath(new URL('../../packages/nightlatch/bin/nightlatch.js', import.meta.url))

async function starts() {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-bench-oidc-'))
  const dataOf = (name) => join(folder, name)
  const candidates = ['no application', 'an application'].map((name) => ({
    name,
    args: (port) => [nightlatch, 'serve', '--port', String(port), '--data', dataOf(name)],
  }))
  const measured = candidates.map(() => [])
  for (const one of candidates) await startOnce(one, folder) // makes the database
  const add = ['client', 'add', 'Wiki', '--redirect', 'https://wiki.example.org/', '--data']
  execFileSync(process.execPath, [nightlatch, ...add, dataOf('an application')], { stdio: 'ignore' })
  for (let number = 0; number < rounds; number += 1)
    for (const [index, one] of candidates.entries()) measured[index].push(await startOnce(one, folder))
  rmSync(folder, { recursive: true, force: true })
  return {
    title: 'OpenID Connect: start to the first page, and idle',
    columns: ['what', 'ms to the first page', 'idle RSS MiB'],
    rows: candidates.map(({ name }, index) => [
      name,
      round(median(measured[index].map(({ ms }) => ms))),
      round(median(measured[index].map(({ rssMiB }) => rssMiB)), 1),
    ]),
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) for (const result of await run()) print(result)
