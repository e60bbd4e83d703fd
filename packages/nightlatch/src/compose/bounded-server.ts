import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Settings } from '../config/read.js'
import type { ConnectionLimits } from '../http/bindings/connections.js'
import { Connections } from '../http/bindings/connections.js'
import type { HttpLog } from '../http/services.js'
import { onTheWire } from '../http/bindings/raw.js'
import { refuse } from '../http/refuse.js'
import { hardLimit, largestLine } from '../http/bindings/header-limit.js'

interface BoundedServer {
  readonly server: Server
  readonly connections: Connections
}

interface BoundedServerOptions {
  readonly log: Pick<HttpLog, 'warn'>
  /** Milliseconds for a whole request, 0 where one may take its time as long as it moves. */
  readonly requestTimeout: number
  /** How many descriptors one connection takes: two where there is an application behind it. */
  readonly descriptors?: 1 | 2
  readonly limits?: Partial<ConnectionLimits>
  /** Between two looks at all connections. */
  readonly sweepMs?: number
}

const seconds = 1000
const headersSeconds = 15

/** A server on which nobody can hold a place by saying little, or nothing, or by not listening. */
export function boundedServer(settings: Settings, options: BoundedServerOptions): BoundedServer {
  const { keepAliveSeconds, headerLimitBytes } = settings.server
  const server = createServer({
    requestTimeout: options.requestTimeout,
    headersTimeout: headersSeconds * seconds,
    // Longer than proxies keep an idle one: whoever sends requests is to close first, or a request meets a connection
    // that is just being closed.
    keepAliveTimeout: keepAliveSeconds * seconds,
    connectionsCheckingInterval: 5 * seconds,
    maxHeaderSize: hardLimit(headerLimitBytes),
  })
  // node:http otherwise forgets every header after the thousandth, the body's length among them, and what it takes
  // for the body would be the next request to whoever stands behind us. The size above is the limit.
  server.maxHeadersCount = 0
  const connections = new Connections(limitsOf(settings, options), {
    isTrusted: (address) => settings.trustedProxies.has(address),
    now: () => Date.now(),
  })
  server.on('connection', (socket: Socket) => {
    connections.opened(socket)
  })
  server.on('clientError', (error: Malformed, socket: Socket) => {
    refuseMalformed(connections, error, socket)
  })
  server.on('connect', (_request, socket: Socket) => {
    socket.on('error', () => socket.destroy())
    endWith(connections, socket, bareRefusal('501 Not Implemented'))
  })
  const timer = setInterval(sweeper(connections, options), options.sweepMs ?? 5 * seconds)
  timer.unref()
  server.once('close', () => {
    clearInterval(timer)
  })
  return { server, connections }
}

function limitsOf({ server }: Settings, { descriptors = 1, limits }: BoundedServerOptions): ConnectionLimits {
  return {
    perAddress: server.connectionsPerAddress,
    all: Math.min(server.connections, Math.floor(descriptorsLeft() / descriptors)),
    stalledMs: 60 * seconds,
    expectingMs: 150 * seconds,
    quietMs: 3600 * seconds,
    waitingMs: (Math.max(server.keepAliveSeconds, headersSeconds) + 10) * seconds,
    endingMs: 2 * seconds,
    ...limits,
  }
}

/** What files, databases and the application behind us leave over; without a bound where the system names none. */
function descriptorsLeft(): number {
  try {
    const found = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return found === undefined ? Infinity : Math.max(20, Math.floor(Number(found) * 0.9) - 100)
  } catch {
    return Infinity
  }
}

const quietBetweenReports = 60 * seconds

/** Says what was ended, at most once a minute: whoever ends them on purpose must not fill the log. */
function sweeper(connections: Connections, { log }: BoundedServerOptions): () => void {
  let lastReport = -Infinity
  return () => {
    const now = Date.now()
    connections.prune(now)
    if (now - lastReport < quietBetweenReports) return
    const report = connections.report()
    if (report === null) return
    lastReport = now
    log.warn('connections were ended that did nothing', {
      ...Object.fromEntries(report.counts),
      address: report.address,
    })
  }
}

type Malformed = NodeJS.ErrnoException & { readonly rawPacket?: Buffer }

/** What is no HTTP gets a bare refusal and the end of the connection. */
function refuseMalformed(connections: Connections, error: Malformed, socket: Socket): void {
  const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  if (isLate) connections.ended(socket, 'no-request')
  if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
  else if (error.code === 'HPE_HEADER_OVERFLOW')
    endWith(connections, socket, headersOverflow(error.rawPacket))
  else endWith(connections, socket, bareRefusal(isLate ? '408 Request Timeout' : '400 Bad Request'))
}

/** The other side may never close: then the place is taken back a little later. */
function endWith(connections: Connections, socket: Socket, response: string | Buffer): void {
  socket.end(response)
  connections.ending(socket)
}

const headersOverflow = (bytes: Buffer | undefined): Buffer =>
  onTheWire(refuse('headers-too-large', { detail: largestLine(bytes) }))

const bareRefusal = (status: string): string =>
  `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
