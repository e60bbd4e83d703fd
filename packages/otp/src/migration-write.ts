import { UNSAFE_IN_NAMES, type OtpAccount } from './account.js'
import { isBytes } from './bytes.js'
import { OtpError } from './errors.js'
import type { MigrationAccount } from './migration-read.js'
import { writeField } from './protobuf.js'
import { generateRandom } from './secret.js'
import { encodeBase64, textToUtf8 } from './text-bytes.js'

const ALGORITHM_NUMBERS = { SHA1: 1, SHA256: 2, SHA512: 3 } as const

function notExportable(): never {
  throw new OtpError(
    'ACCOUNT_NOT_EXPORTABLE',
    'Google Authenticator has TOTP of 30 seconds and HOTP, 6 or 8 digits, SHA1, SHA256 or SHA512, and a secret.',
  )
}

function checkExportable(account: OtpAccount): void {
  if (!isBytes((account as OtpAccount | null | undefined)?.secret)) notExportable()
  const period = account.type === 'hotp' || account.periodSeconds === 30
  const digits = account.digits === 6 || account.digits === 8
  const known = account.type !== 'steam' && account.algorithm in ALGORITHM_NUMBERS
  if (!period || !digits || !known || account.secret.length === 0) notExportable()
  if (UNSAFE_IN_NAMES.test(account.issuer) || UNSAFE_IN_NAMES.test(account.account)) {
    throw new OtpError('LABEL_NOT_ALLOWED', 'A name has no control character and no direction mark.')
  }
}

function writeAccount(account: MigrationAccount): Uint8Array {
  checkExportable(account)
  return Uint8Array.from([
    ...writeField(1, account.secret),
    ...writeField(2, textToUtf8(account.account)),
    ...(account.issuer === '' ? [] : writeField(3, textToUtf8(account.issuer))),
    ...writeField(4, ALGORITHM_NUMBERS[account.algorithm]),
    ...writeField(5, account.digits === 8 ? 2 : 1),
    ...writeField(6, account.type === 'hotp' ? 1 : 2),
    ...(account.type === 'hotp' ? writeField(7, account.counter ?? 0) : []),
    ...(account.uniqueId === undefined ? [] : writeField(8, textToUtf8(account.uniqueId))),
    ...(account.unknownFields ?? []),
  ])
}

/** How an export is cut into QR codes. */
export interface MigrationOptions {
  /** What ties the codes together, a 32-bit integer; default random. */
  batchId?: number
  /** Accounts in one QR code, 1 to 100, default 10, as Google's app has them. */
  perCode?: number
  /** Fields of the export itself, as `readMigration` found them. */
  unknownFields?: Uint8Array
}

function randomBatchId(): number {
  return generateRandom(4).reduce((id, byte) => (id << 8) | byte, 0)
}

/**
 * An export that Google Authenticator and everybody who reads its exports can import: one URI for each QR code.
 * @throws OtpError ACCOUNT_NOT_EXPORTABLE for what the format cannot say, LABEL_NOT_ALLOWED for names that no reader
 * should take, WINDOW_OUT_OF_RANGE for `perCode`, RANDOM_UNAVAILABLE where a batch number is wanted and there is no
 * random source
 */
export function writeMigration(
  accounts: readonly MigrationAccount[],
  options: MigrationOptions = {},
): string[] {
  if (!Array.isArray(accounts)) notExportable()
  const { perCode = 10, batchId = randomBatchId(), unknownFields = [] } = options ?? {}
  if (!Number.isInteger(perCode) || perCode < 1 || perCode > 100) {
    throw new OtpError('WINDOW_OUT_OF_RANGE', 'A QR code takes 1 to 100 accounts.')
  }
  const size = Math.ceil(accounts.length / perCode)
  return Array.from({ length: size }, (_, index) => {
    const entries = accounts.slice(index * perCode, (index + 1) * perCode)
    const payload = Uint8Array.from([
      ...entries.flatMap((account) => writeField(1, writeAccount(account))),
      ...writeField(2, 1),
      ...writeField(3, size),
      ...writeField(4, index),
      ...writeField(5, batchId | 0),
      ...unknownFields,
    ])
    return `otpauth-migration://offline?data=${encodeURIComponent(encodeBase64(payload))}`
  })
}
