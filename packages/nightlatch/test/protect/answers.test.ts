import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startProtected, type Protected } from '../support/protected.js'

/** What the application sends, piece by piece, before it closes. */
let pieces: readonly Buffer[] = []
let behind: Server
let app: Protected

beforeAll(async () => {
  behind = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => void say(socket))
  }).listen(0, '127.0.0.1')
  await once(behind, 'listening')
  app = await startProtected(behind as never, { publicPaths: ['/'], answerMs: 5000 })
})

afterAll(async () => {
  await app.server.stop(100)
  await app.nightlatch.close()
  behind.close()
})

let speaking = 0

async function say(socket: Socket): Promise<void> {
  speaking += 1
  for (const piece of pieces) {
    socket.write(piece)
    await turn()
  }
  socket.end()
  speaking -= 1
}

async function hasSaidAll(): Promise<void> {
  while (speaking > 0) await turn()
}

interface Heard {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
  readonly isWhole: boolean
}

const ofOneConnection = /^(?:connection|keep-alive|transfer-encoding|date|content-length|trailer)$/i

/** As node:http hears it; null where it takes it for no answer. */
function heardAt(port: number, method: string): Promise<Heard | null> {
  return new Promise((resolve) => {
    const asked = request({ port, host: '127.0.0.1', path: '/', method, agent: false })
    asked.on('error', () => resolve(null))
    asked.on('response', (answer) => {
      let body = ''
      answer.setEncoding('latin1').on('data', (text: string) => (body += text))
      answer.on('error', () => undefined)
      answer.on('close', () => {
        const { statusCode: status = 0, rawHeaders, rawTrailers: trailers, complete: isWhole } = answer
        const headers = rawHeaders.flatMap((name, at) =>
          at % 2 === 1 || ofOneConnection.test(name) ? [] : [`${name}: ${rawHeaders[at + 1] ?? ''}`],
        )
        resolve({ status, headers, body, trailers: isWhole ? trailers : [], isWhole })
      })
    })
    asked.end()
  })
}

const text = fc.string({ unit: fc.constantFrom(...'ab c:;,="\t\xe9\xa0'), maxLength: 12 })
const names = fc.constantFrom('X-One', 'x-two', 'Set-Cookie', 'Vary', 'X_under.score', 'ETag')
const field = fc.tuple(names, fc.constantFrom(': ', ':', ':  \t'), text).map((parts) => parts.join(''))
/** What only some would read, or nobody. */
const oddFields = [
  'X-Fold: one\r\n two',
  'X-Space : one',
  ': nameless',
  'no colon',
  'X-Control: a\x01b',
  'X\xe9: one',
  'Content-Length: 1, 1',
]
const odd = fc.constantFrom(...oddFields)
const body = fc.string({ unit: fc.constantFrom(...'xyz\r\n0\xff'), maxLength: 60 })

/** In chunks of any size, with what may be said beside them. */
const chunked = fc
  .tuple(
    fc.array(body),
    fc.constantFrom('', ';a=b', ';a="b c"', ' '),
    fc.constantFrom('', 'X-Sum: 1\r\n', 'X-Sum:1\r\nX-More: \t2 \r\n'),
    fc.constantFrom('', '', '', 'x', '0'),
  )
  .map(([chunks, extension, trailers, before]) => {
    const sized = chunks
      .filter((one) => one !== '')
      .map((one) => `${one.length.toString(16)}${extension}\r\n${one}\r\n`)
    return { fields: ['Transfer-Encoding: chunked'], bytes: `${before}${sized.join('')}0\r\n${trailers}\r\n` }
  })
const measured = fc.tuple(body, fc.constantFrom(0, 0, 0, 1)).map(([bytes, more]) => ({
  fields: [`Content-Length: ${String(Math.max(0, bytes.length + more))}`],
  bytes,
}))
const untilTheEnd = body.map((bytes) => ({ fields: [], bytes }))
const unclear = fc.constantFrom(
  { fields: ['Content-Length: 1', 'Content-Length: 1'], bytes: 'x' },
  { fields: ['Content-Length: 3', 'Transfer-Encoding: chunked'], bytes: '3\r\nabc\r\n0\r\n\r\n' },
  { fields: ['Transfer-Encoding: chunked, chunked'], bytes: '3\r\nabc\r\n0\r\n\r\n' },
  { fields: ['Transfer-Encoding: gzip'], bytes: 'abc' },
  { fields: ['Content-Length: -1'], bytes: 'abc' },
  { fields: ['Content-Length: '], bytes: 'abc' },
  { fields: ['Content-Length: 99999999999999999999'], bytes: 'abc' },
)

const answer = fc
  .record({
    first: fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.1 200 OK',
      'HTTP/1.1 404 Not here',
      'HTTP/1.1 500',
      'HTTP/1.0 200 OK',
      'HTTP/1.1 204 None',
      'HTTP/1.1 304 Same',
      'HTTP/2 200 OK',
      'HTTP/1.1 20 OK',
      'http/1.1 200 OK',
    ),
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD'),
    informed: fc.constantFrom(
      '',
      '',
      '',
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
    ),
    fields: fc.array(fc.oneof({ weight: 12, arbitrary: field }, { weight: 1, arbitrary: odd }), {
      maxLength: 5,
    }),
    framed: fc.oneof(
      { weight: 4, arbitrary: chunked },
      { weight: 4, arbitrary: measured },
      { weight: 2, arbitrary: untilTheEnd },
      { weight: 1, arbitrary: unclear },
    ),
    lineEnd: fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n'),
    kept: fc.integer({ min: 0, max: 300 }),
    cuts: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 }),
  })
  .map(({ method, first, informed, fields, framed, lineEnd, kept, cuts }) => {
    const head = [first, ...fields, ...framed.fields, '', ''].join(lineEnd)
    const bytes = method === 'HEAD' || / [23]04 /.test(first) ? '' : framed.bytes
    const whole = Buffer.from(informed + head + bytes, 'latin1')
    return { method, pieces: cutUp(kept > 250 ? whole.subarray(0, kept % whole.length) : whole, cuts) }
  })

function cutUp(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const all: Buffer[] = []
  let at = 0
  for (const length of cuts) {
    if (at < bytes.length) all.push(bytes.subarray(at, at + length))
    at += length
  }
  return at < bytes.length ? [...all, bytes.subarray(at)] : all
}

it('an answer comes through as node:http reads it, in whatever pieces; what is none, or not whole, never looks whole', async () => {
  await fc.assert(
    fc.asyncProperty(answer, async ({ method, pieces: said }) => {
      pieces = said
      const read = await heardAt(app.applicationPort, method)
      const passed = await heardAt(app.port, method)
      if (read?.isWhole === true) expect(passed).toEqual(read)
      else if (read !== null) expect(passed?.isWhole ?? false).toBe(false)
      else expect(passed?.isWhole === true ? passed.status : 502).toBe(502)
    }),
    { numRuns: 300 },
  )
})

const manyPieces = Array.from({ length: 4500 }, (_, at) => 1 + ((at * 977) % 9000))

/** A client that begins to read when the application can send no more. */
async function hashReadLate(port: number): Promise<string> {
  const asked = request({ port, host: '127.0.0.1', path: '/', agent: false })
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  await hasSaidAll()
  const hash = createHash('sha256')
  answer.on('data', (bytes: Buffer) => hash.update(bytes))
  await once(answer, 'end')
  return hash.digest('hex')
}

it.each(['with a length', 'in chunks'])(
  'a long answer in small pieces has the same bytes for clients that read it late: %s',
  async (how) => {
    const body = randomBytes(manyPieces.reduce((sum, length) => sum + length, 0))
    const parts = cutUp(body, manyPieces)
    const sized = (part: Buffer): Buffer =>
      Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')])
    const isChunked = how === 'in chunks'
    const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${String(body.length)}`
    pieces = [
      Buffer.from(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`),
      ...(isChunked ? [...parts.map(sized), Buffer.from('0\r\n\r\n')] : parts),
    ]
    const heard = await Promise.all([app.port, app.port, app.port].map(hashReadLate))
    const whole = createHash('sha256').update(body).digest('hex')
    expect(heard).toEqual([whole, whole, whole])
  },
)
