/** What is found out before anything is taken over, and what is left behind where nothing is. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { hasProgram, run, temporaryFolder } from '../support/cli.js'
import { databases } from '../support/databases.js'

const files = fileURLToPath(new URL('files/', import.meta.url))
const sha1 = '{SHA}KBOXsfeICt4PU1MKVdmvAhC5rXs='

describe('an old password that is empty', () => {
  it('is none that is kept: its owner gets a link', async () => {
    const folder = temporaryFolder()
    const ran = await run([
      ...['import', 'htpasswd', join(files, 'htpasswd/empty-apr1')],
      ...['--data', join(folder, 'data'), '--links', join(folder, 'links')],
    ])
    expect(ran).toMatchObject({ status: 0 })
    expect(ran.out).toMatch(/^\S+\tneeds link\t-\t-\tthe old password is empty$/m)
    expect(existsSync(join(folder, 'links'))).toBe(true)
  })

  it('is found behind every kind of hash', { timeout: 60_000 }, async (test) => {
    if (!hasProgram('htpasswd')) return test.skip()
    const folder = temporaryFolder()
    const flags = [['-m'], ['-s'], ['-2'], ['-5'], ['-d'], ['-B'], ['-B', '-C', '10']]
    const made = (password: string, name: string): string[] =>
      flags.map((flag, at) =>
        execFileSync('htpasswd', ['-nb', ...flag, `${name}${at}`, password], { encoding: 'utf8' }).trim(),
      )
    writeFileSync(join(folder, 'p'), [...made('', 'none'), ...made('some', 'some')].join('\n'))
    const ran = await run(['import', 'htpasswd', join(folder, 'p'), '--data', join(folder, 'd'), '--dry-run'])
    expect(ran.out.match(/^none\d\tneeds link/gm)).toHaveLength(flags.length)
    expect(ran.out.match(/^some\d\tkept/gm)).toHaveLength(flags.length)
  })
})

describe('where there is no installation yet', () => {
  it('a dry run makes none, and says what the real one does', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'p'), `ada:${sha1}\n`)
    const words = ['import', 'htpasswd', join(folder, 'p'), '--data', join(folder, 'data')]
    const dry = await run([...words, '--dry-run'])
    expect(dry).toMatchObject({ status: 0, err: expect.stringContaining('Nothing was changed') })
    expect(readdirSync(folder)).toEqual(['p'])
    const real = await run(words)
    expect(real).toMatchObject({ status: 0, out: dry.out })
    expect(readdirSync(folder)).toEqual(['data', 'p'])
  })

  it.each([
    ['names that are the same', `ada:${sha1}\nADA:${sha1}\n`, []],
    ['links that would be lost', `ada:${sha1}\n`, ['--links', fileURLToPath(import.meta.url)]],
  ])('an import that is refused for %s makes none either', async (_why, content, flags) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'p'), content)
    const ran = await run([
      ...['import', 'htpasswd', join(folder, 'p'), '--data', join(folder, 'data')],
      ...flags,
    ])
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(readdirSync(folder)).toEqual(['p'])
  })

  it('a dry run makes no table in an empty PostgreSQL', async () => {
    const database = await databases[1]!.create({ empty: true })
    try {
      const folder = temporaryFolder()
      writeFileSync(join(folder, 'p'), `ada:${sha1}\n`)
      const words = ['import', 'htpasswd', join(folder, 'p'), '--data', join(folder, 'data')]
      const env = { NIGHTLATCH_DATABASE_URL: String(database.location) }
      expect(await run([...words, '--dry-run'], { env })).toMatchObject({ status: 0 })
      expect(await tablesIn(String(database.location))).toBe(0)
      expect(readdirSync(folder)).toEqual(['p'])
      expect(await run(words, { env })).toMatchObject({ status: 0 })
      expect(await tablesIn(String(database.location))).toBeGreaterThan(10)
    } finally {
      await database.remove()
    }
  })
})

async function tablesIn(connectionString: string): Promise<number> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  const found = await client.query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")
  await client.end()
  return found.rowCount ?? 0
}

it('an authenticator of ten digits is taken with its digits, and its short secret is told', async () => {
  const folder = temporaryFolder()
  writeFileSync(
    join(folder, 'uris'),
    'otpauth://totp/ada?secret=GEZDGNBVGY3TQOJQ&digits=10\notpauth://hotp/ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=9&counter=4\n',
  )
  const words = ['--data', join(folder, 'data')]
  const ran = await run(['import', 'otpauth', join(folder, 'uris'), ...words])
  expect(ran.out).toMatch(/^ada\tneeds link\tTOTP 10 digits, HOTP 9 digits\t/m)
  const shown = await run(['user', 'show', 'ada', ...words])
  expect(shown.out).toMatch(/^warning +the secret of "[^"]+" has 80 bits, and 128 are the least/m)
  expect(shown.out.match(/^warning/gm)).toHaveLength(1)
  const { account } = JSON.parse((await run(['user', 'show', 'ada', '--json', ...words])).out) as {
    account: { authenticatorList: { digits: number }[] }
  }
  // Of the same second, they come in any order.
  const apps = account.authenticatorList.toSorted((one, other) => other.digits - one.digits)
  expect(apps).toMatchObject([
    { type: 'totp', digits: 10, period: 30, algorithm: 'SHA1', secretBits: 80 },
    { type: 'hotp', digits: 9, counter: 4, secretBits: 160 },
  ])
})
