/** Starts the proxies of the examples with the configuration that is in their folder, on ports of our own choice. */
import { spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How each is started in the folder of its configuration, in the foreground. */
export const proxies = {
  nginx: {
    command: 'nginx',
    args: (folder, file = 'nginx.conf') => ['-p', folder, '-c', file, '-e', 'stderr', '-g', 'daemon off;'],
  },
  caddy: {
    command: 'caddy',
    args: (_folder, file = 'Caddyfile') => ['run', '--config', file, '--adapter', 'caddyfile'],
  },
  haproxy: { command: 'haproxy', args: (_folder, file = 'haproxy.cfg') => ['-W', '-f', file] },
  traefik: { command: 'traefik', args: () => ['--configFile=traefik.yml'] },
}

export const isInstalled = (name) =>
  spawnSync('sh', ['-c', `command -v ${proxies[name].command}`]).status === 0

/** The ports that the configurations are written with. */
export const writtenPorts = { public: 8080, nightlatch: 3000, application: 5000 }

/**
 * @param {keyof typeof proxies} name
 * @param {{ public: number, nightlatch: number, application: number }} ports
 * @param {{ file?: string, edit?: (text: string) => string }} [configuration] another one of the folder; what its
 * user changes in it
 * @returns {Promise<{ stop(): Promise<void> }>}
 */
export async function startProxy(name, ports, { file, edit = (text) => text } = {}) {
  const folder = mkdtempSync(join(tmpdir(), `nightlatch-${name}-`))
  const from = fileURLToPath(new URL(`../behind-${name}/`, import.meta.url))
  for (const one of readdirSync(from).filter((name) => /\.(conf|cfg|lua|yml)$|Caddyfile$/.test(name)))
    writeFileSync(join(folder, one), edit(withPorts(readFileSync(join(from, one), 'utf8'), ports)))
  // Traefik's static configuration names the other one.
  if (name === 'traefik' && file !== undefined) copyFileSync(join(folder, file), join(folder, 'dynamic.yml'))
  const { command, args } = proxies[name]
  const child = spawn(command, args(folder, file), {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const listen = (chunk) => (said = (said + chunk).slice(-4000))
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  const ended = new Promise((resolve) => child.once('close', resolve))
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  let over = false
  void ended.then(() => (over = true))
  while (!(await answers(ports.public))) {
    if (over) throw new Error(`${name} did not start: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { stop }
}

const withPorts = (text, ports) =>
  Object.entries(writtenPorts).reduce(
    (changed, [name, port]) => changed.replaceAll(`:${port}`, `:${ports[name]}`),
    text,
  )

const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })

/** A port that nobody uses just now: below those that systems give to whoever asks for any, as others do meanwhile. */
export async function freePort() {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    const server = createServer()
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}
