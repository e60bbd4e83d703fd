import type { OtpWarning } from './app-support.js'
import type { Algorithm } from './prepared-key.js'
import type { SecretStrength } from './secret.js'

/** One entry of an authenticator app, however it came: by URI, by an export, by a backup. */
export interface OtpAccount {
  readonly type: 'totp' | 'hotp' | 'steam'
  /** Who asks for the code, or empty. */
  readonly issuer: string
  /** Whose code it is, or empty. */
  readonly account: string
  readonly secret: Uint8Array
  /** `short` marks an old secret of 80 to 127 bits, `too-short` one that nobody should accept. */
  readonly strength: SecretStrength
  readonly algorithm: Algorithm
  readonly digits: number
  readonly periodSeconds: number
  /** HOTP only: the counter to use next; a bigint from 2^53 on. */
  readonly counter?: number | bigint
}

const DIRECTION_MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Control characters, marks that reorder text, and lone surrogates: none belongs into a name that an app shows. */
export const UNSAFE_IN_NAMES = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** A name without the marks that reorder text; null when it has control characters. */
export function cleanName(name: string): string | null {
  const clean = name.replace(DIRECTION_MARKS, '')
  return UNSAFE_IN_NAMES.test(clean) ? null : clean
}

/** Divides `Issuer:account` at the first colon, after which blanks may follow (Key URI format). */
export function divideLabel(label: string): { issuer: string; account: string } {
  const colon = label.indexOf(':')
  return colon < 0
    ? { issuer: '', account: label.trim() }
    : { issuer: label.slice(0, colon).trim(), account: label.slice(colon + 1).trim() }
}

/** SHA1, sha-256, HmacSHA512: the spellings found in the wild. */
export function algorithmNamed(name: string): Algorithm | null {
  const bits = /^(?:hmac)?sha-?(1|256|512)$/i.exec(name)?.[1]
  return bits === undefined ? null : (`SHA${bits}` as Algorithm)
}

/** A whole number of at most `largest`, in plain digits, or null: not 6e0, not 30abc, not +6. */
export function wholeNumber(text: string, least: number, largest: number): number | null {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1
  return value >= least && value <= largest ? value : null
}

/** A HOTP counter in plain digits, or null: exact, so a bigint from 2^53 on. */
export function counterNamed(text: string): number | bigint | null {
  if (!/^\d{1,20}$/.test(text)) return null
  const counter = BigInt(text)
  if (counter >= 1n << 64n) return null
  return counter <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(counter) : counter
}

/** The mark that a short secret gets on import. */
export function strengthWarnings(strength: SecretStrength): OtpWarning[] {
  if (strength === 'full') return []
  return strength === 'short'
    ? [
        {
          code: 'secret-short',
          message: 'The secret has fewer than 128 bits (RFC 4226 §4 R6): renew it soon.',
        },
      ]
    : [{ code: 'secret-too-short', message: 'The secret has fewer than 80 bits: it should not be accepted.' }]
}
