import type { SessionView } from '../http/session-view.js'
import type { NightlatchAuth } from '../library.js'

/** What is known of a request that needs a session. */
export interface Guarded {
  readonly method: string
  /** Path and query, as the browser asked for it. */
  readonly url: string
  header(name: string): string | undefined
}

export type Refusal =
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'problem'; readonly status: 401; readonly body: string }

/** A page goes to sign-in and comes back; a program gets 401 and never a page. */
export function refusalFor(auth: NightlatchAuth, request: Guarded): Refusal {
  const safe = request.method === 'GET' || request.method === 'HEAD'
  if (safe && isNavigation(request)) return { kind: 'redirect', location: auth.signInUrl(request.url) }
  const problem = { type: 'about:blank', title: 'Sign in first', status: 401, code: 'not-signed-in' }
  return { kind: 'problem', status: 401, body: JSON.stringify(problem) }
}

export const problemType = 'application/problem+json; charset=utf-8'

function isNavigation(request: Guarded): boolean {
  if (request.header('x-requested-with') !== undefined) return false
  const mode = request.header('sec-fetch-mode')
  return mode === undefined ? (request.header('accept') ?? '').includes('text/html') : mode === 'navigate'
}

/** The refusal of a web `Request`. */
export function refusedResponse(auth: NightlatchAuth, request: Request): Response {
  const { pathname, search } = new URL(request.url)
  const header = (name: string): string | undefined => request.headers.get(name) ?? undefined
  const refusal = refusalFor(auth, { method: request.method, url: pathname + search, header })
  const headers = new Headers({ 'cache-control': 'no-store' })
  if (refusal.kind === 'redirect') {
    headers.set('location', refusal.location)
    return new Response(null, { status: 303, headers })
  }
  headers.set('content-type', problemType)
  return new Response(refusal.body, { status: refusal.status, headers })
}

/**
 * The session of a request behind `requireSession`, with its type.
 *
 * @throws TypeError where no `requireSession` guards the route: that is a mistake of the program.
 * @example
 * const { account } = sessionOf(request)
 */
export function sessionOf(request: object): SessionView {
  const { nightlatch } = request as { readonly nightlatch?: SessionView }
  if (nightlatch === undefined) throw new TypeError('sessionOf: no requireSession guards this route')
  return nightlatch
}
