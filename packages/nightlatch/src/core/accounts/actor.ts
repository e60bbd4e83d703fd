import type { AuditEvent } from '../audit/audit.js'
import { noClient } from '../audit/audit.js'
import type { AccountId } from '../ids.js'
import type { Client } from '../ports/platform.js'

/** Who does something to somebody else's account. */
export interface Actor {
  readonly client: Client
  /** null: whoever has a shell on the machine. */
  readonly account: AccountId | null
  /** The last administrator who can sign in may be taken away, too. */
  readonly evenTheLast?: boolean
}

export const atTheCommandLine: Actor = { client: noClient, account: null }

/** For the audit trail: which account did it. */
export const by = ({ account }: Actor): AuditEvent['details'] => (account === null ? {} : { by: account })
