import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { until } from './until.js'

/** Sends each request to the next server that says it is ready. It tries nothing twice, so that it hides nothing. */
const configuration = (port: number, servers: readonly number[]): string => `
global
  maxconn 512
defaults
  mode http
  retries 0
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend public
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain lf-string "%[nbsrv(servers)]" if { path /up }
  default_backend servers
backend servers
  balance roundrobin
  option httpchk GET /readyz
  http-check expect status 200
${servers.map((one) => `  server s${one} 127.0.0.1:${one} check inter 200ms fall 3 rise 1`).join('\n')}
`

export interface LoadBalancer {
  readonly origin: string
  /** How many servers it takes for ready. */
  up(): Promise<number>
}

/** A real HAProxy in front of servers on these ports, until the test is over. */
export async function startHaproxy(port: number, servers: readonly number[]): Promise<LoadBalancer> {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-haproxy-'))
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(file, configuration(port, servers))
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)))
  const ended = new Promise((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true })
  })
  await until(() => {
    if (child.exitCode !== null) throw new Error(`haproxy did not start: ${said}`)
    return answers(port)
  })
  const origin = `http://127.0.0.1:${port}`
  return { origin, up: async () => Number(await (await fetch(`${origin}/up`)).text()) }
}

export const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
