/** Where everything of one run is: a temporary folder, and ports of loopback in place of the machines of config/. */
import { spawn } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, existsSync } from 'node:fs'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const configOf = (name) => fileURLToPath(new URL(`config/${name}`, import.meta.url))

/** The variables of a file in config/, in its order. @returns {Record<string, string>} */
export function readEnv(name) {
  const lines = readFileSync(configOf(name), 'utf8').split('\n')
  const pairs = lines.filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    pairs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

/** Below the ports that outgoing connections take for themselves: a member that is down gets its own port back. */
const [firstPort, lastPort] = [18_000, 30_000]

export async function openPlaces() {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-ha-'))
  chmodSync(folder, 0o755)
  const guard = keepGuard(folder)
  const gone = new Promise((resolve) => guard.once('exit', resolve))
  const ports = await freePorts(40)
  const known = new Map()
  const user = serverUser()
  /** 10.0.0.11:5432 → 127.0.0.1 and a port of this run, always the same. */
  const portOf = (address) => {
    if (!known.has(address)) known.set(address, ports.pop())
    return known.get(address)
  }
  return {
    folder,
    /** PostgreSQL refuses to run as root. */
    user,
    portOf,
    here: (text) => text.replace(/10\.0\.0\.\d+:\d+/g, (address) => `127.0.0.1:${portOf(address)}`),
    /** A folder of one member, for whoever runs it. */
    folderOf(name, owner = user) {
      const path = join(folder, name)
      mkdirSync(path, { mode: 0o755 })
      if (owner !== null) chownSync(path, owner, owner)
      return path
    },
    /** Ends all processes and removes the folder. */
    close: () => (guard.stdin.end(), gone),
  }
}

/** What every member said, as `<member>.log`. */
export function keepLogs(folder, to) {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(folder))
    if (existsSync(join(folder, name, 'log')))
      copyFileSync(join(folder, name, 'log'), join(to, `${name}.log`))
}

function keepGuard(folder) {
  const script = fileURLToPath(new URL('guard.mjs', import.meta.url))
  const options = { stdio: ['pipe', 'ignore', 'inherit'], detached: true }
  const guard = spawn(process.execPath, [script, folder], options)
  guard.stdin.on('error', () => undefined)
  return guard
}

async function freePorts(count) {
  const open = []
  for (
    let port = firstPort + Math.floor(Math.random() * 8000);
    open.length < count && port < lastPort;
    port += 1
  ) {
    const server = await listening(port)
    if (server !== null) open.push(server)
  }
  const ports = open.map((server) => server.address().port)
  await Promise.all(open.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

const listening = (port) =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })

function serverUser() {
  if (process.getuid() !== 0) return null
  const line = /^postgres:[^:]*:(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))
  return line === null ? 65534 : Number(line[1])
}
