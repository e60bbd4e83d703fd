import type { Account } from '../accounts/account.js'
import type { FactorKind, Strength } from '../factors/factor.js'
import type { AccountId, SessionId } from '../ids.js'
import type { Policy } from '../policy.js'
import { isStillToCome } from '../ports/platform.js'

/** How a session's person was proven. `device` is a device that was trusted earlier. */
export type Proof = 'password' | FactorKind | 'device'

export interface Session {
  readonly id: SessionId
  readonly account: AccountId
  readonly factors: readonly Proof[]
  /** What they were worth together when they were given; '' where a version that did not note it began the session. */
  readonly strength: Strength | ''
  readonly signedInAt: number
  /** When the person was last proven freshly enough for a change of the account; 0 = not at all. */
  readonly verifiedAt: number
  readonly lastSeenAt: number
  /** The absolute end; idle time may end it earlier. */
  readonly expiresAt: number
  readonly address: string
  readonly userAgent: string
}

/** The person behind a live session. */
export interface SignedIn {
  readonly session: Session
  readonly account: Account
}

/** A session that a trusted device opened begins so: nobody has shown its token yet, and the first request that does is noted. */
export const unseenSince = ({ session }: Pick<Policy, 'session'>, signedInAt: number): number =>
  signedInAt - session.touchEverySeconds
export const isUnseen = ({ lastSeenAt, signedInAt }: Session): boolean => lastSeenAt < signedInAt

export interface SessionStore {
  add(session: Session, tokenHash: string): Promise<void>
  findByTokenHash(tokenHash: string): Promise<SignedIn | null>
  listOf(account: AccountId): Promise<readonly Session[]>
  touch(id: SessionId, at: number): Promise<void>
  /** A step up: new token, old one dead. False when the old token was dead already. */
  replaceToken(
    tokenHash: string,
    next: { readonly tokenHash: string; readonly session: Session },
  ): Promise<boolean>
  end(id: SessionId, account: AccountId): Promise<boolean>
  endByTokenHash(tokenHash: string): Promise<boolean>
  /** @returns how many ended */
  endAllOf(account: AccountId, except?: SessionId): Promise<number>
  endOldestOf(account: AccountId, keep: number): Promise<number>
  removeExpired(now: number, limit: number): Promise<number>
  /** Those that were last seen before. */
  removeIdleSince(at: number, limit: number): Promise<number>
}

export const isLive = (
  { session: { idleSeconds, longestSeconds } }: Pick<Policy, 'session'>,
  session: Session,
  now: number,
): boolean =>
  isStillToCome(session.expiresAt, now, longestSeconds) &&
  isStillToCome(session.lastSeenAt + idleSeconds, now, idleSeconds)

export const isFresh = (
  { freshSeconds }: Pick<Policy, 'freshSeconds'>,
  session: Session,
  now: number,
): boolean => session.verifiedAt > 0 && isStillToCome(session.verifiedAt + freshSeconds, now, freshSeconds)
