import type { PasswordAccepted } from '../../core/sign-in/password-step.js'
import { givePassword } from '../../core/sign-in/password-step.js'
import type { SecondStep } from '../../core/sign-in/code-step.js'
import { giveSecondFactor } from '../../core/sign-in/code-step.js'
import type { Answer } from '../request.js'
import { factorDoors } from '../pages/factors.js'
import { sessionCookies, signInCookie } from '../pages/sign-in.js'
import type { SigningInVisit, Visit } from '../context.js'
import { browserOf } from '../context.js'
import { signInIsOver } from './admission.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import { apiFactors } from './factors.js'
import { refuse } from './problems.js'
import { busy, wait } from './refusals.js'

async function signIn(call: Call<'signIn'>): Promise<Answer> {
  const { core, metrics } = call.doors
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

function accepted(visit: Visit, outcome: PasswordAccepted): Answer {
  const forgetNext = visit.doors.cookies.clear('next')
  if (outcome.kind === 'complete') {
    return reply('signIn', { next: 'done' }, { cookies: [...sessionCookies(visit, outcome), forgetNext] })
  }
  const next = outcome.kind === 'code-due' ? 'verify' : 'setup'
  return reply('signIn', { next }, { cookies: [signInCookie(visit, outcome), forgetNext] })
}

const verify = ({ body, ...call }: Call<'verify'>): Promise<Answer> =>
  secondStep(call, { factor: 'totp', given: body.otp, remember: body.remember === true })

const recover = ({ body, ...call }: Call<'recover'>): Promise<Answer> =>
  secondStep(call, { factor: 'recovery-code', given: body.recoveryCode })

/** The second step with any factor. */
async function secondStep(
  visit: SigningInVisit,
  given: Pick<SecondStep, 'factor' | 'given' | 'remember'>,
): Promise<Answer> {
  const { doors, signIn } = visit
  const outcome = await giveSecondFactor(doors.core, { ...given, signIn, browser: browserOf(visit) })
  doors.metrics.step(factorDoors[given.factor].metric, outcome.kind)
  switch (outcome.kind) {
    case 'complete':
      return reply(
        'verify',
        { next: 'done' },
        { cookies: [...sessionCookies(visit, outcome), doors.cookies.clear('next')] },
      )
    case 'over':
      return signInIsOver(visit)
    case 'busy':
      return busy()
    default:
      return apiFactors[given.factor].refuse(visit, outcome)
  }
}

export const signInHandlers: Handlers<'signIn' | 'verify' | 'recover'> = { signIn, verify, recover }
