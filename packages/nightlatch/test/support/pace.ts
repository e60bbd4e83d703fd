import { availableParallelism, loadavg } from 'node:os'

/** What `work` takes on a core of its own. */
const calmMs = 10

/** Time limits are for what never comes; on a machine that is this busy it may still come. */
const slowest = 12

let sum = 0

function work(): number {
  const began = performance.now()
  for (let round = 0; round < 8_000_000; round += 1) sum = (sum + round) | 0
  return performance.now() - began
}

/** How many times longer than on a quiet machine something takes at this moment; 1 at least. */
export function pace(): number {
  const waiting = (loadavg()[0] ?? 0) / availableParallelism()
  return Math.min(slowest, Math.max(1, waiting, work() / calmMs))
}

/** A time limit that is meant for a quiet machine, on this one as busy as it is now. */
export const patient = (milliseconds: number): number => Math.ceil(milliseconds * pace())
