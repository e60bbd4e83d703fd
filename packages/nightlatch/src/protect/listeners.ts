import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { SignedIn } from '../core/sessions/session.js'
import type { HttpResponse, HttpRequest } from '../http/request.js'
import type { Services } from '../http/services.js'
import { refuse } from '../http/refuse.js'
import type { Connections } from '../http/bindings/connections.js'
import { headerProblem, refuseHeaders } from '../http/bindings/header-limit.js'
import { requestOf, nodeListener, pathBelow } from '../http/bindings/node.js'
import { endUnlessRead } from '../http/bindings/unread.js'
import type { GateParts, Verdict } from './gate.js'
import { verdictOn } from './gate.js'
import type { FlatHeaders, Forwarding } from './headers.js'
import { hasBody, upstreamHeaders } from './headers.js'
import type { OpenStream, OpenStreams } from './open-streams.js'
import { applicationProblems, problemOf, refusal } from './refusals.js'
import { headWithoutUpgrade, originForm } from './request-target.js'
import type { Asking } from './sending.js'
import { sendRaw, sendRefusal } from './sending.js'
import type { Passage, Upstream, UpstreamProblem } from './passage.js'

export interface ProtectParts extends GateParts {
  readonly services: Services
  /** The door of our own pages. */
  handle(httpRequest: HttpRequest): Promise<HttpResponse>
  readonly upstream: Upstream
  readonly streams: OpenStreams
  readonly connections: Connections
  /** Bytes of address and headers. */
  readonly headerLimit: number
  readonly forwarding: Forwarding
  /** Takes a connection as if it were new. */
  reenter(socket: Duplex): void
}

interface Listeners {
  request(request: IncomingMessage, response: ServerResponse): void
  checkContinue(request: IncomingMessage, response: ServerResponse): void
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

const longestFormMs = 30_000
const malformed: Verdict = { kind: 'refused', why: 'malformed-request' }

/** What a node:http server does with its three kinds of request. */
export function protectListeners(parts: ProtectParts): Listeners {
  const { base } = parts.services.site
  const own = nodeListener(parts.handle, { base, isStopping: () => parts.services.isStopping() })
  const enter = (asking: Asking): void => {
    const { request, response } = asking
    const problem = headerProblem(request, parts.headerLimit)
    if (problem !== null) {
      sendRefusal(asking, refuseHeaders(parts.services, requestOf(request, base), problem))
      return
    }
    const target = originForm(request.url)
    if (target !== null && isOwn(target, parts)) {
      request.url = target
      if (asking.waits) response.writeContinue()
      if (hasBody(request)) endUnlessRead(request, longestFormMs)
      own(request, response)
      return
    }
    void passOrRefuse(parts, asking, target)
  }
  return {
    request: (request, response) => {
      enter({ request, response, waits: false })
    },
    checkContinue: (request, response) => {
      enter({ request, response, waits: hasBody(request) })
    },
    upgrade: (request, socket, head) => {
      if (request.headers.upgrade?.toLowerCase() === 'websocket')
        void tunnelOrRefuse(parts, { request, socket, head })
      else {
        socket.unshift(Buffer.concat([headWithoutUpgrade(request), head]))
        parts.reenter(socket)
      }
    },
  }
}

async function passOrRefuse(parts: ProtectParts, asking: Asking, target: string | null): Promise<void> {
  const { request, response } = asking
  if (parts.services.isStopping()) response.shouldKeepAlive = false
  if (target !== null) request.url = target
  const httpRequest = requestOf(request, '')
  noteRequest(parts.services, httpRequest, response)
  const isSound = target !== null && isPlainlyFramed(request)
  const verdict = isSound ? await verdictOn(httpRequest, parts) : malformed
  if (response.destroyed) return
  if (verdict.kind === 'refused') {
    sendRefusal(asking, refusal(parts.services, httpRequest, verdict.why))
    return
  }
  const { person, groups } = verdict
  new PassedRequest(parts, asking, { httpRequest, person, groups }).pass()
}

interface Passing {
  readonly httpRequest: HttpRequest
  readonly person: SignedIn | null
  readonly groups: OpenStream['groups']
}

/** One request on its way to the application, and what is open in the name of a session because of it. */
class PassedRequest implements Passage, OpenStream {
  readonly #parts: ProtectParts
  readonly #asking: Asking
  readonly #passing: Passing
  readonly request: IncomingMessage
  readonly waits: boolean
  readonly headers: FlatHeaders

  constructor(parts: ProtectParts, asking: Asking, passing: Passing) {
    this.#parts = parts
    this.#asking = asking
    this.#passing = passing
    this.request = asking.request
    this.waits = asking.waits
    this.headers = headersFor(parts, asking.request, passing)
  }

  get groups(): OpenStream['groups'] {
    return this.#passing.groups
  }

  pass(): void {
    const { streams, upstream } = this.#parts
    const { person } = this.#passing
    const { response } = this.#asking
    if (person !== null) streams.add(person, this)
    const journey = upstream.pass(response, this)
    response.on('close', () => {
      if (person !== null) streams.remove(person, this)
      journey.leave()
    })
  }

  failed(problem: UpstreamProblem, reason: string): void {
    const { services } = this.#parts
    const { httpRequest } = this.#passing
    services.log.warn('the application did not answer', { request: httpRequest.id, reason })
    sendRefusal(this.#asking, refusal(services, httpRequest, applicationProblems[problem]))
  }

  end(): void {
    this.#asking.response.destroy()
  }
}

function noteRequest({ log, noteProxy }: Services, httpRequest: HttpRequest, response: ServerResponse): void {
  noteProxy(httpRequest)
  const debug = log.debug?.bind(log)
  if (debug === undefined) return
  response.once('close', () => {
    const { id: request, method } = httpRequest
    debug('request', { request, method, route: 'application', status: response.statusCode })
  })
}

interface Handshake {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

async function tunnelOrRefuse(parts: ProtectParts, handshake: Handshake): Promise<void> {
  const { request, socket } = handshake
  socket.on('error', () => socket.destroy())
  parts.connections.tunnel(request.socket)
  const problem = headerProblem(request, parts.headerLimit)
  if (problem !== null) {
    const { code, ...more } = problem
    sendRaw(socket, refuse(code, more))
    return
  }
  const target = originForm(request.url)
  const isSound = target !== null && !isOwn(target, parts) && isWebSocket(request)
  if (target !== null) request.url = target
  const httpRequest = requestOf(request, '')
  const verdict = isSound ? await verdictOn(httpRequest, parts) : malformed
  if (socket.destroyed) return
  if (verdict.kind === 'refused') sendRaw(socket, problemOf(parts.services, httpRequest, verdict.why))
  else passTunnel(parts, handshake, { httpRequest, person: verdict.person, groups: verdict.groups })
}

function passTunnel(parts: ProtectParts, { request, socket, head }: Handshake, passing: Passing): void {
  const { services, upstream } = parts
  holdTunnel(parts, socket, passing)
  const failed = (problem: UpstreamProblem, reason: string): void => {
    const { httpRequest } = passing
    services.log.warn('the application did not answer', { request: httpRequest.id, reason })
    sendRaw(socket, problemOf(services, httpRequest, applicationProblems[problem]))
  }
  upstream.upgrade(socket, head, {
    request,
    headers: headersFor(parts, request, passing),
    waits: false,
    failed,
  })
}

/** On its own, so that nothing of the handshake is kept as long as the tunnel is open. */
function holdTunnel({ streams }: ProtectParts, socket: Duplex, { person, groups }: Passing): void {
  if (person === null) return
  const stream: OpenStream = { groups, end: () => void socket.destroy() }
  streams.add(person, stream)
  socket.once('close', () => {
    streams.remove(person, stream)
  })
}

/** The headers that the application is to see. */
function headersFor(
  { services, forwarding }: ProtectParts,
  request: IncomingMessage,
  { httpRequest, person }: Passing,
): FlatHeaders {
  return upstreamHeaders({ request, person, address: services.clientAddress(httpRequest) }, forwarding)
}

/** One way to tell where the body ends, which everybody reads alike. */
function isPlainlyFramed({ headers }: IncomingMessage): boolean {
  const { 'transfer-encoding': coding, 'content-length': length } = headers
  return coding === undefined || (coding.toLowerCase() === 'chunked' && length === undefined)
}

const isOwn = (target: string, { services: { site } }: ProtectParts): boolean =>
  target.startsWith(site.base) && pathBelow(target.replace(/\?.*$/, ''), site.base) !== ''

function isWebSocket(request: IncomingMessage): boolean {
  return request.method === 'GET' && request.headers['sec-websocket-key'] !== undefined && !hasBody(request)
}
