import { challengeFor } from '../../core/access/challenge.js'
import { isNavigation } from '../../core/access/navigation.js'
import { hasTwoFactors } from '../../core/factors/registry.js'
import { findForwardSession, findSession } from '../../core/sessions/session-lifetime.js'
import type { SignedIn } from '../../core/sessions/session.js'
import type { AccessRules, Demand } from '../../core/access/rules.js'
import { demandsFor, isPublic, judge } from '../../core/access/rules.js'
import type { Verdict } from '../../core/access/rules.js'
import { text } from '../response.js'
import type { Answer } from '../request.js'
import { refuse } from '../api/problems.js'
import { readForwardCookie } from './cookie.js'
import { withApplicationCookies } from './passed-cookies.js'
import { identityHeaders } from './identity.js'
import type { ForwardedRequest } from './forwarded-request.js'
import { addressOf, readForwarded } from './forwarded-request.js'
import { message } from '../guards.js'
import { isTooLong, queryFor } from '../return-url.js'
import type { Handler, Visit } from '../context.js'
import { wayBack } from '../pages/way-back.js'

type Readable = Exclude<ForwardedRequest, { kind: 'refused' }>

/**
 * For proxies: may this request pass, and whose is it? Asked with any method, it gives one and the same answer and
 * never reads a body.
 */
export const forwardAuth: Handler = async (visit) => {
  const { doors, ask } = visit
  const isTrusted = doors.isTrustedProxy(ask.peer)
  const request = readForwarded(ask, { isTrusted, secure: doors.site.secure })
  if (request.kind === 'refused') return refuse(request.code, { detail: request.detail })
  const demands = demandsOf(visit, request)
  if (demands === null)
    return refuse('forwarded-headers', { detail: 'The address is missing, or its path cannot be read.' })
  const signedIn = isPublic(demands) ? null : await personOf(visit)
  const verdict = judge(demands, signedIn && personFor(signedIn))
  return verdict === 'allowed' || verdict === 'public'
    ? withApplicationCookies(ask, passed(visit, signedIn))
    : refusal(visit, request, verdict)
}

function passed({ doors: { kept } }: Visit, signedIn: SignedIn | null): Answer {
  if (signedIn === null) return text('', { headers: identityHeaders(null) })
  const known = kept.forwardAuth.of(signedIn)
  if (known !== undefined) return known
  return kept.forwardAuth.keep(signedIn, text('', { headers: identityHeaders(signedIn.account) }))
}

const personFor = ({ account, session }: SignedIn) => ({
  groups: account.groups,
  hasTwoFactors: hasTwoFactors(session),
})

/** Without rules everything is for whoever is signed in, and no address is needed to say so. */
function demandsOf({ doors }: Visit, request: Readable): readonly Demand[] | null {
  const access = doors.core.policy.mfa === 'required' ? 'two-factors' : 'one-factor'
  const rules: AccessRules = doors.accessRules ?? { rules: [], otherwise: access }
  if (request.kind === 'asked') return demandsFor(rules, request)
  return rules.rules.length === 0 ? [{ access: rules.otherwise, groups: null }] : null
}

/** The session cookie on the sign-in host, the cookie of forward authentication on the others. */
async function personOf({ doors, ask }: Visit): Promise<SignedIn | null> {
  const { core, cookies, site } = doors
  const own = await findSession(core, cookies.token(ask, 'session'))
  return own ?? findForwardSession(core, readForwardCookie(ask, site))
}

type Refusing = Exclude<Verdict, 'allowed' | 'public'>

/** Only a page navigation is sent elsewhere; `fetch` and everything that is no page gets a plain refusal. */
function refusal(visit: Visit, request: Readable, verdict: Refusing): Answer {
  const { ask } = visit
  const sent = {
    method: request.kind === 'asked' ? request.method : ask.method,
    header: (name: string) => ask.header(name),
  }
  const navigates = request.kind === 'asked' && isNavigation(sent)
  if (verdict === 'forbidden')
    return navigates ? message(visit, 403, { key: 'no-access' }) : refuse('no-access')
  const code = verdict === 'sign-in' ? 'not-signed-in' : 'second-factor-required'
  const host = request.kind === 'asked' ? request.host : new URL(visit.doors.site.origin).host
  const challenge = { 'www-authenticate': challengeFor(sent, host) }
  if (!navigates) return refuse(code, { headers: challenge })
  const address = addressOf(request)
  if (isOwnPage(visit, address)) return guardedByItself(visit)
  const back = wayBack({ method: request.method, address, referer: ask.header('referer') })
  const location = pageFor(visit, verdict === 'sign-in' ? '/login' : '/mfa/setup', back)
  return request.dialect === 'x-forwarded'
    ? text('', { status: 302, headers: { location } })
    : refuse(code, { headers: { ...challenge, location } })
}

const ownUrl = ({ doors: { site } }: Visit): string => site.origin + site.base

/** Back to exactly the address that was asked for, if it is one that we protect. */
function pageFor(visit: Visit, path: '/login' | '/mfa/setup', url: string): string {
  const isOurs = isTooLong(url) || visit.doors.nextOf(url) !== null
  return `${ownUrl(visit)}${path}${isOurs ? `?${queryFor(url)}` : ''}`
}

const isOwnPage = (visit: Visit, url: string): boolean =>
  url.startsWith(`${ownUrl(visit)}/login`) || url.startsWith(`${ownUrl(visit)}/mfa/`)

/** The sign-in page cannot be behind itself: nobody would ever get in. */
const guardedByItself = (visit: Visit): Answer =>
  message(visit, 409, {
    key: 'sign-in-loop',
    detail: `The proxy guards the sign-in page itself. It must pass ${ownUrl(visit)}/ on without asking first.`,
  })
