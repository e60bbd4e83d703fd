import type { Db } from '../engine/database.js'
import { counted, marks } from './rows.js'

/** Where sealed texts lie: a table, the key of its rows, and what is read of each. */
interface Sealed {
  readonly table: string
  readonly key: string
  readonly columns: string
}

/** A sealed text is `v1.<16 characters that name the key>.…`; there is an index of them. */
const sealedUnder = 'substr(sealed, 4, 16)'

/**
 * $1 the key that they are not sealed under, $2 how many, $3 the text and $4 the row behind which they begin. By their keys
 * and rows, in two ranges of the index: nothing that is sealed under the key is looked at.
 */
export function notSealedUnder({ table, key, columns }: Sealed): string {
  const range = (beside: '<' | '>'): string =>
    `SELECT * FROM (SELECT ${columns} FROM ${table}
      WHERE ${sealedUnder} ${beside} $1 AND (${sealedUnder}, ${key}) > (substr($3, 4, 16), $4)
      ORDER BY ${sealedUnder}, ${key} LIMIT $2) AS beside`
  return `${range('<')} UNION ALL ${range('>')} LIMIT $2`
}

export const countNotSealedUnder = (db: Db, table: string, keyIds: readonly string[]): Promise<number> =>
  counted(
    db,
    `SELECT count(*) AS n FROM ${table}
      ${keyIds.length === 0 ? '' : `WHERE ${sealedUnder} NOT IN (${marks(keyIds.length)})`}`,
    keyIds,
  )

/** False when it changed meanwhile. */
export const reseal = (
  db: Db,
  { table, key }: Omit<Sealed, 'columns'>,
  [row, from, to]: readonly [row: string, from: string, to: string],
): Promise<boolean> =>
  db.wrote(`UPDATE ${table} SET sealed = $3 WHERE ${key} = $1 AND sealed = $2`, [row, from, to])
