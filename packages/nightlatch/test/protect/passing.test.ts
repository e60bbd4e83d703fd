import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolledPerson, type Enrolled } from '../support/app.js'
import {
  answerTo,
  ask,
  cookieOf,
  echo,
  seen,
  sendBytes,
  startProtected,
  until,
  type Protected,
} from '../support/protected.js'

const paths: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  '/hash': (request, response) => {
    const hash = createHash('sha256')
    request.on('data', (chunk: Buffer) => hash.update(chunk))
    request.on('end', () => response.end(hash.digest('hex')))
  },
  '/trailers': (request, response) => {
    request.resume()
    request.on('end', () => {
      response.setHeader('Trailer', 'x-checksum')
      response.write('body')
      const own = { 'x-checksum': 'abc', 'x-sent': JSON.stringify(request.trailers) }
      response.addTrailers({ ...own, 'Set-Cookie': 'a=b', 'remote-user': 'admin' })
      response.end()
    })
  },
  '/events': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    served.emit('events', response)
  },
  '/silent': (_request, response) => void served.emit('events', response),
  '/connection': ({ socket }, response) => {
    response.setHeader('x-port', String(socket.remotePort))
    response.end(String(socket.remotePort))
  },
  '/range': (request, response) => {
    const [from = 0, to = 0] = (/(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []).slice(1).map(Number)
    response.writeHead(206, { 'content-range': `bytes ${from}-${to}/10`, 'accept-ranges': 'bytes' })
    response.end('0123456789'.slice(from, to + 1))
  },
  '/twice': (_request, response) => {
    response.setHeader('X-Thing', ['one', 'two'])
    response.setHeader('Set-Cookie', [
      'theirs=1',
      'nightlatch-session=stolen',
      ' =__Host-nightlatch-device=x',
      'b=2',
    ])
    response.setHeader('Connection', ['x-private', 'close, x-second'])
    response.setHeader('X-Private', 'hop')
    response.setHeader('X-Second', 'hop')
    response.end()
  },
  '/elsewhere': ({ headers }, response) => {
    response.writeHead(302, { location: String(headers['x-to']) }).end()
  },
  '/te': (request, response) => {
    response.end(JSON.stringify([request.headers.te ?? '', request.headers['content-length'] ?? '']))
  },
  '/early': (request, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload', 'x-trace': 'of the application' })
    request.resume()
    response.end('late')
  },
}

const served = createServer((request, response) => {
  const handler = paths[request.url ?? ''] ?? echo
  handler(request, response)
})
served.on('checkContinue', (request, response) => {
  if (request.url === '/too-large') response.writeHead(413).end('no')
  else {
    response.writeContinue()
    served.emit('request', request, response)
  }
})

let app: Protected
let ada: Enrolled
/** What the log hears at `debug`. */
const debugged: object[] = []
const warned: string[] = []

beforeAll(async () => {
  app = await startProtected(served, {
    log: {
      debug: (message, fields) => void debugged.push({ message, ...fields }),
      warn: (message) => void warned.push(message),
      error: () => undefined,
    },
  })
  ada = await enrolledPerson(app)
})

afterAll(async () => {
  await app.close()
})

const sent = (path: string, options: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  ask({
    host: '127.0.0.1',
    port: app.port,
    path,
    headers: { cookie: cookieOf(ada.browser), ...headers },
    ...options,
  })

describe('what passes to the application', () => {
  it('is the request as it was sent, with who sent it and the way it came', async () => {
    const reply = seen(
      await ada.browser.get('/a/b%20c?d=e&f', {
        'x-own': 'kept',
        cookie: `${cookieOf(ada.browser)}; theirs=1`,
      }),
    )
    expect(reply).toMatchObject({ method: 'GET', url: '/a/b%20c?d=e&f' })
    expect(reply.headers).toMatchObject({
      'remote-user': 'ada',
      'remote-name': '',
      'remote-email': '',
      'remote-groups': '',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `localhost:${app.port}`,
      host: `localhost:${app.port}`,
      'x-own': 'kept',
      cookie: 'theirs=1',
    })
  })

  it('is any path where no rule has to understand it', async () => {
    const path = '/a//b/../%2e%2e;x/%zz/%00?%'
    const asked = sent(path)
    asked.end()
    expect(seen({ body: (await answerTo(asked)).body.toString() }).url).toBe(path)
  })

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    'is every method: %s',
    async (method) => {
      const asked = sent('/echo', { method })
      asked.end()
      expect(JSON.parse((await answerTo(asked)).body.toString())).toMatchObject({ method, body: '' })
    },
  )

  it('is HEAD, answered without a body', async () => {
    const asked = sent('/echo', { method: 'HEAD' })
    asked.end()
    const answer = await answerTo(asked)
    expect(answer).toMatchObject({ status: 200, body: Buffer.alloc(0) })
    expect(answer.headers['content-type']).toBe('application/json')
  })

  it('is a body of a known length and one in chunks, byte for byte', async () => {
    const body = randomBytes(3_000_000)
    const wanted = createHash('sha256').update(body).digest('hex')
    const known = sent('/hash', { method: 'POST' }, { 'content-length': String(body.length) })
    known.end(body)
    expect((await answerTo(known)).body.toString()).toBe(wanted)
    const chunked = sent('/hash', { method: 'POST' })
    for (let at = 0; at < body.length; at += 100_000) chunked.write(body.subarray(at, at + 100_000))
    chunked.end()
    expect((await answerTo(chunked)).body.toString()).toBe(wanted)
  })

  it.each([0, 1, 256, 4096, 4097, 60_000])(
    'is a form of %i bytes that comes with its head',
    async (length) => {
      const body = Buffer.from(Array.from({ length }, (_none, at) => at % 256))
      const asked = sent('/hash', { method: 'POST' }, { 'content-length': String(length) })
      asked.end(body)
      const wanted = createHash('sha256').update(body).digest('hex')
      expect((await answerTo(asked)).body.toString()).toBe(wanted)
    },
  )

  it('is a line of the log where somebody wants to know of each', async () => {
    debugged.length = 0
    const answer = await ada.browser.send('/range', { method: 'PATCH' })
    expect(answer.status).toBe(206)
    await expect.poll(() => debugged.length).toBe(1)
    const line = { message: 'request', method: 'PATCH', route: 'application', status: 206 }
    expect(debugged).toEqual([{ ...line, request: expect.stringMatching(/./) }])
  })

  it('is a range of a file', async () => {
    const asked = sent('/range', {}, { range: 'bytes=2-5' })
    asked.end()
    const answer = await answerTo(asked)
    expect(answer).toMatchObject({ status: 206, body: Buffer.from('2345') })
    expect(answer.headers['content-range']).toBe('bytes 2-5/10')
  })

  it('is trailers, both ways', async () => {
    const asked = sent('/trailers', { method: 'POST' }, { trailer: 'x-sum', te: 'trailers' })
    asked.write('some')
    asked.addTrailers({
      ...{ 'x-sum': '9', 'x-cookie': 'passes', 'cookie-count': '1', 'authorization-x': 'passes' },
      ...{
        'Remote-User': 'admin',
        Remote_User: 'admin',
        'X-Forwarded-For': '::1',
        Host: 'evil',
        expect: 'much',
      },
      ...{ cookie: 'a=b', Cookie2: 'a=b', 'Set-Cookie': 'a=b', Authorization: 'Basic' },
    })
    asked.end()
    const { trailers } = await answerTo(asked)
    const passed = { 'x-sum': '9', 'x-cookie': 'passes', 'cookie-count': '1', 'authorization-x': 'passes' }
    expect(trailers).toEqual({ 'x-checksum': 'abc', 'x-sent': JSON.stringify(passed) })
  })

  it.each([
    ['GET', ''],
    ['POST', 'some'],
  ])('is a %s that announces trailers where there can be none', async (method, body) => {
    const answer = await sendBytes(
      app.port,
      `${method} /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ${cookieOf(ada.browser)}\r\n` +
        `Trailer: x-sum\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(seen({ body: answer.slice(answer.indexOf('\r\n\r\n{')) })).toMatchObject({ method, body })
  })

  it.each([
    ['trailers', 'trailers'],
    ['gzip;q=0.5, Trailers', 'trailers'],
    ['trailers;q=1', 'trailers'],
    ['no-trailers, xtrailers', ''],
    ['gzip', ''],
  ])('is whether trailers are welcome, and no coding of ours: TE: %s', async (te, passed) => {
    for (const [method, more, length] of [
      ['GET', {}, ''],
      ['GET', { authorization: 'Negotiate YII' }, ''],
      ['HEAD', { authorization: 'Negotiate YII' }, ''],
      ['POST', {}, '0'],
    ] as const) {
      const asked = sent('/te', { method }, { te, ...more })
      asked.end()
      const { body } = await answerTo(asked)
      expect([method, body.toString()]).toEqual([
        method,
        method === 'HEAD' ? '' : JSON.stringify([passed, length]),
      ])
    }
  })

  it('is events one by one, as they happen', async () => {
    const asked = sent('/events')
    asked.end()
    const [events] = (await once(served, 'events')) as [ServerResponse]
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    expect(response.headers['content-type']).toBe('text/event-stream')
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      events.write(event)
      const [chunk] = (await once(response, 'data')) as [Buffer]
      expect(chunk.toString()).toBe(event)
    }
    events.end()
    await once(response, 'end')
  })

  it('is the question before an upload, and the answer to it', async () => {
    const asked = sent('/hash', { method: 'POST' }, { expect: '100-continue', 'content-length': '4' })
    asked.flushHeaders()
    await once(asked, 'continue')
    asked.end('body')
    expect((await answerTo(asked)).body.toString()).toBe(createHash('sha256').update('body').digest('hex'))
    const refused = sent(
      '/too-large',
      { method: 'POST' },
      { expect: '100-continue', 'content-length': '4000000000' },
    )
    let toldToGoOn = false
    refused.on('continue', () => (toldToGoOn = true))
    refused.flushHeaders()
    expect((await answerTo(refused)).status).toBe(413)
    expect(toldToGoOn).toBe(false)
    refused.destroy()
    const nothing = sent('/echo', { method: 'POST' }, { expect: '100-continue', 'content-length': '0' }).end()
    const { headers } = seen({ body: (await answerTo(nothing)).body.toString() })
    expect([headers['content-length'], headers['expect']]).toEqual(['0', undefined])
  })

  it('is a header of any bytes, also with the question before an upload', async () => {
    const name = { 'x-name': 'caf\xe9' }
    for (const expect100 of [{}, { expect: '100-continue' }]) {
      const asked = sent('/echo', { method: 'POST' }, { ...name, ...expect100, 'content-length': '4' })
      asked.once('socket', (socket: Socket) => socket.setDefaultEncoding('latin1'))
      asked.flushHeaders()
      if ('expect' in expect100) await once(asked, 'continue')
      asked.end('body')
      const answer = await answerTo(asked)
      expect(seen({ body: answer.body.toString() }).headers).toMatchObject(name)
    }
  })

  it('is early hints, and nothing else that comes with them', async () => {
    const asked = sent('/early')
    const hints = once(asked, 'information')
    const answer = answerTo(asked)
    asked.end()
    const [information] = (await hints) as [{ statusCode: number; headers: Record<string, string> }]
    const { statusCode, headers } = information
    expect([statusCode, headers]).toEqual([103, { link: '</a.css>; rel=preload' }])
    expect((await answer).body.toString()).toBe('late')
  })

  it('is no hint to a client of HTTP/1.0, which takes the first answer for the last', async () => {
    const answer = await sendBytes(
      app.port,
      `GET /early HTTP/1.0\r\nHost: localhost\r\nCookie: ${cookieOf(ada.browser)}\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*late$/)
  })

  it('is the answer with its headers in their spelling, without ours and without those of one connection', async () => {
    const asked = sent('/twice')
    asked.end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.resume()
    const { rawHeaders } = response
    expect(rawHeaders.filter((_, at) => rawHeaders[at - 1] === 'X-Thing')).toEqual(['one', 'two'])
    expect(response.headers['set-cookie']).toEqual(['theirs=1', 'b=2'])
    expect(rawHeaders.filter((name) => /^x-(?:private|second)$/i.test(name))).toEqual([])
  })

  it('is a redirect, which does not lead around us', async () => {
    const [inside, outside] = [`http://127.0.0.1:${app.applicationPort}`, `http://localhost:${app.port}`]
    const alike = inside.replace('127', '128')
    for (const [location, passed] of [
      [`${inside}/there?a=1`, `${outside}/there?a=1`],
      [`${inside}?a=1`, `${outside}?a=1`],
      [`${inside}#a`, `${outside}#a`],
      [inside, outside],
      [`${inside}0/there`, `${inside}0/there`],
      [`/there?at=${inside}/`, `/there?at=${inside}/`],
      [`${alike}/there`, `${alike}/there`],
    ])
      expect((await ada.browser.get('/elsewhere', { 'x-to': location! })).location).toBe(passed)
  })

  it('is a request with its whole address on the first line', async () => {
    const socket = connect(app.port, '127.0.0.1')
    socket.write(
      `GET http://elsewhere.example/x?y HTTP/1.1\r\nHost: elsewhere.example\r\nCookie: ${cookieOf(ada.browser)}\r\nConnection: close\r\n\r\n`,
    )
    const text = await until(socket, /\}$/)
    expect(text).toContain('"url":"/x?y"')
    expect(text).toContain(`"host":"localhost:${app.port}"`)
  })

  it('does not follow on a connection that somebody has signed in to the application', async () => {
    const connection = async (headers: Record<string, string>) =>
      (await ada.browser.get('/connection', headers)).body
    const kept = await connection({})
    for (const authorization of ['NTLM TlRMTVNTUAAB', 'negotiate YII'])
      expect(await connection({ authorization })).not.toBe(kept)
    for (const authorization of ['', 'Bearer NTLM', 'Negotiated x'])
      expect([authorization, await connection({ authorization })]).toEqual([authorization, kept])
    const by = async (method: string) => (await ada.browser.send('/connection', { method })).headers
    expect((await by('OPTIONS'))['x-port']).toBe(kept)
    for (const method of ['POST', 'DELETE']) expect((await by(method))['x-port']).not.toBe(kept)
  })

  it('is in the order in which it came on one connection, answered and refused', async () => {
    const one = (path: string, cookie = cookieOf(ada.browser)) =>
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n\r\n`
    const text = await sendBytes(
      app.port,
      one('/first') +
        one('/secret', '') +
        one('/third') +
        one('/last').replace('\r\n', '\r\nConnection: close\r\n'),
    )
    expect(text.match(/"url":"[^"]*"|"code":"[^"]*"/g)).toEqual([
      '"url":"/first"',
      '"code":"not-signed-in"',
      '"url":"/third"',
      '"url":"/last"',
    ])
  })

  it.each([
    ['GET', '/events'],
    ['POST', '/events'],
    ['GET', '/silent'],
    ['POST', '/silent'],
  ])(
    'frees the application when the client goes away, which is not its fault: %s %s',
    async (method, path) => {
      warned.length = 0
      const asked = sent(path, { method })
      asked.on('error', () => undefined)
      const arrived = once(served, 'events')
      asked.end()
      const [events] = (await arrived) as [ServerResponse]
      if (path === '/events') {
        const [response] = (await once(asked, 'response')) as [IncomingMessage]
        response.on('error', () => undefined)
      }
      const gone = once(events, 'close')
      asked.destroy()
      await gone
      expect(events.writableFinished).toBe(false)
      expect(warned).toEqual([])
    },
  )

  it('frees the application when the client goes away in the middle of an upload', async () => {
    const asked = sent('/hash', { method: 'POST' })
    asked.on('error', () => undefined)
    const arrived = once(served, 'request')
    asked.write('some')
    const [request] = (await arrived) as [IncomingMessage]
    request.on('error', () => undefined)
    const gone = new Promise((resolve) => request.once('close', resolve))
    asked.destroy()
    await gone
    expect(request.complete).toBe(false)
  })
})
