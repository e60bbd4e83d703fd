import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createRawServer, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex, Writable } from 'node:stream'
import { createServer as createTlsServer } from 'node:tls'
import { setTimeout as pause } from 'node:timers/promises'
import { nameOf, targetOf } from '../../src/protect/target.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { enrolledPerson, type Enrolled } from '../support/app.js'
import {
  answerTo,
  ask,
  cookieOf,
  echo,
  listening,
  seen,
  startProtected,
  until,
  type Protected,
} from '../support/protected.js'

/** What the application says as soon as it has a head, raw; what it does then. */
const answers: Record<string, (socket: Socket) => void> = {
  '/not-modified': (socket) =>
    socket.write('HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5000\r\n\r\n'),
  '/continues': (socket) =>
    socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  '/processing': (socket) =>
    socket.write(
      'HTTP/1.1 102 Processing\r\nLink: </a>; rel=preload\r\n\r\n' +
        'HTTP/1.1 103 Early Hints\r\nX-Other: </b>\r\n\r\n' +
        'HTTP/1.1 104 Upload\r\nLink: </c>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ),
  '/too-large': (socket) =>
    socket.end('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!'),
  '/in-pieces': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst')
    behind.emit('half', socket)
  },
  '/kept': (socket) => socket.write(promise + 'Content-Length: 4\r\n\r\nkept'),
  '/kept-twice': (socket) =>
    socket.write(`${promise}Content-Length: 4\r\n\r\nkept${promise}Content-Length: 6\r\n\r\nsecond`),
  '/kept-unasked': (socket) => {
    socket.write(promise + 'Content-Length: 4\r\n\r\nkept')
    setTimeout(() => socket.write(promise + 'Content-Length: 6\r\n\r\nsecond'), 20)
  },
  '/kept-too-large': (socket) => socket.write(promise + 'Content-Length: 3\r\n\r\nno!'),
  '/length': (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n'),
}

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
const switching = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}`
const promise = 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=60\r\n'

const behind = createRawServer((socket) => {
  behind.emit('open')
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    const path = /^[A-Z]+ (\/[^ ?]*)/.exec(chunk.toString('latin1'))?.[1]
    if (path !== undefined) answers[path]?.(socket)
    behind.emit('bytes', chunk)
  })
})

let app: Protected
let ada: Enrolled

beforeAll(async () => {
  behind.listen(0, '127.0.0.1')
  await once(behind, 'listening')
  app = await startProtected(behind as never, { answerMs: 2000 })
  ada = await enrolledPerson(app)
})

afterAll(async () => {
  await app.server.stop(100)
  await app.nightlatch.close()
  behind.close()
})

const sent = (path: string, options: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  ask({
    host: '127.0.0.1',
    port: app.port,
    path,
    headers: { cookie: cookieOf(ada.browser), ...headers },
    ...options,
  })

const get = (path: string, options: Record<string, unknown> = {}) => {
  const asked = sent(path, options)
  asked.end()
  return answerTo(asked)
}

describe('an answer without a body', () => {
  it('may name the length that it would have: nothing has changed', async () => {
    for (let count = 0; count < 3; count += 1) {
      const answer = await get('/not-modified')
      expect([answer.status, answer.headers.etag, answer.headers['content-length']]).toEqual([
        304,
        '"a"',
        '5000',
      ])
    }
  })

  it('is that to HEAD, with its length, again and again', async () => {
    for (let count = 0; count < 3; count += 1) {
      const answer = await get('/length', { method: 'HEAD' })
      expect([answer.status, answer.headers['content-length'], answer.body.length]).toEqual([200, '12345', 0])
    }
  })
})

describe('an informational answer', () => {
  it.each(['GET', 'POST'])('that nobody waits for does no harm: 100 to %s', async (method) => {
    expect((await get('/continues', { method })).body.toString()).toBe('ok')
  })

  it.each(['GET', 'POST'])('is 102, too, and nothing that is not known: to %s', async (method) => {
    const asked = sent('/processing', { method })
    const heard: number[] = []
    asked.on('information', ({ statusCode }) => void heard.push(statusCode))
    const answer = answerTo(asked)
    asked.end()
    expect((await answer).body.toString()).toBe('ok')
    expect(heard).toEqual([102])
  })
})

describe('an answer that comes before the body is sent', () => {
  it('arrives, and the rest of the body goes nowhere', async () => {
    const asked = sent('/too-large', { method: 'POST' }, { 'content-length': '200000000' })
    asked.on('error', () => undefined)
    const answer = answerTo(asked)
    asked.write(Buffer.alloc(100_000))
    expect(await answer).toMatchObject({ status: 413, body: Buffer.from('no!') })
    asked.destroy()
  })

  it('leaves the connection as it is for whoever has sent it all', async () => {
    const socket = connect(app.port, '127.0.0.1')
    const head = `Host: localhost\r\nCookie: ${cookieOf(ada.browser)}\r\n`
    const refused = until(socket, /no!$/)
    socket.write(`POST /too-large HTTP/1.1\r\n${head}Content-Length: 30000000\r\n\r\nsome`)
    expect(await refused).toMatch(/^HTTP\/1\.1 413 /)
    const next = until(socket, /kept$/)
    socket.write(Buffer.alloc(30_000_000 - 'some'.length))
    socket.write(`GET /kept HTTP/1.1\r\n${head}\r\n`)
    expect(await next).toMatch(/^HTTP\/1\.1 200 /)
    socket.destroy()
  })
})

describe('what must not be sent twice', () => {
  let opened = 0
  const count = (): void => void (opened += 1)
  const post = (path: string, headers: Record<string, string> = {}) => {
    const asked = sent(path, { method: 'POST' }, headers)
    asked.end('a form')
    return answerTo(asked)
  }

  beforeEach(() => {
    opened = 0
    behind.on('open', count)
  })
  afterEach(() => void behind.off('open', count))

  it('follows on the connection that the application has promised to keep', async () => {
    const warned: Error[] = []
    const hear = (warning: Error): void => void warned.push(warning)
    process.on('warning', hear)
    for (let times = 0; times < 15; times += 1) expect((await post('/kept')).body.toString()).toBe('kept')
    process.off('warning', hear)
    expect(opened).toBeLessThanOrEqual(1)
    expect(warned, 'listeners left behind').toEqual([])
  })

  it('has a connection of its own where none was promised, or somebody signs in on it', async () => {
    await post('/continues')
    opened = 0
    for (let times = 0; times < 3; times += 1) expect((await post('/continues')).body.toString()).toBe('ok')
    for (let times = 0; times < 3; times += 1) await post('/kept', { authorization: 'Negotiate YII' })
    expect(opened).toBe(6)
  })

  it.each([
    ['timeout=5', 1],
    ['Timeout=5', 1],
    ['max=100, timeout=5', 1],
    ['timeout=5;x, max=100', 1],
    ['timeout=0', 3],
    ['idletimeout=5', 3],
    ['timeout=5s', 3],
    ['timeout=', 3],
    ['max=100', 3],
  ])('is promised a connection by the words that mean it: Keep-Alive: %s', async (words, wanted) => {
    answers['/promises'] = (socket) =>
      socket.write(`HTTP/1.1 200 OK\r\nKeep-Alive: ${words}\r\nContent-Length: 2\r\n\r\nok`)
    // Alone on it, so that nothing is left that others were promised.
    const other = await startProtected(behind as never, { publicPaths: ['/*'] })
    for (let times = 0; times < 3; times += 1)
      expect((await other.browser().post('/promises', {})).body).toBe('ok')
    expect(opened).toBe(wanted)
    await other.server.stop(100)
    await other.nightlatch.close()
  })

  it.each(['/kept-twice', '/kept-unasked'])(
    'is not answered with what the application says unasked: %s',
    async (path) => {
      expect((await post(path)).body.toString()).toBe('kept')
      await pause(60)
      opened = 0
      for (let times = 0; times < 3; times += 1) expect((await post('/kept')).body.toString()).toBe('kept')
      expect(opened).toBe(1)
    },
  )

  it('does not follow on a connection where half a body has been left', async () => {
    const asked = sent('/kept-too-large', { method: 'POST' }, { 'content-length': '200000000' })
    asked.on('error', () => undefined)
    const answer = answerTo(asked)
    asked.write(Buffer.alloc(100_000))
    expect((await answer).body.toString()).toBe('no!')
    asked.destroy()
    expect((await post('/kept')).body.toString()).toBe('kept')
  })
})

describe('a body', () => {
  it('is passed on piece by piece, also where its length is known', async () => {
    const half = once(behind, 'half')
    const asked = sent('/in-pieces')
    asked.end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    const [first] = (await once(response, 'data')) as [Buffer]
    expect(first.toString()).toBe('first')
    const [socket] = (await half) as [Socket]
    const second = once(response, 'data')
    socket.write('other')
    expect(String((await second)[0])).toBe('other')
  })

  it('waits in the application while the client does not read, and the other way round', async () => {
    const megabyte = Buffer.alloc(1024 * 1024)
    /** Writes as long as somebody takes it. @returns how many megabytes those are */
    const fill = (stream: Writable): (() => number) => {
      let written = 0
      const more = (): void => {
        for (let isTaken = true; isTaken && written < 150; written += 1) isTaken = stream.write(megabyte)
      }
      stream.on('drain', more).on('error', () => undefined)
      more()
      return () => written
    }
    const slow = createServer((request, response: ServerResponse) => {
      // Of what is sent to it nobody reads.
      if (request.method === 'GET') slow.emit('full', fill(response))
    })
    slow.on('upgrade', (_request, socket) => {
      socket.write(`${switching}\r\n\r\n`)
      slow.emit('full', fill(socket.pause()), socket)
    })
    const other = await startProtected(slow)
    const person = await enrolledPerson(other)
    const head = `Host: localhost\r\nCookie: ${cookieOf(person.browser)}\r\n`
    const asking = async (text: string) => {
      const socket = connect(other.port, '127.0.0.1')
      socket.write(text)
      if (text.startsWith('POST')) return { socket, full: () => 0 }
      const [full, inside] = (await once(slow, 'full')) as [() => number, Duplex?]
      await once(socket, 'readable')
      return { socket, full, inside }
    }
    const reader = await asking(`GET /large HTTP/1.1\r\n${head}\r\n`)
    const writer = await asking(`POST /large HTTP/1.1\r\n${head}Content-Length: 400000000\r\n\r\n`)
    const both = await asking(
      `GET /large HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    )
    const counts = [reader.full, fill(writer.socket), both.full, fill(both.socket)]
    const still = async (count: () => number): Promise<number> => {
      for (let before = -1; before !== count();) {
        before = count()
        await pause(200)
      }
      return count()
    }
    const most = await Promise.all(counts.map(still))
    expect(Math.max(...most)).toBeLessThan(100)
    for (const stream of [reader.socket, both.socket, both.inside]) stream?.resume()
    for (const [at, count] of counts.entries())
      if (count !== counts[1]) await expect.poll(count).toBeGreaterThan(most[at]! + 10)
    for (const { socket } of [reader, writer, both]) socket.destroy()
    await other.close()
  })
})

describe('the application', () => {
  it.each([
    ['http://127.0.0.1:5000', { isTls: false, place: { host: '127.0.0.1', port: 5000 }, servername: '' }],
    ['http://app', { isTls: false, place: { host: 'app', port: 80 }, servername: 'app' }],
    ['https://app', { isTls: true, place: { host: 'app', port: 443 }, servername: 'app' }],
    ['https://[::1]:8443', { isTls: true, place: { host: '::1', port: 8443 }, servername: '' }],
  ])('is where its address says: %s', (address, place) => {
    expect(targetOf(new URL(address))).toEqual({ ...place, origin: address })
    expect(nameOf(new URL(address))).toBe(address)
  })

  it('has no name but its path on a socket in the file system', () => {
    const address = new URL('unix:/run/an%20app.sock')
    const place = { socketPath: '/run/an app.sock' }
    expect(targetOf(address)).toEqual({ isTls: false, place, servername: '', origin: 'http://localhost' })
    expect(nameOf(address)).toBe('unix:/run/an%20app.sock')
  })

  it('that never agrees on TLS is given up as soon as one that cannot be reached', async () => {
    const mute = createRawServer((socket) => socket.on('error', () => undefined).resume())
    const port = await listening(mute as never)
    const target = new URL(`https://127.0.0.1:${port}`)
    const other = await startProtected(undefined, {
      target,
      connectMs: 200,
      answerMs: 60_000,
      publicPaths: ['/*'],
    })
    for (const method of ['GET', 'POST'])
      expect([method, (await other.browser().send('/', { method })).status]).toEqual([method, 504])
    await other.close()
    mute.close()
  })

  it('may listen on a socket in the file system', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-socket-'))
    const path = join(folder, 'an app.sock')
    const server = createServer(echo).listen(path)
    await once(server, 'listening')
    const other = await startProtected(undefined, { target: new URL(`unix:${encodeURI(path)}`) })
    const person = await enrolledPerson(other)
    expect(seen(await person.browser.get('/a?b')).headers).toMatchObject({ 'remote-user': 'ada' })
    const posted = await person.browser.send('/a', { method: 'POST', body: 'some' })
    expect(seen(posted)).toMatchObject({ method: 'POST', body: 'some' })
    await other.close()
    server.close()
    rmSync(folder, { recursive: true })
  })

  it.each([
    ['GET', 'localhost', ['localhost']],
    ['POST', 'localhost', ['localhost']],
    ['GET', '127.0.0.1', []],
    ['POST', '127.0.0.1', []],
  ])(
    'with TLS is asked by its own name, and has to prove it: %s https://%s',
    async (method, host, wanted) => {
      const folder = mkdtempSync(join(tmpdir(), 'nightlatch-tls-'))
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
      const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', key, '-out', cert, ...name],
        {
          stdio: 'ignore',
        },
      )
      const names: string[] = []
      const server = createTlsServer({
        key: readFileSync(key),
        cert: readFileSync(cert),
        SNICallback: (asked, callback) => {
          names.push(asked)
          callback(null)
        },
      })
      server.on('tlsClientError', () => undefined)
      const port = await listening(server as never)
      const other = await startProtected(undefined, { target: new URL(`https://${host}:${port}`) })
      const person = await enrolledPerson(other)
      const answer = await person.browser.send('/', { method, headers: { accept: '*/*' } })
      expect(answer.status).toBe(502)
      expect(other.logged.join('\n')).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
      expect([...new Set(names)]).toEqual(wanted)
      await other.close()
      server.close()
      rmSync(folder, { recursive: true })
    },
  )
})

it('a handshake for a WebSocket whose head comes with the first bytes loses none of them', async () => {
  answers['/socket'] = (socket) => socket.write(`${switching}\r\n\r\nhello`)
  const heard = new Promise<void>((resolve) => {
    behind.on('bytes', (chunk: Buffer) => {
      if (chunk.toString().endsWith('first')) resolve()
    })
  })
  const socket = connect(app.port, '127.0.0.1')
  socket.write(
    `GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nCookie: ${cookieOf(ada.browser)}\r\n\r\nfirst`,
  )
  await until(socket, /\r\n\r\nhello/)
  await heard
  socket.destroy()
})
