import type { MessageKey, MessageView, Notice } from '../pages/index.js'
import { messagePage } from '../pages/index.js'
import { page, retryAfter, seeOther, withCookies } from './response.js'
import type { Answer } from './request.js'
import type { BodyRefusal } from './bodies.js'
import { destinationOf } from './pages/destination.js'
import { queryFor } from './return-url.js'
import type { FormVisit, Handler, SignedInVisit, SigningInVisit, Visit } from './context.js'
import { asSignedIn, nowOf, signedInOf, signingInOf, siteOf, withForm } from './context.js'

/** A page that only says something. */
export const message = (visit: Visit, status: number, view: MessageView): Answer =>
  page(messagePage(siteOf(visit), view), { status })

const bodyMessages: Record<BodyRefusal['status'], MessageKey> = {
  400: 'bad-request',
  413: 'too-large',
  415: 'wrong-type',
}

export const refuseBody = (visit: Visit, refusal: BodyRefusal): Answer =>
  message(visit, refusal.status, { key: bodyMessages[refusal.status] })

/** 503: everything is busy for a moment; nothing was looked at and nothing was spent. */
export function busy(visit: Visit): Answer {
  const answer = message(visit, 503, { key: 'unavailable' })
  return { ...answer, headers: { ...answer.headers, ...retryAfter(nowOf(visit) + 2, nowOf(visit)) } }
}

export const form = (handler: (visit: FormVisit) => Promise<Answer>): Handler =>
  withForm<Visit>(handler, refuseBody)

/** Pages for signed-in people; everybody else goes to sign-in and comes back here, also from a form. */
export const forSignedIn =
  (handler: (visit: SignedInVisit) => Answer | Promise<Answer>): Handler =>
  async (visit) => {
    const signedIn = await signedInOf(visit)
    return signedIn === null ? toSignIn(visit) : await handler(asSignedIn(visit, signedIn))
  }

/** Asked before the form is read, and once more after a wait for it: the session may have ended on the way. */
export const signedInForm = (handler: (visit: SignedInVisit & FormVisit) => Promise<Answer>): Handler => {
  const whenRead = async (visit: SignedInVisit & FormVisit): Promise<Answer> => {
    const signedIn = await signedInOf(visit)
    return signedIn === null ? toSignIn(visit) : handler({ ...visit, signedIn })
  }
  return forSignedIn((visit) =>
    withForm<SignedInVisit>(visit.ask.hasArrived() ? handler : whenRead, refuseBody)(visit),
  )
}

/** Pages of the second step; whoever has not given a password goes to sign-in, whoever is done goes home. */
export const forSigningIn =
  <V extends Visit>(handler: (visit: V & SigningInVisit) => Promise<Answer>) =>
  async (visit: V): Promise<Answer> => {
    const found = await signingInOf(visit)
    if (found !== null) return handler({ ...visit, ...found })
    return signInIsDone(visit)
  }

/** Another window may have completed the sign-in: this one goes where it was to lead itself. */
async function signInIsDone(visit: Visit & Partial<FormVisit>): Promise<Answer> {
  const signedIn = await signedInOf(visit)
  return signedIn === null ? signInIsOver(visit) : seeOther(afterSignIn(visit))
}

export const signingInForm = (handler: (visit: SigningInVisit & FormVisit) => Promise<Answer>): Handler => {
  const whenRead = forSigningIn<FormVisit>(handler)
  return async (visit) => {
    const found = await signingInOf(visit)
    const whenNot = (): Promise<Answer> => signInIsDone(visit)
    if (found === null) return withForm<Visit>(signInIsDone, whenNot)(visit)
    const isHere = visit.ask.hasArrived()
    return withForm<SigningInVisit>(isHere ? handler : whenRead, refuseBody)({ ...visit, ...found })
  }
}

function toSignIn(visit: Visit): Answer {
  const { base } = visit.doors.site
  const { path, query } = visit.ask
  if (path === '/') return seeOther(`${base}/login`)
  return seeOther(`${base}/login?${queryFor(base + path + (query === '' ? '' : `?${query}`))}`)
}

/** The sign-in took too long or was ended: back to the start, with the destination kept. */
export function signInIsOver(visit: Visit & Partial<FormVisit>): Answer {
  const { cookies, site } = visit.doors
  const had = cookies.read(visit.ask, 'sign-in') !== undefined
  const next = destinationOf(visit)
  const query = next === null ? '' : `?next=${encodeURIComponent(next)}`
  const answer = seeOther(`${site.base}/login${query}`, { cookies: [cookies.clear('sign-in')] })
  return had ? withNotice(visit, answer, { key: 'sign-in-expired' }) : answer
}

export const afterSignIn = (visit: Visit & Partial<FormVisit>): string =>
  destinationOf(visit) ?? visit.doors.site.landing

/** Says something once, on the page that follows. */
export function withNotice(visit: Visit, answer: Answer, notice: Notice): Answer {
  const value = encodeURIComponent(JSON.stringify(notice))
  return withCookies(answer, [visit.doors.cookies.set('notice', value, 60)])
}

/** What is to be said on this page, and the cookie that makes it be said once only. */
export function takeNotice(visit: Visit): { notice: Notice | undefined; cookies: readonly string[] } {
  const text = visit.doors.cookies.read(visit.ask, 'notice')
  if (text === undefined) return { notice: undefined, cookies: [] }
  return { notice: parseNotice(text), cookies: [visit.doors.cookies.clear('notice')] }
}

/** The cookie may hold anything: only words that we would have put there are said. */
function parseNotice(text: string): Notice | undefined {
  try {
    const given: unknown = JSON.parse(decodeURIComponent(text))
    return isNotice(given) ? given : undefined
  } catch {
    return undefined
  }
}

function isNotice(given: unknown): given is Notice {
  if (typeof given !== 'object' || given === null) return false
  const { key, count = 0, left = 0, otherSessions = 0, name = '' } = given as Record<string, unknown>
  return (
    noticeKeys.has(key as Notice['key']) &&
    [count, left, otherSessions].every((number) => Number.isSafeInteger(number)) &&
    typeof name === 'string'
  )
}

const noticeKeys: ReadonlySet<Notice['key']> = new Set([
  'signed-out',
  'sign-in-expired',
  'authenticator-added',
  'phone-changed',
  'authenticator-renamed',
  'authenticator-removed',
  'recovery-codes-renewed',
  'recovery-code-used',
  'session-ended-other',
  'sessions-ended',
  'trusted-device-ended',
  'password-changed',
])
