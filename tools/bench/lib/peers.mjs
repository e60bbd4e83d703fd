/** Other people's programs, installed into a folder that is thrown away: none of them is a dependency of ours. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const packages = ['better-auth', 'pg', 'express', 'express-session', 'passport', 'passport-local']

/** @returns {{ modules: string, versions: Record<string, string>, remove(): void } | null} */
export function installPeers() {
  const modules = mkdtempSync(join(tmpdir(), 'nightlatch-bench-peers-'))
  const remove = () => rmSync(modules, { recursive: true, force: true })
  writeFileSync(join(modules, 'package.json'), '{ "private": true, "type": "module" }')
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--omit=optional']
  const installed = spawnSync('npm', ['install', ...flags, ...packages], {
    cwd: modules,
    timeout: 240_000,
    stdio: 'ignore',
  })
  if (installed.status === 0) return { modules, versions: versionsIn(modules), remove }
  console.log('The peers could not be installed from the npm registry: the comparison is left out.\n')
  remove()
  return null
}

function versionsIn(cwd) {
  const listed = spawnSync('npm', ['ls', '--json', '--depth=0'], { cwd, encoding: 'utf8' })
  const { dependencies = {} } = JSON.parse(listed.stdout || '{}')
  return Object.fromEntries(Object.entries(dependencies).map(([name, { version }]) => [name, version]))
}
