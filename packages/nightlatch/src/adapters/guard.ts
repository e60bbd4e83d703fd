import { challengeFor, hostOf } from '../core/access/challenge.js'
import { isNavigation } from '../core/access/navigation.js'
import type { SessionView } from '../http/session-view.js'
import { withoutAuthority } from '../http/bindings/node.js'
import { refuse } from '../http/refuse.js'
import { wayBack } from '../http/pages/way-back.js'
import type { NightlatchAuth } from '../compose/library.js'

/** What is known of a request that needs a session. */
interface Guarded {
  readonly method: string
  /** Path and query, as the browser asked for it. */
  readonly url: string
  header(name: string): string | undefined
}

/** What a guarded route asks for beyond a session. */
export interface GuardOptions {
  /** `phishing-resistant`: a session that was proven with a passkey. Whoever has another one is asked for it first. */
  readonly access?: 'phishing-resistant'
}

/** What is missing: null, nothing. */
export type Due = 'session' | 'passkey'
export const dueOf = (session: SessionView | null, { access }: GuardOptions = {}): Due | null => {
  if (session === null) return 'session'
  return access === 'phishing-resistant' && !session.phishingResistant ? 'passkey' : null
}

type Refusal =
  | { readonly kind: 'redirect'; readonly location: string }
  | {
      readonly kind: 'problem'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }

/** A page goes to sign-in and comes back; a program gets 401 and never a page. */
export function refusalFor(auth: NightlatchAuth, request: Guarded, due: Due): Refusal {
  const { method, url } = request
  if (isNavigation(request)) {
    const back = wayBack({
      method,
      address: auth.origin + withoutAuthority(url),
      referer: request.header('referer'),
    })
    const next = back.slice(auth.origin.length)
    return { kind: 'redirect', location: due === 'session' ? auth.signInUrl(next) : auth.passkeyUrl(next) }
  }
  const challenge = { 'www-authenticate': challengeFor(request, hostOf(auth.origin)) }
  const { status, headers, body } = refuse(codes[due], { headers: challenge })
  return { kind: 'problem', status, headers, body: String(body) }
}

const codes = { session: 'not-signed-in', passkey: 'passkey-required' } as const

/** The refusal of a web `Request`. */
export function refusedResponse(auth: NightlatchAuth, request: Request, due: Due): Response {
  const { pathname, search } = new URL(request.url)
  const header = (name: string): string | undefined => request.headers.get(name) ?? undefined
  const refusal = refusalFor(auth, { method: request.method, url: pathname + search, header }, due)
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
