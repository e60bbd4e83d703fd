import {
  afterIssuer,
  divideLabel,
  nameWarnings,
  neutralName,
  steamWarnings,
  strengthWarnings,
  type Names,
  type OtpAccount,
} from './account.js'
import type { OtpWarning } from './app-support.js'
import type { Algorithm } from './prepared-key.js'
import { ProtobufProblem, readFields, type Field } from './protobuf.js'
import { secretStrength } from './secret.js'
import { decodeBase64, utf8ToText } from './text-bytes.js'

/** An account of a Google Authenticator export. */
export interface MigrationAccount extends OtpAccount {
  /** The app's own name of the entry, in newer exports. */
  readonly uniqueId?: string
  /** Fields that this reader does not know, as they were, to be written again. */
  readonly unknownFields?: Uint8Array
}

/** Why one entry of an export cannot be used. The codes are stable. */
export type EntryProblem =
  'algorithm-not-supported' | 'digits-not-supported' | 'malformed' | 'secret-missing' | 'type-not-supported'

/** Why a text is not an export that can be used. The codes are stable. */
export type MigrationProblem =
  | EntryProblem
  | 'batch-not-allowed'
  | 'no-accounts'
  | 'not-a-migration-uri'
  | 'parameter-ambiguous'
  | 'too-long'

/** Which of how many QR codes this one is; an export in one code has index 0 of 1. */
export interface MigrationBatch {
  readonly id: number
  readonly index: number
  readonly size: number
}

/** What one QR code of an export says. */
export interface MigrationPart {
  readonly parsed: true
  readonly accounts: readonly MigrationAccount[]
  /** Entries that were left out, by their place in the export. */
  readonly refused: readonly { readonly index: number; readonly why: EntryProblem }[]
  readonly batch: MigrationBatch
  /** Fields of the export itself that this reader does not know, as they were. */
  readonly unknownFields?: Uint8Array
  readonly warnings: readonly OtpWarning[]
}

export type ParsedMigration = MigrationPart | { readonly parsed: false; readonly why: MigrationProblem }

const LONGEST_URI = 65_536
const MOST_PARTS = 1000
const ALGORITHMS: readonly (Algorithm | undefined)[] = ['SHA1', 'SHA1', 'SHA256', 'SHA512']
const DIGITS = [6, 6, 8]
const TYPES = ['totp', 'hotp', 'totp'] as const

/** Carries a reason out of the nested steps of one parse; it never leaves this file. */
class Refusal extends Error {
  readonly why: MigrationProblem
  constructor(why: MigrationProblem) {
    super(why)
    this.why = why
  }
}

function refuse(why: MigrationProblem): never {
  throw new Refusal(why)
}

/** The last field of a number counts (protobuf: last one wins). */
const last = (fields: readonly Field[], number: number): bigint | Uint8Array | undefined =>
  fields.findLast((field) => field.number === number)?.value

function numberOf(fields: readonly Field[], field: number): bigint {
  const value = last(fields, field) ?? 0n
  return typeof value === 'bigint' ? value : refuse('malformed')
}

function bytesOf(fields: readonly Field[], field: number): Uint8Array {
  const value = last(fields, field) ?? new Uint8Array(0)
  return typeof value === 'bigint' ? refuse('malformed') : value
}

const textOf = (fields: readonly Field[], field: number): string =>
  utf8ToText(bytesOf(fields, field)) ?? refuse('malformed')

/** What an enumeration stands for; a number it does not have is refused, not guessed. */
function choice<Value>(values: readonly (Value | undefined)[], picked: bigint, why: EntryProblem): Value {
  return values[Number(picked)] ?? refuse(why)
}

/** The fields with numbers over `known` as one piece of bytes, or nothing. */
function unknownOf(fields: readonly Field[], known: number): { unknownFields?: Uint8Array } {
  const unknown = fields.filter((field) => field.number > known).flatMap((field) => [...field.raw])
  return unknown.length === 0 ? {} : { unknownFields: Uint8Array.from(unknown) }
}

/** Google's app repeats the issuer before the name; where it has no issuer of its own, the name may have one. */
function readNames(fields: readonly Field[], warnings: OtpWarning[]): Names {
  const [written, issuerWritten] = [textOf(fields, 2), textOf(fields, 3)]
  warnings.push(...nameWarnings(written), ...nameWarnings(issuerWritten))
  const [name, issuer] = [neutralName(written), neutralName(issuerWritten)]
  return issuer === '' ? divideLabel(name) : { issuer, account: afterIssuer(name, issuer) ?? name }
}

function counterOf(counter: bigint): number | bigint {
  return counter <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(counter) : counter
}

function readAccount(message: Uint8Array, warnings: OtpWarning[]): MigrationAccount {
  const fields = readFields(message)
  const secret = bytesOf(fields, 1).slice()
  if (secret.length === 0) refuse('secret-missing')
  const type = choice(TYPES, numberOf(fields, 6), 'type-not-supported')
  const uniqueId = textOf(fields, 8)
  return {
    type,
    ...readNames(fields, warnings),
    secret,
    strength: secretStrength(secret.length * 8),
    algorithm: choice(ALGORITHMS, numberOf(fields, 4), 'algorithm-not-supported'),
    digits: choice(DIGITS, numberOf(fields, 5), 'digits-not-supported'),
    periodSeconds: 30,
    ...(type === 'hotp' ? { counter: counterOf(numberOf(fields, 7)) } : {}),
    ...(uniqueId === '' ? {} : { uniqueId }),
    ...unknownOf(fields, 8),
  }
}

/** Like `readAccount`, with the reason as a value: one entry that cannot be used does not spoil the others. */
function tryAccount(message: Uint8Array, warnings: OtpWarning[]): MigrationAccount | EntryProblem {
  try {
    return readAccount(message, warnings)
  } catch (problem) {
    if (problem instanceof Refusal) return problem.why as EntryProblem
    throw problem
  }
}

function readBatch(fields: readonly Field[]): MigrationBatch {
  const size = Number(numberOf(fields, 3)) || 1
  const index = Number(numberOf(fields, 4))
  if (size > MOST_PARTS || index >= size) refuse('batch-not-allowed')
  return { id: Number(BigInt.asIntN(32, numberOf(fields, 5))), index, size }
}

function readPayload(payload: Uint8Array): MigrationPart {
  const fields = readFields(payload)
  const entries = fields.filter((field) => field.number === 1)
  const accounts: MigrationAccount[] = []
  const warnings: OtpWarning[] = []
  const refused: { index: number; why: EntryProblem }[] = []
  entries.forEach(({ value }, index) => {
    const account = typeof value === 'bigint' ? refuse('malformed') : tryAccount(value, warnings)
    if (typeof account === 'string') refused.push({ index, why: account })
    else accounts.push(account)
  })
  if (accounts.length === 0) refuse(refused[0]?.why ?? 'no-accounts')
  const unknown = unknownOf(fields, 5)
  warnings.push(...accounts.flatMap((account) => strengthWarnings(account.strength)))
  warnings.push(...accounts.flatMap(steamWarnings))
  if (
    unknown.unknownFields !== undefined ||
    accounts.some((account) => account.unknownFields !== undefined)
  ) {
    warnings.push({ code: 'unknown-fields', message: 'The export has fields that are not known here.' })
  }
  return { parsed: true, accounts, refused, batch: readBatch(fields), ...unknown, warnings }
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse('malformed')
  }
}

function dataOf(uri: string): Uint8Array {
  if (typeof uri !== 'string') refuse('not-a-migration-uri')
  if (uri.length > LONGEST_URI) refuse('too-long')
  const query =
    /^\s*otpauth-migration:\/\/offline\/?\?([^#]*)/i.exec(uri)?.[1] ?? refuse('not-a-migration-uri')
  const given = query.split('&').filter((pair) => pair.startsWith('data='))
  if (new Set(given).size > 1) refuse('parameter-ambiguous')
  // A form decoder may have made blanks of the plus signs of base64.
  const data = unescape((given[0] ?? '').slice('data='.length))
    .trim()
    .replaceAll(' ', '+')
  return decodeBase64(data) ?? refuse('malformed')
}

/**
 * Reads one QR code of a Google Authenticator export, `otpauth-migration://offline?data=…`. Never throws, whatever the
 * text. Enumerations that are absent mean SHA1, 6 digits and TOTP; the period is always 30 seconds.
 * @see https://github.com/beemdevelopment/Aegis/blob/master/app/src/main/proto/google_auth.proto
 */
export function readMigration(uri: string): ParsedMigration {
  try {
    return readPayload(dataOf(uri))
  } catch (problem) {
    if (problem instanceof Refusal) return { parsed: false, why: problem.why }
    if (problem instanceof ProtobufProblem) return { parsed: false, why: 'malformed' }
    throw problem
  }
}

/** Whether the codes of an export are all there. */
export type JoinedMigration =
  | { readonly complete: true; readonly accounts: readonly MigrationAccount[] }
  | { readonly complete: false; readonly why: 'parts-missing'; readonly missing: readonly number[] }
  | { readonly complete: false; readonly why: 'different-exports' | 'no-parts' }

/** The accounts of a part in letters, to see whether two are the same. */
const spelled = (part: MigrationPart | undefined): string =>
  JSON.stringify(part?.accounts, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))

/**
 * Joins the codes of one export, read in any order, some of them perhaps twice. An app that writes no batch fields
 * makes exports of one code.
 * @returns the accounts in the order of the export, or which codes (counted from 0) are still to be read
 */
export function joinMigration(parts: readonly MigrationPart[]): JoinedMigration {
  const batch = parts[0]?.batch
  if (batch === undefined) return { complete: false, why: 'no-parts' }
  if (parts.some((part) => part.batch.id !== batch.id || part.batch.size !== batch.size)) {
    return { complete: false, why: 'different-exports' }
  }
  const byIndex = new Map(parts.map((part) => [part.batch.index, part]))
  // Exports without batch fields all call themselves the first of one.
  if (parts.some((part) => spelled(part) !== spelled(byIndex.get(part.batch.index)))) {
    return { complete: false, why: 'different-exports' }
  }
  const indexes = Array.from({ length: batch.size }, (_, index) => index)
  const missing = indexes.filter((index) => !byIndex.has(index))
  if (missing.length > 0) return { complete: false, why: 'parts-missing', missing }
  return { complete: true, accounts: indexes.flatMap((index) => byIndex.get(index)?.accounts ?? []) }
}
