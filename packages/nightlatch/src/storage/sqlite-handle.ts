import type { Param } from './db.js'
import type { SqliteDriver, SqliteHandle, SqliteStatement } from './sqlite-driver.js'

const settings = [
  'journal_mode = WAL',
  // A commit does not wait for the disk: `Disk` does, off this thread, before anybody hears of it.
  'synchronous = NORMAL',
  'checkpoint_fullfsync = ON',
  'foreign_keys = ON',
  'trusted_schema = OFF',
  'mmap_size = 2147418112',
  'journal_size_limit = 67108864',
]

/** A connection with its prepared statements. */
export class Handle {
  readonly #handle: SqliteHandle
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(driver: SqliteDriver, path: string) {
    this.#handle = new driver.DatabaseSync(path, { timeout: 0 })
    try {
      this.#handle.exec(settings.map((setting) => `PRAGMA ${setting};`).join(' '))
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
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#handle.prepare(sql.replace(/\$(?=\d)/g, '?'))
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
