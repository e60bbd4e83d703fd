import type { Settings } from '../config/read.js'
import type { Policy } from '../core/policy.js'
import { usualLimits } from '../core/policy.js'

/** What an installation decides with: the usual limits, and what its settings say. */
export const policyFrom = ({
  mfa,
  issuer,
  origin,
  passkeys,
  registration,
  mail,
  passwordReset,
  weeklyReport,
}: Settings): Policy => ({
  ...usualLimits,
  mfa,
  issuer,
  host: new URL(origin).hostname,
  registration: { ...registration, confirmsMail: mail !== null },
  // By mail only: without a mail server nobody could be sent a link.
  offersPasswordReset: passwordReset === 'on' && mail !== null,
  reportsWeekly: weeklyReport === 'on' && mail !== null,
  passkeys: {
    use: passkeys.use,
    rpId: passkeys.rpId,
    origins: [origin, ...passkeys.formerOrigins],
    deviceBound: passkeys.kind === 'device-bound',
  },
})
