import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Database } from '../../../../src/storage/engine/database.js'
import { openSqlite } from '../../../../src/storage/engine/sqlite/sqlite.js'

const rows = 250

let folder: string
let file: string
let database: Database

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nightlatch-checkpoints-'))
  file = join(folder, 'one.db')
  database = await openSqlite(file)
  await database.db.run('CREATE TABLE note (n INTEGER PRIMARY KEY, words TEXT NOT NULL)', [])
})

afterEach(async () => {
  await database.close()
  rmSync(folder, { recursive: true })
})

async function writeSome(): Promise<void> {
  for (let n = 0; n < rows; n += 1)
    await database.db.run('INSERT INTO note (n, words) VALUES ($1, $2)', [n, 'x'.repeat(2000)])
}

const kept = async (db: Database): Promise<number> =>
  (await db.db.one<{ n: number }>('SELECT count(*) AS n FROM note', []))?.n ?? 0

it(
  'what was written reaches the database file while the server runs, in no commit',
  { timeout: 30_000 },
  async () => {
    await writeSome()
    // By itself SQLite would begin after eight thousand pages: this is the thread's work.
    while (statSync(file).size < 100 * 2000) await new Promise((resolve) => setImmediate(resolve))
    expect(await kept(database)).toBe(rows)
  },
)

it('the end leaves everything in the one file, also in the middle of a checkpoint', async () => {
  await writeSome()
  await database.close()
  for (const name of readdirSync(folder)) if (name !== 'one.db') rmSync(join(folder, name))
  database = await openSqlite(file)
  expect(await kept(database)).toBe(rows)
})
