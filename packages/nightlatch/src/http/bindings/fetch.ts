import { randomBytes } from 'node:crypto'
import type { HttpResponse, HttpRequest } from '../request.js'
import { pathBelow } from './node.js'

type RequestHandler = (request: HttpRequest) => Promise<HttpResponse>

interface FetchBinding {
  /** Below the origin: '' or '/auth'. */
  readonly base: string
  /** The address of the other end of the connection, where the framework knows it. */
  peerOf(request: Request, connection: Connection | undefined): string
}

/** What a framework knows of the other end beside the request. */
interface Connection {
  readonly address?: string | undefined
}

/** The same door for the web's Request and Response, as every framework knows them. */
export function fetchHandler(
  door: RequestHandler,
  binding: FetchBinding,
): (request: Request, connection?: Connection) => Promise<Response> {
  return async (request, connection) =>
    responseOf(await door(askOfRequest(request, binding, connection)), request.method)
}

function askOfRequest(
  request: Request,
  { base, peerOf }: FetchBinding,
  connection?: Connection,
): HttpRequest {
  const url = new URL(request.url)
  return {
    id: randomBytes(9).toString('base64url'),
    method: request.method,
    path: pathBelow(url.pathname, base),
    query: url.search.slice(1),
    peer: peerOf(request, connection),
    connection: null,
    header: (name) => request.headers.get(name) ?? undefined,
    hasAny: (names) => names.some((name) => request.headers.has(name)),
    headerCount: (name) => (request.headers.has(name) ? 1 : 0),
    // Nobody tells how much of a stream is here.
    hasArrived: () => request.body === null,
    body: (limit) => readBody(request, limit),
  }
}

async function readBody(request: Request, limit: number): Promise<Uint8Array | 'too-large'> {
  if (request.body === null) return new Uint8Array()
  if (Number(request.headers.get('content-length') ?? '0') > limit) return 'too-large'
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = (request.body as ReadableStream<Uint8Array>).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks)
    length += value.length
    if (length > limit) {
      await reader.cancel()
      return 'too-large'
    }
    chunks.push(value)
  }
}

function responseOf(answer: HttpResponse, method: string): Response {
  const headers = new Headers(answer.headers)
  for (const cookie of answer.cookies) headers.append('set-cookie', cookie)
  const bodiless = answer.status === 204 || method === 'HEAD'
  return new Response(bodiless ? null : (answer.body as BodyInit), { status: answer.status, headers })
}
