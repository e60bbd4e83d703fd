/** Whole sign-ins a second, as a share of what argon2id alone allows on the same cores. */
import { startServer } from './lib/child.mjs'
import { median, print, round } from './lib/figures.mjs'
import { signInAll } from './lib/sign-ins.mjs'

const rounds = 5
const perRound = 300
/** The engine compiles what a sign-in runs over the first thousand of them. */
const toWarmUp = 1500

export async function run() {
  const nightlatch = await startServer('nightlatch.mjs', { accounts: toWarmUp + rounds * perRound })
  const bare = await startServer('bare-sign-in.mjs')
  const { people } = nightlatch.ready
  const signIns = async ({ ready }, from, count) => {
    const some = people.slice(from, from + count)
    return (await signInAll({ port: ready.port, people: some, inFlight: 8 })).perSecond
  }
  for (const server of [nightlatch, bare]) await signIns(server, 0, toWarmUp)
  const measured = []
  for (let number = 0; number < rounds; number += 1) {
    const from = toWarmUp + number * perRound
    const limit = (await nightlatch.ask('argon2')).perSecond
    measured.push({
      limit,
      bare: await signIns(bare, from, perRound),
      ours: await signIns(nightlatch, from, perRound),
    })
  }
  for (const server of [nightlatch, bare]) await server.stop()
  const row = (what, pick) => {
    const share = median(measured.map((one) => pick(one) / one.limit))
    return [what, round(median(measured.map(pick)), 1), round(share, 2)]
  }
  return {
    title: 'Whole sign-in: password, code, session (8 in flight)',
    columns: ['what', 'a second', 'share of the limit'],
    rows: [
      row('argon2id alone, all cores', ({ limit }) => limit),
      row('bare node:http: two requests, the hash, nothing else', ({ bare }) => bare),
      row('sign-in', ({ ours }) => ours),
    ],
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
