import { validateHeaderValue } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
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
  const own: Record<string, string> = { ...headers, host: issuer.host, cookie }
  if (body.length > 0) own['content-length'] = String(body.length)
  const request = {
    method,
    url,
    originalUrl: base + url,
    headers: own,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    socket: { encrypted: issuer.protocol === 'https:', remoteAddress: '' },
  }
  // Whoever says that there is no body is not asked for one: most requests need no stream.
  const asked = body.length === 0 ? request : Object.assign(Readable.from([body]), request)
  return asked as unknown as IncomingMessage
}

interface Captured {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/**
 * Keeps what was answered instead of sending it: what the library uses of a response, and nothing that would wait for a
 * socket. Nobody listens to it, for it is answered once and whole.
 */
class CapturedResponse {
  statusCode = 200
  statusMessage = ''
  readonly headersSent = false
  writableEnded = false
  readonly socket = null
  readonly #headers = new Map<string, string>()
  readonly #done: (captured: Captured) => void

  constructor(done: (captured: Captured) => void) {
    this.#done = done
  }

  setHeader(name: string, value: string | number | readonly string[]): this {
    const text = typeof value === 'object' ? value.join(', ') : String(value)
    validateHeaderValue(name, text)
    this.#headers.set(name.toLowerCase(), text)
    return this
  }

  getHeader(name: string): string | undefined {
    return this.#headers.get(name.toLowerCase())
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name.toLowerCase())
  }

  removeHeader(name: string): void {
    this.#headers.delete(name.toLowerCase())
  }

  getHeaders(): Record<string, string> {
    return Object.fromEntries(this.#headers)
  }

  getHeaderNames(): string[] {
    return [...this.#headers.keys()]
  }

  on(): this {
    return this
  }

  removeListener(): this {
    return this
  }

  end(chunk?: unknown): this {
    this.writableEnded = true
    const headers: Record<string, string> = {}
    for (const [name, value] of this.#headers)
      if (name !== 'set-cookie' && name !== 'content-length') headers[name] = value
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
    const response = new CapturedResponse(resolve) as unknown as ServerResponse
    listener(request, response).catch((error: unknown) => {
      reject(error instanceof Error ? error : new Error(String(error)))
    })
  })
