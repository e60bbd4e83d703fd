import { spawn, spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from '../../../../examples/common/proxies.mjs'
import { postgresBinaries, serverUser } from './postgres-server.js'

/** A PostgreSQL of one test's own, to be treated badly. */
export interface OwnPostgres {
  readonly port: number
  /** Where it lives; its user may write there. */
  readonly folder: string
  url(database?: string): string
  sql(statement: string, database?: string): Promise<void>
  /** A streaming replica of it. */
  replica(): Promise<OwnPostgres>
  stop(): Promise<void>
}

const user = serverUser()
const asUser = user === null ? {} : { uid: user, gid: user }

function ran(program: string, args: readonly string[]): void {
  const done = spawnSync(join(postgresBinaries(), program), args, { ...asUser, cwd: tmpdir() })
  if (done.status !== 0) throw new Error(`${program}: ${done.stderr.toString()}`)
}

/** A new folder that the database's user owns. */
export function folderOfItsOwn(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-own-'))
  if (user !== null) chownSync(folder, user, user)
  return folder
}

export async function startOwnPostgres(settings: Record<string, string> = {}): Promise<OwnPostgres> {
  const folder = folderOfItsOwn()
  const options = ['-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  ran('initdb', ['-D', join(folder, 'data'), ...options])
  return start(folder, settings)
}

async function start(folder: string, settings: Record<string, string>): Promise<OwnPostgres> {
  const port = await freePort()
  const all = {
    listen_addresses: 'localhost,127.0.0.1',
    unix_socket_directories: folder,
    fsync: 'off',
    ...settings,
  }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const args = ['-D', join(folder, 'data'), '-p', String(port), ...flags]
  const child = spawn(join(postgresBinaries(), 'postgres'), args, { ...asUser, cwd: folder })
  let log = ''
  const ended = new Promise((resolve) => child.once('close', resolve))
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (text: Buffer) => {
      log = (log + text.toString()).slice(-4000)
      if (/ready to accept (read-only )?connections/.test(log)) resolve()
    })
    void ended.then(() => reject(new Error(`postgres did not start: ${log}`)))
  })
  const url = (database = 'postgres'): string => `postgres://postgres@127.0.0.1:${port}/${database}`
  return {
    port,
    folder,
    url,
    sql: async (statement, database) => {
      const client = new pg.Client({ connectionString: url(database) })
      await client.connect()
      await client.query(statement).finally(() => client.end())
    },
    replica: async () => {
      const copy = folderOfItsOwn()
      ran('pg_basebackup', ['-D', join(copy, 'data'), '-R', '-X', 'stream', '-c', 'fast', '-d', url()])
      return start(copy, settings)
    },
    stop: async () => {
      child.kill('SIGQUIT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A certificate that nobody but itself vouches for, readable by the database's user. */
export function selfSigned(name: string): { readonly certificate: string; readonly key: string } {
  const folder = folderOfItsOwn()
  const [certificate, key] = [join(folder, 'server.crt'), join(folder, 'server.key')]
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject]
  const done = spawnSync('openssl', [...args, '-keyout', key, '-out', certificate], { ...asUser })
  if (done.status !== 0) throw new Error(`openssl: ${done.stderr.toString()}`)
  return { certificate, key }
}

/** A small disk, where this machine lets us make one; null where it does not. */
export function smallDisk(megabytes: number): { readonly path: string; remove(): void } | null {
  const path = folderOfItsOwn()
  const options = `size=${megabytes}m,mode=0700${user === null ? '' : `,uid=${user},gid=${user}`}`
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0
  if (!mounted) {
    rmSync(path, { recursive: true })
    return null
  }
  mkdirSync(join(path, 'space'))
  if (user !== null) chownSync(join(path, 'space'), user, user)
  return {
    path,
    remove: () => {
      spawnSync('umount', ['-l', path])
      rmSync(path, { recursive: true, force: true })
    },
  }
}

/** Takes whatever is left of the disk. @returns what gives it back */
export function fillUp(path: string): () => void {
  const balloon = join(path, 'balloon')
  let size = 1 << 20
  for (let count = 0; size >= 4096; count += 1) {
    try {
      writeFileSync(`${balloon}${count}`, Buffer.alloc(size, 1))
    } catch {
      rmSync(`${balloon}${count}`, { force: true })
      size >>= 1
    }
  }
  return () => {
    for (let count = 0; count < 2000; count += 1) rmSync(`${balloon}${count}`, { force: true })
  }
}
