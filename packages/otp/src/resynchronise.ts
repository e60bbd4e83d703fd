import { equalBit, parseCode } from './code.js'
import { secretMissing } from './errors.js'
import { checkCounter, givenOptions, Hotp, later } from './hotp.js'
import type { Totp } from './totp.js'
import { checkLastStep, checkSteps, LARGEST_SEARCH } from './window.js'

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
export interface HotpSearch<Counter extends number | bigint = number | bigint> {
  /** The counter expected next; a bigint from 2^53 on. */
  readonly counter: Counter
  /** How many codes may have been skipped, 0 to 100000. */
  readonly lookAhead: number
}

/** What two consecutive codes say of a generator. */
export type Resynchronised<Step extends number | bigint = number> =
  | {
      readonly matched: true
      /** Step or counter of the second code: store it as used. */
      readonly step: Step
      /** Its distance from the current step or the expected counter: the drift to store (RFC 6238 §6). */
      readonly offset: number
    }
  | { readonly matched: false; readonly why: 'malformed' | 'wrong' | 'already-used' }

/** The search as a row of places, in the order in which they are looked at. */
interface Places {
  readonly start: number | bigint
  readonly offsets: readonly number[]
  /** The greatest offset whose code is spent. */
  readonly usedUpTo: number
  codeAt(offset: number): string
}

function totpPlaces(otp: Totp, search: TotpSearch): Places {
  const start = otp.stepAt(search.atSeconds ?? Date.now() / 1000)
  const window = checkSteps(search.windowSteps, LARGEST_SEARCH)
  // Nearest first, because clocks are more often a little wrong than a lot.
  const offsets = Array.from({ length: 2 * window + 1 }, (_, at) =>
    at % 2 === 1 ? (at + 1) / 2 : 0 - at / 2,
  ).filter((offset) => start + offset >= 1)
  const usedUpTo = checkLastStep(search.afterStep) - start
  return { start, offsets, usedUpTo, codeAt: (offset) => otp.at(otp.startOf(start + offset)) }
}

function hotpPlaces(otp: Hotp, { counter, lookAhead }: HotpSearch): Places {
  const length = checkSteps(lookAhead, LARGEST_SEARCH) + 1
  checkCounter(counter)
  const offsets = Array.from({ length }, (_, at) => at + 1)
  return { start: counter, offsets, usedUpTo: -1, codeAt: (offset) => otp.at(later(counter, offset)) }
}

function placesOf(otp: Totp | Hotp, search: TotpSearch | HotpSearch): Places {
  if (otp instanceof Hotp) return hotpPlaces(otp, search as HotpSearch)
  if (typeof (otp as Totp | undefined)?.stepAt !== 'function') throw secretMissing()
  return totpPlaces(otp, search as TotpSearch)
}

/** Each code is computed once, and is one of two pairs. */
function codesOf(places: Places): (offset: number) => number {
  const codes = new Map<number, number>()
  return (offset) => {
    const code = codes.get(offset) ?? Number(places.codeAt(offset))
    codes.set(offset, code)
    return code
  }
}

/** Both codes are always computed and compared in constant time. */
const isPair = (
  codeAt: (offset: number) => number,
  offset: number,
  codes: { first: number; second: number },
): boolean => (equalBit(codeAt(offset - 1), codes.first) & equalBit(codeAt(offset), codes.second)) === 1

/**
 * Finds a generator whose clock or counter is far off by two consecutive codes (RFC 4226 §7.4, RFC 6238 §6): two codes
 * in a wide window are harder to guess than one in a narrow one.
 * @param otp the object of the secret
 * @param codes two codes shown one after the other, as typed: never throws for them
 * @param search how far to look
 * @throws OtpError TIME_OUT_OF_RANGE, COUNTER_OUT_OF_RANGE, WINDOW_OUT_OF_RANGE
 */
export function resynchronise(otp: Totp, codes: readonly [string, string], search: TotpSearch): Resynchronised
export function resynchronise<Counter extends number | bigint>(
  otp: Hotp,
  codes: readonly [string, string],
  search: HotpSearch<Counter>,
): Resynchronised<Counter>
export function resynchronise(
  otp: Totp | Hotp,
  codes: readonly [string, string],
  search: TotpSearch | HotpSearch,
): Resynchronised<number | bigint> {
  const places = placesOf(otp, givenOptions(search))
  const [first, second] = Array.from(codes ?? [], (code) => parseCode(code, otp.digits))
  if (first === undefined || second === undefined || first < 0 || second < 0)
    return { matched: false, why: 'malformed' }
  const codeAt = codesOf(places)
  let used = false
  for (const offset of places.offsets) {
    if (!isPair(codeAt, offset, { first, second })) continue
    if (offset - 1 > places.usedUpTo) return { matched: true, step: later(places.start, offset), offset }
    used = true
  }
  return { matched: false, why: used ? 'already-used' : 'wrong' }
}
