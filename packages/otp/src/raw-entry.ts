/** What a file says of one account before it is checked, and the check: the same for every format. */
import { algorithmNamed, counterNamed, nameWarnings, neutralName, type OtpAccount } from './account.js'
import type { OtpWarning } from './app-support.js'
import { decodeBase32 } from './base32.js'
import { secretStrength } from './secret.js'

/** Why one entry of a backup cannot be used. The codes are stable. */
export type BackupEntryProblem =
  | 'algorithm-not-supported'
  | 'counter-not-allowed'
  | 'digits-not-allowed'
  | 'malformed'
  | 'name-not-allowed'
  | 'period-not-allowed'
  | 'secret-not-base32'
  | 'type-not-supported'

export type Json = Readonly<Record<string, unknown>>

export const objectOf = (value: unknown): Json | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null

/**
 * What a format says of an entry; what it leaves out, or has null for, is what every app takes then: SHA-1, 6 digits,
 * 30 seconds. A secret is base32 text, or bytes where the format has another spelling. */
export interface RawEntry {
  readonly type: unknown
  readonly issuer: unknown
  readonly account: unknown
  readonly secret: unknown
  readonly algorithm: unknown
  readonly digits: unknown
  readonly period: unknown
  readonly counter: unknown
}

const within = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most

/** Digits of a text as the number that they say; anything else stays what it is, and is refused later. */
export const numberOf = (value: unknown): unknown =>
  typeof value === 'string' && /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : value

/** A counter is a JSON number; over 2^53 it would no longer be exact. */
const counterOf = (value: unknown): number | bigint | null =>
  typeof value === 'string' ? counterNamed(value) : within(value, 0, Number.MAX_SAFE_INTEGER) ? value : null

const nameOf = (value: unknown): string | null =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : null

function typeOf(value: unknown): OtpAccount['type'] | null {
  const name = typeof value === 'string' ? value.toLowerCase() : ''
  return name === 'totp' || name === 'hotp' || name === 'steam' ? name : null
}

type Shape = Pick<OtpAccount, 'type' | 'algorithm' | 'digits' | 'periodSeconds' | 'counter'>

function readShape(raw: RawEntry): Shape | BackupEntryProblem {
  const type = typeOf(raw.type)
  if (type === null) return 'type-not-supported'
  if (type === 'steam') return { type, algorithm: 'SHA1', digits: 5, periodSeconds: 30 }
  const named = raw.algorithm ?? 'SHA1'
  const algorithm = typeof named === 'string' ? algorithmNamed(named) : null
  if (algorithm === null) return 'algorithm-not-supported'
  const digits = raw.digits ?? 6
  if (!within(digits, 6, 10)) return 'digits-not-allowed'
  const shape = { type, algorithm, digits }
  if (type === 'hotp') {
    const counter = counterOf(raw.counter)
    return counter === null ? 'counter-not-allowed' : { ...shape, periodSeconds: 30, counter }
  }
  const period = raw.period ?? 30
  return within(period, 1, 86_400) ? { ...shape, periodSeconds: period } : 'period-not-allowed'
}

function secretOf(secret: unknown): Uint8Array | null {
  if (typeof secret === 'string') return decodeBase32(secret)
  return secret instanceof Uint8Array && secret.length > 0 ? secret : null
}

export function readEntry(raw: RawEntry, warnings: OtpWarning[]): OtpAccount | BackupEntryProblem {
  const shape = readShape(raw)
  if (typeof shape === 'string') return shape
  const secret = secretOf(raw.secret)
  if (secret === null) return 'secret-not-base32'
  const [issuer, account] = [nameOf(raw.issuer), nameOf(raw.account)]
  if (issuer === null || account === null) return 'name-not-allowed'
  warnings.push(...nameWarnings(issuer), ...nameWarnings(account))
  const names = { issuer: neutralName(issuer), account: neutralName(account) }
  return { ...names, secret, strength: secretStrength(secret.length * 8), ...shape }
}

/** @see https://github.com/beemdevelopment/Aegis/blob/master/docs/vault.md */
export function aegisEntry(entry: Json): RawEntry | null {
  const info = objectOf(entry['info'])
  if (info === null) return null
  const { secret, algo, digits, period, counter } = info
  const { type, issuer, name } = entry
  return { type, issuer, account: name, secret, algorithm: algo, digits, period, counter }
}

/**
 * The first versions leave out whatever is the default, or write null for it.
 * @see https://github.com/twofas/2fas-android for the schema, versions 1 to 4
 */
export function twoFasEntry(entry: Json): RawEntry | null {
  const otp = objectOf(entry['otp'])
  if (otp === null) return null
  return {
    type: otp['tokenType'] ?? 'TOTP',
    issuer: otp['issuer'] || entry['name'],
    account: otp['account'] || otp['label'],
    secret: entry['secret'],
    algorithm: otp['algorithm'],
    digits: otp['digits'],
    period: otp['period'],
    counter: otp['counter'] ?? 0,
  }
}

/** Windows writes a byte order mark before a text, and some writers leave NUL bytes behind it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, '').replace(/\0+$/, ''))
  } catch {
    return undefined
  }
}
