import type { DeviceRequestStore } from '../applications/device.js'
import type { AccountStore } from '../accounts/account.js'
import type { AllAccountsStore } from '../maintenance/after-restore.js'
import type { ApplicationStore } from '../applications/application.js'
import type { SigningKeyStore } from '../applications/signing-keys.js'
import type { GrantStore } from '../applications/tokens.js'
import type { AttemptStore } from '../rate-limits/attempts.js'
import type { AuditStore } from '../audit/audit.js'
import type { AuthenticatorStore, SetUpStore } from '../factors/totp/store.js'
import type { KnownDeviceStore, TrustedDeviceStore } from '../sessions/trusted-device.js'
import type { InvitationStore } from '../accounts/invitation.js'
import type { GroupStore } from '../accounts/groups.js'
import type { LeaseStore } from './lease.js'
import type { NewcomerStore } from '../accounts/newcomers.js'
import type { MailLinkStore } from '../notify/mail-links.js'
import type { OutboxStore } from '../notify/outbox.js'
import type { HardwareTokenStore } from '../factors/totp/tokens/store.js'
import type { PeopleStore } from '../accounts/people.js'
import type { OpenInvitationStore, RegistrationStore } from '../registration/open-invitation.js'
import type { PasskeyChallengeStore, PasskeyStore } from '../factors/passkeys/store.js'
import type { RecoveryCodeStore, UnsavedCodesStore } from '../factors/recovery-codes/store.js'
import type { SessionStore } from '../sessions/session.js'
import type { SignInStore } from '../sign-in/sign-in.js'

/** Small facts about the installation itself (the key checks). */
export interface FactStore {
  get(name: string): Promise<string | null>
  list(prefix: string): Promise<readonly { readonly name: string; readonly value: string }[]>
  /** Whoever comes first: false when it is there already. */
  add(name: string, value: string): Promise<boolean>
  put(name: string, value: string): Promise<void>
  /** The write that decides who goes on from a value: true for one of those that read it. */
  replace(name: string, value: { readonly from: string; readonly to: string }): Promise<boolean>
  remove(name: string): Promise<boolean>
}

/** Everything that is kept, one store a noun. */
export interface Stores {
  readonly accounts: AccountStore
  readonly applications: ApplicationStore
  readonly attempts: AttemptStore
  readonly audit: AuditStore
  readonly authenticators: AuthenticatorStore
  readonly allAccounts: AllAccountsStore
  readonly deviceRequests: DeviceRequestStore
  readonly facts: FactStore
  readonly grants: GrantStore
  readonly groups: GroupStore
  readonly hardwareTokens: HardwareTokenStore
  readonly invitations: InvitationStore
  readonly knownDevices: KnownDeviceStore
  readonly leases: LeaseStore
  readonly newcomers: NewcomerStore
  readonly mailLinks: MailLinkStore
  readonly outbox: OutboxStore
  readonly openInvitations: OpenInvitationStore
  readonly people: PeopleStore
  readonly passkeys: PasskeyStore
  readonly passkeyChallenges: PasskeyChallengeStore
  readonly recoveryCodes: RecoveryCodeStore
  readonly registrations: RegistrationStore
  readonly sessions: SessionStore
  readonly setUps: SetUpStore
  readonly signIns: SignInStore
  readonly signingKeys: SigningKeyStore
  readonly trustedDevices: TrustedDeviceStore
  readonly unsavedCodes: UnsavedCodesStore
  /** Done once the transaction is kept, and not at all where it is not. At once where there is none. */
  readonly afterwards: { push(act: () => void): unknown }
}

/** Returned from `atomically`: nothing that was written is kept, and the value is the outcome all the same. */
export class Rollback<T> {
  readonly outcome: T

  constructor(outcome: T) {
    this.outcome = outcome
  }
}

/**
 * When a transaction is told to have ended: `synchronous`, when the disk has it; `asynchronous`, when everybody sees it.
 * Only a crash of the whole machine takes an asynchronous one back, and only before the next synchronous one has ended:
 * nobody outside may be told of it until then.
 */
export type Commit = 'synchronous' | 'asynchronous'

export interface Storage {
  /** Each call is a transaction of its own, durable when it returns. */
  readonly stores: Stores
  /**
   * Runs several calls as one transaction: all or nothing, durable when it returns unless told. `work` waits for
   * nothing but the stores that it is given. What it asks of them at once is done in the order in which it was asked.
   */
  atomically<T>(work: (stores: Stores) => Promise<T | Rollback<T>>, commit?: Commit): Promise<T>
  /** One transaction that may take minutes, because it concerns everybody. */
  patiently<T>(work: (stores: Stores) => Promise<T | Rollback<T>>): Promise<T>
}

/**
 * Under this key `Core` carries the storage. The doors (http/, cli/, protect/, adapters/) may not name it: they read
 * through `core.queries`, and whatever changes something is a function of core/. Lint says so.
 */
export const storage: unique symbol = Symbol('storage')
