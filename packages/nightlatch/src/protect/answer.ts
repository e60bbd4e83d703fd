import type { ServerResponse } from 'node:http'
import { setsOurCookie } from '../http/our-cookies.js'
import type { FlatHeaders } from './headers.js'
import { connectionNames, isHopByHop, passableTrailers } from './headers.js'

export interface Addresses {
  /** Of the application: a redirect to it would lead around us. */
  readonly targetOrigin: string
  readonly publicOrigin: string
}

/** The head of an answer, or of an informational one, as the application sent it. */
export interface Head {
  readonly status: number
  readonly reason: string
  /** In their order and spelling. */
  readonly raw: readonly string[]
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

  constructor(response: ServerResponse, at: Addresses) {
    this.#response = response
    this.#at = at
  }

  /** False when it is none that could be passed on. */
  begin(head: Head): boolean {
    const response = this.#response
    if (head.status < 200 || head.status > 599 || head.raw.length >= mostKept) return false
    const facts = factsOf(head.raw)
    const headers = clientHeaders(head, facts, { response, at: this.#at })
    if (!writeHead(response, head, headers)) return false
    if (facts.length === null || facts.isChunked) this.#announceSoon()
    else this.#left = Number(facts.length)
    return true
  }

  /** False when the client is slow: more is wanted after `drain`. */
  data(chunk: Buffer): boolean {
    this.#hasBody = true
    this.#left -= chunk.length
    if (this.#left !== 0 || this.#last !== null) return this.#response.write(chunk)
    this.#last = chunk
    return true
  }

  end(rawTrailers: readonly string[]): void {
    const response = this.#response
    if (rawTrailers.length > 0) harmlessly(() => response.addTrailers(passableTrailers(rawTrailers)))
    const last = this.#last
    if (last === null) response.end()
    else if (last.length <= shortBody) response.end(last.toString('latin1'), 'latin1')
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

type Kind = 'passes' | 'hop' | 'connection' | 'coding' | 'length' | 'trailer' | 'cookie' | 'location'

const special: Readonly<Record<string, Kind>> = {
  connection: 'connection',
  'transfer-encoding': 'coding',
  'content-length': 'length',
  trailer: 'trailer',
  'set-cookie': 'cookie',
  location: 'location',
}

/** An application says the same names again and again; one that makes them up must not fill the memory. */
const kinds = new Map<string, Kind>()
const mostKinds = 500

const kindOf = (name: string): Kind => kinds.get(name) ?? newKind(name)

function newKind(name: string): Kind {
  const lower = name.toLowerCase()
  const kind = special[lower] ?? (isHopByHop(lower) ? 'hop' : 'passes')
  if (kinds.size < mostKinds && name.length < 100) kinds.set(name, kind)
  return kind
}

interface Facts {
  readonly length: string | null
  readonly isChunked: boolean
  readonly declared: ReadonlySet<string>
}

function factsOf(raw: readonly string[]): Facts {
  let length: string | null = null
  let isChunked = false
  let connection: string | undefined
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const kind = kindOf(String(raw[at]))
    if (kind === 'passes') continue
    const value = String(raw[at + 1])
    if (kind === 'length') length = value
    else if (kind === 'coding') isChunked = true
    else if (kind === 'connection') connection = connection === undefined ? value : `${connection}, ${value}`
  }
  return { length, isChunked, declared: connectionNames(connection) }
}

/** The application's headers as they go to the client: in their order and spelling, flat as node:http takes them. */
function clientHeaders(
  { status, raw }: Head,
  { isChunked, declared }: Facts,
  { response, at: addresses }: { response: ServerResponse; at: Addresses },
): FlatHeaders {
  // What the application says of the body's end must fit the way it goes on.
  const endsItself = !isChunked && status !== 204
  const mayTrail = !endsItself && mayHaveTrailers(status, response)
  const passes = { length: endsItself, trailer: mayTrail, connection: false, coding: false, hop: false }
  const out: FlatHeaders = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = String(raw[at])
    const value = String(raw[at + 1])
    const kind = kindOf(name)
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
  if (status !== 103) return
  const link = raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === 'link').join(', ')
  harmlessly(() => response.writeEarlyHints({ link }))
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
