import { openOtherDatabase, type OtherDatabase, type OtherRow } from '../../../compose/other-database.js'
import { Refused } from '../../framework/errors.js'

/** As Better Auth itself names what it makes, as its generators for Drizzle do, and in the plural, for which both have a switch. */
const spellings = {
  user: ['user', 'users'],
  account: ['account', 'accounts'],
  twoFactor: ['twoFactor', 'two_factor', 'twoFactors', 'two_factors'],
} as const

type TableName = keyof typeof spellings

export interface Table {
  readonly name: string
  /** The column that says whose a row is. */
  readonly owner: string
}

export interface Tables {
  readonly user: string
  readonly account: Table
  /** null: a site without the plug-in has no such table. */
  readonly twoFactor: Table | null
}

export async function openTables(place: string): Promise<OtherDatabase> {
  return openOtherDatabase(place).catch(() => {
    throw new Refused(
      'the database of Better Auth cannot be opened: give its SQLite file or its postgres:// address',
    )
  })
}

/** @throws Refused where there are none */
export async function tablesIn(database: OtherDatabase): Promise<Tables> {
  const user = await tableNamed(database, 'user', ['id'])
  const account = await tableNamed(database, 'account', ['userId', 'user_id'])
  const twoFactor = await tableNamed(database, 'twoFactor', ['userId', 'user_id'])
  if (user === null || account === null)
    throw new Refused(
      'the database has no tables of Better Auth (user, account), or is damaged; nothing was imported',
    )
  return { user: user.name, account, twoFactor }
}

async function tableNamed(
  database: OtherDatabase,
  table: TableName,
  owners: readonly string[],
): Promise<Table | null> {
  for (const name of spellings[table])
    for (const owner of owners) {
      const asked = `SELECT "${owner}" FROM "${name}" LIMIT 1`
      if (
        await database.all(asked).then(
          () => true,
          () => false,
        )
      )
        return { name, owner }
    }
  return null
}

/** Columns by the names that Better Auth has for them. */
export const named = (rows: readonly OtherRow[]): readonly OtherRow[] =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([column, value]) => [
        column.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase()),
        value,
      ]),
    ),
  )
