import type { Db, Dialect } from './database.js'

/**
 * Whose time a condition is judged by: the server's that asks, or the database's. Of several servers one may be a second
 * fast; the database has one clock for all of them. With SQLite there is one machine, and so one clock.
 */
export type Clock = 'given' | 'database'

/** The database's own time in whole seconds; within a transaction it goes on. */
export const nowIn: Readonly<Record<Dialect, string>> = {
  sqlite: 'unixepoch()',
  postgres: 'CAST(floor(extract(epoch FROM clock_timestamp())) AS bigint)',
}

export interface Now {
  /** The moment, in SQL. The parameter holds what `param` made of the server's time. */
  sql(parameter: string): string
  param(given: number): number | null
}

const given: Now = { sql: (parameter) => `CAST(${parameter} AS bigint)`, param: (now) => now }
const databases: Now = {
  sql: (parameter) => `COALESCE(CAST(${parameter} AS bigint), ${nowIn.postgres})`,
  param: () => null,
}

export const nowOf = (db: Pick<Db, 'dialect'>, clock: Clock): Now =>
  clock === 'database' && db.dialect === 'postgres' ? databases : given
