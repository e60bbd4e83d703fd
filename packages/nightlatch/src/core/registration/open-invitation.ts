import type { LoginName } from '../accounts/account.js'
import type { AccountId, InvitationId } from '../ids.js'
import type { Token } from '../tokens.js'

/** An invitation that is for nobody in particular: whoever has its link makes an account of their own, a few times. */
export interface OpenInvitation {
  readonly id: InvitationId
  /** What the new accounts are in. */
  readonly groups: readonly string[]
  /** How many accounts it may make, and how many it has made. */
  readonly uses: number
  readonly used: number
  /** Only for confirmed addresses of this domain; '' for any, and for none. */
  readonly domain: string
  /** A link was sent to this address, which that link confirms; '' when it was only given to whoever made it. */
  readonly email: string
  /** null: whoever has a shell on the machine. */
  readonly invitedBy: AccountId | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly withdrawnAt: number | null
}

/** Where it leads, below the base path. */
export const registrationPath = (token: Token): string => `/register?token=${token.reveal()}`

/** Why it opens nothing any more. */
export type ClosedWhy = 'used-up' | 'withdrawn' | 'expired'

export function whyClosed(
  { uses, used, expiresAt, withdrawnAt }: OpenInvitation,
  now: number,
): ClosedWhy | null {
  if (withdrawnAt !== null) return 'withdrawn'
  if (used >= uses) return 'used-up'
  return now < expiresAt ? null : 'expired'
}

/** Hashes of the tokens in its links: the one that was handed over, and the one that went by mail. */
interface InvitationTokens {
  readonly handed: string
  readonly mailed: string | null
}

/** An invitation behind a link, and which of its links that was. */
export interface FollowedInvitation {
  readonly invitation: OpenInvitation
  readonly isMailed: boolean
}

export interface OpenInvitationStore {
  add(invitation: OpenInvitation, tokens: InvitationTokens): Promise<void>
  find(id: InvitationId): Promise<OpenInvitation | null>
  /** Also one that opens nothing any more: its holder is told why. */
  findByTokenHash(tokenHash: string): Promise<FollowedInvitation | null>
  /** Newest first; `after` is the last one of the page before. */
  list(page: {
    readonly after: OpenInvitation | null
    readonly limit: number
  }): Promise<readonly OpenInvitation[]>
  /** The write that decides who gets the last use: false when it opens nothing any more. */
  use(id: InvitationId, now: number): Promise<boolean>
  /** False when it was withdrawn before. */
  withdraw(id: InvitationId, now: number): Promise<boolean>
  removeExpiredBefore(at: number, limit: number): Promise<number>
}

/** Somebody who wants to register, and whose address is yet to be confirmed by the link that was sent there. */
export interface Registration {
  readonly emailKey: LoginName
  /** As typed. */
  readonly email: string
  readonly invitation: InvitationId | null
  readonly createdAt: number
  readonly expiresAt: number
}

export interface RegistrationStore {
  /** In the place of an earlier one of the same address. */
  put(registration: Registration, tokenHash: string): Promise<void>
  find(tokenHash: string, now: number): Promise<Registration | null>
  /** The write that decides who finishes it: true once. */
  take(emailKey: LoginName, tokenHash: string): Promise<boolean>
  removeExpired(now: number, limit: number): Promise<number>
}
