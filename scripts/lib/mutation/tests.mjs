/** The tests of a layer in parts that can be run one by one, in a copy. */
import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { root } from '../set-up.mjs'

const tests = 'packages/nightlatch/test'

/** The compiled code in the place of the sources, and no time spent on things that a change has made to hang. */
const config = `import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
const [src, dist] = ['src', 'dist'].map((name) => join(import.meta.dirname, 'packages/nightlatch', name))
const compiled = {
  name: 'compiled',
  enforce: 'pre',
  resolveId(asked, importer) {
    if (importer === undefined || !asked.startsWith('.')) return null
    const path = join(importer, '..', asked)
    return path.startsWith(src + '/') && path.endsWith('.js') ? { id: dist + path.slice(src.length), external: true } : null
  },
}
export default defineConfig({
  plugins: [compiled],
  test: {
    include: ['${tests}/**/*.test.ts'],
    setupFiles: ['pace-of-mutants.ts'],
    maxWorkers: 1,
    isolate: false,
    expect: { poll: { timeout: 10_000 } },
    server: { deps: { external: [/packages\\/nightlatch\\/dist\\//] } },
  },
})
`
const setUp = `import { afterEach, beforeEach, vi } from 'vitest'
import { patient } from './${tests}/support/pace.js'
vi.setConfig({ testTimeout: patient(12_000), hookTimeout: patient(30_000) })
beforeEach(({ task }) => {
  let outermost = task
  while (outermost.suite !== undefined && outermost.suite.name !== '') outermost = outermost.suite
  globalThis.nightlatchSuite = outermost.name
})
afterEach(() => {
  globalThis.nightlatchSuite = ''
})
`

export function configureTests(folder) {
  writeFileSync(join(folder, 'vitest.config.ts'), config)
  writeFileSync(join(folder, 'pace-of-mutants.ts'), setUp)
}

/** One test file, or its tests of one kind of database. */
export function unitsOf({ folders, kinds = [undefined] }) {
  return folders
    .flatMap(testFilesIn)
    .flatMap((file) =>
      kinds.map((kind) => ({ file, kind, name: kind === undefined ? file : `${file} (${kind})` })),
    )
}

function testFilesIn(path) {
  if (statSync(join(root, tests, path)).isFile()) return [join(tests, path)]
  return readdirSync(join(root, tests, path), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(tests, path, name))
    .sort()
}

/** SQLite's are all that are not PostgreSQL's. */
const kindly = { sqlite: '(?!.*(postgres|PostgreSQL))', postgres: '(?=.*(postgres|PostgreSQL))' }

/** What the full names of these tests look like: those of the unit's kind, in these of its suites. */
function patternOf({ kind }, suites) {
  const named = suites?.map((suite) => suite.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  return `^${kindly[kind] ?? ''}${named === undefined ? '' : `(${named})( |$)`}`
}

/**
 * Runs the tests of a unit until the first one fails.
 *
 * @param only the suites that are wanted; null: all
 * @returns `passed` tests, the first one that `failed` or null, whether the time was `over`, and what it took
 */
export async function runUnit(folder, unit, { limit, only = null }) {
  const [temporary, report] = [join(folder, 'tmp'), join(folder, 'report.json')]
  for (const path of [temporary, report]) rmSync(path, { recursive: true, force: true })
  mkdirSync(temporary)
  chmodSync(temporary, 0o777)
  const named = ['-t', patternOf(unit, only ?? undefined)]
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const options = ['--bail', '1', '--reporter=json', `--outputFile=${report}`]
  const began = performance.now()
  const child = spawn(process.execPath, [vitest, 'run', unit.file, ...options, ...named], {
    cwd: folder,
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, TMPDIR: temporary },
  })
  const { status, over } = await ended(child, limit)
  const took = Math.round(performance.now() - began)
  return { ...outcome(report, status), over, took }
}

/** @returns the status it ended with, or null and `over` when it had to be stopped, with everything it started */
function ended(child, limit) {
  return new Promise((resolve) => {
    let over = false
    const stop = () => stopGroup(child.pid)
    const timer = setTimeout(() => {
      over = true
      stop()
    }, limit)
    process.once('exit', stop)
    child.once('exit', (status) => {
      clearTimeout(timer)
      process.off('exit', stop)
      stop()
      resolve({ status, over })
    })
  })
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

function stopGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function outcome(report, status) {
  if (!existsSync(report)) return { passed: 0, failed: '(the tests could not be run)' }
  const { numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const results = testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = results.find((one) => one.status === 'failed')?.fullName
  return {
    passed: numPassedTests,
    failed: failed ?? (status === 0 ? null : '(an error outside of the tests)'),
  }
}
