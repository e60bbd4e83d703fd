import type { Storage, Stores } from '../core/stores.js'
import { accountStore } from './accounts.js'
import { attemptStore } from './attempts.js'
import { auditStore } from './audit.js'
import { authenticatorStore } from './authenticators.js'
import type { Database, Db, Dialect } from './db.js'
import { everybodyStore } from './everybody.js'
import { factStore } from './facts.js'
import { invitationStore } from './invitations.js'
import { knownDeviceStore } from './known-devices.js'
import { remembering } from './memory.js'
import { migrate, mustBeMigrated } from './migrate.js'
import { recoveryCodeStore } from './recovery-codes.js'
import { sessionStore } from './sessions.js'
import { setUpStore } from './set-ups.js'
import { signInStore } from './sign-ins.js'
import { openSqlite } from './sqlite.js'
import { trustedDeviceStore } from './trusted-devices.js'
import { unsavedCodesStore } from './unsaved-codes.js'

export { StorageError, type StorageProblem } from './errors.js'

/** Where everything is kept: a file, or `postgres://…`. */
export type StorageLocation = string | { readonly sqliteFile: string }

/** For PostgreSQL. */
export interface StorageOptions {
  /** Connections at most: 10 unless told. */
  readonly poolSize?: number
  /** How long one statement may take: 5000 unless told. */
  readonly statementMs?: number
  /** Hears of each connection that was lost while nobody used it. */
  readonly onLost?: (error: Error) => void
}

export interface OpenStorage extends Storage {
  readonly dialect: Dialect
  /** Throws a `StorageError` when the database cannot be reached or lacks a migration. */
  check(): Promise<void>
  /** One transaction that may take minutes, because it concerns everybody. */
  patiently<T>(work: (stores: Stores) => Promise<T>): Promise<T>
  /** A consistent copy in a new file, while everything goes on. */
  backupTo(file: string): Promise<void>
  /** Lets running transactions end first. */
  close(): Promise<void>
}

function storesOf(db: Db): Stores {
  return {
    accounts: accountStore(db),
    attempts: attemptStore(db),
    audit: auditStore(db),
    authenticators: authenticatorStore(db),
    everybody: everybodyStore(db),
    facts: factStore(db),
    invitations: invitationStore(db),
    knownDevices: knownDeviceStore(db),
    recoveryCodes: recoveryCodeStore(db),
    sessions: sessionStore(db),
    setUps: setUpStore(db),
    signIns: signInStore(db),
    trustedDevices: trustedDeviceStore(db),
    unsavedCodes: unsavedCodesStore(db),
  }
}

/** Opens the database and brings its schema up to date; throws a `StorageError` that says what is wrong. */
export async function openStorage(
  location: StorageLocation,
  options: StorageOptions = {},
): Promise<OpenStorage> {
  const database = await openDatabase(location, options)
  try {
    await migrate(database)
  } catch (error) {
    await database.close()
    throw error
  }
  return storageOn(database)
}

async function openDatabase(location: StorageLocation, options: StorageOptions): Promise<Database> {
  if (typeof location !== 'string') return openSqlite(location.sqliteFile)
  // Whoever uses SQLite does not load the other driver.
  const { openPostgres } = await import('./postgres.js')
  return openPostgres(location, {
    poolSize: options.poolSize ?? 10,
    statementMs: options.statementMs ?? 5000,
    onLost: options.onLost ?? (() => undefined),
  })
}

function storageOn(database: Database): OpenStorage {
  const stores = storesOf(database.db)
  return {
    dialect: database.db.dialect,
    // A transaction remembers nothing: what is decided in it is decided on what the database holds.
    stores: { ...stores, sessions: remembering(stores.sessions, database.freshness) },
    atomically: (work) => database.db.atomic((db) => work(storesOf(db))),
    async check() {
      await database.ping()
      await mustBeMigrated(database.db)
    },
    patiently: (work) => database.patiently((db) => db.atomic((part) => work(storesOf(part)))),
    backupTo: (file) => database.backupTo(file),
    close: () => database.close(),
  }
}
