import type { Db } from '../engine/database.js'

/** What a query found, as the core knows it. */
export async function found<Row, Thing>(
  row: Promise<Row | null>,
  thingOf: (row: Row) => Thing,
): Promise<Thing | null> {
  const there = await row
  return there === null ? null : thingOf(there)
}

export async function foundAll<Row, Thing>(
  rows: Promise<readonly Row[]>,
  thingOf: (row: Row) => Thing,
): Promise<readonly Thing[]> {
  return (await rows).map(thingOf)
}

/** A conditional write that concerns one row at most: its row count is the answer. */
export async function wrote(rows: Promise<number>): Promise<boolean> {
  return (await rows) > 0
}

export async function done(rows: Promise<number>): Promise<void> {
  await rows
}

/**
 * A condition on `column` for one of the rows that `select` finds. PostgreSQL looks for them once, and passes by
 * those that somebody holds just now: housekeeping waits for nobody.
 */
export function among(db: Db, column: string, select: string): string {
  return db.dialect === 'postgres'
    ? `${column} = ANY (ARRAY(${select} FOR UPDATE SKIP LOCKED))`
    : `${column} IN (${select})`
}

/** `($1, $2), ($3, $4)` for two rows of two. */
export function valuesList(rows: number, columns: number): string {
  return Array.from({ length: rows }, (_row, row) => {
    const marks = Array.from({ length: columns }, (_column, column) => `$${row * columns + column + 1}`)
    return `(${marks.join(', ')})`
  }).join(', ')
}
