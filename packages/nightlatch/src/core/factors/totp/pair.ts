import { Hotp, resynchronise, Totp } from '@nightlatch/otp'
import type { FactorRefusal } from '../factor.js'
import type { Policy } from '../../policy.js'
import type { AuthenticatorSecret, Otp } from './store.js'
import type { Spends } from './verify.js'
import { driftAfter, parseAnyCode, wrongLength } from './verify.js'

/** Two codes in a row as typed: the one that was shown first, and the one behind it. */
export type CodePair = readonly [first: string, second: string]

/** `which`: the code that cannot be one. */
export type MalformedPair = FactorRefusal & { readonly kind: 'malformed'; readonly which: 0 | 1 }

/** Both of as many digits as the authenticator shows, or which of them is none: no attempt is spent on that. */
export function readPair(
  codes: CodePair,
  digits: number,
): MalformedPair | { readonly kind: 'pair'; readonly pair: CodePair } {
  const [first, second] = [readOne(codes[0], digits), readOne(codes[1], digits)]
  if (first.kind === 'malformed') return { ...first, which: 0 }
  if (second.kind === 'malformed') return { ...second, which: 1 }
  return { kind: 'pair', pair: [first.code, second.code] }
}

/** Of whatever length, both alike: how many digits a token has that may not be there is not told. */
export function readAnyPair(codes: CodePair): ReturnType<typeof readPair> {
  const first = parseAnyCode(codes[0])
  return readPair(codes, first.kind === 'code' ? first.code.length : 0)
}

function readOne(text: string, digits: number): ReturnType<typeof parseAnyCode> {
  const parsed = parseAnyCode(text)
  return parsed.kind === 'code' && parsed.code.length !== digits ? wrongLength(parsed.code) : parsed
}

type Sought = Otp &
  Pick<AuthenticatorSecret, 'lastStep'> & { readonly secret: Uint8Array; readonly follows: boolean }

/**
 * Where an authenticator is that has lost step, by two codes in a row (RFC 4226 §7.4, RFC 6238 §6): wide, and bounded. Two
 * codes of six digits are one of 10^12, and no more than some thousand places are looked at: a guess hits one of them
 * less often than one code hits one of three. Null: at none of the places, or it was used before.
 */
export function findPair(
  { resynchronisation, code }: Pick<Policy, 'resynchronisation' | 'code'>,
  sought: Sought,
  { pair, at }: { readonly pair: CodePair; readonly at: number },
): Spends | null {
  const { secret, algorithm, digits, period, counter, lastStep } = sought
  const { seconds, mostSteps, lookAhead } = resynchronisation
  if (counter !== null) {
    const found = resynchronise(new Hotp({ secret, algorithm, digits }), pair, { counter, lookAhead })
    return found.matched ? { next: found.step + 1 } : null
  }
  const totp = new Totp({ secret, algorithm, digits, periodSeconds: period })
  const windowSteps = Math.min(mostSteps, Math.ceil(seconds / period))
  const found = resynchronise(totp, pair, { atSeconds: at, windowSteps, afterStep: lastStep })
  return found.matched ? { step: found.step, drift: driftAfter(found.offset, { ...code, ...sought }) } : null
}
