/** From the start of the process to the first page, and what an idle server holds of the machine's memory. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { median, print, round } from './lib/figures.mjs'

const rounds = 7
const path = (file) => fileURLToPath(new URL(file, import.meta.url))

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-bench-start-'))
  const nightlatch = path('../../packages/nightlatch/bin/nightlatch.js')
  const candidates = [
    { name: 'bare node:http', args: () => [path('servers/bare-start.mjs')] },
    {
      name: 'nightlatch serve, SQLite',
      args: (port) => [nightlatch, 'serve', '--port', String(port), '--data', join(folder, 'data')],
    },
  ]
  const measured = candidates.map(() => [])
  for (let number = 0; number <= rounds; number += 1)
    for (const [index, one] of candidates.entries()) {
      const result = await startOnce(one, folder)
      if (number > 0) measured[index].push(result) // the first start makes the database
    }
  rmSync(folder, { recursive: true, force: true })
  return {
    title: 'Start to first page, and idle',
    columns: ['what', 'ratio to bare', 'ms to the first page', 'idle RSS MiB'],
    rows: candidates.map(({ name }, index) => [
      name,
      round(median(measured[index].map(({ ms }, at) => ms / measured[0][at].ms)), 1),
      round(median(measured[index].map(({ ms }) => ms))),
      round(median(measured[index].map(({ rssMiB }) => rssMiB))),
    ]),
  }
}

/** Until its first page is there, and a moment more. */
export async function startOnce({ name, args }, cwd) {
  const port = await freePort()
  const env = { ...process.env, PORT: String(port), NODE_ENV: 'production' }
  const began = performance.now()
  const child = spawn(process.execPath, args(port), { cwd, env, stdio: 'ignore' })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`)
    if (performance.now() - began > 30_000) throw new Error(`${name} does not answer`)
    await sleep(2)
  }
  const ms = performance.now() - began
  await sleep(300)
  const rssMiB = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024
  child.kill('SIGKILL')
  await gone
  return { ms, rssMiB }
}

const answers = (port) =>
  fetch(`http://127.0.0.1:${port}/login`).then(
    async (answer) => (await answer.text()).length > 0,
    () => false,
  )

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
