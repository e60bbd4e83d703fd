import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Account } from '../core/accounts/account.js'
import type { SignedIn } from '../core/sessions/session.js'
import { identityHeaderNames, identityHeaders } from '../http/forward-auth/identity.js'
import { withoutOurCookies } from '../http/our-cookies.js'

/**
 * A header's name as CGI, WSGI, PHP and their kin fold it: `Remote_User`, `remote.user` and `REMOTE-USER` all
 * become HTTP_REMOTE_USER, so whoever wants to keep one out has to keep all of them out.
 */
const fold = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '-')

const identity: ReadonlySet<string> = new Set(identityHeaderNames)

/** Who the client is and what it asked for, as only a proxy may say it. */
const forwarding = new Set([
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'x-forwarded',
  'x-host',
  'x-http-host-override',
])

/** All that begins so says what the client asked for, as some other server had it before. */
const asked = /^x-(?:forwarded|original|rewrite)-/

/** From these many an application takes another method than the one that it was asked with. */
const methodOverrides = new Set(['x-http-method-override', 'x-http-method', 'x-method-override'])

const overridesMethod = (name: string): boolean => methodOverrides.has(fold(name))

/** Of one connection only (RFC 9110 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** What delimits or addresses a message: a `Connection` header must not be able to take it away. */
const framingNames = new Set(['host', 'content-length', 'expect'])

export const isHopByHop = (name: string): boolean => hopByHop.has(name)

/** May never come from a client, in whatever spelling. */
function isReserved(name: string): boolean {
  const folded = fold(name)
  if (identity.has(folded) || forwarding.has(folded) || asked.test(folded)) return true
  // Another spelling of what delimits a message is nothing but an attempt to be read differently.
  return hopByHop.has(folded) || (framingNames.has(folded) && folded !== name.toLowerCase())
}

/** The names that a `Connection` header declares to be of this connection only. */
export function connectionNames(header: string | undefined): ReadonlySet<string> {
  if (header === undefined || /^(?:close|keep-alive)$/i.test(header)) return nothing
  const names = header.split(',').map((name) => name.trim().toLowerCase())
  return new Set(names.filter((name) => !framingNames.has(name)))
}

const nothing: ReadonlySet<string> = new Set()

/** Trailer fields may carry neither identity nor framing (RFC 9110 6.5.1). */
const mayTrail = (name: string): boolean =>
  !isReserved(name) &&
  !framingNames.has(name.toLowerCase()) &&
  !/^(?:set-)?cookie2?$|^authorization$/i.test(name)

/** What the application is told of the way every request comes. */
export interface Forwarding {
  /** `https` and `app.example.org`, of the public origin. */
  readonly proto: string
  readonly publicHost: string
  /** The Host header that the application gets. */
  readonly host: string
  /** Some rule asks for the method: then no header may say another one. */
  readonly methodCounts: boolean
}

interface Forwarded {
  readonly request: IncomingMessage
  readonly person: SignedIn | null
  /** The client's. */
  readonly address: string
}

/** Names and values in turn, as both transports take them. */
export type FlatHeaders = string[]

/** The request's headers as they go to the application, but for what delimits the body. */
export function upstreamHeaders(
  { request: { headers }, person, address }: Forwarded,
  { host, proto, publicHost, methodCounts }: Forwarding,
): FlatHeaders {
  const declared = connectionNames(headers.connection)
  const out: FlatHeaders = ['host', host]
  for (const name in headers) {
    const kind = kindOf(name)
    if (kind === 'ours' || (methodCounts && kind === 'override') || declared.has(name)) continue
    const value = kind === 'cookie' ? withoutOurCookies(headers.cookie) : headers[name]
    if (typeof value === 'string') out.push(name, value)
    else for (const each of value ?? []) out.push(name, each)
  }
  if (takesTrailers(headers)) out.push('te', 'trailers')
  out.push('x-forwarded-for', address, 'x-real-ip', address)
  out.push('x-forwarded-proto', proto, 'x-forwarded-host', publicHost)
  for (const text of identityOf(person)) out.push(text)
  return out
}

const takesTrailers = ({ te }: IncomingHttpHeaders): boolean =>
  te !== undefined && /(?:^|[,\s])trailers(?:$|[,;\s])/i.test(String(te))

type Kind = 'passes' | 'cookie' | 'override' | 'ours'

/** Browsers send the same two dozen names with every request; whoever sends others must not fill the memory. */
const kinds = new Map<string, Kind>()
const mostKinds = 500

const kindOf = (name: string): Kind => kinds.get(name) ?? newKind(name)

function newKind(name: string): Kind {
  const kind = findKind(name)
  if (kinds.size < mostKinds && name.length < 100) kinds.set(name, kind)
  return kind
}

/** What we say ourselves, here or in `framed`, or nobody. */
const saidByUs = new Set(['host', 'expect', 'content-length', 'trailer'])

function findKind(name: string): Kind {
  if (saidByUs.has(name) || isReserved(name)) return 'ours'
  if (name === 'cookie') return 'cookie'
  return overridesMethod(name) ? 'override' : 'passes'
}

const nobody: readonly string[] = Object.entries(identityHeaders(null)).flat()
const identities = new WeakMap<Account, readonly string[]>()

/** The storage gives the same account again as long as nothing of it has changed. */
const identityOf = (person: SignedIn | null): readonly string[] =>
  person === null ? nobody : (identities.get(person.account) ?? newIdentity(person.account))

function newIdentity(account: Account): readonly string[] {
  const flat = Object.entries(identityHeaders(account)).flat()
  identities.set(account, flat)
  return flat
}

/** The body is delimited for the application as it was for us. */
export function framing({ method, headers }: IncomingMessage): FlatHeaders {
  if (headers['transfer-encoding'] !== undefined) {
    // Only a body in chunks has trailers; node:http throws where they are announced for another one.
    const { trailer } = headers
    return ['transfer-encoding', 'chunked', ...(trailer === undefined ? [] : ['trailer', trailer])]
  }
  const length = headers['content-length']
  if (length !== undefined) return ['content-length', length]
  return method === 'GET' || method === 'HEAD' ? [] : ['content-length', '0']
}

export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && !/^0*$/.test(length))
}

/** The trailer fields that may go on, as pairs. */
export function passableTrailers(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = String(raw[at])
    if (mayTrail(name)) pairs.push([name, String(raw[at + 1])])
  }
  return pairs
}
