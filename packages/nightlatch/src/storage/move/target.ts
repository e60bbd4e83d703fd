import type { Db } from '../engine/database.js'
import { StorageError } from '../engine/errors.js'
import { movePrefix, tables } from './tables.js'

const names = tables.map(({ name }) => name).join(', ')

/** Nobody else writes to the target until the transaction ends. SQLite has only one writer anyway. */
export async function ready(db: Db): Promise<void> {
  if (db.dialect === 'postgres') await db.run(`LOCK TABLE ${names} IN SHARE ROW EXCLUSIVE MODE`, [])
}

const isOfAMove = `substr(name, 1, ${movePrefix.length}) = '${movePrefix}'`

/** What tells that a database is somebody's. A server leaves a fact when it starts, and may be running with another key. */
const signs = [
  ['account', 'it has accounts'],
  ['audit', 'it has an audit trail'],
  [`fact WHERE NOT ${isOfAMove}`, 'a server was started on it'],
] as const

/** An installation is never written over, and no trail of one. */
export async function mustBeFree(db: Db): Promise<void> {
  for (const [rows, what] of signs) {
    if ((await db.one(`SELECT 1 AS used FROM ${rows} LIMIT 1`, [])) !== null)
      throw new StorageError(
        'failed',
        `the target is in use: ${what}. Nothing was changed. Name a new database, or move that one out of the way`,
      )
  }
}

/** What is damaged must not travel. PostgreSQL sees to it by itself. */
export async function mustBeWhole(db: Db): Promise<void> {
  if (db.dialect === 'postgres') return
  const [found] = await db.all<{ integrity_check: string }>('SELECT * FROM pragma_integrity_check', [])
  if (found?.integrity_check !== 'ok')
    throw new StorageError('damaged', 'the database file is damaged, so nothing was moved: restore a backup')
  const [orphan] = await db.all<{ table: string; parent: string }>(
    'SELECT * FROM pragma_foreign_key_check',
    [],
  )
  if (orphan !== undefined)
    throw new StorageError(
      'damaged',
      `a row of the table ${orphan.table} belongs to something in ${orphan.parent} that is not there, ` +
        'so nothing was moved: restore a backup',
    )
}

/** Nobody has to hear of each row of a copy; of the whole, once. */
export async function switchTriggers(db: Db, word: 'DISABLE' | 'ENABLE'): Promise<void> {
  if (db.dialect === 'sqlite') return
  // Triggers cannot be switched while a deferred check is still to come.
  await db.run('SET CONSTRAINTS ALL IMMEDIATE', [])
  for (const { name } of tables) await db.run(`ALTER TABLE ${name} ${word} TRIGGER USER`, [])
  if (word === 'ENABLE') await db.one(`SELECT pg_notify('nightlatch_changed', '*')`, [])
}

/** The next event gets the number behind the last one that was ever given. */
export async function setCounter(source: Db, target: Db): Promise<void> {
  const last = await lastNumber(source)
  if (last === 0) return
  if (target.dialect === 'postgres') {
    await target.one(`SELECT setval(pg_get_serial_sequence('audit', 'sequence'), $1)`, [last])
    return
  }
  await target.run(`DELETE FROM sqlite_sequence WHERE name = 'audit'`, [])
  await target.run(`INSERT INTO sqlite_sequence (name, seq) VALUES ('audit', $1)`, [last])
}

async function lastNumber(db: Db): Promise<number> {
  if (db.dialect === 'sqlite') {
    const row = await db.one<{ seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'audit'`, [])
    return row?.seq ?? 0
  }
  // Where numbers were drawn and not kept, the counter is ahead of the rows.
  const row = await db.one<{ last: number | null }>(
    `SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence('audit', 'sequence') AS regclass)) AS last`,
    [],
  )
  return row?.last ?? 0
}
