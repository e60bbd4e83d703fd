import http from 'node:http'
import type { ClientRequest, IncomingMessage, InformationEvent, ServerResponse } from 'node:http'
import https from 'node:https'
import { TLSSocket } from 'node:tls'
import { Answer, harmlessly, passInformation } from './answer.js'
import { framing, hasBody, passableTrailers } from './headers.js'
import { endUnlessRead } from '../http/bindings/unread.js'
import { joinTunnel } from './tunnel.js'
import type { Journey, Lines, Passage, Upstream, UpstreamProblem } from './passage.js'
import { unheard } from './passage.js'
import { promisedConnections } from './promised.js'
import type { PromisedConnections } from './promised.js'

interface OwnConnections extends Upstream {
  /** On a connection that nobody has used before, and nobody will after it. */
  passAlone: Upstream['pass']
}

/**
 * Requests that nobody else's stands in the way of, by node:http: whatever has a body, must not be sent twice, waits for
 * a word before its body, has trailers, or becomes a tunnel. Each has a connection of its own, unless the application has
 * promised to keep one.
 */
export function ownConnections(lines: Lines): OwnConnections {
  const alone = lines.target.isTls
    ? new https.Agent({ servername: lines.target.servername })
    : new http.Agent()
  const promised = promisedConnections(lines.target)
  const ask = (passage: Passage, more: readonly string[], agent = alone): ClientRequest => {
    const { method, url } = passage.request
    const headers = [...passage.headers, ...more]
    // Flat headers are sent as they are; the types know of that for responses only.
    const options = { ...lines.target.place, agent, method, path: url, headers: headers as never }
    return lines.target.isTls ? https.request(options) : http.request(options)
  }
  const pass = (response: ServerResponse, passage: Passage, among?: PromisedConnections): Journey => {
    if (response.destroyed) return nowhere
    const wait = passage.waits ? ['expect', '100-continue'] : []
    const more = [...framing(passage.request), ...wait]
    const outgoing = attempt(passage, () => ask(passage, more, among?.agent))
    if (outgoing === null) return nowhere
    if (among !== undefined) outgoing.once('response', among.heard)
    return new Exchange(lines, response, passage).begin(outgoing)
  }
  return {
    pass: (response, passage) => pass(response, passage, promised),
    passAlone: (response, passage) => pass(response, passage),
    upgrade: (socket, head, passage) => {
      const offer = ['connection', 'Upgrade', 'upgrade', passage.request.headers.upgrade ?? 'websocket']
      const outgoing = attempt(passage, () => ask(passage, offer))
      if (outgoing === null) return
      const limits = limitWaiting(outgoing, lines)
      joinTunnel(outgoing, { passage, socket, head, limits })
    },
    close: () => {
      promised.agent.destroy()
    },
  }
}

const nowhere: Journey = { leave: () => undefined }

/** node:http throws where a header has what it would not send. */
function attempt(passage: Passage, ask: () => ClientRequest): ClientRequest | null {
  try {
    return ask()
  } catch (error) {
    passage.failed('down', (error as NodeJS.ErrnoException).code ?? unheard)
    return null
  }
}

class Exchange {
  readonly #lines: Lines
  readonly #response: ServerResponse
  readonly #passage: Passage

  constructor(lines: Lines, response: ServerResponse, passage: Passage) {
    this.#lines = lines
    this.#response = response
    this.#passage = passage
  }

  begin(outgoing: ClientRequest): Journey {
    const { request, waits } = this.#passage
    const limits = limitWaiting(outgoing, this.#lines)
    outgoing.on('information', ({ statusCode: status, rawHeaders: raw }: InformationEvent) => {
      passInformation({ status, raw }, this.#response)
    })
    outgoing.once('response', (answer) => {
      outgoing.setTimeout(0)
      this.#answered(answer)
    })
    outgoing.on('error', (error) => {
      this.#failed(limits.problem(), error)
    })
    // An answer that is none, such as an upgrade that nobody asked for, ends without an error.
    outgoing.once('close', () => {
      this.#failed(limits.problem(), noAnswer)
      discard(request, outgoing)
    })
    if (waits) this.#passExpectation(outgoing)
    passBody(request, outgoing)
    return { leave: () => void outgoing.destroy() }
  }

  #answered(answer: IncomingMessage): void {
    const response = this.#response
    const passing = new Answer(response, this.#lines.at)
    const { statusCode: status = 0, statusMessage: reason = '', rawHeaders: raw } = answer
    if (!passing.begin({ status, reason, raw })) {
      answer.destroy()
      this.#failed(null, noAnswer)
      return
    }
    answer.on('data', (chunk: Buffer) => {
      if (passing.data(chunk)) return
      answer.pause()
      response.once('drain', () => answer.resume())
    })
    answer.once('end', () => {
      passing.end(answer.rawTrailers)
    })
    // Half an answer must not look whole.
    answer.on('error', () => response.destroy())
    answer.once('close', () => {
      if (!answer.complete) response.destroy()
    })
  }

  /** The client's question goes on, and so does the application's answer: 100, or a refusal at once. */
  #passExpectation(outgoing: ClientRequest): void {
    outgoing.on('continue', () => {
      if (!this.#response.headersSent && !this.#response.destroyed) this.#response.writeContinue()
    })
    // A head that leaves before its body is written without an encoding, and what has come as single bytes would be UTF-8.
    outgoing.once('socket', (socket) => socket.setDefaultEncoding('latin1'))
    outgoing.flushHeaders()
  }

  #failed(problem: UpstreamProblem | null, error: NodeJS.ErrnoException): void {
    const response = this.#response
    // Of an answer that is on its way its own end decides; what comes after it goes nowhere, as its connection does.
    if (response.destroyed || response.headersSent) return
    this.#passage.failed(problem ?? 'down', problem ?? error.code ?? unheard)
  }
}

const noAnswer: NodeJS.ErrnoException = new Error(unheard)

/** The application has gone, and may have answered before: what the client still sends goes nowhere. */
function discard(request: IncomingMessage, outgoing: ClientRequest): void {
  if (request.complete || request.destroyed || !hasBody(request)) return
  request.unpipe(outgoing)
  request.resume()
  endUnlessRead(request, longestDiscardMs)
}

const longestDiscardMs = 10_000

/** Sent as text a body leaves with one write with its head; longer ones cost more to copy than a write more does. */
const shortBody = 4096

/** Nothing waits for a body that has come with its head: then there are as many bytes as it has announced. */
function passBody(request: IncomingMessage, outgoing: ClientRequest): void {
  const { readableLength: here, headers } = request
  const isHere = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === here
  if (isHere && here <= shortBody) {
    const body = (request.read() as Buffer | null) ?? Buffer.alloc(0)
    outgoing.end(body.toString('latin1'), 'latin1')
    request.resume()
    return
  }
  passTrailers(request, outgoing)
  request.pipe(outgoing)
}

/** What the client sends after the body goes after the body. Has to be called before the body is piped. */
function passTrailers(request: IncomingMessage, outgoing: ClientRequest): void {
  if (request.headers['transfer-encoding'] === undefined) return
  request.once('end', () => {
    harmlessly(() => outgoing.addTrailers(passableTrailers(request.rawTrailers)))
  })
}

interface Limits {
  /** Whose patience is at its end, if anybody's. */
  problem(): UpstreamProblem | null
}

function limitWaiting(outgoing: ClientRequest, { connectMs, answerMs }: Lines): Limits {
  let problem: UpstreamProblem | null = null
  const giveUp = (): void => {
    problem = 'slow'
    outgoing.destroy()
  }
  outgoing.setTimeout(answerMs, giveUp)
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return
    const timer = setTimeout(giveUp, connectMs)
    const connected = socket instanceof TLSSocket ? 'secureConnect' : 'connect'
    // A tunnel may hold the socket for hours, and would hold its request with what listens here.
    const stop = (): void => {
      clearTimeout(timer)
      socket.off(connected, stop).off('close', stop)
    }
    socket.on(connected, stop).on('close', stop)
  })
  return { problem: () => problem }
}
