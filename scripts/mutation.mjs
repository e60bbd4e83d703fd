/**
 * Mutation testing with Stryker, which is fetched outside of the lock file into a folder of its own, together with a
 * copy of what it works on. Says the score of each file, and ends with status 1 below the score that we promise.
 * Usage: npm run mutation [-- core|otp] [-- core session-life,keys]
 * A whole run takes an hour of two cores. With MUTATION_FOLDER the folder stays, and the next run does what is new.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const promised = 85
const [which = 'core', files] = process.argv.slice(2)

if (which === 'otp') {
  const own = ['run', 'mutation', '-w', 'packages/otp', ...(files === undefined ? [] : ['--', files])]
  process.exit(spawnSync('npm', own, { cwd: root, stdio: 'inherit' }).status ?? 1)
}
if (which !== 'core') {
  console.error('Usage: npm run mutation [-- core|otp] [-- core session-life,keys]')
  process.exit(2)
}

const kept = process.env.MUTATION_FOLDER
const folder = kept ?? mkdtempSync(join(tmpdir(), 'nightlatch-mutation-'))
const place = join(folder, 'packages/nightlatch')

/** Types are checked elsewhere. */
const isWanted = (path) => !path.endsWith('tsconfig.json')

function copy() {
  for (const name of ['src', 'test']) rmSync(join(place, name), { recursive: true, force: true })
  for (const name of ['src', 'test/core', 'test/support', 'test/vectors', 'package.json'])
    cpSync(join(root, 'packages/nightlatch', name), join(place, name), { recursive: true, filter: isWanted })
  for (const name of ['@nightlatch/otp', '@node-rs/argon2', '@photostructure/sqlite']) {
    const link = join(place, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    rmSync(link, { force: true })
    if (existsSync(join(root, 'node_modules', name))) symlinkSync(join(root, 'node_modules', name), link)
  }
}

function configure() {
  const sources = (files?.split(',') ?? ['*']).map((name) => `src/core/${name}.ts`)
  writeFileSync(
    join(place, 'vitest.config.ts'),
    `import { defineConfig } from 'vitest/config'
export default defineConfig({ test: { include: ['test/core/**/*.test.ts'], isolate: false, testTimeout: 30000 } })
`,
  )
  writeFileSync(
    join(place, 'stryker.config.json'),
    JSON.stringify({
      testRunner: 'vitest',
      plugins: ['@stryker-mutator/vitest-runner'],
      mutate: sources,
      coverageAnalysis: 'perTest',
      incremental: true,
      incrementalFile: 'incremental.json',
      reporters: ['clear-text', 'progress-append-only', 'json'],
      jsonReporter: { fileName: 'mutation.json' },
      clearTextReporter: { allowColor: false, reportTests: false, logTests: false },
      thresholds: { high: 95, low: promised, break: promised },
      concurrency: 2,
      timeoutMS: 20_000,
      tempDirName: '.stryker-tmp',
    }),
  )
}

function install() {
  if (existsSync(join(folder, 'node_modules/@stryker-mutator/core'))) return 0
  const packages = [
    '@stryker-mutator/core@9.6.1',
    '@stryker-mutator/vitest-runner@9.6.1',
    'vitest@4.1.12',
    'typescript@6.0.3',
  ]
  const options = ['--prefix', folder, '--ignore-scripts', '--no-save', '--no-audit', '--no-fund']
  return spawnSync('npm', ['install', ...options, ...packages], { stdio: 'inherit' }).status ?? 1
}

try {
  mkdirSync(place, { recursive: true })
  copy()
  configure()
  process.exitCode = install()
  if (process.exitCode === 0) {
    const stryker = join(folder, 'node_modules/@stryker-mutator/core/bin/stryker.js')
    const run = spawnSync(process.execPath, [stryker, 'run'], { cwd: place, stdio: 'inherit' })
    process.exitCode = run.status ?? 1
  }
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true })
}
