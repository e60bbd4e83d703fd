import { OtpError } from './errors.js'

/** Steps on either side that a verification may accept. */
export const LARGEST_WINDOW = 100
/** Steps that a search may look at: over a month of half minutes. */
export const LARGEST_SEARCH = 100_000

/** The last step accepted, -1 or absent for none. What does not compare with a number would let used codes pass. */
export function checkLastStep(step: number | null | undefined): number {
  const last = step ?? -1
  if (Number.isSafeInteger(last) && last >= -1) return last
  throw new OtpError('TIME_OUT_OF_RANGE', 'A step is an integer, 0 or more.')
}

export function checkSteps(steps: number, largest: number): number {
  if (Number.isInteger(steps) && steps >= 0 && steps <= largest) return steps
  throw new OtpError('WINDOW_OUT_OF_RANGE', `A window is 0 to ${largest} steps.`)
}
