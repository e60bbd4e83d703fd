/**
 * Moving in: what `nightlatch import` costs, what a dry run of it does, and what the same people cost once more, who are here then, by
 * how many there are. CPU time (PostgreSQL's with it) and memory of its own say more than seconds while others are at work on the machine.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clearInterval, setInterval } from 'node:timers'
import { fileURLToPath } from 'node:url'
import { print, round } from './lib/figures.mjs'
import { siteSecret, sources, writeSource } from './lib/moving-in.mjs'
import { startPostgres } from './lib/postgres.mjs'

/** `BENCH_IMPORT=keycloak BENCH_PEOPLE=1000,100000` measures these alone. */
const listed = (name, all) => process.env[name]?.split(',') ?? all
const chosen = listed('BENCH_IMPORT', sources)
const sizes = listed('BENCH_PEOPLE', [1000, 10_000, 100_000]).map(Number)
const program = fileURLToPath(new URL('../../packages/nightlatch/bin/nightlatch.js', import.meta.url))
const preload = fileURLToPath(new URL('lib/peak.mjs', import.meta.url))

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-bench-import-'))
  const postgres = await startPostgres()
  const rows = []
  for (const source of chosen)
    for (const count of sizes) {
      const file = join(folder, `${source}-${count}`)
      const files = await writeSource(file, source, count)
      rows.push(await rowOf({ folder, files, source, count, postgres: null }))
      if (postgres !== null) rows.push(await rowOf({ folder, files, source, count, postgres }))
      for (const one of files) rmSync(one)
    }
  postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
  const columns = ['s', 'CPU s', 'own MiB', 'peak RSS MiB']
  const of = (what) => columns.map((column) => `${what}: ${column}`)
  const before = ['source', 'database', 'people', ...columns]
  const title = 'Moving in'
  return {
    title,
    columns: [...before, ...of('dry run'), 'dry run to import, CPU', ...of('again')],
    rows,
  }
}

async function rowOf({ folder, files, source, count, postgres }) {
  const name = `${source.replace('-', '_')}_${count}`
  await postgres?.create(name)
  const place = postgres === null ? {} : { NIGHTLATCH_DATABASE_URL: postgres.url(name) }
  const database = postgres === null ? 'SQLite' : 'PostgreSQL'
  const words = ['import', source, ...files, '--data', join(folder, `${database}-${name}`)]
  const measured = async (...more) => {
    const before = postgres?.cpuSeconds() ?? 0
    const usage = await measure(folder, [...words, ...more], place)
    return { ...usage, cpuSeconds: usage.cpuSeconds + (postgres?.cpuSeconds() ?? 0) - before }
  }
  const dry = await measured('--dry-run')
  const real = await measured()
  const again = await measured('--on-conflict', 'merge')
  return [
    ...[source, database, count, ...figures(real), ...figures(dry)],
    ...[round(dry.cpuSeconds / real.cpuSeconds, 2), ...figures(again)],
  ]
}

const figures = ({ seconds, cpuSeconds, ownMiB, peakMiB }) => [
  round(seconds, 1),
  round(cpuSeconds, 1),
  round(ownMiB),
  round(peakMiB),
]

/** The most that it had, looked at some hundred times in a second. */
function watchMemory(pid) {
  let ownKib = 0
  const timer = setInterval(() => {
    ownKib = Math.max(ownKib, ownMemory(pid))
  }, 5)
  return () => {
    clearInterval(timer)
    return ownKib / 1024
  }
}

/** What is no file's: 0 where the system does not tell it. */
function ownMemory(pid) {
  try {
    return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

async function measure(folder, words, place) {
  const usageFile = join(folder, 'usage')
  const began = performance.now()
  const env = { ...process.env, ...place, BENCH_PEAK_FILE: usageFile, BETTER_AUTH_SECRET: siteSecret }
  const child = spawn(process.execPath, ['--import', preload, program, ...words], {
    env: { ...env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ownMiB = watchMemory(child.pid)
  let told = ''
  child.stderr.on('data', (chunk) => (told += chunk))
  const [status] = await once(child, 'close')
  const own = ownMiB()
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${told.slice(-400)}`)
  const usage = JSON.parse(readFileSync(usageFile, 'utf8'))
  return { seconds: (performance.now() - began) / 1000, ownMiB: own, ...usage }
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
