import type { Context, Handler } from '../context.js'
import { nowOf } from '../context.js'
import type { HttpResponse } from '../request.js'
import { json, retryAfter } from '../response.js'
import { protocolRequest } from './protocol.js'

const longestBody = 64 * 1024
/** What stands on each of our own answers. */
const plain = json(null)

/** What applications ask at: the answer is the library's, with our headers on it. */
export const endpoint: Handler = async (context) => {
  try {
    return await ask(context)
  } catch (error) {
    return unable(context, error)
  }
}

/** The code is typed, and never brought along by a link: whoever sends one to somebody else would have it allowed. */
export const deviceAuthorization: Handler = async (context) => {
  const answer = await endpoint(context)
  if (answer.status !== 200 || typeof answer.body !== 'string') return answer
  const said = JSON.parse(answer.body) as Record<string, unknown>
  const { core, site } = context.services
  const interval = core.policy.deviceCode.pollSeconds
  const uris = {
    verification_uri: `${site.origin}${site.base}/device`,
    verification_uri_complete: undefined,
  }
  return { ...answer, body: JSON.stringify({ ...said, ...uris, interval }) }
}

async function ask(context: Context): Promise<HttpResponse> {
  const { request, services } = context
  const body = request.method === 'POST' ? await request.body(longestBody) : new Uint8Array()
  if (body === 'too-large') return problem(413, 'invalid_request', 'the body is too large')
  const provider = await services.provider()
  if (provider === null) return nobodyKnown(context)
  const outcome = await provider.handle(protocolRequest(context, { body }))
  if (outcome.kind !== 'answer')
    return problem(400, outcome.kind === 'refused' ? outcome.error : 'invalid_request', '')
  const { status, headers, body: text, untilSeconds } = outcome
  if (status === 404) return problem(405, 'invalid_request', 'this endpoint does not take that method')
  const answer = { ...plain, status, body: text, headers: { ...plain.headers, ...headers } }
  const isClient = status === 401 && request.path !== '/oidc/userinfo'
  const challenge = isClient ? { 'www-authenticate': headers['www-authenticate'] ?? basic(context) } : {}
  if (untilSeconds === null) return { ...answer, headers: { ...answer.headers, ...challenge } }
  const wait = retryAfter(untilSeconds, nowOf(context))
  return { ...answer, status: 429, headers: { ...answer.headers, ...wait } }
}

const nobodyKnown = (context: Context): HttpResponse => {
  const unknown = problem(401, 'invalid_client', 'no application is registered here')
  return { ...unknown, headers: { ...unknown.headers, 'www-authenticate': basic(context) } }
}

const basic = ({ services: { site } }: Context): string => `Basic realm="${site.origin}${site.base}"`

const problem = (status: number, error: string, description: string): HttpResponse =>
  json({ error, ...(description === '' ? {} : { error_description: description }) }, { status })

/** In the words of the protocol; the cause is in the log. */
function unable({ services, request }: Context, error: unknown): HttpResponse {
  const isOutage = services.isOutage(error)
  const said = { request: request.id, method: request.method }
  services.log.error(isOutage ? 'the database cannot answer' : 'a request failed', said, error)
  const code = isOutage ? 'temporarily_unavailable' : 'server_error'
  const headers = isOutage ? { 'retry-after': '5' } : {}
  return json({ error: code, reference: request.id }, { status: isOutage ? 503 : 500, headers })
}
