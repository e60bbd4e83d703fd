import { identityHeaderNames } from '../http/forward-auth/identity.js'

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

export const overridesMethod = (name: string): boolean => methodOverrides.has(fold(name))

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
const framing = new Set(['host', 'content-length', 'expect'])

export const isHopByHop = (name: string): boolean => hopByHop.has(name)

/** May never come from a client, in whatever spelling. */
export function isReserved(name: string): boolean {
  const folded = fold(name)
  if (identity.has(folded) || forwarding.has(folded) || asked.test(folded)) return true
  // Another spelling of what delimits a message is nothing but an attempt to be read differently.
  return hopByHop.has(folded) || (framing.has(folded) && folded !== name.toLowerCase())
}

/** The names that a `Connection` header declares to be of this connection only. */
export function connectionNames(header: string | undefined): ReadonlySet<string> {
  if (header === undefined || /^(?:close|keep-alive)$/i.test(header)) return nothing
  const names = header.split(',').map((name) => name.trim().toLowerCase())
  return new Set(names.filter((name) => !framing.has(name)))
}

const nothing: ReadonlySet<string> = new Set()

/** Trailer fields may carry neither identity nor framing (RFC 9110 6.5.1). */
export const mayTrail = (name: string): boolean =>
  !isReserved(name) && !framing.has(name.toLowerCase()) && !/^(?:set-)?cookie2?$|^authorization$/i.test(name)
