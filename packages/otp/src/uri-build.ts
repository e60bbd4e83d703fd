import { isSteamName, UNSAFE_IN_NAMES, type OtpAccount } from './account.js'
import { encodeBase32 } from './base32.js'
import { algorithmUnknown, OtpError, secretMissing } from './errors.js'
import { checkCounter, checkDigits, givenOptions } from './hotp.js'
import type { Algorithm } from './prepared-key.js'
import { secretBytes } from './secret.js'

/** What goes into a URI for an authenticator app. */
export interface UriParts {
  /** Who asks for the code: shown by the app, without a colon. */
  issuer: string
  /** Whose code it is, a name or an e-mail address: not empty, without a colon. */
  account: string
  /** Bytes or base32. */
  secret: Uint8Array | string
  /** Default `totp`. */
  type?: 'totp' | 'hotp'
  /** Default SHA1, which is left out, as most apps ignore the parameter. */
  algorithm?: Algorithm
  /** 6 to 10, default 6, which is left out. */
  digits?: number
  /** Default 30, which is left out; TOTP only. */
  periodSeconds?: number
  /** HOTP only: the counter to begin with, default 0. */
  counter?: number | bigint
  /** https address of a picture; few apps show it. */
  image?: string
}

/** More makes a QR code that telephones cannot scan from a screen. */
const LONGEST_NAME = 400

/**
 * A colon would move the border between issuer and account, and let an account pose as another issuer.
 */
function checkName(what: string, name: string): string {
  if (typeof name !== 'string' || name.trim() === '' || name.length > LONGEST_NAME) {
    throw new OtpError('LABEL_NOT_ALLOWED', `The ${what} has 1 to ${LONGEST_NAME} characters.`)
  }
  if (name.includes(':') || UNSAFE_IN_NAMES.test(name)) {
    throw new OtpError('LABEL_NOT_ALLOWED', `The ${what} has no colon, control character or direction mark.`)
  }
  return encodeURIComponent(name)
}

/** Code points of a label: longer names are cut by the apps' own screens. */
const LABEL_LENGTH = 64

/**
 * Any text as an issuer or account that `otpauthUri` takes: colons, control characters and direction marks become
 * blanks, at most 64 characters stay. Empty when nothing is left.
 */
export function uriLabel(text: string): string {
  if (typeof text !== 'string') throw new OtpError('LABEL_NOT_ALLOWED', 'A label is made of text.')
  const plain = text.replace(new RegExp(`:|${UNSAFE_IN_NAMES.source}`, 'gu'), ' ')
  return Array.from(plain.replace(/\s+/g, ' ').trim()).slice(0, LABEL_LENGTH).join('').trim()
}

function checkImage(image: string): string {
  if (typeof image === 'string' && /^https:\/\/[^\s]+$/.test(image) && !UNSAFE_IN_NAMES.test(image))
    return encodeURIComponent(image)
  throw new OtpError('LABEL_NOT_ALLOWED', 'The image is an https address.')
}

function moving(parts: UriParts): string {
  if (parts.type === 'hotp') {
    const counter = parts.counter ?? 0
    checkCounter(counter)
    return `&counter=${counter}`
  }
  const period = parts.periodSeconds ?? 30
  if (!Number.isInteger(period) || period < 1 || period > 86_400) {
    throw new OtpError('PERIOD_OUT_OF_RANGE', 'In a URI the period is 1 to 86400 seconds.')
  }
  return period === 30 ? '' : `&period=${period}`
}

/** Steam names no digits, so that who has that name and six digits has to say so. */
const shownDigits = (issuer: string, digits: number): string =>
  digits === 6 && !isSteamName(issuer) ? '' : `&digits=${digits}`

function checkType(type: 'totp' | 'hotp'): 'totp' | 'hotp' {
  if (type === 'totp' || type === 'hotp') return type
  throw new OtpError('LABEL_NOT_ALLOWED', 'The type is totp or hotp.')
}

function checkAlgorithm(algorithm: Algorithm): Algorithm {
  if (algorithm === 'SHA1' || algorithm === 'SHA256' || algorithm === 'SHA512') return algorithm
  throw algorithmUnknown()
}

/**
 * An otpauth URI (Key URI format) that every common app reads the same way: issuer in label and parameter, blanks as
 * `%20`, base32 without padding, defaults left out.
 * @throws OtpError LABEL_NOT_ALLOWED, SECRET_NOT_BASE32, SECRET_EMPTY, ALGORITHM_UNKNOWN, DIGITS_OUT_OF_RANGE,
 * PERIOD_OUT_OF_RANGE, COUNTER_OUT_OF_RANGE
 * @see https://github.com/google/google-authenticator/wiki/Key-Uri-Format
 */
export function otpauthUri(given: UriParts): string {
  const parts = givenOptions(given)
  const issuer = checkName('issuer', parts.issuer)
  const account = checkName('account', parts.account)
  const bytes = secretBytes(parts.secret)
  if (bytes.length === 0) throw secretMissing()
  const algorithm = checkAlgorithm(parts.algorithm ?? 'SHA1')
  const digits = checkDigits(parts.digits ?? 6)
  return (
    `otpauth://${checkType(parts.type ?? 'totp')}/${issuer}:${account}?secret=${encodeBase32(bytes)}&issuer=${issuer}` +
    (algorithm === 'SHA1' ? '' : `&algorithm=${algorithm}`) +
    shownDigits(parts.issuer, digits) +
    moving(parts) +
    (parts.image === undefined ? '' : `&image=${checkImage(parts.image)}`)
  )
}

/** The label of names that may be anything: an issuer and a colon first, a colon alone where there is no issuer. */
function labelOf({ issuer, account }: Pick<OtpAccount, 'issuer' | 'account'>): string {
  const before = issuer === '' && !account.includes(':') ? '' : `${encodeURIComponent(issuer)}:`
  return before + encodeURIComponent(account)
}

/**
 * The URI of an account that was read, by which `parseOtpauthUri` has the same account again, whatever its names are:
 * for lists and exports. For a new account use `otpauthUri`, which keeps names out that apps do not understand.
 * @param account as `parseOtpauthUri`, `readMigration` or `readBackup` gave it
 * @throws OtpError SECRET_EMPTY, ALGORITHM_UNKNOWN, DIGITS_OUT_OF_RANGE, PERIOD_OUT_OF_RANGE, COUNTER_OUT_OF_RANGE
 */
export function accountUri(account: OtpAccount): string {
  const { type, issuer, secret } = givenOptions(account)
  const bytes = secretBytes(secret)
  if (bytes.length === 0) throw secretMissing()
  const start =
    `otpauth://${type}/${labelOf(account)}?secret=${encodeBase32(bytes)}` +
    (issuer === '' ? '' : `&issuer=${encodeURIComponent(issuer)}`)
  if (type === 'steam') return start
  const algorithm = checkAlgorithm(account.algorithm)
  return (
    start +
    (algorithm === 'SHA1' ? '' : `&algorithm=${algorithm}`) +
    shownDigits(issuer, checkDigits(account.digits)) +
    moving({ ...account, type: checkType(type) })
  )
}
