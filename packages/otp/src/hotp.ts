import { equalBit, parseCode } from './code.js'
import { OtpError } from './errors.js'
import type { Algorithm, PreparedKey } from './prepared-key.js'
import { prepareKey, type SecretSource } from './secret.js'
import { checkSteps, LARGEST_SEARCH } from './window.js'

/** Options of a single code. */
export interface CodeOptions {
  /** 6 to 10, default 6. RFC 4226 §5.3 asks for at least 6; the tenth digit is only ever 0, 1 or 2. */
  digits?: number
  /** Default SHA1, or the one of the prepared key. */
  algorithm?: Algorithm
}

/** Options that are missing altogether are options without anything in them: what is needed is then asked for. */
export const givenOptions = <Options extends object>(options: Options): Options =>
  (options as Options | null | undefined) ?? ({} as Options)

export function checkDigits(digits: number): number {
  if (Number.isInteger(digits) && digits >= 6 && digits <= 10) return digits
  throw new OtpError('DIGITS_OUT_OF_RANGE', 'Codes have 6 to 10 digits (RFC 4226 §5.3).')
}

const POWERS_OF_TEN = [1e6, 1e7, 1e8, 1e9]

/** The last `digits` digits of a 31-bit number (RFC 4226 §5.3); ten digits hold all of it. */
export const shortened = (truncated: number, digits: number): number =>
  digits < 10 ? truncated % (POWERS_OF_TEN[digits - 6] ?? 1) : truncated

const counterProblem = (): OtpError =>
  new OtpError('COUNTER_OUT_OF_RANGE', 'A counter is an integer from 0 to 2^53-1, or a bigint below 2^64.')

export function checkCounter(counter: number | bigint): void {
  const inRange =
    typeof counter === 'bigint'
      ? counter >= 0n && counter < 1n << 64n
      : Number.isSafeInteger(counter) && counter >= 0
  if (!inRange) throw counterProblem()
}

/** The 31-bit number for a counter that is known to be in range. */
function truncatedAt(key: PreparedKey, counter: number | bigint): number {
  return typeof counter === 'bigint'
    ? key.truncated(Number(BigInt.asIntN(32, counter >> 32n)), Number(BigInt.asIntN(32, counter)))
    : key.truncated((counter / 0x1_0000_0000) | 0, counter | 0)
}

/** The code of a 31-bit number. */
export const codeOf = (truncated: number, digits: number): string =>
  String(shortened(truncated, digits)).padStart(digits, '0')

/**
 * The HOTP code for a counter (RFC 4226 §5).
 * @param key the secret's bytes, or a key prepared once for many codes
 * @param counter 0 to 2^53-1 as a number, 0 to 2^64-1 as a bigint
 * @returns a string of exactly `digits` digits, leading zeros included
 * @throws OtpError COUNTER_OUT_OF_RANGE, DIGITS_OUT_OF_RANGE, ALGORITHM_UNKNOWN, ALGORITHM_MISMATCH, SECRET_EMPTY
 */
export function hotp(
  key: Uint8Array | PreparedKey,
  counter: number | bigint,
  options: CodeOptions = {},
): string {
  const given = givenOptions(options)
  const digits = checkDigits(given.digits ?? 6)
  checkCounter(counter)
  return codeOf(truncatedAt(prepareKey(key, given.algorithm), counter), digits)
}

/** What a HOTP is made of (RFC 4226 §5). */
export interface HotpOptions {
  /** Bytes, base32 (decoded, not kept), or a prepared key. */
  secret: SecretSource
  /** Default SHA1, or the one of the prepared key. */
  algorithm?: Algorithm
  /** 6 to 10, default 6. */
  digits?: number
}

/** What became of a counter-based code that a person typed. */
export type HotpVerdict<Counter extends number | bigint = number | bigint> =
  | {
      readonly matched: true
      /** The counter the code belongs to. */
      readonly counter: Counter
      /** The counter to store and to expect next: every code up to the matched one is spent (RFC 4226 §7.2). */
      readonly nextCounter: Counter
      /** How many codes were skipped. */
      readonly offset: number
    }
  | { readonly matched: false; readonly why: 'malformed' | 'wrong' }

/** The counter `by` further on, in the type it came in. */
export const later = <Counter extends number | bigint>(counter: Counter, by: number): Counter =>
  (typeof counter === 'bigint' ? counter + BigInt(by) : Number(counter) + by) as Counter

/** Counter-based one-time passwords for one secret (RFC 4226). */
export class Hotp {
  readonly algorithm: Algorithm
  readonly digits: number
  readonly #key: PreparedKey

  /** @throws OtpError SECRET_NOT_BASE32, SECRET_EMPTY, ALGORITHM_UNKNOWN, ALGORITHM_MISMATCH, DIGITS_OUT_OF_RANGE */
  constructor(options: HotpOptions) {
    const { secret, algorithm, digits } = givenOptions(options)
    this.digits = checkDigits(digits ?? 6)
    this.#key = prepareKey(secret, algorithm)
    this.algorithm = this.#key.algorithm
  }

  /**
   * The code at a counter: 0 to 2^53-1 as a number, 0 to 2^64-1 as a bigint.
   * @throws OtpError COUNTER_OUT_OF_RANGE
   */
  at(counter: number | bigint): string {
    return hotp(this.#key, counter, { digits: this.digits })
  }

  /**
   * **The result is an object, so `if (hotp.verify(…))` is always true: ask for `.matched`, or use `isValid`.**
   *
   * Whether a typed code is right for the expected counter or one of the next. Every counter of the window is computed
   * and compared in constant time; of two with the same code the later one counts.
   * @param code anything a person can type: never throws for it
   * @param options `counter`: the one expected next. `lookAhead`: how many codes may have been skipped, 0 to 100000,
   * default 0; a few are usual (RFC 4226 §7.4)
   * @throws OtpError COUNTER_OUT_OF_RANGE, also when the window passes the last counter; WINDOW_OUT_OF_RANGE
   */
  verify<Counter extends number | bigint>(
    code: string,
    options: { counter: Counter; lookAhead?: number },
  ): HotpVerdict<Counter> {
    const { counter: expected, lookAhead: codes } = givenOptions(options)
    const lookAhead = checkSteps(codes ?? 0, LARGEST_SEARCH)
    checkCounter(expected)
    checkCounter(later(expected, lookAhead))
    const wanted = parseCode(code, this.digits)
    if (wanted < 0) return { matched: false, why: 'malformed' }
    let found = -1
    for (let offset = 0; offset <= lookAhead; offset++) {
      const value = shortened(truncatedAt(this.#key, later(expected, offset)), this.digits)
      const mask = 0 - equalBit(value, wanted)
      found = (offset & mask) | (found & ~mask)
    }
    if (found < 0) return { matched: false, why: 'wrong' }
    const counter = later(expected, found)
    return { matched: true, counter, nextCounter: later(counter, 1), offset: found }
  }

  /**
   * `verify` as a boolean, for where nothing is stored: to try something out. At a sign-in use `verify`, whose
   * `nextCounter` has to be kept, or the same code is good again.
   * @throws OtpError as `verify`
   */
  isValid(code: string, options: { counter: number | bigint; lookAhead?: number }): boolean {
    return this.verify(code, options).matched
  }
}
