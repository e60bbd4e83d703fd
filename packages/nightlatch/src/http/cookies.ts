import type { Token } from '../core/tokens.js'
import { parseToken } from '../core/tokens.js'
import type { HttpRequest } from './request.js'
import { asShown } from './shown-tokens.js'

/** What a browser holds for us, each a cookie of its own. */
const cookieList = [
  'session',
  'sign-in',
  'device',
  'trusted',
  'invitation',
  'registration',
  'reset',
  'undo',
  'email',
  'next',
  'notice',
  'bounces',
  'passkey',
  'offered',
] as const
type CookieName = (typeof cookieList)[number]

export interface CookieNames {
  readonly current: string
  /** Before there was a mark in it. */
  readonly former: string
}

/** Whose cookies they are. */
interface CookieOwner {
  readonly origin: string
  /** Of the installation: all servers on one database have the same. */
  readonly mark: string
}

/**
 * A browser keeps the cookies of a host together whatever the port: where the origin has one, the name tells the
 * installations on the host apart, and they leave each other alone. Not the port itself: servers that share a database
 * take each other's cookies.
 */
function cookieNames(
  { origin, mark }: CookieOwner,
  prefix: '__Host-' | '__Secure-',
  name: string,
): CookieNames {
  const former = `${origin.startsWith('https:') ? prefix : ''}nightlatch-${name}`
  return { former, current: /:\d+$/.test(origin) ? `${former}-${mark}` : former }
}

/**
 * Cookies are bound to this host (`__Host-`: Secure, no Domain, whole path) wherever the origin is https; plain
 * http is for loopback only, where browsers refuse the prefix.
 */
export interface Cookies {
  read(request: Pick<HttpRequest, 'header'>, name: CookieName): string | undefined
  token(request: Pick<HttpRequest, 'header' | 'connection'>, name: CookieName): Token | null
  /** Several at once. */
  tokens<Name extends CookieName>(
    request: Pick<HttpRequest, 'header'>,
    names: readonly Name[],
  ): Readonly<Record<Name, Token | null>>
  set(name: CookieName, value: string, maxAgeSeconds: number): string
  clear(name: CookieName): string
  /** As the browser has it, with its prefix and its mark. */
  nameOf(name: CookieName): string
}

/**
 * The cookie of forward authentication: on the parent domain, so that every host below it shows it to its proxy.
 * It holds a token of its own that opens nothing on the sign-in host and ends with the session.
 */
export const forwardCookieNames = (owner: CookieOwner): CookieNames =>
  cookieNames(owner, '__Secure-', 'forward')

/** What outlives an upgrade: for a year it is also found under its former name. */
const lasting: readonly CookieName[] = ['session', 'device', 'trusted']

/** Made once: each request asks for two of them. */
function namesFor(owner: CookieOwner): Readonly<Record<CookieName, CookieNames>> {
  const all = cookieList.map((name) => {
    const { current, former } = cookieNames(owner, '__Host-', name)
    return [name, { current, former: lasting.includes(name) ? former : current }]
  })
  return Object.fromEntries(all) as Record<CookieName, CookieNames>
}

export function cookiesFor(owner: CookieOwner): Cookies {
  const secure = owner.origin.startsWith('https:')
  const names = namesFor(owner)
  const full = (name: CookieName): string => names[name].current
  const attributes = `; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  const readIn = (header: string | undefined, name: CookieName): string | undefined =>
    readLasting(header, names[name])
  const read: Cookies['read'] = (request, name) => readIn(request.header('cookie'), name)
  return {
    nameOf: full,
    read,
    token: (request, name) => asShown(request, read(request, name), parseToken),
    tokens: <Name extends CookieName>(request: Pick<HttpRequest, 'header'>, wanted: readonly Name[]) => {
      const header = request.header('cookie')
      const found = wanted.map((name) => readIn(header, name)).map(parseToken)
      return Object.fromEntries(wanted.map((name, at) => [name, found[at]])) as Record<Name, Token | null>
    },
    set: (name, value, maxAge) => `${full(name)}=${value}; Max-Age=${String(maxAge)}${attributes}`,
    clear: (name) => `${full(name)}=; Max-Age=0${attributes}`,
  }
}

/**
 * What a browser has kept from before there were marks. That may also be the cookie of another instance, so nobody
 * writes it or clears it, and its value is only looked up.
 */
export function readLasting(
  header: string | undefined,
  { current, former }: CookieNames,
): string | undefined {
  const own = readCookie(header, current)
  const isThere = own !== undefined || header?.includes(`${current}=`) === true
  return isThere || former === current ? own : readCookie(header, former)
}

/**
 * Only blanks and tabs between here and the last semicolon, or the beginning: the white space of RFC 6265. Whatever else
 * `trim` would take is a part of the name to browsers, and a name that begins so escapes their rules for `__Host-`.
 */
function beginsHere(header: string, at: number): boolean {
  const before = header.lastIndexOf(';', at) + 1
  return /^[ \t]*$/.test(header.slice(before, at))
}

/** The value of one cookie. A cookie that was sent twice counts as none: we cannot know whose is whose. */
function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  let found: string | undefined
  for (let at = header.indexOf(name); at >= 0; at = header.indexOf(name, at + name.length)) {
    if (header[at + name.length] !== '=' || !beginsHere(header, at)) continue
    if (found !== undefined) return undefined
    const end = header.indexOf(';', at)
    found = header.slice(at + name.length + 1, end < 0 ? undefined : end).trimEnd()
  }
  return found
}
