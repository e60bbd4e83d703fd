import type { AuditEvent } from '../audit/audit.js'
import type { AuthenticatorSecret } from '../factors/totp/store.js'
import type { AccountId } from '../ids.js'
import type { Account, LoginName } from './account.js'
import type { Group } from './groups.js'
import type { PersonEntry } from './people.js'

/** Somebody new with everything that is kept of them from the first moment on. */
export interface Newcomer {
  readonly account: Account
  readonly loginNames: readonly LoginName[]
  readonly groups: readonly Group[]
  /** What they are found by. */
  readonly entry: PersonEntry
  readonly authenticators: readonly AuthenticatorSecret[]
  readonly event: AuditEvent
}

/** Somebody who is here, as they are to be, with what they get. */
export interface Merge extends Omit<Newcomer, 'loginNames'> {
  /** All of them: those that they have, and those that come to them. */
  readonly groups: readonly Group[]
  /** Those that come to them. */
  readonly authenticators: readonly AuthenticatorSecret[]
}

export interface NewcomerStore {
  /**
   * Many at once, a statement a table: within a transaction that holds the groups, and is not kept where a name was taken.
   * @returns somebody whose name is taken, or null
   */
  addAll(newcomers: readonly Newcomer[]): Promise<AccountId | null>
  /** Accounts that nobody else changes until the transaction ends; those that are gone are missing. */
  holdAll(ids: readonly AccountId[]): Promise<ReadonlyMap<AccountId, Account>>
  /** Each account once, and held; within a transaction that holds the groups. */
  mergeAll(merges: readonly Merge[]): Promise<void>
}
