import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { SignedIn } from '../core/sessions/session.js'
import { identityHeaders } from '../http/forward-auth/identity.js'
import { connectionNames, isHopByHop, isReserved, mayTrail, overridesMethod } from './names.js'
import { setsOurCookie, withoutOurCookies } from '../http/our-cookies.js'

/** What the application is told of the way the request came. */
export interface Forwarding {
  /** The client's address. */
  readonly address: string
  /** `https` and `app.example.org`, of the public origin. */
  readonly proto: string
  readonly publicHost: string
  /** The Host header that the application gets. */
  readonly host: string
  /** Some rule asks for the method: then no header may say another one. */
  readonly methodCounts: boolean
}

/** The request's headers as they go to the application. */
export function upstreamHeaders(
  request: IncomingMessage,
  person: SignedIn | null,
  forwarding: Forwarding,
): IncomingHttpHeaders {
  const { headers } = request
  const declared = connectionNames(headers.connection)
  const out: IncomingHttpHeaders = {}
  for (const name in headers) {
    if (declared.has(name) || isReserved(name) || name === 'expect') continue
    if (forwarding.methodCounts && overridesMethod(name)) continue
    out[name] = headers[name]
  }
  const cookie = withoutOurCookies(headers.cookie)
  if (cookie === undefined) delete out.cookie
  else out.cookie = cookie
  frame(request, out)
  out.host = forwarding.host
  out['x-forwarded-for'] = forwarding.address
  out['x-real-ip'] = forwarding.address
  out['x-forwarded-proto'] = forwarding.proto
  out['x-forwarded-host'] = forwarding.publicHost
  return Object.assign(out, identityHeaders(person?.account ?? null))
}

/** The body is delimited for the application as it was for us. */
function frame({ method, headers }: IncomingMessage, out: IncomingHttpHeaders): void {
  if (headers['transfer-encoding'] !== undefined) {
    out['transfer-encoding'] = 'chunked'
    delete out['content-length']
  } else {
    // Only a body in chunks has trailers; node:http throws where they are announced for another one.
    delete out.trailer
    if (out['content-length'] === undefined && method !== 'GET' && method !== 'HEAD')
      out['content-length'] = '0'
  }
  if (/(?:^|[,\s])trailers(?:$|[,;\s])/i.test(String(headers.te ?? ''))) out.te = 'trailers'
}

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || !/^0*$/.test(headers['content-length'] ?? '')

/** The application's headers as they go to the client: in their order and spelling, flat as node:http takes them. */
export function clientHeaders(
  answer: IncomingMessage,
  given: { readonly mayHaveTrailers: boolean; rewriteLocation(location: string): string },
): string[] {
  const { rawHeaders } = answer
  const declared = connectionNames(answer.headers.connection)
  const unfit = unfitting(answer, given.mayHaveTrailers)
  const out: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    const lower = name.toLowerCase()
    if (isHopByHop(lower) || declared.has(lower) || unfit.includes(lower)) continue
    if (lower === 'set-cookie' && setsOurCookie(value)) continue
    out.push(name, lower === 'location' ? given.rewriteLocation(value) : value)
  }
  return out
}

/** What the application says of the body's end that does not fit the way it goes on. */
function unfitting({ headers, statusCode }: IncomingMessage, mayHaveTrailers: boolean): readonly string[] {
  if (headers['transfer-encoding'] === undefined && statusCode !== 204) return ['trailer']
  return mayHaveTrailers ? ['content-length'] : ['content-length', 'trailer']
}

/** The trailer fields that may go on, as pairs. */
export function passableTrailers(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (mayTrail(name)) pairs.push([name, raw[at + 1] ?? ''])
  }
  return pairs
}
