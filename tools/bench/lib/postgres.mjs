/** A throw-away PostgreSQL for one bench, kept by the same keeper as that of the tests (it never waits for the disk). */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const keeper = fileURLToPath(
  new URL('../../../packages/nightlatch/test/support/postgres-keeper.mjs', import.meta.url),
)

/** @returns {Promise<{ url(database?: string): string, create(database: string): Promise<void>, cpuSeconds(): number, stop(): void } | null>} null where it is not installed */
export async function startPostgres() {
  const bin = findBinaries()
  if (bin === null) {
    console.log('PostgreSQL is not installed here: its rows are left out.\n')
    return null
  }
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-bench-postgres-'))
  chmodSync(folder, 0o755)
  const task = { parent: process.pid, folder, bin, user: serverUser() }
  const child = spawn(process.execPath, [keeper, JSON.stringify(task)], { stdio: 'ignore' })
  child.unref()
  const port = await portIn(folder)
  return {
    url: (database = 'postgres') => `postgres://postgres@127.0.0.1:${port}/${database}`,
    async create(database) {
      const client = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${port}/postgres` })
      await client.connect()
      await client.query(`CREATE DATABASE ${database}`)
      await client.end()
    },
    cpuSeconds: () => cpuOfConnections(folder),
    stop: () => process.kill(child.pid, 'SIGTERM'),
  }
}

/** What all connections that have ended have computed; 0 where the system does not tell it. */
function cpuOfConnections(folder) {
  try {
    const [pid] = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')
    // Behind the name: state, and then numbers, the 14th and 15th of which are those of the children.
    const numbers = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')
    return (Number(numbers[13]) + Number(numbers[14])) / 100
  } catch {
    return 0
  }
}

async function portIn(folder) {
  for (let waited = 0; waited < 60_000; waited += 50) {
    if (existsSync(join(folder, 'ready'))) return readFileSync(join(folder, 'ready'), 'utf8')
    if (existsSync(join(folder, 'failed'))) throw new Error(readFileSync(join(folder, 'failed'), 'utf8'))
    await sleep(50)
  }
  throw new Error('PostgreSQL did not start within a minute')
}

/** PostgreSQL refuses to run as root. */
function serverUser() {
  if (process.getuid?.() !== 0) return null
  const line = /^postgres:[^:]*:(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))
  return line === null ? 65534 : Number(line[1])
}

function findBinaries() {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const folders = versions.map((version) => join(debian, version, 'bin'))
  const has = (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))
  return (
    [...folders, ...(process.env.PATH ?? '').split(delimiter)].find((one) => one !== '' && has(one)) ?? null
  )
}
