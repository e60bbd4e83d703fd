/** Stryker, outside of the lock file. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const version = '9.6.1'

/** Has these packages of Stryker's in the folder's node_modules, with what they need beside them. */
export function fetched(folder, names, others = []) {
  const ours = names.map((name) => `@stryker-mutator/${name}`)
  if (ours.every((name) => existsSync(join(folder, 'node_modules', name)))) return
  const packages = [...ours.map((name) => `${name}@${version}`), ...others]
  const options = ['--prefix', folder, '--ignore-scripts', '--no-save', '--no-audit', '--no-fund']
  const { status } = spawnSync('npm', ['install', ...options, ...packages], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`npm could not fetch ${packages.join(' ')}: the lines above say why.`)
}
