import type { Account } from '../../core/accounts/account.js'
import { administrationFor } from '../../core/accounts/administrators.js'
import type { SetUpOwner } from '../../core/factors/enrolment.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import type { HttpResponse } from '../request.js'
import { setUpOwner } from '../pages/set-up.js'
import type { SignedInContext, SigningInContext, Context } from '../context.js'
import { asSignedIn, nowOf, policyOf, signedInOf, signingInOf } from '../context.js'
import type { Caller } from './endpoints.js'
import { refuse } from '../refuse.js'

/** A request of somebody who may set up an authenticator. */
export interface SettingUpContext extends Context {
  readonly owner: SetUpOwner
}

export interface ContextOf {
  readonly anyone: Context
  readonly 'signing-in': SigningInContext
  readonly 'setting-up': SettingUpContext
  readonly 'signed-in': SignedInContext
  readonly administrator: SignedInContext
  readonly 'fresh-administrator': SignedInContext
}

type Admission<V extends Context> =
  | { readonly kind: 'admitted'; readonly context: V }
  | { readonly kind: 'refused'; readonly answer: HttpResponse }

const admitted = <V extends Context>(context: V): Admission<V> => ({ kind: 'admitted', context })
const refused = (answer: HttpResponse): Admission<never> => ({ kind: 'refused', answer })

/** Who stands at the door, as the context that the endpoint needs, or why not. */
export const admit: { readonly [C in Caller]: (context: Context) => Promise<Admission<ContextOf[C]>> } = {
  anyone: (context) => Promise.resolve(admitted(context)),

  'signing-in': async (context) => {
    const found = await signingInOf(context)
    if (found === null) return refused(signInIsOver(context))
    return !hasSecondFactor(found.account)
      ? refused(secondFactorDue(found.account))
      : admitted({ ...context, ...found })
  },

  'setting-up': async (context) => {
    const owner = await setUpOwner(context)
    if (owner === null) return refused(refuse('not-signed-in'))
    return owner.kind === 'sign-in' && hasSecondFactor(owner.account)
      ? refused(secondFactorDue(owner.account))
      : admitted({ ...context, owner })
  },

  'signed-in': async (context) => {
    const signedIn = await signedInOf(context)
    if (signedIn !== null) return admitted(asSignedIn(context, signedIn))
    const signingIn = await signingInOf(context)
    return refused(signingIn === null ? refuse('not-signed-in') : secondFactorDue(signingIn.account))
  },

  administrator: (context) => administrator(context, 'look'),
  'fresh-administrator': (context) => administrator(context, 'change'),
}

/** Whoever may not look is told no more than at an address that there is not. */
async function administrator(context: Context, wish: 'look' | 'change'): Promise<Admission<SignedInContext>> {
  const signedIn = await signedInOf(context)
  const may = administrationFor(policyOf(context), signedIn, nowOf(context))
  if (signedIn === null || may === 'nothing') return refused(refuse('not-found'))
  return may === 'look' && wish === 'change'
    ? refused(refuse('fresh-proof-required'))
    : admitted(asSignedIn(context, signedIn))
}

/** A right password alone opens nothing; `next` says what would. */
const secondFactorDue = (account: Account): HttpResponse =>
  refuse('second-factor-required', {
    members: { next: hasSecondFactor(account) ? 'verify' : 'setup' },
  })

/** The sign-in ended, and its cookie with it. */
export const signInIsOver = (context: Context): HttpResponse =>
  refuse('sign-in-over', { cookies: [context.services.cookies.clear('sign-in')] })
