import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/storage/engine/database.js'
import { openPostgres } from '../../src/storage/engine/postgres/postgres.js'
import { openSqlite } from '../../src/storage/engine/sqlite/sqlite.js'
import { tables } from '../../src/storage/move/tables.js'
import { databases, type TestDatabase } from '../support/databases.js'

/** What the database itself says of its tables: `t` and what else is asked for. */
const questions = {
  sqlite: {
    columns: `SELECT m.name AS t, c.name AS c, lower(c.type) AS kind
      FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
      WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`,
    keys: `SELECT m.name AS t, c.name AS c FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
      WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND c.pk > 0 ORDER BY m.name, c.pk`,
    references: `SELECT m.name AS t, f."table" AS other FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f`,
  },
  postgres: {
    columns: `SELECT table_name AS t, column_name AS c, replace(data_type, 'bigint', 'integer') AS kind
      FROM information_schema.columns WHERE table_schema = 'public'`,
    keys: `SELECT table_name AS t, column_name AS c FROM information_schema.key_column_usage
      JOIN information_schema.table_constraints USING (constraint_name, table_name)
      WHERE constraint_type = 'PRIMARY KEY' AND table_constraints.table_schema = 'public'
      ORDER BY table_name, ordinal_position`,
    references: `SELECT own.relname AS t, other.relname AS other FROM pg_constraint
      JOIN pg_class AS own ON own.oid = conrelid JOIN pg_class AS other ON other.oid = confrelid
      WHERE contype = 'f'`,
  },
} as const

describe.each(databases)('the list of tables that are moved from $name', (kind) => {
  let test: TestDatabase
  let database: Database
  beforeAll(async () => {
    test = await kind.create()
    await (await test.open()).close()
    const { location } = test
    database = await (typeof location === 'string'
      ? openPostgres(location, { poolSize: 1, statementMs: 5000, onLost: () => undefined })
      : openSqlite(location.sqliteFile))
  })
  afterAll(async () => {
    await database.close()
    await test.remove()
  })

  const told = async (question: 'columns' | 'keys' | 'references') =>
    (await database.db.all<Record<string, string>>(questions[kind.name][question], [])).filter(
      ({ t }) => t !== 'migration' && t !== 'lease',
    )

  it('has every table and column of the schema', async () => {
    const schema = (await told('columns')).map(({ t, c, kind }) => [t, c, kind].join(' '))
    const listed = tables.flatMap(({ name, text, integers }) => [
      ...text.map((column) => `${name} ${column} text`),
      ...integers.map((column) => `${name} ${column} integer`),
    ])
    expect(listed.sort()).toEqual(schema.sort())
    for (const { columns, text, integers } of tables) expect(columns).toEqual([...text, ...integers])
  })

  it('goes through each table by its key', async () => {
    const keys: Record<string, string[]> = {}
    for (const { t, c } of await told('keys')) (keys[t!] ??= []).push(c!)
    expect(Object.fromEntries(tables.map(({ name, key }) => [name, key]))).toEqual(keys)
  })

  it('has each table behind those that it refers to', async () => {
    const names = tables.map(({ name }) => name)
    const references = await told('references')
    expect(references.length).toBeGreaterThan(10)
    for (const { t, other } of references)
      expect(names.indexOf(other!), `${t} refers to ${other}`).toBeLessThan(names.indexOf(t!))
  })

  it('leaves out what a move has written down about a database, and nothing else', async () => {
    for (const { name, where } of tables) expect(where === '', name).toBe(name !== 'fact')
    const { where } = tables.find(({ name }) => name === 'fact')!
    for (const name of ['move:in', 'move', 'moved', 'a move:'])
      await database.db.run('INSERT INTO fact (name, value) VALUES ($1, $2)', [name, 'x'])
    const kept = await database.db.all<{ name: string }>(
      `SELECT name FROM fact WHERE ${where} ORDER BY name`,
      [],
    )
    expect(kept.map(({ name }) => name)).toEqual(['a move:', 'move', 'moved'])
  })
})
