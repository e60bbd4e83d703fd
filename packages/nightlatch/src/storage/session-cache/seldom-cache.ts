import type { ApplicationStore } from '../../core/applications/application.js'
import type { SigningKeyStore } from '../../core/applications/signing-keys.js'
import type { Freshness } from '../engine/database.js'
import { overriding } from '../stores/store.js'

/**
 * What every request of an application reads and an administrator changes now and then: a handful of rows. Only what
 * is there is kept, so that nobody fills it with names that do not exist.
 */
export class SeldomMemory {
  readonly #freshness: Freshness
  readonly #kept = new Map<string, Promise<unknown>>()
  #epoch = -1
  /** Changes with every change that was heard of: what was being read meanwhile may be older than that. */
  #changes = 0

  constructor(freshness: Freshness) {
    this.#freshness = freshness
    const { onChange } = freshness
    freshness.onChange = (account) => {
      onChange(account)
      // An account is none of what is kept here.
      if (account === null) this.#forget()
    }
  }

  read<Value>(name: string, ask: () => Promise<Value>): Promise<Value> {
    const epoch = this.#freshness.seldomEpoch()
    return epoch instanceof Promise
      ? epoch.then((settled) => this.#look(name, ask, settled))
      : this.#look(name, ask, epoch)
  }

  #look<Value>(name: string, ask: () => Promise<Value>, epoch: number | null): Promise<Value> {
    if (epoch === null) return this.#past(name, ask)
    if (epoch !== this.#epoch) {
      this.#forget()
      this.#epoch = epoch
    }
    const known = this.#kept.get(name)
    return known === undefined ? this.#into(name, ask) : (known as Promise<Value>)
  }

  /** What the database said last holds, even if it was said past the memory. */
  async #past<Value>(name: string, ask: () => Promise<Value>): Promise<Value> {
    const value = await ask()
    this.#changes += 1
    this.#kept.delete(name)
    return value
  }

  async #into<Value>(name: string, ask: () => Promise<Value>): Promise<Value> {
    const changes = this.#changes
    const value = await ask()
    if (value !== null && changes === this.#changes) this.#kept.set(name, Promise.resolve(value))
    return value
  }

  #forget(): void {
    this.#changes += 1
    this.#kept.clear()
  }
}

/** The same store with a memory before what sign-ins ask it. The same object again means that nothing was changed. */
export const rememberingApplications = (store: ApplicationStore, memory: SeldomMemory): ApplicationStore =>
  overriding(store, {
    find: (id) => memory.read(`application ${id}`, () => store.find(id)),
    list: () => memory.read('applications', () => store.list()),
  })

/** The same of the keys that tokens are signed with. */
export const rememberingKeys = (store: SigningKeyStore, memory: SeldomMemory): SigningKeyStore =>
  overriding(store, { list: () => memory.read('signing keys', () => store.list()) })
