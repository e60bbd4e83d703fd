/** Backups of other authenticator apps: Aegis and 2FAS, plain JSON. */
import { steamWarnings, strengthWarnings, type OtpAccount } from './account.js'
import type { OtpWarning } from './app-support.js'
import {
  aegisEntry,
  objectOf,
  parseJson,
  readEntry,
  twoFasEntry,
  type BackupEntryProblem,
  type Json,
  type RawEntry,
} from './raw-entry.js'

export type { BackupEntryProblem } from './raw-entry.js'

/** What a backup says, or why it is refused. */
export type ParsedBackup =
  | {
      readonly parsed: true
      readonly format: 'aegis' | '2fas'
      readonly accounts: readonly OtpAccount[]
      /** Entries that were left out, by their place in the file. */
      readonly refused: readonly { readonly index: number; readonly why: BackupEntryProblem }[]
      readonly warnings: readonly OtpWarning[]
    }
  | { readonly parsed: false; readonly why: 'encrypted' | 'not-a-backup' | 'too-long' }

const LONGEST_BACKUP = 16 * 1024 * 1024

function readAll(
  format: 'aegis' | '2fas',
  entries: readonly unknown[],
  rawOf: (entry: Json) => RawEntry | null,
): ParsedBackup {
  const accounts: OtpAccount[] = []
  const refused: { index: number; why: BackupEntryProblem }[] = []
  const warnings: OtpWarning[] = []
  entries.forEach((entry, index) => {
    const json = objectOf(entry)
    const raw = json === null ? null : rawOf(json)
    const account = raw === null ? 'malformed' : readEntry(raw, warnings)
    if (typeof account === 'string') refused.push({ index, why: account })
    else accounts.push(account)
  })
  warnings.push(...accounts.flatMap((account) => strengthWarnings(account.strength)))
  warnings.push(...accounts.flatMap(steamWarnings))
  return { parsed: true, format, accounts, refused, warnings }
}

/**
 * Reads a backup of Aegis or 2FAS that was saved without a password; which one, it finds out. Never throws, whatever
 * the text, at most 16 MiB of it. An encrypted backup is named as such: save it again without a password.
 * @param text the file as text
 */
export function readBackup(text: string): ParsedBackup {
  if (typeof text !== 'string') return { parsed: false, why: 'not-a-backup' }
  if (text.length > LONGEST_BACKUP) return { parsed: false, why: 'too-long' }
  const backup = objectOf(parseJson(text))
  if (backup === null) return { parsed: false, why: 'not-a-backup' }
  const { db, services, servicesEncrypted } = backup
  if (typeof servicesEncrypted === 'string' && servicesEncrypted !== '')
    return { parsed: false, why: 'encrypted' }
  if (Array.isArray(services)) return readAll('2fas', services, twoFasEntry)
  if (typeof db === 'string' && objectOf(backup['header']) !== null)
    return { parsed: false, why: 'encrypted' }
  const entries = objectOf(db)?.['entries']
  return Array.isArray(entries)
    ? readAll('aegis', entries, aegisEntry)
    : { parsed: false, why: 'not-a-backup' }
}
