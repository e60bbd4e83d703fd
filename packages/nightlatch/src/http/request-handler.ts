import { challengeFor, hostOf } from '../core/access/challenge.js'
import type { PagedCode } from './problems.js'
import { refusalPage, refuse } from './refuse.js'
import { strictTransport } from './response.js'
import type { HttpResponse, HttpRequest } from './request.js'
import { assetAnswer } from './assets.js'
import { parseForm, readableQuery } from './bodies.js'
import type { Form } from './bodies.js'
import type { Services } from './services.js'
import { PreparedResponse } from './response-cache.js'
import { router } from './router.js'
import { routes } from './routes.js'
import { comesFromHere, isAskedAs, isStateChanging } from './csrf.js'
import { withApplication } from './oidc/waiting.js'
import type { Context } from './context.js'

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const find = router(routes)

/** Whether there is anything of ours at this path below the base. */
export const isOurs = (path: string): boolean =>
  find('GET', path).kind !== 'no-such-path' || path.startsWith('/assets/')

/** From a request to its answer: everything that every request goes through. Never rejects. */
export function createRequestHandler(services: Services): (request: HttpRequest) => Promise<HttpResponse> {
  const transport = strictTransport(services.site)
  const { secure, origin } = services.site
  const host = hostOf(origin)
  return async (request) => {
    services.noteProxy(request)
    const { context, route, handler } = enter(services, request)
    let response: HttpResponse
    try {
      response = await handler(context)
    } catch (error) {
      response = broken(context, error)
    }
    if (response.waitsFor !== undefined) response = await withApplication(context, response)
    if (response.status === 401) response = withChallenge(response, request, host)
    services.metrics.request(route, response.status)
    services.log.debug?.('request', {
      request: request.id,
      method: request.method,
      route,
      status: response.status,
    })
    return secure && !(response instanceof PreparedResponse)
      ? { ...response, headers: { ...response.headers, ...transport } }
      : response
  }
}

function withChallenge(response: HttpResponse, request: HttpRequest, host: string): HttpResponse {
  const challenge = { 'www-authenticate': challengeFor(request, host) }
  return { ...response, headers: { ...challenge, ...response.headers } }
}

const noQuery: Form = new Map()

interface Entered {
  readonly context: Context
  /** The route's path, for the counters; never what was sent. */
  readonly route: string
  handler(context: Context): HttpResponse | Promise<HttpResponse>
}

function enter(services: Services, request: HttpRequest): Entered {
  const query = queryOf(request)
  const match = find(request.method, request.path)
  const context: Context = {
    services,
    request,
    id: match.kind === 'found' ? match.id : '',
    query: query ?? noQuery,
  }
  if (match.kind === 'no-such-path') return enterElsewhere(context)
  if (match.kind === 'wrong-method')
    return { context, route: 'none', handler: () => wrongMethod(context, match.allow) }
  const { path: route, handler, method } = match.route
  if (query === null) return { context, route, handler: malformed }
  return { context, route, handler: method === 'ANY' || mayCome(context) ? handler : fromOtherSite }
}

/** Null where a program has to mend it. The proxy's question has none: what is in it is the person's own. */
function queryOf(request: HttpRequest): Form | null {
  if (request.query === '' || request.path === '/forward-auth') return noQuery
  return isApi(request) ? parseForm(request.query) : readableQuery(request.query)
}

function enterElsewhere(context: Context): Entered {
  const { services, request } = context
  const asset = request.path.startsWith('/assets/') ? services.assets.get(request.path) : undefined
  return asset === undefined || isStateChanging(request.method)
    ? { context, route: 'none', handler: notFound }
    : { context, route: 'asset', handler: () => assetAnswer(request, asset) }
}

const mayCome = ({ request, services }: Context): boolean =>
  !isStateChanging(request.method) || comesFromHere(request, services.site.origin)

const notFound = (context: Context): HttpResponse => refusal(context, 'not-found')
const malformed = (context: Context): HttpResponse => refusal(context, 'malformed-request')

/** Whoever opened us by another address is told the right one: there is no other way to find it out. */
function fromOtherSite(context: Context): HttpResponse {
  const { origin, base, secure } = context.services.site
  if (isApi(context.request) || isAskedAs(context.request, origin)) return refusal(context, 'cross-site')
  const address = `${origin}${base}/`
  return refusalPage(context, 'cross-site', {
    // Plain http is for loopback only, and leads nowhere on another machine.
    key: secure ? 'other-address' : 'other-address-loopback',
    next: { href: address, label: address },
  })
}

function wrongMethod(context: Context, allow: string): HttpResponse {
  const isKnown = methods.has(context.request.method)
  const response = refusal(context, isKnown ? 'wrong-method' : 'unknown-method')
  return { ...response, headers: { ...response.headers, allow } }
}

/** Programs ask there: they get problems and never a page. */
const isApi = (request: HttpRequest): boolean =>
  request.path.startsWith('/api/') || request.path === '/forward-auth'

const refusal = (context: Context, code: PagedCode, reference?: string): HttpResponse =>
  isApi(context.request)
    ? refuse(code, reference === undefined ? {} : { members: { reference } })
    : refusalPage(context, code, { reference })

/** A bug or an outage: one calm sentence and a reference outside; the cause, without secrets, in the log. */
function broken(context: Context, error: unknown): HttpResponse {
  const { services, request } = context
  const isOutage = services.isOutage(error)
  services.log.error(
    isOutage ? 'the database cannot answer' : 'a request failed',
    { request: request.id, method: request.method },
    error,
  )
  return refusal(context, isOutage ? 'unavailable' : 'internal', request.id)
}
