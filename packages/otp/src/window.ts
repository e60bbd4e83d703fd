import { OtpError } from './errors.js'

/** Steps on either side that a verification may accept. */
export const LARGEST_WINDOW = 100
/** Steps that a search may look at: over a month of half minutes. */
export const LARGEST_SEARCH = 100_000

export function checkSteps(steps: number, largest: number): number {
  if (Number.isInteger(steps) && steps >= 0 && steps <= largest) return steps
  throw new OtpError('WINDOW_OUT_OF_RANGE', `A window is 0 to ${largest} steps.`)
}
