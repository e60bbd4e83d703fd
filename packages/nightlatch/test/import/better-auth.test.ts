/** The database of Better Auth as sites have it: by Drizzle, with secrets that were changed, with second factors half made. */
import { createHash, randomBytes, scryptSync } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.js'
import { createPasswordHasher } from '../../src/crypto/password-hasher.js'
import { sqliteDriver } from '../../src/storage/engine/sqlite/driver.js'
import { quickArgon2 } from '../support/app.js'
import { run, temporaryFolder, type Ran } from '../support/cli.js'

const file = fileURLToPath(new URL('files/better-auth.sqlite', import.meta.url))
const secret = 'a-secret-of-the-invented-site-0123456789'

async function siteWith(folder: string, statements: readonly string[]): Promise<string> {
  const site = join(folder, 'site.db')
  copyFileSync(file, site)
  const { DatabaseSync } = await sqliteDriver()
  const database = new DatabaseSync(site, { timeout: 1000 })
  for (const statement of statements) database.exec(statement)
  database.close()
  return site
}

/** What a dry run says of the site of the file, after some statements. */
async function imported(
  statements: readonly string[],
  env: Record<string, string> = { BETTER_AUTH_SECRET: secret },
): Promise<Ran> {
  const folder = temporaryFolder()
  const site = await siteWith(folder, statements)
  const words = ['import', 'better-auth', site, '--dry-run', '--json', '--data', join(folder, 'data')]
  return run(words, { env })
}

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const columns = {
  user: ['emailVerified', 'createdAt', 'updatedAt', 'twoFactorEnabled'],
  account: ['accountId', 'providerId', 'userId'],
  twoFactor: ['backupCodes', 'userId'],
}
const inSnakeCase = (plural: string): readonly string[] =>
  Object.entries(columns).flatMap(([table, names]) => [
    ...names.map((name) => `ALTER TABLE "${table}" RENAME COLUMN "${name}" TO ${snake(name)}`),
    ...(snake(table) + plural === table
      ? []
      : [`ALTER TABLE "${table}" RENAME TO "${snake(table)}${plural}"`]),
  ])

it.each(['', 's'])(
  'tables and columns may be called as Drizzle calls them, with %j behind',
  async (plural) => {
    const [plain, renamed] = [await imported([]), await imported(inSnakeCase(plural))]
    expect(plain).toMatchObject({ status: 0, out: expect.stringContaining('"type":"totp"') })
    expect(renamed).toMatchObject({ status: 0, out: plain.out })
  },
)

it('a second factor of before it was written down whether one is confirmed is taken', async () => {
  const ran = await imported(['UPDATE "twoFactor" SET verified = NULL'])
  expect(ran.err).toContain('1 authenticators')
})

it.each([
  'UPDATE "twoFactor" SET verified = 0',
  'UPDATE "user" SET "twoFactorEnabled" = 0',
  'UPDATE "user" SET "twoFactorEnabled" = NULL',
])('a second factor that was never switched on is not taken, and that is said: %s', async (statement) => {
  const ran = await imported([statement])
  expect(ran.err).toContain('0 authenticators')
  expect(ran.out).toContain('a second factor that is not switched on is not taken')
})

it('whoever is banned for a time stays out until somebody lets them in, and that is said', async () => {
  const banned = ['ALTER TABLE "user" ADD COLUMN banned', 'UPDATE "user" SET banned = 1']
  const until = [
    'ALTER TABLE "user" ADD COLUMN "banExpires"',
    `UPDATE "user" SET "banExpires" = '2020-01-01'`,
  ]
  const told = 'disabled here until `nightlatch user enable`'
  expect((await imported([...banned, ...until])).out).toContain(told)
  expect((await imported(banned)).out).not.toContain(told)
  expect((await imported(until)).out).not.toContain(told)
})

it('of several secrets, what is sealed says which it is under', async () => {
  const second = [`UPDATE "twoFactor" SET secret = '$ba$2$' || secret`]
  const ran = await imported(second, { BETTER_AUTH_SECRETS: `3:another one, 2:${secret}` })
  expect(ran.err).toContain('1 authenticators')
  expect(await imported(second, { BETTER_AUTH_SECRETS: `3:${secret},2:another one` })).toMatchObject({
    status: 1,
    err: expect.stringContaining('cannot be decrypted'),
  })
  // Without a number, it is the one from before there were several.
  expect((await imported([], { BETTER_AUTH_SECRETS: `1:${secret}` })).status).toBe(1)
  const both = { BETTER_AUTH_SECRETS: '1:another one', BETTER_AUTH_SECRET: secret }
  expect((await imported([], both)).err).toContain('1 authenticators')
  expect((await imported([], { BETTER_AUTH_SECRETS: secret })).err).toContain(
    'is a list of numbers and secrets',
  )
})

it('a password counts in the form in which Better Auth hashes it, however its letters were typed', async () => {
  const salt = createHash('sha256').update(randomBytes(16)).digest('hex').slice(0, 32)
  const typed = 'ﬁne ＷＯＲＤＳ… № ①'
  const key = scryptSync(typed.normalize('NFKC'), salt, 64, { N: 16_384, r: 16, p: 1, maxmem: 2 ** 26 })
  const folder = temporaryFolder()
  const site = await siteWith(folder, [`UPDATE account SET password = '${salt}:${key.toString('hex')}'`])
  const data = join(folder, 'data')
  const ran = await run(['import', 'better-auth', site, '--data', data], {
    env: { BETTER_AUTH_SECRET: secret },
  })
  expect(ran.err).toContain('2 passwords kept')
  const { DatabaseSync } = await sqliteDriver()
  const database = new DatabaseSync(join(data, 'nightlatch.db'), { timeout: 1000 })
  const [row] = database.prepare('SELECT password_hash FROM account LIMIT 1').all() as {
    password_hash: string
  }[]
  database.close()
  const hasher = createPasswordHasher({ threads: 1, setting: quickArgon2 })
  const fits = (password: string) => hasher.verify(row!.password_hash, new Secret(password))
  expect(await fits(typed)).toBe(true)
  expect(await fits(`${typed} `)).toBe(false)
  await hasher.close()
})
