import type { Token } from '../../core/tokens.js'
import { forwardTokenOf, parseForwardToken } from '../../core/tokens.js'
import type { ForwardToken } from '../../core/tokens.js'
import type { HttpRequest } from '../request.js'
import { cookieNames, readLasting } from '../cookies.js'
import type { Services, SiteFacts } from '../services.js'

/**
 * The cookie of forward authentication: on the parent domain, so that every host below it shows it to its proxy.
 * It holds a token of its own that opens nothing on the sign-in host and ends with the session.
 */
const namesOf = (site: SiteFacts): ReturnType<typeof cookieNames> =>
  cookieNames({ origin: site.origin, mark: site.cookieMark }, '__Secure-', 'forward')

export const forwardCookieName = (site: SiteFacts): string => namesOf(site).current

function line(site: SiteFacts, value: string, maxAgeSeconds: number): string {
  const attributes = `Path=/; Domain=${site.protectedDomain}; HttpOnly; SameSite=Lax${site.secure ? '; Secure' : ''}`
  return `${forwardCookieName(site)}=${value}; Max-Age=${String(maxAgeSeconds)}; ${attributes}`
}

/** Set beside every session cookie; none where no parent domain is protected. */
export function forwardCookies(
  { core, site }: Pick<Services, 'core' | 'site'>,
  begun: { readonly token: Token; readonly maxAgeSeconds: number },
): readonly string[] {
  if (site.protectedDomain === '') return []
  return [line(site, forwardTokenOf(core.platform, begun.token).reveal(), begun.maxAgeSeconds)]
}

/** Goes with the session cookie. */
export const clearForwardCookies = ({ site }: Pick<Services, 'site'>): readonly string[] =>
  site.protectedDomain === '' ? [] : [line(site, '', 0)]

export const readForwardCookie = (request: HttpRequest, site: SiteFacts): ForwardToken | null =>
  site.protectedDomain === '' ? null : parseForwardToken(readLasting(request.header('cookie'), namesOf(site)))
