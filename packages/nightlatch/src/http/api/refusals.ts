import type { FactorRefusal } from '../../core/factors/factor.js'
import { hour } from '../../core/ports/platform.js'
import type { Answer } from '../request.js'
import type { Visit } from '../context.js'
import { nowOf } from '../context.js'
import { refuse, refuseUntil } from './problems.js'

const busySeconds = 2

/** Nothing was looked at and nothing was spent. */
export const busy = (): Answer => refuseUntil('busy', busySeconds)

export const wait = (visit: Visit, untilSeconds: number): Answer =>
  refuseUntil('too-many-attempts', untilSeconds - nowOf(visit))

/** What a refused code looks like: 422 malformed, 401 wrong, 429 too many. */
export function refuseCode(visit: Visit, refusal: FactorRefusal): Answer {
  switch (refusal.kind) {
    case 'malformed':
      return refuse('malformed-code', { members: { reason: refusal.problem } })
    case 'wrong':
      return refuse('wrong-code')
    case 'unreadable':
      return refuse('code-unreadable')
    case 'wait':
      return wait(visit, refusal.untilSeconds)
    case 'locked':
      return refuseUntil('codes-locked', hour)
  }
}

export function refuseRecoveryCode(visit: Visit, refusal: FactorRefusal): Answer {
  if (refusal.kind === 'malformed') return refuse('malformed-recovery-code')
  return refusal.kind === 'wrong' ? refuse('wrong-recovery-code') : refuseCode(visit, refusal)
}
