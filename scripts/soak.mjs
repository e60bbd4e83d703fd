/**
 * The races, the crash test and the fuzzers of files, many rounds: `npm run soak`, or `npm run soak -- 200` for two hundred of each.
 * The suite runs them too, a few rounds only.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const rounds = process.argv[2] ?? '40'
if (!/^[1-9]\d{0,3}$/.test(rounds)) {
  console.error('Give the number of rounds, from 1 to 9999.')
  process.exit(2)
}
const run = (script, ...args) =>
  spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SOAK_ROUNDS: rounds },
  }).status ?? 1

const minutes = String(Number(rounds) * 60_000)
const tests = ['races', 'operations/crash', 'operations/outbox', 'import/fuzz'].map(
  (one) => `packages/nightlatch/test/${one}`,
)
tests.push('packages/otp/test/files.test.ts')
process.exit(
  run('scripts/build.mjs') ||
    run('node_modules/vitest/vitest.mjs', 'run', ...tests, '--testTimeout', minutes),
)
