import type { Account } from './account.js'
import { isOpen } from './account.js'
import type { Actor } from './actor.js'
import type { Stores } from '../ports/stores.js'

/**
 * Whether this account may stop being an administrator who can sign in. Within a transaction, and before any account
 * is held: two who take each other away wait for one another here, and the second finds out.
 */
export async function mayLoseAdministrator(
  stores: Stores,
  account: Account,
  given: { readonly actor: Actor; readonly now: number },
): Promise<boolean> {
  if (given.actor.evenTheLast === true) return true
  await stores.accounts.holdAdministrators()
  const held = await stores.accounts.find(account.id)
  if (held === null || !held.admin || !isOpen(held, given.now)) return true
  return stores.accounts.hasOtherAdministrator(account.id)
}
