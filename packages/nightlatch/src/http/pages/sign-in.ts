import type { SignedInNow } from '../../core/sign-in/start-session.js'
import { knownDeviceSeconds, trustedDeviceSeconds } from '../../core/sessions/trusted-device.js'
import type { FactorKind } from '../../core/factors/factor.js'
import { usableFactors, wasRecovered } from '../../core/factors/registry.js'
import type { PasswordAccepted, PasswordOutcome } from '../../core/sign-in/password-step.js'
import { givePassword } from '../../core/sign-in/password-step.js'
import type { SecondStepOutcome } from '../../core/sign-in/code-step.js'
import { giveSecondFactor } from '../../core/sign-in/code-step.js'
import { signInSeconds } from '../../core/sign-in/sign-in.js'
import type { LoginView, Notice, Problem } from '../../pages/index.js'
import { loginPage } from '../../pages/index.js'
import { page, retryAfter, seeOther, withCookies } from '../response.js'
import type { Answer } from '../request.js'
import type { Form } from '../bodies.js'
import { clearForwardCookies, forwardCookies } from '../forward-auth/cookie.js'
import { failuresOf, lockedUntil } from './code-problems.js'
import { destinationField, destinationOf, stepTo } from './destination.js'
import type { StepView } from './factors.js'
import { factorDoors, nextStepPath, othersThan } from './factors.js'
import {
  afterSignIn,
  busy,
  form,
  forSigningIn,
  signingInForm,
  signInIsOver,
  takeNotice,
  withNotice,
} from '../guards.js'
import { isTooLong } from '../return-url.js'
import type { FormVisit, Handler, SigningInVisit, Visit } from '../context.js'
import { browserOf, nowOf, signedInOf, siteOf } from '../context.js'

export const getLogin: Handler = async (visit) => {
  const next = visit.doors.nextOf(visit.query.get('next'))
  if (!visit.query.has('restart') && (await signedInOf(visit)) !== null) return alreadySignedIn(visit, next)
  const { notice = lostWayBack(visit), cookies } = takeNotice(visit)
  const said =
    notice ?? ((await visit.doors.isUnclaimed()) ? ({ key: 'no-account-yet' } as const) : undefined)
  return showLogin(visit, { next: next ?? undefined, notice: said }, { cookies })
}

/** Nobody is to find out afterwards that they land elsewhere. */
const lostWayBack = ({ query }: Visit): Notice | undefined =>
  query.get('way-back') === 'lost' || isTooLong(query.get('next') ?? '')
    ? { key: 'way-back-lost' }
    : undefined

/** Another window or a second click was faster: what was to be said about the first is no longer so. */
const alreadySignedIn = (visit: Visit, next: string | null): Answer =>
  seeOther(next ?? visit.doors.site.landing, { cookies: [visit.doors.cookies.clear('notice')] })

const showLogin = (visit: Visit, view: LoginView, extra: Parameters<typeof page>[1] = {}): Answer =>
  page(loginPage(siteOf(visit), { ...view, continueTo: applicationOf(view.next) }), {
    ...extra,
    leadsTo: view.next,
  })

/** The host of an application that sent the person here. */
const applicationOf = (next: string | undefined): string | undefined =>
  next === undefined || next.startsWith('/') ? undefined : new URL(next).host

export const postLogin: Handler = form(async (visit) => {
  const username = visit.form.get('username') ?? ''
  const password = visit.form.get('password') ?? ''
  const empty = emptyFields(username, password)
  if (empty.length > 0) return refuseLogin(visit, 422, empty)
  const outcome = await givePassword(visit.doors.core, { username, password, browser: browserOf(visit) })
  visit.doors.metrics.step('password', outcome.kind)
  return answerPassword(visit, outcome)
})

function emptyFields(username: string, password: string): Problem[] {
  const problems: Problem[] = []
  if (username.trim() === '') problems.push({ key: 'username-empty', field: 'username' })
  if (password === '') problems.push({ key: 'password-empty', field: 'password' })
  return problems
}

function answerPassword(visit: FormVisit, outcome: PasswordOutcome): Answer {
  switch (outcome.kind) {
    case 'refused':
      return refuseLogin(visit, 401, [{ key: 'wrong-pair', field: 'username' }])
    case 'wait': {
      const wait = { untilSeconds: outcome.untilSeconds, nowSeconds: nowOf(visit) }
      const answer = refuseLogin(visit, 429, [{ key: 'too-many', wait }])
      return { ...answer, headers: { ...answer.headers, ...retryAfter(wait.untilSeconds, wait.nowSeconds) } }
    }
    case 'busy':
      return busy(visit)
    case 'complete':
    case 'code-due':
    case 'set-up-due':
      return passwordAccepted(visit, outcome, visit.form)
  }
}

function refuseLogin(visit: FormVisit, status: number, problems: readonly Problem[]): Answer {
  const username = (visit.form.get('username') ?? '').slice(0, 254)
  const next = visit.doors.nextOf(visit.form.get('next')) ?? undefined
  return showLogin(visit, { username, next, problems }, { status })
}

/** What follows a right password. The destination goes into a cookie: every later step finds it there. */
export function passwordAccepted(visit: Visit, accepted: PasswordAccepted, sent: Form): Answer {
  const { cookies, site, nextOf } = visit.doors
  const next = nextOf(sent.get('next'))
  if (accepted.kind === 'complete') {
    return seeOther(next ?? site.landing, {
      cookies: [...sessionCookies(visit, accepted), cookies.clear('next')],
    })
  }
  const step = stepTo(visit.doors, nextStepPath(visit, accepted.account), next)
  return seeOther(step.location, { cookies: [signInCookie(visit, accepted), step.cookie] })
}

export const signInCookie = (visit: Visit, accepted: Exclude<PasswordAccepted, SignedInNow>): string =>
  visit.doors.cookies.set('sign-in', accepted.token.reveal(), signInSeconds)

type Begun = Pick<SignedInNow, 'token' | 'session' | 'knownDevice'> & {
  trustedDevice?: SignedInNow['trustedDevice']
}

/** The cookies of somebody who has just signed in. */
export function sessionCookies(visit: Visit, begun: Begun): readonly string[] {
  const { cookies } = visit.doors
  const maxAgeSeconds = begun.session.expiresAt - nowOf(visit)
  return [
    cookies.set('session', begun.token.reveal(), maxAgeSeconds),
    cookies.set('device', begun.knownDevice.reveal(), knownDeviceSeconds),
    ...(begun.trustedDevice
      ? [cookies.set('trusted', begun.trustedDevice.reveal(), trustedDeviceSeconds)]
      : []),
    cookies.clear('sign-in'),
    ...forwardCookies(visit.doors, { token: begun.token, maxAgeSeconds }),
  ]
}

function showStep(
  visit: SigningInVisit & Partial<FormVisit>,
  kind: FactorKind,
  view: Pick<StepView, 'problems' | 'failures'>,
) {
  const others = othersThan(kind, visit.account)
  return factorDoors[kind].showStep(visit, { ...view, others, next: destinationField(visit) })
}

/** To the page of a factor that the account has, or to the set-up of its first one. */
const elsewhere = (visit: SigningInVisit, kind: FactorKind): Answer | null =>
  usableFactors(visit.account).includes(kind) ? null : seeOther(nextStepPath(visit, visit.account))

const getStep = (kind: FactorKind): Handler =>
  forSigningIn(
    async (visit) =>
      elsewhere(visit, kind) ??
      page(await showStep(visit, kind, { problems: [], failures: 0 }), { leadsTo: destinationOf(visit) }),
  )

const postStep = (kind: FactorKind): Handler =>
  signingInForm(async (visit) => {
    const there = elsewhere(visit, kind)
    if (there !== null) return there
    const { field, metric } = factorDoors[kind]
    const outcome = await giveSecondFactor(visit.doors.core, {
      signIn: visit.signIn,
      browser: browserOf(visit),
      factor: kind,
      given: visit.form.get(field) ?? '',
      remember: visit.form.get('remember') === 'yes',
    })
    visit.doors.metrics.step(metric, outcome.kind)
    return answerSecondStep(visit, kind, outcome)
  })

export const getVerify = getStep('totp')
export const postVerify = postStep('totp')
export const getRecovery = getStep('recovery-code')
export const postRecovery = postStep('recovery-code')

/** With the last code gone, new ones come first: nobody is to lock themselves out. */
async function recovered(visit: SigningInVisit & FormVisit, outcome: SignedInNow): Promise<Answer> {
  const { core, cookies, site } = visit.doors
  const left = await core.storage.stores.recoveryCodes.countLeft(outcome.account.id)
  const to = left === 0 ? `${site.base}/account/recovery-codes/renew` : afterSignIn(visit)
  const done = left === 0 ? [] : [cookies.clear('next')]
  const answer = seeOther(to, { cookies: [...sessionCookies(visit, outcome), ...done] })
  return left === 0 ? answer : withNotice(visit, answer, { key: 'recovery-code-used', left })
}

function completed(visit: SigningInVisit & FormVisit, outcome: SignedInNow): Answer | Promise<Answer> {
  if (wasRecovered(outcome.session)) return recovered(visit, outcome)
  const cookies = [...sessionCookies(visit, outcome), visit.doors.cookies.clear('next')]
  return seeOther(afterSignIn(visit), { cookies })
}

async function answerSecondStep(
  visit: SigningInVisit & FormVisit,
  kind: FactorKind,
  outcome: SecondStepOutcome,
): Promise<Answer> {
  switch (outcome.kind) {
    case 'complete':
      return completed(visit, outcome)
    case 'over':
      return signInIsOver(visit)
    case 'busy':
      return busy(visit)
    default: {
      const refusal = factorDoors[kind].problemOf(outcome, nowOf(visit))
      const failures = failuresOf(outcome)
      return page(await showStep(visit, kind, { problems: [refusal.problem], failures }), {
        status: refusal.status,
        headers: lockedUntil(outcome, nowOf(visit)),
        leadsTo: destinationOf(visit),
      })
    }
  }
}

/** What a browser is to forget with its session. */
export const gone = ({ doors }: Visit): readonly string[] => [
  doors.cookies.clear('session'),
  doors.cookies.clear('sign-in'),
  doors.cookies.clear('next'),
  ...clearForwardCookies(doors),
]

/** Signing out is done by POST alone; a plain answer that begins the next sign-in. */
export function signedOut(visit: Visit): Answer {
  const headers = { 'clear-site-data': '"cache"' }
  return withCookies(seeOther(`${visit.doors.site.base}/login`, { headers }), gone(visit))
}
