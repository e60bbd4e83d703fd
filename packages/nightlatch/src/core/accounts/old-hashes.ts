import type { Core } from '../core.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'

/** Facts that begin so have a hash of each cost that was taken over: see `PasswordHasher.verify`. */
export const oldHashFact = 'old-hash:'

/** Within the transaction that takes the hashes over. */
export async function noteOldHashes(core: Core, stores: Stores, hashes: readonly string[]): Promise<void> {
  const costs = new Map<string, string>()
  for (const hash of hashes) {
    const cost = core.passwords.costOf(hash)
    if (cost !== null && !costs.has(cost)) costs.set(cost, core.passwords.sameCostAs(hash))
  }
  for (const [cost, hash] of costs) await stores.facts.add(`${oldHashFact}${cost}`, hash)
}

/** When the last hash of a cost has been renewed, nobody spends it any longer. */
export async function forgetOldHashes(core: Core): Promise<void> {
  const { accounts, facts } = core[storage].stores
  for (const { name } of await facts.list(oldHashFact)) {
    const cost = name.slice(oldHashFact.length)
    if (!(await accounts.hasPasswordHash(`$old$${cost}$`))) await facts.remove(name)
  }
}
