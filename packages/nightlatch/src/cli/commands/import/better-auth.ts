import { createHash } from 'node:crypto'
import { openOtherDatabase, type OtherRow } from '../../../compose/other-database.js'
import type { ImportedAuthenticator, ImportedPerson } from '../../../core/accounts/import-plan.js'
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

interface Tables {
  readonly users: readonly OtherRow[]
  readonly accounts: readonly OtherRow[]
  readonly factors: readonly OtherRow[]
}

async function readTables(place: string): Promise<Tables> {
  const database = await openOtherDatabase(place).catch(() => {
    throw new Refused(
      'the database of Better Auth cannot be opened: give its SQLite file or its postgres:// address',
    )
  })
  const all = (table: string): Promise<readonly OtherRow[]> => database.all(`SELECT * FROM "${table}"`)
  try {
    // A site without the plug-in has no such table.
    return {
      users: await all('user'),
      accounts: await all('account'),
      factors: await all('twoFactor').catch(() => []),
    }
  } catch {
    throw new Refused(
      'the database has no tables of Better Auth (user, account), or is damaged; nothing was imported',
    )
  } finally {
    await database.close()
  }
}

const byUser = (rows: readonly OtherRow[]): ReadonlyMap<unknown, OtherRow> =>
  new Map(rows.map((row) => [row['userId'], row]))

/** Lock-outs and backup codes stay behind. */
export async function readBetterAuth(
  place: string,
  secret: string | undefined,
): Promise<readonly ImportedPerson[]> {
  const { users, accounts, factors } = await readTables(place)
  if (factors.length > 0 && (secret ?? '') === '')
    throw new Refused('the second factors are encrypted: give BETTER_AUTH_SECRET in the environment')
  const open = await opener(secret ?? '')
  const passwords = byUser(accounts.filter((row) => row['providerId'] === 'credential'))
  const otps = byUser(factors.filter((row) => row['verified'] === undefined || isTrue(row['verified'])))
  return users.map((user, index) => {
    const otp = otps.get(user['id'])
    return personOf({
      place: `user ${index + 1}`,
      username: textOf(user['username']) || textOf(user['email']),
      name: textOf(user['name']),
      email: textOf(user['email']),
      emailVerified: isTrue(user['emailVerified']),
      disabled: isTrue(user['banned']),
      passwordHash: hashOf(textOf(passwords.get(user['id'])?.['password'])),
      authenticators: otp === undefined ? [] : [authenticatorOf(otp, open)],
      ...(passwords.has(user['id']) ? {} : { warnings: ['signed in with another service only'] }),
    })
  })
}
