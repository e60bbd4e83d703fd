import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { TlsFiles } from '../config/tls-files.js'
import type { Connections } from '../http/bindings/connections.js'
import type { Http2Front } from '../http/bindings/http2-server.js'
import { http2Front } from '../http/bindings/http2-server.js'
import type { HttpLog } from '../http/services.js'
import { Certificate } from './tls.js'

/** What listens, and how it hands on what it hears. */
export interface Front {
  readonly server: Server
  readonly http2: Http2Front | null
  /** Takes a connection of HTTP/1.1 as if it were new. */
  reenter(socket: Duplex): void
  /** Reads the certificate again. */
  renew(): void
}

/** As node:http takes them. */
interface Options {
  readonly requestTimeout: number
  readonly headersTimeout: number
  readonly keepAliveTimeout: number
  readonly connectionsCheckingInterval: number
  readonly maxHeaderSize: number
}

export function plainFront(connections: Connections, options: Options): Front {
  const server = createServer(options)
  server.on('connection', (socket: Socket) => {
    connections.opened(socket)
  })
  const reenter = (socket: Duplex): void => void server.emit('connection', socket)
  return { server, http2: null, reenter, renew: () => undefined }
}

interface Tls {
  readonly files: TlsFiles
  /** The host that browsers ask for. */
  readonly host: string
  readonly log: Pick<HttpLog, 'info' | 'warn'>
  readonly lookMs: number
  /** Milliseconds without a byte on a request of HTTP/2, where there is something to be sent or taken. */
  readonly stalledMs: number
}

/** https, with HTTP/2 for whoever prefers it: one that listens, and behind it a server for each version. */
export function tlsFront(connections: Connections, options: Options, tls: Tls): Front {
  const certificate = new Certificate(tls)
  const server = createTlsServer({
    ...options,
    ...certificate.context,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: options.headersTimeout,
  })
  const http2 = http2Front(connections, {
    headerBytes: options.maxHeaderSize,
    stalledMs: tls.stalledMs,
    requestTimeout: options.requestTimeout,
    keepAliveMs: options.keepAliveTimeout,
  })
  const reenter = takeOver(server, connections, http2)
  const use = (context: Certificate['context']): void => {
    server.setSecureContext(context)
  }
  server.once('close', certificate.watch(use))
  return {
    server,
    http2,
    reenter,
    renew: () => {
      certificate.renew(use)
    },
  }
}

/** @returns what takes a connection of HTTP/1.1 */
function takeOver(server: Server, connections: Connections, http2: Http2Front): Front['reenter'] {
  const http1 = server.listeners('secureConnection') as ((this: object, socket: Duplex) => void)[]
  const reenter = (socket: Duplex): void => {
    for (const listener of http1) listener.call(server, socket)
  }
  server.removeAllListeners('secureConnection')
  server.on('connection', (socket: Socket) => {
    connections.handshake(socket)
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    connections.secured(socket)
    if (socket.destroyed) return
    if (socket.alpnProtocol === 'h2') http2.take(socket)
    else reenter(socket)
  })
  return reenter
}

export function listen(
  server: Server,
  at: { readonly host: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** Answers what is in flight, and ends what is left after the deadline. */
export function close({ server, http2 }: Pick<Front, 'server' | 'http2'>, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      server.closeAllConnections()
      http2?.destroy()
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
    http2?.close()
  })
}
