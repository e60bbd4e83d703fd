import type { FactorRefusal } from '../../core/factors/factor.js'
import type { HttpResponse } from '../request.js'
import type { Context } from '../context.js'
import { nowOf } from '../context.js'
import { refuse, refuseUntil } from '../refuse.js'

/** Nothing was looked at and nothing was spent. */
export const busy = (): HttpResponse => refuse('busy')

export const wait = (context: Context, untilSeconds: number): HttpResponse =>
  refuseUntil('too-many-attempts', untilSeconds - nowOf(context))

/** What a refused code looks like: 422 malformed, 401 wrong, 429 too many. */
export function refuseCode(context: Context, refusal: FactorRefusal): HttpResponse {
  switch (refusal.kind) {
    case 'malformed':
      return refuse('malformed-code', { members: { reason: refusal.problem } })
    case 'wrong':
      return refuse('wrong-code')
    case 'unreadable':
      return refuse('code-unreadable')
    case 'wait':
      return wait(context, refusal.untilSeconds)
    case 'locked':
      return refuse('codes-locked')
  }
}

export function refuseRecoveryCode(context: Context, refusal: FactorRefusal): HttpResponse {
  if (refusal.kind === 'malformed') return refuse('malformed-recovery-code')
  return refusal.kind === 'wrong' ? refuse('wrong-recovery-code') : refuseCode(context, refusal)
}

/** Whatever was wrong with it, the answer is the same. */
export function refusePasskey(context: Context, refusal: FactorRefusal): HttpResponse {
  return refusal.kind === 'wait' ? wait(context, refusal.untilSeconds) : refuse('wrong-passkey')
}

type FactorChangeRefusal =
  | { readonly kind: 'not-there' | 'last-one' | 'not-fresh' }
  | { readonly kind: 'bad-name'; readonly why: string }

/** Why one of the person's own second factors was not renamed or removed. */
export function refuseFactorChange(refusal: FactorChangeRefusal): HttpResponse {
  switch (refusal.kind) {
    case 'not-there':
      return refuse('not-found')
    case 'last-one':
      return refuse('last-authenticator')
    case 'not-fresh':
      return refuse('fresh-proof-required')
    case 'bad-name':
      return refuse('bad-name', { members: { reason: refusal.why } })
  }
}
