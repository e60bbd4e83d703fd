/** Session checks while 32 sign-ins run at any moment, against the same checks on a quiet server. */
import { fork } from 'node:child_process'
import { startServer } from './lib/child.mjs'
import { median, print, round } from './lib/figures.mjs'
import { get, load } from './lib/load.mjs'
import { startPostgres } from './lib/postgres.mjs'

const rounds = 5
const seconds = 3
const connections = 4

export async function run() {
  const rows = await stormOn('SQLite', {})
  const database = await startPostgres()
  if (database !== null) rows.push(...(await stormOn('PostgreSQL', { databaseUrl: database.url() })))
  database?.stop()
  return {
    title: 'Session checks while 32 sign-ins run',
    columns: ['database', '', 'p50 ms', 'p99 ms', 'ratio of p99', 'sign-ins a second'],
    rows,
  }
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

async function stormOn(name, options) {
  const server = await startServer('nightlatch.mjs', { ...options, accounts: (rounds + 1) * 600 })
  const { port, people, cookie } = server.ready
  const checks = () => load({ port, request: get('/api/v1/session', cookie), connections, seconds })
  const measured = []
  for (let number = 0; number <= rounds; number += 1) {
    const quiet = await checks()
    const storm = beginStorm({ port, people: people.slice(number * 600, (number + 1) * 600), inFlight: 32 })
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
