import { once } from 'node:events'
import { connect, constants, type ClientHttp2Session } from 'node:http2'
import { createServer, type AddressInfo } from 'node:net'
import type { RequestListener } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { Connections } from '../../src/http/bindings/connections.js'
import { http2Front } from '../../src/http/bindings/http2-server.js'
import { answerTo2, ask2 } from '../support/http2.js'
import { until } from '../support/until.js'

const unbounded = { headerBytes: 32_768, stalledMs: 60_000, requestTimeout: 0, keepAliveMs: 60_000 }
const bounds = { perAddress: 3, all: 100, takenBack: 100 }
const patience = {
  stalledMs: 60_000,
  expectingMs: 60_000,
  quietMs: 60_000,
  waitingMs: 60_000,
  endingMs: 60_000,
}
const upload = { ':method': 'POST', ':path': '/' }

describe('CONN-2 requests of HTTP/2', () => {
  const ends: (() => void)[] = []
  afterEach(() => {
    for (const end of ends.splice(0)) end()
  })

  /** A server whose connections have agreed on HTTP/2, and one of them. */
  async function begin(limits: Partial<typeof unbounded>, listener: RequestListener) {
    const connections = new Connections(
      { ...bounds, ...patience },
      { isTrusted: () => false, now: () => performance.now() },
    )
    const front = http2Front(connections, { ...unbounded, ...limits })
    front.on('request', listener)
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      connections.opened(socket)
      front.take(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session: ClientHttp2Session = connect(
      `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    )
    session.on('error', () => undefined)
    await once(session, 'connect')
    ends.push(() => {
      session.destroy()
      front.destroy()
      server.close()
    })
    return { session, front }
  }

  it('whose body stops are ended, however much of it has come', async () => {
    const { session } = await begin({ stalledMs: 50 }, (request) => void request.resume())
    const stream = session.request(upload)
    stream.write('abc')
    expect(await answerTo2(stream)).toMatchObject({ status: 0, code: constants.NGHTTP2_CANCEL })
  })

  it('whose body nobody reads here, or whose answer takes its time, may go on', async () => {
    const { session } = await begin({ stalledMs: 50 }, (request, response) => {
      request.on('error', () => undefined)
      request.pause()
      setTimeout(() => {
        request.resume()
        request.once('end', () => response.end('late'))
      }, 200)
    })
    const stream = session.request(upload)
    stream.end('abc')
    const [waited, plain] = [answerTo2(stream), ask2(session, { ':path': '/' })]
    expect(await waited).toMatchObject({ status: 200, code: constants.NGHTTP2_NO_ERROR })
    expect(await plain).toMatchObject({ status: 200, code: constants.NGHTTP2_NO_ERROR })
  })

  it('whose answer is not taken are ended', async () => {
    const { session } = await begin({ stalledMs: 50 }, (_request, response) => {
      response.end(Buffer.alloc(1024 * 1024))
    })
    const stream = session.request({ ':path': '/' })
    stream.pause()
    const closed = once(stream, 'close')
    stream.on('error', () => undefined)
    await once(stream, 'response')
    await until(() => stream.rstCode === constants.NGHTTP2_CANCEL || stream.closed)
    stream.resume()
    await closed
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL)
  })

  it('have to be whole in time where that was said, or are ended alone', async () => {
    const { session } = await begin({ requestTimeout: 50 }, (request, response) => {
      request.on('error', () => undefined)
      request.resume().once('end', () => response.end('whole'))
    })
    const stream = session.request(upload)
    const ended = answerTo2(stream)
    stream.write('abc')
    expect(await ended).toMatchObject({ status: 0 })
    expect(await ask2(session, upload, 'abc')).toMatchObject({ status: 200 })
  })

  it('are refused above the bound of their address, to come again, and let in when one is over', async () => {
    const answers: (() => void)[] = []
    const { session } = await begin({}, (_request, response) => void answers.push(() => response.end('here')))
    const held = [1, 2, 3].map(() => ask2(session, { ':path': '/' }))
    await until(() => answers.length === 3)
    expect(await ask2(session, { ':path': '/' })).toMatchObject({
      status: 0,
      code: constants.NGHTTP2_REFUSED_STREAM,
    })
    answers.shift()?.()
    expect(await held[0]).toMatchObject({ status: 200 })
    const again = ask2(session, { ':path': '/' })
    await until(() => answers.length === 3)
    for (const answer of answers) answer()
    expect((await Promise.all([...held, again])).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })

  it('leave a connection that ends when nothing is asked on it for a while', async () => {
    const { session } = await begin({ keepAliveMs: 50 }, (_request, response) => response.end('here'))
    const closed = once(session, 'close')
    expect(await ask2(session, { ':path': '/' })).toMatchObject({ status: 200 })
    await closed
    expect(session.closed).toBe(true)
  })

  it('keep theirs while they are answered, however long that takes', async () => {
    const { session } = await begin({ keepAliveMs: 50 }, (_request, response) => {
      setTimeout(() => response.end('late'), 300)
    })
    expect(await ask2(session, { ':path': '/' })).toMatchObject({
      status: 200,
      code: constants.NGHTTP2_NO_ERROR,
    })
  })

  it('are answered when the server closes, and nothing is taken after them', async () => {
    const answers: (() => void)[] = []
    const { session, front } = await begin(
      {},
      (_request, response) => void answers.push(() => response.end('here')),
    )
    const held = ask2(session, { ':path': '/' })
    await until(() => answers.length === 1)
    front.close()
    answers[0]?.()
    expect(await held).toMatchObject({ status: 200 })
    if (!session.closed) await once(session, 'close')
    expect(session.closed).toBe(true)
  })

  it('are a hundred at once, with headers up to the limit, and nothing is pushed', async () => {
    const { session } = await begin({ headerBytes: 5000 }, (_request, response) => response.end('here'))
    await ask2(session, { ':path': '/' })
    expect(session.remoteSettings).toMatchObject({
      maxConcurrentStreams: 100,
      maxHeaderListSize: 5000,
      enablePush: false,
    })
  })

  it('with two hosts are none', async () => {
    const { session } = await begin({}, (_request, response) => response.end('here'))
    expect(await ask2(session, { ':path': '/', ':authority': 'a.example', host: 'b.example' })).toMatchObject(
      { status: 400 },
    )
    expect(await ask2(session, { ':path': '/', ':authority': 'a.example', host: 'a.example' })).toMatchObject(
      { status: 200 },
    )
  })
})
