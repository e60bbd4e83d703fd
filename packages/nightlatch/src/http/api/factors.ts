import type { FactorKind, FactorRefusal } from '../../core/factors/factor.js'
import { factorKinds } from '../../core/factors/factor.js'
import { usableFactors } from '../../core/factors/registry.js'
import type { StepUpGiven } from '../../core/sessions/reauthenticate.js'
import type { HttpResponse } from '../request.js'
import type { SignedInContext, Context } from '../context.js'
import type { BodyOf } from './endpoints.js'
import { refuseCode, refusePasskey, refuseRecoveryCode } from './refusals.js'
import type { proofMembers } from './schemas.js'

type Members = typeof proofMembers

interface ApiFactor<Kind extends FactorKind> {
  /** The member of a fresh proof's body that gives it. */
  readonly member: keyof Members[Kind] & keyof BodyOf<'proveAgain'>
  refuse(context: Context, refusal: FactorRefusal): HttpResponse
}

/** How each factor is given and refused in JSON. Its operation at sign-in is in the table of operations. */
export const apiFactors: { readonly [Kind in FactorKind]: ApiFactor<Kind> } = {
  totp: { member: 'otp', refuse: refuseCode },
  passkey: { member: 'passkey', refuse: refusePasskey },
  'recovery-code': { member: 'recoveryCode', refuse: refuseRecoveryCode },
}

type SecondGiven =
  StepUpGiven['second'] | { readonly kind: 'several'; readonly member: string; readonly beside: string }

/** The one factor that a fresh proof gives; none given is the best that the account has, given empty. */
export function secondOf(body: BodyOf<'proveAgain'>, { signedIn, services }: SignedInContext): SecondGiven {
  const [first, second] = factorKinds.filter((kind) => body[apiFactors[kind].member] !== undefined)
  if (first !== undefined && second !== undefined)
    return { kind: 'several', member: apiFactors[second].member, beside: apiFactors[first].member }
  const kind = first ?? usableFactors(services.core, signedIn.account)[0] ?? factorKinds[0]
  const given = body[apiFactors[kind].member] ?? ''
  return { kind, given: typeof given === 'string' ? given : JSON.stringify(given) }
}
