import { once } from 'node:events'
import { connect, constants, createServer, type ClientHttp2Session } from 'node:http2'
import { createConnection, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasOneHost, Http2Request, Http2Response } from '../../src/http/bindings/http2.js'
import { ask2, frames } from '../support/http2.js'

type Handler = (request: Http2Request, response: Http2Response) => void

describe('a request and an answer of HTTP/2, as the code for HTTP/1.1 has them', () => {
  let handler: Handler = () => undefined
  const server = createServer(
    { Http2ServerRequest: Http2Request as never, Http2ServerResponse: Http2Response as never },
    (request, response) => handler(request as never, response as never),
  )
  let session: ClientHttp2Session
  const begin = async (): Promise<ClientHttp2Session> => {
    const opened = connect(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`)
    opened.on('error', () => undefined)
    await once(opened, 'connect')
    return opened
  }
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    session = await begin()
  })
  afterAll(() => {
    session.destroy()
    server.close()
  })

  /** What a handler makes of a request. */
  async function seen<Told>(
    look: (request: Http2Request) => Told,
    ...asked: [Record<string, string>, string?]
  ): Promise<Told> {
    let told: Told | undefined
    handler = (request, response) => {
      told = look(request)
      response.writeHead(204)
      response.end()
    }
    await ask2(session, ...asked)
    return told as Told
  }

  it('has the authority as its host, a body without a length in chunks, and no pseudo-headers', async () => {
    const look = ({ headers, rawHeaders, complete }: Http2Request) => ({
      headers: { ...headers },
      rawHeaders,
      complete,
    })
    const own = { ':path': '/a', ':authority': 'a.example', 'x-test': '1' }
    expect(await seen(look, own)).toEqual({
      headers: { host: 'a.example', 'x-test': '1' },
      rawHeaders: ['x-test', '1'],
      complete: true,
    })
    expect(await seen(look, { ...own, ':method': 'POST' }, 'abc')).toEqual({
      headers: { host: 'a.example', 'x-test': '1', 'transfer-encoding': 'chunked' },
      rawHeaders: ['x-test', '1'],
      complete: false,
    })
    expect((await seen(look, { ...own, ':method': 'POST', 'content-length': '3' }, 'abc')).headers).toEqual({
      ...{ host: 'a.example', 'x-test': '1', 'content-length': '3' },
    })
  })

  it('has one host where both names of it are one, or there is only one', async () => {
    const own = { ':path': '/', ':authority': 'a.example' }
    expect(await seen(hasOneHost, own)).toBe(true)
    expect(await seen(hasOneHost, { ...own, host: 'a.example' })).toBe(true)
    expect(await seen(hasOneHost, { ...own, host: 'b.example' })).toBe(false)
    expect(await seen(({ headers }) => headers.host, { ...own, host: 'b.example' })).toBe('b.example')
  })

  it('takes headers as an object and as a flat list, where what comes twice is one, but for cookies', async () => {
    const answered = async (...head: [number, ...unknown[]]) => {
      handler = (_request, response) => {
        response.writeHead(...head)
        response.end()
      }
      const { status, headers } = await ask2(session, { ':path': '/' })
      const own = Object.fromEntries(
        Object.entries(headers).filter(([name]) => name !== 'date' && !name.startsWith(':')),
      )
      return { status, own }
    }
    expect(await answered(201)).toEqual({ status: 201, own: {} })
    expect(await answered(201, 'Created')).toEqual({ status: 201, own: {} })
    expect(await answered(201, { 'x-one': '1' })).toEqual({ status: 201, own: { 'x-one': '1' } })
    expect(await answered(201, 'Created', { 'x-one': '1' })).toEqual({ status: 201, own: { 'x-one': '1' } })
    const flat = [
      'X-One',
      '1',
      'x-two',
      '2',
      'x-one',
      '3',
      'Set-Cookie',
      'a=1',
      'set-cookie',
      'b=2',
      'set-cookie',
      'c=3',
      'alone',
    ]
    expect(await answered(201, flat)).toEqual({
      status: 201,
      own: { 'x-one': '1, 3', 'x-two': '2', 'set-cookie': ['a=1', 'b=2', 'c=3'] },
    })
  })

  it.each([
    [
      [
        ['x-sum', '7'],
        ['x-sum', '8'],
      ],
    ],
    [{ 'x-sum': '7, 8' }],
  ])('takes trailers as pairs and as an object: %j', async (trailers) => {
    handler = (_request, response) => {
      response.writeHead(200)
      response.addTrailers(trailers as never)
      response.end()
    }
    expect(await ask2(session, { ':path': '/' })).toMatchObject({
      status: 200,
      trailers: { 'x-sum': '7, 8' },
    })
  })

  it('says that it is at work while nothing was said yet', async () => {
    handler = (_request, response) => {
      response.writeProcessing()
      response.writeHead(200)
      response.writeProcessing()
      response.end()
    }
    expect(await ask2(session, { ':path': '/' })).toMatchObject({ status: 200, before: [102] })
  })

  it('is ended as what it is: half of one', async () => {
    const states: boolean[] = []
    handler = (_request, response) => {
      response.writeHead(200)
      states.push(response.destroyed)
      response.destroy()
      states.push(response.destroyed)
      response.destroy()
    }
    expect(await ask2(session, { ':path': '/' })).toMatchObject({ code: constants.NGHTTP2_INTERNAL_ERROR })
    expect(states).toEqual([false, true])
  })

  it('that is cut off never looks whole, also where nobody listens for an error', async () => {
    const fields = { ':method': 'POST', ':scheme': 'http', ':path': '/', ':authority': 'a.example' }
    const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1')
    const ended = new Promise<readonly unknown[]>((resolve) => {
      handler = (request) => {
        request.once('data', () => socket.write(frames.reset(1, constants.NGHTTP2_CANCEL)))
        request.once('close', () => {
          resolve([request.complete, request.readableEnded, request.destroyed])
        })
      }
    })
    socket.write(Buffer.concat([frames.begin(), frames.headers(1, fields), frames.data(1, 'abc')]))
    expect(await ended).toEqual([false, false, true])
    socket.destroy()
  })

  it('ends the connection once all on it are answered, where it is not kept', async () => {
    const other = await begin()
    handler = (_request, response) => {
      response.shouldKeepAlive = true
      response.shouldKeepAlive = false
      response.writeHead(200)
      response.end()
    }
    const closed = once(other, 'close')
    expect(await ask2(other, { ':path': '/' })).toMatchObject({ status: 200 })
    await closed
    expect(other.closed).toBe(true)
  })
})
