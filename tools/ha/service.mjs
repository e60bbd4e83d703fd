/** How long nobody was served. */

/**
 * The longest time between two answers one after the other that touches the span.
 * @param {number[]} served when something was answered, in order
 * @param {{ from: number, to: number }} span
 */
export function longestGap(served, { from, to }) {
  const times = [...served].sort((a, b) => a - b)
  const before = times.findLast((at) => at <= from) ?? from
  const after = times.find((at) => at >= to) ?? to
  const around = [before, ...times.filter((at) => at > before && at < after), after]
  return Math.max(...around.slice(1).map((at, index) => at - around[index]))
}
