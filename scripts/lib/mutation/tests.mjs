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
import { BaseSequencer } from 'vitest/node'
class AsAsked extends BaseSequencer {
  sort(files) {
    const place = ({ moduleId }) => process.argv.findIndex((file) => moduleId.endsWith(file))
    return files.toSorted((one, other) => place(one) - place(other))
  }
}
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
    sequence: { sequencer: AsAsked },
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

/** What the full names of these tests look like: those of the units' kind, in these of their suites. */
function patternOf([{ kind }], only) {
  const named = only?.map((suite) => suite.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  return `^${kindly[kind] ?? ''}${named === undefined ? '' : `(${named})( |$)`}`
}

/**
 * Runs the tests of some units of one kind, in their order, until the first one fails.
 *
 * @param only the suites that are wanted; null: all
 * @returns how many `passed`, the first one that `failed` and where it is, or null, the `suites` that ran, whether the time was
 *   `over`, and what it took
 */
export async function runUnits(folder, units, { limit, only }) {
  const [temporary, report] = [join(folder, 'tmp'), join(folder, 'report.json')]
  for (const path of [temporary, report]) rmSync(path, { recursive: true, force: true })
  mkdirSync(temporary)
  chmodSync(temporary, 0o777)
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const options = [
    '--bail',
    '1',
    '--reporter=json',
    `--outputFile=${report}`,
    '-t',
    patternOf(units, only ?? undefined),
  ]
  const began = performance.now()
  const child = spawn(process.execPath, [vitest, 'run', ...units.map(({ file }) => file), ...options], {
    cwd: folder,
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, TMPDIR: temporary },
  })
  const { status, over } = await ended(child, limit)
  const took = Math.round(performance.now() - began)
  return { ...outcome(report, { status, units }), over, took }
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

function outcome(report, { status, units }) {
  const nothing = { passed: 0, suites: [], where: units[0] }
  if (!existsSync(report)) return { ...nothing, failed: '(the tests could not be run)' }
  const { numPassedTests: passed, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const results = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((one) => ({ ...one, name })),
  )
  const suites = results
    .filter((one) => one.status === 'passed')
    .map(({ ancestorTitles, title }) => ancestorTitles[0] ?? title)
  const first = results.find((one) => one.status === 'failed')
  const where = units.find(({ file }) => first?.name.endsWith(file)) ?? units[0]
  const failed = first?.fullName ?? (status === 0 ? null : '(an error outside of the tests)')
  return { passed, suites: [...new Set(suites)], failed, where }
}
