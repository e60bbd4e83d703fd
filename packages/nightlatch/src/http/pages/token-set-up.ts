import type { SetUpOwner } from '../../core/factors/enrolment.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import type { OwnTokenOutcome } from '../../core/factors/totp/tokens/assign.js'
import { addOwnToken, mayAddToken } from '../../core/factors/totp/tokens/assign.js'
import type { Problem } from '../../pages/index.js'
import { newTokenPage } from '../../pages/index.js'
import type { Context, FormContext, Handler } from '../context.js'
import { browserOf, nowOf, siteOf } from '../context.js'
import { busy, form, signInIsOver, withNotice } from '../guards.js'
import { statusOf } from '../problems.js'
import type { HttpResponse } from '../request.js'
import { page, seeOther } from '../response.js'
import { lockedUntil } from './code-problems.js'
import { destinationField, destinationOf, stepTo } from './destination.js'
import { nextStepPath } from './factors.js'
import { pairProblem, typedPair } from './resynchronise.js'
import { setUpOwner } from './set-up.js'
import { sessionCookies } from './sign-in.js'

export const getTokenSetUp: Handler = async (context) => {
  const owner = await setUpOwner(context)
  if (owner === null) return signInIsOver(context)
  const refusal = mayAddToken(context.services.core, owner)
  return refusal === null ? show(context, owner, { problems: [] }) : elsewhere(context, owner, refusal.why)
}

interface Shown {
  readonly problems: readonly Problem[]
  readonly status?: number
  readonly headers?: Record<string, string>
}

function show(
  context: Context & Partial<FormContext>,
  owner: SetUpOwner,
  { problems, status = 200, headers = {} }: Shown,
): HttpResponse {
  const { core, site } = context.services
  const html = newTokenPage(siteOf(context, owner.kind === 'session' ? owner.signedIn : undefined), {
    problems,
    serial: context.form?.get('serial')?.slice(0, 100),
    next: destinationField(context),
    required: owner.kind === 'sign-in' && core.policy.mfa === 'required',
    offersApp: !hasSecondFactor(owner.account),
    cancelHref: owner.kind === 'session' ? `${site.base}/account` : undefined,
  })
  return page(html, { status, headers, leadsTo: destinationOf(context) })
}

type NotNow = OwnTokenOutcome & { kind: 'not-now' }

/** A sign-in with a second factor has it to give; a session that is not fresh is asked to prove itself. */
function elsewhere(context: Context, owner: SetUpOwner, why: NotNow['why']): HttpResponse {
  const { base } = context.services.site
  if (owner.kind === 'sign-in') return seeOther(nextStepPath(context, owner.account))
  if (why === 'too-many') return seeOther(`${base}/account`)
  return seeOther(`${base}/account/confirm?next=${encodeURIComponent(`${base}/mfa/setup/token`)}`)
}

export const postTokenSetUp: Handler = form(async (context) => {
  const owner = await setUpOwner(context)
  if (owner === null) return signInIsOver(context)
  const outcome = await addOwnToken(context.services.core, owner, {
    serial: context.form.get('serial') ?? '',
    codes: typedPair(context),
    browser: browserOf(context),
  })
  context.services.metrics.step('set-up', outcome.kind)
  switch (outcome.kind) {
    case 'confirmed':
      return confirmed(context, outcome)
    case 'over':
      return signInIsOver(context)
    case 'busy':
      return busy(context)
    case 'not-now':
      return elsewhere(context, owner, outcome.why)
    default:
      return show(context, owner, refused(context, outcome))
  }
})

type Refusal = Exclude<OwnTokenOutcome, { kind: 'confirmed' | 'over' | 'busy' | 'not-now' }>

const refused = (context: FormContext, refusal: Refusal): Shown => {
  const { status, problem } = tokenProblem(refusal, nowOf(context))
  return { status, problems: [problem], headers: lockedUntil(refusal, nowOf(context)) }
}

export function tokenProblem(refusal: Refusal, now: number): { status: number; problem: Problem } {
  if (refusal.kind === 'no-serial')
    return { status: statusOf('malformed-code'), problem: { key: 'serial-empty', field: 'serial' } }
  if (refusal.kind === 'wrong') return { status: statusOf('wrong-code'), problem: { key: 'token-wrong' } }
  const { status, problem } = pairProblem(refusal, { now, lengths: undefined })
  return problem.key === 'code-locked'
    ? { status, problem: { key: 'too-many', wait: problem.wait } }
    : { status, problem }
}

function confirmed(context: FormContext, outcome: OwnTokenOutcome & { kind: 'confirmed' }): HttpResponse {
  const { base } = context.services.site
  const cookies = sessionCookies(context, outcome.signedIn)
  if (outcome.recoveryCodes.length > 0) {
    const step = stepTo(context.services, `${base}/mfa/recovery-codes`, destinationOf(context))
    return seeOther(step.location, { cookies: [...cookies, step.cookie] })
  }
  return withNotice(context, seeOther(`${base}/account`, { cookies }), { key: 'token-added' })
}
