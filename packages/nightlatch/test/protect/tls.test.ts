import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { execFile } from 'node:child_process'
import { request as httpsRequest } from 'node:https'
import { constants } from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccessRules } from '../../src/core/access/rules.js'
import { enrolledPerson, type Enrolled } from '../support/app.js'
import { makeCertificate, tlsEnv } from '../support/certificate.js'
import { answerTo2, ask2, frames, session2 } from '../support/http2.js'
import {
  answerTo,
  cookieOf,
  echo,
  seen,
  sendBytes,
  startProtected,
  type Protected,
} from '../support/protected.js'

const run = promisify(execFile)
const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants

const paths: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  '/hash': (request, response) => {
    const hash = createHash('sha256')
    request.on('data', (chunk: Buffer) => hash.update(chunk))
    request.on('end', () => response.end(hash.digest('hex')))
  },
  '/trailers': (request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { trailer: 'x-checksum' })
      response.write('body')
      response.addTrailers({ 'x-checksum': JSON.stringify(request.trailers) })
      response.end()
    })
  },
  '/hints': (_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.end('after the hint')
  },
  '/events': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: one\n\n')
    application.once('go on', () => response.write('data: two\n\n'))
    response.once('close', () => served.emit('left'))
  },
  '/many': (_request, response) => {
    const hop = { connection: 'x-private', 'x-private': 'hop', 'keep-alive': 'timeout=5' }
    response.setHeader('vary', ['one', 'two'])
    response.writeHead(200, 'All Good', { ...hop, 'set-cookie': ['a=1', 'b=2'] }).end()
  },
  '/half': (_request, response) => {
    response.write('half of it')
    application.once('break off', () => response.destroy())
  },
  '/nothing': (_request, response) => {
    response.writeHead(204).end()
  },
  '/large': (_request, response) => {
    response.end(Buffer.alloc(3_000_000, 'x'))
  },
  '/slow': (request) => {
    request.once('close', () => served.emit('left'))
    served.emit('come')
  },
  '/cut': (request) => {
    request.on('error', () => undefined)
    request.once('data', () => served.emit('come'))
    request.once('end', () => served.emit('whole'))
    request.once('close', () => served.emit('left', request.complete))
  },
}

let application: Protected['application']
let served: Protected['application']
let app: Protected
let ada: Enrolled
let cookie = ''

beforeAll(async () => {
  app = await startProtected((request, response) => (paths[request.url ?? ''] ?? echo)(request, response), {
    env: tlsEnv(makeCertificate()),
    limits: { takenBack: 20 },
  })
  application = served = app.application
  ada = await enrolledPerson(app)
  cookie = cookieOf(ada.browser)
})

afterAll(async () => {
  await app.close()
})

const get = (path: string, more = {}) => ({ ':path': path, cookie, ...more })

describe('https of our own', () => {
  it('speaks HTTP/2 with whoever can, HTTP/1.1 with others, and below TLS 1.2 with nobody', async () => {
    const agreed = async (options: object): Promise<string> => {
      const socket = connectTls({ port: app.port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
      try {
        await once(socket, 'secureConnect')
        return `${String(socket.alpnProtocol)} ${String(socket.getProtocol())}`
      } finally {
        socket.destroy()
      }
    }
    expect(await agreed({ ALPNProtocols: ['h2', 'http/1.1'] })).toBe('h2 TLSv1.3')
    expect(await agreed({ ALPNProtocols: ['http/1.1'], maxVersion: 'TLSv1.2' })).toBe('http/1.1 TLSv1.2')
    expect(await agreed({})).toBe('false TLSv1.3')
    await expect(agreed({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' })).rejects.toThrow()
  })

  it('is the origin of cookies, of HSTS and of what the application is told', async () => {
    const session = await session2(app.port)
    const home = await ask2(session, get('/_nightlatch/'))
    expect(home.headers['strict-transport-security']).toBe('max-age=63072000')
    expect([...ada.browser.cookies.keys()].every((name) => name.startsWith('__Host-'))).toBe(true)
    const { headers } = seen({ body: (await ask2(session, get('/who'))).body.toString() })
    expect(headers).toMatchObject({
      host: `localhost:${app.port}`,
      'remote-user': 'ada',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': `localhost:${app.port}`,
      'x-forwarded-for': '127.0.0.1',
    })
    session.close()
  })

  it('is the same to curl', async () => {
    const options = ['-sk', '--http2', '-w', '%{http_version} %{http_code}', '-H', `Cookie: ${cookie}`]
    const { stdout } = await run('curl', [...options, '-d', 'hello', `https://localhost:${app.port}/who`])
    expect(stdout).toMatch(/"body":"hello"}2 200$/)
  })

  it('tells whoever asks it by plain http where to ask', async () => {
    const answer = await sendBytes(app.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain(`https://localhost:${app.port}`)
  })

  it('lets nobody in who is not signed in, and nobody who says to be somebody', async () => {
    const session = await session2(app.port)
    const refused = await ask2(session, { ':path': '/who', 'remote-user': 'ada' })
    expect([refused.status, JSON.parse(refused.body.toString())]).toEqual([
      401,
      expect.objectContaining({ code: 'not-signed-in' }),
    ])
    const page = await ask2(session, { ':path': '/who', accept: 'text/html', 'sec-fetch-mode': 'navigate' })
    expect([page.status, page.headers.location]).toEqual([303, '/_nightlatch/login?next=%2Fwho'])
    const forged = await ask2(session, get('/who', { 'remote-user': 'eve', remote_user: 'eve' }))
    const { headers, raw } = seen({ body: forged.body.toString() })
    expect(headers['remote-user']).toBe('ada')
    expect(raw.filter((text) => text === 'eve')).toEqual([])
    session.close()
  })

  it('takes a request with two hosts for none', async () => {
    const session = await session2(app.port)
    const { status } = await ask2(session, get('/who', { ':authority': 'localhost', host: 'other' }))
    expect(status).toBe(400)
    session.close()
  })
})

describe('a rule that asks for the method', () => {
  it('FA-54 is not gone around by HTTP/2, which takes any word for one', async () => {
    const rule = { hosts: null, paths: ['/*'], groups: null }
    const rules: AccessRules = {
      rules: [
        { ...rule, methods: ['DELETE'], access: 'deny' },
        { ...rule, methods: null, access: 'public' },
      ],
      otherwise: 'deny',
    }
    const other = await startProtected(echo, { env: tlsEnv(makeCertificate()), rules })
    const session = await session2(other.port)
    const answers = [
      'DELETE',
      'delete',
      'Delete',
      'get',
      'DELETE0',
      '-',
      'TRACE',
      'trace',
      'GET',
      'M-SEARCH',
    ].map(async (method) => {
      const { status, body } = await ask2(session, { ':method': method, ':path': '/thing' })
      return [method, status, /"method":"([^"]+)"/.exec(body.toString())?.[1]]
    })
    expect(await Promise.all(answers)).toEqual([
      ['DELETE', 403, undefined],
      ...['delete', 'Delete', 'get', 'DELETE0', '-', 'TRACE', 'trace'].map((method) => [
        method,
        501,
        undefined,
      ]),
      ['GET', 200, 'GET'],
      ['M-SEARCH', 200, 'M-SEARCH'],
    ])
    session.close()
    await other.close()
  })
})

describe('through HTTP/2 passes', () => {
  it('a body with a length, one without, and none at all, as the application is to read it', async () => {
    const session = await session2(app.port)
    const post = (more: object) => get('/echo', { ':method': 'POST', ...more })
    const bodies = await Promise.all([
      ask2(session, post({ 'content-length': '5' }), 'hello'),
      ask2(session, post({}), 'hello'),
      ask2(session, post({})),
      ask2(session, get('/echo')),
    ])
    const framed = bodies.map(({ body }) => {
      const { headers, body: sent } = seen({ body: body.toString() })
      return [headers['content-length'], headers['transfer-encoding'], sent]
    })
    expect(framed).toEqual([
      ['5', undefined, 'hello'],
      [undefined, 'chunked', 'hello'],
      ['0', undefined, ''],
      [undefined, undefined, ''],
    ])
    session.close()
  })

  it('large bodies both ways, at the same time', async () => {
    const session = await session2(app.port)
    const body = randomBytes(3_000_000)
    const [up, down, small] = await Promise.all([
      ask2(session, get('/hash', { ':method': 'PUT' }), body),
      ask2(session, get('/large')),
      ask2(session, get('/who')),
    ])
    expect(up.body.toString()).toBe(createHash('sha256').update(body).digest('hex'))
    expect([down.body.length, small.status]).toEqual([3_000_000, 200])
    session.close()
  })

  it('early hints, trailers both ways, no body, HEAD', async () => {
    const session = await session2(app.port)
    const hinted = await ask2(session, get('/hints'))
    expect([hinted.before, hinted.body.toString()]).toEqual([[103], 'after the hint'])
    const stream = session.request(get('/trailers', { ':method': 'POST' }), { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc' }))
    stream.end('hello')
    const trailed = await answerTo2(stream)
    expect([trailed.body.toString(), trailed.trailers['x-checksum']]).toEqual(['body', '{"x-sum":"abc"}'])
    const nothing = await ask2(session, get('/nothing'))
    expect([nothing.status, nothing.body.length, nothing.code]).toEqual([204, 0, NGHTTP2_NO_ERROR])
    const head = await ask2(session, get('/who', { ':method': 'HEAD' }))
    expect([head.status, head.body.length]).toEqual([200, 0])
    session.close()
  })

  it('headers in their number, and none that is of one connection', async () => {
    const session = await session2(app.port)
    const { headers } = await ask2(session, get('/many'))
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(headers.vary).toBe('one, two')
    for (const name of ['connection', 'x-private', 'keep-alive', 'transfer-encoding'])
      expect(headers[name]).toBeUndefined()
    session.close()
  })

  it('events as they come, and their end when the client leaves', async () => {
    const session = await session2(app.port)
    const stream = session.request(get('/events'))
    const [first] = (await once(stream, 'data')) as [Buffer]
    application.emit('go on')
    const [second] = (await once(stream, 'data')) as [Buffer]
    expect(`${first.toString()}${second.toString()}`).toBe('data: one\n\ndata: two\n\n')
    const left = once(served, 'left')
    stream.close(NGHTTP2_CANCEL)
    await left
    session.close()
  })

  it('half an answer as half an answer', async () => {
    const session = await session2(app.port)
    const stream = session.request(get('/half'))
    stream.once('data', () => application.emit('break off'))
    const { code, body } = await answerTo2(stream)
    expect([code, body.toString()]).toEqual([NGHTTP2_INTERNAL_ERROR, 'half of it'])
    session.close()
  })

  it.each([
    ['takes the request back', (socket: Duplex) => void socket.write(frames.reset(1, NGHTTP2_CANCEL))],
    [
      'takes it back without a reason',
      (socket: Duplex) => void socket.write(frames.reset(1, NGHTTP2_NO_ERROR)),
    ],
    ['goes away', (socket: Duplex) => void socket.destroy()],
  ])('half an upload as half an upload, when the client %s', async (_how, breakOff) => {
    const socket = connectTls({
      ...{ port: app.port, host: '127.0.0.1', rejectUnauthorized: false },
      ALPNProtocols: ['h2'],
    })
    await once(socket, 'secureConnect')
    let whole = false
    served.once('whole', () => (whole = true))
    const [come, left] = [once(served, 'come'), once(served, 'left')]
    const head = { ':method': 'POST', ':scheme': 'https', ':authority': 'localhost', ':path': '/cut', cookie }
    socket.write(Buffer.concat([frames.begin(), frames.headers(1, head), frames.data(1, 'the first half')]))
    socket.resume()
    await come
    breakOff(socket)
    const [complete] = (await left) as [boolean]
    expect([complete, whole]).toEqual([false, false])
    socket.destroy()
    served.removeAllListeners('whole')
  })

  it('a WebSocket on a connection of HTTP/1.1', async () => {
    const headers = {
      ...{ cookie, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
      'sec-websocket-key': randomBytes(16).toString('base64'),
    }
    app.application.once('upgrade', (request: IncomingMessage, socket) => {
      const accept = createHash('sha1')
        .update(`${String(request.headers['sec-websocket-key'])}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64')
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      )
      socket.on('data', (chunk: Buffer) => socket.write(chunk))
    })
    const options = { port: app.port, host: 'localhost', path: '/socket', rejectUnauthorized: false }
    const asked = httpsRequest({ ...options, headers, agent: false }).end()
    const [, socket] = (await once(asked, 'upgrade')) as [
      IncomingMessage,
      NodeJS.Socket & { destroy(): void },
    ]
    const back = once(socket as never, 'data')
    socket.write('ping')
    expect(String((await back)[0])).toBe('ping')
    socket.destroy()
  })
})

describe('HTTP/2 in bounds', () => {
  it('a request that is taken back frees the application', async () => {
    const session = await session2(app.port)
    const come = once(served, 'come')
    const stream = session.request(get('/slow'))
    stream.on('error', () => undefined)
    await come
    const left = once(served, 'left')
    stream.close(NGHTTP2_CANCEL)
    await left
    session.close()
  })

  it('whoever takes back one after the other loses the connection, and may come again', async () => {
    const session = await session2(app.port)
    const closed = once(session, 'close')
    for (let time = 0; time < 30 && !session.destroyed && !session.closed; time += 1) {
      const stream = session.request(get('/slow'))
      const come = once(served, 'come')
      const ended = answerTo2(stream)
      await Promise.race([come, ended])
      stream.close(NGHTTP2_CANCEL)
      await ended
    }
    await closed
    const again = await session2(app.port)
    expect((await ask2(again, get('/who'))).status).toBe(200)
    again.close()
  })

  it('a hundred at once on one connection, and no more', async () => {
    const session = await session2(app.port)
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100)
    expect(session.remoteSettings.enableConnectProtocol ?? false).toBe(false)
    session.close()
  })

  it('address and headers above the limit get the page or the problem that says which', async () => {
    const session = await session2(app.port)
    const large = await ask2(session, get('/who', { 'x-large': 'x'.repeat(40_000) }))
    expect([large.status, large.body.toString()]).toEqual([
      431,
      expect.stringContaining('x-large has 40000 bytes'),
    ])
    session.close()
  })

  it('CONNECT and a tunnel to elsewhere are not offered', async () => {
    const session = await session2(app.port)
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'example.org:443' })
    stream.end()
    expect((await answerTo2(stream)).status).toBe(405)
    session.close()
  })
})

describe('a server that stops', () => {
  it('answers what is under way on HTTP/2, and takes nothing more on that connection', async () => {
    const other = await startProtected(
      (_request, response) => {
        other.application.once('answer', () => response.end('late'))
        other.application.emit('come')
      },
      { env: tlsEnv(makeCertificate()), publicPaths: ['/*'] },
    )
    const session = await session2(other.port)
    const come = once(other.application, 'come')
    const answer = ask2(session, { ':path': '/slow' })
    await come
    const goaway = once(session, 'goaway')
    const stopped = other.server.stop(10_000, 0)
    await goaway
    other.application.emit('answer')
    expect((await answer).body.toString()).toBe('late')
    await stopped
    await other.close()
  })
})

describe('signing in', () => {
  it('over HTTP/1.1 with the cookies of https', async () => {
    const asked = httpsRequest({
      ...{ port: app.port, host: 'localhost', path: '/who', headers: { cookie }, agent: false },
      rejectUnauthorized: false,
    }).end()
    expect((await answerTo(asked)).status).toBe(200)
  })
})
