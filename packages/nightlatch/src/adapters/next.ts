import type { AuthOptions, NightlatchAuth } from '../compose/library.js'
import { createNightlatch as createAnywhere, defaultLog, unknownAddress } from '../compose/library.js'
import type { SessionView } from '../http/session-view.js'
import type { GuardOptions } from './guard.js'
import { dueOf, refusedResponse } from './guard.js'

export type { NightlatchAuth, SessionView }

/** Next tells no route handler who is at the other end: without `clientAddress` the start says what that means. */
export async function createNightlatch(options: AuthOptions): Promise<NightlatchAuth> {
  if (options.clientAddress === undefined)
    (options.log ?? defaultLog()).warn(unknownAddress, { option: 'clientAddress' })
  return createAnywhere({ clientAddress: () => '', ...options })
}

/** Itself, or what opens it at the first request: `next build` loads every route and must not open a database. */
type AuthSource = NightlatchAuth | (() => NightlatchAuth | Promise<NightlatchAuth>)

type RouteHandler = (request: Request) => Promise<Response>

const opened = (source: AuthSource): NightlatchAuth | Promise<NightlatchAuth> =>
  typeof source === 'function' ? source() : source

export interface NextOptions {
  /** `basePath` of `next.config.ts`: Next takes it out of the address that a route handler sees, and does not say so. */
  readonly basePath?: string
}

/** The request with the address that the browser asked for. */
function asSent(request: Request, { basePath = '' }: NextOptions): Request {
  const url = new URL(request.url)
  if (basePath === '' || url.pathname.startsWith(`${basePath}/`)) return request
  url.pathname = basePath + url.pathname
  return new Request(url, request)
}

/** The handlers of `app/auth/[[...path]]/route.ts`: `export const { GET, POST, PATCH, PUT, DELETE } = handlers(auth)`. */
export function handlers(
  source: AuthSource,
  options: NextOptions = {},
): Record<'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', RouteHandler> {
  const response: RouteHandler = async (request) => (await opened(source)).fetch(asSent(request, options))
  return { GET: response, POST: response, PATCH: response, PUT: response, DELETE: response }
}

/** Guards a route handler: it is called with the session, or not at all. */
export function requireSession<Context>(
  source: AuthSource,
  handler: (request: Request, session: SessionView, context: Context) => Response | Promise<Response>,
  options: NextOptions & GuardOptions = {},
): (request: Request, context: Context) => Promise<Response> {
  return async (request, context) => {
    const auth = await opened(source)
    const session = await auth.session(request)
    const due = dueOf(session, options)
    return session === null || due !== null
      ? refusedResponse(auth, asSent(request, options), due ?? 'session')
      : handler(request, session, context)
  }
}

/**
 * The session of a page of the App Router: `const session = await pageSession(auth, await headers())`.
 * When it is null, `redirect((await auth()).signInUrl('/this/page'))`.
 */
export const pageSession = async (
  source: AuthSource,
  headers: Pick<Headers, 'get'>,
): Promise<SessionView | null> => (await opened(source)).session({ headers: headers as Headers })
