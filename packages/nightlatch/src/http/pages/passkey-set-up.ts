import type { SetUpOwner } from '../../core/factors/enrolment.js'
import { workInBrowsers } from '../../core/factors/passkeys/policy.js'
import type { Begun, PasskeySetUpOutcome } from '../../core/factors/passkeys/set-up.js'
import { beginPasskey, confirmPasskey } from '../../core/factors/passkeys/set-up.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import type { Problem } from '../../pages/index.js'
import { lostFactorPage, newPasskeyPage } from '../../pages/index.js'
import { page, seeOther, withCookies } from '../response.js'
import type { HttpResponse } from '../request.js'
import { busy, form, signInIsOver, withNotice } from '../guards.js'
import { statusOf } from '../problems.js'
import { refusalPage } from '../refuse.js'
import { deviceName } from '../user-agent.js'
import { destinationField, destinationOf, stepTo } from './destination.js'
import { nextStepPath } from './factors.js'
import { passkeyNameProblem } from './name-problem.js'
import { challengeCookie } from './passkeys.js'
import { setUpOwner } from './set-up.js'
import { sessionCookies } from './sign-in.js'
import type { Context, FormContext, Handler } from '../context.js'
import { browserOf, siteOf } from '../context.js'

/** Whoever has to make one for a page of an application comes here with its address, and is back at it afterwards. */
export const getPasskeySetUp: Handler = async (context) => {
  const owner = await setUpOwner(context)
  if (owner === null) return signInIsOver(context)
  const response = await show(context, owner, { problems: [] })
  const next = context.services.nextOf(context.query.get('next'))
  return next === null ? response : withCookies(response, [stepTo(context.services, '', next).cookie])
}

interface Shown {
  readonly problems: readonly Problem[]
  readonly status?: number
}

const wanted = (context: Context & Partial<FormContext>): string =>
  context.form?.get('replaces') ?? context.query.get('replaces') ?? ''

async function show(
  context: Context & Partial<FormContext>,
  owner: SetUpOwner,
  { problems, status = 200 }: Shown,
): Promise<HttpResponse> {
  const { core, site } = context.services
  if (!workInBrowsers(core)) return refusalPage(context, 'passkeys-off')
  const { challenges = null } = browserOf(context)
  const begun = await beginPasskey(core, owner, { challenges, replaces: wanted(context) })
  if (begun.kind !== 'begun') return elsewhere(context, owner, begun)
  const view = {
    options: begun.options,
    problems,
    name: context.form?.get('name')?.slice(0, 100),
    next: destinationField(context),
    required: owner.kind === 'sign-in' && core.policy.mfa === 'required',
    replaces: begun.replaces?.name,
    replacesId: begun.replaces?.id,
    offersApp: !hasSecondFactor(owner.account),
    cancelHref: owner.kind === 'session' ? `${site.base}/account` : undefined,
  }
  const html = newPasskeyPage(siteOf(context, owner.kind === 'session' ? owner.signedIn : undefined), view)
  const cookies = [challengeCookie(context.services, begun.sealed)]
  return page(html, { status, cookies, leadsTo: destinationOf(context) })
}

type NotBegun = Exclude<Begun, { kind: 'begun' }>

/** A sign-in with a second factor has it to give; a session that is not fresh is asked to prove itself. */
function elsewhere(context: Context, owner: SetUpOwner, begun: NotBegun): HttpResponse {
  const { base } = context.services.site
  if (begun.kind === 'off') return refusalPage(context, 'passkeys-off')
  if (begun.kind === 'which-one') {
    return page(
      lostFactorPage(siteOf(context, owner.kind === 'session' ? owner.signedIn : undefined), {
        among: begun.among,
      }),
    )
  }
  if (owner.kind === 'sign-in') return seeOther(nextStepPath(context, owner.account))
  if (begun.why === 'too-many') return seeOther(`${base}/account`)
  const { query } = context.request
  const back = `${base}/mfa/setup/passkey${query === '' ? '' : `?${query}`}`
  return seeOther(`${base}/account/confirm?next=${encodeURIComponent(back)}`)
}

export const postPasskeySetUp: Handler = form(async (context) => {
  const owner = await setUpOwner(context)
  if (owner === null) return signInIsOver(context)
  const browser = browserOf(context)
  const outcome = await confirmPasskey(context.services.core, owner, {
    given: context.form.get('credential') ?? '',
    name: context.form.get('name') ?? '',
    usualName: deviceName(browser.client.userAgent),
    replaces: wanted(context),
    isUpgrade: isUpgrade(context),
    challenges: browser.challenges ?? null,
    browser,
  })
  context.services.metrics.step('set-up', outcome.kind)
  return answer(context, owner, outcome)
})

/** From the offer on home. It lets a browser off the touch, and holds for a challenge that was given out for that only. */
const isUpgrade = ({ form }: FormContext): boolean => form.get('upgrade') === 'yes'

function answer(
  context: FormContext,
  owner: SetUpOwner,
  outcome: PasskeySetUpOutcome,
): HttpResponse | Promise<HttpResponse> {
  switch (outcome.kind) {
    case 'confirmed':
      return confirmed(context, outcome)
    case 'over':
      return signInIsOver(context)
    case 'busy':
      return busy(context)
    case 'off':
    case 'not-now':
    case 'which-one':
      return elsewhere(context, owner, outcome)
    case 'bad-name': {
      const problems = [passkeyNameProblem(outcome.why, context.form.get('name') ?? '')]
      return show(context, owner, { problems, status: statusOf('bad-name') })
    }
    case 'not-device-bound':
      return show(context, owner, {
        problems: [{ key: 'passkey-not-device-bound' }],
        status: statusOf('passkey-not-device-bound'),
      })
    case 'empty':
      return show(context, owner, { problems: [{ key: 'passkey-empty' }], status: statusOf('invalid-body') })
    case 'wrong':
      return show(context, owner, {
        problems: [{ key: 'passkey-set-up-wrong' }],
        status: statusOf('wrong-passkey'),
      })
  }
}

function confirmed(context: FormContext, outcome: PasskeySetUpOutcome & { kind: 'confirmed' }): HttpResponse {
  const { base } = context.services.site
  const cookies = sessionCookies(context, outcome.signedIn)
  const next = destinationOf(context)
  if (outcome.recoveryCodes.length > 0) {
    const step = stepTo(context.services, `${base}/mfa/recovery-codes`, next)
    return seeOther(step.location, { cookies: [...cookies, step.cookie] })
  }
  if (next !== null) return seeOther(next, { cookies: [...cookies, context.services.cookies.clear('next')] })
  const key = outcome.replaced === null ? 'passkey-added' : 'phone-changed'
  return withNotice(context, seeOther(`${base}/${isUpgrade(context) ? '' : 'account'}`, { cookies }), { key })
}
