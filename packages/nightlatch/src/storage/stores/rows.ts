import type { Dialect } from '../engine/database.js'

/** What each database is told. */
export const byDialect = (write: (dialect: Dialect) => string): Readonly<Record<Dialect, string>> => ({
  sqlite: write('sqlite'),
  postgres: write('postgres'),
})

/**
 * Removes the rows whose `column` is among what `select` finds. PostgreSQL looks for them once, and passes by
 * those that somebody holds just now: housekeeping waits for nobody.
 */
export const removeAmong = (
  table: string,
  column: string,
  select: string,
): Readonly<Record<Dialect, string>> => ({
  sqlite: `DELETE FROM ${table} WHERE ${column} IN (${select})`,
  postgres: `DELETE FROM ${table} WHERE ${column} = ANY (ARRAY(${select} FOR UPDATE SKIP LOCKED))`,
})

/** `($1, $2), ($3, $4)` for two rows of two. */
export function valuesList(rows: number, columns: number): string {
  return Array.from({ length: rows }, (_row, row) => {
    const marks = Array.from({ length: columns }, (_column, column) => `$${row * columns + column + 1}`)
    return `(${marks.join(', ')})`
  }).join(', ')
}
