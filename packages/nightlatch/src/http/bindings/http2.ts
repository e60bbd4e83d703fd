import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { constants, Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { IncomingHttpHeaders as Http2Headers, ServerHttp2Stream } from 'node:http2'
import type { Readable, ReadableOptions } from 'node:stream'

const { NGHTTP2_INTERNAL_ERROR } = constants

/** Its own type has for properties what are getters, which no class may then override. */
const ServerRequest = Http2ServerRequest as unknown as new (
  stream: ServerHttp2Stream,
  headers: Http2Headers,
  options?: ReadableOptions,
  raw?: readonly string[],
) => Readable & { readonly stream: ServerHttp2Stream; readonly authority: string | undefined }

const ServerResponse = Http2ServerResponse as unknown as new (stream: ServerHttp2Stream) => {
  readonly stream: ServerHttp2Stream
  readonly headersSent: boolean
  writeHead(status: number, headers: OutgoingHttpHeaders): unknown
  addTrailers(trailers: OutgoingHttpHeaders): void
  end(): void
}

/**
 * A request of HTTP/2 that says what one of HTTP/1.1 says: no pseudo-headers, the authority as `host`, a body of
 * unknown length as one in chunks. And it never looks whole when it was cut off.
 */
export class Http2Request extends ServerRequest {
  readonly #headers: IncomingHttpHeaders
  readonly #rawHeaders: string[]

  // eslint-disable-next-line max-params -- node:http2 calls it so
  constructor(
    stream: ServerHttp2Stream,
    headers: Http2Headers,
    options?: ReadableOptions,
    raw: readonly string[] = [],
  ) {
    super(stream, headers, options, raw)
    this.#headers = plainHeaders(stream, headers)
    this.#rawHeaders = withoutPseudo(raw)
  }

  /** node:http2 ends a body that the client has reset as it ends a whole one. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk !== null || this.readableEnded || !this.stream.closed) return super.push(chunk, encoding)
    // Nobody need listen, and an error that nobody listens for ends the process.
    this.destroy(this.listenerCount('error') > 0 ? new Error('the client went away') : undefined)
    return false
  }

  get headers(): IncomingHttpHeaders {
    return this.#headers
  }

  get rawHeaders(): string[] {
    return this.#rawHeaders
  }

  get complete(): boolean {
    return this.stream.endAfterHeaders || this.readableEnded
  }
}

function plainHeaders(stream: ServerHttp2Stream, headers: Http2Headers): IncomingHttpHeaders {
  const plain: IncomingHttpHeaders = {}
  for (const name in headers) if (!name.startsWith(':')) plain[name] = headers[name]
  const authority = headers[':authority']
  if (authority !== undefined) plain.host ??= authority
  if (!stream.endAfterHeaders && plain['content-length'] === undefined) plain['transfer-encoding'] = 'chunked'
  return plain
}

function withoutPseudo(raw: readonly string[]): string[] {
  const plain: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2)
    if (raw[at]?.startsWith(':') === false) plain.push(raw[at] ?? '', raw[at + 1] ?? '')
  return plain
}

/** Whether the two names of the host that a request of HTTP/2 may have are one (RFC 9113 8.3.1). */
export const hasOneHost = ({ headers, authority }: Http2Request): boolean =>
  authority === undefined || headers.host === authority

/** An answer by HTTP/2 that takes what one of HTTP/1.1 takes, and leaves out what is of a connection. */
export class Http2Response extends ServerResponse {
  /** As node:http has it: false ends the connection, here once all that is under way on it has been answered. */
  set shouldKeepAlive(keep: boolean) {
    if (!keep) this.stream.session?.close()
  }

  get destroyed(): boolean {
    return this.stream.destroyed || this.stream.closed || this.stream.aborted
  }

  /** With flat headers, as node:http takes them, or with an object; what HTTP/1.1 calls a reason goes nowhere. */
  override writeHead(status: number, ...rest: readonly unknown[]): this {
    const headers = rest.at(-1)
    const named = Array.isArray(headers) ? byName(headers as string[]) : headers
    super.writeHead(status, (typeof named === 'object' ? named : {}) as OutgoingHttpHeaders)
    return this
  }

  override addTrailers(trailers: OutgoingHttpHeaders | readonly (readonly [string, string])[]): void {
    super.addTrailers(
      Array.isArray(trailers) ? byName(trailers.flat() as string[]) : (trailers as OutgoingHttpHeaders),
    )
  }

  writeProcessing(): void {
    if (!this.headersSent && !this.destroyed) this.stream.additionalHeaders({ ':status': 102 })
  }

  /** Half an answer must not look whole: node:http2 alone would end the stream without an error. */
  destroy(): this {
    if (!this.stream.closed) this.stream.close(NGHTTP2_INTERNAL_ERROR)
    return this
  }
}

/** Flat headers as an object. What comes twice is one list (RFC 9110 5.3), but for cookies. */
function byName(flat: readonly string[]): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const name = (flat[at] ?? '').toLowerCase()
    const value = flat[at + 1] ?? ''
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (Array.isArray(before)) before.push(value)
    else headers[name] = name === 'set-cookie' ? [before, value] : `${before}, ${value}`
  }
  return headers
}
