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

export interface NewcomerStore {
  /**
   * Many at once, a statement a table: within a transaction that holds the groups, and is not kept where a name was taken.
   * @returns somebody whose name is taken, or null
   */
  addAll(newcomers: readonly Newcomer[]): Promise<AccountId | null>
}
