import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { AccessRules } from '../../src/core/access/rules.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { disableAccount, findAccount } from '../../src/core/accounts/administration.js'
import type { AccountEdit } from '../../src/core/accounts/edit.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { enrolledPerson, type Enrolled } from '../support/app.js'
import { answerTo, ask, cookieOf, startProtected, until, type Protected } from '../support/protected.js'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

/** Accepts every handshake and says the bytes that come back, in capitals. */
const behind = createServer((request, response) => {
  if (request.url?.endsWith('/stream') === true) {
    response.write('first\n')
    behind.emit('stream', response)
    behind.emit(`stream ${String(request.method)}`, response)
  } else response.end(JSON.stringify(request.headers))
})
const answers: Record<string, string> = {
  '/socket': `101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSet-Cookie: nightlatch-session=stolen\r\nSet-Cookie: theirs=1`,
  '/team/socket': `101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}`,
  '/lying': '101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade',
  '/no':
    '403 Forbidden\r\nContent-Length: 2\r\nSet-Cookie: nightlatch-session=stolen\r\nSet-Cookie: theirs=1\r\nConnection: X-Hop\r\n' +
    'X-Hop: hop\r\nKeep-Alive: timeout=5\r\nTrailer: X-Sum\r\nX-Own: kept',
  '/no-long': `403 Forbidden\r\nContent-Length: ${String(3_000_000)}`,
  '/no-half': '403 Forbidden\r\nContent-Length: 10',
}
behind.on('upgrade', (request: IncomingMessage, socket: Socket) => {
  behind.emit('socket', socket, request)
  socket.on('error', () => undefined)
  socket.on('end', () => socket.end())
  if (request.url === '/hang-up') socket.destroy()
  const answer = answers[request.url ?? '']
  if (answer === undefined) return
  socket.write(`HTTP/1.1 ${answer}\r\n\r\n`)
  if (request.url === '/no-long') socket.end(Buffer.alloc(3_000_000, 'x'))
  else if (request.url?.startsWith('/no') === true) socket.end('no')
  else socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()))
})

let app: Protected
let ada: Enrolled

/** The sockets are for one group only. */
const rules: AccessRules = {
  rules: [{ hosts: null, paths: ['/team/*'], methods: null, groups: ['staff'], access: 'two-factors' }],
  otherwise: 'two-factors',
}

beforeAll(async () => {
  app = await startProtected(behind, { sweepMs: 50, connectMs: 200, answerMs: 500, rules })
  ada = await enrolledPerson(app)
})

afterAll(async () => {
  await app.close()
})

function open(path: string, person: Enrolled, more = ''): Socket {
  const socket = connect(app.port, '127.0.0.1')
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nCookie: ${cookieOf(person.browser)}; a=b\r\n${more}\r\n`,
  )
  return socket
}

const opened = async (person: Enrolled, path = '/socket'): Promise<Socket> => {
  const socket = open(path, person)
  await until(socket, /\r\n\r\n/)
  return socket
}

const streamed = async (method: string) => {
  const streaming = once(behind, `stream ${method}`)
  const headers = { cookie: cookieOf(ada.browser) }
  const asked = ask({ port: app.port, host: '127.0.0.1', path: '/stream', method, headers }).end()
  const answer = answerTo(asked)
  return { answer, inside: ((await streaming) as [ServerResponse])[0] }
}

/** All that comes until the other side has closed. */
async function whole(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
  await closed(socket)
  return text
}

const closed = (socket: Socket): Promise<unknown> =>
  new Promise<unknown>((resolve) => {
    socket.on('error', () => undefined)
    socket.on('close', resolve)
    // It may have ended before anybody asked.
    if (socket.closed) resolve(undefined)
    socket.resume()
  })

describe('a WebSocket', () => {
  it('carries bytes both ways, and the application knows whose they are', async () => {
    const arrived = once(behind, 'socket')
    const socket = open('/socket', ada, 'Remote_User: admin\r\nRemote-User: admin\r\n')
    const handshake = await until(socket, /\r\n\r\n/)
    expect(handshake).toMatch(/^HTTP\/1\.1 101 /)
    expect(handshake).toContain(accept)
    expect(handshake).toContain('theirs=1')
    expect(handshake).not.toContain('stolen')
    const [, request] = (await arrived) as [Socket, IncomingMessage]
    expect(request.headers).toMatchObject({ 'remote-user': 'ada', cookie: 'a=b', 'sec-websocket-key': key })
    expect(request.rawHeaders.filter((name) => /remote.user/i.test(name))).toEqual(['remote-user'])
    for (const word of ['hello', 'and', 'again']) {
      socket.write(word)
      expect(await once(socket, 'data')).toEqual([Buffer.from(word.toUpperCase())])
    }
    socket.destroy()
  })

  it.each([
    ['client', 'destroy'],
    ['client', 'end'],
    ['client', 'resetAndDestroy'],
    ['application', 'destroy'],
    ['application', 'end'],
    ['application', 'resetAndDestroy'],
  ] as const)('ends on both sides when the %s goes away: %s', async (side, how) => {
    const arrived = once(behind, 'socket')
    const socket = await opened(ada)
    const [inside] = (await arrived) as [Socket]
    const [leaving, left] = side === 'client' ? [socket, inside] : [inside, socket]
    const gone = [closed(left), closed(leaving)]
    leaving[how]()
    await Promise.all(gone)
  })

  it('says to the end what the application has said before it left', async () => {
    const arrived = once(behind, 'socket')
    const socket = await opened(ada)
    const [inside] = (await arrived) as [Socket]
    inside.end(Buffer.alloc(3_000_000, 'x'))
    let length = 0
    socket.on('data', (bytes: Buffer) => void (length += bytes.length))
    await closed(socket)
    expect(length).toBe(3_000_000)
  })

  it('gets the refusal of the application', async () => {
    const text = await whole(open('/no', ada))
    expect(text.split('\r\n')).toEqual([
      'HTTP/1.1 403 Forbidden',
      ...['Content-Length: 2', 'Set-Cookie: theirs=1', 'X-Own: kept', 'Connection: close', '', 'no'],
    ])
    expect(await whole(open('/no-long', ada))).toMatch(/\r\n\r\nx{3000000}$/)
    expect(await whole(open('/no-half', ada))).toMatch(/\r\n\r\nno$/)
  })

  it('is refused once when the application hangs up, and the log says it once', async () => {
    const before = app.logged.length
    const text = await whole(open('/hang-up', ada))
    expect(text).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n[^]*"code":"application-down"[^]*\}$/)
    expect(app.logged.slice(before)).toEqual([
      expect.stringMatching(/^the application did not answer \{"request":"[^"]+","reason":"ECONNRESET"\}$/),
    ])
  })

  it('is not opened by an answer that is no handshake: behind it nobody would be checked', async () => {
    const arrived = once(behind, 'socket')
    const lying = whole(open('/lying', ada))
    const [inside] = (await arrived) as [Socket]
    const gone = closed(inside)
    expect(await lying).toBe('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    await gone
  })

  it('is refused in good time when the application says nothing; an open one may be silent for longer', async () => {
    const other = await opened(ada)
    const streams = await Promise.all(['GET', 'POST'].map(streamed))
    expect(await until(open('/silent', ada), /\}$/)).toMatch(/^HTTP\/1\.1 504 /)
    expect(app.logged.at(-1)).toMatch(/^the application did not answer .*"reason":"slow"/)
    other.write('still here')
    expect(await until(other, /HERE/)).toBe('STILL HERE')
    other.destroy()
    for (const { inside, answer } of streams) {
      inside.end('last')
      expect((await answer).body.toString()).toBe('first\nlast')
    }
  })

  it.each(['destroy', 'end', 'resetAndDestroy'] as const)(
    'frees the application when the client leaves before the handshake is answered: %s',
    async (how) => {
      const arrived = once(behind, 'socket')
      const socket = open('/silent', ada)
      const [inside] = (await arrived) as [Socket]
      const before = app.logged.length
      const gone = [closed(inside), closed(socket)]
      socket[how]()
      await Promise.all(gone)
      // A request later, all that there is to say has been said.
      await ada.browser.get('/page')
      expect(app.logged.slice(before)).toEqual([])
    },
  )

  it.each([
    ['without a key', 'GET /socket', '', 400],
    ['with a body', 'GET /socket', `Sec-WebSocket-Key: ${key}\r\nContent-Length: 4\r\n`, 400],
    ['by another method', 'POST /socket', `Sec-WebSocket-Key: ${key}\r\n`, 400],
    ['on a page of ours', 'GET /_nightlatch/login', `Sec-WebSocket-Key: ${key}\r\n`, 400],
    ['where the path is none', 'GET /so\\cket', `Sec-WebSocket-Key: ${key}\r\n`, 400],
    ['with too much', 'GET /socket', `Sec-WebSocket-Key: ${key}\r\nX-Large: ${'x'.repeat(40_000)}\r\n`, 431],
  ])('is refused %s', async (_name, line, headers, status) => {
    const socket = connect(app.port, '127.0.0.1')
    let isAsked = false
    behind.once('socket', () => (isAsked = true))
    socket.write(
      `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: ${cookieOf(ada.browser)}\r\n${headers}\r\n`,
    )
    expect(await whole(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} [^]*\\}$`))
    expect(isAsked).toBe(false)
    behind.removeAllListeners('socket')
  })

  it('leaves other offers to upgrade alone: the request is answered as it is', async () => {
    const socket = connect(app.port, '127.0.0.1')
    socket.write(
      `POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n` +
        `Cookie: ${cookieOf(ada.browser)}\r\nContent-Length: 4\r\n\r\nbo`,
    )
    socket.write('dy')
    const text = await until(socket, /\}$/)
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text).toContain('"remote-user":"ada"')
    expect(text).toContain('"content-length":"4"')
    expect(text).not.toMatch(/h2c|http2-settings/i)
    socket.destroy()
  })
})

describe('what is open when a session ends', () => {
  it('ends soon after sign-out, and nothing else does', async () => {
    const bea = await enrolledPerson(app, 'bea')
    const [hers, other] = [await opened(bea), await opened(ada)]
    const gone = closed(hers)
    await bea.browser.submit('/_nightlatch/logout')
    await gone
    other.write('still here')
    expect(await until(other, /HERE/)).toBe('STILL HERE')
    other.destroy()
  })

  it('ends soon after the account is disabled', async () => {
    const cleo = await enrolledPerson(app, 'cleo')
    const socket = await opened(cleo)
    const { core } = app.nightlatch
    const gone = closed(socket)
    await disableAccount(core, (await findAccount(core, 'cleo'))!)
    await gone
  })

  const edit = async (name: string, wishes: AccountEdit): Promise<void> => {
    const { core } = app.nightlatch
    const account = (await findAccount(core, name))!
    expect((await editAccount(core, account, { edit: wishes, actor: atTheCommandLine })).kind).toBe('edited')
  }

  it('OPEN-1 ends soon after the account has come to its end', async () => {
    const fay = await enrolledPerson(app, 'fay')
    const socket = await opened(fay)
    await edit('fay', { endsAt: app.clock.seconds + 60 })
    socket.write('still here')
    expect(await until(socket, /HERE/)).toBe('STILL HERE')
    app.clock.seconds += 60
    await closed(socket)
  })

  it('OPEN-1 ends soon after somebody has left the group that its rule asks for, and nothing else does', async () => {
    const gil = await enrolledPerson(app, 'gil')
    await edit('gil', { groups: ['staff', 'garden'] })
    const [his, other] = [await opened(gil, '/team/socket'), await opened(gil)]
    await edit('gil', { groups: ['Staff'] })
    his.write('as before')
    expect(await until(his, /BEFORE/)).toBe('AS BEFORE')
    await edit('gil', { groups: ['garden'] })
    await closed(his)
    other.write('still here')
    expect(await until(other, /HERE/)).toBe('STILL HERE')
    other.destroy()
  })

  it.each([
    ['dora', 'signs out', '/stream', (person: Enrolled) => person.browser.submit('/_nightlatch/logout')],
    [
      'dan',
      'leaves the group',
      '/team/stream',
      (person: Enrolled) => edit(person.username, { groups: ['garden'] }),
    ],
  ])('is a stream of events, too: %s %s', async (name, _how, path, act) => {
    const dora = await enrolledPerson(app, name)
    await edit(dora.username, { groups: ['staff'] })
    const headers = { cookie: cookieOf(dora.browser) }
    const asked = ask({ port: app.port, host: '127.0.0.1', path, headers })
    const answer = answerTo(asked)
    const streaming = once(behind, 'stream')
    asked.end()
    const [stream] = (await streaming) as [ServerResponse]
    const gone = once(stream, 'close')
    const broken = expect(answer).rejects.toThrow('aborted')
    await act(dora)
    await broken
    await gone
    expect(app.logged.filter((line) => line.includes('could not be checked'))).toEqual([])
  })

  it('is not asked about any more once it is over', async () => {
    const hal = await enrolledPerson(app, 'hal')
    const { core } = app.nightlatch
    const [his, other] = [await opened(hal), await opened(ada)]
    await hal.browser.get('/page')
    const questions = vi.spyOn(core.queries.accounts, 'find')
    const about = async (name: string) => {
      const { id } = (await findAccount(core, name))!
      return () => questions.mock.calls.filter(([asked]) => asked === id).length
    }
    const [ofHal, ofAda] = [await about('hal'), await about('ada')]
    const afterTwoSweeps = async (): Promise<number> => {
      const before = ofAda()
      await expect.poll(ofAda).toBeGreaterThan(before + 1)
      return ofHal()
    }
    expect(await afterTwoSweeps()).toBeGreaterThan(0)
    his.destroy()
    await closed(his)
    expect(await afterTwoSweeps()).toBe(await afterTwoSweeps())
    questions.mockRestore()
    other.destroy()
  })

  it('ends with the server, which does not wait for it', async () => {
    const other = await startProtected(behind)
    const person = await enrolledPerson(other, 'emma')
    const socket = connect(other.port, '127.0.0.1')
    socket.write(
      `GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${key}\r\nCookie: ${cookieOf(person.browser)}\r\n\r\n`,
    )
    await until(socket, /\r\n\r\n/)
    const gone = closed(socket)
    await other.server.stop()
    await gone
    await other.nightlatch.close()
  })
})

describe('a WebSocket that is opened while the server stops', () => {
  it('is ended, and not waited for', async () => {
    const other = await startProtected(behind, { publicPaths: ['/*'] })
    const socket = connect(other.port, '127.0.0.1')
    const gone = closed(socket)
    socket.write('GET /socket HTTP/1.1\r\nHost: localhost\r\n')
    await other.browser().get('/')
    const stopped = other.server.stop(200)
    socket.write(`Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${key}\r\n\r\n`)
    await stopped
    await gone
    await other.nightlatch.close()
  })
})
