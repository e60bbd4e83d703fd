import { createHash } from 'node:crypto'
import { openOtherDatabase, type OtherDatabase, type OtherRow } from '../../../compose/other-database.js'
import type { ImportedAuthenticator, ImportedPerson, People } from '../../../core/accounts/import-plan.js'
import { Refused } from '../../framework/errors.js'
import { authenticatorSaid, personOf } from './people.js'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const isTrue = (value: unknown): boolean => value === 1 || value === true || value === 1n

type Open = (sealed: string) => string | null

/** `$ba$N$hex`, or the hexadecimal alone: XChaCha20-Poly1305 under SHA-256 of the secret, its nonce first. */
async function opener(secret: string): Promise<Open> {
  const { xchacha20poly1305 } = await import('@noble/ciphers/chacha.js')
  const key = createHash('sha256').update(secret).digest()
  return (sealed) => {
    const hex = sealed.replace(/^\$ba\$\d+\$/, '')
    if (!/^(?:[\da-f]{2}){40,}$/i.test(hex)) return null
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
    try {
      const plain = xchacha20poly1305(new Uint8Array(key), bytes.subarray(0, 24)).decrypt(bytes.subarray(24))
      return new TextDecoder('utf-8', { fatal: true }).decode(plain)
    } catch {
      return null
    }
  }
}

/** `salt:key` in hexadecimal; the salt is the text of it. scrypt with N = 16384, r = 16, p = 1. */
function hashOf(stored: string): string | null {
  const found = /^([\da-f]{16,64}):([\da-f]{128})$/i.exec(stored)
  if (found === null) return stored === '' ? null : stored
  const [salt, key] = [Buffer.from(found[1] ?? ''), Buffer.from(found[2] ?? '', 'hex')]
  const plain = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
  return `$scrypt$ln=14,r=16,p=1$${plain(salt)}$${plain(key)}`
}

/** The bytes of the text are the key of the codes. */
function authenticatorOf(row: OtherRow, open: Open): ImportedAuthenticator | string {
  const text = open(textOf(row['secret']))
  if (text === null)
    throw new Refused('wrong BETTER_AUTH_SECRET: a second factor cannot be decrypted; nothing was imported')
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
const behind = (table: string, isFirst: boolean): string => {
  const some = `SELECT * FROM "user" ${isFirst ? '' : 'WHERE id > $1'} ORDER BY id LIMIT ${usersAtOnce}`
  return table === 'user'
    ? some
    : `SELECT other.* FROM "${table}" other JOIN (${some}) these ON these.id = other."userId"`
}

async function openTables(place: string): Promise<OtherDatabase> {
  return openOtherDatabase(place).catch(() => {
    throw new Refused(
      'the database of Better Auth cannot be opened: give its SQLite file or its postgres:// address',
    )
  })
}

const byUser = (rows: readonly OtherRow[]): ReadonlyMap<unknown, OtherRow> =>
  new Map(rows.map((row) => [row['userId'], row]))

interface BetterAuthPeople {
  readonly people: People
  end(): Promise<void>
}

/** Lock-outs and backup codes stay behind. Every pass sees the database as it was at one moment. */
export async function openBetterAuth(place: string, secret: string | undefined): Promise<BetterAuthPeople> {
  const database = await openTables(place)
  try {
    // A site without the plug-in has no such table.
    const factors = await database.all('SELECT 1 FROM "twoFactor" LIMIT 1').catch(() => null)
    if (factors !== null && factors.length > 0 && (secret ?? '') === '')
      throw new Refused('the second factors are encrypted: give BETTER_AUTH_SECRET in the environment')
    const reading = { open: await opener(secret ?? ''), hasFactors: factors !== null }
    return { people: () => peopleIn(database, reading), end: () => database.close() }
  } catch (error) {
    await database.close()
    throw error
  }
}

interface Reading {
  readonly open: Open
  readonly hasFactors: boolean
}

async function* peopleIn(
  database: OtherDatabase,
  { open, hasFactors }: Reading,
): AsyncGenerator<ImportedPerson> {
  let number = 0
  for (let last: OtherRow | undefined; ;) {
    const after = last === undefined ? [] : [last['id']]
    const all = (table: string): Promise<readonly OtherRow[]> =>
      database.all(behind(table, after.length === 0), after).catch(() => {
        throw new Refused(
          'the database has no tables of Better Auth (user, account), or is damaged; nothing was imported',
        )
      })
    const users = await all('user')
    const passwords = byUser((await all('account')).filter((row) => row['providerId'] === 'credential'))
    const factors = hasFactors ? await all('twoFactor') : []
    const otps = byUser(factors.filter((row) => row['verified'] === undefined || isTrue(row['verified'])))
    for (const user of users) {
      number += 1
      const otp = otps.get(user['id'])
      const parts = { number, password: passwords.get(user['id']) }
      yield userOf(user, { ...parts, authenticator: otp === undefined ? null : authenticatorOf(otp, open) })
    }
    last = users.at(-1)
    if (users.length < usersAtOnce) return
  }
}

interface Parts {
  readonly number: number
  readonly password: OtherRow | undefined
  readonly authenticator: ImportedAuthenticator | string | null
}

const userOf = (user: OtherRow, { number, password, authenticator }: Parts): ImportedPerson =>
  personOf({
    place: `user ${number}`,
    username: textOf(user['username']) || textOf(user['email']),
    name: textOf(user['name']),
    email: textOf(user['email']),
    emailVerified: isTrue(user['emailVerified']),
    disabled: isTrue(user['banned']),
    passwordHash: hashOf(textOf(password?.['password'])),
    authenticators: authenticator === null ? [] : [authenticator],
    ...(password === undefined ? { warnings: ['signed in with another service only'] } : {}),
  })
