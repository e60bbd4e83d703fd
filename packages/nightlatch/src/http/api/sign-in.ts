import type { PasswordAccepted } from '../../core/sign-in/password-step.js'
import { givePassword } from '../../core/sign-in/password-step.js'
import type { SecondStep } from '../../core/sign-in/code-step.js'
import { giveSecondFactor } from '../../core/sign-in/code-step.js'
import { signInWithPasskey } from '../../core/sign-in/passkey-step.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import type { Asking } from '../../core/factors/passkeys/options.js'
import { askForAnyPasskey, askForOwnPasskey } from '../../core/factors/passkeys/options.js'
import { offersPasskeys, signsInAlone } from '../../core/factors/passkeys/policy.js'
import type { HttpResponse } from '../request.js'
import { factorDoors } from '../pages/factors.js'
import { challengeCookie } from '../pages/passkeys.js'
import { sessionCookies, signInCookie } from '../pages/sign-in.js'
import type { SigningInContext, Context } from '../context.js'
import { browserOf, signedInOf, signingInOf } from '../context.js'
import { signInIsOver } from './admission.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import { apiFactors } from './factors.js'
import { refuse } from '../refuse.js'
import { busy, refusePasskey, wait } from './refusals.js'

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
    case 'waiting':
      return refuse('awaiting-approval')
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

const verifyPasskey = ({ body, ...call }: Call<'verifyPasskey'>): Promise<HttpResponse> => {
  const { remember, ...credential } = body
  const given = { factor: 'passkey' as const, given: JSON.stringify(credential), remember: remember === true }
  return offersPasskeys(call.services.core)
    ? secondStep(call, given)
    : Promise.resolve(refuse('passkeys-off'))
}

/** Whoever is half-way in, or is signed in, is asked for one of their own; anybody else for any that says who it is. */
async function passkeyRequest(call: Call<'passkeyRequest'>): Promise<HttpResponse> {
  const { services, request } = call
  if (!offersPasskeys(services.core)) return refuse('passkeys-off')
  const challenges = services.cookies.read(request, 'passkey') ?? null
  const asking = await knownPerson(call)
  if (asking === null && !signsInAlone(services.core)) return refuse('passkeys-off')
  const asked =
    asking === null
      ? askForAnyPasskey(services.core, challenges)
      : await askForOwnPasskey(services.core, { ...asking, challenges })
  if (asked === null) return refuse('no-passkey')
  return reply('passkeyRequest', asked.options, { cookies: [challengeCookie(services, asked.sealed)] })
}

async function knownPerson(call: Context): Promise<Omit<Asking, 'challenges'> | null> {
  const signingIn = await signingInOf(call)
  if (signingIn !== null && hasSecondFactor(signingIn.account))
    return { account: signingIn.account.id, purpose: 'second-step', owner: signingIn.signIn.id }
  const signedIn = await signedInOf(call)
  return signedIn && { account: signedIn.account.id, purpose: 'step-up', owner: signedIn.session.id }
}

async function withPasskey(call: Call<'signInWithPasskey'>): Promise<HttpResponse> {
  const { core, metrics, cookies } = call.services
  const given = JSON.stringify(call.body)
  const outcome = await signInWithPasskey(core, { given, browser: browserOf(call) })
  metrics.step('passkey-alone', outcome.kind)
  switch (outcome.kind) {
    case 'complete':
      return reply(
        'signInWithPasskey',
        { next: 'done' },
        { cookies: [...sessionCookies(call, outcome), cookies.clear('next')] },
      )
    case 'off':
      return refuse('passkeys-off')
    default:
      return refusePasskey(call, outcome)
  }
}

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

export const signInHandlers: Handlers<
  'signIn' | 'verify' | 'recover' | 'passkeyRequest' | 'signInWithPasskey' | 'verifyPasskey'
> = { signIn, verify, recover, passkeyRequest, signInWithPasskey: withPasskey, verifyPasskey }
