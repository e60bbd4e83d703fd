import type { Account } from '../accounts/account.js'
import type { AccountId, SignInId } from '../ids.js'

/**
 * A sign-in in progress: the password was right, the second factor is still due. It is not a session: it opens
 * the second step and nothing else.
 */
export interface SignIn {
  readonly id: SignInId
  readonly account: AccountId
  readonly startedAt: number
  readonly expiresAt: number
}

/** The person whose sign-in it is. */
export interface SigningIn {
  readonly signIn: SignIn
  readonly account: Account
}

export interface SignInStore {
  add(signIn: SignIn, tokenHash: string): Promise<void>
  findByTokenHash(tokenHash: string, now: number): Promise<SigningIn | null>
  /** Whether nobody has completed or ended it. */
  isOpen(id: SignInId): Promise<boolean>
  /** The write that decides which request completes the sign-in: true once. */
  take(id: SignInId): Promise<boolean>
  endByTokenHash(tokenHash: string): Promise<void>
  endAllOf(account: AccountId): Promise<number>
  removeExpired(now: number, limit: number): Promise<number>
}
