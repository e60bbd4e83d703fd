/**
 * Better Auth on PostgreSQL: the tables that better-auth 1.7.25 wrote into SQLite (28 November 2026, see files/README.md),
 * with the column types that its documentation has for PostgreSQL.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { expect, it } from 'vitest'
import { openOtherDatabase } from '../../src/compose/other-database.js'
import { run, temporaryFolder } from '../support/cli.js'
import { databases } from '../support/databases.js'

const file = fileURLToPath(new URL('files/better-auth.sqlite', import.meta.url))
const secret = 'a-secret-of-the-invented-site-0123456789'
const booleans = new Set(['emailVerified', 'verified', 'twoFactorEnabled', 'banned'])

/** @returns how many rows there are */
async function copyTables(to: pg.Client): Promise<number> {
  const from = await openOtherDatabase(file)
  let copied = 0
  for (const table of ['user', 'account', 'twoFactor']) {
    const rows = await from.all(`SELECT * FROM "${table}"`)
    const columns = Object.keys(rows[0] ?? { id: '' })
    const typed = columns.map((name) => `"${name}" ${booleans.has(name) ? 'boolean' : 'text'}`)
    await to.query(`CREATE TABLE "${table}" (${typed.join(', ')})`)
    for (const row of rows) {
      const values = columns.map((name) =>
        booleans.has(name) && row[name] !== null ? Boolean(row[name]) : row[name],
      )
      await to.query(
        `INSERT INTO "${table}" VALUES (${columns.map((_name, at) => `$${at + 1}`).join(', ')})`,
        values,
      )
      copied += 1
    }
  }
  await from.close()
  return copied
}

it('better-auth on PostgreSQL says the same as on SQLite, is only read, and needs its secret', async () => {
  const database = await databases[1]!.create({ empty: true })
  const url = String(database.location)
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    expect(await copyTables(client)).toBeGreaterThan(4)
    const data = ['--data', join(temporaryFolder(), 'data')]
    const words = (place: string) => ['import', 'better-auth', place, '--dry-run', '--json', ...data]
    const env = { BETTER_AUTH_SECRET: secret }
    const [here, there] = [await run(words(file), { env }), await run(words(url), { env })]
    expect(there).toMatchObject({ status: 0, out: here.out })
    expect(there.out).toContain('"type":"totp"')
    // Of more people than are read at once, everybody once.
    await client.query(
      `INSERT INTO "user" (id, name, email) SELECT 'u' || i, 'Name', 'p' || i || '@example.org' FROM generate_series(1, 4100) i`,
    )
    expect((await run(words(url), { env })).err).toContain('4102 added')
    const wrong = await run(words(url), { env: { BETTER_AUTH_SECRET: 'x' } })
    expect(wrong).toMatchObject({ status: 1, err: expect.stringContaining('wrong BETTER_AUTH_SECRET') })
    const tables = await client.query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")
    expect(tables.rowCount).toBe(3)
  } finally {
    await client.end()
    await database.remove()
  }
})
