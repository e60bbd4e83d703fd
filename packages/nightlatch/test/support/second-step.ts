import type { Core } from '../../src/core/core.js'
import type { SecondStep, SecondStepOutcome } from '../../src/core/sign-in/code-step.js'
import { giveSecondFactor } from '../../src/core/sign-in/code-step.js'

type Given = Pick<SecondStep, 'signIn' | 'browser'> & { readonly code: string; readonly remember?: boolean }

/** The second step with a code of an authenticator app. */
export const giveCode = (core: Core, { code, ...step }: Given): Promise<SecondStepOutcome> =>
  giveSecondFactor(core, { ...step, factor: 'totp', given: code })

/** The second step with a recovery code. */
export const giveRecoveryCode = (core: Core, { code, ...step }: Given): Promise<SecondStepOutcome> =>
  giveSecondFactor(core, { ...step, factor: 'recovery-code', given: code })
