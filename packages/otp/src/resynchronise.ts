import { equalBit, parseCode } from './code.js'
import { Hotp } from './hotp.js'
import type { Totp } from './totp.js'
import { checkSteps, LARGEST_SEARCH } from './window.js'

/** Where a time-based generator is looked for. */
export interface TotpSearch {
  /** Unix time in seconds, default now. */
  readonly atSeconds?: number
  /** Steps on either side, 0 to 100000. */
  readonly windowSteps: number
  /** The last step accepted for this secret: both codes must be newer. */
  readonly afterStep?: number
}

/** Where a counter-based generator is looked for. */
export interface HotpSearch {
  /** The counter expected next. */
  readonly counter: number
  /** How many codes may have been skipped, 0 to 100000. */
  readonly lookAhead: number
}

/** What two consecutive codes say of a generator. */
export type Resynchronised =
  | {
      readonly matched: true
      /** Step or counter of the second code: store it as used. */
      readonly step: number
      /** Its distance from the current step or the expected counter: the drift to store (RFC 6238 §6). */
      readonly offset: number
    }
  | { readonly matched: false; readonly why: 'malformed' | 'wrong' | 'already-used' }

/** The search as a row of places, in the order in which they are looked at. */
interface Places {
  readonly start: number
  readonly offsets: readonly number[]
  readonly usedUpTo: number
  codeAt(step: number): string
}

function totpPlaces(otp: Totp, search: TotpSearch): Places {
  const start = otp.stepAt(search.atSeconds ?? Date.now() / 1000)
  const window = checkSteps(search.windowSteps, LARGEST_SEARCH)
  // Nearest first, because clocks are more often a little wrong than a lot.
  const offsets = Array.from({ length: 2 * window + 1 }, (_, at) =>
    at % 2 === 1 ? (at + 1) / 2 : 0 - at / 2,
  )
  return { start, offsets, usedUpTo: search.afterStep ?? -1, codeAt: (step) => otp.at(otp.startOf(step)) }
}

function hotpPlaces(otp: Hotp, search: HotpSearch): Places {
  const lookAhead = checkSteps(search.lookAhead, LARGEST_SEARCH)
  const offsets = Array.from({ length: lookAhead + 1 }, (_, at) => at + 1)
  return {
    start: search.counter,
    offsets,
    usedUpTo: search.counter - 1,
    codeAt: (counter) => otp.at(counter),
  }
}

/** Both codes are always computed and compared in constant time. */
const isPair = (places: Places, step: number, codes: { first: number; second: number }): boolean =>
  (equalBit(Number(places.codeAt(step - 1)), codes.first) &
    equalBit(Number(places.codeAt(step)), codes.second)) ===
  1

/**
 * Finds a generator whose clock or counter is far off by two consecutive codes (RFC 4226 §7.4, RFC 6238 §6): two codes
 * in a wide window are harder to guess than one in a narrow one.
 * @param otp the object of the secret
 * @param codes two codes shown one after the other, as typed: never throws for them
 * @param search how far to look
 * @throws OtpError TIME_OUT_OF_RANGE, COUNTER_OUT_OF_RANGE, WINDOW_OUT_OF_RANGE
 */
export function resynchronise(otp: Totp, codes: readonly [string, string], search: TotpSearch): Resynchronised
export function resynchronise(otp: Hotp, codes: readonly [string, string], search: HotpSearch): Resynchronised
export function resynchronise(
  otp: Totp | Hotp,
  codes: readonly [string, string],
  search: TotpSearch | HotpSearch,
): Resynchronised {
  const places =
    otp instanceof Hotp ? hotpPlaces(otp, search as HotpSearch) : totpPlaces(otp, search as TotpSearch)
  const [first, second] = codes.map((code) => parseCode(code, otp.digits))
  if (first === undefined || second === undefined || first < 0 || second < 0)
    return { matched: false, why: 'malformed' }
  let used = false
  for (const offset of places.offsets) {
    const step = places.start + offset
    if (step < 1 || !isPair(places, step, { first, second })) continue
    if (step - 1 > places.usedUpTo) return { matched: true, step, offset }
    used = true
  }
  return { matched: false, why: used ? 'already-used' : 'wrong' }
}
