import type { PasswordAccepted } from '../../core/sign-in/password-step.js'
import { givePassword } from '../../core/sign-in/password-step.js'
import type { SecondStep } from '../../core/sign-in/code-step.js'
import { giveSecondFactor } from '../../core/sign-in/code-step.js'
import type { HttpResponse } from '../request.js'
import { factorDoors } from '../pages/factors.js'
import { sessionCookies, signInCookie } from '../pages/sign-in.js'
import type { SigningInContext, Context } from '../context.js'
import { browserOf } from '../context.js'
import { signInIsOver } from './admission.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import { apiFactors } from './factors.js'
import { refuse } from '../refuse.js'
import { busy, wait } from './refusals.js'

async function signIn(call: Call<'signIn'>): Promise<HttpResponse> {
  const { core, metrics } = call.services
  const outcome = await givePassword(core, { ...call.body, browser: browserOf(call) })
  metrics.step('password', outcome.kind)
  switch (outcome.kind) {
    case 'refused':
      return refuse('wrong-credentials')
    case 'wait':
      return wait(call, outcome.untilSeconds)
    case 'busy':
      return busy()
    default:
      return accepted(call, outcome)
  }
}

function accepted(context: Context, outcome: PasswordAccepted): HttpResponse {
  const forgetNext = context.services.cookies.clear('next')
  if (outcome.kind === 'complete') {
    return reply('signIn', { next: 'done' }, { cookies: [...sessionCookies(context, outcome), forgetNext] })
  }
  const next = outcome.kind === 'code-due' ? 'verify' : 'setup'
  return reply('signIn', { next }, { cookies: [signInCookie(context, outcome), forgetNext] })
}

const verify = ({ body, ...call }: Call<'verify'>): Promise<HttpResponse> =>
  secondStep(call, { factor: 'totp', given: body.otp, remember: body.remember === true })

const recover = ({ body, ...call }: Call<'recover'>): Promise<HttpResponse> =>
  secondStep(call, { factor: 'recovery-code', given: body.recoveryCode })

/** The second step with any factor. */
async function secondStep(
  context: SigningInContext,
  given: Pick<SecondStep, 'factor' | 'given' | 'remember'>,
): Promise<HttpResponse> {
  const { services, signIn } = context
  const outcome = await giveSecondFactor(services.core, { ...given, signIn, browser: browserOf(context) })
  services.metrics.step(factorDoors[given.factor].metric, outcome.kind)
  switch (outcome.kind) {
    case 'complete':
      return reply(
        'verify',
        { next: 'done' },
        { cookies: [...sessionCookies(context, outcome), services.cookies.clear('next')] },
      )
    case 'over':
      return signInIsOver(context)
    case 'busy':
      return busy()
    default:
      return apiFactors[given.factor].refuse(context, outcome)
  }
}

export const signInHandlers: Handlers<'signIn' | 'verify' | 'recover'> = { signIn, verify, recover }
