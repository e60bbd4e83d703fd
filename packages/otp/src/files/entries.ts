import { neutralName, steamWarnings, strengthWarnings, type Names, type OtpAccount } from '../account.js'
import type { OtpWarning } from '../app-support.js'
import { readMigration } from '../migration-read.js'
import { readEntry, type RawEntry } from '../raw-entry.js'
import { parseOtpauthUri } from '../uri-parse.js'
import { limits, refuseFile } from './problem.js'
import { otherKind } from './other-kind.js'
import type {
  OtpEntryProblem,
  OtpFileEntry,
  OtpFileFormat,
  OtpFileLeftOut,
  OtpHolder,
  OtpPlace,
} from './result.js'

/** What a format says of one entry, before it is checked. */
export type Found = (
  | { readonly raw: RawEntry }
  /** Names for where the URI, or the bare secret that stands in its place, has none. */
  | { readonly uri: string; readonly names?: Partial<Names> }
  | { readonly why: OtpEntryProblem }
  | { readonly none: true }
) & { readonly name?: string; readonly holder?: OtpHolder }

/** What a file has come to. */
export interface FoundFile {
  readonly format: OtpFileFormat
  readonly entries: readonly OtpFileEntry[]
  readonly leftOut: readonly OtpFileLeftOut[]
  readonly withoutCode: number
  readonly warnings: readonly OtpWarning[]
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A base32 secret in the place of a URI, in groups or not. */
const looksLikeUri = (text: string): boolean => /^\s*[a-z][a-z-]*:\/\//i.test(text)

const rawOfSecret = (secret: string, names: Partial<Names>): RawEntry => ({
  type: 'totp',
  issuer: names.issuer,
  account: names.account,
  secret,
  algorithm: 'SHA1',
  digits: 6,
  period: 30,
  counter: 0,
})

/** Collects the entries of one file, in their order. */
export class Entries {
  readonly #format: OtpFileFormat
  readonly #entries: OtpFileEntry[] = []
  readonly #leftOut: OtpFileLeftOut[] = []
  readonly #warnings = new Map<string, OtpWarning>()
  #withoutCode = 0

  constructor(format: OtpFileFormat) {
    this.#format = format
  }

  add(place: OtpPlace, found: Found): void {
    if (this.#entries.length + this.#leftOut.length >= limits.entries)
      refuseFile('beyond-limit', `it has over ${limits.entries.toLocaleString('en-US')} entries`)
    if ('none' in found) this.#withoutCode += 1
    else if ('why' in found) this.#leave(place, found, found.why)
    else if ('raw' in found) this.#addRaw(place, found.raw, found)
    else this.#addUri(place, found)
  }

  result(): FoundFile {
    return {
      format: this.#format,
      entries: this.#entries,
      leftOut: this.#leftOut,
      withoutCode: this.#withoutCode,
      warnings: [...this.#warnings.values()],
    }
  }

  #addUri(place: OtpPlace, found: Extract<Found, { uri: string }>): void {
    const { uri, names = {} } = found
    if (!looksLikeUri(uri)) return this.#addRaw(place, rawOfSecret(uri, names), found)
    const other = otherKind(uri)
    if (other !== null) return this.#leave(place, found, other)
    if (/^\s*otpauth-migration:/i.test(uri)) return this.#addExport(place, uri, found)
    const read = parseOtpauthUri(uri)
    if (!read.parsed) return this.#leave(place, found, read.why)
    const { account } = read
    const named = {
      ...account,
      issuer: account.issuer || neutralName(asText(names.issuer)),
      account: account.account || neutralName(asText(names.account)),
    }
    this.#warn(read.warnings)
    this.#keep(place, named, found)
  }

  #addExport(place: OtpPlace, uri: string, found: Found): void {
    const part = readMigration(uri)
    if (!part.parsed) return this.#leave(place, found, part.why)
    this.#warn(part.warnings)
    for (const { why } of part.refused) this.#leave(place, found, why)
    for (const account of part.accounts) this.#keep(place, account, found)
  }

  #addRaw(place: OtpPlace, raw: RawEntry, found: Found): void {
    const warnings: OtpWarning[] = []
    const account = readEntry(raw, warnings)
    const name = [asText(raw.issuer), asText(raw.account)].filter((one) => one !== '').join(': ')
    if (typeof account === 'string') return this.#leave(place, { name, ...found }, account)
    this.#warn([...warnings, ...strengthWarnings(account.strength), ...steamWarnings(account)])
    this.#keep(place, account, found)
  }

  #keep(place: OtpPlace, account: OtpAccount, { holder }: Found): void {
    this.#entries.push({ place, account, ...(holder === undefined ? {} : { holder }) })
  }

  #leave(place: OtpPlace, { name = '' }: { readonly name?: string }, why: OtpEntryProblem): void {
    this.#leftOut.push({ place, name: neutralName(name), why })
  }

  #warn(warnings: readonly OtpWarning[]): void {
    for (const warning of warnings) this.#warnings.set(warning.message, warning)
  }
}

/** All entries of a list, each by the same shape. */
export function entriesOf<Entry>(
  format: OtpFileFormat,
  list: readonly Entry[],
  foundOf: (entry: Entry) => Found,
): FoundFile {
  const entries = new Entries(format)
  list.forEach((entry, index) => entries.add({ entry: index + 1 }, foundOf(entry)))
  return entries.result()
}
