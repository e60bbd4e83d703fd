import type { Stores } from './stores.js'
import type { World } from './world.js'
import { day } from './world.js'
import { knownDeviceSeconds } from './devices.js'

const batch = 500
const auditDays = 400
/** Longer than any policy looks back; code counters are kept for as long as the account. */
const idleAttemptDays = 2

/** Removes what has expired, in small batches. @returns how many rows went */
export async function sweep(world: Pick<World, 'nowSeconds'>, stores: Stores): Promise<number> {
  const now = world.nowSeconds()
  const counts = [
    await stores.sessions.removeExpired(now, batch),
    await stores.signIns.removeExpired(now, batch),
    await stores.setUps.removeExpired(now, batch),
    await stores.trustedDevices.removeExpired(now, batch),
    await stores.invitations.removeExpired(now, batch),
    await stores.attempts.removeIdleSince(now - idleAttemptDays * day, batch),
    await stores.knownDevices.removeIdleSince(now - knownDeviceSeconds, batch),
    await stores.audit.removeBefore(now - auditDays * day, batch),
  ]
  return counts.reduce((sum, count) => sum + count, 0)
}
