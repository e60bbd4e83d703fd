import { createHash } from 'node:crypto'
import type { Db, Param } from '../engine/database.js'
import { StorageError } from '../engine/errors.js'
import type { Table } from './tables.js'

/** So many rows are in memory at a time, and in one statement. */
const batchRows = 1000

type Row = Readonly<Record<string, Param>>

/** What a table holds: equal on both sides, or the copy is none. */
export interface Content {
  readonly rows: number
  /** Of every value of every row, in the order of the key. */
  readonly sha256: string
}

/** Hears of each batch of rows, and may throw to end it all. */
export type OnRows = (rows: number) => Promise<void>

/** The rows in the order of the key, however many: each batch begins behind the last row of the one before. */
async function* batchesOf(db: Db, table: Table): AsyncGenerator<readonly Row[]> {
  const { name, key, columns, where } = table
  const marks = key.map((_column, index) => `$${index + 1}`).join(', ')
  const behind = `(${key.join(', ')}) > (${marks})`
  const read = (conditions: readonly string[]): string =>
    `SELECT ${columns.join(', ')} FROM ${name}
      ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
      ORDER BY ${key.join(', ')} LIMIT ${batchRows}`
  const always = where === '' ? [] : [where]
  let rows = await db.all<Row>(read(always), [])
  while (rows.length > 0) {
    yield rows
    const last = rows[rows.length - 1]
    if (last === undefined || rows.length < batchRows) return
    rows = await db.all<Row>(
      read([...always, behind]),
      key.map((column) => last[column] ?? null),
    )
  }
}

/** Reads a table to its end. `use` gets every batch, as the values of the rows in the order of the columns. */
async function walk(
  db: Db,
  table: Table,
  use: (rows: readonly Param[][]) => Promise<void>,
): Promise<Content> {
  const hash = createHash('sha256')
  let rows = 0
  for await (const batch of batchesOf(db, table)) {
    const values = batch.map((row) => table.columns.map((column) => row[column] ?? null))
    for (const row of values) hash.update(`${JSON.stringify(row)}\n`)
    rows += values.length
    await use(values)
  }
  return { rows, sha256: hash.digest('hex') }
}

/** @returns what was read, which is not yet what arrived */
export function copyTable(from: Db, to: Db, { table, onRows }: Copying): Promise<Content> {
  return walk(from, table, async (rows) => {
    await insert(to, table, rows)
    await onRows(rows.length)
  })
}

interface Copying {
  readonly table: Table
  readonly onRows: OnRows
}

export const contentOf = (db: Db, { table, onRows }: Copying): Promise<Content> =>
  walk(db, table, (rows) => onRows(rows.length))

/** The quotes keep the statement out of what servers remember: nobody reads there yet. */
async function insert(db: Db, table: Table, rows: readonly Param[][]): Promise<void> {
  const into = `INSERT INTO "${table.name}" (${table.columns.map((column) => `"${column}"`).join(', ')})`
  if (db.dialect === 'sqlite') {
    // One parameter for all: SQLite looks each numbered one up, and thousands of them take for ever.
    const values = table.columns.map((_column, index) => `value ->> ${index}`)
    await db.run(`${into} SELECT ${values.join(', ')} FROM json_each($1)`, [JSON.stringify(rows)])
    return
  }
  const arrays = table.columns.map(
    (column, index) => `CAST($${index + 1} AS ${table.integers.includes(column) ? 'bigint' : 'text'}[])`,
  )
  await db.run(
    `${into} OVERRIDING SYSTEM VALUE SELECT * FROM unnest(${arrays.join(', ')})`,
    table.columns.map((_column, index) => arrayOf(rows.map((row) => row[index] ?? null))),
  )
}

/** A list as PostgreSQL writes it: one parameter a column, whatever the number of rows. */
const arrayOf = (values: readonly Param[]): string =>
  `{${values.map((value) => (value === null ? 'NULL' : quoted(value))).join(',')}}`

const quoted = (value: string | number): string =>
  typeof value === 'number' ? String(value) : `"${value.replace(/["\\]/g, '\\$&')}"`

interface Sums {
  readonly rows: number
  /** The octets of all text and the sum of all numbers, as the database itself counts them. */
  readonly octets: string
  readonly numbers: string
}

/** Bytes that are no text come out of SQLite as other text than they are: here they show. */
export async function sumsOf(db: Db, { name, text, integers, where }: Table): Promise<Sums> {
  const length = (column: string): string =>
    db.dialect === 'sqlite' ? `length(CAST(${column} AS BLOB))` : `octet_length(${column})`
  const sum = (parts: readonly string[]): string =>
    parts.length === 0 ? '0' : `sum(${parts.map((part) => `COALESCE(${part}, 0)`).join(' + ')})`
  const row = await db.one<Sums>(
    `SELECT count(*) AS rows, CAST(COALESCE(${sum(text.map(length))}, 0) AS text) AS octets,
      CAST(COALESCE(${sum(integers)}, 0) AS text) AS numbers
      FROM ${name} ${where === '' ? '' : `WHERE ${where}`}`,
    [],
  )
  if (row === null) throw new StorageError('failed', `the table ${name} cannot be counted`)
  return row
}
