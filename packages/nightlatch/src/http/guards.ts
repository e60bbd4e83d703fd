import type { Notice } from '../pages/index.js'
import { refusalPage } from './refuse.js'
import { seeOther, withCookies } from './response.js'
import type { HttpResponse } from './request.js'
import type { BodyRefusal } from './bodies.js'
import { readForm } from './bodies.js'
import { destinationOf } from './pages/destination.js'
import { queryFor } from './return-url.js'
import type { FormContext, Handler, SignedInContext, SigningInContext, Context } from './context.js'
import { asSignedIn, signedInOf, signingInOf, withForm } from './context.js'

const refuseBody = (context: Context, { code }: BodyRefusal): HttpResponse => refusalPage(context, code)

/** Everything is busy for a moment; nothing was looked at and nothing was spent. */
export const busy = (context: Context): HttpResponse => refusalPage(context, 'busy')

export const form = (handler: (context: FormContext) => Promise<HttpResponse>): Handler =>
  withForm<Context>(handler, refuseBody)

/** Pages for signed-in people; everybody else goes to sign-in and comes back here, also from a form. */
export const forSignedIn =
  (handler: (context: SignedInContext) => HttpResponse | Promise<HttpResponse>): Handler =>
  async (context) => {
    const signedIn = await signedInOf(context)
    return signedIn === null ? toSignIn(context) : await handler(asSignedIn(context, signedIn))
  }

/** Asked before the form is read, and once more after a wait for it: the session may have ended on the way. */
export const signedInForm = (
  handler: (context: SignedInContext & FormContext) => Promise<HttpResponse>,
): Handler => {
  const whenRead = async (context: SignedInContext & FormContext): Promise<HttpResponse> => {
    const signedIn = await signedInOf(context)
    return signedIn === null ? toSignIn(context) : handler({ ...context, signedIn })
  }
  return forSignedIn((context) =>
    withForm<SignedInContext>(context.request.hasArrived() ? handler : whenRead, refuseBody)(context),
  )
}

/** Pages of the second step; whoever has not given a password goes to sign-in, whoever is done goes home. */
export const forSigningIn =
  <V extends Context>(handler: (context: V & SigningInContext) => Promise<HttpResponse>) =>
  async (context: V): Promise<HttpResponse> => {
    const found = await signingInOf(context)
    if (found !== null) return handler({ ...context, ...found })
    return signInIsDone(context)
  }

/** Another window may have completed the sign-in: this one goes where it was to lead itself. */
async function signInIsDone(context: Context & Partial<FormContext>): Promise<HttpResponse> {
  const signedIn = await signedInOf(context)
  return signedIn === null ? signInIsOver(context) : seeOther(afterSignIn(context))
}

/** The form comes first: the sign-in may end while it is on its way, and one that has ended leads where its form says. */
export const signingInForm =
  (handler: (context: SigningInContext & FormContext) => Promise<HttpResponse>): Handler =>
  async (context) => {
    const read = await readForm(context.request)
    const found = await signingInOf(context)
    if (read.kind === 'refused') return found === null ? signInIsDone(context) : refuseBody(context, read)
    const sent = { ...context, form: read.form }
    return found === null ? signInIsDone(sent) : handler({ ...sent, ...found })
  }

function toSignIn(context: Context): HttpResponse {
  const { base } = context.services.site
  const { path, query } = context.request
  if (path === '/') return seeOther(`${base}/login`)
  return seeOther(`${base}/login?${queryFor(base + path + (query === '' ? '' : `?${query}`))}`)
}

/** The sign-in took too long or was ended: back to the start, with the destination kept. */
export function signInIsOver(context: Context & Partial<FormContext>): HttpResponse {
  const { cookies, site } = context.services
  const had = cookies.read(context.request, 'sign-in') !== undefined
  const next = destinationOf(context)
  const query = next === null ? '' : `?next=${encodeURIComponent(next)}`
  const response = seeOther(`${site.base}/login${query}`, { cookies: [cookies.clear('sign-in')] })
  return had ? withNotice(context, response, { key: 'sign-in-expired' }) : response
}

export const afterSignIn = (context: Context & Partial<FormContext>): string =>
  destinationOf(context) ?? context.services.site.landing

/** Says something once, on the page that follows. */
export function withNotice(context: Context, response: HttpResponse, notice: Notice): HttpResponse {
  const value = encodeURIComponent(JSON.stringify(notice))
  return withCookies(response, [context.services.cookies.set('notice', value, 60)])
}

/** What is to be said on this page, and the cookie that makes it be said once only. */
export function takeNotice(context: Context): { notice: Notice | undefined; cookies: readonly string[] } {
  const text = context.services.cookies.read(context.request, 'notice')
  if (text === undefined) return { notice: undefined, cookies: [] }
  return { notice: parseNotice(text), cookies: [context.services.cookies.clear('notice')] }
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
  'passkey-added',
  'passkey-removed',
  'authenticator-renamed',
  'authenticator-removed',
  'resynchronised',
  'token-added',
  'recovery-codes-renewed',
  'recovery-code-used',
  'session-ended-other',
  'sessions-ended',
  'trusted-device-ended',
  'password-changed',
  'password-set',
  'email-asked',
  'email-changed',
  'person-edit',
  'person-disable',
  'person-enable',
  'person-end-sessions',
  'person-reset-mfa',
  'person-give-token',
  'person-take-token',
  'person-remove',
  'group-renamed',
  'group-removed',
  'invitation-withdrawn',
  'application-address-added',
  'application-changed',
  'application-removed',
  'application-withdrawn',
])
