import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { constants, createServer } from 'node:http2'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Connections } from './connections.js'
import { endUnlessRead } from './unread.js'
import { hasOneHost, Http2Request, Http2Response } from './http2.js'

const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM } = constants

/** A browser asks for so many at once. */
const mostAtOnce = 100
/** The size is the limit. */
const mostHeaders = 4000

interface Http2Limits {
  /** Bytes of address and headers above which a request is not even read. */
  readonly headerBytes: number
  /** Milliseconds without a byte, where there is something to be sent or taken. */
  readonly stalledMs: number
  /** For a whole request, 0 where one may take its time as long as it moves. */
  readonly requestTimeout: number
  /** Between two requests. */
  readonly keepAliveMs: number
}

export interface Http2Front {
  /** A connection on which HTTP/2 was agreed. */
  take(socket: Socket): void
  on(event: 'request' | 'checkContinue', listener: RequestListener): void
  /** What is under way is answered, and nothing new is taken. */
  close(): void
  destroy(): void
}

/** HTTP/2 as the listeners of node:http know requests and answers. */
export function http2Front(connections: Connections, limits: Http2Limits): Http2Front {
  const server = createServer({
    ...{ Http2ServerRequest: Http2Request as never, Http2ServerResponse: Http2Response as never },
    settings: { maxConcurrentStreams: mostAtOnce, maxHeaderListSize: limits.headerBytes, enablePush: false },
    maxHeaderListPairs: mostHeaders,
  })
  const sessions = new Set<ServerHttp2Session>()
  const sockets = new WeakMap<object, Socket>()
  server.on('stream', (stream) => {
    const socket = sockets.get(stream.session ?? server)
    if (socket === undefined || !bounded(stream, { socket, connections, limits }))
      stream.close(NGHTTP2_REFUSED_STREAM)
  })
  return {
    take: (socket) => {
      server.once('session', (session) => {
        sessions.add(session)
        sockets.set(session, socket)
        session.once('close', () => sessions.delete(session))
        session.setTimeout(limits.keepAliveMs, () => {
          if (connections.isIdle(socket)) session.close()
        })
      })
      server.emit('connection', socket)
    },
    on: (event, listener) => {
      server.on(event, (request: unknown, response: unknown) => {
        enter(request as Http2Request, response as Http2Response, { listener, limits })
      })
    },
    close: () => {
      for (const session of sessions) session.close()
    },
    destroy: () => {
      for (const session of sessions) session.destroy()
    },
  }
}

interface Entrance {
  readonly listener: RequestListener
  readonly limits: Http2Limits
}

function enter(request: Http2Request, response: Http2Response, { listener, limits }: Entrance): void {
  if (request.stream.closed) return
  const asked = request as unknown as IncomingMessage
  if (limits.requestTimeout > 0 && !request.complete) endUnlessRead(asked, limits.requestTimeout)
  if (hasOneHost(request)) listener(asked, response as unknown as ServerResponse)
  else response.writeHead(400).end()
}

interface Bounds {
  readonly socket: Socket
  readonly connections: Connections
  readonly limits: Http2Limits
}

/** Keeps one request in bounds; false when there is no room for it, and it may come again. */
function bounded(stream: ServerHttp2Stream, { socket, connections, limits }: Bounds): boolean {
  if (!connections.streamOpened(socket)) return false
  const network = connections.networkOf(socket)
  stream.once('aborted', () => {
    const { session } = stream
    if (session !== undefined) connections.takenBack(socket, session)
  })
  stream.once('close', () => {
    connections.streamClosed(socket, network)
  })
  stream.setTimeout(limits.stalledMs, () => {
    endIfStalled(stream, limits)
  })
  return true
}

/** Nothing has come and nothing has gone for a while. Where nothing was due, it may go on. */
function endIfStalled(stream: ServerHttp2Stream, { stalledMs }: Http2Limits): void {
  const mustSend = !stream.endAfterHeaders && !stream.readableEnded && !stream.isPaused()
  const mustTake = stream.writableLength > 0
  if (mustSend || mustTake) stream.close(NGHTTP2_CANCEL)
  else stream.setTimeout(stalledMs)
}
