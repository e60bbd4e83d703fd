import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStorage } from '../../src/storage/index.js'
import { migrate } from '../../src/storage/migrations/migrate.js'
import { migrations } from '../../src/storage/migrations/index.js'
import { openPostgres } from '../../src/storage/engine/postgres/postgres.js'
import { enrolledPerson, startApp } from '../support/app.js'
import { withPassword } from '../support/attack.js'
import { spawnCli, temporaryFolder } from '../support/cli.js'
import { fillUp, selfSigned, smallDisk, startOwnPostgres, type OwnPostgres } from '../support/own-postgres.js'
import { patient } from '../support/pace.js'

let postgres: OwnPostgres
let tls: ReturnType<typeof selfSigned>
beforeAll(async () => {
  tls = selfSigned('localhost')
  postgres = await startOwnPostgres({ ssl: 'on', ssl_cert_file: tls.certificate, ssl_key_file: tls.key })
  await postgres.sql('CREATE DATABASE good')
  await (await openStorage(postgres.url('good'))).close()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(dirname(tls.key), { recursive: true })
})

const secret = randomBytes(32).toString('base64')
const start = (url: string) =>
  spawnCli(['serve', '--port', '0'], {
    env: { NIGHTLATCH_DATABASE_URL: url, NIGHTLATCH_SECRET: secret, NIGHTLATCH_DATA: temporaryFolder() },
  })

/** One line that says what is wrong, and no more. */
function isRefused(url: string, status: 1 | 2, line: RegExp): void {
  const ran = start(url)
  expect([ran.status, ran.out]).toEqual([status, ''])
  expect(ran.err).toMatch(/^[^\n]+\n$/)
  expect(ran.err).toMatch(line)
  expect(ran.err).not.toContain('hunter2')
}

describe('a start is refused in one line', () => {
  const changed = (change: (url: URL) => void, database = 'good'): string => {
    const url = new URL(postgres.url(database))
    change(url)
    return url.href
  }

  it('with an address that is none', () => {
    isRefused('postgres://host:port/db', 1, /the database address is not right/)
    isRefused('mysql://localhost/db', 2, /NIGHTLATCH_DATABASE_URL/)
  })

  it('where nobody listens', () => {
    const url = changed((other) => {
      other.port = '1'
      other.password = 'hunter2'
    })
    isRefused(url, 1, /the database cannot be reached \(127\.0\.0\.1:1\)/)
  })

  it('where there is no such database, or no such user', () => {
    isRefused(postgres.url('nowhere'), 1, /no database of that name/)
    isRefused(
      changed((url) => (url.username = 'nobody')),
      1,
      /refuses/,
    )
  })

  it('to a user who may not make tables, or not use those that are there', async () => {
    await postgres.sql(`CREATE ROLE guest LOGIN PASSWORD 'hunter2'`)
    await postgres.sql('CREATE DATABASE empty')
    const guest = (database: string) => changed((url) => (url.username = 'guest'), database)
    isRefused(guest('empty'), 1, /lacks rights/)
    isRefused(guest('good'), 1, /lacks rights/)
  })

  it('where the tables of an older try are in the way', async () => {
    await postgres.sql('CREATE DATABASE occupied')
    await postgres.sql('CREATE TABLE session (somebody_elses integer)', 'occupied')
    isRefused(postgres.url('occupied'), 1, /tables of another program/)
  })

  it('where the certificate is vouched for by nobody, or is for another name', async () => {
    const verified = changed((url) => url.searchParams.set('sslmode', 'verify-full'))
    isRefused(verified, 1, /no trusted connection to the database/)
    for (const mode of ['require', 'prefer', 'verify-ca'])
      isRefused(verified.replace('verify-full', mode), 1, /no trusted connection to the database/)
    const trusted = changed((url) => {
      url.searchParams.set('sslmode', 'verify-full')
      url.searchParams.set('sslrootcert', tls.certificate)
    })
    isRefused(trusted, 1, /no trusted connection to the database/)
    const named = await openStorage(trusted.replace('127.0.0.1', 'localhost'))
    await named.check()
    await named.close()
  })

  it('with nothing but a real replica; with both it is the primary that serves', async () => {
    const replica = await postgres.replica()
    try {
      isRefused(replica.url('good'), 1, /takes no writes/)
      const both = `postgres://postgres@127.0.0.1:${replica.port},127.0.0.1:${postgres.port}/good`
      const storage = await openStorage(both)
      await storage.stores.facts.put('written', 'yes')
      await storage.close()
    } finally {
      await replica.stop()
    }
  })
})

it('a database that was left half-way by an older version is brought up to date', async () => {
  await postgres.sql('CREATE DATABASE half')
  const options = { poolSize: 1, statementMs: 5000, onLost: () => undefined }
  const older = await openPostgres(postgres.url('half'), options)
  await migrate(older, migrations.slice(0, 1))
  await older.close()
  const storage = await openStorage(postgres.url('half'))
  await storage.check()
  await storage.close()
})

describe('while it serves', () => {
  it('a table that is away, as in the middle of a restore, is an outage', async () => {
    await postgres.sql('CREATE DATABASE restored')
    const app = await startApp({ env: { NIGHTLATCH_DATABASE_URL: postgres.url('restored') } })
    const bob = await enrolledPerson(app, 'bob')
    await postgres.sql('ALTER TABLE sign_in RENAME TO away', 'restored')
    const reply = await app.browser().post('/login', { username: 'bob', password: bob.password })
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '5'])
    await postgres.sql('ALTER TABLE away RENAME TO sign_in', 'restored')
    expect((await withPassword(app, bob)).cookies.size).toBeGreaterThan(0)
    await app.close()
  })

  it('rights that are taken away are an outage, and nobody gets in', async () => {
    await postgres.sql('CREATE DATABASE taken')
    await postgres.sql(`CREATE ROLE tenant LOGIN`)
    await postgres.sql('ALTER DATABASE taken OWNER TO tenant')
    await postgres.sql('GRANT ALL ON SCHEMA public TO tenant', 'taken')
    const url = postgres.url('taken').replace('postgres@', 'tenant@')
    const app = await startApp({ env: { NIGHTLATCH_DATABASE_URL: url } })
    const ada = await enrolledPerson(app, 'ada')
    const half = await withPassword(app, ada)
    await postgres.sql('REVOKE INSERT ON session FROM tenant', 'taken')
    const code = ada.phone.code()
    const refused = await half.post('/mfa/verify', { otp: code })
    expect([refused.status, refused.headers['set-cookie']]).toEqual([503, undefined])
    expect(refused.headers['retry-after']).toBe('5')
    await postgres.sql('GRANT INSERT ON session TO tenant', 'taken')
    expect((await half.post('/mfa/verify', { otp: code })).status).toBe(303)
    await app.close()
  })

  const disk = smallDisk(40)
  afterAll(() => disk?.remove())

  it.skipIf(disk === null)(
    'a full disk of the database is an outage, and nothing is lost',
    async () => {
      await postgres.sql(`CREATE TABLESPACE small LOCATION '${disk!.path}/space'`)
      await postgres.sql('CREATE DATABASE small TABLESPACE small')
      const app = await startApp({ env: { NIGHTLATCH_DATABASE_URL: postgres.url('small') } })
      const ada = await enrolledPerson(app, 'ada')
      const half = await withPassword(app, ada)
      const giveBack = fillUp(disk!.path)
      const statuses = new Set<number>()
      for (let tries = 0; tries < 4000 && !statuses.has(503); tries += 1) {
        const reply = await app.browser().post('/login', { username: 'ada', password: ada.password })
        statuses.add(reply.status)
      }
      expect(statuses).toContain(503)
      expect((await ada.browser.get('/account')).status).toBe(200)
      expect((await app.browser().get('/healthz')).status).toBe(200)
      expect(app.logged.join('\n')).toContain("the database's disk is full")
      giveBack()
      expect((await half.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
      await app.close()
      await postgres.sql('DROP DATABASE small WITH (FORCE)')
    },
    patient(120_000),
  )

  it('whatever says that the disk is full is an outage', async () => {
    const app = await startApp({ env: { NIGHTLATCH_DATABASE_URL: postgres.url('good') } })
    const ada = await enrolledPerson(app, 'ada')
    await postgres.sql(
      `CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER is_full BEFORE INSERT ON sign_in EXECUTE FUNCTION is_full()`,
      'good',
    )
    const reply = await app.browser().post('/login', { username: 'ada', password: ada.password })
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '5'])
    await postgres.sql('DROP FUNCTION is_full CASCADE', 'good')
    expect((await withPassword(app, ada)).cookies.size).toBeGreaterThan(0)
    await app.close()
  })
})
