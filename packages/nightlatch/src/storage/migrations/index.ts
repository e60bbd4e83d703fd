import type { Dialect } from '../engine/database.js'
import { first } from './0001-first.js'
import { toldChanges } from './0002-told-changes.js'
import { housekeeping } from './0003-housekeeping.js'
import { factors } from './0004-factors.js'
import { trustedDeviceSeries } from './0005-trusted-device-series.js'
import { authenticatorKinds } from './0006-authenticator-kinds.js'
import { entryNumbers } from './0007-entry-numbers.js'
import { people } from './0008-people.js'
import { passkeys } from './0009-passkeys.js'
import { toldPasskeys } from './0010-told-passkeys.js'
import { outbox } from './0011-outbox.js'
import { drift } from './0012-drift.js'
import { registration } from './0013-registration.js'
import { hardwareTokens } from './0014-hardware-tokens.js'
import { applications } from './0015-applications.js'
import { applicationLogout, sessionsTellInPostgres, sessionsTellInSqlite } from './0016-application-logout.js'
import { mailLinks } from './0019-mail-links.js'
import { passwordDue } from './0020-password-due.js'
import { verifiedEmail } from './0021-verified-email.js'
import { deviceRequests } from './0022-device-requests.js'
import { toldApplications } from './0023-told-applications.js'
import { handedInvitations } from './0024-handed-invitations.js'
import { foundPeople } from './0025-found-people.js'
import { toldSigningKeys } from './0026-told-signing-keys.js'
import { answeredBy } from './0027-answered-by.js'

/**
 * One step of the schema. A released step never changes. The previous version of the program still serves
 * while a step runs: add, and take away only what no supported version uses.
 */
export interface Migration {
  readonly id: number
  readonly name: string
  /** The other database needs nothing of the kind: there the step is only counted. */
  readonly only?: Dialect
  /** In the SQL that both databases share, with the words of `words` in braces. */
  readonly statements: readonly string[]
}

/** In order, without gaps. */
export const migrations: readonly Migration[] = [
  first,
  toldChanges,
  housekeeping,
  factors,
  trustedDeviceSeries,
  authenticatorKinds,
  entryNumbers,
  people,
  passkeys,
  toldPasskeys,
  outbox,
  drift,
  registration,
  hardwareTokens,
  applications,
  applicationLogout,
  sessionsTellInSqlite,
  sessionsTellInPostgres,
  mailLinks,
  passwordDue,
  verifiedEmail,
  deviceRequests,
  toldApplications,
  handedInvitations,
  foundPeople,
  toldSigningKeys,
  answeredBy,
]

const words: Readonly<Record<Dialect, Readonly<Record<string, string>>>> = {
  sqlite: {
    text: 'TEXT',
    integer: 'INTEGER',
    sequence: 'INTEGER PRIMARY KEY AUTOINCREMENT',
    keyed: 'STRICT, WITHOUT ROWID',
    counted: 'STRICT',
  },
  postgres: {
    // Compared by bytes, as SQLite does, whatever the database's language is.
    text: 'text COLLATE "C"',
    integer: 'bigint',
    sequence: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
    keyed: '',
    counted: '',
  },
}

/** A statement in the words of one database. */
export function inDialect(dialect: Dialect, sql: string): string {
  return sql.replace(/\{(\w+)\}/g, (_all, word: string) => {
    const own = words[dialect][word]
    if (own === undefined) throw new Error(`no word {${word}} for ${dialect}`)
    return own
  })
}
