import { equalBit, parseCode } from './code.js'
import { OtpError } from './errors.js'
import { checkDigits, codeOf, givenOptions, shortened } from './hotp.js'
import type { Algorithm, PreparedKey } from './prepared-key.js'
import { prepareKey, type SecretSource } from './secret.js'
import { checkLastStep, checkSteps, LARGEST_SEARCH, LARGEST_WINDOW } from './window.js'

/** What a TOTP is made of; both sides must agree on all of it (RFC 6238 §4). */
export interface TotpOptions {
  /** Bytes, base32 (decoded, not kept), or a prepared key. */
  secret: SecretSource
  /** Default SHA1, or the one of the prepared key. */
  algorithm?: Algorithm
  /** 6 to 10, default 6. */
  digits?: number
  /** Length of a step in whole seconds, default 30 (RFC 6238 §5.2). */
  periodSeconds?: number
  /** Unix time at which step 0 begins, whole seconds, default 0 (T0 in RFC 6238 §4.2). */
  epochSeconds?: number
}

/** What became of a code that a person typed. */
export type TotpVerdict =
  | {
      readonly matched: true
      /** The step the code belongs to: store it, and pass it as `afterStep` next time. */
      readonly step: number
      /** Its distance from the current step: negative when the other clock is slow. */
      readonly offset: number
    }
  | { readonly matched: false; readonly why: 'malformed' | 'wrong' | 'already-used' }

/** How to look at a code. */
export interface TotpVerifyOptions {
  /** Unix time in seconds, default now. */
  atSeconds?: number
  /** Steps accepted on either side, 0 to 100, default 1: RFC 6238 §5.2 recommends no more. */
  window?: number
  /**
   * The last step accepted for this secret, null or -1 for none yet: codes of it and of earlier steps are refused
   * (RFC 6238 §5.2).
   */
  afterStep: number | null
}

/** The last second of the year 9999: later times are milliseconds that were taken for seconds. */
const LAST_SECOND = 253_402_300_799

function checkPeriod(seconds: number): number {
  if (Number.isSafeInteger(seconds) && seconds >= 1) return seconds
  throw new OtpError('PERIOD_OUT_OF_RANGE', 'A period is a whole number of seconds, at least 1.')
}

function checkEpoch(seconds: number): number {
  if (Number.isSafeInteger(seconds)) return seconds
  throw new OtpError('EPOCH_NOT_AN_INTEGER', 'The epoch is a whole number of seconds.')
}

/** Time-based one-time passwords for one secret (RFC 6238). */
export class Totp {
  readonly algorithm: Algorithm
  readonly digits: number
  readonly periodSeconds: number
  readonly epochSeconds: number
  readonly #key: PreparedKey

  /**
   * @throws OtpError SECRET_NOT_BASE32, SECRET_EMPTY, ALGORITHM_UNKNOWN, ALGORITHM_MISMATCH, DIGITS_OUT_OF_RANGE,
   * PERIOD_OUT_OF_RANGE, EPOCH_NOT_AN_INTEGER
   */
  constructor(options: TotpOptions) {
    const { secret, algorithm, digits, periodSeconds, epochSeconds } = givenOptions(options)
    this.digits = checkDigits(digits ?? 6)
    this.periodSeconds = checkPeriod(periodSeconds ?? 30)
    this.epochSeconds = checkEpoch(epochSeconds ?? 0)
    this.#key = prepareKey(secret, algorithm)
    this.algorithm = this.#key.algorithm
  }

  /** The code of this moment, by the clock of this machine. */
  now(): string {
    return this.at(Date.now() / 1000)
  }

  /**
   * The code at a Unix time in seconds, to the end of the year 9999; fractions are allowed.
   * @throws OtpError TIME_OUT_OF_RANGE
   */
  at(unixSeconds: number): string {
    return codeOf(this.#truncated(this.stepAt(unixSeconds)), this.digits)
  }

  /**
   * The step a Unix time falls into (T in RFC 6238 §4.2).
   * @throws OtpError TIME_OUT_OF_RANGE for a time before the epoch or after the year 9999, or one that is no number
   */
  stepAt(unixSeconds: number): number {
    if (typeof unixSeconds === 'number' && unixSeconds >= LAST_SECOND + 1) {
      const message = `Times end with the year 9999 (${LAST_SECOND}): give seconds, not milliseconds.`
      throw new OtpError('TIME_OUT_OF_RANGE', message)
    }
    // A Date would count as milliseconds.
    const since = typeof unixSeconds === 'number' ? unixSeconds - this.epochSeconds : NaN
    const step = Math.floor(since / this.periodSeconds)
    if (step >= 0 && step <= Number.MAX_SAFE_INTEGER) return step
    throw new OtpError('TIME_OUT_OF_RANGE', 'The time is Unix seconds, not before the epoch.')
  }

  /**
   * The Unix time in seconds at which a step begins.
   * @throws OtpError TIME_OUT_OF_RANGE
   */
  startOf(step: number): number {
    const seconds = Number.isSafeInteger(step) ? step * this.periodSeconds + this.epochSeconds : NaN
    if (Number.isSafeInteger(seconds) && step >= 0) return seconds
    throw new OtpError('TIME_OUT_OF_RANGE', 'A step is an integer, 0 or more.')
  }

  /**
   * **The result is an object, so `if (totp.verify(…))` is always true: ask for `.matched`, or use `isValid`.**
   *
   * Whether a typed code is right for now or for a step near by. Codes are compared in constant time, and a wrong
   * one with every step of the window. Of two steps with the same code the later one counts.
   * @param code anything a person can type: never throws for it
   * @throws OtpError TIME_OUT_OF_RANGE, WINDOW_OUT_OF_RANGE
   */
  verify(code: string, options: TotpVerifyOptions): TotpVerdict {
    const { atSeconds, window: steps, afterStep: last } = givenOptions(options)
    const current = this.stepAt(atSeconds ?? Date.now() / 1000)
    const window = checkSteps(steps ?? 1, LARGEST_WINDOW)
    const afterStep = checkLastStep(last)
    const wanted = parseCode(code, this.digits)
    if (wanted < 0) return { matched: false, why: 'malformed' }
    // Latest step first: the first match is the one that counts, and where it is the verdict says anyway.
    for (let offset = window; offset >= -Math.min(window, current); offset--) {
      if (this.#matches(current + offset, wanted) === 0) continue
      if (current + offset <= afterStep) return { matched: false, why: 'already-used' }
      return { matched: true, step: current + offset, offset }
    }
    return { matched: false, why: 'wrong' }
  }

  /**
   * `verify` as a boolean, for where nothing is stored: to try something out, or to confirm a set-up whose first code
   * need not count as used. At a sign-in use `verify`, whose `step` has to be kept, or the same code is good again.
   * @throws OtpError as `verify`
   */
  isValid(code: string, options: Partial<TotpVerifyOptions> = {}): boolean {
    return this.verify(code, { afterStep: null, ...options }).matched
  }

  /**
   * By how many steps the other clock differs, judged by one code, nearest first, without accepting it: help for a
   * set-up page only. At sign-in each step searched is one more code that a guess may hit.
   * @param options `windowSteps`: 0 to 100000 on either side
   * @returns null when the code belongs to none of the steps
   * @throws OtpError TIME_OUT_OF_RANGE, WINDOW_OUT_OF_RANGE
   */
  drift(code: string, options: { atSeconds: number; windowSteps: number }): number | null {
    const { atSeconds, windowSteps: steps } = givenOptions(options)
    const current = this.stepAt(atSeconds)
    const windowSteps = checkSteps(steps, LARGEST_SEARCH)
    const wanted = parseCode(code, this.digits)
    if (wanted < 0) return null
    for (let distance = 0; distance <= windowSteps; distance++) {
      if (distance <= current && this.#matches(current - distance, wanted) === 1) return 0 - distance
      if (this.#matches(current + distance, wanted) === 1) return distance
    }
    return null
  }

  #truncated(step: number): number {
    return this.#key.truncated((step / 0x1_0000_0000) | 0, step | 0)
  }

  #matches(step: number, wanted: number): 0 | 1 {
    return equalBit(shortened(this.#truncated(step), this.digits), wanted)
  }
}
