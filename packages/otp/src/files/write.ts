/** What other programs read: lists of URIs, and the plain backups of Aegis and 2FAS. */
import type { OtpAccount } from '../account.js'
import { encodeBase32 } from '../base32.js'
import { OtpError } from '../errors.js'
import { generateRandom } from '../secret.js'
import { accountUri } from '../uri-build.js'
import { hexOf } from './bytes.js'

/** One otpauth URI a line. */
export const writeUriList = (accounts: readonly OtpAccount[]): string =>
  accounts.map((account) => `${accountUri(account)}\n`).join('')

/** A random UUID (RFC 9562, version 4). */
function newUuid(): string {
  const bytes = generateRandom(16)
  bytes[6] = ((bytes[6] ?? 0) & 15) | 64
  bytes[8] = ((bytes[8] ?? 0) & 63) | 128
  return hexOf(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** A counter of JSON is a number that all readers have exactly. */
function counterOf({ counter = 0 }: OtpAccount): number {
  if (counter <= Number.MAX_SAFE_INTEGER) return Number(counter)
  throw new OtpError('ACCOUNT_NOT_EXPORTABLE', 'These backups have no counters over 2^53.')
}

function aegisEntry(account: OtpAccount): object {
  const { type, issuer, account: name, secret, algorithm, digits, periodSeconds } = account
  const moving = type === 'hotp' ? { counter: counterOf(account) } : { period: periodSeconds }
  return {
    type,
    uuid: newUuid(),
    name,
    issuer,
    note: '',
    favorite: false,
    icon: null,
    info: { secret: encodeBase32(secret), algo: algorithm, digits, ...moving },
    groups: [],
  }
}

/**
 * A plain backup that Aegis imports.
 * @throws OtpError ACCOUNT_NOT_EXPORTABLE for a counter over 2^53
 */
export function writeAegis(accounts: readonly OtpAccount[]): string {
  const db = { version: 3, entries: accounts.map(aegisEntry), groups: [] }
  return `${JSON.stringify({ version: 1, header: { slots: null, params: null }, db }, null, 2)}\n`
}

function twoFasEntry(account: OtpAccount, position: number): object {
  const { type, issuer, account: name, secret, algorithm, digits, periodSeconds } = account
  if (digits > 8 || (type === 'totp' && ![10, 30, 60, 90].includes(periodSeconds)))
    throw new OtpError(
      'ACCOUNT_NOT_EXPORTABLE',
      '2FAS has 6 to 8 digits, and periods of 10, 30, 60 or 90 seconds.',
    )
  const moving = type === 'hotp' ? { counter: counterOf(account) } : { period: periodSeconds }
  return {
    name: issuer || name,
    secret: encodeBase32(secret),
    updatedAt: 0,
    otp: {
      label: name,
      account: name,
      issuer,
      digits,
      ...moving,
      algorithm,
      tokenType: type.toUpperCase(),
      source: 'Manual',
    },
    order: { position },
  }
}

/**
 * A plain backup that 2FAS imports, schema version 4.
 * @throws OtpError ACCOUNT_NOT_EXPORTABLE for what 2FAS has not: other periods than 10, 30, 60 and 90, over 8 digits
 */
export function writeTwoFas(accounts: readonly OtpAccount[]): string {
  const rest = {
    groups: [],
    updatedAt: 0,
    schemaVersion: 4,
    appVersionCode: 5_000_000,
    appVersionName: '5.0.0',
    appOrigin: 'android',
  }
  return `${JSON.stringify({ services: accounts.map(twoFasEntry), ...rest }, null, 2)}\n`
}
