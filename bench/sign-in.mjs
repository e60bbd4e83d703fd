/** Whole sign-ins a second, as a share of what argon2id alone allows on the same cores. */
import { startServer } from './lib/child.mjs'
import { median, print, round } from './lib/figures.mjs'
import { signInAll } from './lib/sign-ins.mjs'

const rounds = 5
const perRound = 300

export async function run() {
  const server = await startServer('nightlatch.mjs', { accounts: (rounds + 1) * perRound })
  const { port, people } = server.ready
  const measured = []
  for (let number = 0; number <= rounds; number += 1) {
    const limit = await server.ask('argon2')
    const some = people.slice(number * perRound, (number + 1) * perRound)
    const { perSecond } = await signInAll({ port, people: some, inFlight: 8 })
    if (number > 0) measured.push({ perSecond, limit: limit.perSecond }) // round 0 warms up
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
