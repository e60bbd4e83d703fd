import type { AccountId } from '../../ids.js'
import type { Stores } from '../../ports/stores.js'

/** The set, and the plain codes that a session has yet to save. @returns how many codes went */
export async function removeRecoveryCodes(stores: Stores, account: AccountId): Promise<number> {
  const left = await stores.recoveryCodes.countLeft(account)
  await stores.recoveryCodes.removeAllOf(account)
  await stores.unsavedCodes.removeAllOf(account)
  return left
}
