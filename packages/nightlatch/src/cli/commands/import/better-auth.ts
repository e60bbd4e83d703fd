import type { OtherDatabase, OtherRow } from '../../../compose/other-database.js'
import type { ImportedAuthenticator, ImportedPerson, People } from '../../../core/accounts/import-plan.js'
import { Refused } from '../../framework/errors.js'
import { hasSecret, opener, secretsIn, type Open } from './better-auth-secrets.js'
import { named, openTables, tablesIn, type Table, type Tables } from './better-auth-tables.js'
import { authenticatorSaid, personOf } from './people.js'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const isTrue = (value: unknown): boolean => value === 1 || value === true || value === 1n

/** `salt:key` in hexadecimal; the salt is the text of it. scrypt of the password in NFKC with N = 16384, r = 16, p = 1. */
function hashOf(stored: string): string | null {
  const found = /^([\da-f]{16,64}):([\da-f]{128})$/i.exec(stored)
  if (found === null) return stored === '' ? null : stored
  const [salt, key] = [Buffer.from(found[1] ?? ''), Buffer.from(found[2] ?? '', 'hex')]
  const plain = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
  return `$scrypt-nfkc$ln=14,r=16,p=1$${plain(salt)}$${plain(key)}`
}

const isFalse = (value: unknown): boolean => value === 0 || value === false || value === 0n

/** Whether it is asked for at a sign-in there; older versions have no word on it but the user's. */
const isAskedFor = (user: OtherRow, factor: OtherRow): boolean =>
  (user['twoFactorEnabled'] === undefined || isTrue(user['twoFactorEnabled'])) && !isFalse(factor['verified'])

/** The bytes of the text are the key of the codes. */
function authenticatorOf(row: OtherRow, open: Open): ImportedAuthenticator | string {
  const text = open(textOf(row['secret']))
  if (text === null)
    throw new Refused(
      'wrong BETTER_AUTH_SECRET, or BETTER_AUTH_SECRETS: a second factor cannot be decrypted; nothing was imported',
    )
  return authenticatorSaid({
    type: 'totp',
    secret: new TextEncoder().encode(text),
    algorithm: 'SHA1',
    digits: 6,
    period: 30,
    counter: 0,
    issuer: '',
    name: '',
  })
}

const usersAtOnce = 2000

/** Whoever comes behind the last one, and what the other tables have of them. */
function behind(tables: Tables, table: Table | null, isFirst: boolean): string {
  const some = `SELECT * FROM "${tables.user}" ${isFirst ? '' : 'WHERE id > $1'} ORDER BY id LIMIT ${usersAtOnce}`
  return table === null
    ? some
    : `SELECT other.* FROM "${table.name}" other JOIN (${some}) these ON these.id = other."${table.owner}"`
}

const byUser = (rows: readonly OtherRow[]): ReadonlyMap<unknown, OtherRow> =>
  new Map(rows.map((row) => [row['userId'], row]))

interface BetterAuthPeople {
  readonly people: People
  end(): Promise<void>
}

/** Lock-outs and backup codes stay behind. Every pass sees the database as it was at one moment. */
export async function openBetterAuth(
  place: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<BetterAuthPeople> {
  const secrets = secretsIn(env)
  const database = await openTables(place)
  try {
    const tables = await tablesIn(database)
    const { twoFactor } = tables
    const factors = twoFactor && (await database.all(`SELECT 1 FROM "${twoFactor.name}" LIMIT 1`))
    if (factors !== null && factors.length > 0 && !hasSecret(secrets))
      throw new Refused('the second factors are encrypted: give BETTER_AUTH_SECRET in the environment')
    const reading = { open: await opener(secrets), tables }
    return { people: () => peopleIn(database, reading), end: () => database.close() }
  } catch (error) {
    await database.close()
    throw error
  }
}

interface Reading {
  readonly open: Open
  readonly tables: Tables
}

async function* peopleIn(database: OtherDatabase, { open, tables }: Reading): AsyncGenerator<ImportedPerson> {
  let number = 0
  for (let last: OtherRow | undefined; ;) {
    const after = last === undefined ? [] : [last['id']]
    const all = async (table: Table | null): Promise<readonly OtherRow[]> =>
      named(await database.all(behind(tables, table, after.length === 0), after).catch(damaged))
    const users = await all(null)
    const passwords = byUser((await all(tables.account)).filter((row) => row['providerId'] === 'credential'))
    const factors = byUser(tables.twoFactor === null ? [] : await all(tables.twoFactor))
    for (const user of users) {
      number += 1
      const [password, factor] = [passwords.get(user['id']), factors.get(user['id'])]
      yield userOf(user, { number, password, factor: factorOf(user, factor, open) })
    }
    last = users.at(-1)
    if (users.length < usersAtOnce) return
  }
}

function damaged(): never {
  throw new Refused('the database of Better Auth is damaged, or lacks columns; nothing was imported')
}

const begun = 'a second factor that is not switched on is not taken'

function factorOf(
  user: OtherRow,
  factor: OtherRow | undefined,
  open: Open,
): ImportedAuthenticator | string | null {
  if (factor === undefined) return null
  return isAskedFor(user, factor) ? authenticatorOf(factor, open) : begun
}

interface Parts {
  readonly number: number
  readonly password: OtherRow | undefined
  readonly factor: ImportedAuthenticator | string | null
}

const userOf = (user: OtherRow, { number, password, factor }: Parts): ImportedPerson =>
  personOf({
    place: `user ${number}`,
    username: textOf(user['username']) || textOf(user['email']),
    name: textOf(user['name']),
    email: textOf(user['email']),
    emailVerified: isTrue(user['emailVerified']),
    disabled: isTrue(user['banned']),
    passwordHash: hashOf(textOf(password?.['password'])),
    authenticators: factor === null ? [] : [factor],
    warnings: [
      ...(password === undefined ? ['signed in with another service only'] : []),
      ...(isBannedForNow(user)
        ? ['banned for a time there: disabled here until `nightlatch user enable`']
        : []),
    ],
  })

/** Whether the time is over is for whoever banned them to say: a clock must not let anybody in. */
const isBannedForNow = (user: OtherRow): boolean =>
  isTrue(user['banned']) && (user['banExpires'] ?? null) !== null
