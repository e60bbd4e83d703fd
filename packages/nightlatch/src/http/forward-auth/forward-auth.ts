import { challengeFor, hostOf } from '../../core/access/challenge.js'
import { isNavigation } from '../../core/access/navigation.js'
import { personOf } from '../../core/access/person.js'
import { findForwardSession, findSession } from '../../core/sessions/session-lifetime.js'
import type { SignedIn } from '../../core/sessions/session.js'
import type { Demand } from '../../core/access/rules.js'
import { demandsFor, isPublic, judge, noRules } from '../../core/access/rules.js'
import type { Verdict } from '../../core/access/rules.js'
import { text } from '../response.js'
import type { HttpResponse } from '../request.js'
import { refusalPage, refuse } from '../refuse.js'
import { readForwardCookie } from './cookie.js'
import { withApplicationCookies } from './passed-cookies.js'
import { identityHeaders } from './identity.js'
import type { ForwardedRequest } from './forwarded-request.js'
import { addressOf, readForwarded } from './forwarded-request.js'
import { isTooLong, queryFor } from '../return-url.js'
import type { Handler, Context } from '../context.js'
import { wayBack } from '../pages/way-back.js'

type Readable = Exclude<ForwardedRequest, { kind: 'refused' }>

/**
 * For proxies: may this request pass, and whose is it? Asked with any method, it gives one and the same answer and
 * never reads a body.
 */
export const forwardAuth: Handler = async (context) => {
  const { services, request } = context
  const isTrusted = services.trustedProxies.has(request.peer)
  const forwarded = readForwarded(request, { isTrusted, secure: services.site.secure })
  if (forwarded.kind === 'refused') return refuse(forwarded.code, { detail: forwarded.detail })
  const demands = demandsOf(context, forwarded)
  if (demands === null) {
    const isNginx = forwarded.kind === 'asked' && forwarded.dialect === 'x-original'
    const detail = 'The address is missing, or its path cannot be read.'
    return refuse(isNginx ? 'unreadable-address' : 'forwarded-headers', { detail })
  }
  const signedIn = isPublic(demands) ? null : await whoAsks(context)
  const verdict = judge(demands, signedIn && personOf(signedIn))
  return verdict === 'allowed' || verdict === 'public'
    ? withApplicationCookies(request, passed(context, signedIn))
    : refusal(context, forwarded, verdict)
}

function passed({ services: { responseCaches } }: Context, signedIn: SignedIn | null): HttpResponse {
  if (signedIn === null) return text('', { headers: identityHeaders(null) })
  const known = responseCaches.forwardAuth.of(signedIn)
  if (known !== undefined) return known
  return responseCaches.forwardAuth.keep(signedIn, text('', { headers: identityHeaders(signedIn.account) }))
}

/** Without rules everything is for whoever is signed in, and no address is needed to say so. */
function demandsOf({ services }: Context, forwarded: Readable): readonly Demand[] | null {
  const rules = services.accessRules ?? noRules(services.core.policy)
  if (forwarded.kind === 'asked') return demandsFor(rules, forwarded)
  return rules.rules.length === 0 ? [{ access: rules.otherwise, groups: null }] : null
}

/** The session cookie on the sign-in host, the cookie of forward authentication on the others. */
async function whoAsks({ services, request }: Context): Promise<SignedIn | null> {
  const { core, cookies, site } = services
  const own = await findSession(core, cookies.token(request, 'session'))
  return own ?? findForwardSession(core, readForwardCookie(request, site))
}

type Refusing = Exclude<Verdict, 'allowed' | 'public'>

/** Only a page navigation is sent elsewhere; `fetch` and everything that is no page gets a plain refusal. */
function refusal(context: Context, forwarded: Readable, verdict: Refusing): HttpResponse {
  const { request } = context
  const sent = {
    method: forwarded.kind === 'asked' ? forwarded.method : request.method,
    header: (name: string) => request.header(name),
  }
  const navigates = forwarded.kind === 'asked' && isNavigation(sent)
  if (verdict === 'forbidden') return navigates ? refusalPage(context, 'no-access') : refuse('no-access')
  const { code, path } = dues[verdict]
  const host = forwarded.kind === 'asked' ? forwarded.host : hostOf(context.services.site.origin)
  const challenge = { 'www-authenticate': challengeFor(sent, host) }
  if (!navigates) return refuse(code, { headers: challenge })
  const address = addressOf(forwarded)
  if (isOwnPage(context, address)) return guardedByItself(context)
  const back = wayBack({ method: forwarded.method, address, referer: request.header('referer') })
  const location = pageFor(context, path, back)
  return forwarded.dialect === 'x-forwarded'
    ? text('', { status: 302, headers: { location } })
    : refuse(code, { headers: { ...challenge, location } })
}

/** What is due, and where it is given. */
const dues = {
  'sign-in': { code: 'not-signed-in', path: '/login' },
  'second-factor': { code: 'second-factor-required', path: '/mfa/setup' },
  passkey: { code: 'passkey-required', path: '/mfa/passkey-due' },
} as const

const ownUrl = ({ services: { site } }: Context): string => site.origin + site.base

/** Back to exactly the address that was asked for, if it is one that we protect. */
function pageFor(context: Context, path: string, url: string): string {
  const isOurs = isTooLong(url) || context.services.nextOf(url) !== null
  return `${ownUrl(context)}${path}${isOurs ? `?${queryFor(url)}` : ''}`
}

const isOwnPage = (context: Context, url: string): boolean =>
  url.startsWith(`${ownUrl(context)}/login`) || url.startsWith(`${ownUrl(context)}/mfa/`)

/** The sign-in page cannot be behind itself: nobody would ever get in. */
const guardedByItself = (context: Context): HttpResponse =>
  refusalPage(context, 'redirect-loop', {
    detail: `The proxy guards the sign-in page itself. It must pass ${ownUrl(context)}/ on without asking first.`,
  })
