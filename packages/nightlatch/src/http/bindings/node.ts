import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { randomBytes } from 'node:crypto'
import type { HttpResponse, HttpRequest } from '../request.js'
import { PreparedResponse } from '../response-cache.js'

type RequestHandler = (request: HttpRequest) => Promise<HttpResponse>

interface NodeBinding {
  /** Cut off from every path; what is not below it is not ours. */
  readonly base: string
  /** Connections are not kept once the server is to stop. */
  isStopping(): boolean
}

/** One request of node:http, answered by the door. */
export function nodeListener(
  door: RequestHandler,
  binding: NodeBinding,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void door(requestOf(request, binding.base)).then((answer) => {
      if (binding.isStopping()) response.shouldKeepAlive = false
      send(request, response, answer)
    })
  }
}

export function requestOf(request: IncomingMessage, base: string): HttpRequest {
  return new NodeAsk(request, base)
}

/** A class, so that a request costs one small object and no closures. */
class NodeAsk implements HttpRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly #request: IncomingMessage
  /** Asked a dozen times, and a getter over there. */
  readonly #headers: IncomingMessage['headers']
  #id = ''

  constructor(request: IncomingMessage, base: string) {
    const target = withoutAuthority(request.url ?? '/')
    const at = target.indexOf('?')
    this.method = request.method ?? 'GET'
    this.path = pathBelow(at < 0 ? target : target.slice(0, at), base)
    this.query = at < 0 ? '' : target.slice(at + 1)
    this.#request = request
    this.#headers = request.headers
  }

  get id(): string {
    if (this.#id === '') this.#id = randomBytes(9).toString('base64url')
    return this.#id
  }

  get connection(): object | null {
    // Each request of HTTP/2 has a socket of its own making, and a made-up request may have none.
    const { socket, stream } = this.#request as Partial<IncomingMessage> & {
      readonly stream?: ServerHttp2Stream
    }
    return stream?.session ?? socket ?? null
  }

  get peer(): string {
    return this.#request.socket.remoteAddress ?? ''
  }

  header(name: string): string | undefined {
    const value = this.#headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  hasAny(names: readonly string[]): boolean {
    const { headers } = this.#request
    for (const name of names) if (headers[name] !== undefined) return true
    return false
  }

  headerCount(name: string): number {
    if (this.#headers[name] === undefined) return 0
    const { rawHeaders } = this.#request
    let count = 0
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const raw = rawHeaders[at] ?? ''
      if (raw.length === name.length && raw.toLowerCase() === name) count += 1
    }
    return count
  }

  hasArrived(): boolean {
    return this.#request.complete
  }

  body(limitBytes: number): Promise<Uint8Array | 'too-large'> {
    return readBody(this.#request, limitBytes)
  }
}

/** Some name the whole address (RFC 9112 §3.2.2). Which host it says decides nothing: ours is in the settings. */
export const withoutAuthority = (target: string): string =>
  target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*\/?/i, '/')

/** The path below the base path; anything else becomes a path that no route has. */
export function pathBelow(path: string, base: string): string {
  if (base === '') return path
  if (path === base) return '/'
  return path.startsWith(`${base}/`) ? path.slice(base.length) : ''
}

function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array | 'too-large'> {
  const announced = Number(request.headers['content-length'] ?? '0')
  if (announced > limit) return Promise.resolve('too-large')
  // Inside an application: nothing would ever come.
  if (request.readableEnded) return Promise.reject(new Error('the body was read before it came here'))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > limit) {
        request.pause()
        resolve('too-large')
      } else chunks.push(chunk)
    })
    request.on('end', () => {
      resolve(Buffer.concat(chunks))
    })
    request.on('error', reject)
    request.on('close', () => {
      if (!request.complete) reject(new Error('the client went away'))
    })
  })
}

export function send(request: IncomingMessage, response: ServerResponse, answer: HttpResponse): void {
  const { body, cookies, status } = answer
  if (answer instanceof PreparedResponse && !isUnread(request)) {
    response.writeHead(status, answer.wire as string[])
    if (request.method === 'HEAD' || answer.bytes.length === 0) response.end()
    else response.end(answer.bytes, 'latin1')
    return
  }
  const headers: Record<string, string | string[]> = { ...answer.headers }
  if (cookies.length > 0) headers['set-cookie'] = [...cookies]
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  if (status !== 204) headers['content-length'] = String(length)
  // What was not read of the body must not be taken for the next request.
  if (isUnread(request)) headers['connection'] = 'close'
  response.writeHead(status, headers)
  response.end(request.method === 'HEAD' || status === 204 ? undefined : body)
}

const isUnread = (request: IncomingMessage): boolean =>
  !request.complete &&
  ((request.headers['content-length'] ?? '0') !== '0' || request.headers['transfer-encoding'] !== undefined)
