import type { IncomingMessage, ServerResponse } from 'node:http'
import type { NightlatchAuth } from '../compose/library.js'
import type { SessionView } from '../http/session-view.js'
import type { GuardOptions } from './guard.js'
import { dueOf, refusalFor } from './guard.js'

export { createNightlatch } from '../compose/library.js'
export { sessionOf } from './guard.js'

/** As much of Fastify as is used here: the package itself is the application's. */
interface FastifyLike {
  removeAllContentTypeParsers(): void
  addContentTypeParser(
    type: string,
    parser: (request: unknown, payload: unknown, done: (error: null) => void) => void,
  ): unknown
  all(path: string, handler: (request: RequestLike, reply: ReplyLike) => void): unknown
}

interface RequestLike {
  readonly raw: IncomingMessage
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  nightlatch?: SessionView
}

interface ReplyLike {
  readonly raw: ServerResponse
  hijack(): unknown
  code(status: number): ReplyLike
  header(name: string, value: string): ReplyLike
  send(body?: string): ReplyLike
}

/** A plugin: `await app.register(nightlatch(auth))` mounts the pages below the base path. */
export function nightlatch(auth: NightlatchAuth): (app: FastifyLike) => Promise<void> {
  const response = (request: RequestLike, reply: ReplyLike): void => {
    reply.hijack()
    auth.listener(request.raw, reply.raw)
  }
  return (app) => {
    // Registered in a context of its own: the application's parsers are not touched, and the stream stays unread.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => {
      done(null)
    })
    app.all(auth.basePath === '' ? '/' : auth.basePath, response)
    app.all(`${auth.basePath}/*`, response)
    return Promise.resolve()
  }
}

/** A preHandler that guards a route: `request.nightlatch` is there behind it. */
export function requireSession(
  auth: NightlatchAuth,
  options: GuardOptions = {},
): (request: RequestLike, reply: ReplyLike) => Promise<unknown> {
  return async (request, reply) => {
    const session = await auth.session(request)
    const due = dueOf(session, options)
    if (session !== null && due === null) {
      request.nightlatch = session
      return undefined
    }
    const { method, url, headers } = request
    const refusal = refusalFor(
      auth,
      { method, url, header: (name) => headers[name]?.toString() },
      due ?? 'session',
    )
    if (refusal.kind === 'redirect')
      return reply.code(303).header('cache-control', 'no-store').header('location', refusal.location).send()
    for (const [name, value] of Object.entries(refusal.headers)) reply.header(name, value)
    return reply.code(refusal.status).send(refusal.body)
  }
}
