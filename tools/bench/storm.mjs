/** Session checks while 32 sign-ins run at any moment, against the same checks on a quiet server. */
import { fork } from 'node:child_process'
import { startServer } from './lib/child.mjs'
import { median, print, round } from './lib/figures.mjs'
import { get, load } from './lib/load.mjs'
import { startPostgres } from './lib/postgres.mjs'

const rounds = 5
const seconds = 3
const connections = 4
const perRound = 600

export async function run() {
  const accounts = (rounds + 1) * perRound
  const bare = await startServer('bare-sign-in.mjs')
  const nobody = Array.from({ length: accounts }, () => ({ username: 'nobody', key: 'A'.repeat(32) }))
  const rows = await stormOn('bare node:http, the hash alone', bare, { people: nobody, cookie: '' })
  rows.push(...(await stormOnDatabase('SQLite', { accounts })))
  const database = await startPostgres()
  if (database !== null)
    rows.push(...(await stormOnDatabase('PostgreSQL', { accounts, databaseUrl: database.url() })))
  database?.stop()
  return {
    title: 'Session checks while 32 sign-ins run',
    columns: ['server', '', 'p50 ms', 'p99 ms', 'ratio of p99', 'sign-ins a second'],
    rows,
  }
}

async function stormOnDatabase(name, options) {
  const server = await startServer('nightlatch.mjs', options)
  return stormOn(name, server, server.ready)
}

function beginStorm(plan) {
  const child = fork(new URL('./lib/sign-in-driver.mjs', import.meta.url))
  child.send(plan)
  const result = new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', () => reject(new Error('the storm ended')))
  })
  return {
    end() {
      if (child.connected) child.send('over')
      return result
    },
  }
}

async function stormOn(name, server, { people, cookie }) {
  const { port } = server.ready
  const checks = () => load({ port, request: get('/api/v1/session', cookie), connections, seconds })
  const measured = []
  for (let number = 0; number <= rounds; number += 1) {
    const quiet = await checks()
    const some = people.slice(number * perRound, (number + 1) * perRound)
    const storm = beginStorm({ port, people: some, inFlight: 32 })
    const stormy = await checks()
    const { done } = await storm.end()
    for (const { statuses, count } of [quiet, stormy])
      if (statuses['200'] !== count) throw new Error(JSON.stringify(statuses))
    if (number > 0) measured.push({ quiet, stormy, done }) // round 0 warms up
  }
  await server.stop()
  const of = (pick) => round(median(measured.map(pick)), 2)
  const rate = of(({ done }) => done / seconds)
  const ratio = of(({ quiet, stormy }) => stormy.p99 / quiet.p99)
  return [
    [name, 'quiet', of(({ quiet }) => quiet.p50), of(({ quiet }) => quiet.p99), 1, 0],
    [name, 'storm', of(({ stormy }) => stormy.p50), of(({ stormy }) => stormy.p99), ratio, rate],
  ]
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
