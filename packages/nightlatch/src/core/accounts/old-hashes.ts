import type { Core } from '../core.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'

/** Facts that begin so have a hash of each cost that was taken over: see `PasswordHasher.verify`. */
export const oldHashFact = 'old-hash:'

/** One hash of each cost, of all that are taken over. */
export class OldHashCosts {
  readonly #core: Core
  readonly #costs = new Map<string, string>()

  constructor(core: Core) {
    this.#core = core
  }

  see(hash: string): void {
    const { passwords } = this.#core
    const cost = passwords.costOf(hash)
    if (cost !== null && !this.#costs.has(cost)) this.#costs.set(cost, passwords.sameCostAs(hash))
  }

  /** Within the transaction that takes the hashes over. */
  async note({ facts }: Pick<Stores, 'facts'>): Promise<void> {
    for (const [cost, hash] of this.#costs) await facts.add(`${oldHashFact}${cost}`, hash)
  }
}

/** When the last hash of a cost has been renewed, nobody spends it any longer. */
export async function forgetOldHashes(core: Core): Promise<void> {
  const { accounts, facts } = core[storage].stores
  for (const { name } of await facts.list(oldHashFact)) {
    const cost = name.slice(oldHashFact.length)
    if (!(await accounts.hasPasswordHash(`$old$${cost}$`))) await facts.remove(name)
  }
}
