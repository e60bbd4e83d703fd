import type { Application } from '../../pages/index.js'
import type { Context } from '../context.js'

/** The host of an application that `next` leads to; our own pages are paths. */
export const hostOf = (next: string | undefined): string | undefined =>
  next === undefined || next.startsWith('/') ? undefined : new URL(next).host

/**
 * The application that the person uses: the one behind us, or the one with the link that led here, where forward
 * authentication protects it. Browsers say from which origin a link was followed.
 */
export function applicationOf({ services, request }: Context): Application | undefined {
  const { base, landing, protectedDomain } = services.site
  if (landing !== `${base}/`) return { href: landing }
  if (protectedDomain === '') return undefined
  const from = services.nextOf(request.header('referer'))
  const host = hostOf(from ?? undefined)
  return from === null || host === undefined ? undefined : { href: from, host }
}
