import type { FactorRefusal } from '../../core/factors/factor.js'
import type { Policy } from '../../core/policy.js'
import { codeDigits } from '../../core/factors/totp/verify.js'
import type { Problem } from '../../pages/index.js'
import { meaningOf, statusOf } from '../problems.js'
import { retryAfter } from '../response.js'

interface Circumstances {
  readonly nowSeconds: number
  /** It was the recovery code's field. */
  readonly recovery: boolean
}

/**
 * What a refused code looks like on a page: 422 malformed, 401 wrong, 429 too many. What only another page can mend
 * belongs to no field: it stands in the summary, and keeps words of recovery away from the box for the code, which
 * password managers would take for another one.
 */
export function codeProblem(refusal: FactorRefusal, at: Circumstances): { status: number; problem: Problem } {
  const field = at.recovery ? ('recovery_code' as const) : ('otp' as const)
  switch (refusal.kind) {
    case 'malformed':
      return at.recovery
        ? { status: statusOf('malformed-recovery-code'), problem: malformedRecovery(refusal) }
        : { status: statusOf('malformed-code'), problem: malformedCode(refusal) }
    case 'wrong':
      return at.recovery
        ? { status: statusOf('wrong-recovery-code'), problem: { key: 'recovery-wrong', field } }
        : { status: statusOf('wrong-code'), problem: { key: 'code-wrong', field } }
    case 'unreadable':
      return { status: statusOf('code-unreadable'), problem: { key: 'code-unreadable' } }
    case 'wait': {
      const wait = { untilSeconds: refusal.untilSeconds, nowSeconds: at.nowSeconds }
      const key = at.recovery ? ('too-many' as const) : ('code-locked' as const)
      return { status: statusOf('too-many-attempts'), problem: { key, wait } }
    }
    case 'locked':
      return {
        status: statusOf('codes-locked'),
        problem: { key: at.recovery ? 'recovery-blocked' : 'code-blocked' },
      }
  }
}

/** How many codes were wrong in a row, as far as a page needs to know: whoever waits has had several. */
export const failuresOf = (
  { attempts }: Pick<Policy, 'attempts'>,
  outcome: { readonly kind: string; readonly failures?: number },
): number => (outcome.kind === 'wait' ? attempts.code.waitFrom : (outcome.failures ?? 0))

function malformedCode(refusal: FactorRefusal & { kind: 'malformed' }): Problem {
  switch (refusal.problem) {
    case 'empty':
      return { key: 'code-empty', field: 'otp' }
    case 'not-numbers':
      return { key: 'code-letters', field: 'otp' }
    case 'wrong-length':
      return { key: 'code-length', field: 'otp', count: refusal.digits }
    case 'looks-like-recovery-code':
      return { key: 'code-looks-like-recovery' }
  }
}

function malformedRecovery(refusal: FactorRefusal & { kind: 'malformed' }): Problem {
  if (refusal.problem === 'empty') return { key: 'recovery-empty', field: 'recovery_code' }
  const key = refusal.digits === codeDigits ? 'recovery-looks-like-code' : 'recovery-wrong'
  return { key, field: 'recovery_code' }
}

/** The Retry-After of a refusal that time heals; locked codes are not, but an hour is a fair time to ask again. */
export function lockedUntil(
  refusal: { readonly kind: string; readonly untilSeconds?: number },
  now: number,
): Record<string, string> {
  if (refusal.kind === 'wait' && refusal.untilSeconds !== undefined)
    return retryAfter(refusal.untilSeconds, now)
  const { retryAfterSeconds = 0 } = meaningOf('codes-locked')
  return refusal.kind === 'locked' ? retryAfter(now + retryAfterSeconds, now) : {}
}
