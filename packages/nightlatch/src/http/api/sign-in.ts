import type { PasswordAccepted } from '../../core/password-step.js'
import { givePassword } from '../../core/password-step.js'
import type { SecondStepOutcome } from '../../core/second-step.js'
import { giveCode, giveRecoveryCode } from '../../core/second-step.js'
import type { CodeRefusal } from '../../core/factors/totp/verify.js'
import type { Answer } from '../ask.js'
import { sessionCookies, signInCookie } from '../sign-in.js'
import type { SigningInVisit, Visit } from '../visit.js'
import { browserOf } from '../visit.js'
import { signInIsOver } from './admission.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import { refuse } from './problems.js'
import { busy, refuseCode, refuseRecoveryCode, wait } from './refusals.js'

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

async function verify(call: Call<'verify'>): Promise<Answer> {
  const { doors, signIn, body } = call
  const given = { signIn, browser: browserOf(call), code: body.otp, remember: body.remember === true }
  const outcome = await giveCode(doors.core, given)
  doors.metrics.step('code', outcome.kind)
  return secondStep(call, outcome, refuseCode)
}

async function recover(call: Call<'recover'>): Promise<Answer> {
  const { doors, signIn, body } = call
  const given = { signIn, browser: browserOf(call), code: body.recoveryCode }
  const outcome = await giveRecoveryCode(doors.core, given)
  doors.metrics.step('recovery-code', outcome.kind)
  return secondStep(call, outcome, refuseRecoveryCode)
}

function secondStep(
  visit: SigningInVisit,
  outcome: SecondStepOutcome,
  refused: (visit: Visit, refusal: CodeRefusal) => Answer,
): Answer {
  switch (outcome.kind) {
    case 'complete':
      return reply(
        'verify',
        { next: 'done' },
        { cookies: [...sessionCookies(visit, outcome), visit.doors.cookies.clear('next')] },
      )
    case 'over':
      return signInIsOver(visit)
    case 'busy':
      return busy()
    default:
      return refused(visit, outcome)
  }
}

export const signInHandlers: Handlers<'signIn' | 'verify' | 'recover'> = { signIn, verify, recover }
