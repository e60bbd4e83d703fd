import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { NightlatchAuth } from '../compose/library.js'
import type { SessionView } from '../http/session-view.js'
import type { Due, GuardOptions } from './guard.js'
import { dueOf, refusalFor } from './guard.js'

export { createNightlatch } from '../compose/library.js'
export { sessionOf } from './guard.js'

/** A request of Express (or Connect), with the session that `requireSession` found. */
export interface ExpressRequest extends IncomingMessage {
  originalUrl?: string
  body?: unknown
  nightlatch?: SessionView
}

type Next = (error?: unknown) => void
type Middleware = (request: ExpressRequest, response: ServerResponse, next: Next) => void

/** Mounts the pages and passes everything else on. */
export function nightlatch(auth: NightlatchAuth): Middleware {
  return (request, response, next) => {
    const url = request.originalUrl ?? request.url ?? '/'
    if (auth.owns(url.split('?', 1)[0] ?? '')) auth.listener(withBody(request, url), response)
    else next()
  }
}

/** Guards a route: `request.nightlatch` is there behind it. */
export function requireSession(auth: NightlatchAuth, options: GuardOptions = {}): Middleware {
  return (request, response, next) => {
    auth.session(request).then((session) => {
      const due = dueOf(session, options)
      if (session === null || due !== null) {
        refuse(auth, { request, response, due: due ?? 'session' })
        return
      }
      request.nightlatch = session
      next()
    }, next)
  }
}

interface Refused {
  readonly request: ExpressRequest
  readonly response: ServerResponse
  readonly due: Due
}

function refuse(auth: NightlatchAuth, { request, response, due }: Refused): void {
  const { method = 'GET', url = '/', originalUrl = url } = request
  const header = (name: string): string | undefined => request.headers[name]?.toString()
  const refusal = refusalFor(auth, { method, url: originalUrl, header }, due)
  if (refusal.kind === 'redirect')
    response.writeHead(303, { location: refusal.location, 'cache-control': 'no-store' }).end()
  else response.writeHead(refusal.status, refusal.headers).end(refusal.body)
}

/** A body parser that ran before us has read the stream: what it found is put back as it was sent. */
function withBody(request: ExpressRequest, url: string): IncomingMessage {
  const replay = request.readableEnded && request.body !== undefined
  const stream: Readable = replay ? Readable.from([encode(request)]) : request
  const facade = new Proxy(stream, {
    get: (target, name) => {
      if (name === 'url') return url
      const source: object = name in request && !(replay && streaming.has(name)) ? request : target
      const value: unknown = Reflect.get(source, name, source)
      return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(source) : value
    },
  })
  return facade as unknown as IncomingMessage
}

const streaming = new Set<string | symbol>(['on', 'pause', 'readableEnded'])

function encode(request: ExpressRequest): Buffer {
  const { body } = request
  if (Buffer.isBuffer(body)) return body
  if (typeof body === 'string') return Buffer.from(body)
  if (request.headers['content-type']?.includes('json') === true) return Buffer.from(JSON.stringify(body))
  const pairs = Object.entries(body as object).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
  )
  return Buffer.from(new URLSearchParams(pairs).toString())
}
