/**
 * Whatever is in a file that somebody moves in with: it is taken over, or refused in words; it never ends in an exception, and what
 * was taken over can be kept. Seeded: SOAK_SEED repeats a run, SOAK_ROUNDS makes it longer.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Refused } from '../../src/cli/framework/errors.js'
import type { CliDeps } from '../../src/cli/framework/deps.js'
import { readSource } from '../../src/cli/commands/import/sources.js'
import { carryOutImport, prepareImport } from '../../src/core/accounts/import.js'
import { planImport } from '../../src/core/accounts/import-plan.js'
import type { Core } from '../../src/core/core.js'
import { planTokens } from '../../src/core/factors/totp/tokens/drawer.js'
import { startApp, type TestApp } from '../support/app.js'

const here = fileURLToPath(new URL('files/', import.meta.url))
const otp = fileURLToPath(new URL('../../../otp/test/files/', import.meta.url))
const rounds = Number(process.env['SOAK_ROUNDS'] ?? 1)
const seed = Number(process.env['SOAK_SEED'] ?? 20261129)

const authelia = `totp_configurations:
  - username: 'ada'
    issuer: Authelia
    algorithm: SHA512
    digits: 8
    period: 60
    secret: R0VaREdOQlZHWTNUUU9KUUdFWkRHTkJWR1kzVFFPSlE=
`

interface Seed {
  readonly source: string
  readonly file: string
  readonly bytes: Buffer
}

const of = (source: string, ...files: string[]): Seed[] =>
  files.map((file) => ({ source, file, bytes: readFileSync(file) }))

const inFolder = (folder: string, fits: RegExp): string[] =>
  readdirSync(folder).flatMap((name) => (fits.test(name) ? [join(folder, name)] : []))

const seeds: readonly Seed[] = [
  ...of('htpasswd', ...inFolder(join(here, 'htpasswd'), /./)),
  ...of('authelia', join(here, 'authelia/users_database.yml')),
  { source: 'authelia', file: 'totp.yml', bytes: Buffer.from(authelia) },
  ...of('keycloak', join(here, 'keycloak/realm-export.json')),
  ...of('oath', ...inFolder(join(otp, 'linux'), /^users\.oath/)),
  ...of('google-authenticator-libpam', ...inFolder(join(otp, 'linux'), /^google/)),
  ...of('better-auth', join(here, 'better-auth.sqlite')),
  ...of('pskc', ...inFolder(join(otp, 'pskc'), /^(plain|signed|password\.|preshared\.)/)),
  ...of('oath-csv', ...inFolder(join(otp, 'pskc'), /csv$/), join(otp, 'made/oath-tokens.csv')),
  ...of('oath-csv', join(otp, 'made/entra.csv')),
  ...of('aegis', join(otp, 'otpclient-3.1.4-debian/aegis_export_plain.json')),
  ...of('aegis', join(otp, 'otpclient-5.1.6/aegis_exports.json')),
  ...of('2fas', join(otp, 'otpclient-5.1.6/twofas_plain_v4.2fas')),
  ...of('otpauth', join(otp, 'otp/uris.txt')),
]

/** The same numbers for the same seed. */
function numbers(start: number): (below: number) => number {
  let state = start >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** What files are made of, and what nobody expects in them. */
const pieces = [
  ...[
    '\0',
    '\\u0000',
    '\\ud800',
    '%00',
    '\ufeff',
    '\r',
    '\n',
    '\t',
    ' ',
    ':',
    ',',
    '"',
    "'",
    '\\',
    '$',
    '{',
    '}',
    '[',
    ']',
  ],
  ...[
    '-1',
    '0',
    '1e308',
    '99999999999999999999',
    '9007199254740993',
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '<a>',
    ']]>',
    '&x;',
  ],
  ...[
    '__proto__',
    'constructor',
    '\u202e',
    'é',
    '\ud83d\ude00',
    '&a ',
    '*a',
    '!!js ',
    '<<: ',
    '- ',
    '# ',
    '$2y$31$',
    '$argon2id$',
  ],
].map((text) => Buffer.from(text))

function mutated(bytes: Buffer, next: (below: number) => number): Buffer {
  let changed = Buffer.from(bytes)
  for (let left = 1 + next(4); left > 0; left -= 1) {
    const at = next(changed.length + 1)
    const length = next(Math.min(64, changed.length - at + 1))
    const [before, behind] = [changed.subarray(0, at), changed.subarray(at + length)]
    const piece = pieces[next(pieces.length)] ?? Buffer.alloc(0)
    const between = [
      () => Buffer.from([next(256)]),
      () => piece,
      () => Buffer.concat([changed.subarray(at, at + length), changed.subarray(at, at + length)]),
      () => Buffer.concat(Array.from({ length: next(300) }, () => piece)),
      () => Buffer.alloc(0),
    ][next(5)]!()
    changed = Buffer.concat([before, between, next(40) === 0 ? Buffer.alloc(0) : behind])
  }
  return changed
}

let app: TestApp
let core: Core
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nightlatch-fuzz-'))
  app = await startApp()
  core = Object.create(app.nightlatch.core) as Core
  // What a hash costs is not the point of it.
  Object.assign(core, {
    passwords: Object.assign(Object.create(app.nightlatch.core.passwords as object), {
      isOfNothing: () => Promise.resolve(false),
    }),
  })
})
afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true, force: true })
})

const nothing = { isTTY: false, write: () => true }
const deps = {
  env: { BETTER_AUTH_SECRET: 'a-secret-of-the-invented-site-0123456789' },
  stdin: {
    isTTY: false,
    read: () => Promise.resolve(Buffer.from('vault pass 2026')),
    ask: () => Promise.resolve(''),
  },
  stdout: nothing,
  stderr: nothing,
  now: () => 0,
} as unknown as CliDeps

/** Everything that the command does with a file. */
async function take(source: string, file: string): Promise<string> {
  const { people, tokens = [], end } = await readSource(deps, source, { files: [file], mapFile: undefined })
  try {
    const planning = await planImport(core, { people, onConflict: 'skip' })
    if (planning.kind === 'refused') return planning.kind
    const drawer = await planTokens(core, tokens, 'skip')
    const prepared = await prepareImport(core, planning.plan)
    if (drawer.kind === 'refused' || prepared.kind === 'name-taken') return 'refused'
    return (await carryOutImport(core, { ...prepared, tokens: drawer.tokens })).kind
  } finally {
    await end?.()
  }
}

const sources = [...new Set(seeds.map(({ source }) => source))]

describe('whatever is in a file to move in with', () => {
  it.each(sources)(
    '%s: it is taken over, or refused in one line',
    { timeout: 120_000 * rounds },
    async (source) => {
      const own = seeds.filter((one) => one.source === source)
      const told = new Map<string, number>()
      for (let round = 0; round < 60 * rounds; round += 1) {
        const next = numbers(seed + round * 7919 + sources.indexOf(source))
        const { bytes } = own[round % own.length]!
        const file = join(folder, 'file')
        // Each of them whole first.
        writeFileSync(file, round < own.length ? bytes : mutated(bytes, next))
        const outcome = await take(source, file).catch((error: unknown) => {
          if (!(error instanceof Refused))
            throw new Error(`round ${round} of ${source}, seed ${seed}`, { cause: error })
          expect(error.message).not.toMatch(/undefined|\[object|NaN/)
          return 'refused'
        })
        told.set(outcome, (told.get(outcome) ?? 0) + 1)
      }
      // Otherwise nothing was looked at but the beginning.
      expect(told.get('imported')).toBeGreaterThan(0)
      if (rounds > 1) process.stdout.write(`${source} ${JSON.stringify(Object.fromEntries(told))}\n`)
    },
  )
})
