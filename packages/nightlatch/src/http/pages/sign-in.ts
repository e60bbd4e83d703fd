import type { SignedInNow } from '../../core/sign-in/start-session.js'
import type { FactorKind } from '../../core/factors/factor.js'
import { usableFactors, wasRecovered } from '../../core/factors/registry.js'
import type { PasswordAccepted, PasswordOutcome } from '../../core/sign-in/password-step.js'
import { offersReset } from '../../core/accounts/password-reset.js'
import { givePassword } from '../../core/sign-in/password-step.js'
import type { SecondStepOutcome } from '../../core/sign-in/code-step.js'
import { giveSecondFactor } from '../../core/sign-in/code-step.js'
import type { LoginView, Notice, Problem } from '../../pages/index.js'
import { loginPage } from '../../pages/index.js'
import type { ProblemCode } from '../problems.js'
import { statusOf } from '../problems.js'
import { page, retryAfter, seeOther, withCookies } from '../response.js'
import type { HttpResponse } from '../request.js'
import type { Form } from '../bodies.js'
import { clearForwardCookies, forwardCookies } from '../forward-auth/cookie.js'
import { failuresOf, lockedUntil } from './code-problems.js'
import { waitingFor } from '../oidc/waiting.js'
import { hostOf } from './application.js'
import { askAnybody, askKnownPerson } from './passkeys.js'
import { destinationField, destinationOf, stepTo } from './destination.js'
import type { StepView } from './factors.js'
import { dueOf, toDuePassword } from './due-password.js'
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
import type { FormContext, Handler, SigningInContext, Context } from '../context.js'
import { browserOf, nowOf, policyOf, signedInOf, siteOf } from '../context.js'

export const getLogin: Handler = async (context) => {
  const next = context.services.nextOf(context.query.get('next'))
  if (!context.query.has('restart') && (await signedInOf(context)) !== null)
    return alreadySignedIn(context, next)
  if (!context.query.has('restart') && (await dueOf(context)) !== null) return toDuePassword(context, next)
  const { notice = lostWayBack(context), cookies } = takeNotice(context)
  const said =
    notice ?? ((await context.services.isUnclaimed()) ? ({ key: 'no-account-yet' } as const) : undefined)
  return showLogin(context, { next: next ?? undefined, notice: said }, { cookies })
}

/** Nobody is to find out afterwards that they land elsewhere. */
const lostWayBack = ({ query }: Context): Notice | undefined =>
  query.get('way-back') === 'lost' || isTooLong(query.get('next') ?? '')
    ? { key: 'way-back-lost' }
    : undefined

/** Another window or a second click was faster: what was to be said about the first is no longer so. */
const alreadySignedIn = (context: Context, next: string | null): HttpResponse =>
  seeOther(next ?? context.services.site.landing, { cookies: [context.services.cookies.clear('notice')] })

export async function showLogin(
  context: Context,
  view: LoginView,
  extra: Parameters<typeof page>[1] = {},
): Promise<HttpResponse> {
  const { passkey, cookies } = askAnybody(context)
  const { mode } = context.services.core.policy.registration
  const offersRegistration = mode === 'approval' || mode === 'domain'
  const waiting = await waitingFor(context, view.next)
  const username = view.username ?? waiting?.loginHint
  const continueTo = waiting?.application.name ?? hostOf(view.next)
  const offers = { offersRegistration, offersReset: offersReset(context.services.core) }
  const shown = { ...view, username, passkey, ...offers, continueTo }
  return page(loginPage(siteOf(context), shown), {
    ...extra,
    cookies: [...(extra.cookies ?? []), ...cookies],
    leadsTo: view.next,
  })
}

export const postLogin: Handler = form(async (context) => {
  const username = context.form.get('username') ?? ''
  const password = context.form.get('password') ?? ''
  const empty = emptyFields(username, password)
  if (empty.length > 0) return refuseLogin(context, 'invalid-body', empty)
  const outcome = await givePassword(context.services.core, {
    username,
    password,
    browser: browserOf(context),
  })
  context.services.metrics.step('password', outcome.kind)
  return answerPassword(context, outcome)
})

function emptyFields(username: string, password: string): Problem[] {
  const problems: Problem[] = []
  if (username.trim() === '') problems.push({ key: 'username-empty', field: 'username' })
  if (password === '') problems.push({ key: 'password-empty', field: 'password' })
  return problems
}

async function answerPassword(context: FormContext, outcome: PasswordOutcome): Promise<HttpResponse> {
  switch (outcome.kind) {
    case 'refused':
      return refuseLogin(context, 'wrong-credentials', [{ key: 'wrong-pair', field: 'username' }])
    case 'wait': {
      const wait = { untilSeconds: outcome.untilSeconds, nowSeconds: nowOf(context) }
      const response = await refuseLogin(context, 'too-many-attempts', [{ key: 'too-many', wait }])
      return {
        ...response,
        headers: { ...response.headers, ...retryAfter(wait.untilSeconds, wait.nowSeconds) },
      }
    }
    case 'busy':
      return busy(context)
    case 'waiting':
      return seeOther(`${context.services.site.base}/register/waiting`)
    case 'complete':
    case 'code-due':
    case 'set-up-due':
      return passwordAccepted(context, outcome, context.form)
  }
}

function refuseLogin(
  context: FormContext,
  code: ProblemCode,
  problems: readonly Problem[],
): Promise<HttpResponse> {
  const username = (context.form.get('username') ?? '').slice(0, 254)
  const next = context.services.nextOf(context.form.get('next')) ?? undefined
  return showLogin(context, { username, next, problems }, { status: statusOf(code) })
}

/** What follows a right password. The destination goes into a cookie: every later step finds it there. */
export function passwordAccepted(context: Context, accepted: PasswordAccepted, sent: Form): HttpResponse {
  const { cookies, site, nextOf } = context.services
  const next = nextOf(sent.get('next'))
  if (accepted.kind === 'complete') {
    return seeOther(next ?? site.landing, {
      cookies: [...sessionCookies(context, accepted), cookies.clear('next')],
    })
  }
  const step = stepTo(context.services, nextStepPath(context, accepted.account), next)
  return seeOther(step.location, { cookies: [signInCookie(context, accepted), step.cookie] })
}

export const signInCookie = (context: Context, accepted: Exclude<PasswordAccepted, SignedInNow>): string =>
  context.services.cookies.set('sign-in', accepted.token.reveal(), policyOf(context).signInSeconds)

type Begun = Pick<SignedInNow, 'token' | 'session' | 'knownDevice'> & {
  trustedDevice?: SignedInNow['trustedDevice']
}

/** The cookies of somebody who has just signed in. */
export function sessionCookies(context: Context, begun: Begun): readonly string[] {
  const { cookies, core } = context.services
  const { knownDevice, trustedDevice } = core.policy
  const maxAgeSeconds = begun.session.expiresAt - core.platform.nowSeconds()
  const [token, device] = [begun.token.reveal(), begun.knownDevice.reveal()]
  return [
    cookies.set('session', token, maxAgeSeconds),
    cookies.set('device', device, knownDevice.seconds),
    ...(begun.trustedDevice
      ? [cookies.set('trusted', begun.trustedDevice.reveal(), trustedDevice.seconds)]
      : []),
    cookies.clear('sign-in'),
    ...forwardCookies(context.services, { token: begun.token, maxAgeSeconds }),
  ]
}

async function showStep(
  context: SigningInContext & Partial<FormContext>,
  kind: FactorKind,
  {
    extra = {},
    ...view
  }: Pick<StepView, 'problems' | 'failures'> & { readonly extra?: Parameters<typeof page>[1] },
): Promise<HttpResponse> {
  const { account, signIn } = context
  const asked = await askKnownPerson(context, { account, purpose: 'second-step', owner: signIn.id })
  const others = othersThan(kind, context, account)
  const shown = { ...view, others, passkey: asked.passkey, next: destinationField(context) }
  const html = await factorDoors[kind].showStep(context, shown)
  return page(html, { ...extra, cookies: asked.cookies, leadsTo: destinationOf(context) })
}

/** To the page of a factor that the account has, or to the set-up of its first one. */
const elsewhere = (context: SigningInContext, kind: FactorKind): HttpResponse | null =>
  usableFactors(context.services.core, context.account).includes(kind)
    ? null
    : seeOther(nextStepPath(context, context.account))

const getStep = (kind: FactorKind): Handler =>
  forSigningIn(
    async (context) =>
      elsewhere(context, kind) ?? (await showStep(context, kind, { problems: [], failures: 0 })),
  )

const postStep = (kind: FactorKind): Handler =>
  signingInForm(async (context) => {
    const there = elsewhere(context, kind)
    if (there !== null) return there
    const { field, metric } = factorDoors[kind]
    const outcome = await giveSecondFactor(context.services.core, {
      signIn: context.signIn,
      browser: browserOf(context),
      factor: kind,
      given: context.form.get(field) ?? '',
      remember: context.form.get('remember') === 'yes',
    })
    context.services.metrics.step(metric, outcome.kind)
    return answerSecondStep(context, kind, outcome)
  })

export const getVerify = getStep('totp')
export const postVerify = postStep('totp')
export const getPasskeyStep = getStep('passkey')
export const postPasskeyStep = postStep('passkey')
export const getRecovery = getStep('recovery-code')
export const postRecovery = postStep('recovery-code')

/** With the last code gone, new ones come first: nobody is to lock themselves out. */
async function recovered(
  context: SigningInContext & FormContext,
  outcome: SignedInNow,
): Promise<HttpResponse> {
  const { core, cookies, site } = context.services
  const left = await core.queries.recoveryCodes.countLeft(outcome.account.id)
  const to = left === 0 ? `${site.base}/account/recovery-codes/renew` : afterSignIn(context)
  const done = left === 0 ? [] : [cookies.clear('next')]
  const response = seeOther(to, { cookies: [...sessionCookies(context, outcome), ...done] })
  return left === 0 ? response : withNotice(context, response, { key: 'recovery-code-used', left })
}

function completed(
  context: SigningInContext & FormContext,
  outcome: SignedInNow,
): HttpResponse | Promise<HttpResponse> {
  if (wasRecovered(outcome.session)) return recovered(context, outcome)
  const cookies = [...sessionCookies(context, outcome), context.services.cookies.clear('next')]
  return seeOther(afterSignIn(context), { cookies })
}

async function answerSecondStep(
  context: SigningInContext & FormContext,
  kind: FactorKind,
  outcome: SecondStepOutcome,
): Promise<HttpResponse> {
  switch (outcome.kind) {
    case 'complete':
      return completed(context, outcome)
    case 'over':
      return signInIsOver(context)
    case 'busy':
      return busy(context)
    default: {
      const refusal = factorDoors[kind].problemOf(outcome, nowOf(context))
      const failures = failuresOf(policyOf(context), outcome)
      const extra = { status: refusal.status, headers: lockedUntil(outcome, nowOf(context)) }
      return showStep(context, kind, { problems: [refusal.problem], failures, extra })
    }
  }
}

/** What a browser is to forget with its session. */
export const gone = ({ services }: Context): readonly string[] => [
  services.cookies.clear('session'),
  services.cookies.clear('sign-in'),
  services.cookies.clear('next'),
  ...clearForwardCookies(services),
]

/** Signing out is done by POST alone; a plain answer that begins the next sign-in. */
export function signedOut(context: Context): HttpResponse {
  const headers = { 'clear-site-data': '"cache"' }
  return withCookies(seeOther(`${context.services.site.base}/login`, { headers }), gone(context))
}
