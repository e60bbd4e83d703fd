import type { AccountId, InvitationId } from '../ids.js'
import type { Token } from '../tokens.js'

/** Where a one-time link leads, below the base path. */
export const invitationPath = (token: Token): string => `/invitation?token=${token.reveal()}`

/** A one-time link: to choose the password of an account, or to create the very first account. */
export interface Invitation {
  readonly id: InvitationId
  /** null: it creates the first account. */
  readonly account: AccountId | null
  /** The address to which this link, and no other, was sent; missing where it was handed over. */
  readonly mailedTo?: string
  readonly createdAt: number
  readonly expiresAt: number
}

export interface InvitationStore {
  add(invitation: Invitation, tokenHash: string): Promise<void>
  find(tokenHash: string, now: number): Promise<Invitation | null>
  /** The write that decides who uses it: true once. */
  take(id: InvitationId, now: number): Promise<boolean>
  /** Takes back every link of the account (null: of the first account). */
  removeAllOf(account: AccountId | null): Promise<void>
  removeExpired(now: number, limit: number): Promise<number>
}
