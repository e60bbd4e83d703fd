/**
 * `npm run test:nodes`: the tests that meet the platform, on the oldest Node that the packages allow and on the newer
 * lines. Each Node is fetched from the npm registry into a folder that is thrown away; none of it is installed. What
 * follows `--` goes to vitest in place of the usual files. Linux only.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { root } from './lib/set-up.mjs'

const versions = ['20.19', '22', '24']
const meetThePlatform =
  'adapters cli config contracts crypto http import journeys log mail operations protect storage'
const usual = [
  'packages/otp',
  ...meetThePlatform.split(' ').map((folder) => `packages/nightlatch/test/${folder}/`),
  'test/docs/clone.test.ts',
]
const rest = process.argv.slice(2)
const source = `node-linux-${process.arch}`
const folder = mkdtempSync(join(tmpdir(), 'nightlatch-nodes-'))

/** @returns the program, or null where the registry does not have it */
function fetchNode(version) {
  const place = join(folder, version)
  const quiet = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  spawnSync('npm', ['install', '--prefix', place, ...quiet, `${source}@${version}`], { stdio: 'inherit' })
  const program = join(place, 'node_modules', source, 'bin/node')
  return existsSync(program) ? program : null
}

function testOn(version) {
  const program = fetchNode(version)
  if (program === null) return `Node ${version}: not to be had`
  // What the tests start by name is this Node, too.
  const env = { ...process.env, PATH: [dirname(program), process.env.PATH].join(delimiter) }
  const files = rest.length > 0 ? rest : usual
  const ran = spawnSync(program, [join(root, 'scripts/test.mjs'), ...files], { env, stdio: 'inherit' })
  const exact = spawnSync(program, ['--version']).stdout.toString().trim()
  return ran.status === 0 ? `Node ${exact}: ok` : `Node ${exact}: FAILED`
}

try {
  const results = versions.map(testOn)
  for (const result of results) process.stdout.write(`${result}\n`)
  if (!results.every((result) => result.endsWith(': ok'))) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
