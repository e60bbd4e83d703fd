import { challengeFor } from '../core/access/challenge.js'
import { isNavigation } from '../core/access/navigation.js'
import type { SessionView } from '../http/session-view.js'
import { withoutAuthority } from '../http/bindings/node.js'
import { wayBack } from '../http/pages/way-back.js'
import type { NightlatchAuth } from '../compose/library.js'

/** What is known of a request that needs a session. */
interface Guarded {
  readonly method: string
  /** Path and query, as the browser asked for it. */
  readonly url: string
  header(name: string): string | undefined
}

type Refusal =
  | { readonly kind: 'redirect'; readonly location: string }
  | {
      readonly kind: 'problem'
      readonly status: 401
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }

/** A page goes to sign-in and comes back; a program gets 401 and never a page. */
export function refusalFor(auth: NightlatchAuth, request: Guarded): Refusal {
  const { method, url } = request
  if (isNavigation(request)) {
    const back = wayBack({
      method,
      address: auth.origin + withoutAuthority(url),
      referer: request.header('referer'),
    })
    return { kind: 'redirect', location: auth.signInUrl(back.slice(auth.origin.length)) }
  }
  const problem = { type: 'about:blank', title: 'Sign in first', status: 401, code: 'not-signed-in' }
  const headers = {
    'cache-control': 'no-store',
    'content-type': 'application/problem+json; charset=utf-8',
    'www-authenticate': challengeFor(request, new URL(auth.origin).host),
  }
  return { kind: 'problem', status: 401, headers, body: JSON.stringify(problem) }
}

/** The refusal of a web `Request`. */
export function refusedResponse(auth: NightlatchAuth, request: Request): Response {
  const { pathname, search } = new URL(request.url)
  const header = (name: string): string | undefined => request.headers.get(name) ?? undefined
  const refusal = refusalFor(auth, { method: request.method, url: pathname + search, header })
  if (refusal.kind === 'problem') return new Response(refusal.body, refusal)
  const headers = { 'cache-control': 'no-store', location: refusal.location }
  return new Response(null, { status: 303, headers })
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
