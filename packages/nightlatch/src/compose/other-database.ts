import { sqliteDriver } from '../storage/engine/sqlite/driver.js'

export type OtherRow = Readonly<Record<string, unknown>>

/** The database of another program: it is only read, all of it as it is at one moment. */
export interface OtherDatabase {
  all(sql: string, params?: readonly unknown[]): Promise<readonly OtherRow[]>
  close(): Promise<void>
}

/** @param place a file of SQLite, or the address of a PostgreSQL database */
export async function openOtherDatabase(place: string): Promise<OtherDatabase> {
  if (/^postgres(?:ql)?:\/\//i.test(place)) return openPostgres(place)
  const { DatabaseSync } = await sqliteDriver()
  const options = { readOnly: true, timeout: 5000 }
  const handle = new DatabaseSync(place, options)
  // What is read first says which moment it is.
  handle.exec('BEGIN')
  return {
    all: async (sql, params = []) =>
      handle.prepare(sql.replaceAll('$1', '?1')).all(...(params as (string | number)[])) as OtherRow[],
    close: () => Promise.resolve(handle.close()),
  }
}

async function openPostgres(connectionString: string): Promise<OtherDatabase> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString, statement_timeout: 60_000 })
  await client.connect()
  await client.query('SET idle_in_transaction_session_timeout = 0')
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  return {
    all: async (sql, params = []) => {
      // A statement that fails would take the others with it.
      await client.query('SAVEPOINT asked')
      try {
        const { rows } = await client.query<OtherRow>(sql, [...params])
        await client.query('RELEASE asked')
        return rows
      } catch (error) {
        await client.query('ROLLBACK TO asked')
        throw error
      }
    },
    close: () => client.end(),
  }
}
