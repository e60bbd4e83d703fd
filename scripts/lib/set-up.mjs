/** What a fresh clone needs before anything can run. Plain Node: nothing is installed yet. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const builtMark = join(root, 'node_modules/.cache/nightlatch-built')

const say = (text) => process.stderr.write(`${text}\n`)
const timeOf = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/**
 * Installs what the lock file names, unless that was done since the lock file changed. The root's `dependencies` are
 * what the build needs; its `devDependencies`, which are many more, only tests and checks need.
 */
export function ensureInstalled({ forTests = false } = {}) {
  const installed = timeOf(join(root, 'node_modules/.package-lock.json'))
  const isFresh = installed > 0 && installed >= timeOf(join(root, 'package-lock.json'))
  const hasTests = existsSync(join(root, 'node_modules/vitest'))
  if (isFresh && (hasTests || !forTests)) return
  say('Installing what the lock file names (npm ci) …')
  const omit = forTests || hasTests ? [] : ['--omit=dev']
  const done = spawnSync('npm', ['ci', ...omit, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (done.status !== 0) fail('npm ci did not succeed: the lines above say why.')
}

/** Builds both packages, unless nothing changed since. */
export function ensureBuilt() {
  const built = timeOf(builtMark)
  const complete = ['otp/dist/index.js', 'nightlatch/dist/bundle/main.js'].every((file) =>
    existsSync(join(root, 'packages', file)),
  )
  if (complete && built > newestSource()) return
  say('Building …')
  const done = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (done.status !== 0) fail('The build did not succeed: the lines above say why.')
}

function newestSource() {
  const sources = ['otp', 'nightlatch'].flatMap((name) => {
    const folder = join(root, 'packages', name)
    const listed = readdirSync(join(folder, 'src'), { recursive: true, withFileTypes: true })
    const files = listed.map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    return [...files, join(folder, 'package.json'), join(folder, 'tsconfig.json')]
  })
  const shared = ['tsconfig.base.json', 'scripts/build.mjs', 'scripts/lib/bundle.mjs'].map((file) =>
    join(root, file),
  )
  return Math.max(...[...sources, ...shared].map(timeOf))
}

export function fail(text) {
  say(text)
  process.exit(1)
}
