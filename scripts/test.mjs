/**
 * `npm test`: from a fresh clone to every test. Arguments go to vitest: `npm test -- otp` runs what has otp in
 * its path; `npm run test:quick` runs what needs no server, browser, proxy or PostgreSQL. The last line says how many passed and failed.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled, root } from './lib/set-up.mjs'
import { quickFolders } from './lib/quick.mjs'
import { ensureTools } from './lib/tools.mjs'

const given = process.argv.slice(2)
const isQuick = given[0] === '--quick'
process.stderr.write(`Nightlatch, ${isQuick ? 'the quick tests' : 'every test'} …\n`)
ensureInstalled({ forTests: true })
ensureBuilt()
if (!isQuick) ensureTools()

const folder = mkdtempSync(join(tmpdir(), 'nightlatch-tests-'))
const report = join(folder, 'report.json')
const ran = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(isQuick ? [...quickFolders.map((folder) => `${folder}/`), ...given.slice(1)] : given),
  ],
  { cwd: root, stdio: 'inherit' },
)
const counts = countsIn(report)
rmSync(folder, { recursive: true, force: true })

const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped}\n`)
process.exitCode = ran.status === 0 && counts.failed === 0 && counts.passed > 0 ? 0 : 1

/** A file that could not even be loaded has no tests, and counts as one that failed. */
function countsIn(file) {
  try {
    const result = JSON.parse(readFileSync(file, 'utf8'))
    const broken = result.testResults.filter(
      (one) => one.status === 'failed' && one.assertionResults.length === 0,
    )
    const failed = result.numFailedTests + broken.length
    return {
      passed: result.numPassedTests,
      failed: failed === 0 && !result.success ? 1 : failed,
      skipped: result.numPendingTests + result.numTodoTests,
    }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}
