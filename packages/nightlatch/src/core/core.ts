import type { Notices } from './notify/notices.js'
import type { PasswordHasher } from './accounts/password.js'
import type { SecretBox } from './keys/secret-box.js'
import type { Policy } from './policy.js'
import type { KeyMaker } from './ports/key-maker.js'
import type { Storage, Stores } from './ports/stores.js'
import type { storage } from './ports/stores.js'
import type { Queries } from './queries.js'
import { queriesOn } from './queries.js'
import type { Platform } from './ports/platform.js'
import type { WebAuthn } from './ports/webauthn.js'

/** An application that keeps its own accounts and passwords, and adds the second factor only. */
export interface ApplicationAccounts {
  /**
   * The account when the password is right, else null or `false`. `true` is enough where the name is, letter by letter,
   * the account's own; whoever also takes email addresses, other cases or the like answers which account it is.
   */
  verifyPassword(username: string, password: string): Promise<ApplicationAccount | boolean | null>
  /**
   * The own name of the account that `username` stands for, before any password is looked at, or null when there is
   * none. Where one person has several names, guesses are counted by person only when this tells whose they are.
   */
  canonicalName?(username: string): Promise<string | null> | string | null
}

export interface ApplicationAccount {
  readonly username: string
  readonly name?: string | undefined
  readonly email?: string | undefined
  readonly groups?: readonly string[] | undefined
}

/** Everything that the decisions are made with: what each function of core/ is given first. */
export interface Core {
  readonly platform: Platform
  readonly policy: Policy
  readonly queries: Queries
  readonly passwords: PasswordHasher
  readonly box: SecretBox
  readonly webAuthn: WebAuthn
  readonly keyMaker: KeyMaker
  readonly notices: Notices
  /** Whether a server of this installation sends mails; nobody does where it is left out. Within a transaction. */
  hasMailServer?(stores: Stores): boolean | Promise<boolean>
  isCommonPassword(lowerCase: string): boolean
  /** null: the accounts and passwords are ours. */
  readonly applicationAccounts: ApplicationAccounts | null
  /** Hears that the application said `true` to a name that is not an account's own: its author is to know. */
  onUnclearAnswer?(): void
  readonly [storage]: Storage
}

export const createCore = (parts: Omit<Core, 'queries'>): Core => ({ ...parts, queries: queriesOn(parts) })
