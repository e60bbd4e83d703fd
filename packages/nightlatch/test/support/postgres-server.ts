import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/**
 * The address of a PostgreSQL whose superuser we are: `DATABASE_URL` if it is set; else a server of this test
 * run, from the system's binaries, which apt-get installs where it can.
 */
export async function postgresUrl(): Promise<string> {
  if (!isOwnServer()) return process.env['DATABASE_URL'] ?? ''
  return `postgres://postgres@127.0.0.1:${await portOfThisRun()}/postgres`
}

/** The server was started for this run and goes with it. */
export const isOwnServer = (): boolean => (process.env['DATABASE_URL'] ?? '') === ''

/** All threads of a run are one process: the first one that makes the folder starts the server. */
async function portOfThisRun(): Promise<string> {
  const folder = join(tmpdir(), `nightlatch-postgres-${process.pid}`)
  if (made(folder)) keep(folder)
  for (let waited = 0; waited < 90_000; waited += 25) {
    if (existsSync(join(folder, 'ready'))) return readFileSync(join(folder, 'ready'), 'utf8')
    if (existsSync(join(folder, 'failed'))) throw new Error(readFileSync(join(folder, 'failed'), 'utf8'))
    await sleep(25)
  }
  throw new Error(`no PostgreSQL after 90 seconds (${folder})`)
}

function made(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o755 })
    return true
  } catch {
    return false
  }
}

function keep(folder: string): void {
  const keeper = fileURLToPath(new URL('postgres-keeper.mjs', import.meta.url))
  const task = { parent: process.pid, folder, bin: postgresBinaries(), user: serverUser() }
  spawn(process.execPath, [keeper, JSON.stringify(task)], { detached: true, stdio: 'ignore' }).unref()
}

/** The folder of `initdb` and `postgres`. */
export const postgresBinaries = (): string => findBinaries() ?? installBinaries()

/** PostgreSQL refuses to run as root. */
export function serverUser(): number | null {
  if (process.getuid?.() !== 0) return null
  const line = readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+):/m)
  return line?.[1] === undefined ? 65534 : Number(line[1])
}

function findBinaries(): string | null {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const folders = versions.map((version) => join(debian, version, 'bin'))
  const path = (process.env['PATH'] ?? '').split(delimiter)
  const has = (folder: string) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))
  return [...folders, ...path].find((folder) => folder !== '' && has(folder)) ?? null
}

function installBinaries(): string {
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    // RUNLEVEL=1: installed, but no server of the system's is started.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    const apt = (...args: string[]) => spawnSync('apt-get', args, { env, stdio: 'ignore' }).status === 0
    const install = () => apt('install', '-y', '--no-install-recommends', 'postgresql')
    if (install() || (apt('update') && install())) {
      const found = findBinaries()
      if (found !== null) return found
    }
  }
  throw new Error(
    'These tests need PostgreSQL: install it (Debian: apt-get install postgresql), ' +
      'or set DATABASE_URL to a server where the tests may create databases.',
  )
}
