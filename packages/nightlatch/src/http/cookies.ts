import type { Token } from '../core/tokens.js'
import { parseToken } from '../core/tokens.js'
import type { HttpRequest } from './request.js'

/** What a browser holds for us, each a cookie of its own. */
type CookieName = 'session' | 'sign-in' | 'device' | 'trusted' | 'invitation' | 'next' | 'notice' | 'bounces'

/**
 * Cookies are bound to this host (`__Host-`: Secure, no Domain, whole path) wherever the origin is https; plain
 * http is for loopback only, where browsers refuse the prefix.
 */
export interface Cookies {
  read(request: HttpRequest, name: CookieName): string | undefined
  token(request: HttpRequest, name: CookieName): Token | null
  set(name: CookieName, value: string, maxAgeSeconds: number): string
  clear(name: CookieName): string
  /** As the browser has it, with its prefix. */
  nameOf(name: CookieName): string
}

export function cookiesFor(secure: boolean): Cookies {
  const full = (name: CookieName): string => `${secure ? '__Host-' : ''}nightlatch-${name}`
  const attributes = `; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  const read = (request: HttpRequest, name: CookieName): string | undefined =>
    readCookie(request.header('cookie'), full(name))
  return {
    nameOf: full,
    read,
    token: (request, name) => parseToken(read(request, name)),
    set: (name, value, maxAge) => `${full(name)}=${value}; Max-Age=${String(maxAge)}${attributes}`,
    clear: (name) => `${full(name)}=; Max-Age=0${attributes}`,
  }
}

/** Only white space between here and the last semicolon, or the beginning. */
function beginsHere(header: string, at: number): boolean {
  const before = header.lastIndexOf(';', at) + 1
  return header.slice(before, at).trim() === ''
}

/** The value of one cookie. A cookie that was sent twice counts as none: we cannot know whose is whose. */
export function readCookie(header: string | undefined, name: string): string | undefined {
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
