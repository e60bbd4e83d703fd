import { createHash } from 'node:crypto'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setsOurCookie } from '../http/our-cookies.js'

interface Ends {
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** From here on the bytes belong to the two ends. */
  begun(): void
}

/**
 * What the library leaves to be done for a WebSocket: our cookies stay ours, only a real handshake opens the
 * tunnel, and neither end outlives the other.
 */
export function joinTunnel(outgoing: ClientRequest, { request, socket, begun }: Ends): void {
  const leave = (): void => void outgoing.destroy()
  socket.once('close', leave)
  socket.once('end', leave)
  outgoing.on('response', withoutOurs)
  outgoing.on('upgrade', (answer, upstream) => {
    begun()
    withoutOurs(answer)
    tie(socket, upstream)
    tie(upstream, socket)
    if (isHandshake(request, answer)) return
    // An answer that only looks like one would open a way to the application around the check of every request.
    socket.write('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    socket.destroy()
    upstream.destroy()
  })
}

function withoutOurs({ headers }: IncomingMessage): void {
  const lines = headers['set-cookie']?.filter((line) => !setsOurCookie(line))
  if (lines === undefined) return
  headers['set-cookie'] = lines
  if (lines.length === 0) delete headers['set-cookie']
}

/** RFC 6455 1.3: what shows that the other side has understood. */
function isHandshake(request: IncomingMessage, answer: IncomingMessage): boolean {
  const key = request.headers['sec-websocket-key'] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return answer.headers['sec-websocket-accept'] === accept
}

/** When one end has nothing more to say, the other one gets what is on its way and no more. */
function tie(one: Duplex, other: Duplex): void {
  const over = (): void => {
    endSoon(other)
  }
  one.once('end', over)
  one.once('close', over)
}

function endSoon(socket: Duplex): void {
  if (socket.writableFinished) socket.destroy()
  else {
    socket.once('finish', () => {
      socket.destroy()
    })
    socket.end()
  }
}
