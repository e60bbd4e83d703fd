import { describe, expect, it } from 'vitest'
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
      await expect(server.check()).rejects.toMatchObject({ code: 'unavailable' })
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
