import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTheWire } from '../http/bindings/raw.js'
import { endUnlessRead } from '../http/bindings/unread.js'
import type { HttpResponse } from '../http/request.js'
import { hasBody } from './headers.js'

const longestDiscardMs = 10_000

/** One request that waits for its answer. */
export interface Asking {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** `Expect: 100-continue`: the client asks before it sends the body. Refused, it is not read: node:http closes. */
  readonly waits: boolean
}

/**
 * Answers a request whose body nobody has read. The rest of it is thrown away for a while, so that a client
 * that is still sending gets the answer rather than a reset.
 */
export function sendRefusal({ request, response }: Asking, answer: HttpResponse): void {
  if (response.headersSent || response.destroyed) return
  const headers: Record<string, string | string[]> = { ...answer.headers }
  if (answer.cookies.length > 0) headers['set-cookie'] = [...answer.cookies]
  headers['content-length'] = String(Buffer.byteLength(answer.body))
  response.writeHead(answer.status, STATUS_CODES[answer.status] ?? '', headers)
  response.end(request.method === 'HEAD' ? undefined : answer.body)
  if (request.complete || !hasBody(request)) return
  request.unpipe()
  request.resume()
  endUnlessRead(request, longestDiscardMs)
}

/** The same on a connection that has left node:http: a handshake that is refused. */
export function sendRaw(socket: Duplex, answer: HttpResponse): void {
  if (!socket.writable) return
  socket.end(onTheWire(answer))
  ;(socket as Socket).destroySoon()
}
