import type { Account } from './accounts.js'
import type { AttemptKey } from './attempts.js'
import { deviceKey } from './attempts.js'
import type { Browser } from './completed-sign-in.js'
import type { Core } from './core.js'
import { hashToken } from './tokens.js'

/** The counter of a browser that has signed in to this account before, or null: a stranger's guesses never touch it. */
export async function knownDeviceKey(
  core: Core,
  account: Account,
  browser: Browser,
): Promise<AttemptKey | null> {
  if (browser.knownDevice === null) return null
  const device = hashToken(core.world, browser.knownDevice)
  const isKnown = await core.storage.stores.knownDevices.isKnown(account.id, device)
  return isKnown ? deviceKey(account.id, device) : null
}
