import type { ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { buildConnector, Client, Dispatcher } from 'undici'
import type { Addresses, Head } from './answer.js'
import { Answer, passInformation } from './answer.js'
import type { Journey, Lines, Passage } from './passage.js'
import { unheard } from './passage.js'

/** Only this part of the library: all of it takes three times as long to load, and twice the memory. */
const require = createRequire(import.meta.url)
const ClientOf = require('undici/lib/dispatcher/client.js') as typeof Client
const connectorOf = require('undici/lib/core/connect.js') as typeof buildConnector

/** Where a request goes that met a connection which was just being closed. */
interface Again {
  pass(response: ServerResponse, passage: Passage): Journey
}

/** More than these wait for the next request no longer than for their turn to be closed. */
const mostIdle = 64
const idleMs = 30_000

/** Connections on which one request follows the other: whoever was used last is used first. */
export function keptConnections(lines: Lines, again: Again): Again & { close(): void } {
  const pool = new KeptPool(lines)
  const ways = { pool, again, at: lines.at }
  return {
    pass: (response, passage) => new Exchange(ways, response, passage).begin(),
    close: () => {
      pool.close()
    },
  }
}

interface Line {
  readonly client: Client
  /** Something was answered on its connection before: the other side may be about to close it. */
  wasUsed: boolean
}

class KeptPool {
  readonly #lines: Lines
  readonly #connect: buildConnector.connector
  readonly #idle: Line[] = []

  constructor(lines: Lines) {
    this.#lines = lines
    this.#connect = connectorFor(lines)
  }

  take(): Line {
    return this.#idle.pop() ?? this.#open()
  }

  give(line: Line): void {
    line.wasUsed = true
    if (this.#idle.length >= mostIdle) {
      void line.client.destroy()
      return
    }
    this.#idle.push(line)
  }

  close(): void {
    for (const { client } of this.#idle.splice(0)) void client.destroy()
  }

  #open(): Line {
    const { target, answerMs: headersTimeout } = this.#lines
    const limits = {
      headersTimeout,
      bodyTimeout: 0,
      keepAliveTimeout: idleMs,
      keepAliveTimeoutThreshold: 1000,
    }
    const client = new ClientOf(target.origin, { connect: this.#connect, ...limits })
    const line: Line = { client, wasUsed: false }
    // Its next request opens another one.
    client.on('disconnect', () => {
      line.wasUsed = false
    })
    return line
  }
}

/** The name in the certificate is the target's, whatever the Host header says: the library would take that one. */
function connectorFor({ target, connectMs }: Lines): buildConnector.connector {
  const { place, servername } = target
  const connect = connectorOf({ timeout: connectMs, ...place })
  return (options, callback) => {
    connect({ ...options, servername }, callback)
  }
}

interface Ways {
  readonly pool: KeptPool
  readonly again: Again
  readonly at: Addresses
}

/** What the library tells of one request. */
class Exchange implements Journey {
  readonly #ways: Ways
  readonly #response: ServerResponse
  readonly #passage: Passage
  readonly #answer: Answer
  readonly #line: Line
  #hasBegun = false
  #isOver = false
  #resume: () => void = nothing
  #second: Journey | null = null

  constructor(ways: Ways, response: ServerResponse, passage: Passage) {
    this.#ways = ways
    this.#response = response
    this.#passage = passage
    this.#answer = new Answer(response, ways.at)
    this.#line = ways.pool.take()
  }

  begin(): this {
    const { request, headers } = this.#passage
    const { url: path = '/', method = 'GET' } = request
    this.#line.client.dispatch({ path, method, headers, blocking: false } as Dispatcher.DispatchOptions, this)
    return this
  }

  leave(): void {
    this.#second?.leave()
    if (this.#isOver) return
    this.#isOver = true
    void this.#line.client.destroy()
  }

  onConnect(): void {
    // What ends it is the end of its connection.
  }

  // eslint-disable-next-line max-params -- the library calls it so
  onHeaders(status: number, headers: Buffer[], resume: () => void, reason: string): boolean {
    if (this.#isOver) return true
    this.#resume = resume
    const raw = texts(headers)
    if (status < 200) passInformation({ status, raw }, this.#response)
    else this.#begin({ status, reason, raw })
    return true
  }

  #begin(head: Head): void {
    this.#hasBegun = true
    if (!this.#answer.begin(head)) {
      this.leave()
      this.#passage.failed('down', unheard)
    } else if (head.status === 204 || head.status === 304) {
      // Both end with their head; the library waits for the length that they may name, and then complains.
      this.#isOver = true
      this.#answer.end([])
    }
  }

  onData(chunk: Buffer): boolean {
    if (this.#isOver || this.#answer.data(chunk)) return true
    this.#response.once('drain', this.#resume)
    return false
  }

  onComplete(trailers: Buffer[] | string[] | null): void {
    if (!this.#isOver) {
      this.#isOver = true
      this.#answer.end(trailers === null ? [] : texts(trailers as Buffer[]))
    }
    this.#ways.pool.give(this.#line)
  }

  onError(error: NodeJS.ErrnoException): void {
    void this.#line.client.destroy()
    if (this.#isOver) return
    this.#isOver = true
    if (this.#hasBegun) this.#response.destroy()
    else if (isWorthAnother(error, this.#line))
      this.#second = this.#ways.again.pass(this.#response, this.#passage)
    else this.#passage.failed(isLate(error) ? 'slow' : 'down', reasonOf(error))
  }
}

const nothing = (): void => undefined

function texts(bytes: readonly Buffer[]): string[] {
  const out: string[] = []
  for (const each of bytes as readonly Sliced[]) out.push(each.latin1Slice())
  return out
}

/** What `toString('latin1')` comes to, without the way there. */
interface Sliced extends Buffer {
  latin1Slice(): string
}

const closed = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/**
 * The application closed a kept connection before it read the request; or it says 100 although nobody waits for that,
 * which it may (RFC 9110 15.2) and the library takes for an offence.
 */
const isWorthAnother = (error: NodeJS.ErrnoException, { wasUsed }: Line): boolean =>
  (wasUsed && closed.has(error.code ?? '')) || error.message === 'bad response'

const isLate = ({ code }: NodeJS.ErrnoException): boolean =>
  code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT'

/** As node:http names it, which operators know. */
const names: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_HEADERS_OVERFLOW: 'HPE_HEADER_OVERFLOW',
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (isLate(error)) return 'slow'
  return names[error.code ?? ''] ?? error.code ?? unheard
}
