import type { Account } from '../accounts/account.js'
import type { AttemptKey } from '../rate-limits/attempts.js'
import { deviceKey } from '../rate-limits/attempts.js'
import type { AccountId } from '../ids.js'
import type { Browser } from './start-session.js'
import type { Core } from '../core.js'
import { hashToken } from '../tokens.js'
import { storage } from '../ports/stores.js'

/** Nobody's id: for a name that nobody has the same is asked as for a name that somebody has. */
export const nobody = '' as AccountId

/** The counter of a browser that has signed in to this account before, or null: a stranger's guesses never touch it. */
export async function knownDeviceKey(
  core: Core,
  account: Account | null,
  browser: Browser,
): Promise<AttemptKey | null> {
  if (browser.knownDevice === null) return null
  const device = hashToken(core.platform, browser.knownDevice)
  const isKnown = await core[storage].stores.knownDevices.isKnown(account?.id ?? nobody, device)
  return isKnown && account !== null ? deviceKey(account.id, device) : null
}
