import { ServerResponse } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { ProtocolRequest } from './exchange.js'

/**
 * The library is made for requests and responses of node:http. It gets what looks like them, so that nothing of it
 * reaches the browser but through our own answers: no cookie, no header, no page.
 */
interface Place {
  readonly issuer: URL
  /** What the library finds its session by. */
  readonly cookie: string
}

export function requestFor(
  { method, path, query, headers, body }: ProtocolRequest,
  { issuer, cookie }: Place,
): IncomingMessage {
  const url = path + (query === '' ? '' : `?${query}`)
  const base = issuer.pathname === '/' ? '' : issuer.pathname
  const stream = new Readable({
    read() {
      if (body.length > 0) this.push(body)
      this.push(null)
    },
  })
  const own: Record<string, string> = { ...headers, host: issuer.host, cookie }
  if (body.length > 0) own['content-length'] = String(body.length)
  return Object.assign(stream, {
    method,
    url,
    originalUrl: base + url,
    headers: own,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    socket: { encrypted: issuer.protocol === 'https:', remoteAddress: '' },
  }) as unknown as IncomingMessage
}

interface Captured {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** Keeps what was answered instead of sending it. */
class CapturedResponse extends ServerResponse {
  readonly #done: (captured: Captured) => void

  constructor(request: IncomingMessage, done: (captured: Captured) => void) {
    super(request)
    this.#done = done
  }

  override end(chunk?: unknown): this {
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(this.getHeaders()))
      if (value !== undefined && name !== 'set-cookie' && name !== 'content-length')
        headers[name] = Array.isArray(value) ? value.join(', ') : String(value)
    const body = typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : ''
    this.#done({ status: this.statusCode, headers, body })
    return this
  }
}

/** Runs a listener of node:http on a request that is none. */
export const captured = (
  request: IncomingMessage,
  listener: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Captured> =>
  new Promise((resolve, reject) => {
    listener(request, new CapturedResponse(request, resolve)).catch((error: unknown) => {
      reject(error instanceof Error ? error : new Error(String(error)))
    })
  })
