import type { Database, Db, Dialect } from '../engine/database.js'
import { StorageError } from '../engine/errors.js'
import { inDialect, type Migration, migrations } from './index.js'

const tableExists: Readonly<Record<Dialect, string>> = {
  sqlite: `SELECT count(*) AS there FROM sqlite_schema WHERE type = 'table' AND name = 'migration'`,
  postgres: `SELECT CASE WHEN to_regclass('migration') IS NULL THEN 0 ELSE 1 END AS there`,
}

/**
 * Brings the schema up to date. Any number of servers may start at once: one applies what is missing, in one
 * transaction, and the others find it done.
 */
export async function migrate(database: Database, wanted: readonly Migration[] = migrations): Promise<void> {
  if ((await missing(database.db, wanted)).length === 0) return
  await database.patiently((db) =>
    db.atomic(async (transaction) => {
      await transaction.lock('migration')
      for (const migration of await missing(transaction, wanted)) await apply(transaction, migration)
    }),
  )
}

/** Throws when something of the schema is missing. A newer schema is fine: its steps only add. */
export async function mustBeMigrated(db: Db): Promise<void> {
  const applied = await appliedIds(db)
  const lacking = migrations.find((migration) => !applied.includes(migration.id))
  if (lacking !== undefined)
    throw new StorageError('unavailable', `the database lacks migration ${lacking.id} (${lacking.name})`)
}

async function missing(db: Db, wanted: readonly Migration[]): Promise<readonly Migration[]> {
  const applied = await appliedIds(db)
  const unknown = applied.find((id) => !wanted.some((migration) => migration.id === id))
  if (unknown !== undefined)
    throw new StorageError(
      'newer-version',
      `this database is from a newer version of Nightlatch (migration ${unknown} is unknown here): ` +
        'start that version, or restore a backup from before it',
    )
  return wanted.filter((migration) => !applied.includes(migration.id))
}

async function appliedIds(db: Db): Promise<readonly number[]> {
  const found = await db.one<{ there: number }>(tableExists[db.dialect], [])
  if (found?.there !== 1) return []
  const rows = await db.all<{ id: number }>('SELECT id FROM migration ORDER BY id', [])
  return rows.map((row) => row.id)
}

async function apply(db: Db, migration: Migration): Promise<void> {
  if (migration.id === 1)
    await db.run(
      inDialect(
        db.dialect,
        'CREATE TABLE migration (id {integer} PRIMARY KEY, name {text} NOT NULL, applied_at {integer} NOT NULL)',
      ),
      [],
    )
  const isNeeded = migration.only === undefined || migration.only === db.dialect
  for (const statement of isNeeded ? migration.statements : [])
    await db.run(inDialect(db.dialect, statement), [])
  await db.run('INSERT INTO migration (id, name, applied_at) VALUES ($1, $2, $3)', [
    migration.id,
    migration.name,
    Math.floor(Date.now() / 1000),
  ])
}
