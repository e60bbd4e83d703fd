import type { Account } from '../../core/accounts/account.js'
import type { SetUpOwner } from '../../core/factors/enrolment.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import type { Answer } from '../request.js'
import { setUpOwner } from '../pages/set-up.js'
import type { SignedInVisit, SigningInVisit, Visit } from '../context.js'
import { asSignedIn, signedInOf, signingInOf } from '../context.js'
import type { Caller } from './endpoints.js'
import { refuse } from './problems.js'

/** A visit of somebody who may set up an authenticator. */
export interface SettingUpVisit extends Visit {
  readonly owner: SetUpOwner
}

export interface VisitOf {
  readonly anyone: Visit
  readonly 'signing-in': SigningInVisit
  readonly 'setting-up': SettingUpVisit
  readonly 'signed-in': SignedInVisit
}

export type Admission<V extends Visit> =
  { readonly kind: 'admitted'; readonly visit: V } | { readonly kind: 'refused'; readonly answer: Answer }

const admitted = <V extends Visit>(visit: V): Admission<V> => ({ kind: 'admitted', visit })
const refused = (answer: Answer): Admission<never> => ({ kind: 'refused', answer })

/** Who stands at the door, as the visit that the endpoint needs, or why not. */
export const admit: { readonly [C in Caller]: (visit: Visit) => Promise<Admission<VisitOf[C]>> } = {
  anyone: (visit) => Promise.resolve(admitted(visit)),

  'signing-in': async (visit) => {
    const found = await signingInOf(visit)
    if (found === null) return refused(signInIsOver(visit))
    return !hasSecondFactor(found.account)
      ? refused(secondFactorDue(found.account))
      : admitted({ ...visit, ...found })
  },

  'setting-up': async (visit) => {
    const owner = await setUpOwner(visit)
    if (owner === null) return refused(refuse('not-signed-in'))
    return owner.kind === 'sign-in' && hasSecondFactor(owner.account)
      ? refused(secondFactorDue(owner.account))
      : admitted({ ...visit, owner })
  },

  'signed-in': async (visit) => {
    const signedIn = await signedInOf(visit)
    if (signedIn !== null) return admitted(asSignedIn(visit, signedIn))
    const signingIn = await signingInOf(visit)
    return refused(signingIn === null ? refuse('not-signed-in') : secondFactorDue(signingIn.account))
  },
}

/** A right password alone opens nothing; `next` says what would. */
const secondFactorDue = (account: Account): Answer =>
  refuse('second-factor-required', {
    members: { next: hasSecondFactor(account) ? 'verify' : 'setup' },
  })

/** The sign-in ended, and its cookie with it. */
export const signInIsOver = (visit: Visit): Answer =>
  refuse('sign-in-over', { cookies: [visit.doors.cookies.clear('sign-in')] })
