import { withCookies } from '../response.js'
import type { Answer } from '../request.js'
import { forwardCookieName, forwardCookies, readForwardCookie } from './cookie.js'
import { message } from '../guards.js'
import { tryParse } from '../return-url.js'
import type { Handler, Visit } from '../context.js'
import { nowOf, signedInOf } from '../context.js'

const mostBounces = 3
const withinSeconds = 10

/**
 * Somebody who is signed in and is sent here again and again goes round in a circle: the proxy of the application
 * does not see the cookie. After three rounds in ten seconds one page says which cookie is missing.
 */
export const breakLoops =
  (getLogin: Handler): Handler =>
  async (visit) => {
    const answer = await getLogin(visit)
    const next = visit.query.get('next')
    if (answer.status !== 303 || next === undefined || visit.doors.nextOf(next) === null) return answer
    const bounce = countBounce(visit, next)
    const cookies = [bounceCookie(visit, bounce), ...(await missingForwardCookie(visit))]
    return withCookies(bounce.count > mostBounces ? loopPage(visit, answer) : answer, cookies)
  }

interface Bounce {
  readonly count: number
  readonly firstAt: number
  /** Names the destination: windows that are opened side by side are no circle. */
  readonly tag: string
}

function countBounce(visit: Visit, next: string): Bounce {
  const now = nowOf(visit)
  const tag = visit.doors.core.world.sha256(next).slice(0, 8)
  const [count = '', firstAt = '', seen] = (visit.doors.cookies.read(visit.ask, 'bounces') ?? '').split('.')
  const goesOn = seen === tag && /^\d{1,3}$/.test(count) && now - Number(firstAt) < withinSeconds
  return goesOn
    ? { count: Number(count) + 1, firstAt: Number(firstAt), tag }
    : { count: 1, firstAt: now, tag }
}

const bounceCookie = ({ doors }: Visit, { count, firstAt, tag }: Bounce): string =>
  doors.cookies.set('bounces', `${String(count)}.${String(firstAt)}.${tag}`, withinSeconds)

/** A session that began before the parent domain was set has no cookie there: it gets one on its way back. */
async function missingForwardCookie(visit: Visit): Promise<readonly string[]> {
  const { doors, ask } = visit
  const token = doors.cookies.token(ask, 'session')
  if (token === null || readForwardCookie(ask, doors.site) !== null) return []
  const signedIn = await signedInOf(visit)
  return signedIn === null
    ? []
    : forwardCookies(doors, { token, maxAgeSeconds: signedIn.session.expiresAt - nowOf(visit) })
}

function loopPage(visit: Visit, { headers }: Answer): Answer {
  const { site, cookies } = visit.doors
  const to = tryParse(headers['location'] ?? '', site.origin)
  const isHere = to === null || to.origin === site.origin
  const name = isHere ? cookies.nameOf('session') : forwardCookieName(site)
  return message(visit, 409, {
    key: 'sign-in-loop',
    detail: `The proxy of ${to?.host ?? site.origin} asks for you at ${site.base}/forward-auth without the cookie ${name}. It must pass the header Cookie on.`,
  })
}
