import type { Account } from '../../core/accounts/account.js'
import type { FactorKind, FactorRefusal } from '../../core/factors/factor.js'
import type { RequestOptions } from '../../core/factors/passkeys/options.js'
import { usableFactors } from '../../core/factors/registry.js'
import { askedOf } from '../../core/factors/totp/verify.js'
import { day } from '../../core/ports/platform.js'
import type { ConfirmView, FieldName, Html, Problem } from '../../pages/index.js'
import {
  confirmPage,
  confirmPasskeyPage,
  confirmRecoveryPage,
  factorWords,
  passkeyStepPage,
  recoveryPage,
  verifyPage,
} from '../../pages/index.js'
import { codeProblem } from './code-problems.js'
import { passkeyProblem } from './passkeys.js'
import type { SecondStepMetric } from '../health/metrics.js'
import type { SignedInContext, SigningInContext, Context } from '../context.js'
import { policyOf, siteOf } from '../context.js'

/** What a page of the second step shows again after a refusal. */
export interface StepView {
  readonly problems: readonly Problem[]
  readonly failures: number
  readonly others: readonly FactorKind[]
  /** What a passkey of the account is asked for with; null where there is none that works here. */
  readonly passkey: RequestOptions | null
  readonly next: string
}

/** How a factor is given at the pages. */
interface FactorDoor {
  /** The field of its forms. */
  readonly field: FieldName
  readonly metric: SecondStepMetric
  showStep(context: SigningInContext, view: StepView): Promise<Html>
  showConfirm(context: SignedInContext, view: ConfirmView): Promise<Html>
  problemOf(refusal: FactorRefusal, nowSeconds: number): { status: number; problem: Problem }
}

export const factorDoors: Readonly<Record<FactorKind, FactorDoor>> = {
  totp: {
    field: 'otp',
    metric: 'code',
    showStep: async (context, view) => {
      const asked = await askedOf(context.services.core, context.account.id)
      return verifyPage(siteOf(context), {
        username: context.account.username,
        offerRemember: true,
        rememberDays: policyOf(context).trustedDevice.seconds / day,
        ...view,
        ...asked,
        problems: withLengths(view.problems, asked),
      })
    },
    showConfirm: async (context, view) => {
      const asked = await askedOf(context.services.core, context.signedIn.account.id)
      const problems = withLengths(view.problems ?? [], asked)
      return confirmPage(siteOf(context, context.signedIn), { ...view, ...asked, problems })
    },
    problemOf: (refusal, nowSeconds) => codeProblem(refusal, { nowSeconds, recovery: false }),
  },
  passkey: {
    field: 'credential',
    metric: 'passkey',
    showStep: (context, { problems, others, next, passkey }) =>
      Promise.resolve(
        passkeyStepPage(siteOf(context), {
          username: context.account.username,
          rememberDays: policyOf(context).trustedDevice.seconds / day,
          ...{ problems, others, next, passkey },
        }),
      ),
    showConfirm: (context, view) =>
      Promise.resolve(confirmPasskeyPage(siteOf(context, context.signedIn), view)),
    problemOf: passkeyProblem,
  },
  'recovery-code': {
    field: 'recovery_code',
    metric: 'recovery-code',
    showStep: (context, { problems, others, next }) =>
      Promise.resolve(
        recoveryPage(siteOf(context), { username: context.account.username, problems, others, next }),
      ),
    showConfirm: (context, view) =>
      Promise.resolve(confirmRecoveryPage(siteOf(context, context.signedIn), view)),
    problemOf: (refusal, nowSeconds) => codeProblem(refusal, { nowSeconds, recovery: true }),
  },
}

/** What is no code at all is told how long they are. */
const ofNoCode = new Set<Problem['key']>(['code-empty', 'code-letters', 'code-length'])

const withLengths = (
  problems: readonly Problem[],
  { lengths }: { readonly lengths: readonly number[] },
): readonly Problem[] =>
  problems.map((problem) => (ofNoCode.has(problem.key) ? ({ ...problem, lengths } as Problem) : problem))

/** The page where the sign-in goes on: the best factor that the account has, or the set-up of its first one. */
export function nextStepPath({ services }: Context, account: Pick<Account, 'factorCounts'>): string {
  const [first] = usableFactors(services.core, account)
  return services.site.base + (first === undefined ? '/mfa/setup' : factorWords[first].stepPath)
}

/** What may be given in another one's place. */
export const othersThan = (
  kind: FactorKind,
  { services }: Context,
  account: Pick<Account, 'factorCounts'>,
): readonly FactorKind[] => usableFactors(services.core, account).filter((other) => other !== kind)
