import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Commit } from '../../../core/ports/stores.js'
import {
  type Connection,
  type Database,
  changesSeldom,
  type Db,
  type Freshness,
  mustBeText,
  type Param,
  transact,
} from '../database.js'
import { StorageError } from '../errors.js'
import { Checkpoints, commitsBetween, mostPages } from './checkpoints.js'
import { Disk } from './disk.js'
import { type SqliteDriver, sqliteDriver, type SqliteHandle, type SqliteStatement } from './driver.js'
import { isBusy, sqliteError } from './errors.js'
import { keepPrivate, makeFile, openingError, writeFileWhole } from './file.js'
import { Mutex } from '../mutex.js'
import { SeldomEpochs, versionMs } from './seldom-epochs.js'

const settings = [
  'journal_mode = WAL',
  // A commit does not wait for the disk: `Disk` does, off this thread, before anybody hears of it.
  'synchronous = NORMAL',
  'checkpoint_fullfsync = ON',
  'foreign_keys = ON',
  'trusted_schema = OFF',
  'mmap_size = 2147418112',
  'journal_size_limit = 67108864',
  `wal_autocheckpoint = ${String(mostPages)}`,
]
  .map((setting) => `PRAGMA ${setting};`)
  .join(' ')

/** How long a write waits for another process before it gives up. */
const busyMs = 5000

/** Whatever has arrived by now is answered first: a single immediate would still run before this thread looks. */
const letOthersIn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

/**
 * SQLite in this process. The driver is synchronous, so a statement is done when the call returns. Reads go
 * to one connection and always see whole transactions; writes go to another, one at a time. Nobody sleeps
 * inside SQLite: its busy time-out would stop this thread, and with it the very transaction that is waited for.
 */
export async function openSqlite(file: string): Promise<Database> {
  const path = resolve(file)
  const driver = await sqliteDriver()
  try {
    makeFile(path)
    const database = await whenFree(() => connect(driver, path))
    keepPrivate(path)
    return database
  } catch (error) {
    throw openingError(path, error)
  }
}

function connect(driver: SqliteDriver, path: string): Database {
  const writer = new Handle(driver, path)
  try {
    return new SqliteDatabase({ driver, path, writer, reader: new Handle(driver, path) })
  } catch (error) {
    writer.close()
    throw error
  }
}

/** Tries again until no other process is writing. */
async function whenFree<T>(work: () => T): Promise<T> {
  const deadline = performance.now() + busyMs
  for (let pause = 1; ; pause = Math.min(pause * 2, 16)) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw sqliteError(error)
    }
    await sleep(pause * (0.5 + Math.random()))
  }
}

interface Opened {
  readonly driver: SqliteDriver
  readonly path: string
  readonly writer: Handle
  readonly reader: Handle
}

class SqliteDatabase implements Database, Db {
  readonly dialect = 'sqlite'
  readonly #opened: Opened
  readonly #turns = new Mutex()
  /** One wait for the disk serves many; they go on one after the other, so that nobody waits for all of them. */
  readonly #goingOn = new Mutex()
  readonly #disk: Disk
  readonly #checkpoints: Checkpoints
  #closed = false
  #commits = 0
  #version = 0
  #versionReadAt = -Infinity
  #seldom = new SeldomEpochs()

  constructor(opened: Opened) {
    this.#opened = opened
    this.#disk = new Disk(`${opened.path}-wal`)
    this.#checkpoints = new Checkpoints(opened.path, settings)
  }

  get db(): Db {
    return this
  }

  /** Every write is made on another connection than this reader, so that it sees its own program's, too. */
  readonly freshness: Freshness = {
    epoch: () => {
      if (this.#closed) return null
      const now = performance.now()
      if (now - this.#versionReadAt < versionMs) return this.#version
      try {
        this.#version = this.#opened.reader.version()
        this.#versionReadAt = now
        return this.#version
      } catch {
        return null
      }
    },
    seldomEpoch: () => (this.#closed ? null : this.#seldom.epoch(() => this.#opened.writer.version())),
    onChange: () => undefined,
  }

  run(sql: string, params: readonly Param[]): Promise<number> {
    return this.#write((writer) => writer.run(sql, params), params)
  }

  async wrote(sql: string, params: readonly Param[]): Promise<boolean> {
    return (await this.run(sql, params)) > 0
  }

  returning<Row>(sql: string, params: readonly Param[]): Promise<Row | null> {
    return this.#write((writer) => writer.first(sql, params) as Row | null, params)
  }

  all<Row>(sql: string, params: readonly Param[]): Promise<readonly Row[]> {
    return this.#read((reader) => reader.all(sql, params) as Row[], params)
  }

  one<Row>(sql: string, params: readonly Param[]): Promise<Row | null> {
    return this.#read((reader) => reader.one(sql, params) as Row | null, params)
  }

  atomic<T>(work: Parameters<typeof transact<T>>[2], commit: Commit = 'synchronous'): Promise<T> {
    return this.#inTurn(() => transact(this.#connection, 'BEGIN IMMEDIATE', work), commit)
  }

  lock(): Promise<void> {
    return Promise.reject(new StorageError('failed', 'a lock needs a transaction'))
  }

  patiently<T>(work: (db: Db) => Promise<T>): Promise<T> {
    return work(this)
  }

  async ping(): Promise<void> {
    await this.one('SELECT 1 AS one', [])
    if (!existsSync(this.#opened.path))
      throw new StorageError('unavailable', `the database ${this.#opened.path} was removed`)
  }

  backupTo(file: string): Promise<void> {
    const { driver, path } = this.#opened
    return writeFileWhole(resolve(file), async (partial) => {
      const copy = new Handle(driver, path)
      try {
        await copy.backupTo(driver, partial)
      } finally {
        copy.close()
      }
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turns.take(async () => {
      await this.#disk.close()
      await this.#checkpoints.close()
      this.#opened.reader.close()
      this.#opened.writer.closeLast()
    })
  }

  /** As a transaction sees this database: everything on the writing connection, at once. */
  readonly #connection: Connection = {
    dialect: 'sqlite',
    run: (sql, params) => this.#now((writer) => writer.run(sql, params)),
    all: <Row>(sql: string, params: readonly Param[]) =>
      this.#now((writer) => writer.all(sql, params) as Row[]),
    returning: <Row>(sql: string, params: readonly Param[]) =>
      this.#now((writer) => writer.first(sql, params) as Row | null),
    one: <Row>(sql: string, params: readonly Param[]) =>
      this.#now((writer) => writer.one(sql, params) as Row | null),
    // The whole database is locked already.
    lock: () => Promise.resolve(),
    begin: (sql) => this.#control(sql),
    control: (sql) => this.#control(sql),
  }

  async #control(sql: string): Promise<void> {
    // What was written goes to the log now, which takes as long again.
    if (sql === 'COMMIT') await letOthersIn()
    await whenFree(() => this.#writing((writer) => writer.run(sql, [])))
  }

  async #now<T>(statement: (writer: Handle) => T): Promise<T> {
    try {
      return this.#writing(statement)
    } catch (error) {
      throw sqliteError(error)
    }
  }

  /** Where nobody writes, the writing connection reads best: what it has cached is never out of date. */
  async #read<T>(statement: (reader: Handle) => T, params: readonly Param[]): Promise<T> {
    mustBeText(params)
    this.#mustBeOpen()
    const { reader, writer } = this.#opened
    try {
      return statement(this.#turns.isTaken ? reader : writer)
    } catch (error) {
      if (isBusy(error)) return whenFree(() => statement(reader))
      throw sqliteError(error)
    }
  }

  async #write<T>(statement: (writer: Handle) => T, params: readonly Param[]): Promise<T> {
    mustBeText(params)
    return this.#inTurn(() => whenFree(() => this.#writing(statement)))
  }

  /**
   * One writes at a time, and nobody who only reads waits long for that. The wait for the disk begins within the turn,
   * so that nobody closes it before, and ends outside.
   */
  async #inTurn<T>(work: () => Promise<T>, commit: Commit = 'synchronous'): Promise<T> {
    const { outcome, kept } = await this.#turns.take(async () => {
      await letOthersIn()
      this.#mustBeOpen()
      const outcome = await work()
      this.#committed()
      return { outcome, kept: commit === 'synchronous' ? this.#disk.hasAll() : null }
    })
    if (kept === null) return outcome
    await kept
    await this.#goingOn.take(() => Promise.resolve())
    return outcome
  }

  #writing<T>(statement: (writer: Handle) => T): T {
    try {
      return statement(this.#opened.writer)
    } finally {
      this.#versionReadAt = -Infinity
    }
  }

  #committed(): void {
    const { writer } = this.#opened
    if (writer.hasChangedSeldom) this.#seldom.next()
    writer.hasChangedSeldom = false
    this.#commits += 1
    if (this.#commits % commitsBetween === 0) this.#checkpoints.copy()
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StorageError('unavailable', 'the database is closed')
    if (this.#disk.failure !== null) throw this.#disk.failure
  }
}

interface Prepared {
  readonly statement: SqliteStatement
  readonly changesSeldom: boolean
}

/** A connection with its prepared statements. */
class Handle {
  readonly #handle: SqliteHandle
  readonly #statements = new Map<string, Prepared>()
  /** A statement on tables that are written seldom was run, since this was last put back. */
  hasChangedSeldom = false

  constructor(driver: SqliteDriver, path: string) {
    this.#handle = new driver.DatabaseSync(path, { timeout: 0 })
    try {
      this.#handle.exec(settings)
    } catch (error) {
      this.#handle.close()
      throw error
    }
  }

  run(sql: string, params: readonly Param[]): number {
    return Number(this.#prepared(sql).run(...params).changes)
  }

  all(sql: string, params: readonly Param[]): readonly unknown[] {
    return this.#prepared(sql).all(...params)
  }

  one(sql: string, params: readonly Param[]): unknown {
    return this.#prepared(sql).get(...params) ?? null
  }

  /** The row of a statement that writes: `all` lets it run to its end, which `get` does not promise. */
  first(sql: string, params: readonly Param[]): unknown {
    return this.#prepared(sql).all(...params)[0] ?? null
  }

  /** Another number as soon as any other connection, of this process or another one, has committed something. */
  version(): number {
    return (this.one('PRAGMA data_version', []) as { data_version: number }).data_version
  }

  async backupTo(driver: SqliteDriver, file: string): Promise<void> {
    // The open read transaction holds one moment: however much is written meanwhile, the copy is of that one.
    this.#handle.exec('BEGIN')
    this.#handle.prepare('SELECT count(*) FROM sqlite_schema').all()
    await driver.backup(this.#handle, file, { rate: 1000 })
  }

  /** Leaves everything in the one file, for whoever copies it while nothing runs. */
  closeLast(): void {
    try {
      this.#handle.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch {
      // What is in the log is safe there, and comes back at the next start.
    }
    this.close()
  }

  close(): void {
    this.#statements.clear()
    this.#handle.close()
  }

  #prepared(sql: string): SqliteStatement {
    let prepared = this.#statements.get(sql)
    if (prepared === undefined) {
      const statement = this.#handle.prepare(sql.replace(/\$(?=\d)/g, '?'))
      prepared = { statement, changesSeldom: changesSeldom.test(sql) }
      this.#statements.set(sql, prepared)
    }
    if (prepared.changesSeldom) this.hasChangedSeldom = true
    return prepared.statement
  }
}
