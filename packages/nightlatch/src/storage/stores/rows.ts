import type { Db, Dialect, Param } from '../engine/database.js'

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

/** `$1, $2, $3`: so many parameters, from that one on. */
export const marks = (count: number, from = 1): string =>
  Array.from({ length: count }, (_mark, at) => `$${at + from}`).join(', ')

/** `($1, $2), ($3, $4)` for two rows of two. */
export const valuesList = (rows: number, columns: number): string =>
  Array.from({ length: rows }, (_row, row) => `(${marks(columns, row * columns + 1)})`).join(', ')

/** What a statement has counted as `n`. */
export async function counted(db: Db, sql: string, params: readonly Param[]): Promise<number> {
  const row = await db.one<{ n: number }>(sql, params)
  return row?.n ?? 0
}
