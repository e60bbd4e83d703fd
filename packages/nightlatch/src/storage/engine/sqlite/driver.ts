import { StorageError } from '../errors.js'
import type { Param } from '../database.js'

/** The part that is used of `node:sqlite`, and of @photostructure/sqlite, which has the same interface. */
export interface SqliteDriver {
  readonly DatabaseSync: new (file: string, options: { timeout: number }) => SqliteHandle
  backup(source: SqliteHandle, file: string, options: { rate: number }): Promise<number>
}

export interface SqliteHandle {
  prepare(sql: string): SqliteStatement
  exec(sql: string): void
  close(): void
}

export interface SqliteStatement {
  run(...params: Param[]): { changes: number | bigint }
  all(...params: Param[]): unknown[]
  get(...params: Param[]): unknown
}

/** node:sqlite keeps text whole from these versions on. */
export function hasNodeSqlite(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return (major === 24 && minor >= 16) || (major === 26 && minor >= 1) || major > 26
}

/** Node's own SQLite where it is good enough, the package with the same interface where it is not. */
export async function sqliteDriver(): Promise<SqliteDriver> {
  const name = hasNodeSqlite(process.versions.node) ? 'node:sqlite' : '@photostructure/sqlite'
  try {
    return (await import(name)) as SqliteDriver
  } catch (error) {
    throw new StorageError(
      'failed',
      `the embedded database needs the package ${name}, which is not installed for this platform: ` +
        'install it, use Node 24.16 or later, or give a PostgreSQL database',
      error,
    )
  }
}
