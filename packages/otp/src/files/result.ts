import type { OtpAccount } from '../account.js'
import type { OtpWarning } from '../app-support.js'
import type { MigrationProblem } from '../migration-read.js'
import type { BackupEntryProblem } from '../raw-entry.js'
import type { UriProblem } from '../uri-parse.js'
import type { MissingTool, OtpFileProblem } from './problem.js'

/** What a file was written as. The names are stable. */
export type OtpFileFormat =
  | '1password-csv'
  | '2fas'
  | 'aegis'
  | 'andotp'
  | 'bitwarden'
  | 'bitwarden-csv'
  | 'ente'
  | 'entra-csv'
  | 'freeotp'
  | 'freeotp-plus'
  | 'google-authenticator'
  | 'html'
  | 'kdbx'
  | 'keepass-xml'
  | 'keepassxc-csv'
  | 'lastpass'
  | 'lastpass-csv'
  | 'oath-csv'
  | 'proton'
  | 'pskc'
  | 'raivo'
  | 'steam'
  | 'stratum'
  | 'uri-list'
  | 'users-oath'
  | 'zip'

/** Why one entry was left out. The codes are stable. */
export type OtpEntryProblem =
  | BackupEntryProblem
  | MigrationProblem
  | UriProblem
  | 'comment'
  | 'encrypted'
  | 'in-trash'
  | 'motp'
  | 'no-uri'
  | 'yandex'

/** Where an entry stands, counted from 1: a line of a text, or an entry of anything else. */
export type OtpPlace = { readonly line: number } | { readonly entry: number }

/** What a file says of the person or the device that holds the secret. */
export interface OtpHolder {
  /** The user of a server's file, or the person a token was given to. */
  readonly user?: string
  /** Of a hardware token. */
  readonly serial?: string
  readonly manufacturer?: string
  /** By how many time steps the token's clock was found to be off. */
  readonly driftSteps?: number
  /** A PIN goes before the code there, which nobody asks for here. */
  readonly hasPin?: true
}

export interface OtpFileEntry {
  readonly place: OtpPlace
  readonly account: OtpAccount
  readonly holder?: OtpHolder
}

export interface OtpFileLeftOut {
  readonly place: OtpPlace
  /** What the file calls it, or empty; never a secret. */
  readonly name: string
  readonly why: OtpEntryProblem
}

/** What a file says, or why it cannot be read. */
export type OtpFile =
  | {
      readonly parsed: true
      readonly format: OtpFileFormat
      readonly entries: readonly OtpFileEntry[]
      readonly leftOut: readonly OtpFileLeftOut[]
      /** Entries of a password manager that have no one-time password. */
      readonly withoutCode: number
      readonly warnings: readonly OtpWarning[]
    }
  | {
      readonly parsed: false
      readonly why: OtpFileProblem
      /** What it was recognised as, where it was. */
      readonly format: OtpFileFormat | null
      /** The end of a sentence, for a person; a limit is named. */
      readonly message: string
      /** With `tool-missing`: which one. */
      readonly tool?: MissingTool
    }
