import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolledPerson, type Enrolled } from '../support/app.js'
import { answerTo, ask, cookieOf, sendBytes, startProtected, type Protected } from '../support/protected.js'

/** What the application sends, raw, by the path that was asked for; then it closes, or not. */
const answers: Record<string, (socket: Socket) => void> = {
  '/nothing': (socket) => socket.destroy(),
  '/silent': () => undefined,
  '/no-http': (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
  '/too-short': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort'),
  '/too-long': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright and too much'),
  '/empty-with-body': (socket) => socket.end('HTTP/1.1 204 No Content\r\nContent-Length: 8\r\n\r\ntoo much'),
  '/trailer': (socket) =>
    socket.end(
      'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n',
    ),
  '/trailer-announced': (socket) =>
    socket.end('HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nContent-Length: 2\r\n\r\nok'),
  '/many-headers': (socket) =>
    socket.end(`HTTP/1.1 200 OK\r\n${'a:\r\n'.repeat(1500)}Cache-Control: private\r\n\r\nok`),
  '/bad-status': (socket) => socket.end('HTTP/1.1 0x1 No\r\n\r\n'),
  '/two-answers': (socket) =>
    socket.write(
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirstHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond',
    ),
  '/unasked-answer': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst')
    setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond'), 20)
  },
  '/cut-chunk': (socket) =>
    socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n5\r\nse'),
  '/bad-chunk': (socket) =>
    socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nfirst\r\n'),
  '/both-lengths': (socket) =>
    socket.end(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nfirst\r\n0\r\n\r\n',
    ),
  '/switching': (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  '/status': (socket) => socket.end('HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n'),
  '/reason': (socket) => socket.end('HTTP/1.1 200 \xe4\xf6\xfc\r\nContent-Length: 2\r\n\r\nok'),
  '/big-headers': (socket) => socket.end(`HTTP/1.1 200 OK\r\nX-Big: ${'x'.repeat(100_000)}\r\n\r\n`),
  '/old': (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nuntil the end'),
  '/good': (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood'),
  // As servers do that close kept connections at the wrong moment: only the first request of each is answered.
  '/stale': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh')
    socket.once('data', () => socket.resetAndDestroy())
  },
}

let behind: Server
let app: Protected
let ada: Enrolled
let connections = 0
let lastAsked: Socket | undefined

beforeAll(async () => {
  behind = createServer((socket) => {
    connections += 1
    socket.on('error', () => undefined)
    let first = true
    socket.on('data', (chunk: Buffer) => {
      const path = / (\/[^ ?]*)/.exec(chunk.toString('latin1'))?.[1] ?? ''
      if (path === '/stale' && !first) return
      first = false
      lastAsked = socket
      behind.emit('asked', path)
      answers[path]?.(socket)
    })
  }).listen(0, '127.0.0.1')
  await once(behind, 'listening')
  app = await startProtected(behind as never, { answerMs: 300, connectMs: 300 })
  ada = await enrolledPerson(app)
})

afterAll(async () => {
  await app.server.stop(100)
  await app.nightlatch.close()
  behind.close()
})

const script = { accept: '*/*', 'sec-fetch-mode': 'cors' }
const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
const get = (path: string, headers: Record<string, string> = script, method = 'GET') => {
  const asked = ask({
    port: app.port,
    method,
    host: '127.0.0.1',
    path,
    headers: { cookie: cookieOf(ada.browser), ...headers },
  })
  asked.end()
  return answerTo(asked)
}

describe('an application that fails', () => {
  /** What the log says of each; the two libraries that speak to it do not name all of them alike. */
  const failing: [string, RegExp][] = [
    ['/nothing', /^ECONNRESET$/],
    ['/no-http', /^(?:HPE_INVALID_CONSTANT|no answer of HTTP\/1\.1)$/],
    ['/switching', /^(?:ECONNRESET|no answer of HTTP\/1\.1)$/],
    ['/status', /^no answer of HTTP\/1\.1$/],
    ['/big-headers', /^HPE_HEADER_OVERFLOW$/],
    ['/many-headers', /^no answer of HTTP\/1\.1$/],
    ['/bad-status', /^(?:HPE_INVALID_STATUS|no answer of HTTP\/1\.1)$/],
  ]
  it.each(
    failing.flatMap(([path, reason]) => ['GET', 'POST'].map((method) => [method, path, reason] as const)),
  )('is a 502 to a program, and a line of the log: %s %s', async (method, path, reason) => {
    const before = app.logged.length
    const answer = await get(path, script, method)
    expect(answer.status).toBe(502)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    const problem = JSON.parse(answer.body.toString()) as { reference: string }
    expect(problem).toMatchObject({ status: 502, code: 'application-down' })
    const [line = '', ...more] = app.logged.slice(before)
    const [, message, fields = ''] = /^(.*) (\{.*\})$/.exec(line) ?? []
    expect([message, more]).toEqual(['the application did not answer', []])
    expect(JSON.parse(fields)).toEqual({
      request: problem.reference,
      reason: expect.stringMatching(reason),
    })
  })

  it.each(['GET', 'POST'])('is a 504 when it says nothing to a %s', async (method) => {
    const problem = JSON.parse((await get('/silent', script, method)).body.toString()) as {
      reference: string
    }
    expect(problem).toMatchObject({ status: 504, code: 'application-slow' })
    const why = { request: problem.reference, reason: 'slow' }
    expect(app.logged.at(-1)).toBe(`the application did not answer ${JSON.stringify(why)}`)
  })

  it('is a page to a person, which can be tried again and names the number for the log', async () => {
    const down = await get('/nothing?x=1', page)
    expect(down.status).toBe(502)
    expect(down.headers['content-type']).toContain('text/html')
    expect(down.body.toString()).toContain('href="/nothing?x=1"')
    expect((await get('/nothing', page)).body.toString()).toContain('href="/nothing"')
    const reference = /<code class="reference"[^>]*>([^<]+)</.exec(down.body.toString())?.[1] ?? 'missing'
    expect(app.logged.join('\n')).toContain(reference)
    expect((await get('/silent', page)).body.toString()).toContain('took too long')
    const posted = (await get('/nothing?x=1', page, 'POST')).body.toString()
    expect(posted).toMatch(/<a [^>]*href="\/"[^>]*>Try again</)
  })

  it('is a 502 while it is not there at all', async () => {
    const other = await startProtected(undefined, { target: new URL('http://127.0.0.1:1') })
    const person = await enrolledPerson(other)
    expect((await person.browser.get('/', script)).status).toBe(502)
    expect(other.logged.join('\n')).toContain('"reason":"ECONNREFUSED"')
    expect(
      (await person.browser.send('/', { method: 'POST', headers: script, body: 'x'.repeat(1_000_000) }))
        .status,
    ).toBe(502)
    await other.close()
  })
})

describe('an application that lies', () => {
  it.each(
    ['/too-short', '/cut-chunk', '/bad-chunk'].flatMap((path) => [
      ['GET', path] as const,
      ['POST', path] as const,
    ]),
  )('does not make half an answer look whole: %s %s', async (method, path) => {
    await expect(get(path, script, method)).rejects.toThrow(/aborted|hang up/)
  })

  it('never says more than it announced, and is heard that far', async () => {
    expect((await get('/too-long')).body.toString()).toBe('right')
    expect((await get('/too-long', script, 'HEAD')).headers['content-length']).toBe('5')
    const empty = await get('/empty-with-body')
    expect([empty.status, empty.headers['content-length']]).toEqual([204, undefined])
  })

  it('may announce trailers where there can be none', async () => {
    const { headers, trailers } = await get('/trailer')
    expect([headers.trailer, trailers]).toEqual(['X-Sum', { 'x-sum': '1' }])
    const head = await get('/trailer', script, 'HEAD')
    expect([head.status, head.headers.trailer]).toEqual([200, undefined])
    const announced = await get('/trailer-announced')
    expect([announced.body.toString(), announced.headers.trailer]).toEqual(['ok', undefined])
    const old = await sendBytes(
      app.port,
      `GET /trailer HTTP/1.0\r\nHost: localhost\r\nCookie: ${cookieOf(ada.browser)}\r\n\r\n`,
    )
    expect(old).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/)
    expect(old).not.toMatch(/^trailer:/im)
  })

  it.each(['/two-answers', '/unasked-answer'])(
    'never answers the next request with a second answer: %s',
    async (path) => {
      expect((await get(path)).body.toString()).toBe('first')
      await new Promise((resolve) => setTimeout(resolve, 60))
      for (let count = 0; count < 5; count += 1) expect((await get('/good')).body.toString()).toBe('good')
    },
  )

  it('cannot tell two lengths at once', async () => {
    const answer = await get('/both-lengths').catch(() => null)
    if (answer?.status === 200) expect(answer.body.toString()).toBe('first')
    else expect(answer?.status ?? 502).toBe(502)
  })

  it('may be old, or speak in strange bytes', async () => {
    expect((await get('/old')).body.toString()).toBe('until the end')
    expect((await get('/reason')).body.toString()).toBe('ok')
  })

  it.each([
    ['599 Own Words', '599 Own Words'],
    ['404 Nicht\tda ~', '404 Nicht\tda ~'],
    ['404', '404 Not Found'],
    ['404 \xe4\xf6', '404 Not Found'],
    ['600 Odd', '502 Bad Gateway'],
  ])('says its status in words of its own: %j', async (said, heard) => {
    answers['/words'] = (socket) =>
      socket.end(Buffer.from(`HTTP/1.1 ${said}\r\nContent-Length: 0\r\n\r\n`, 'latin1'))
    for (const method of ['GET', 'POST']) {
      const answer = await sendBytes(
        app.port,
        `${method} /words HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ${cookieOf(ada.browser)}\r\n\r\n`,
      )
      expect(answer.split('\r\n')[0]).toBe(`HTTP/1.1 ${heard}`)
    }
  })

  it('that has closed an idle connection is asked but once on the next one', async () => {
    expect((await get('/good')).body.toString()).toBe('good')
    const idle = lastAsked
    idle?.end()
    await once(idle!, 'close')
    let times = 0
    behind.on('asked', (path) => void (times += Number(path === '/nothing')))
    expect((await get('/nothing')).status).toBe(502)
    expect(times).toBe(1)
    // Each uses up one that is idle; after them there are new ones only.
    for (let count = 0; count < 10; count += 1) await get('/nothing')
    times = 0
    await get('/nothing')
    behind.removeAllListeners('asked')
    expect(times).toBe(1)
  })

  it('may close a kept connection at the wrong moment: what is safe to repeat is repeated', async () => {
    for (let count = 0; count < 4; count += 1) expect((await get('/stale')).body.toString()).toBe('fresh')
    expect(connections).toBeGreaterThan(2)
  })
})
