/** The whole run: start everything, let people sign in, kill again and again, and compare. */
import { setTimeout as sleep } from 'node:timers/promises'
import { accountsNeeded, beginLoad } from './load.mjs'
import { makeAccounts } from './accounts.mjs'
import { startCluster } from './cluster.mjs'
import { failures, schedule } from './failures.mjs'
import { serverSettings, startProxy, startServers } from './front.mjs'
import { compareGuesses, compareWithKept, newLedger } from './ledger.mjs'
import { resendAll } from './people.mjs'
import { until } from './processes.mjs'
import { recheck } from './recheck.mjs'
import { longestGap } from './service.mjs'

const say = (text) => console.log(`${new Date().toISOString().slice(11, 19)}  ${text}`)
const quietMs = 6000
const takeOverMs = 90_000
const wholeMs = 120_000

/**
 * @param {any} places where everything is
 * @param {{ minutes: number, random: () => number }} plan
 */
export async function run(places, { minutes, random }) {
  say('starting etcd, PostgreSQL and Patroni')
  const cluster = await startCluster(places)
  const settings = serverSettings(places, cluster.password)
  say('making accounts')
  const people = await makeAccounts(settings, accountsNeeded)
  say('starting Nightlatch and HAProxy')
  const servers = await startServers(places, settings)
  const front = await startProxy(places)
  const world = { cluster, servers, front, random, ledger: newLedger(), pause: sleep }
  world.anyServer = () => servers[Math.floor(random() * servers.length)].port
  const endLoad = await beginLoad(world, people)
  const happened = await kill(world, minutes * 60_000)
  await endLoad()
  say('comparing with what was kept')
  await resendAll(world)
  await recheck(world)
  await compare(world, people)
  return { happened, ledger: world.ledger }
}

async function kill(world, forMs) {
  const happened = []
  const began = performance.now()
  await sleep(2 * quietMs)
  happened.push({ name: 'nothing killed', victim: '', span: { from: began + 1000, to: performance.now() } })
  for (const name of schedule(world.random)) {
    if (performance.now() > began + forMs) break
    happened.push(await oneFailure(world, name))
    await sleep(quietMs)
  }
  const { check, signIn } = world.ledger.served
  return happened.map(({ span, ...one }) => ({
    ...one,
    checkGapMs: longestGap(check, span),
    signInGapMs: longestGap(signIn, span),
  }))
}

/** Breaks something, lets the others take over, sends the newest codes again, mends, and waits until all is whole. */
async function oneFailure(world, name) {
  const from = performance.now()
  const { victim, isOver, mend } = await failures[name](world)
  await until(`taking over after ${name}`, isOver, takeOverMs)
  await servedAgain(world, performance.now())
  const to = performance.now()
  await Promise.all([resendAll(world), recheck(world, from - takeOverMs)])
  await mend()
  await until('the cluster is whole again', () => allWell(world), wholeMs)
  say(`${name}: ${victim}; served again after ${((to - from) / 1000).toFixed(1)} s`)
  return { name, victim, span: { from, to: performance.now() } }
}

const servedAgain = ({ ledger }, since) =>
  until(
    'somebody can sign in again',
    () => Object.values(ledger.served).every((times) => (times.at(-1) ?? 0) > since),
    takeOverMs,
  )

async function allWell({ cluster, servers }) {
  const [nodes, ...others] = await Promise.all([
    cluster.isWhole(),
    ...cluster.etcd.map((one) => one.isWell()),
    ...servers.map((one) => one.isReady()),
  ])
  return nodes && others.every((isWell) => isWell)
}

async function compare({ cluster, ledger }, people) {
  const client = await cluster.look()
  const rows = async (sql) => (await client.query(sql)).rows
  const audit = await rows('SELECT account, event, at::float8 AS at FROM audit ORDER BY sequence')
  const hashes = await rows('SELECT hash FROM recovery_code')
  const attempts = await rows(
    `SELECT substr(key, 6) AS account, failures::int AS failures FROM attempt WHERE key LIKE 'code:%'`,
  )
  await client.end()
  compareWithKept(ledger, { audit, recoveryHashes: new Set(hashes.map(({ hash }) => hash)) })
  compareGuesses(ledger, people.guessed, new Map(attempts.map((row) => [row.account, row.failures])))
}
