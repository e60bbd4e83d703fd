/** Server CPU a request of several servers, as ratios to the first one, or to the one that a candidate names. */
import { median, round } from './figures.mjs'
import { load } from './load.mjs'

/** Candidates in turn, round after round, so that whatever else the machine does meets all of them; the first is the limit. */
export async function compare(candidates, { connections, rounds, seconds }) {
  const measured = candidates.map(() => [])
  const limitOf = ({ limit }) =>
    Math.max(
      0,
      candidates.findIndex(({ name }) => name === limit),
    )
  for (let number = 0; number <= rounds; number += 1) {
    for (const [index, one] of candidates.entries()) {
      const before = await one.server.ask('usage')
      const result = await load({ port: one.port, request: one.request, connections, seconds })
      const after = await one.server.ask('usage')
      if (result.statuses['200'] !== result.count)
        throw new Error(`${one.name}: ${JSON.stringify(result.statuses)}`)
      const cpu = (after.cpuMicros - before.cpuMicros) / result.count
      if (number > 0) measured[index].push({ cpu, perSecond: result.perSecond, p99: result.p99 }) // round 0 warms up
    }
  }
  return candidates.map((one, index) => [
    connections,
    one.name,
    round(median(measured[index].map(({ cpu }, at) => cpu / measured[limitOf(one)][at].cpu)), 2),
    round(median(measured[index].map(({ cpu }) => cpu))),
    round(median(measured[index].map(({ perSecond }) => perSecond))),
    round(median(measured[index].map(({ p99 }) => p99)), 2),
  ])
}
