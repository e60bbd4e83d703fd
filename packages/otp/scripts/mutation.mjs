/**
 * Mutation testing with Stryker, which is fetched outside of the lock file into a folder that is thrown away together
 * with the copy of the package it works on. Takes a quarter of an hour or more.
 * Usage: npm run mutation -w packages/otp [-- 'src/totp.ts,src/hotp.ts']
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'otp-mutation-'))
const place = join(folder, 'packages/otp')
/** Everything but the hash functions, of whose like rounds any change breaks every test: name them to have them done. */
const mutate = process.argv[2]?.split(',') ?? ['src/*.ts', '!src/*.test.ts', '!src/sha*.ts']

mkdirSync(place, { recursive: true })
for (const name of ['src', 'vectors', 'package.json', 'tsconfig.json']) {
  cpSync(join(root, 'packages/otp', name), join(place, name), { recursive: true })
}
cpSync(join(root, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'))
// The peers of the differential tests come from the project; Stryker lives in the folder above the package.
for (const name of ['otpauth', 'otplib', '@otplib', '@noble', '@scure', 'fast-check', 'pure-rand']) {
  mkdirSync(join(place, 'node_modules'), { recursive: true })
  symlinkSync(join(root, 'node_modules', name), join(place, 'node_modules', name))
}
writeFileSync(
  join(place, 'vitest.config.ts'),
  `import { defineConfig } from 'vitest/config'
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    setupFiles: ['fewer-runs.ts'],
    testNamePattern: /^(?!.*(1000000 times|megabyte|16 MiB))/,
    pool: 'threads',
    testTimeout: 60000,
  },
})
`,
)
// A mutant is killed by the first test that fails: a few random cases will do.
writeFileSync(
  join(place, 'fewer-runs.ts'),
  `import fc from 'fast-check'
fc.configureGlobal({ numRuns: 20 })
`,
)
writeFileSync(
  join(place, 'stryker.config.json'),
  JSON.stringify({
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    mutate,
    reporters: ['clear-text', 'progress'],
    clearTextReporter: { allowColor: false, reportTests: false, logTests: false },
    concurrency: 2,
    symlinkNodeModules: true,
    timeoutMS: 10_000,
    ignoreStatic: true,
    tempDirName: '.stryker-tmp',
  }),
)
const packages = [
  '@stryker-mutator/core@9.6.1',
  '@stryker-mutator/vitest-runner@9.6.1',
  'vitest@4.1.12',
  'typescript@6',
]
const options = ['--prefix', folder, '--ignore-scripts', '--no-save', '--no-audit', '--no-fund']
try {
  const installed = spawnSync('npm', ['install', ...options, ...packages], { stdio: 'inherit' })
  if (installed.status !== 0) process.exit(installed.status ?? 1)
  const run = spawnSync(
    process.execPath,
    [join(folder, 'node_modules/@stryker-mutator/core/bin/stryker.js'), 'run'],
    {
      cwd: place,
      stdio: 'inherit',
    },
  )
  process.exitCode = run.status ?? 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
