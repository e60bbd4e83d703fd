import type { Token } from '../../core/tokens.js'
import { forwardTokenOf, parseForwardToken } from '../../core/tokens.js'
import type { ForwardToken } from '../../core/tokens.js'
import type { HttpRequest } from '../request.js'
import { readLasting } from '../cookies.js'
import { asShown } from '../shown-tokens.js'
import type { Services, SiteFacts } from '../services.js'

function line(site: SiteFacts, value: string, maxAgeSeconds: number): string {
  const attributes = `Path=/; Domain=${site.protectedDomain}; HttpOnly; SameSite=Lax${site.secure ? '; Secure' : ''}`
  return `${site.forwardCookie.current}=${value}; Max-Age=${String(maxAgeSeconds)}; ${attributes}`
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
  site.protectedDomain === ''
    ? null
    : asShown(request, readLasting(request.header('cookie'), site.forwardCookie), parseForwardToken)
