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

/** Any name as an app may show it: control characters become blanks, marks that turn text around go. */
export function neutralName(name: string): string {
  const unsafe = new RegExp(`(?:${UNSAFE_IN_NAMES.source})+`, 'gu')
  return name.replace(DIRECTION_MARKS, '').replace(unsafe, ' ').trim()
}

/** The remark on a name of an export that was not taken letter by letter. */
export function nameWarnings(name: string): OtpWarning[] {
  const clean = cleanName(name)
  if (clean === name) return []
  const [code, what]: [OtpWarning['code'], string] =
    clean === null
      ? ['control-characters-removed', 'Control characters in a name were replaced by blanks.']
      : ['direction-marks-removed', 'Marks that turn text around were removed from a name.']
  return [{ code, message: what }]
}

/** Who asks for the code, and whose code it is. */
export interface Names {
  readonly issuer: string
  readonly account: string
}

/** A host with its port, as the issuer of something that runs on one's own machine: its colon divides nothing. */
const HOST_AND_PORT = /^\s*(?:\[[\da-f:.]+\]|localhost|[^\s:@]+\.[^\s:@]+):\d{1,5}(?=\s*:)/i

/**
 * Divides `Issuer:account` at the first colon, after which blanks may follow (Key URI format). What has an @ before the
 * colon is an account as a whole: `ada@host:22`.
 */
export function divideLabel(label: string): Names {
  const colon = HOST_AND_PORT.exec(label)?.[0].length ?? label.indexOf(':')
  const before = label.slice(0, Math.max(colon, 0))
  return colon < 0 || before.includes('@')
    ? { issuer: '', account: label.trim() }
    : { issuer: before.trim(), account: label.slice(label.indexOf(':', colon) + 1).trim() }
}

/** What follows the issuer and a colon in a label, or null where the label does not begin with them. */
export function afterIssuer(label: string, issuer: string): string | null {
  const trimmed = label.trimStart()
  const isSame = trimmed.slice(0, issuer.length).toLowerCase() === issuer.toLowerCase()
  const rest = /^\s*:(.*)$/s.exec(trimmed.slice(issuer.length))?.[1]
  return isSame && rest !== undefined ? rest.trim() : null
}

/** Valve gives its accounts codes of its own kind. */
export const isSteamName = (issuer: string): boolean => /^steam ?(?:guard)?$/i.test(issuer)

/** The remark on an account that its name makes one of Steam, and everything else a TOTP. */
export function steamWarnings({
  type,
  issuer,
  account,
}: Pick<OtpAccount, 'type' | keyof Names>): OtpWarning[] {
  if (type !== 'totp' || !isSteamName(issuer === '' ? account : issuer)) return []
  const message =
    'This may be an account of Steam, whose codes are five letters and digits; it was read as TOTP.'
  return [{ code: 'steam-or-totp', message }]
}

/** SHA1, sha-256, HmacSHA512, HMAC-SHA-256, Algorithm.sha1: the spellings found in the wild, or null. */
export function algorithmNamed(name: string): Algorithm | null {
  if (typeof name !== 'string') return null
  const bits = /^\s*(?:algorithm\.)?(?:hmac[-_ ]?)?sha[-_ ]?(1|256|512)\s*$/i.exec(name)?.[1]
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
