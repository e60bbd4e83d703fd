import type { Core } from '../../core.js'
import type { AuthenticatorData, ClientData } from '../../ports/webauthn.js'
import { openChallenges } from './challenges.js'
import type { Challenge, Purpose } from './challenges.js'

/** Why a passkey was not accepted. The audit trail says it; the person and strangers get one sentence for all of them. */
export type PasskeyReason =
  | 'malformed'
  | 'type'
  | 'challenge'
  | 'challenge-used'
  | 'origin'
  | 'cross-origin'
  | 'rp-id'
  | 'user-presence'
  | 'user-verification'
  | 'backup-flags'
  | 'algorithm'
  | 'credential-taken'
  | 'unknown-credential'
  | 'other-account'
  | 'user-handle'
  | 'signature'
  | 'counter'
  | 'account-disabled'

/** What a ceremony must have been. */
export interface Wanted {
  readonly type: 'webauthn.create' | 'webauthn.get'
  readonly purposes: readonly Purpose[]
  readonly owner: string
  /** What the browser holds. */
  readonly challenges: string | null
}

/** The challenge of ours that was answered, or null: another one, one for something else, or too old. */
export function answeredChallenge(
  core: Core,
  { challenge }: ClientData,
  { purposes, owner, challenges }: Wanted,
): Challenge | null {
  const all = openChallenges(core, challenges)
  const isMeant = (one: Challenge): boolean => purposes.includes(one.purpose) && one.owner === owner
  return all.find((one) => one.challenge === challenge && isMeant(one)) ?? null
}

/** WebAuthn §7.1 steps 7 to 11, §7.2 steps 10 to 14. */
export function problemOfClientData(
  { policy }: Core,
  data: ClientData,
  { type }: Pick<Wanted, 'type'>,
): PasskeyReason | null {
  if (data.type !== type) return 'type'
  if (!policy.passkeys.origins.includes(data.origin)) return 'origin'
  return data.crossOrigin ? 'cross-origin' : null
}

/** WebAuthn §7.1 steps 14 to 18, §7.2 steps 15 to 19. */
export function problemOfAuthenticatorData(
  { platform, policy }: Core,
  data: AuthenticatorData,
  must: { readonly userPresence: boolean; readonly userVerification: boolean },
): PasskeyReason | null {
  if (data.rpIdHash !== platform.sha256(policy.passkeys.rpId)) return 'rp-id'
  if (must.userPresence && !data.userPresent) return 'user-presence'
  if (must.userVerification && !data.userVerified) return 'user-verification'
  return data.backedUp && !data.backupEligible ? 'backup-flags' : null
}
