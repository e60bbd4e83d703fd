import type { Settings } from '../config/read.js'
import type { Policy } from '../core/policy.js'
import { usualLimits } from '../core/policy.js'

/** What an installation decides with: the usual limits, and what its settings say. */
export const policyFrom = ({ mfa, issuer, origin }: Settings): Policy => ({
  ...usualLimits,
  mfa,
  issuer,
  host: new URL(origin).hostname,
})
