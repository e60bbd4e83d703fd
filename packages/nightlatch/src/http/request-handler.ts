import { challengeFor } from '../core/access/challenge.js'
import type { Problem } from './response.js'
import { problem, strictTransport } from './response.js'
import type { Answer, Ask } from './request.js'
import { assetAnswer } from './assets.js'
import { parseForm, readableQuery } from './bodies.js'
import type { Form } from './bodies.js'
import type { Doors } from './services.js'
import { PreparedAnswer } from './response-cache.js'
import { message } from './guards.js'
import { router } from './router.js'
import { routes } from './routes.js'
import { comesFromHere, isStateChanging } from './csrf.js'
import type { MessageKey } from '../pages/index.js'
import type { Visit } from './context.js'

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const find = router(routes)

/** Whether there is anything of ours at this path below the base. */
export const isOurs = (path: string): boolean =>
  find('GET', path).kind !== 'no-such-path' || path.startsWith('/assets/')

/** From a request to its answer: everything that every request goes through. Never rejects. */
export function createDoor(doors: Doors): (ask: Ask) => Promise<Answer> {
  const { secure } = doors.site
  return async (ask) => {
    doors.noteProxy(ask)
    const { visit, route, handler } = enter(doors, ask)
    let answer: Answer
    try {
      answer = await handler(visit)
    } catch (error) {
      answer = broken(visit, error)
    }
    if (answer.status === 401) answer = withChallenge(answer, ask, doors)
    doors.metrics.request(route, answer.status)
    doors.log.debug?.('request', { request: ask.id, method: ask.method, route, status: answer.status })
    return secure && !(answer instanceof PreparedAnswer)
      ? { ...answer, headers: { ...answer.headers, ...strictTransport(secure) } }
      : answer
  }
}

function withChallenge(answer: Answer, ask: Ask, { site }: Doors): Answer {
  const challenge = { 'www-authenticate': challengeFor(ask, new URL(site.origin).host) }
  return { ...answer, headers: { ...challenge, ...answer.headers } }
}

const noQuery: Form = new Map()

interface Entered {
  readonly visit: Visit
  /** The route's path, for the counters; never what was sent. */
  readonly route: string
  handler(visit: Visit): Answer | Promise<Answer>
}

function enter(doors: Doors, ask: Ask): Entered {
  const query = queryOf(ask)
  const match = find(ask.method, ask.path)
  const visit: Visit = { doors, ask, id: match.kind === 'found' ? match.id : '', query: query ?? noQuery }
  if (match.kind === 'no-such-path') return enterElsewhere(visit)
  if (match.kind === 'wrong-method')
    return { visit, route: 'none', handler: () => wrongMethod(visit, match.allow) }
  const { path: route, handler, method } = match.route
  if (query === null) return { visit, route, handler: malformed }
  return { visit, route, handler: method === 'ANY' || mayCome(visit) ? handler : fromOtherSite }
}

/** Null where a program has to mend it. The proxy's question has none: what is in it is the person's own. */
function queryOf(ask: Ask): Form | null {
  if (ask.query === '' || ask.path === '/forward-auth') return noQuery
  return isApi(ask) ? parseForm(ask.query) : readableQuery(ask.query)
}

function enterElsewhere(visit: Visit): Entered {
  const { doors, ask } = visit
  const asset = ask.path.startsWith('/assets/') ? doors.assets.get(ask.path) : undefined
  return asset === undefined || isStateChanging(ask.method)
    ? { visit, route: 'none', handler: notFound }
    : { visit, route: 'asset', handler: () => assetAnswer(ask, asset) }
}

const mayCome = ({ ask, doors }: Visit): boolean =>
  !isStateChanging(ask.method) || comesFromHere(ask, doors.site.origin)

const notFound = (visit: Visit): Answer => refuse(visit, 404)
const malformed = (visit: Visit): Answer => refuse(visit, 400)
const fromOtherSite = (visit: Visit): Answer => refuse(visit, 403)

function wrongMethod(visit: Visit, allow: string): Answer {
  const answer = refuse(visit, methods.has(visit.ask.method) ? 405 : 501)
  return { ...answer, headers: { ...answer.headers, allow } }
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
const isApi = (ask: Ask): boolean => ask.path.startsWith('/api/') || ask.path === '/forward-auth'

function refuse(visit: Visit, status: RefusalStatus): Answer {
  const { page, problem: what } = refusals[status]
  return isApi(visit.ask) ? problem({ ...(what as Problem), status }) : message(visit, status, { key: page })
}

/** A bug or an outage: one calm sentence and a reference outside; the cause, without secrets, in the log. */
function broken(visit: Visit, error: unknown): Answer {
  const { doors, ask } = visit
  const outage = doors.outageOf(error)
  const reference = ask.id
  doors.log.error(
    outage === null ? 'a request failed' : 'the database cannot answer',
    { request: reference, method: ask.method },
    error,
  )
  const status = outage === null ? 500 : 503
  const headers: Record<string, string> =
    outage === null ? {} : { 'retry-after': String(outage.retryAfterSeconds) }
  if (isApi(ask)) {
    const title = outage === null ? 'Something went wrong here' : 'We cannot answer just now'
    return problem(
      { status, code: outage === null ? 'internal' : 'unavailable', title, reference },
      { headers },
    )
  }
  const answer = message(visit, status, { key: outage === null ? 'broken' : 'unavailable', reference })
  return { ...answer, headers: { ...answer.headers, ...headers } }
}
