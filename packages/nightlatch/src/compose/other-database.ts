import { sqliteDriver } from '../storage/engine/sqlite/driver.js'

export type OtherRow = Readonly<Record<string, unknown>>

/** The database of another program: it is only read. */
interface OtherDatabase {
  all(sql: string): Promise<readonly OtherRow[]>
  close(): Promise<void>
}

/** @param place a file of SQLite, or the address of a PostgreSQL database */
export async function openOtherDatabase(place: string): Promise<OtherDatabase> {
  if (/^postgres(?:ql)?:\/\//i.test(place)) return openPostgres(place)
  const { DatabaseSync } = await sqliteDriver()
  const options = { readOnly: true, timeout: 5000 }
  const handle = new DatabaseSync(place, options)
  return {
    all: (sql) => Promise.resolve(handle.prepare(sql).all() as OtherRow[]),
    close: () => Promise.resolve(handle.close()),
  }
}

async function openPostgres(connectionString: string): Promise<OtherDatabase> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString, statement_timeout: 60_000 })
  await client.connect()
  await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY')
  return {
    all: async (sql) => (await client.query<OtherRow>(sql)).rows,
    close: () => client.end(),
  }
}
