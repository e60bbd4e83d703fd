import { createServer, request } from 'node:http'
import type { ClientRequest, IncomingMessage, RequestListener, RequestOptions, Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { protectServer, type ProtectOptions } from '../../src/compose/protect-server.js'
import type { AccessRules } from '../../src/core/access/rules.js'
import { startApp, type TestApp } from './app.js'
import type { Browser } from './browser.js'

/** What the application behind saw of a request, as it answers with it. */
export interface Seen {
  readonly method: string
  readonly url: string
  /** Flat, as they came. */
  readonly raw: readonly string[]
  readonly headers: Record<string, string>
  readonly body: string
}

/** Answers every request with what it saw of it. */
export const echo: RequestListener = (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { method, url, rawHeaders: raw, headers } = request
    const seen = { method, url, raw, headers, body: Buffer.concat(chunks).toString() }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(seen))
  })
}

export const seen = ({ body }: { body: string }): Seen => JSON.parse(body) as Seen

export async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return (server.address() as AddressInfo).port
}

export interface Protected extends TestApp {
  readonly port: number
  readonly application: Server
  readonly applicationPort: number
}

interface Wishes extends Partial<ProtectOptions> {
  readonly publicPaths?: readonly string[]
  readonly env?: Record<string, string>
  readonly origin?: string
}

/** An application on a free loopback port, and Nightlatch in front of it on another. */
export async function startProtected(
  application: Server | RequestListener = echo,
  wishes: Wishes = {},
): Promise<Protected> {
  const behind = typeof application === 'function' ? createServer(application) : application
  const applicationPort = behind.listening ? (behind.address() as AddressInfo).port : await listening(behind)
  const app = await startApp({
    ...(wishes.env === undefined ? {} : { env: wishes.env }),
    serve: (nightlatch, log) =>
      protectServer(nightlatch, {
        target: new URL(`http://127.0.0.1:${applicationPort}`),
        ...(wishes.publicPaths === undefined ? {} : { rules: publicRules(wishes.publicPaths) }),
        log,
        ...wishes,
      }),
  })
  return {
    ...app,
    port: app.server.settings.port,
    application: behind,
    applicationPort,
    close: async () => {
      await app.close()
      behind.closeAllConnections()
      behind.close()
    },
  }
}

export const cookieOf = (browser: Browser): string =>
  [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')

export interface Answered {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly trailers: IncomingMessage['trailers']
  readonly body: Buffer
}

/** The whole answer to a request of node:http. */
export function answerTo(asked: ClientRequest): Promise<Answered> {
  return new Promise((resolve, reject) => {
    asked.on('error', reject)
    asked.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers, trailers } = response
        resolve({ status, headers, trailers, body: Buffer.concat(chunks) })
      })
    })
  })
}

/**
 * A request on a connection of its own, unless it brings an agent: one that was kept may be closed at the moment when it is
 * used again.
 */
export const ask = (options: RequestOptions): ClientRequest => request({ agent: false, ...options })

/** Sends bytes as they are and gives everything that comes back until the other side closes. */
export function sendBytes(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => {
      resolve(Buffer.concat(chunks).toString('latin1'))
    })
  })
}

/** Resolves with the first data that matches. */
export function until(socket: Socket, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (wanted.test(text)) resolve(text)
    })
    socket.once('error', reject)
    socket.once('close', () => {
      reject(new Error(`closed after ${text}`))
    })
  })
}

export const publicRules = (paths: readonly string[]): AccessRules => ({
  rules: [{ hosts: null, paths, methods: null, groups: null, access: 'public' }],
  otherwise: 'two-factors',
})
