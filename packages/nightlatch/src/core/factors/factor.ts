import type { Account } from '../accounts/account.js'
import type { AttemptKey, Place } from '../rate-limits/attempts.js'
import type { AuditEventName } from '../audit/audit.js'
import type { Core } from '../core.js'
import type { AccountId } from '../ids.js'
import type { NoticeKind } from '../notify/notices.js'
import type { SecretBox } from '../keys/secret-box.js'
import type { Policy } from '../policy.js'
import type { Stores } from '../ports/stores.js'
import type { Client } from '../ports/platform.js'

/**
 * Every kind of factor beside the password, in the order in which they are offered. The names are stored with
 * accounts and sessions and shown to programs: they never change.
 */
export const factorKinds = ['totp', 'passkey', 'recovery-code'] as const
export type FactorKind = (typeof factorKinds)[number]

/**
 * How many second factors of each kind an account has. TOTP has a column of its own; the others are counted beside
 * it, also kinds that this version does not know: such an account has a second factor all the same, so that a
 * server of the version before never takes it for one that has none. Read through `hasSecondFactor`,
 * `sameSecondFactors` and the registry alone; lint says so.
 */
export interface FactorCounts {
  readonly totp: number
  readonly [kind: string]: number | undefined
}

export const noFactors: FactorCounts = { totp: 0 }

/** Whether the password alone does not open the account. */
export const hasSecondFactor = ({ factorCounts }: Pick<Account, 'factorCounts'>): boolean =>
  Object.values(factorCounts).some((count = 0) => count > 0)

/** Whether nothing was added or taken away between two looks at an account. */
export const sameSecondFactors = (one: Pick<Account, 'factorCounts'>, other: typeof one): boolean =>
  [...new Set([...Object.keys(one.factorCounts), ...Object.keys(other.factorCounts)])].every(
    (kind) => (one.factorCounts[kind] ?? 0) === (other.factorCounts[kind] ?? 0),
  )

/**
 * What a session is worth for what it was begun with. The order is from weak to strong. `passkey` is one alone, which has
 * checked who holds it.
 */
export const strengths = [
  'password',
  'password+device',
  'password+recovery-code',
  'password+code',
  'password+passkey',
  'passkey',
] as const
export type Strength = (typeof strengths)[number]

/** What a person gives to prove a factor. */
export interface Presented {
  readonly account: AccountId
  /** As typed or sent. */
  readonly given: string
  readonly client: Client
  readonly place: Place
  /** Of a factor that answers a challenge: what the browser holds, and the sign-in or session that it belongs to. */
  readonly ceremony?: { readonly challenges: string | null; readonly owner: string }
}

export type FactorProblem = 'empty' | 'not-numbers' | 'wrong-length' | 'looks-like-recovery-code'

export type FactorRefusal =
  /** Not one at all: nothing was spent. `digits` is how many numbers were typed. */
  | { readonly kind: 'malformed'; readonly problem: FactorProblem; readonly digits: number }
  /** Wrong, expired or used: one answer. `cloned`: the name of a passkey of which there is a copy. */
  | { readonly kind: 'wrong'; readonly failures: number; readonly cloned?: string }
  /** No secret of the account can be opened (the root key was lost or a row is damaged). */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'wait'; readonly untilSeconds: number }
  | { readonly kind: 'locked' }

/** What was given, read, and hashed where that takes time: ready for the transaction that acts on it. */
export interface ReadyProof {
  readonly kind: 'ready'
  /** It proves as much as a password and a second factor together: no password is asked for beside it. */
  readonly isAlone?: boolean
  /**
   * Within a transaction that holds the account: spends the attempt unless `read` did, looks, and marks what was right
   * as used. Null when it is accepted; a refusal is kept with the transaction.
   */
  accept(stores: Stores): Promise<FactorRefusal | null>
}

/** One of a person's own, as lists show it. */
export interface FactorItem {
  readonly id: string
  readonly name: string
  /** What else tells it apart, such as the entry's name in an app. */
  readonly label?: string | null
  /** How far its clock is off, above zero when it is fast; nothing where it is right, or where there is none. */
  readonly driftSeconds?: number
  readonly createdAt: number
  readonly lastUsedAt: number
}

/** Secrets that lie sealed under the root key. */
interface SealedSecrets {
  countNotSealedUnder(stores: Stores, keyIds: readonly string[]): Promise<number>
  /** Seals up to `limit` anew under the newest key. @returns how many were done */
  resealSome(box: SecretBox, stores: Stores, limit: number): Promise<number>
}

interface AnyFactor {
  readonly kind: FactorKind
  /** What programs call one and several of it: details of the audit trail, JSON of the command line. */
  readonly one: string
  readonly many: string
  /** What a session is worth that was begun with the password and this. */
  readonly strength: Strength
  /** Outside of any transaction: reads what was given, and does what takes time. */
  read(core: Core, presented: Presented): Promise<ReadyProof | FactorRefusal | { readonly kind: 'busy' }>
  /**
   * Within the transaction that keeps it: what the owner is to hear of it. `refusal` null: it was accepted, which is told of a
   * way back in.
   */
  tell(
    core: Core,
    stores: Stores,
    told: Pick<Presented, 'account' | 'client'> & { readonly refusal: FactorRefusal | null },
  ): Promise<void>
  removeAllOf(stores: Stores, account: AccountId): Promise<number>
  /** Whatever is begun and not yet confirmed; null: nothing ever is. */
  readonly endSetUpsOf: ((stores: Stores, account: AccountId) => Promise<void>) | null
  /** Attempt counters that an administrator's reset clears. */
  countersOf(account: AccountId): readonly AttemptKey[]
  /** One small batch of what has expired. @returns how many rows went */
  removeExpired(stores: Stores, now: number, limit: number): Promise<number>
  /** null: it keeps no secret that has to be opened again. */
  readonly secrets: SealedSecrets | null
  /** Closes what an older copy of the database opens again. @returns how many it concerned; null: not asked for */
  afterRestore(stores: Stores, input: RestoreWishes): Promise<number | null>
}

interface RestoreWishes {
  readonly now: number
  /** Recovery codes go, too. */
  readonly recoveryCodes: boolean
  readonly policy: Policy
}

/** An account that has one of these has a second factor. */
export interface SecondFactor extends AnyFactor {
  readonly role: 'second-factor'
  /** As many as an account can have. */
  most(policy: Policy): number
  /** The operator has switched it off: an account keeps what it has of it, and cannot use it. */
  isOff?(core: Pick<Core, 'policy'>): boolean
  /** One of these may prove who is there without a password. */
  readonly mayStandAlone?: true
  readonly events: Readonly<Record<'added' | 'renamed' | 'removed', AuditEventName>>
  readonly notices: Readonly<Record<'added' | 'replaced' | 'removed', NoticeKind>>
  listOf(stores: Stores, account: AccountId): Promise<readonly FactorItem[]>
  /** False when it is not there, not the account's, or the name is taken. */
  rename(
    stores: Stores,
    own: { readonly id: string; readonly account: AccountId; readonly name: string },
  ): Promise<boolean>
  remove(stores: Stores, own: { readonly id: string; readonly account: AccountId }): Promise<boolean>
}

/**
 * The way back in for whoever has lost a second factor. It counts for none, comes with the first one and goes with the
 * last. To sign in with it is no fresh proof for a change of the account.
 */
export interface Fallback extends AnyFactor {
  readonly role: 'fallback'
  countLeft(stores: Stores, account: AccountId): Promise<number>
}

export type Factor = SecondFactor | Fallback
