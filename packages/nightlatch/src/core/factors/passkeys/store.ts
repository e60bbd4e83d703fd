import type { AccountId, PasskeyId } from '../../ids.js'
import type { PublicKey } from '../../ports/webauthn.js'
import type { FactorItem } from '../factor.js'

/** One passkey of a person's: a public key credential (WebAuthn). */
export interface Passkey extends FactorItem {
  readonly id: PasskeyId
  readonly account: AccountId
  /** The credential's own id, base64url: it names the passkey to browsers and authenticators. */
  readonly credentialId: string
  readonly publicKey: PublicKey
  /** How often it has signed, where it counts: 0 where it does not. */
  readonly signCount: number
  /** The domain that it was made for, and works at. */
  readonly rpId: string
  /** How it can be reached (`internal`, `usb`, `hybrid` …), as the browser said. */
  readonly transports: readonly string[]
  readonly aaguid: string
  /** It has checked at least once who holds it: by a finger, a face or a PIN. */
  readonly verifiesUser: boolean
  /** It may be copied to other devices of its owner, and whether it was. */
  readonly backupEligible: boolean
  readonly backedUp: boolean
}

/** EdDSA, ES256 and RS256, the best first: some password managers know the first of them only, some the second. */
export const algorithms = [-8, -7, -257] as const

/** What an accepted assertion changes. */
interface PasskeyUse {
  readonly signCount: number
  readonly userVerified: boolean
  readonly backedUp: boolean
  readonly at: number
}

export interface PasskeyStore {
  /** False when the credential is somebody's already. */
  add(passkey: Passkey): Promise<boolean>
  listOf(account: AccountId): Promise<readonly Passkey[]>
  findByCredentialId(credentialId: string): Promise<Passkey | null>
  /** The write that decides: false when the counter has not moved on, where both have one, or it is not there. */
  use(id: PasskeyId, use: PasskeyUse): Promise<boolean>
  /** False when it is not there, not the account's, or the name is taken. */
  rename(id: PasskeyId, account: AccountId, name: string): Promise<boolean>
  remove(id: PasskeyId, account: AccountId): Promise<boolean>
  removeAllOf(account: AccountId): Promise<number>
  /** How many there are that were made for another domain. */
  countElsewhere(rpId: string): Promise<number>
  /** How many there are. */
  count(): Promise<number>
  /** What authenticators know the account by: 64 random bytes. Keeps `fresh` where there is none yet. */
  userHandleOf(account: AccountId, fresh: string): Promise<string>
  findUserHandle(account: AccountId): Promise<string | null>
}

/** Challenges that were used: a challenge itself is kept nowhere but in the browser. */
export interface PasskeyChallengeStore {
  /** The write that decides which of several copies counts: true once. */
  spend(challengeHash: string, expiresAt: number): Promise<boolean>
  removeExpired(now: number, limit: number): Promise<number>
}
