import type { NightlatchAuth } from '../library.js'
import type { SessionView } from '../http/session-view.js'
import { refusedResponse } from './guard.js'

export { createNightlatch } from '../library.js'

type RouteHandler = (request: Request) => Promise<Response>

/** The handlers of `app/auth/[[...path]]/route.ts`: `export const { GET, POST, PATCH, PUT, DELETE } = handlers(auth)`. */
export function handlers(
  auth: NightlatchAuth,
): Record<'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', RouteHandler> {
  const answer: RouteHandler = (request) => auth.fetch(request)
  return { GET: answer, POST: answer, PATCH: answer, PUT: answer, DELETE: answer }
}

/** Guards a route handler: it is called with the session, or not at all. */
export function requireSession<Context>(
  auth: NightlatchAuth,
  handler: (request: Request, session: SessionView, context: Context) => Promise<Response>,
): (request: Request, context: Context) => Promise<Response> {
  return async (request, context) => {
    const session = await auth.session(request)
    return session === null ? refusedResponse(auth, request) : handler(request, session, context)
  }
}

/**
 * The session of a page of the App Router: `const session = await pageSession(auth, await headers())`.
 * When it is null, `redirect(auth.signInUrl('/this/page'))`.
 */
export const pageSession = (auth: NightlatchAuth, headers: Headers): Promise<SessionView | null> =>
  auth.session({ headers })
