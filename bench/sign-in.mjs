/** Whole sign-ins a second, as a share of what argon2id alone allows on the same cores. */
import { startServer } from './lib/child.mjs'
import { median, print, round } from './lib/figures.mjs'
import { signInAll } from './lib/sign-ins.mjs'

const rounds = 5
const perRound = 300
/** The engine compiles what a sign-in runs over the first thousand of them. */
const toWarmUp = 1500

export async function run() {
  const server = await startServer('nightlatch.mjs', { accounts: toWarmUp + rounds * perRound })
  const { port, people } = server.ready
  await signInAll({ port, people: people.slice(0, toWarmUp), inFlight: 8 })
  const measured = []
  for (let number = 0; number < rounds; number += 1) {
    const limit = await server.ask('argon2')
    const from = toWarmUp + number * perRound
    const { perSecond } = await signInAll({ port, people: people.slice(from, from + perRound), inFlight: 8 })
    measured.push({ perSecond, limit: limit.perSecond })
  }
  await server.stop()
  const share = median(measured.map(({ perSecond, limit }) => perSecond / limit))
  return {
    title: 'Whole sign-in: password, code, session (8 in flight)',
    columns: ['what', 'a second', 'share of the limit'],
    rows: [
      ['argon2id alone, all cores', round(median(measured.map(({ limit }) => limit)), 1), '1'],
      ['sign-in', round(median(measured.map(({ perSecond }) => perSecond)), 1), round(share, 2)],
    ],
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
