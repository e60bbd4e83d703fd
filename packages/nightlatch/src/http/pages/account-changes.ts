import {
  changePassword,
  endTrustedDevice,
  mayRenewCodes,
  removeAuthenticator,
  renameAuthenticator,
  renewRecoveryCodes,
} from '../../core/accounts/changes.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import type { AuthenticatorId, SessionId, TrustedDeviceId } from '../../core/ids.js'
import { parseId } from '../../core/ids.js'
import { longestPassword } from '../../core/accounts/password.js'
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
  removeAuthenticatorPage,
  renamePage,
  renewCodesPage,
} from '../../pages/index.js'
import { page, retryAfter, seeOther } from '../response.js'
import type { Answer } from '../request.js'
import { busy, forSignedIn, message, signedInForm, signInIsOver, withNotice } from '../guards.js'
import { nameProblem } from './set-up.js'
import { sessionCookies } from './sign-in.js'
import { deviceName } from '../user-agent.js'
import type { FormVisit, Handler, SignedInVisit, Visit } from '../context.js'
import { browserOf, nowOf, siteOf } from '../context.js'

const notFound = (visit: Visit): Answer => message(visit, 404, { key: 'not-found' })

/** To the page that asks for a fresh proof, and from there back to exactly this page. */
export function proveFirst(visit: Visit, path = visit.ask.path): Answer {
  const { base } = visit.doors.site
  return seeOther(`${base}/account/confirm?next=${encodeURIComponent(base + path)}`)
}

const change = (visit: SignedInVisit) => ({ signedIn: visit.signedIn, browser: browserOf(visit) })

function done(visit: Visit, notice: Notice, cookies: readonly string[] = []): Answer {
  return withNotice(visit, seeOther(`${visit.doors.site.base}/account`, { cookies }), notice)
}

/** Pages of a change are only shown to somebody who may make it. */
const fresh = (handler: (visit: SignedInVisit) => Promise<Answer>): Handler =>
  forSignedIn(async (visit) =>
    isFresh(visit.signedIn.session, nowOf(visit)) ? handler(visit) : proveFirst(visit),
  )

async function ownAuthenticator(
  visit: SignedInVisit,
): Promise<{ id: AuthenticatorId; name: string; count: number } | null> {
  const all = await visit.doors.core.storage.stores.authenticators.listOf(visit.signedIn.account.id)
  const one = all.find((each) => each.id === visit.id)
  return one === undefined ? null : { id: one.id, name: one.name, count: all.length }
}

export const getRename: Handler = fresh(async (visit) => {
  const one = await ownAuthenticator(visit)
  if (one === null) return notFound(visit)
  return page(renamePage(siteOf(visit, visit.signedIn), { ...one, typed: visit.query.get('name') }))
})

export const postRename: Handler = signedInForm(async (visit) => {
  const one = await ownAuthenticator(visit)
  if (one === null) return notFound(visit)
  const name = visit.form.get('name') ?? ''
  const outcome = await renameAuthenticator(visit.doors.core, { ...change(visit), id: one.id, name })
  switch (outcome.kind) {
    case 'renamed':
      return done(visit, { key: 'authenticator-renamed', name: name.trim() })
    case 'not-there':
      return notFound(visit)
    case 'not-fresh':
      return proveFirst(visit, `${visit.ask.path}?name=${encodeURIComponent(name.slice(0, 100))}`)
    case 'bad-name': {
      const view = { ...one, typed: name.slice(0, 100), problems: [nameProblem(outcome.why, name)] }
      return page(renamePage(siteOf(visit, visit.signedIn), view), { status: 422 })
    }
  }
})

export const getRemove: Handler = fresh(async (visit) => {
  const one = await ownAuthenticator(visit)
  return one === null ? notFound(visit) : page(showRemove(visit, one))
})

const showRemove = (visit: SignedInVisit, one: { id: string; name: string; count: number }) =>
  removeAuthenticatorPage(siteOf(visit, visit.signedIn), {
    ...one,
    last: one.count === 1,
    required: visit.doors.core.policy.mfa === 'required',
  })

export const postRemove: Handler = signedInForm(async (visit) => {
  const one = await ownAuthenticator(visit)
  if (one === null) return notFound(visit)
  const outcome = await removeAuthenticator(visit.doors.core, { ...change(visit), id: one.id })
  switch (outcome.kind) {
    case 'removed':
      return done(visit, { key: 'authenticator-removed', name: one.name })
    case 'not-there':
      return notFound(visit)
    case 'last-one':
      return page(showRemove(visit, one), { status: 409 })
    case 'not-fresh':
      return proveFirst(visit)
  }
})

export const getRenewCodes: Handler = forSignedIn(async (visit) => {
  if (!hasSecondFactor(visit.signedIn.account)) return notFound(visit)
  if (!(await mayRenewCodes(visit.doors.core, visit.signedIn))) return proveFirst(visit)
  const left = await visit.doors.core.storage.stores.recoveryCodes.countLeft(visit.signedIn.account.id)
  return page(renewCodesPage(siteOf(visit, visit.signedIn), { left, required: left === 0 }))
})

export const postRenewCodes: Handler = signedInForm(async (visit) => {
  const outcome = await renewRecoveryCodes(visit.doors.core, change(visit))
  switch (outcome.kind) {
    case 'renewed':
      return withNotice(visit, seeOther(`${visit.doors.site.base}/mfa/recovery-codes`), {
        key: 'recovery-codes-renewed',
      })
    case 'busy':
      return busy(visit)
    case 'no-second-factor':
      return notFound(visit)
    case 'not-fresh':
      return proveFirst(visit)
  }
})

export const getEndSession: Handler = forSignedIn(async (visit) => {
  const sessions = await liveSessions(visit.doors.core, visit.signedIn.account)
  const one = sessions.find((each) => each.id === visit.id)
  if (one === undefined) return notFound(visit)
  return page(
    endSessionPage(siteOf(visit, visit.signedIn), { id: one.id, device: deviceName(one.userAgent) }),
  )
})

export const postEndSession: Handler = signedInForm(async (visit) => {
  const id = parseId<SessionId>(visit.id)
  const { client } = browserOf(visit)
  const ended = id !== null && (await endSession(visit.doors.core, { signedIn: visit.signedIn, id, client }))
  return ended ? done(visit, { key: 'session-ended-other' }) : notFound(visit)
})

export const getEndOthers: Handler = forSignedIn(async (visit) => {
  const count = (await liveSessions(visit.doors.core, visit.signedIn.account)).length - 1
  return page(endOtherSessionsPage(siteOf(visit, visit.signedIn), { count }))
})

export const postEndOthers: Handler = signedInForm(async (visit) => {
  const count = await endOtherSessions(visit.doors.core, visit.signedIn, browserOf(visit).client)
  return done(visit, { key: 'sessions-ended', count })
})

export const getEndTrusted: Handler = forSignedIn(async (visit) => {
  const devices = await visit.doors.core.storage.stores.trustedDevices.listOf(visit.signedIn.account.id)
  const one = devices.find((each) => each.id === visit.id)
  if (one === undefined) return notFound(visit)
  return page(
    endTrustedDevicePage(siteOf(visit, visit.signedIn), { id: one.id, device: deviceName(one.userAgent) }),
  )
})

export const postEndTrusted: Handler = signedInForm(async (visit) => {
  const id = parseId<TrustedDeviceId>(visit.id)
  const ended = id !== null && (await endTrustedDevice(visit.doors.core, { ...change(visit), id }))
  return ended ? done(visit, { key: 'trusted-device-ended' }) : notFound(visit)
})

const showPassword = (visit: SignedInVisit, problems: readonly Problem[] = []) =>
  passwordPage(siteOf(visit, visit.signedIn), {
    username: visit.signedIn.account.username,
    minCharacters: shortestHere(visit.doors.core),
    problems,
  })

export const getPassword: Handler = fresh((visit) =>
  Promise.resolve(
    visit.doors.core.applicationAccounts === null ? page(showPassword(visit)) : notFound(visit),
  ),
)

export const postPassword: Handler = signedInForm(async (visit) => {
  const current = visit.form.get('current_password') ?? ''
  const next = visit.form.get('new_password') ?? ''
  const problems = emptyPasswords(current, next)
  if (problems.length > 0) return page(showPassword(visit, problems), { status: 422 })
  const outcome = await changePassword(visit.doors.core, { ...change(visit), current, next })
  switch (outcome.kind) {
    case 'changed':
      return done(visit, { key: 'password-changed' }, sessionCookies(visit, outcome))
    case 'not-fresh':
      return proveFirst(visit)
    case 'busy':
      return busy(visit)
    case 'over':
      return signInIsOver(visit)
    case 'kept-elsewhere':
      return notFound(visit)
    default:
      return refusePassword(visit, outcome)
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

function refusePassword(visit: SignedInVisit & FormVisit, outcome: Refused): Answer {
  if (outcome.kind === 'wait') {
    const wait = { untilSeconds: outcome.untilSeconds, nowSeconds: nowOf(visit) }
    const headers = retryAfter(wait.untilSeconds, wait.nowSeconds)
    return page(showPassword(visit, [{ key: 'too-many', wait }]), { status: 429, headers })
  }
  if (outcome.kind === 'wrong-password') {
    return page(showPassword(visit, [{ key: 'password-current-wrong', field: 'current_password' }]), {
      status: 401,
    })
  }
  return page(showPassword(visit, [newPasswordProblem(visit, outcome.why)]), { status: 422 })
}

export function newPasswordProblem(visit: Visit, why: PasswordProblem): Problem {
  const field = 'new_password'
  switch (why) {
    case 'too-short':
      return { key: 'password-short', field, min: shortestHere(visit.doors.core) }
    case 'too-long':
    case 'not-allowed':
      return { key: 'password-long', field, max: longestPassword }
    case 'common':
      return { key: 'password-common', field }
    case 'own-name':
      return { key: 'password-own-name', field }
  }
}

/** Whoever has just signed in with a recovery code may replace what was lost, too. */
export const getChangePhone: Handler = forSignedIn(async (visit) => {
  const { account } = visit.signedIn
  if (maySetUp(visit.doors.core, { kind: 'session', signedIn: visit.signedIn, account })?.why === 'not-fresh')
    return proveFirst(visit)
  const all = await visit.doors.core.storage.stores.authenticators.listOf(visit.signedIn.account.id)
  if (all.length === 0) return seeOther(`${visit.doors.site.base}/mfa/setup`)
  return page(changePhonePage(siteOf(visit, visit.signedIn), { authenticators: all }))
})

/** Begins a set-up that takes the old phone's place once it is confirmed; until then the old one works. */
export const postChangePhone: Handler = signedInForm(async (visit) => {
  const { core, site } = visit.doors
  const { account } = visit.signedIn
  const all = await core.storage.stores.authenticators.listOf(account.id)
  const one = all.find((each) => each.id === visit.form.get('authenticator'))
  if (one === undefined) {
    const problems: Problem[] = [{ key: 'choice-empty', field: 'authenticator' }]
    return page(changePhonePage(siteOf(visit, visit.signedIn), { authenticators: all, problems }), {
      status: 422,
    })
  }
  const begun = await beginSetUp(
    core,
    { kind: 'session', signedIn: visit.signedIn, account },
    { replaces: one.id },
  )
  return begun.kind === 'not-now' ? proveFirst(visit) : seeOther(`${site.base}/mfa/setup`)
})
