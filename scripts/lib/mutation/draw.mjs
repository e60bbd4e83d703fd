/** Which changes are tried, and what their score says of all of them. */
import { createHash } from 'node:crypto'

const digest = (text) => createHash('sha256').update(text).digest('hex')

/** The same seed draws the same changes, and a larger number those and more. */
export function drawn(mutants, { seed, size }) {
  const placed = mutants.map((mutant) => ({ mutant, place: digest(`${seed} ${mutant.key}`) }))
  return placed
    .toSorted((one, other) => (one.place < other.place ? -1 : 1))
    .slice(0, size)
    .map(({ mutant }) => mutant)
}

/** Wilson's interval at 95 %: where the score of all changes lies, when these were drawn from them. */
export function interval(killed, tried) {
  if (tried === 0) return [0, 1]
  const z = 1.96
  const share = killed / tried
  const middle = share + (z * z) / (2 * tried)
  const reach = z * Math.sqrt((share * (1 - share)) / tried + (z * z) / (4 * tried * tried))
  const scale = 1 + (z * z) / tried
  return [Math.max(0, middle - reach) / scale, (middle + reach) / scale]
}
