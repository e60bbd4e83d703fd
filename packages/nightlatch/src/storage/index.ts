import type { AuditEvent } from '../core/audit/audit.js'
import { Rollback, type Storage, type Stores } from '../core/ports/stores.js'
import { type Clock, clockOf } from './engine/clock.js'
import type { Database, Db, Dialect } from './engine/database.js'
import { StorageError } from './engine/errors.js'
import { rememberingApplications, rememberingKeys, SeldomMemory } from './session-cache/seldom-cache.js'
import { remembering } from './session-cache/session-cache.js'
import { markOf, mustBeHere, mustNotHaveMoved, takeDown, unlessMoving } from './move/write-barrier.js'
import { migrate, mustBeMigrated } from './migrations/migrate.js'
import { moveAll, type Moved, type MoveOptions } from './move/move.js'
import { applicationStore } from './stores/applications.js'
import { sessionStore } from './stores/sessions.js'
import { signingKeyStore } from './stores/signing-keys.js'
import { openSqlite } from './engine/sqlite/sqlite.js'
import type { Heard } from './stores/store.js'
import { storesOn } from './stores/stores-on.js'

export type { Moved, MoveOptions } from './move/move.js'
export { StorageError, type StorageProblem } from './engine/errors.js'

/** Where everything is kept: a file, or `postgres://…`. */
export type StorageLocation = string | { readonly sqliteFile: string }

/** For PostgreSQL. */
interface StorageOptions {
  /** Connections at most: 10 unless told. */
  readonly poolSize?: number
  /** How long one statement may take: 5000 unless told. */
  readonly statementMs?: number
  /** Hears of each connection that was lost while nobody used it. */
  readonly onLost?: (error: Error) => void
  /** Whose time decides in conditions: the one given with each question unless told. */
  readonly clock?: Clock
}

export interface OpenStorage extends Storage {
  readonly dialect: Dialect
  /** Throws a `StorageError` when the database cannot be reached or lacks a migration. */
  check(): Promise<void>
  /** Hears of each event of the audit trail that this process writes, once it is kept. One listener. */
  onEvent(heard: (event: AuditEvent) => void): void
  /** A consistent copy in a new file, while everything goes on. */
  backupTo(file: string): Promise<void>
  /** Lets running transactions end first. */
  close(): Promise<void>
}

/** Opens the database and brings its schema up to date; throws a `StorageError` that says what is wrong. */
export async function openStorage(
  location: StorageLocation,
  options: StorageOptions = {},
): Promise<OpenStorage> {
  const database = await openMigrated(location, options)
  try {
    await mustBeHere(database)
  } catch (error) {
    await database.close()
    throw error
  }
  return storageOn(database, clockOf(database.db.dialect, options.clock ?? 'given'))
}

async function openMigrated(location: StorageLocation, options: StorageOptions = {}): Promise<Database> {
  const database = await openDatabase(location, options)
  try {
    await migrate(database)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Moves an installation to another database, also while servers work on it. */
export async function moveStorage(
  from: StorageLocation,
  to: StorageLocation,
  options: MoveOptions,
): Promise<Moved> {
  const source = await openMigrated(from)
  try {
    const target = await openMigrated(to).catch((error: unknown) => {
      throw error instanceof StorageError
        ? new StorageError(error.code, `the target: ${error.message}`, error.cause)
        : error
    })
    try {
      return await moveAll({ source, target }, options)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** @returns 'nothing' when there was no move; else what `close` has closed, because two may have been in use */
export async function undoMove<T>(
  location: StorageLocation,
  close: (stores: Stores) => Promise<T>,
): Promise<{ kind: 'nothing' | 'opened' } | { kind: 'closed'; closed: T; to: string }> {
  const database = await openMigrated(location)
  try {
    return await database.patiently((patient) =>
      patient.atomic(async (db) => {
        const mark = await markOf(db)
        if (mark === null) return { kind: 'nothing' }
        await takeDown(db)
        if (mark.state === 'moving') return { kind: 'opened' }
        return {
          kind: 'closed',
          closed: await close(storesOn(db, { clock: clockOf(db.dialect, 'database') })),
          to: mark.to,
        }
      }),
    )
  } finally {
    await database.close()
  }
}

async function openDatabase(location: StorageLocation, options: StorageOptions): Promise<Database> {
  if (typeof location !== 'string') return openSqlite(location.sqliteFile)
  // Whoever uses SQLite does not load the other driver.
  const { openPostgres } = await import('./engine/postgres/postgres.js')
  return openPostgres(location, {
    poolSize: options.poolSize ?? 10,
    statementMs: options.statementMs ?? 5000,
    onLost: options.onLost ?? (() => undefined),
  })
}

/**
 * Runs transactions, and only what is kept is told: events of the audit trail to whoever hears them, and what was put off
 * to afterwards. What a try before has left is forgotten.
 */
const afterwards =
  (clock: Clock, hearer: () => Heard | undefined) =>
  async <T>(
    atomic: (work: (db: Db) => Promise<T | Rollback<T>>) => Promise<T>,
    work: (stores: Stores) => Promise<T | Rollback<T>>,
  ): Promise<T> => {
    let acts: (() => void)[] = []
    const hear = hearer()
    const heard: Heard | undefined = hear && ((event) => void acts.push(() => hear(event)))
    const outcome = await atomic(async (part) => {
      acts = []
      const stores = storesOn(part, { clock, heard, afterwards: acts })
      const done = await work(stores)
      if (done instanceof Rollback) acts = []
      return done
    })
    for (const act of acts) act()
    return outcome
  }

function storageOn(database: Database, clock: Clock): OpenStorage {
  const { db, freshness } = database
  let hear: Heard | undefined
  const run = afterwards(clock, () => hear)
  const sessions = remembering(unlessMoving(sessionStore(db)), freshness)
  const memory = new SeldomMemory(freshness)
  return {
    dialect: database.db.dialect,
    onEvent: (told) => {
      hear = told
    },
    // A transaction remembers nothing: what is decided in it is decided on what the database holds.
    stores: storesOn(db, {
      clock,
      sessions,
      applications: rememberingApplications(applicationStore(db), memory),
      signingKeys: rememberingKeys(signingKeyStore(db), memory),
      heard: (event) => hear?.(event),
    }),
    atomically: (work, commit) => run((part) => database.db.atomic(part, commit), work),
    async check() {
      await database.ping()
      await mustBeMigrated(database.db)
      await mustNotHaveMoved(database.db)
    },
    patiently: (work) => database.patiently((db) => run((part) => db.atomic(part), work)),
    backupTo: (file) => database.backupTo(file),
    close: () => database.close(),
  }
}
