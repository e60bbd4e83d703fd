import { createServer } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { noteRunning, openDoor } from './app.js'
import type { Nightlatch } from './app.js'
import { atPort } from './config/read.js'
import type { Settings } from './config/read.js'
import type { AccessRules } from './core/access/rules.js'
import type { DoorLog, Doors } from './http/doors.js'
import { nodeListener } from './http/node-server.js'
import { startHousekeeping } from './housekeeping.js'

export interface RunningServer {
  /** As it runs: with the real port in place of 0. */
  readonly settings: Settings
  /** The first page: `http://localhost:3000`, or with the base path. */
  readonly url: string
  readonly doors: Doors
  /**
   * Tells whoever keeps asking /readyz, and serves on until they know, for `drainMs` at most. Then takes no more
   * connections, answers what is in flight, and ends what is left after the deadline.
   */
  stop(deadlineMs?: number, drainMs?: number): Promise<void>
}

const seconds = 1000

/** Serves on the host and port of the settings; the rules are those of forward authentication. */
export async function serve(
  nightlatch: Nightlatch,
  log: DoorLog,
  accessRules: AccessRules | null = null,
): Promise<RunningServer> {
  let stopping = false
  const server = boundedServer(30 * seconds)
  const { host, port } = nightlatch.settings
  await listen(server, { host, port })
  const settings = atPort(nightlatch.settings, (server.address() as AddressInfo).port)
  const { doors, answer } = openDoor(nightlatch, settings, {
    log,
    accessRules,
    isStopping: () => stopping,
  })
  const listenerBelow = (base: string): Listener => nodeListener(answer, { base, isStopping: () => stopping })
  server.on('request', withProbesAtRoot(settings.basePath, listenerBelow))
  await noteRunning(nightlatch, settings, { door: 'serve', log })
  const stopHousekeeping = startHousekeeping(nightlatch, log)
  const stop = async (deadlineMs = 10 * seconds, drainMs = 0): Promise<void> => {
    stopping = true
    await doors.polls.allTold(drainMs)
    await Promise.all([stopHousekeeping(), close(server, deadlineMs)])
  }
  return { settings, url: settings.origin + settings.basePath, doors, stop }
}

type Listener = ReturnType<typeof nodeListener>

const probes = new Set(['/healthz', '/readyz', '/metrics'])

/** Whoever watches this machine asks the port itself, wherever the pages live: both addresses answer. */
function withProbesAtRoot(base: string, listenerBelow: (base: string) => Listener): Listener {
  const below = listenerBelow(base)
  if (base === '') return below
  const atRoot = listenerBelow('')
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1)
    const listener = probes.has(path) ? atRoot : below
    listener(request, response)
  }
}

/** A server on which nobody can hold a connection by saying little. `requestTimeout` in milliseconds, 0 for none. */
export function boundedServer(requestTimeout: number): ReturnType<typeof createServer> {
  const server = createServer({
    requestTimeout,
    headersTimeout: 15 * seconds,
    // Longer than proxies keep an idle one (60 s at most of them): whoever sends requests is to close first, or a
    // request meets a connection that is just being closed.
    keepAliveTimeout: 65 * seconds,
    connectionsCheckingInterval: 5 * seconds,
    maxHeaderSize: 32 * 1024,
  })
  // node:http otherwise forgets every header after the thousandth, the body's length among them, and what it takes
  // for the body would be the next request to whoever stands behind us. The size above is the limit.
  server.maxHeadersCount = 0
  server.on('clientError', refuseMalformed)
  server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy())
    socket.end(bareRefusal('501 Not Implemented'))
  })
  return server
}

export function listen(server: Server, at: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

export function close(server: ReturnType<typeof createServer>, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      server.closeAllConnections()
    }, deadlineMs)
    // A connection may become idle only now, with the last answer on it.
    const idle = setInterval(() => {
      server.closeIdleConnections()
    }, 50)
    server.close(() => {
      clearTimeout(deadline)
      clearInterval(idle)
      resolve()
    })
    server.closeIdleConnections()
  })
}

/** What is no HTTP gets a bare refusal and the end of the connection. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
  socket.end(bareRefusal(status))
}

const bareRefusal = (status: string): string =>
  `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
