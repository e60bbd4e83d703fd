import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { openStorage, type OpenStorage, type StorageLocation } from '../../src/storage/index.js'
import { openSqlite } from '../../src/storage/engine/sqlite/sqlite.js'
import { isOwnServer, postgresUrl } from './postgres-server.js'

/** A kind of database that every storage test runs on. */
export interface DatabaseKind {
  readonly name: 'sqlite' | 'postgres'
  /** A new database that nobody else uses. With `empty` it surely has no schema before it is opened. */
  create(options?: { readonly empty?: boolean }): Promise<TestDatabase>
}

export interface TestDatabase {
  readonly location: StorageLocation
  /** Opens it once more: connections of its own, as another server or process has them. */
  open(): Promise<OpenStorage>
  /** Runs a statement past the stores. */
  sql(statement: string): Promise<void>
  /** Closes what was opened and removes the database. */
  remove(): Promise<void>
}

/**
 * Whoever waits for one of the server's connections waits three seconds for it, which many at once on a busy
 * machine do not get: the same place, for a test that is about something else.
 */
export function patiently(location: StorageLocation): StorageLocation {
  if (typeof location !== 'string') return location
  const url = new URL(location)
  url.searchParams.set('connect_timeout', '60')
  return url.href
}

interface Drop {
  drop(): Promise<void> | void
}

function testDatabase({ location, sql, drop }: Pick<TestDatabase, 'location' | 'sql'> & Drop): TestDatabase {
  const opened: OpenStorage[] = []
  return {
    location,
    sql,
    async open() {
      const storage = await openStorage(patiently(location))
      opened.push(storage)
      return storage
    },
    async remove() {
      await Promise.all(opened.map((storage) => storage.close()))
      await drop()
    },
  }
}

async function inSqlite(file: string, statement: string): Promise<void> {
  const database = await openSqlite(file)
  await database.db.run(statement, [])
  await database.close()
}

const sqlite: DatabaseKind = {
  name: 'sqlite',
  create() {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-test-'))
    const location = { sqliteFile: join(folder, 'data', 'nightlatch.sqlite') }
    const sql = (statement: string) => inSqlite(location.sqliteFile, statement)
    return Promise.resolve(testDatabase({ location, sql, drop: () => rmSync(folder, { recursive: true }) }))
  },
}

/** Runs statements, in one database or none in particular, as the server's superuser. */
export async function asSuperuser(database: string | null, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(await postgresUrl(), database) })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

function urlOf(server: string, database: string | null): string {
  const url = new URL(server)
  if (database !== null) url.pathname = `/${database}`
  return url.href
}

const template = `nightlatch_template_${process.pid}`

/** The migrated database that all others are copies of; whichever thread comes first makes it. */
async function templateReady(): Promise<void> {
  const client = new pg.Client({ connectionString: await postgresUrl() })
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock(1852)')
    const there = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template])
    if (there.rowCount === 1) return
    const making = `${template}_new`
    await client.query(`DROP DATABASE IF EXISTS ${making}`)
    await client.query(`CREATE DATABASE ${making} ENCODING 'UTF8' TEMPLATE template0`)
    await (await openStorage(urlOf(await postgresUrl(), making))).close()
    await client.query(`ALTER DATABASE ${making} RENAME TO ${template}`)
  } finally {
    await client.end()
  }
}

const postgres: DatabaseKind = {
  name: 'postgres',
  async create({ empty = false } = {}) {
    const name = `nightlatch_test_${randomBytes(8).toString('hex')}`
    // A copy is faster than the migrations, but on somebody else's server the original would stay behind.
    const copy = !empty && isOwnServer()
    if (copy) await templateReady()
    await asSuperuser(null, [
      `CREATE DATABASE ${name} ${copy ? `TEMPLATE ${template}` : "TEMPLATE template0 ENCODING 'UTF8'"}`,
    ])
    return testDatabase({
      location: urlOf(await postgresUrl(), name),
      sql: (statement) => asSuperuser(name, [statement]),
      drop: () => asSuperuser(null, [`DROP DATABASE ${name} WITH (FORCE)`]),
    })
  },
}

export const databases: readonly DatabaseKind[] = [sqlite, postgres]

/** Two servers on one database, for the tests of a describe block. */
export interface TwoServers {
  readonly database: TestDatabase
  readonly here: OpenStorage
  readonly there: OpenStorage
}

/** Gives the tests of a describe block a database of their own, opened twice. */
export function useDatabase(kind: DatabaseKind): TwoServers {
  let opened: TwoServers | null = null
  const given = (): TwoServers => {
    if (opened === null) throw new Error('the database is there only while tests run')
    return opened
  }
  beforeAll(async () => {
    const database = await kind.create()
    opened = { database, here: await database.open(), there: await database.open() }
  })
  afterAll(async () => {
    await opened?.database.remove()
  })
  return {
    get database() {
      return given().database
    },
    get here() {
      return given().here
    },
    get there() {
      return given().there
    },
  }
}
