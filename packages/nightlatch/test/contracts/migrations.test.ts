import { describe, expect, it } from 'vitest'
import { openPostgres } from '../../src/storage/engine/postgres/postgres.js'
import { openSqlite } from '../../src/storage/engine/sqlite/sqlite.js'
import { inDialect, migrations } from '../../src/storage/migrations/index.js'
import { databases, type TestDatabase } from '../support/databases.js'

describe.each(databases)('migrations on $name', (kind) => {
  async function on(act: (database: TestDatabase) => Promise<void>): Promise<void> {
    const database = await kind.create({ empty: true })
    try {
      await act(database)
    } finally {
      await database.remove()
    }
  }

  it('of eight servers that start at once on an empty database, one applies them and all serve', () =>
    on(async (database) => {
      const servers = await Promise.all(Array.from({ length: 8 }, () => database.open()))
      for (const server of servers) await server.check()
      await servers[0]!.stores.facts.put('one', 'database')
      expect(await servers[7]!.stores.facts.get('one')).toBe('database')
    }))

  it('a database of a newer version is refused and left alone', () =>
    on(async (database) => {
      const old = await database.open()
      await database.sql(`INSERT INTO migration (id, name, applied_at) VALUES (7777, 'future', 1)`)
      await expect(database.open()).rejects.toMatchObject({
        code: 'newer-version',
        message: expect.stringContaining('migration 7777 is unknown here') as string,
      })
      // What was open before the newer version came goes on.
      await old.check()
    }))

  it('a database that lacks a migration is not ready', () =>
    on(async (database) => {
      const server = await database.open()
      await database.sql('DELETE FROM migration')
      const message = `the database lacks migration 1 (${migrations[0]!.name})`
      await expect(server.check()).rejects.toMatchObject({ code: 'unavailable', message })
    }))

  it('each step is written down with its name and the moment', () =>
    on(async (database) => {
      const began = Math.floor(Date.now() / 1000)
      await database.open()
      const engine = await (typeof database.location === 'string'
        ? openPostgres(database.location, { poolSize: 1, statementMs: 5000, onLost: () => undefined })
        : openSqlite(database.location.sqliteFile))
      const rows = await engine.db.all<{ id: number; name: string; applied_at: number }>(
        'SELECT id, name, applied_at FROM migration ORDER BY id',
        [],
      )
      await engine.close()
      expect(rows.map(({ id, name }) => ({ id, name }))).toEqual(
        migrations.map(({ id, name }) => ({ id, name })),
      )
      for (const { applied_at: at } of rows) {
        expect(at).toBeGreaterThanOrEqual(began)
        expect(at).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000))
      }
      expect(new Set(migrations.map(({ name }) => name)).size).toBe(migrations.length)
      expect(migrations.map(({ name }) => name)).not.toContain('')
    }))

  it('a migration that fails half-way leaves nothing', () =>
    on(async (database) => {
      await database.sql('CREATE TABLE audit (somebody_elses integer)')
      await expect(database.open()).rejects.toMatchObject({ name: 'StorageError' })
      await database.sql('DROP TABLE audit')
      await (await database.open()).check()
    }))
})

it('migrations are numbered without gaps', () => {
  expect(migrations.map((migration) => migration.id)).toEqual(migrations.map((_one, index) => index + 1))
})

it('a word that no database knows is a mistake, not SQL', () => {
  expect(() => inDialect('sqlite', 'CREATE TABLE t (a {blob})')).toThrow('{blob}')
})
