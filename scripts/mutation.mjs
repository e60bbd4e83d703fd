/**
 * Mutation testing with Stryker, which is fetched outside of the lock file into a folder of its own, together with a
 * copy of what it works on. Says the score of each file, and ends with status 1 below the score that we promise.
 * Usage: npm run mutation [-- core|otp] [-- core session-lifetime,totp/verify] [-- otp totp,hotp]
 * The doors and the storage are tested over HTTP and on databases, which takes days for all of it: name the files.
 *        npm run mutation -- http csrf,cookies   npm run mutation -- storage stores/attempts   (also protect, adapters)
 * With MUTATION_FOLDER the folder stays, and the next run does what is new.
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const promised = 85
const promisedOutside = 80

/** A layer that is tested through a server or a database: with all tests that reach it, and all that they need. */
const outer = (layer, folders) => ({
  package: 'packages/nightlatch',
  copied: ['src', 'test', 'package.json', 'bin', 'dist'],
  lent: '*',
  files: [`src/${layer}/**/*.ts`],
  fileOf: (name) => `src/${layer}/**/${name}.ts`,
  vitest: `{
    include: [${folders.map((folder) => `'test/${folder}/**/*.test.ts'`).join(', ')}],
    setupFiles: ['test/support/pace-set-up.ts'],
    isolate: false,
    testTimeout: 60000,
    hookTimeout: 120000,
  }`,
  stryker: {
    timeoutMS: 60_000,
    dryRunTimeoutMinutes: 30,
    thresholds: { high: 95, low: promisedOutside, break: promisedOutside },
  },
})

/** What is mutated, and what that takes. */
const subjects = {
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
  http: outer('http', ['http', 'attacks', 'pages']),
  protect: outer('protect', ['protect']),
  adapters: outer('adapters', ['adapters']),
  storage: outer('storage', ['contracts', 'storage']),
}
const whole = ['core', 'otp']

/** Types are checked elsewhere. */
const isWanted = (path) => !path.endsWith('tsconfig.json')

function copy(subject, place) {
  for (const name of subject.copied) {
    rmSync(join(place, name), { recursive: true, force: true })
    cpSync(join(root, subject.package, name), join(place, name), { recursive: true, filter: isWanted })
  }
  const lent = subject.lent === '*' ? everyPackage() : subject.lent
  for (const name of lent) {
    const link = join(place, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    rmSync(link, { force: true })
    if (existsSync(join(root, 'node_modules', name))) symlinkSync(join(root, 'node_modules', name), link)
  }
}

/** Of the workspace, but for what Stryker brings itself. */
const everyPackage = () =>
  readdirSync(join(root, 'node_modules')).filter(
    (name) => !/^[.]|^(vitest|@vitest|typescript|nightlatch)$/.test(name),
  )

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
      mutate: names === undefined ? subject.files : names.split(',').map(subject.fileOf),
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

function install(folder) {
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

/** @returns the status to end with: 1 when something failed or the score is below the promise */
function measure(subject, folder, names) {
  const place = join(folder, subject.package)
  mkdirSync(place, { recursive: true })
  copy(subject, place)
  configure(subject, place, names)
  const installed = install(folder)
  if (installed !== 0) return installed
  const stryker = join(folder, 'node_modules/@stryker-mutator/core/bin/stryker.js')
  return spawnSync(process.execPath, [stryker, 'run'], { cwd: place, stdio: 'inherit' }).status ?? 1
}

const [which, names] = process.argv.slice(2)
if (which !== undefined && !Object.hasOwn(subjects, which)) {
  console.error(
    'Usage: npm run mutation [-- core|otp|http|protect|adapters|storage] [-- core session-lifetime,totp/verify]',
  )
  process.exit(2)
}

const kept = process.env.MUTATION_FOLDER
const folder = kept ?? mkdtempSync(join(tmpdir(), 'nightlatch-mutation-'))
try {
  const chosen = which === undefined ? whole.map((name) => subjects[name]) : [subjects[which]]
  process.exitCode = Math.max(...chosen.map((subject) => measure(subject, folder, names)))
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true })
}
