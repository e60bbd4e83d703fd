/** Every change of `core/` or of `@nightlatch/otp`, by Stryker itself, with the tests of that folder alone. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../set-up.mjs'
import { fetched } from './fetched.mjs'

const promised = 85

/** What is changed, and what that takes. */
export const wholeSubjects = {
  core: {
    package: 'packages/nightlatch',
    copied: ['src', 'test/core', 'test/support', 'test/vectors', 'package.json'],
    lent: ['@nightlatch/otp', '@node-rs/argon2', '@photostructure/sqlite'],
    files: ['src/core/**/*.ts'],
    // By its name alone, or with the end of its folder where several have it: `session-lifetime`, `totp/verify`.
    fileOf: (name) => `src/core/**/${name}.ts`,
    vitest: `{ include: ['test/core/**/*.test.ts'], isolate: false, testTimeout: 30000 }`,
    stryker: { timeoutMS: 20_000 },
  },
  otp: {
    package: 'packages/otp',
    copied: ['src', 'vectors', 'package.json'],
    // The peers of the differential tests.
    lent: ['otpauth', 'otplib', '@otplib', '@noble', '@scure', 'fast-check', 'pure-rand'],
    // Everything but SHA-1, whose eighty rounds are written out one by one: name it to have it done.
    files: ['src/*.ts', '!src/*.test.ts', '!src/sha1.ts'],
    fileOf: (name) => `src/${name}.ts`,
    vitest: `{
    include: ['src/**/*.test.ts'],
    setupFiles: ['fewer-runs.ts'],
    testNamePattern: /^(?!.*(1000000 times|megabyte))/,
    isolate: false,
    testTimeout: 60000,
  }`,
    stryker: { timeoutMS: 10_000, ignoreStatic: true },
  },
}

/** Types are checked elsewhere. */
const isWanted = (path) => !path.endsWith('tsconfig.json')

function copy(subject, place) {
  for (const name of subject.copied) {
    rmSync(join(place, name), { recursive: true, force: true })
    cpSync(join(root, subject.package, name), join(place, name), { recursive: true, filter: isWanted })
  }
  for (const name of subject.lent) {
    const link = join(place, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    rmSync(link, { force: true })
    if (existsSync(join(root, 'node_modules', name))) symlinkSync(join(root, 'node_modules', name), link)
  }
}

function configure(subject, place, names) {
  const config = `import { defineConfig } from 'vitest/config'\nexport default defineConfig({ test: ${subject.vitest} })\n`
  writeFileSync(join(place, 'vitest.config.ts'), config)
  // A mutant is killed by the first test that fails: a few random cases will do.
  const fewer = `import fc from 'fast-check'\nfc.configureGlobal({ numRuns: 20 })\n`
  if (subject.vitest.includes('fewer-runs.ts')) writeFileSync(join(place, 'fewer-runs.ts'), fewer)
  writeFileSync(
    join(place, 'stryker.config.json'),
    JSON.stringify({
      testRunner: 'vitest',
      plugins: ['@stryker-mutator/vitest-runner'],
      mutate: names.length === 0 ? subject.files : names.map(subject.fileOf),
      coverageAnalysis: 'perTest',
      incremental: true,
      incrementalFile: 'incremental.json',
      reporters: ['clear-text', 'progress-append-only', 'json'],
      jsonReporter: { fileName: 'mutation.json' },
      clearTextReporter: { allowColor: false, reportTests: false, logTests: false },
      thresholds: { high: 95, low: promised, break: promised },
      concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 2),
      tempDirName: '.stryker-tmp',
      ...subject.stryker,
    }),
  )
}

/** @returns the status to end with: 1 when something failed or the score is below the promise */
export function measureWhole(subject, folder, names) {
  const place = join(folder, subject.package)
  mkdirSync(place, { recursive: true })
  copy(subject, place)
  configure(subject, place, names)
  fetched(folder, ['core', 'vitest-runner'], ['vitest@4.1.12', 'typescript@6.0.3'])
  const stryker = join(folder, 'node_modules/@stryker-mutator/core/bin/stryker.js')
  return spawnSync(process.execPath, [stryker, 'run'], { cwd: place, stdio: 'inherit' }).status ?? 1
}
