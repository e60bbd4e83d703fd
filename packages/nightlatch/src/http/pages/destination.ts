import type { Services } from '../services.js'
import { tryParse } from '../return-url.js'
import type { FormContext, Context } from '../context.js'

/**
 * Where the sign-in of this window is to lead. Each page holds it in its form, so that windows side by side do not
 * take each other's; over a redirect a cookie carries it to the next page, or the address where it is too long for one.
 */
export function destinationOf(context: Context & Partial<Pick<FormContext, 'form'>>): string | null {
  const { services, form, query } = context
  const said = form?.get('next') ?? query.get('next')
  if (said !== undefined) return services.nextOf(said)
  const kept = keptNext(context)
  const before = pageBefore(context)
  if (before === null) return kept
  // Only a browser knows the fragment: it came with the form.
  return kept?.startsWith(`${before}#`) === true ? kept : before
}

/** The field of a form. Empty says that this window leads nowhere in particular, whatever another one does. */
export const destinationField = (context: Parameters<typeof destinationOf>[0]): string =>
  destinationOf(context) ?? ''

/** When the page is asked for once more, the cookie may be another window's: what led here is still this one's. */
function pageBefore({ services, request }: Context): string | null {
  const { base, origin } = services.site
  const said = request.header('referer')
  const referer = said === undefined ? null : tryParse(said)
  const isOfSignIn = referer?.origin === origin && isStep(referer.pathname, base)
  return isOfSignIn ? services.nextOf(referer.searchParams.get('next') ?? undefined) : null
}

const isStep = (path: string, base: string): boolean =>
  path === `${base}/login` || path.startsWith(`${base}/mfa/`)

/** Where this browser's latest sign-in is to lead. */
function keptNext({ services, request }: Context): string | null {
  const kept = services.cookies.read(request, 'next')
  if (kept === undefined) return null
  try {
    return services.nextOf(decodeURIComponent(kept))
  } catch {
    return null
  }
}

/** A cookie holds 4,096 bytes in every browser; the others need room in the same header. */
const longestKept = 3000

interface Step {
  readonly location: string
  readonly cookie: string
}

/** The next page of ours on the way to a destination. Set-up and recovery codes come after a sign-in may be over. */
export function stepTo({ cookies, core }: Services, address: string, next: string | null): Step {
  if (next === null) return { location: address, cookie: cookies.clear('next') }
  const value = encodeURIComponent(next)
  return value.length <= longestKept
    ? { location: address, cookie: cookies.set('next', value, 4 * core.policy.signInSeconds) }
    : { location: `${address}?next=${value}`, cookie: cookies.clear('next') }
}
