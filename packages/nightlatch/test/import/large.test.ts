/** A hundred thousand people move in as one does: nobody is held on to while the others are read. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { usersIn } from '../../src/cli/commands/import/realm-users.js'
import { Rows } from '../../src/cli/framework/rows.js'
import { sqliteDriver } from '../../src/storage/engine/sqlite/driver.js'
import { bin, run, temporaryFolder } from '../support/cli.js'

/** Cut anywhere, as a file is that is read piece by piece. */
const cut =
  (text: string, length: number): (() => Iterable<string>) =>
  () =>
    Array.from({ length: Math.ceil(text.length / length) }, (_none, at) =>
      text.slice(at * length, (at + 1) * length),
    )

describe('the users of a realm, read one after the other', () => {
  it('are what JSON.parse says, whatever stands in them and around them, and wherever the file is cut', () => {
    const realm = fc.record({
      realm: fc.string({ unit: 'binary' }),
      before: fc.jsonValue(),
      users: fc.array(fc.jsonValue(), { maxLength: 5 }),
      behind: fc.record({ users: fc.array(fc.jsonValue(), { maxLength: 2 }), '"users":[': fc.string() }),
    })
    const lengths = fc.integer({ min: 1, max: 400 })
    fc.assert(
      fc.property(
        realm,
        fc.constantFrom(undefined, 1, '\t'),
        fc.boolean(),
        lengths,
        (value, indent, isList, length) => {
          const text = JSON.stringify(isList ? [{ realm: 'master' }, value] : value, null, indent)
          expect([...(usersIn(cut(text, length)) ?? [])]).toEqual(JSON.parse(JSON.stringify(value.users)))
        },
      ),
    )
  })

  it.each([
    '{"users":[{"a":1}',
    '{"users":[{"a":1},]}',
    '{"users":[{"a":1}]}}',
    '{"users":[{"a":"]}',
    '{"users":[1 2]}',
    '{"users":[1],"x":}',
  ])('are refused where JSON.parse refuses them: %s', (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
    for (const length of [1, 3, 100])
      expect(() => [...(usersIn(cut(text, length)) ?? (JSON.parse(text) as unknown[]))]).toThrow(SyntaxError)
  })

  it.each([
    '[{"users":[]},{"users":[1]}]',
    '{"users":[1],"users":[2]}',
    '{"\\u0075sers":[1]}',
    '{"x":{"users":[1]}}',
    '[[{"users":[1]}]]',
    '7',
  ])('are left to JSON.parse where they are written otherwise: %s', (text) => {
    expect(usersIn(cut(text, 4))).toBeNull()
  })
})

describe('rows that wait until it is known that all went well', () => {
  it('come back as they were, also from the disk, as often as they are wanted, and are gone afterwards', () => {
    const folders = (): string[] =>
      readdirSync(tmpdir()).filter((name) => name.startsWith('nightlatch-rows-'))
    const before = folders()
    const rows = new Rows<readonly string[]>()
    const all = Array.from({ length: 30_000 }, (_none, index) => [`Zoë\n${index}`, '✓'.repeat(index % 40)])
    for (const row of all) rows.add(row)
    const made = folders().filter((name) => !before.includes(name))
    expect(made.length).toBeGreaterThan(0)
    expect([...rows]).toEqual(all)
    expect([...rows]).toEqual(all)
    rows.remove()
    expect(
      made.filter((name) => existsSync(join(tmpdir(), name)) && folders().length > before.length),
    ).toEqual([])
  })
})

const realmOf = (count: number): string =>
  JSON.stringify({
    users: Array.from({ length: count }, (_none, number) => ({
      username: `person${number}`,
      email: `person${number}@example.org`,
      groups: ['/staff', `/team ${number % 40}`],
      credentials: [
        {
          type: 'otp',
          secretData: JSON.stringify({ value: `secretOf${String(number).padStart(12, '0')}` }),
          credentialData: JSON.stringify({ subType: 'totp', digits: 6, period: 30 }),
        },
      ],
    })),
  })

it(
  'a realm of 20,000 people needs less memory than its own text and they would',
  { timeout: 120_000 },
  () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'realm.json'), realmOf(20_000))
    const words = ['import', 'keycloak', join(folder, 'realm.json'), '--data', join(folder, 'd'), '--dry-run']
    // Of the heap, without what is kept outside of it; the program alone takes half of it.
    const ran = spawnSync(process.execPath, ['--max-old-space-size=40', bin, ...words], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '' },
      maxBuffer: 64 * 1024 * 1024,
    })
    expect(ran.stderr).toContain('20000 added')
    expect(ran.status).toBe(0)
    expect(ran.stdout.split('\n')).toHaveLength(20_001)
  },
)

it.runIf(existsSync('/proc/self/status'))(
  'a dry run of 40,000 people has hardly more memory than one of a thousand',
  { timeout: 120_000 },
  () => {
    const folder = temporaryFolder()
    const told = join(folder, 'told.mjs')
    // Not `resourceUsage`: its peak begins with that of the process that started this one.
    writeFileSync(
      told,
      `import { readFileSync } from 'node:fs'
     process.on('exit', () => process.stderr.write(/VmHWM.*/.exec(readFileSync('/proc/self/status', 'utf8'))[0]))`,
    )
    const peakOf = (count: number): number => {
      const file = join(folder, String(count))
      writeFileSync(file, realmOf(count))
      const words = ['import', 'keycloak', file, '--data', join(folder, 'd'), '--dry-run']
      const ran = spawnSync(process.execPath, ['--import', told, bin, ...words], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production' },
        maxBuffer: 64 * 1024 * 1024,
      })
      expect(ran.status).toBe(0)
      return Number(/VmHWM:\s+(\d+)/.exec(ran.stderr)?.[1])
    }
    expect(peakOf(40_000) / peakOf(1000)).toBeLessThan(1.5)
  },
)

it('a site of Better Auth with more people than are read at once is read to its end', async () => {
  const { DatabaseSync } = await sqliteDriver()
  const folder = temporaryFolder()
  const database = new DatabaseSync(join(folder, 'site.db'), { timeout: 1000 })
  database.exec(`CREATE TABLE "user" (id TEXT PRIMARY KEY, name TEXT, email TEXT);
    CREATE TABLE account (id TEXT PRIMARY KEY, "userId" TEXT, "providerId" TEXT, password TEXT);
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4499)
      INSERT INTO "user" SELECT 'u' || i, 'Name ' || i, 'p' || i || '@example.org' FROM n;
    INSERT INTO account SELECT 'a' || id, id, 'credential', '${'ab'.repeat(16)}:${'cd'.repeat(64)}' FROM "user"`)
  database.close()
  const words = ['import', 'better-auth', join(folder, 'site.db'), '--data', join(folder, 'd')]
  const ran = await run([...words, '--dry-run'])
  expect(ran.err).toContain('4500 added, 0 merged, 0 skipped; 4500 passwords kept')
  expect(new Set(ran.out.trim().split('\n')).size).toBe(4500)
})
