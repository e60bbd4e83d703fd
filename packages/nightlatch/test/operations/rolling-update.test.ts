import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/storage/engine/database.js'
import { migrate } from '../../src/storage/migrations/migrate.js'
import { migrations, type Migration } from '../../src/storage/migrations/index.js'
import { openPostgres } from '../../src/storage/engine/postgres/postgres.js'
import { openSqlite } from '../../src/storage/engine/sqlite/sqlite.js'
import { enrolledPerson, startApp, type TestApp } from '../support/app.js'
import { anotherSession } from '../support/attack.js'
import { spawnCli } from '../support/cli.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'
import { until } from '../support/until.js'
import { patient } from '../support/pace.js'

/** What the next version may bring: everything is added, nothing is taken away. */
const nextStep: Migration = {
  id: migrations.length + 1,
  name: 'of the next version',
  statements: [
    `ALTER TABLE account ADD COLUMN nickname {text} NOT NULL DEFAULT ''`,
    `ALTER TABLE session ADD COLUMN device {text} NOT NULL DEFAULT ''`,
    `ALTER TABLE authenticator ADD COLUMN colour {text} NOT NULL DEFAULT ''`,
    'CREATE INDEX session_device ON session (device)',
    'CREATE TABLE novelty (id {text} PRIMARY KEY, account {text} NOT NULL REFERENCES account ON DELETE CASCADE) {keyed}',
  ],
}

function openAgain(app: TestApp): Promise<Database> {
  const { database } = app.nightlatch.settings
  return database.kind === 'sqlite'
    ? openSqlite(database.file)
    : openPostgres(database.url.reveal(), { poolSize: 2, statementMs: 5000, onLost: () => undefined })
}

describe.each(databases)('a rolling update on $name', (kind) => {
  it(
    'the previous version serves on while the next one changes the schema, and is refused at a restart',
    async () => {
      const app = await startAppOn(kind)
      const ada = await enrolledPerson(app, 'ada')
      const before = await anotherSession(app, ada)
      const statuses: number[] = []
      let over = false
      const asking = [1, 2, 3, 4].map(async () => {
        while (!over)
          for (const path of ['/account', '/api/v1/session', '/readyz'])
            statuses.push((await before.get(path)).status)
      })
      while (statuses.length < 100) await new Promise((resolve) => setTimeout(resolve, 5))

      const next = await openAgain(app)
      await migrate(next, [...migrations, nextStep])
      await anotherSession(app, ada)
      const asked = statuses.length
      while (statuses.length < asked + 100) await new Promise((resolve) => setTimeout(resolve, 5))
      over = true
      await Promise.all(asking)
      expect(new Set(statuses)).toEqual(new Set([200]))
      expect(app.logged).toEqual([])

      // What the old one writes, the new one reads, and the other way round.
      const { n } = (await next.db.one<{ n: number }>(
        `SELECT count(*) AS n FROM session JOIN account ON account.id = account WHERE device = '' AND nickname = ''`,
        [],
      ))!
      expect(n).toBeGreaterThanOrEqual(3)
      await next.db.run(`DELETE FROM session`, [])
      await next.close()
      // On PostgreSQL this takes as long as a notification does.
      await until(async () => (await before.get('/account')).status === 303)

      const again = { dataFolder: app.dataFolder, clock: app.clock }
      const { database } = app.nightlatch.settings
      const env: Record<string, string> =
        database.kind === 'postgres' ? { NIGHTLATCH_DATABASE_URL: database.url.reveal() } : {}
      await expect(startApp({ ...again, env })).rejects.toMatchObject({ code: 'newer-version' })
      const refused = spawnCli(['serve', '--port', '0'], { env: { ...env, NIGHTLATCH_DATA: app.dataFolder } })
      expect(refused).toMatchObject({
        status: 1,
        out: '',
        err: expect.stringMatching(/^nightlatch: this database is from a newer version [^\n]+\n$/) as string,
      })
      expect((await app.browser().get('/readyz')).status).toBe(200)
      await app.close()
    },
    patient(60_000),
  )
})
