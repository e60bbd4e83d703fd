import { createHash } from 'node:crypto'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setsOurCookie } from '../http/our-cookies.js'
import { connectionNames, isHopByHop } from './headers.js'
import type { Passage, UpstreamProblem } from './passage.js'
import { unheard } from './passage.js'

interface Handshake {
  readonly passage: Passage
  readonly socket: Duplex
  /** What the client sent after its head. */
  readonly head: Buffer
  readonly limits: { problem(): UpstreamProblem | null }
}

/**
 * A WebSocket: our cookies stay ours, only a real handshake opens the tunnel, and neither end outlives the other. From
 * then on nothing of the handshake is kept.
 */
export function joinTunnel(outgoing: ClientRequest, handshake: Handshake): void {
  const { passage, socket, head, limits } = handshake
  let isOver = false
  const failed = (error?: NodeJS.ErrnoException): void => {
    if (isOver) return
    isOver = true
    passage.failed(limits.problem() ?? 'down', limits.problem() ?? error?.code ?? unheard)
  }
  // That the client has gone is no fault of the application's.
  const leave = (): void => {
    isOver = true
    outgoing.destroy()
    socket.destroy()
  }
  socket.once('close', leave)
  socket.once('end', leave)
  outgoing.on('error', failed)
  outgoing.once('close', failed)
  outgoing.once('response', (answer) => {
    isOver = true
    outgoing.setTimeout(0)
    passRefusal(answer, socket)
  })
  outgoing.once('upgrade', (answer: IncomingMessage, upstream: Duplex, first: Buffer) => {
    isOver = true
    outgoing.setTimeout(0)
    for (const name of ['close', 'end']) socket.off(name, leave)
    upstream.on('error', destroy)
    if (isHandshake(passage.request, answer)) {
      socket.write(Buffer.concat([headOf(answer, ['Connection: Upgrade', 'Upgrade: websocket']), first]))
      if (head.length > 0) upstream.write(head)
      tie(socket, upstream)
    } else {
      // An answer that only looks like one would open a way to the application around the check of every request.
      socket.write('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      endSoon(socket)
      upstream.destroy()
    }
  })
  outgoing.end()
}

/** RFC 6455 1.3: what shows that the other side has understood. */
function isHandshake(request: IncomingMessage, answer: IncomingMessage): boolean {
  const key = request.headers['sec-websocket-key'] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return answer.headers['sec-websocket-accept'] === accept
}

/** The answer of the application that takes no WebSocket here. */
function passRefusal(answer: IncomingMessage, socket: Duplex): void {
  socket.write(headOf(answer, ['Connection: close']))
  answer.on('data', (chunk: Buffer) => {
    if (socket.write(chunk)) return
    answer.pause()
    socket.once('drain', () => answer.resume())
  })
  answer.once('close', () => {
    endSoon(socket)
  })
}

/** Status and headers as they go to the client, with what is said of this connection. */
function headOf(answer: IncomingMessage, own: readonly string[]): Buffer {
  const { statusCode = 502, statusMessage = '', rawHeaders, headers } = answer
  const declared = connectionNames(headers.connection)
  const lines = [`HTTP/1.1 ${String(statusCode)} ${statusMessage}`]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name, value] = [String(rawHeaders[at]), String(rawHeaders[at + 1])]
    const lower = name.toLowerCase()
    if (isHopByHop(lower) || declared.has(lower) || lower === 'trailer') continue
    if (lower === 'set-cookie' && setsOurCookie(value)) continue
    lines.push(`${name}: ${value}`)
  }
  return Buffer.from([...lines, ...own, '', ''].join('\r\n'), 'latin1')
}

function destroy(this: Duplex): void {
  this.destroy()
}

const otherEnd = Symbol('other end')

interface Tied extends Duplex {
  [otherEnd]: Duplex
}

/** Four listeners an end, the same for all tunnels: thousands of them are held for hours. */
function tie(one: Duplex, other: Duplex): void {
  const ends = [Object.assign(one, { [otherEnd]: other }), Object.assign(other, { [otherEnd]: one })]
  for (const end of ends) {
    end.on('data', forward)
    end.on('drain', goOn)
    end.on('end', over)
    end.on('close', over)
    end.resume()
  }
}

function forward(this: Tied, chunk: Buffer): void {
  if (!this[otherEnd].write(chunk)) this.pause()
}

function goOn(this: Tied): void {
  this[otherEnd].resume()
}

/** When one end has nothing more to say, the other one gets what is on its way and no more. */
function over(this: Tied): void {
  endSoon(this[otherEnd])
}

/** Both are sockets: the types of node:http leave that open. */
function endSoon(socket: Duplex): void {
  ;(socket as Socket).destroySoon()
}
