import type { AuditEvent } from '../../core/audit/audit.js'
import type { Clock } from '../engine/clock.js'
import type { Db } from '../engine/database.js'

export type Heard = (event: AuditEvent) => void

export interface StoreParts {
  readonly clock?: Clock
  /** Hears of each event of the audit trail that was written. */
  readonly heard?: Heard | undefined
}

/** What a store works on. */
interface Ground {
  /** The database, or one transaction of it. */
  readonly db: Db
  readonly clock: Clock
  readonly heard: Heard | undefined
}

/**
 * A store: its functions are written once, and find in `this` what they work on. There is a new one for each
 * transaction, which costs next to nothing.
 */
export const defineStore =
  <Store extends object>(functions: Store & ThisType<Store & Ground>) =>
  (db: Db, { clock = 'given', heard }: StoreParts = {}): Store => {
    const store = Object.create(functions) as Store & { -readonly [Name in keyof Ground]: Ground[Name] }
    store.db = db
    store.clock = clock
    store.heard = heard
    return store
  }

/** The same store, with some of its functions in another's place. */
export const overriding = <Store extends object>(store: Store, functions: Partial<Store>): Store =>
  Object.assign(Object.create(store) as Store, functions)
