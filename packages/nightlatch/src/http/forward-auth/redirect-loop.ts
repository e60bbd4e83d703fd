import { withCookies } from '../response.js'
import type { HttpResponse } from '../request.js'
import { forwardCookies, readForwardCookie } from './cookie.js'
import { refusalPage } from '../refuse.js'
import { tryParse } from '../return-url.js'
import type { Handler, Context } from '../context.js'
import { nowOf, signedInOf } from '../context.js'

const mostBounces = 3
const withinSeconds = 10

/**
 * Somebody who is signed in and is sent here again and again goes round in a circle: the proxy of the application
 * does not see the cookie. After three rounds in ten seconds one page says which cookie is missing.
 */
export const breakLoops =
  (getLogin: Handler): Handler =>
  async (context) => {
    const response = await getLogin(context)
    const next = context.query.get('next')
    if (response.status !== 303 || next === undefined || context.services.nextOf(next) === null)
      return response
    const bounce = countBounce(context, next)
    const cookies = [bounceCookie(context, bounce), ...(await missingForwardCookie(context))]
    return withCookies(bounce.count > mostBounces ? loopPage(context, response) : response, cookies)
  }

interface Bounce {
  readonly count: number
  readonly firstAt: number
  /** Names the destination: windows that are opened side by side are no circle. */
  readonly tag: string
}

function countBounce(context: Context, next: string): Bounce {
  const now = nowOf(context)
  const tag = context.services.core.platform.sha256(next).slice(0, 8)
  const kept = context.services.cookies.read(context.request, 'bounces') ?? ''
  const [, count, firstAt, seen] = /^(\d{1,3})\.(\d+)\.(.+)$/.exec(kept) ?? []
  const goesOn = seen === tag && now - Number(firstAt) < withinSeconds
  return goesOn
    ? { count: Number(count) + 1, firstAt: Number(firstAt), tag }
    : { count: 1, firstAt: now, tag }
}

const bounceCookie = ({ services }: Context, { count, firstAt, tag }: Bounce): string =>
  services.cookies.set('bounces', `${String(count)}.${String(firstAt)}.${tag}`, withinSeconds)

/** A session that began before the parent domain was set has no cookie there: it gets one on its way back. */
async function missingForwardCookie(context: Context): Promise<readonly string[]> {
  const { services, request } = context
  const token = services.cookies.token(request, 'session')
  if (token === null || readForwardCookie(request, services.site) !== null) return []
  const signedIn = await signedInOf(context)
  return signedIn === null
    ? []
    : forwardCookies(services, { token, maxAgeSeconds: signedIn.session.expiresAt - nowOf(context) })
}

function loopPage(context: Context, { headers }: HttpResponse): HttpResponse {
  const { site, cookies } = context.services
  const to = tryParse(headers['location'] ?? '', site.origin)
  const isHere = to === null || to.origin === site.origin
  const name = isHere ? cookies.nameOf('session') : site.forwardCookie.current
  return refusalPage(context, 'redirect-loop', {
    detail: `The proxy of ${to?.host ?? site.origin} asks for you at ${site.base}/forward-auth without the cookie ${name}. It must pass the header Cookie on.`,
  })
}
