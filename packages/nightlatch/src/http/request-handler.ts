import { challengeFor } from '../core/access/challenge.js'
import type { Problem } from './response.js'
import { problem, strictTransport } from './response.js'
import type { HttpResponse, HttpRequest } from './request.js'
import { assetAnswer } from './assets.js'
import { parseForm, readableQuery } from './bodies.js'
import type { Form } from './bodies.js'
import type { Services } from './services.js'
import { PreparedResponse } from './response-cache.js'
import { message } from './guards.js'
import { router } from './router.js'
import { routes } from './routes.js'
import { comesFromHere, isAskedAs, isStateChanging } from './csrf.js'
import type { MessageKey } from '../pages/index.js'
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
  const { host } = new URL(origin)
  return async (request) => {
    services.noteProxy(request)
    const { context, route, handler } = enter(services, request)
    let response: HttpResponse
    try {
      response = await handler(context)
    } catch (error) {
      response = broken(context, error)
    }
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

const notFound = (context: Context): HttpResponse => refuse(context, 404)
const malformed = (context: Context): HttpResponse => refuse(context, 400)

/** Whoever opened us by another address is told the right one: there is no other way to find it out. */
function fromOtherSite(context: Context): HttpResponse {
  const { origin, base, secure } = context.services.site
  if (isApi(context.request) || isAskedAs(context.request, origin)) return refuse(context, 403)
  const address = `${origin}${base}/`
  return message(context, 403, {
    // Plain http is for loopback only, and leads nowhere on another machine.
    key: secure ? 'other-address' : 'other-address-loopback',
    next: { href: address, label: address },
  })
}

function wrongMethod(context: Context, allow: string): HttpResponse {
  const response = refuse(context, methods.has(context.request.method) ? 405 : 501)
  return { ...response, headers: { ...response.headers, allow } }
}

type RefusalStatus = 400 | 403 | 404 | 405 | 501

const refusals: Record<RefusalStatus, { page: MessageKey; problem: Omit<Problem, 'status'> }> = {
  400: { page: 'bad-request', problem: { code: 'malformed-request', title: 'The request is malformed' } },
  403: { page: 'other-site', problem: { code: 'cross-site', title: 'The request came from another site' } },
  404: { page: 'not-found', problem: { code: 'not-found', title: 'There is nothing here' } },
  405: {
    page: 'wrong-method',
    problem: { code: 'wrong-method', title: 'This address does not take this method' },
  },
  501: { page: 'wrong-method', problem: { code: 'unknown-method', title: 'This method is not known' } },
}

/** Programs ask there: they get problems and never a page. */
const isApi = (request: HttpRequest): boolean =>
  request.path.startsWith('/api/') || request.path === '/forward-auth'

function refuse(context: Context, status: RefusalStatus): HttpResponse {
  const { page, problem: what } = refusals[status]
  return isApi(context.request)
    ? problem({ ...(what as Problem), status })
    : message(context, status, { key: page })
}

/** A bug or an outage: one calm sentence and a reference outside; the cause, without secrets, in the log. */
function broken(context: Context, error: unknown): HttpResponse {
  const { services, request } = context
  const outage = services.outageOf(error)
  const reference = request.id
  services.log.error(
    outage === null ? 'a request failed' : 'the database cannot answer',
    { request: reference, method: request.method },
    error,
  )
  const status = outage === null ? 500 : 503
  const headers: Record<string, string> =
    outage === null ? {} : { 'retry-after': String(outage.retryAfterSeconds) }
  if (isApi(request)) {
    const title = outage === null ? 'Something went wrong here' : 'We cannot answer just now'
    return problem(
      { status, code: outage === null ? 'internal' : 'unavailable', title, reference },
      { headers },
    )
  }
  const response = message(context, status, { key: outage === null ? 'broken' : 'unavailable', reference })
  return { ...response, headers: { ...response.headers, ...headers } }
}
