import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { networkOf } from '../../core/rate-limits/attempts.js'

export interface ConnectionLimits {
  /** How many one address may have (IPv6: one /64); trusted proxies have as many as they need. */
  readonly perAddress: number
  readonly all: number
  /** Milliseconds without a byte, where there is something to be sent or taken: a body, or an answer. */
  readonly stalledMs: number
  /** The same where the client waits for the application's word before it sends (`Expect: 100-continue`). */
  readonly expectingMs: number
  /** Where nothing is due from either side: an open stream, a WebSocket. */
  readonly quietMs: number
  /** Between requests; node:http has the exact limits, this is what it forgets. */
  readonly waitingMs: number
  /** What is being ended gets this long until the other side has closed as well. */
  readonly endingMs: number
  /** How many requests of one HTTP/2 connection may be taken back in a row; ten a second are forgotten. */
  readonly takenBack: number
}

/** Why a connection was ended before its time. */
type Ended = 'no-request' | 'body-stalled' | 'answer-not-read' | 'quiet' | 'too-many' | 'taken-back'

interface Connection {
  /** Once TLS is agreed on, the one that has it. */
  socket: Socket
  readonly network: string
  readonly isProxy: boolean
  isTunnel: boolean
  /** Bytes in and bytes out when somebody last looked, and since when they are the same. */
  moved: number
  since: number
  endsAt: number
  /** Where it carries many requests at once. */
  many: Many | null
}

/** What HTTP/2 does on one connection. */
interface Many {
  open: number
  /** Since when nothing is being answered; a ping is no request. */
  idleSince: number
  takenBack: number
  lastTakenBack: number
}

interface Report {
  readonly counts: ReadonlyMap<Ended, number>
  /** The address of the last one. */
  readonly address: string
}

interface Outside {
  isTrusted(address: string): boolean
  now(): number
}

/** Every connection of one server, whatever it is doing: none may hold its place by doing nothing. */
export class Connections {
  readonly #limits: ConnectionLimits
  readonly #outside: Outside
  readonly #all = new Map<Socket, Connection>()
  readonly #byNetwork = new Map<string, Set<Connection>>()
  /** Requests of HTTP/2 that are being answered, of all and by network: one connection has many. */
  readonly #streams = new Map<string, number>()
  #allStreams = 0
  #holdsTunnels = true
  /** Those that have not agreed on TLS yet, by the other end: a second object will stand for the same connection. */
  readonly #inHandshake = new Map<string, Connection>()
  #counts = new Map<Ended, number>()
  #address = ''

  constructor(limits: ConnectionLimits, outside: Outside) {
    this.#limits = limits
    this.#outside = outside
  }

  /** Each connection once; at the bound, the one that has waited longest without a request makes room. */
  opened(socket: Socket): void {
    if (this.#all.has(socket)) return
    const connection = newConnection(socket, this.#outside)
    const here = this.#byNetwork.get(connection.network) ?? new Set()
    this.#byNetwork.set(connection.network, here.add(connection))
    this.#all.set(socket, connection)
    socket.once('close', () => {
      this.#forget(connection)
    })
    if (!connection.isProxy && here.size > this.#limits.perAddress) this.#makeRoom(here, connection)
    else if (this.#all.size > this.#limits.all) this.#makeRoom([...this.#all.values()], connection)
  }

  /** The same before TLS is agreed on: until then it is known by this socket, and then by the one of `secured`. */
  handshake(socket: Socket): void {
    this.opened(socket)
    const connection = this.#all.get(socket)
    if (connection === undefined) return
    const end = otherEnd(socket)
    this.#inHandshake.set(end, connection)
    socket.once('close', () => {
      if (this.#inHandshake.get(end) === connection) this.#inHandshake.delete(end)
    })
  }

  /** @returns the bare socket of a connection whose handshake has failed */
  bare(secure: Socket): Socket | undefined {
    return this.#inHandshake.get(otherEnd(secure))?.socket
  }

  secured(secure: Socket): void {
    const end = otherEnd(secure)
    const connection = this.#inHandshake.get(end)
    this.#inHandshake.delete(end)
    if (connection === undefined || !this.#all.delete(connection.socket)) {
      secure.destroy()
      return
    }
    connection.socket = secure
    connection.moved = 0
    this.#all.set(secure, connection)
    secure.once('close', () => {
      this.#forget(connection)
    })
  }

  /** One more request on a connection of HTTP/2; false when it has to come again later. */
  streamOpened(socket: Socket): boolean {
    const connection = this.#all.get(socket)
    if (connection === undefined) return false
    connection.many ??= { open: 0, idleSince: 0, takenBack: 0, lastTakenBack: this.#outside.now() }
    const here = this.#streams.get(connection.network) ?? 0
    const isFull = this.#allStreams >= this.#limits.all
    if (isFull || (!connection.isProxy && here >= this.#limits.perAddress)) return false
    connection.many.open += 1
    this.#allStreams += 1
    this.#streams.set(connection.network, here + 1)
    return true
  }

  streamClosed(socket: Socket, network: string): void {
    const many = this.#all.get(socket)?.many ?? null
    if (many !== null) {
      many.open -= 1
      many.idleSince = this.#outside.now()
    }
    this.#allStreams -= 1
    const here = (this.#streams.get(network) ?? 1) - 1
    if (here === 0) this.#streams.delete(network)
    else this.#streams.set(network, here)
  }

  isIdle(socket: Socket): boolean {
    const connection = this.#all.get(socket)
    return connection === undefined || isWaiting(connection)
  }

  networkOf(socket: Socket): string {
    return this.#all.get(socket)?.network ?? ''
  }

  /** A request was taken back before it was answered: each costs work here and at the application. */
  takenBack(socket: Socket, session: Pick<Http2Session, 'destroy'>): void {
    const many = this.#all.get(socket)?.many ?? null
    if (many === null) return
    const now = this.#outside.now()
    const forgotten = ((now - many.lastTakenBack) / 1000) * forgottenPerSecond
    many.takenBack = Math.max(0, many.takenBack - forgotten) + 1
    many.lastTakenBack = now
    if (many.takenBack <= this.#limits.takenBack) return
    this.ended(socket, 'taken-back')
    session.destroy(undefined, enhanceYourCalm)
  }

  /** From here on the bytes are nobody's requests: a WebSocket. */
  tunnel(socket: Socket): void {
    const connection = this.#all.get(socket)
    if (connection !== undefined) connection.isTunnel = true
    if (!this.#holdsTunnels) socket.destroy()
  }

  /** Ends those that are open, and whichever comes now: a server that stops does not wait for them. */
  endTunnels(): void {
    this.#holdsTunnels = false
    for (const { socket, isTunnel } of this.#all.values()) if (isTunnel) socket.destroy()
  }

  /** Was sent its last bytes; the other side need not close. */
  ending(socket: Socket): void {
    const connection = this.#all.get(socket)
    if (connection !== undefined) connection.endsAt = this.#outside.now() + this.#limits.endingMs
  }

  ended(socket: Socket, why: Ended): void {
    this.#counts.set(why, (this.#counts.get(why) ?? 0) + 1)
    this.#address = socket.remoteAddress ?? this.#address
  }

  /** Ends what has been still for too long. */
  prune(now: number): void {
    for (const connection of this.#all.values()) {
      const why = stillness(connection, { now, limits: this.#limits })
      if (why === 'over') connection.socket.destroy()
      else if (why !== null) this.#end(connection, why)
    }
  }

  /** What was ended since it was last asked for. */
  report(): Report | null {
    if (this.#counts.size === 0) return null
    const report = { counts: this.#counts, address: this.#address }
    this.#counts = new Map()
    return report
  }

  #makeRoom(among: readonly Connection[] | ReadonlySet<Connection>, newest: Connection): void {
    const now = this.#outside.now()
    const least = leastOf(among, (one) => one !== newest && isWaiting(one))
    const heldUp = least ?? leastOf(among, (one) => one !== newest && isHeldUp(one, now))
    const victim = heldUp ?? newest
    this.#forget(victim)
    this.#end(victim, 'too-many')
  }

  #end({ socket }: Connection, why: Ended): void {
    this.ended(socket, why)
    socket.destroy()
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection.socket)
    const here = this.#byNetwork.get(connection.network)
    here?.delete(connection)
    if (here?.size === 0) this.#byNetwork.delete(connection.network)
  }
}

const forgottenPerSecond = 10
/** RFC 9113 7. */
const enhanceYourCalm = 0xb

const otherEnd = ({ remoteAddress = '', remotePort = 0 }: Socket): string =>
  `${remoteAddress} ${String(remotePort)}`

/** The first, which is the oldest. */
function leastOf(among: Iterable<Connection>, fits: (one: Connection) => boolean): Connection | undefined {
  for (const one of among) if (fits(one)) return one
  return undefined
}

function newConnection(socket: Socket, { isTrusted, now }: Outside): Connection {
  const address = socket.remoteAddress ?? ''
  const isProxy = isTrusted(address)
  const network = networkOf(address)
  return {
    socket,
    network,
    isProxy,
    isTunnel: false,
    moved: 0,
    since: now(),
    endsAt: Infinity,
    many: null,
  }
}

/** A body that does not come. */
function isHeldUp(connection: Connection, now: number): boolean {
  const { since, socket } = connection
  const request = current(connection)
  return request !== null && !request.complete && !socket.isPaused() && now - since >= heldUpMs
}

const heldUpMs = 10_000

const isWaiting = (connection: Connection): boolean =>
  connection.many === null ? !connection.isTunnel && current(connection) === null : connection.many.open === 0

/**
 * The request that is being answered. node:http notes its response at the socket until it is over; to listen for the
 * beginning and the end of each would cost every request more than a look does that comes every few seconds.
 */
function current({ socket }: Connection): IncomingMessage | null {
  const { _httpMessage: response } = socket as { _httpMessage?: ServerResponse | null }
  return response?.req ?? null
}

/** In the raw headers, for the others may be changed on the way to the application. */
const expects = ({ rawHeaders }: IncomingMessage): boolean =>
  rawHeaders.some((text, at) => at % 2 === 0 && text.toLowerCase() === 'expect')

interface Looking {
  readonly now: number
  readonly limits: ConnectionLimits
}

/** Why it has to end now; `over` when it has been ended already and the other side does not close. */
function stillness(connection: Connection, { now, limits }: Looking): Ended | 'over' | null {
  const { socket, many } = connection
  if (now >= connection.endsAt) return 'over'
  if (many?.open === 0) return now - many.idleSince >= limits.waitingMs ? 'no-request' : null
  const moved = movedOn(socket)
  if (moved !== connection.moved) {
    connection.moved = moved
    connection.since = now
    return null
  }
  const [why, most] = patience(connection, limits)
  return now - connection.since >= most ? why : null
}

/** A number that changes whenever a byte goes in or out. What was written and lies here still has not gone out. */
function movedOn(socket: Socket): number {
  // A large piece leaves little by little, of which the stream itself says nothing.
  const { _handle: handle } = socket as { _handle?: { readonly writeQueueSize?: number } | null }
  const waiting = handle?.writeQueueSize ?? 0
  return socket.bytesRead + socket.bytesWritten - socket.writableLength - waiting
}

function patience(connection: Connection, limits: ConnectionLimits): [Ended, number] {
  const { socket, isTunnel } = connection
  const request = current(connection)
  if (socket.writableLength > 0) return ['answer-not-read', limits.stalledMs]
  // Of requests of HTTP/2 each has its own patience.
  if (isTunnel || connection.many !== null) return ['quiet', limits.quietMs]
  if (request === null) return ['no-request', limits.waitingMs]
  // Nobody reads on our side just now: that the client sends nothing is not its fault.
  if (request.complete || socket.isPaused()) return ['quiet', limits.quietMs]
  return ['body-stalled', expects(request) ? limits.expectingMs : limits.stalledMs]
}
