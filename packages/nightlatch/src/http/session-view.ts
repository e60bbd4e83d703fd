import { isoTime } from '../shared/time.js'
import type { Strength } from '../core/factors/factor.js'
import { isPhishingResistant, strengthOfSession } from '../core/factors/registry.js'
import type { Proof, SignedIn } from '../core/sessions/session.js'

/** A session as programs see it; times are ISO 8601, UTC. */
export interface SessionView {
  readonly account: {
    readonly id: string
    readonly username: string
    readonly name: string
    readonly email: string
  }
  readonly factors: readonly Proof[]
  /** What they are worth together. */
  readonly strength: Strength
  /** Proven with a passkey: no other site can have got hold of it. */
  readonly phishingResistant: boolean
  readonly signedInAt: string
  /** The last fresh proof, or null when there was none. */
  readonly verifiedAt: string | null
  readonly expiresAt: string
}

export function sessionView({ account, session }: SignedIn): SessionView {
  const { id, username, name, email } = account
  return {
    account: { id, username, name, email },
    factors: session.factors,
    strength: strengthOfSession(session),
    phishingResistant: isPhishingResistant(session),
    signedInAt: isoTime(session.signedInAt),
    verifiedAt: session.verifiedAt === 0 ? null : isoTime(session.verifiedAt),
    expiresAt: isoTime(session.expiresAt),
  }
}
