import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolledPerson, startApp, type TestApp } from '../support/app.js'
import { cookieOf, sendBytes, startProtected, type Protected } from '../support/protected.js'

interface Open {
  readonly socket: Socket
  readonly closed: Promise<string>
}

/** A connection that says something and then waits; what it was told until it was closed. */
function open(port: number, bytes: string, { halfOpen = false, reads = true } = {}): Open {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: halfOpen })
  socket.on('error', () => undefined)
  socket.write(bytes)
  let said = ''
  if (reads) socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')))
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve(said))) }
}

const healthz = (port: number, base = ''): Promise<string> =>
  sendBytes(port, `GET ${base}/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)

const limits = { stalledMs: 400, expectingMs: 400, quietMs: 1200, waitingMs: 800, endingMs: 200 }

describe('CONN-1 many connections of one address that say next to nothing', () => {
  it.each([
    ['one byte each', 'G'],
    ['nothing', ''],
    ['half a header', 'GET / HTTP/1.1\r\nHost: local'],
  ])('%s: the oldest makes room, and whoever is new gets in', async (_name, bytes) => {
    const app = await startApp({ env: { NIGHTLATCH_CONNECTIONS_PER_ADDRESS: '10' } })
    const port = app.server.settings.port
    const held = Array.from({ length: 40 }, () => open(port, bytes))
    // Ended to make room: in fifteen seconds they would be told so (408) by another limit.
    expect(await Promise.all(held.slice(0, 25).map(({ closed }) => closed))).toEqual(Array(25).fill(''))
    expect(await healthz(port)).toMatch(/^HTTP\/1\.1 200 /)
    for (const { socket } of held) socket.destroy()
    await app.close()
  })

  it('a trusted proxy has as many as it needs, up to the bound for all', async () => {
    const env = { NIGHTLATCH_CONNECTIONS_PER_ADDRESS: '10', NIGHTLATCH_CONNECTIONS: '30' }
    const app = await startApp({ env: { ...env, NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })
    const port = app.server.settings.port
    const held = Array.from({ length: 25 }, () => open(port, 'G'))
    expect(await healthz(port)).toMatch(/^HTTP\/1\.1 200 /)
    expect(held.filter(({ socket }) => socket.closed)).toEqual([])
    const more = Array.from({ length: 25 }, () => open(port, 'G'))
    await Promise.all(held.slice(0, 15).map(({ closed }) => closed))
    expect(await healthz(port)).toMatch(/^HTTP\/1\.1 200 /)
    for (const { socket } of [...held, ...more]) socket.destroy()
    await app.close()
  })
})

describe('CONN-2 a connection in front of an application that holds its place by doing nothing', () => {
  let app: Protected
  let cookie = ''
  const megabyte = Buffer.alloc(1024 * 1024)
  let given = (): void => undefined
  const givenUp = new Promise<void>((resolve) => (given = resolve))
  const application = createServer((request, response) => {
    if (request.url === '/large') {
      response.once('close', given)
      for (let count = 0; count < 64; count += 1) response.write(megabyte)
    } else if (request.url === '/events') response.write('data: 1\n\n')
    else if (request.method === 'POST') {
      let size = 0
      request.on('data', (chunk: Buffer) => (size += chunk.length))
      request.on('end', () => response.end(String(size)))
    } else response.end('here')
  })
  application.on('upgrade', (_request, socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    )
    socket.on('data', (chunk: Buffer) => socket.write(chunk))
    socket.on('error', () => undefined)
    socket.on('end', () => socket.end())
  })

  beforeAll(async () => {
    app = await startProtected(application, { publicPaths: ['/public'], limits, sweepMs: 50 })
    cookie = cookieOf((await enrolledPerson(app, 'ada')).browser)
  })
  afterAll(() => app.close())

  const head = (line: string, ...more: string[]) =>
    [line, 'Host: localhost', `Cookie: ${cookie}`, ...more, '', ''].join('\r\n')
  const handshake = () =>
    head(
      'GET /socket HTTP/1.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    )

  it.each([
    ['nothing said', () => '', {}],
    ['one byte', () => 'G', {}],
    ['a header that is not finished', () => 'GET / HTTP/1.1\r\nHost: local', {}],
    ['a body that is announced and never comes', () => head('POST /x HTTP/1.1', 'Content-Length: 1000'), {}],
    ['half a body', () => `${head('POST /x HTTP/1.1', 'Content-Length: 1000')}abc`, {}],
    ['half a chunk', () => `${head('POST /x HTTP/1.1', 'Transfer-Encoding: chunked')}5\r\nab`, {}],
    [
      'a body after a question that was answered',
      () => head('POST /x HTTP/1.1', 'Content-Length: 9', 'Expect: 100-continue'),
      {},
    ],
    ['an idle connection after its answer', () => head('GET / HTTP/1.1'), {}],
    ['an answer that nobody reads', () => head('GET /large HTTP/1.1'), { reads: false }],
    ['no HTTP, and no end', () => 'NOT HTTP AT ALL\r\n\r\n', { halfOpen: true }],
    ['a stream on which nothing comes', () => head('GET /events HTTP/1.1'), {}],
    ['a socket on which nothing comes', handshake, {}],
    [
      'another upgrade than that of a socket',
      () => head('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: h2c'),
      {},
    ],
  ])('%s: it is given back', async (_name, bytes, how) => {
    const { closed, socket } = open(app.port, bytes(), how)
    if ((how as { reads?: boolean }).reads === false) {
      await givenUp
      socket.resume()
    }
    // Whoever keeps its own side open learns of the end only by saying more.
    const more = setInterval(() => (socket.readableEnded ? socket.write('more') : undefined), 50)
    await closed
    clearInterval(more)
    expect(app.logged.join()).toContain('connections were ended that did nothing')
  })

  it.each(['POST /x HTTP/1.1', 'POST /public HTTP/1.1'])(
    'half closed in the middle of a body: %s',
    async (line) => {
      const { socket, closed } = open(app.port, `${head(line, 'Content-Length: 1000')}abc`, {
        halfOpen: true,
      })
      socket.end()
      await closed
    },
  )

  it('what moves is not ended: a slow upload, a stream, a socket', async () => {
    const upload = open(app.port, head('POST /x HTTP/1.1', 'Content-Length: 20', 'Connection: close'))
    const tunnel = open(app.port, handshake())
    let over = false
    void tunnel.closed.then(() => (over = true))
    for (let count = 0; count < 20; count += 1) {
      upload.socket.write('x')
      tunnel.socket.write('y')
      await new Promise((resolve) => tunnel.socket.once('data', resolve))
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(over).toBe(false)
    expect(await upload.closed).toMatch(/^HTTP\/1\.1 200 [^]*20/)
    tunnel.socket.destroy()
  })
})

describe('CONN-3 headers that are too large', () => {
  const long = 'x'.repeat(40_000)
  const page = ['Accept: text/html', 'Sec-Fetch-Mode: navigate']
  const half = long.slice(0, 20_000)
  const cases: [name: string, target: string, lines: string[], said: string][] = [
    ['a cookie', '/', [`Cookie: a=${long}`], 'cookie has 40002 bytes'],
    ['the address', `/?${long}`, [], 'the address has 40002 bytes'],
    ['two cookie lines', '/', [`Cookie: a=${half}`, `Cookie: b=${half}`], 'cookie has 40004 bytes'],
    ['another header', '/', [`X-Other: ${long}`, 'Cookie: a=b'], 'x-other has 40000 bytes'],
  ]
  const sent = (port: number, line: string, lines: readonly string[]) =>
    sendBytes(port, [line, 'Host: localhost', 'Connection: close', ...lines, '', ''].join('\r\n'))

  let server: TestApp
  let protect: Protected
  beforeAll(async () => {
    server = await startApp()
    protect = await startProtected()
  })
  afterAll(() => Promise.all([server.close(), protect.close()]))

  it.each(cases)('serve and protect say which one is: %s', async (_name, target, lines, said) => {
    const line = `GET ${target} HTTP/1.1`
    for (const port of [server.server.settings.port, protect.port]) {
      const shown = await sent(port, line, [...lines, ...page])
      expect(shown).toMatch(/^HTTP\/1\.1 431 /)
      expect(shown).toContain('Your browser sent too much')
      expect(shown).toContain(said)
      const told = await sent(port, line, lines)
      expect(told).toMatch(/^HTTP\/1\.1 431 [^]*application\/problem\+json[^]*"code":"headers-too-large"/)
      expect(told).toContain(said)
    }
  })

  it('who names two hosts is refused by serve and protect alike', async () => {
    for (const port of [server.server.settings.port, protect.port])
      for (const path of ['/login', '/_nightlatch/login', '/healthz', '/anything']) {
        const shown = await sent(port, `GET ${path} HTTP/1.1`, ['host: other.example', ...page])
        expect(shown).toMatch(/^HTTP\/1\.1 400 [^]*text\/html/)
        const told = await sent(port, `GET ${path} HTTP/1.1`, ['HOST: localhost'])
        expect(told).toMatch(/^HTTP\/1\.1 400 [^]*"code":"malformed-request"/)
      }
  })

  it('what is far too large is refused before it is read, and named all the same', async () => {
    for (const port of [server.server.settings.port, protect.port]) {
      const told = await sent(port, 'GET / HTTP/1.1', [`Cookie: a=${'x'.repeat(70_000)}`])
      expect(told).toMatch(/^HTTP\/1\.1 431 [^]*headers-too-large[^]*bytes or more/)
    }
  })

  it('the limit is a setting', async () => {
    const roomy = await startApp({ env: { NIGHTLATCH_HEADER_LIMIT: '100000' } })
    const shown = await sent(roomy.server.settings.port, 'GET /login HTTP/1.1', [
      `Cookie: a=${'x'.repeat(60_000)}`,
    ])
    expect(shown).toMatch(/^HTTP\/1\.1 200 /)
    await roomy.close()
  })
})

describe('CONN-4 a connection that a proxy keeps', () => {
  it.each([
    [{}, 'timeout=150'],
    [{ NIGHTLATCH_KEEP_ALIVE: '20' }, 'timeout=20'],
  ])('is kept for longer than the proxy keeps it, as the settings say: %j', async (env, said) => {
    const app = await startApp({ env })
    const { socket, closed } = open(
      app.server.settings.port,
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
    )
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (chunk) => resolve(String(chunk))),
    )
    expect(answer).toContain(`Keep-Alive: ${said}`)
    socket.destroy()
    await closed
    await app.close()
  })
})
