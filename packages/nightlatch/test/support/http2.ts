import { connect, constants } from 'node:http2'
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
} from 'node:http2'
import { once } from 'node:events'

export interface Answered2 {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The informational ones before it. */
  readonly before: readonly number[]
  readonly trailers: IncomingHttpHeaders
  readonly body: Buffer
  /** How the stream ended. */
  readonly code: number
}

/** One connection of HTTP/2 to a server with a certificate that nobody vouches for. */
export async function session2(port: number): Promise<ClientHttp2Session> {
  const session = connect(`https://localhost:${port}`, { rejectUnauthorized: false })
  session.on('error', () => undefined)
  await once(session, 'connect')
  return session
}

/** The whole of what came back, however it ended. */
export function answerTo2(stream: ClientHttp2Stream): Promise<Answered2> {
  const chunks: Buffer[] = []
  const before: number[] = []
  let [headers, trailers]: [IncomingHttpHeaders, IncomingHttpHeaders] = [{}, {}]
  stream.on('headers', (early) => before.push(Number(early[':status'])))
  stream.on('response', (head) => (headers = head))
  stream.on('trailers', (last) => (trailers = last))
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', () => undefined)
  return new Promise((resolve) => {
    stream.on('close', () => {
      const status = Number(headers[':status'] ?? 0)
      const code = stream.rstCode ?? constants.NGHTTP2_NO_ERROR
      resolve({ status, headers, before, trailers, body: Buffer.concat(chunks), code })
    })
  })
}

export function ask2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<Answered2> {
  const stream = session.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  return answerTo2(stream)
}

/** Frames as a client writes them that does exactly this and no more (RFC 9113 4.1). */
export const frames = {
  /** With empty settings of ours. */
  begin: (): Buffer => Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0)]),
  /** Fields as literals that nobody remembers (RFC 7541 6.2.2); more of the message follows. */
  headers: (stream: number, fields: Readonly<Record<string, string>>): Buffer =>
    frame(1, 4, stream, Buffer.concat(Object.entries(fields).flat().map(literal).map(markEveryOther))),
  data: (stream: number, text: string): Buffer => frame(0, 0, stream, Buffer.from(text)),
  reset: (stream: number, code: number): Buffer => frame(3, 0, stream, Buffer.from([0, 0, 0, code])),
}

function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A string with its length, of which up to 126 bytes fit into one byte. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = bytes.length < 127 ? [bytes.length] : longLength(bytes.length - 127)
  return Buffer.concat([Buffer.from(length), bytes])
}

function longLength(rest: number): number[] {
  const bytes = [127]
  for (let left = rest; ; left = Math.floor(left / 128)) {
    bytes.push(left < 128 ? left : (left % 128) + 128)
    if (left < 128) return bytes
  }
}

/** A zero before each name says that it is a literal. */
const markEveryOther = (text: Buffer, at: number): Buffer =>
  at % 2 === 0 ? Buffer.concat([Buffer.from([0]), text]) : text
