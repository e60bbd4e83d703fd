import { challengeFor, hostOf } from '../core/access/challenge.js'
import { isNavigation } from '../core/access/navigation.js'
import type { PagedCode, ProblemCode } from '../http/problems.js'
import { statusOf } from '../http/problems.js'
import { refusalPage, refuse } from '../http/refuse.js'
import { seeOther } from '../http/response.js'
import type { HttpResponse, HttpRequest } from '../http/request.js'
import type { Services } from '../http/services.js'
import { stepTo } from '../http/pages/destination.js'
import { queryFor } from '../http/return-url.js'
import { wayBack } from '../http/pages/way-back.js'
import type { Context } from '../http/context.js'
import type { UpstreamProblem } from './passage.js'

/** Why a request does not reach the application. People who only have to sign in, or to set up, are sent there. */
export type Refused =
  | Extract<ProblemCode, 'not-signed-in' | 'second-factor-required' | 'passkey-required'>
  | Extract<PagedCode, RefusedOnPage>

type RefusedOnPage =
  | 'no-access'
  | 'malformed-request'
  | 'unknown-method'
  | 'unavailable'
  | 'application-down'
  | 'application-slow'

/** What the application itself can be refused for. */
export const applicationProblems = {
  down: 'application-down',
  slow: 'application-slow',
} as const satisfies Record<UpstreamProblem, Refused>

/** People get a page, programs a problem of RFC 9457. */
export function refusal(services: Services, request: HttpRequest, why: Refused): HttpResponse {
  if (!isNavigation(request)) return problemOf(services, request, why)
  if (why === 'not-signed-in') return toSignIn(services, request)
  if (why === 'second-factor-required') return toStep(services, request, '/mfa/setup')
  if (why === 'passkey-required') return toStep(services, request, '/mfa/passkey-due')
  const context: Context = { services, request, id: '', query: new Map() }
  const again = { href: request.method === 'GET' ? originalOf(request) : '/', label: 'Try again' }
  return refusalPage(context, why, isOurs(why) ? { next: again, reference: request.id } : {})
}

/** The same for programs only: a WebSocket's handshake, for one. */
export function problemOf({ site }: Services, request: HttpRequest, why: Refused): HttpResponse {
  const members = isOurs(why) ? { reference: request.id } : {}
  return statusOf(why) === 401
    ? refuse(why, { headers: { 'www-authenticate': challengeFor(request, hostOf(site.origin)) } })
    : refuse(why, { members })
}

/** Whether the log says more: it is no fault of whoever asked. */
const isOurs = (why: Refused): boolean => statusOf(why) > 501

const originalOf = (request: HttpRequest): string =>
  request.path + (request.query === '' ? '' : `?${request.query}`)

function toSignIn({ site }: Services, request: HttpRequest): HttpResponse {
  return seeOther(`${site.base}/login?${queryFor(pathBack(site.origin, request))}`)
}

/** Signed in already: nothing but the cookie carries the way back through the steps. */
function toStep(services: Services, request: HttpRequest, path: string): HttpResponse {
  const step = stepTo(services, services.site.base + path, pathBack(services.site.origin, request))
  return seeOther(step.location, { cookies: [step.cookie] })
}

/** Within the one origin that we have. */
function pathBack(origin: string, request: HttpRequest): string {
  const address = origin + originalOf(request)
  return wayBack({ method: request.method, address, referer: request.header('referer') }).slice(origin.length)
}
