import {
  changePassword,
  endTrustedDevice,
  mayRenewCodes,
  renewRecoveryCodes,
} from '../../core/accounts/changes.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import type { SessionId, TrustedDeviceId } from '../../core/ids.js'
import { parseId } from '../../core/ids.js'
import type { PasswordProblem } from '../../core/accounts/password.js'
import { shortestHere } from '../../core/accounts/new-password.js'
import { endOtherSessions, endSession, liveSessions } from '../../core/sessions/session-lifetime.js'
import { isFresh } from '../../core/sessions/session.js'
import { beginSetUp, maySetUp } from '../../core/factors/totp/set-up.js'
import type { Notice, Problem } from '../../pages/index.js'
import {
  changePhonePage,
  endOtherSessionsPage,
  endSessionPage,
  endTrustedDevicePage,
  passwordPage,
  renewCodesPage,
} from '../../pages/index.js'
import { statusOf } from '../problems.js'
import { page, retryAfter, seeOther } from '../response.js'
import type { HttpResponse } from '../request.js'
import { busy, forSignedIn, signedInForm, signInIsOver, withNotice } from '../guards.js'
import { refusalPage } from '../refuse.js'
import { sessionCookies } from './sign-in.js'
import { deviceName } from '../user-agent.js'
import type { FormContext, Handler, SignedInContext, Context } from '../context.js'
import { browserOf, nowOf, policyOf, siteOf } from '../context.js'

export const notFound = (context: Context): HttpResponse => refusalPage(context, 'not-found')

/** To the page that asks for a fresh proof, and from there back to exactly this page. */
export function proveFirst(context: Context, path = context.request.path): HttpResponse {
  const { base } = context.services.site
  return seeOther(`${base}/account/confirm?next=${encodeURIComponent(base + path)}`)
}

export const change = (context: SignedInContext) => ({
  signedIn: context.signedIn,
  browser: browserOf(context),
})

export function done(context: Context, notice: Notice, cookies: readonly string[] = []): HttpResponse {
  return withNotice(context, seeOther(`${context.services.site.base}/account`, { cookies }), notice)
}

/** Pages of a change are only shown to somebody who may make it. */
export const fresh = (handler: (context: SignedInContext) => Promise<HttpResponse>): Handler =>
  forSignedIn(async (context) =>
    isFresh(policyOf(context), context.signedIn.session, nowOf(context))
      ? handler(context)
      : proveFirst(context),
  )

export const getRenewCodes: Handler = forSignedIn(async (context) => {
  if (!hasSecondFactor(context.signedIn.account)) return notFound(context)
  if (!(await mayRenewCodes(context.services.core, context.signedIn))) return proveFirst(context)
  const left = await context.services.core.queries.recoveryCodes.countLeft(context.signedIn.account.id)
  return page(renewCodesPage(siteOf(context, context.signedIn), { left, required: left === 0 }))
})

export const postRenewCodes: Handler = signedInForm(async (context) => {
  const outcome = await renewRecoveryCodes(context.services.core, change(context))
  switch (outcome.kind) {
    case 'renewed':
      return withNotice(context, seeOther(`${context.services.site.base}/mfa/recovery-codes`), {
        key: 'recovery-codes-renewed',
      })
    case 'busy':
      return busy(context)
    case 'no-second-factor':
      return notFound(context)
    case 'not-fresh':
      return proveFirst(context)
  }
})

export const getEndSession: Handler = forSignedIn(async (context) => {
  const sessions = await liveSessions(context.services.core, context.signedIn.account)
  const one = sessions.find((each) => each.id === context.id)
  if (one === undefined) return notFound(context)
  return page(
    endSessionPage(siteOf(context, context.signedIn), { id: one.id, device: deviceName(one.userAgent) }),
  )
})

export const postEndSession: Handler = signedInForm(async (context) => {
  const id = parseId<SessionId>(context.id)
  const { client } = browserOf(context)
  const ended =
    id !== null && (await endSession(context.services.core, { signedIn: context.signedIn, id, client }))
  return ended ? done(context, { key: 'session-ended-other' }) : notFound(context)
})

export const getEndOthers: Handler = forSignedIn(async (context) => {
  const count = (await liveSessions(context.services.core, context.signedIn.account)).length - 1
  return page(endOtherSessionsPage(siteOf(context, context.signedIn), { count }))
})

export const postEndOthers: Handler = signedInForm(async (context) => {
  const count = await endOtherSessions(context.services.core, context.signedIn, browserOf(context).client)
  return count === null ? signInIsOver(context) : done(context, { key: 'sessions-ended', count })
})

export const getEndTrusted: Handler = forSignedIn(async (context) => {
  const devices = await context.services.core.queries.trustedDevices.listOf(context.signedIn.account.id)
  const one = devices.find((each) => each.id === context.id)
  if (one === undefined) return notFound(context)
  return page(
    endTrustedDevicePage(siteOf(context, context.signedIn), {
      id: one.id,
      device: deviceName(one.userAgent),
    }),
  )
})

export const postEndTrusted: Handler = signedInForm(async (context) => {
  const id = parseId<TrustedDeviceId>(context.id)
  const ended = id !== null && (await endTrustedDevice(context.services.core, { ...change(context), id }))
  return ended ? done(context, { key: 'trusted-device-ended' }) : notFound(context)
})

const showPassword = (context: SignedInContext, problems: readonly Problem[] = []) =>
  passwordPage(siteOf(context, context.signedIn), {
    username: context.signedIn.account.username,
    minCharacters: shortestHere(context.services.core),
    problems,
  })

export const getPassword: Handler = fresh((context) =>
  Promise.resolve(
    context.services.core.applicationAccounts === null ? page(showPassword(context)) : notFound(context),
  ),
)

export const postPassword: Handler = signedInForm(async (context) => {
  const current = context.form.get('current_password') ?? ''
  const next = context.form.get('new_password') ?? ''
  const problems = emptyPasswords(current, next)
  if (problems.length > 0) return page(showPassword(context, problems), { status: statusOf('invalid-body') })
  const outcome = await changePassword(context.services.core, { ...change(context), current, next })
  switch (outcome.kind) {
    case 'changed':
      return done(context, { key: 'password-changed' }, sessionCookies(context, outcome))
    case 'not-fresh':
      return proveFirst(context)
    case 'busy':
      return busy(context)
    case 'over':
      return signInIsOver(context)
    case 'kept-elsewhere':
      return notFound(context)
    default:
      return refusePassword(context, outcome)
  }
})

function emptyPasswords(current: string, next: string): Problem[] {
  const problems: Problem[] = []
  if (current === '') problems.push({ key: 'password-current-empty', field: 'current_password' })
  if (next === '') problems.push({ key: 'password-new-empty', field: 'new_password' })
  return problems
}

type Refused = Exclude<
  Awaited<ReturnType<typeof changePassword>>,
  { kind: 'changed' | 'not-fresh' | 'busy' | 'over' | 'kept-elsewhere' }
>

function refusePassword(context: SignedInContext & FormContext, outcome: Refused): HttpResponse {
  if (outcome.kind === 'wait') {
    const wait = { untilSeconds: outcome.untilSeconds, nowSeconds: nowOf(context) }
    const headers = retryAfter(wait.untilSeconds, wait.nowSeconds)
    return page(showPassword(context, [{ key: 'too-many', wait }]), {
      status: statusOf('too-many-attempts'),
      headers,
    })
  }
  if (outcome.kind === 'wrong-password') {
    return page(showPassword(context, [{ key: 'password-current-wrong', field: 'current_password' }]), {
      status: statusOf('wrong-password'),
    })
  }
  return page(showPassword(context, [newPasswordProblem(context, outcome.why)]), {
    status: statusOf('bad-password'),
  })
}

export function newPasswordProblem(context: Context, why: PasswordProblem): Problem {
  const field = 'new_password'
  switch (why) {
    case 'too-short':
      return { key: 'password-short', field, min: shortestHere(context.services.core) }
    case 'too-long':
      return { key: 'password-long', field, max: policyOf(context).password.longest }
    case 'not-allowed':
      return { key: 'password-characters', field }
    case 'common':
      return { key: 'password-common', field }
    case 'own-name':
      return { key: 'password-own-name', field }
  }
}

/** Whoever has just signed in with a recovery code may replace what was lost, too. */
export const getChangePhone: Handler = forSignedIn(async (context) => {
  const { account } = context.signedIn
  if (
    maySetUp(context.services.core, { kind: 'session', signedIn: context.signedIn, account })?.why ===
    'not-fresh'
  )
    return proveFirst(context)
  const all = await context.services.core.queries.authenticators.listOf(context.signedIn.account.id)
  if (all.length === 0) return seeOther(`${context.services.site.base}/mfa/setup`)
  return page(changePhonePage(siteOf(context, context.signedIn), { authenticators: all }))
})

/** Begins a set-up that takes the old phone's place once it is confirmed; until then the old one works. */
export const postChangePhone: Handler = signedInForm(async (context) => {
  const { core, site } = context.services
  const { account } = context.signedIn
  const all = await core.queries.authenticators.listOf(account.id)
  const one = all.find((each) => each.id === context.form.get('authenticator'))
  if (one === undefined) {
    const problems: Problem[] = [{ key: 'choice-empty', field: 'authenticator' }]
    return page(changePhonePage(siteOf(context, context.signedIn), { authenticators: all, problems }), {
      status: statusOf('invalid-body'),
    })
  }
  const begun = await beginSetUp(
    core,
    { kind: 'session', signedIn: context.signedIn, account },
    { replaces: one.id },
  )
  return begun.kind === 'not-now' ? proveFirst(context) : seeOther(`${site.base}/mfa/setup`)
})
