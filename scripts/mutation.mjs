/**
 * Do the tests notice when the code is wrong? Stryker, which is fetched outside of the lock file, changes it in one place at a
 * time. Says the score of each file, and ends with status 1 below the score that we promise.
 * Usage: npm run mutation [-- core|otp] [-- core session-lifetime,totp/verify] [-- otp totp,hotp]
 * The outer layers are tested over HTTP and on databases, where each change takes seconds: some are drawn.
 *        npm run mutation -- http|protect|adapters|storage [csrf,cookies]
 * MUTATION_SAMPLE (120; `all`) says how many, MUTATION_SEED which ones. With MUTATION_FOLDER the folder stays, and the next run
 * does what is new.
 */
import { randomInt } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ensureInstalled } from './lib/set-up.mjs'

ensureInstalled({ forTests: true })
const { measureSample, sampledSubjects } = await import('./lib/mutation/sample.mjs')
const { measureWhole, wholeSubjects } = await import('./lib/mutation/whole.mjs')

const [which, list = ''] = process.argv.slice(2)
const names = list.split(',').filter(Boolean)
const { MUTATION_FOLDER, MUTATION_SAMPLE = '120', MUTATION_SEED = String(randomInt(1_000_000)) } = process.env

function usage() {
  const layers = [...Object.keys(wholeSubjects), ...Object.keys(sampledSubjects)].join('|')
  process.stderr.write(`Usage: npm run mutation [-- ${layers}] [-- core session-lifetime,totp/verify]\n`)
  return 2
}

async function measured(folder) {
  if (which === undefined)
    return Math.max(...Object.values(wholeSubjects).map((subject) => measureWhole(subject, folder, names)))
  if (Object.hasOwn(wholeSubjects, which)) return measureWhole(wholeSubjects[which], folder, names)
  if (!Object.hasOwn(sampledSubjects, which)) return usage()
  const size = MUTATION_SAMPLE === 'all' ? Infinity : Number(MUTATION_SAMPLE)
  return measureSample(which, folder, { names, size, seed: MUTATION_SEED })
}

const folder =
  MUTATION_FOLDER === undefined
    ? mkdtempSync(join(tmpdir(), 'nightlatch-mutation-'))
    : resolve(MUTATION_FOLDER)
// Some tests start programs as nobody in particular.
if (MUTATION_FOLDER === undefined) chmodSync(folder, 0o755)
try {
  process.exitCode = await measured(folder)
} finally {
  if (MUTATION_FOLDER === undefined) rmSync(folder, { recursive: true, force: true })
}
