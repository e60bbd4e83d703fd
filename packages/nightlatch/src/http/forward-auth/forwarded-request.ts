import type { HttpRequest } from '../request.js'
import type { ProblemCode } from '../problems.js'
import type { AskedFor } from '../../core/access/rules.js'
import { tryParse } from '../return-url.js'

/** What a proxy asks about. */
export type ForwardedRequest =
  /** Nothing but who is signed in: no address was named. */
  | { readonly kind: 'plain' }
  | ({
      readonly kind: 'asked'
      /** nginx cannot pass a redirect on; Traefik and Caddy can. */
      readonly dialect: 'x-forwarded' | 'x-original'
      readonly proto: 'http' | 'https'
    } & AskedFor)
  | { readonly kind: 'refused'; readonly code: ProblemCode; readonly detail: string }

const forwarded = ['x-forwarded-method', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-uri'] as const
const original = ['x-original-method', 'x-original-url'] as const
type HeaderName = (typeof forwarded)[number] | (typeof original)[number]
const headerNames: readonly HeaderName[] = [...forwarded, ...original]

const patterns: Record<HeaderName, RegExp> = {
  'x-forwarded-method': /^[A-Z][A-Z-]{0,23}$/,
  // Traefik says ws and wss for WebSockets.
  'x-forwarded-proto': /^(?:http|https|ws|wss)$/,
  'x-forwarded-host': /^(?:[a-z0-9_](?:[a-z0-9_-]|\.(?!\.))*(?<![.-])|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i,
  // No backslash, which some take for a slash; in a query it is none. And no fragment, which not everybody cuts off.
  'x-forwarded-uri': /^(?=.{1,30001}$)\/[!"$->@-[\]-~]*(?:\?[!"$-~]*)?$/,
  'x-original-method': /^[A-Z][A-Z-]{0,23}$/,
  'x-original-url': /^https?:\/\/[^/?#]{1,255}(?=.{1,30001}$)\/[!"$->@-[\]-~]*(?:\?[!"$-~]*)?$/,
}

const refuse = (code: ProblemCode, detail: string): ForwardedRequest => ({ kind: 'refused', code, detail })
const malformed = (detail: string): ForwardedRequest => refuse('forwarded-headers', detail)
/** The person wrote it, and nginx knows no refusals but 401 and 403: the rest is a 500 to it. */
const unreadable = (detail: string): ForwardedRequest => refuse('unreadable-address', detail)

interface Policy {
  readonly isTrusted: boolean
  /** The sign-in origin is https: so must be what it protects. */
  readonly secure: boolean
}

/**
 * Reads what the proxy says about the request. It counts only from a trusted proxy, every header once and in its
 * plain form: whatever two readers could understand in two ways is refused.
 */
export function readForwarded(request: HttpRequest, policy: Policy): ForwardedRequest {
  const sent = headerNames.filter((name) => request.headerCount(name) > 0)
  if (sent.length === 0) return { kind: 'plain' }
  if (!policy.isTrusted) return refuse('untrusted-proxy', `${request.peer} is no trusted proxy.`)
  const wrong = sent.find(
    (name) => request.headerCount(name) > 1 || !patterns[name].test(request.header(name) ?? ''),
  )
  if (wrong !== undefined) return wrongHeader(request, wrong)
  const read = sent.includes('x-original-url') ? readOriginal(request) : readXForwarded(request, sent)
  if (read.kind === 'refused' || !policy.secure) return read
  const proto = read.kind === 'asked' ? read.proto : (request.header('x-forwarded-proto') ?? 'https')
  if (proto === 'http' || proto === 'ws')
    return refuse('plain-http', 'The proxy received this request by plain http.')
  return read
}

function wrongHeader(request: HttpRequest, name: HeaderName): ForwardedRequest {
  const isWritten = name === 'x-original-url' && /^https?:\/\/[^/?#]+[/?#]./.test(request.header(name) ?? '')
  const refuseIt = isWritten && request.headerCount(name) === 1 ? unreadable : malformed
  return refuseIt(`${name} is malformed, empty, or there more than once.`)
}

function readXForwarded(request: HttpRequest, sent: readonly HeaderName[]): ForwardedRequest {
  // Many proxies add the host and the protocol to everything; they name no address.
  if (!sent.some((name) => /-(?:uri|method)$/.test(name))) return { kind: 'plain' }
  const missing = forwarded.find((name) => !sent.includes(name))
  if (missing !== undefined) return malformed(`${missing} is missing.`)
  const [method = '', proto = '', host = '', uri = ''] = forwarded.map((name) => request.header(name))
  return asked('x-forwarded', {
    method,
    host,
    uri,
    proto: proto === 'https' || proto === 'wss' ? 'https' : 'http',
  })
}

/** nginx passes on what the client sent as X-Forwarded-…: it must not say anything else. */
function readOriginal(request: HttpRequest): ForwardedRequest {
  const method = request.header('x-original-method')
  if (method === undefined) return malformed('x-original-method is missing.')
  const [, proto = '', host = '', uri = ''] =
    /^(https?):\/\/([^/]+)(.*)$/.exec(request.header('x-original-url') ?? '') ?? []
  if (!patterns['x-forwarded-host'].test(host)) return malformed('x-original-url has no plain host.')
  const said = [method, proto, host, uri]
  const conflict = forwarded.find((name, at) => (request.header(name) ?? said[at]) !== said[at])
  if (conflict !== undefined) return malformed(`${conflict} and x-original-url say different things.`)
  return asked('x-original', { method, host, uri, proto: proto === 'https' ? 'https' : 'http' })
}

interface Said {
  readonly method: string
  readonly proto: 'http' | 'https'
  readonly host: string
  readonly uri: string
}

/** A host that is certainly none by number, has no port that is too large, and nothing to decode. */
const plainHost = /^(?:(?!xn--)[a-z0-9_-]+\.)*(?!xn--)[a-z][a-z0-9-]*$/

function asked(dialect: 'x-forwarded' | 'x-original', said: Said): ForwardedRequest {
  const { method, host, proto, uri: path } = said
  const isAddress = plainHost.test(host) || tryParse(`${proto}://${host}${path}`) !== null
  return isAddress
    ? { kind: 'asked', dialect, method, proto, host, path }
    : (dialect === 'x-original' ? unreadable : malformed)('The forwarded address is none.')
}

/** The address that the person asked for. */
export const addressOf = ({ proto, host, path }: { proto: string; host: string; path: string }): string =>
  new URL(`${proto}://${host}${path}`).href
