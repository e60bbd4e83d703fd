import { challengeFor } from '../core/access/challenge.js'
import { isNavigation } from '../core/access/navigation.js'
import { problem, seeOther } from '../http/response.js'
import type { HttpResponse, HttpRequest } from '../http/request.js'
import type { Services } from '../http/services.js'
import { stepTo } from '../http/pages/destination.js'
import { message } from '../http/guards.js'
import { queryFor } from '../http/return-url.js'
import { wayBack } from '../http/pages/way-back.js'
import type { MessageKey } from '../pages/index.js'
import type { Context } from '../http/context.js'

/** Why a request does not reach the application. */
export type Refused =
  | 'not-signed-in'
  | 'second-factor-required'
  | 'no-access'
  | 'malformed-request'
  | 'unknown-method'
  | 'unavailable'
  | 'application-down'
  | 'application-slow'

interface Meaning {
  readonly status: number
  readonly title: string
  /** Null: people are sent elsewhere. */
  readonly page: MessageKey | null
}

const refusals: Record<Refused, Meaning> = {
  'not-signed-in': { status: 401, page: null, title: 'Nobody is signed in here' },
  'second-factor-required': { status: 401, page: null, title: 'The second factor is still due' },
  'no-access': { status: 403, page: 'no-access', title: 'This is not for you' },
  'malformed-request': { status: 400, page: 'bad-request', title: 'The request is malformed' },
  'unknown-method': { status: 501, page: 'wrong-method', title: 'This method is not passed on' },
  unavailable: { status: 503, page: 'unavailable', title: 'We cannot answer just now' },
  'application-down': {
    status: 502,
    page: 'application-down',
    title: 'The application behind this address does not answer',
  },
  'application-slow': {
    status: 504,
    page: 'application-slow',
    title: 'The application behind this address took too long to answer',
  },
}

/** People get a page, programs a problem of RFC 9457. */
export function refusal(services: Services, request: HttpRequest, why: Refused): HttpResponse {
  if (!isNavigation(request)) return problemOf(services, request, why)
  const { status, page } = refusals[why]
  if (page === null) return why === 'not-signed-in' ? toSignIn(services, request) : toSetUp(services, request)
  const context: Context = { services, request, id: '', query: new Map() }
  const again = { href: request.method === 'GET' ? originalOf(request) : '/', label: 'Try again' }
  const view = status < 501 ? { key: page } : { key: page, next: again, reference: request.id }
  return message(context, status, view)
}

/** The same for programs only: a WebSocket's handshake, for one. */
export function problemOf({ site }: Services, request: HttpRequest, why: Refused): HttpResponse {
  const { status, title } = refusals[why]
  const headers: Record<string, string> = status === 503 ? { 'retry-after': '5' } : {}
  if (status === 401) headers['www-authenticate'] = challengeFor(request, new URL(site.origin).host)
  const reference = status >= 500 ? { reference: request.id } : {}
  return problem({ status, code: why, title, ...reference }, { headers })
}

const originalOf = (request: HttpRequest): string =>
  request.path + (request.query === '' ? '' : `?${request.query}`)

function toSignIn({ site }: Services, request: HttpRequest): HttpResponse {
  return seeOther(`${site.base}/login?${queryFor(pathBack(site.origin, request))}`)
}

/** Signed in already: nothing but the cookie carries the way back through the steps. */
function toSetUp(services: Services, request: HttpRequest): HttpResponse {
  const step = stepTo(services, `${services.site.base}/mfa/setup`, pathBack(services.site.origin, request))
  return seeOther(step.location, { cookies: [step.cookie] })
}

/** Within the one origin that we have. */
function pathBack(origin: string, request: HttpRequest): string {
  const address = origin + originalOf(request)
  return wayBack({ method: request.method, address, referer: request.header('referer') }).slice(origin.length)
}
