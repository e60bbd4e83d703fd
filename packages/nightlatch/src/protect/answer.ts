import type { ServerResponse } from 'node:http'
import { setsOurCookie } from '../http/our-cookies.js'
import type { Facts, Head } from './head.js'
import { factsOf } from './head.js'
import type { FlatHeaders } from './headers.js'
import { passableTrailers } from './headers.js'

export interface Addresses {
  /** Of the application: a redirect to it would lead around us. */
  readonly targetOrigin: string
  readonly publicOrigin: string
}

/** As many names and values as node:http keeps of an answer: it may have forgotten the rest. */
const mostKept = 2000

/**
 * The application's answer on its way to the client, whichever transport it comes by. Head and body leave with one
 * write where the body is short: the last piece of a known length waits for the end, which comes at the same moment.
 */
export class Answer {
  readonly #response: ServerResponse
  readonly #at: Addresses
  #left = Infinity
  #last: Buffer | null = null
  #hasBody = false
  #isShort = false

  constructor(response: ServerResponse, at: Addresses) {
    this.#response = response
    this.#at = at
  }

  /** False when it is none that could be passed on. */
  begin(head: Head, facts: Facts = factsOf(head.raw)): boolean {
    const response = this.#response
    if (head.status < 200 || head.status > 599 || head.raw.length >= mostKept) return false
    const headers = clientHeaders(head, facts, { response, at: this.#at })
    if (!writeHead(response, head, headers)) return false
    if (facts.length === null || facts.coding !== null) this.#announceSoon()
    else {
      this.#left = Number(facts.length)
      this.#isShort = this.#left <= shortBody
    }
    return true
  }

  /** False when the client is slow: more is wanted after `drain`. */
  data(chunk: Buffer): boolean {
    this.#hasBody = true
    this.#left -= chunk.length
    if (this.#left !== 0 || this.#last !== null) return this.#write(chunk)
    this.#last = chunk
    return true
  }

  /** Something of what came lies here still, because the client is slow, or gets it in another form. */
  get isWaiting(): boolean {
    return this.#response.writableLength > 0
  }

  /** At once: node:http would wait for what else is to be written, and keep the chunk until then. */
  #write(chunk: Buffer): boolean {
    const { socket } = this.#response
    socket?.cork()
    const isTaken = this.#response.write(chunk)
    socket?.uncork()
    return isTaken
  }

  /** A whole body at once, as text of one byte a character. */
  endWith(body: string): void {
    this.#response.end(body, 'latin1')
  }

  end(rawTrailers: readonly string[]): void {
    const response = this.#response
    if (rawTrailers.length > 0) {
      const trailers = passableTrailers(rawTrailers)
      if (trailers.length > 0) harmlessly(() => response.addTrailers(trailers))
    }
    const last = this.#last
    if (last === null) response.end()
    else if (this.#isShort) this.endWith(last.toString('latin1'))
    else response.end(last)
  }

  /** Events are announced before the first one comes; what has come with the head leaves in one piece with it. */
  #announceSoon(): void {
    this.#response.cork()
    process.nextTick(announce, this)
  }

  announce(): void {
    const response = this.#response
    if (response.writableEnded || response.destroyed) return
    // Not `flushHeaders`, which sends as UTF-8 what has come as single bytes.
    if (!this.#hasBody) response.write('', 'latin1')
    response.uncork()
  }
}

/** As text, which node:http sends as one piece with the head; longer ones cost more to copy than a piece more does. */
const shortBody = 4096
const announce = (answer: Answer): void => {
  answer.announce()
}

function writeHead(response: ServerResponse, { status, reason }: Head, headers: FlatHeaders): boolean {
  return harmlessly(() => {
    if (/^[\t\x20-\x7e]+$/.test(reason)) response.writeHead(status, reason, headers)
    else response.writeHead(status, headers)
  })
}

/** The application's headers as they go to the client: in their order and spelling, flat as node:http takes them. */
function clientHeaders(
  { status, raw }: Head,
  { coding, declared, kinds }: Facts,
  { response, at: addresses }: { response: ServerResponse; at: Addresses },
): FlatHeaders {
  // What the application says of the body's end must fit the way it goes on.
  const endsItself = coding === null && status !== 204
  const mayTrail = !endsItself && mayHaveTrailers(status, response)
  const passes = { length: endsItself, trailer: mayTrail, connection: false, coding: false, hop: false }
  const out: FlatHeaders = []
  let at = 0
  for (const kind of kinds) {
    const name = raw[at] ?? ''
    const value = raw[at + 1] ?? ''
    at += 2
    if (declared.size > 0 && declared.has(name.toLowerCase())) continue
    if (kind === 'passes') out.push(name, value)
    else if (kind === 'location') out.push(name, publicLocation(value, addresses))
    else if (kind === 'cookie' ? !setsOurCookie(value) : passes[kind]) out.push(name, value)
  }
  return out
}

/** Whether the answer goes to this client in chunks: node:http throws where trailers are announced for another one. */
const mayHaveTrailers = (status: number, { req }: ServerResponse): boolean =>
  req.httpVersion !== '1.0' && req.method !== 'HEAD' && status !== 204 && status !== 304

/** A redirect to the application's own address would lead around us. */
function publicLocation(location: string, { targetOrigin, publicOrigin }: Addresses): string {
  const rest = location.slice(targetOrigin.length)
  return location.startsWith(targetOrigin) && /^(?:[/?#]|$)/.test(rest) ? publicOrigin + rest : location
}

/** 102 and 103 (RFC 8297), which HTTP/1.0 does not know; 100 is asked for and answered on its own. */
export function passInformation({ status, raw }: Omit<Head, 'reason'>, response: ServerResponse): void {
  if (response.headersSent || response.destroyed || response.req.httpVersion === '1.0') return
  if (status === 102) response.writeProcessing()
  const link = raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === 'link').join(', ')
  if (status === 103 && link !== '') harmlessly(() => response.writeEarlyHints({ link }))
}

/** False when node:http does not send what somebody else has sent. */
export function harmlessly(send: () => unknown): boolean {
  try {
    send()
    return true
  } catch {
    return false
  }
}
