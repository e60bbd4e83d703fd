import { mayReadCodes } from '../../core/accounts/changes.js'
import type { AuthenticatorId } from '../../core/ids.js'
import type { SetUpOutcome } from '../../core/factors/totp/confirm.js'
import { confirmSetUp } from '../../core/factors/totp/confirm.js'
import type { SetUpOwner, SetUpRefusal } from '../../core/factors/enrolment.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import { countOf } from '../../core/factors/registry.js'
import type { PendingSetUp } from '../../core/factors/totp/set-up.js'
import { beginSetUp, findSetUp, maySetUp } from '../../core/factors/totp/set-up.js'
import { findUnsavedCodes, forgetUnsavedCodes } from '../../core/factors/recovery-codes/set-up.js'
import type { Problem, RecoveryCodesView } from '../../pages/index.js'
import {
  qrSvg,
  qrSvgDocument,
  recoveryCodesFileName,
  recoveryCodesPage,
  recoveryCodesText,
  setupPage,
} from '../../pages/index.js'
import { statusOf } from '../problems.js'
import { refusalPage } from '../refuse.js'
import { bytes, page, seeOther, withCookies } from '../response.js'
import type { HttpResponse } from '../request.js'
import { codeProblem, lockedUntil } from './code-problems.js'
import { destinationField, destinationOf, stepTo } from './destination.js'
import {
  afterSignIn,
  busy,
  form,
  forSignedIn,
  signedInForm,
  signInIsOver,
  takeNotice,
  withNotice,
} from '../guards.js'
import { nameProblem } from './name-problem.js'
import { qrModules, qrPng } from '../../shared/qr.js'
import { nextStepPath } from './factors.js'
import { offerNewPasskey } from './passkeys.js'
import { sessionCookies } from './sign-in.js'
import type { FormContext, Handler, SignedInContext, Context } from '../context.js'
import { browserOf, nowOf, policyOf, signedInOf, signingInOf, siteOf } from '../context.js'

/** Whoever may set up: a sign-in in progress counts before a session of the same browser. */
export async function setUpOwner(context: Context): Promise<SetUpOwner | null> {
  const signingIn = await signingInOf(context)
  if (signingIn !== null && !hasSecondFactor(signingIn.account)) return { kind: 'sign-in', ...signingIn }
  const signedIn = await signedInOf(context)
  if (signedIn !== null) return { kind: 'session', signedIn, account: signedIn.account }
  return signingIn === null ? null : { kind: 'sign-in', ...signingIn }
}

/** Whoever has to set up for a page of an application comes here with its address, and is back at it afterwards. */
export const getSetUp: Handler = async (context) => {
  const next = context.services.nextOf(context.query.get('next'))
  const response = await openSetUp(context)
  return next === null ? response : withCookies(response, [stepTo(context.services, '', next).cookie])
}

async function openSetUp(context: Context): Promise<HttpResponse> {
  const owner = await setUpOwner(context)
  if (owner === null) return signInIsOver(context)
  const pending = await beginSetUp(context.services.core, owner)
  if (pending.kind === 'not-now') return notNow(context, owner, { why: pending.why })
  const isNew = nowOf(context) - pending.setUp.createdAt <= 1
  const problems: Problem[] = isNew && context.query.has('anew') ? [{ key: 'setup-expired' }] : []
  return showSetUp(context, owner, { pending, problems })
}

/** A sign-in with a second factor has a code to give; a session that is not fresh is asked to prove itself. */
function notNow(
  context: Context,
  owner: SetUpOwner,
  { why, query = '' }: { why: SetUpRefusal['why']; query?: string },
): HttpResponse {
  const { base } = context.services.site
  if (owner.kind === 'sign-in') return seeOther(nextStepPath(context, owner.account))
  if (why === 'which-one')
    return seeOther(
      `${base}${countOf(owner.account, 'totp') > 0 ? '/account/change-phone' : '/mfa/setup/passkey'}`,
    )
  if (why === 'too-many') return seeOther(`${base}/account`)
  return seeOther(`${base}/account/confirm?next=${encodeURIComponent(`${base}/mfa/setup${query}`)}`)
}

interface Shown {
  readonly pending: PendingSetUp
  readonly name?: string
  readonly problems?: readonly Problem[]
  readonly extra?: Parameters<typeof page>[1]
}

async function showSetUp(
  context: Context & Partial<FormContext>,
  owner: SetUpOwner,
  shown: Shown,
): Promise<HttpResponse> {
  const { core, site } = context.services
  const { pending } = shown
  const replaces = await nameOf(context, owner, pending.setUp.replaces)
  const offer = await offerNewPasskey(context, owner)
  const html = setupPage(siteOf(context, owner.kind === 'session' ? owner.signedIn : undefined), {
    issuer: core.policy.issuer,
    account: pending.label,
    key: pending.key,
    uri: pending.uri,
    qr: qrSvg(qrModules(pending.uri)),
    name: shown.name ?? pending.setUp.name,
    next: destinationField(context),
    required: core.policy.mfa === 'required',
    another: countOf(owner.account, 'totp') > 0,
    cancelHref: owner.kind === 'session' ? `${site.base}/account` : undefined,
    replaces,
    passkey: offer.passkey,
    offersTokens: replaces === undefined && (await core.queries.hardwareTokens.hasFree()),
    problems: shown.problems ?? [],
  })
  return page(html, { ...shown.extra, cookies: offer.cookies, leadsTo: destinationOf(context) })
}

async function nameOf(
  context: Context,
  owner: SetUpOwner,
  id: AuthenticatorId | '',
): Promise<string | undefined> {
  if (id === '') return undefined
  const { items } = await context.services.core.queries.factors.listOf(owner.account.id)
  return items.find((one) => one.id === id)?.name
}

export const postSetUp: Handler = form(async (context) => {
  const owner = await setUpOwner(context)
  if (owner === null) return signInIsOver(context)
  const outcome = await confirmSetUp(context.services.core, owner, {
    code: context.form.get('otp') ?? '',
    name: context.form.get('name') ?? '',
    browser: browserOf(context),
  })
  context.services.metrics.step('set-up', outcome.kind)
  if (outcome.kind !== 'confirmed') return refused(context, owner, outcome)
  return confirmed(context, outcome)
})

function confirmed(context: FormContext, outcome: SetUpOutcome & { kind: 'confirmed' }): HttpResponse {
  const key = outcome.replaced === null ? 'authenticator-added' : 'phone-changed'
  const { base } = context.services.site
  const cookies = sessionCookies(context, outcome.signedIn)
  if (outcome.recoveryCodes.length > 0) {
    const step = stepTo(context.services, `${base}/mfa/recovery-codes`, destinationOf(context))
    return seeOther(step.location, { cookies: [...cookies, step.cookie] })
  }
  return withNotice(context, seeOther(`${base}/account`, { cookies }), { key })
}

type Refused = Exclude<SetUpOutcome, { kind: 'confirmed' }>

async function refused(context: FormContext, owner: SetUpOwner, outcome: Refused): Promise<HttpResponse> {
  if (outcome.kind === 'busy') return busy(context)
  if (outcome.kind === 'over') return signInIsOver(context)
  const refusal = outcome.kind === 'no-set-up' ? maySetUp(context.services.core, owner) : null
  if (refusal !== null) return notNow(context, owner, { why: refusal.why, query: '?anew' })
  if (outcome.kind === 'no-set-up' && (await wasJustAdded(context, owner)))
    return addedElsewhere(context, owner)
  const pending = await beginSetUp(context.services.core, owner)
  if (pending.kind === 'not-now') return notNow(context, owner, { why: pending.why, query: '?anew' })
  const { status, problem } = setUpProblem(context, outcome)
  const name = (context.form.get('name') ?? '').slice(0, 100)
  const extra = { status, headers: lockedUntil(outcome, nowOf(context)) }
  return showSetUp(context, owner, { pending, name, problems: [problem], extra })
}

/**
 * No set-up is pending and there is an authenticator younger than one lasts: it was confirmed meanwhile. Whoever may
 * not set up at all is told that instead.
 */
async function wasJustAdded(context: Context, owner: SetUpOwner): Promise<boolean> {
  if (maySetUp(context.services.core, owner) !== null) return false
  const all = await context.services.core.queries.authenticators.listOf(owner.account.id)
  return all.some((one) => nowOf(context) - one.createdAt < policyOf(context).authenticators.setUpSeconds)
}

/** The same form in another window was faster: on to what follows it. */
async function addedElsewhere(context: Context, owner: SetUpOwner): Promise<HttpResponse> {
  const { core, site } = context.services
  const session = owner.kind === 'session' ? owner.signedIn.session.id : null
  const codes = session === null ? null : await findUnsavedCodes(core, session)
  if (codes !== null) return seeOther(`${site.base}/mfa/recovery-codes`)
  return withNotice(context, seeOther(`${site.base}/account`), { key: 'authenticator-added' })
}

function setUpProblem(
  context: FormContext,
  outcome: Exclude<Refused, { kind: 'busy' | 'over' }>,
): { status: number; problem: Problem } {
  switch (outcome.kind) {
    case 'no-set-up':
      return { status: statusOf('malformed-code'), problem: { key: 'setup-expired' } }
    case 'bad-name':
      return {
        status: statusOf('bad-name'),
        problem: nameProblem(outcome.why, context.form.get('name') ?? ''),
      }
    case 'wrong':
      return { status: statusOf('wrong-code'), problem: wrongCode(outcome.driftSeconds) }
    default: {
      const refused = codeProblem(outcome, { nowSeconds: nowOf(context), recovery: false })
      return { ...refused, problem: withoutRecovery(refused.problem) }
    }
  }
}

/** Who sets up may have no recovery codes yet, and this page leads to no box for one. */
function withoutRecovery(problem: Problem): Problem {
  if (problem.key === 'code-locked') return { key: 'too-many', wait: problem.wait }
  if (problem.key === 'code-blocked') return { key: 'setup-blocked' }
  return problem.key === 'code-looks-like-recovery' ? { key: 'code-letters', field: 'otp' } : problem
}

const wrongCode = (driftSeconds: number | null): Problem =>
  driftSeconds === null
    ? { key: 'setup-code-wrong', field: 'otp' }
    : {
        key: 'code-drift',
        field: 'otp',
        seconds: Math.abs(driftSeconds),
        direction: driftSeconds > 0 ? 'fast' : 'slow',
      }

/** The QR code as a picture, for the same person and while the set-up is pending; nothing at any other time. */
const qrAnswer =
  (draw: (uri: string) => HttpResponse): Handler =>
  async (context) => {
    const owner = await setUpOwner(context)
    const pending = owner === null ? null : await findSetUp(context.services.core, owner)
    return pending === null ? refusalPage(context, 'not-found') : draw(pending.uri)
  }

export const getQrPng: Handler = qrAnswer((uri) => bytes('image/png', qrPng(qrModules(uri))))
export const getQrSvg: Handler = qrAnswer((uri) => bytes('image/svg+xml', qrSvgDocument(qrModules(uri))))

/** To the page that asks for a fresh proof, and back to the codes. */
function proveFirst(context: Context): HttpResponse {
  const { base } = context.services.site
  return seeOther(`${base}/account/confirm?next=${encodeURIComponent(`${base}/mfa/recovery-codes`)}`)
}

const codesView = (
  context: SignedInContext & Partial<FormContext>,
  codes: readonly string[],
): RecoveryCodesView => ({
  codes,
  account: context.signedIn.account.username,
  next: destinationField(context),
  instance: context.services.site.name,
  host: context.services.core.policy.host,
  madeAtSeconds: nowOf(context),
  downloadHref: `${context.services.site.base}/mfa/recovery-codes/download`,
})

export const getRecoveryCodes: Handler = forSignedIn(async (context) => {
  const codes = await findUnsavedCodes(context.services.core, context.signedIn.session.id)
  if (codes === null) return seeOther(`${context.services.site.base}/account`)
  if (!mayReadCodes(context.services.core, context.signedIn)) return proveFirst(context)
  const { notice, cookies } = takeNotice(context)
  return page(
    recoveryCodesPage(siteOf(context, context.signedIn), { ...codesView(context, codes), notice }),
    {
      cookies,
      leadsTo: destinationOf(context),
    },
  )
})

export const getRecoveryCodesFile: Handler = forSignedIn(async (context) => {
  const codes = await findUnsavedCodes(context.services.core, context.signedIn.session.id)
  if (codes === null) return refusalPage(context, 'not-found')
  if (!mayReadCodes(context.services.core, context.signedIn)) return proveFirst(context)
  const view = codesView(context, codes)
  const headers = { 'content-disposition': `attachment; filename="${recoveryCodesFileName(view)}"` }
  return bytes('text/plain; charset=utf-8', recoveryCodesText(view), { headers })
})

export const postRecoveryCodes: Handler = signedInForm(async (context) => {
  const { core, cookies } = context.services
  const codes = await findUnsavedCodes(core, context.signedIn.session.id)
  if (codes !== null && context.form.get('saved') !== 'yes') {
    if (!mayReadCodes(core, context.signedIn)) return proveFirst(context)
    const problems: Problem[] = [{ key: 'not-saved', field: 'saved' }]
    const view = { ...codesView(context, codes), problems }
    const shown = recoveryCodesPage(siteOf(context, context.signedIn), view)
    return page(shown, { status: statusOf('invalid-body'), leadsTo: destinationOf(context) })
  }
  await forgetUnsavedCodes(core, context.signedIn.session.id)
  return seeOther(afterSignIn(context), { cookies: [cookies.clear('next')] })
})
