import type { Stores } from '../../src/core/ports/stores.js'

/** The same stores, some of them in another's place. */
export const withStores = (stores: Stores, others: Partial<Stores>): Stores =>
  new Proxy(stores, {
    get: (all, name) => (others as Record<PropertyKey, unknown>)[name] ?? Reflect.get(all, name, all),
  })
