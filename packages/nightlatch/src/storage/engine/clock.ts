import type { Dialect } from './database.js'

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

/** The moment, in SQL. `parameter` holds the server's time. */
type Now = (parameter: string) => string

const nows: Readonly<Record<Clock, Now>> = {
  given: (parameter) => `CAST(${parameter} AS bigint)`,
  // The same parameters as above: what the server says is sent, and counts for nothing.
  database: (parameter) => `(${nowIn.postgres} + 0 * CAST(${parameter} AS bigint))`,
}

/** What is written for each clock. */
export const byClock = <T>(write: (now: Now) => T): Readonly<Record<Clock, T>> => ({
  given: write(nows.given),
  database: write(nows.database),
})

export const clockOf = (dialect: Dialect, wanted: Clock): Clock => (dialect === 'postgres' ? wanted : 'given')
