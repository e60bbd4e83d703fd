import http from 'node:http'
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { createProxyServer } from 'httpxy'
import type { ProxyServer } from 'httpxy'
import { hasBody } from './headers.js'
import { passAnswer, passInformation, passTrailers } from './passing.js'
import { joinTunnel } from './tunnel.js'

interface UpstreamOptions {
  /** `http://127.0.0.1:5000`: scheme, host and port. */
  readonly target: URL
  /** Redirects to the target's own address lead to this origin. */
  readonly publicOrigin: string
  readonly connectMs: number
  /** How long the application may be silent before it answers; afterwards it may take its time. */
  readonly answerMs: number
}

export type UpstreamProblem = 'down' | 'slow'

/** One request that is to go to the application; its headers are final. */
interface Passage {
  readonly request: IncomingMessage
  /** `Expect: 100-continue`: the client waits for the application's word before it sends the body. */
  readonly waits: boolean
  /** The application cannot be reached, or does not answer as HTTP/1.1 has it; `reason` is for the log. */
  failed(problem: UpstreamProblem, reason: string): void
}

export interface Upstream {
  pass(response: ServerResponse, passage: Passage): void
  upgrade(socket: Duplex, head: Buffer, passage: Passage): void
  close(): void
}

interface Exchange extends Passage {
  outgoing?: ClientRequest
  answer?: IncomingMessage
  problem?: UpstreamProblem
  again?: (() => void) | undefined
  over?: true
}

/** The application behind us. The library carries requests, answers and tunnels; what it leaves out is here. */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { target } = options
  const hostname = target.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : Number(target.port)
  const proxy = createProxyServer({
    target: { protocol: target.protocol, host: hostname, hostname, port },
    selfHandleResponse: true,
  })
  const { kept, fresh } = agentsFor(target.protocol, hostname)
  const exchanges = new WeakMap<IncomingMessage, Exchange>()
  watch(proxy, exchanges, options)
  return {
    pass: (response, passage) => {
      const { request } = passage
      const exchange: Exchange = { ...passage }
      exchanges.set(request, exchange)
      const go = (agent: http.Agent): void => void proxy.web(request, response, { agent })
      // A kept connection may have been closed by the other side just now. What is safe to send twice is sent
      // again; everything else goes on a connection of its own.
      if (hasBody(request) || !isSafe(request.method) || marksItsConnection(request)) go(fresh)
      else {
        exchange.again = () => {
          go(fresh)
        }
        go(kept)
      }
    },
    upgrade: (socket, head, passage) => {
      exchanges.set(passage.request, { ...passage })
      void proxy.ws(passage.request, socket as Socket, { agent: fresh }, head)
    },
    close: () => {
      kept.destroy()
      fresh.destroy()
    },
  }
}

const isSafe = (method: string | undefined): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

/** NTLM and Negotiate sign a connection in, not a request: nobody else's may follow on it. */
const marksItsConnection = ({ headers }: IncomingMessage): boolean =>
  /^(?:ntlm|negotiate)\b/i.test(headers.authorization ?? '')

function agentsFor(protocol: string, hostname: string): { kept: http.Agent; fresh: http.Agent } {
  const keep = { keepAlive: true, maxFreeSockets: 64, scheduling: 'lifo' as const, timeout: 0 }
  // The name in the certificate is the target's, whatever the Host header says.
  return protocol === 'https:'
    ? {
        kept: new https.Agent({ ...keep, servername: hostname }),
        fresh: new https.Agent({ servername: hostname }),
      }
    : { kept: new http.Agent(keep), fresh: new http.Agent() }
}

const unheard = 'no answer of HTTP/1.1'
const noAnswer = new Error(unheard)

type Exchanges = WeakMap<IncomingMessage, Exchange>

function watch(proxy: ProxyServer, exchanges: Exchanges, options: UpstreamOptions): void {
  proxy.on('proxyReq', (outgoing, request, response) => {
    const exchange = exchanges.get(request)
    if (exchange === undefined) return
    exchange.outgoing = outgoing
    limitWaiting(outgoing, exchange, options)
    passTrailers(request, outgoing)
    outgoing.on('information', (information) => {
      passInformation(information, response)
    })
    if (exchange.waits) passExpectation(outgoing, response)
    // An answer that is none, such as an upgrade that nobody asked for, ends without an error.
    outgoing.once('close', () => {
      if (exchange.outgoing === outgoing && !response.headersSent) failed(exchange, noAnswer, response)
    })
  })
  proxy.on('proxyRes', (answer, request, response) => {
    const exchange = exchanges.get(request)
    if (exchange === undefined) return
    exchange.answer = answer
    exchange.outgoing?.setTimeout(0)
    if (!passAnswer(answer, response, options)) exchange.failed('down', unheard)
  })
  proxy.on('proxyReqWs', (outgoing, request, socket) => {
    const exchange = exchanges.get(request)
    if (exchange === undefined) return
    exchange.outgoing = outgoing
    outgoing.once('socket', () => {
      limitWaiting(outgoing, exchange, options)
    })
    joinTunnel(outgoing, { request, socket, begun: () => (exchange.over = true) })
  })
  proxy.on('error', (error, request, response) => {
    const exchange = request === undefined ? undefined : exchanges.get(request)
    if (exchange !== undefined) failed(exchange, error, response)
  })
}

/** The client's question goes on, and so does the application's answer: 100, or a refusal at once. */
function passExpectation(outgoing: ClientRequest, response: ServerResponse): void {
  outgoing.setHeader('Expect', '100-continue')
  outgoing.on('continue', () => {
    response.writeContinue()
  })
  outgoing.flushHeaders()
}

function limitWaiting(outgoing: ClientRequest, exchange: Exchange, options: UpstreamOptions): void {
  const giveUp = (): void => {
    exchange.problem = 'slow'
    outgoing.destroy()
  }
  outgoing.setTimeout(options.answerMs, giveUp)
  const { socket } = outgoing
  if (socket?.connecting !== true) return
  const timer = setTimeout(giveUp, options.connectMs)
  const stop = (): void => {
    clearTimeout(timer)
  }
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', stop)
  socket.once('close', stop)
}

function failed(exchange: Exchange, error: Error, response: ServerResponse | Socket | undefined): void {
  if (exchange.over === true || response === undefined || response.destroyed) return
  // The answer is whole. What came after it goes nowhere, and so does its connection.
  if (exchange.answer?.complete === true) return
  if (!(response instanceof Socket) && response.headersSent) {
    exchange.over = true
    response.destroy()
    return
  }
  const { again } = exchange
  exchange.again = undefined
  if (again !== undefined && exchange.problem === undefined && wasStale(exchange, error)) {
    delete exchange.outgoing
    again()
    return
  }
  exchange.over = true
  exchange.failed(exchange.problem ?? 'down', reasonOf(exchange, error))
}

const reasonOf = ({ problem }: Exchange, error: NodeJS.ErrnoException): string =>
  problem ?? error.code ?? unheard

/** The application closed a kept connection before it read the request. */
const wasStale = ({ outgoing }: Exchange, error: NodeJS.ErrnoException): boolean =>
  outgoing?.reusedSocket === true && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
