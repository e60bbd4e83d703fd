import { decodeBase32, parseOtpauthUri, type Algorithm, type UriProblem } from '@nightlatch/otp'
import { Refused } from './errors.js'

/** What a code is computed from. With a counter it is HOTP, without one TOTP or Steam. */
export interface OtpSettings {
  /** The codes of Steam: letters and digits. */
  readonly isSteam?: true
  readonly secret: Uint8Array
  readonly algorithm: Algorithm
  readonly digits: number
  readonly periodSeconds: number
  readonly counter?: number | bigint
}

/** As the flags have them. */
interface Given {
  readonly algorithm?: Algorithm
  readonly digits?: number
  readonly period?: number
  readonly counter?: number | bigint
}

/** A secret in base32, or an otpauth URI; a flag wins over what the URI says. */
export function secretOf(text: string, given: Given): OtpSettings {
  const read = /^\s*otpauth/i.test(text) ? settingsOfUri(text) : settingsOfSecret(text)
  const counter = given.counter ?? read.counter
  // Steam has no other codes than its own, whatever the flags say.
  if (read.isSteam === true) return read
  return {
    secret: read.secret,
    algorithm: given.algorithm ?? read.algorithm,
    digits: given.digits ?? read.digits,
    periodSeconds: given.period ?? read.periodSeconds,
    ...(counter === undefined ? {} : { counter }),
  }
}

function settingsOfSecret(text: string): OtpSettings {
  const secret = decodeBase32(text)
  // Never the text itself: a secret with one wrong character is still nearly a secret.
  if (secret === null)
    throw new Refused('the secret is not base32: it has letters and the digits 2 to 7 only')
  return { secret, algorithm: 'SHA1', digits: 6, periodSeconds: 30 }
}

function settingsOfUri(text: string): OtpSettings {
  if (/^\s*otpauth-migration:/i.test(text))
    throw new Refused('this is an export of several accounts: nightlatch otp read shows each of them')
  const uri = parseOtpauthUri(text.trim())
  if (!uri.parsed) throw new Refused(uriProblem(uri.why))
  return uri.account.type === 'steam' ? { ...uri.account, isSteam: true } : uri.account
}

export function uriProblem(why: UriProblem): string {
  return `the otpauth URI cannot be used (${why.replaceAll('-', ' ')}): copy it again from where it came`
}
