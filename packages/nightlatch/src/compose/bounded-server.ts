import { readFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { atPort, type Settings } from '../config/read.js'
import type { ConnectionLimits } from '../http/bindings/connections.js'
import { Connections } from '../http/bindings/connections.js'
import type { HttpLog } from '../http/services.js'
import { onTheWire } from '../http/bindings/raw.js'
import { refuse } from '../http/refuse.js'
import { hardLimit, largestLine } from '../http/bindings/header-limit.js'
import { close, listen, plainFront, tlsFront, type Front } from './fronts.js'

interface BoundedServer {
  readonly connections: Connections
  /** For every version of HTTP that is spoken here. */
  on(event: 'request' | 'checkContinue', listener: RequestListener): void
  onUpgrade(listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void
  /** Takes a connection of HTTP/1.1 as if it were new. */
  reenter(socket: Duplex): void
  /** @returns the port */
  listen(at: { readonly host: string; readonly port: number }): Promise<number>
  /** Reads the certificate again. */
  renewTls(): void
  /** Answers what is in flight, and ends what is left after the deadline. */
  close(deadlineMs: number): Promise<void>
}

interface BoundedServerOptions {
  readonly log: Pick<HttpLog, 'info' | 'warn'>
  /** Milliseconds for a whole request, 0 where one may take its time as long as it moves. */
  readonly requestTimeout: number
  /** How many descriptors one connection takes: two where there is an application behind it. */
  readonly descriptors?: 1 | 2
  readonly limits?: Partial<ConnectionLimits>
  /** Between two looks at all connections. */
  readonly sweepMs?: number
  /** Between two looks at the files of the certificate. */
  readonly lookMs?: number
}

const seconds = 1000
const headersSeconds = 15

/** A server on which nobody can hold a place by saying little, or nothing, or by not listening. */
export function boundedServer(settings: Settings, options: BoundedServerOptions): BoundedServer {
  const limits = limitsOf(settings, options)
  const connections = new Connections(limits, {
    isTrusted: (address) => settings.trustedProxies.has(address),
    now: () => Date.now(),
  })
  const front = frontFor(connections, { settings, options, limits })
  const { server, http2 } = front
  // node:http otherwise forgets every header after the thousandth, the body's length among them, and what it takes
  // for the body would be the next request to whoever stands behind us. The size above is the limit.
  server.maxHeadersCount = 0
  let { origin } = settings
  refuseOthers(front, { connections, origin: () => origin })
  const timer = setInterval(sweeper(connections, options), options.sweepMs ?? 5 * seconds)
  timer.unref()
  server.once('close', () => {
    clearInterval(timer)
  })
  return {
    connections,
    on: (event, listener) => {
      server.on(event, listener)
      http2?.on(event, listener)
    },
    onUpgrade: (listener) => server.on('upgrade', listener),
    reenter: front.reenter,
    listen: async (at) => {
      const port = await listen(server, at)
      ;({ origin } = atPort(settings, port))
      return port
    },
    renewTls: front.renew,
    close: (deadlineMs) => close(front, deadlineMs),
  }
}

interface FrontParts {
  readonly settings: Settings
  readonly options: BoundedServerOptions
  readonly limits: ConnectionLimits
}

function frontFor(connections: Connections, { settings, options, limits }: FrontParts): Front {
  const { keepAliveSeconds, headerLimitBytes } = settings.server
  const http = {
    requestTimeout: options.requestTimeout,
    headersTimeout: headersSeconds * seconds,
    // Longer than proxies keep an idle one: whoever sends requests is to close first, or a request meets a connection
    // that is just being closed.
    keepAliveTimeout: keepAliveSeconds * seconds,
    connectionsCheckingInterval: 5 * seconds,
    maxHeaderSize: hardLimit(headerLimitBytes),
  }
  if (settings.tls === null) return plainFront(connections, http)
  return tlsFront(connections, http, {
    files: settings.tls,
    host: new URL(settings.origin).hostname,
    log: options.log,
    lookMs: options.lookMs ?? 2 * seconds,
    stalledMs: limits.stalledMs,
  })
}

interface Refusers {
  readonly connections: Connections
  origin(): string
}

/** What is no request that anybody here would answer. */
function refuseOthers({ server }: Front, { connections, origin }: Refusers): void {
  server.on('clientError', (error: Malformed, socket: Socket) => {
    if (isOfTls(error)) refuseHandshake(connections, { error, socket, origin: origin() })
    else refuseMalformed(connections, error, socket)
  })
  server.on('connect', (_request, socket: Socket) => {
    socket.on('error', () => socket.destroy())
    endWith(connections, socket, bareRefusal('501 Not Implemented'))
  })
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
    takenBack: 500,
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

const isOfTls = ({ code = '' }: Malformed): boolean => /^ERR_(?:SSL|TLS)_/.test(code)

interface Refusing {
  readonly error: Malformed
  readonly socket: Socket
  readonly origin: string
}

/** Somebody who asked by plain http is told where to ask; there is nothing to be said to anybody else. */
function refuseHandshake(connections: Connections, { error, socket, origin }: Refusing): void {
  const bare = connections.bare(socket)
  if (error.code !== 'ERR_SSL_HTTP_REQUEST' || bare === undefined) {
    socket.destroy()
    return
  }
  const text = `This port speaks https: ${origin}\n`
  const lines = ['HTTP/1.1 400 Bad Request', 'Connection: close', 'Content-Type: text/plain']
  endWith(connections, bare, [...lines, `Content-Length: ${String(text.length)}`, '', text].join('\r\n'))
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
