import type { Core } from '../core.js'
import { allFactors } from '../factors/registry.js'
import { forgetOldHashes } from '../accounts/old-hashes.js'
import { forgetUnusedKeys, resealSome } from '../keys/key-checks.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import type { Policy } from '../policy.js'
import type { Platform } from '../ports/platform.js'
import { hour } from '../ports/platform.js'
import { indexSome } from '../accounts/people.js'
import { day } from '../ports/platform.js'

export const housekeepingLease = 'housekeeping'

interface Housekeeper {
  /** Another text for each server. */
  readonly name: string
  /** Lets others work between two batches. False when the server is to stop. */
  pause(): Promise<boolean>
}

/**
 * Removes what has expired and renews old seals, batch by batch until nothing is left. One server at a time.
 * @returns how many rows were removed or sealed anew; null when another server has the lease
 */
export async function runHousekeeping(core: Core, { name, pause }: Housekeeper): Promise<number | null> {
  const { platform, policy, box } = core
  const { stores } = core[storage]
  for (let total = 0; ;) {
    const now = platform.nowSeconds()
    const lease = { name: housekeepingLease, holder: name, seconds: policy.housekeeping.leaseSeconds }
    if (!(await stores.leases.take(lease, now))) return total === 0 ? null : total
    const done =
      (await prune(core, stores)) + (await resealSome(box, stores, policy.housekeeping.resealBatch))
    total += done
    const isDone = (await indexSome(stores, policy.housekeeping.batch)) + done === 0
    if (isDone) await Promise.all([forgetUnusedKeys(core), forgetOldHashes(core)])
    if (isDone || !(await pause())) return total
  }
}

/** The next server need not wait for the end of the lease. */
export const endHousekeeping = (core: Core, name: string): Promise<void> =>
  core[storage].stores.leases.release(housekeepingLease, name)

/** So long an invitation that has ended is still listed, and says why it opens nothing. */
const keptInvitationSeconds = 30 * day

/** Removes what has expired, one small batch of each kind. @returns how many rows went */
export async function prune(
  { platform, policy }: { readonly platform: Pick<Platform, 'nowSeconds'>; readonly policy: Policy },
  stores: Stores,
): Promise<number> {
  const { batch, idleAttemptSeconds, auditSeconds } = policy.housekeeping
  const now = platform.nowSeconds()
  const counts: number[] = []
  for (const factor of allFactors) counts.push(await factor.removeExpired(stores, now, batch))
  counts.push(
    await stores.grants.removeExpired(now, batch),
    await stores.grants.removeExpiredTokens(now, batch),
    await stores.grants.removeExpiredRequests(now, batch),
    // A screen that still asks is told that its code has expired.
    await stores.deviceRequests.removeExpired(now - hour, batch),
    await stores.signingKeys.removeRetired(now),
    await stores.sessions.removeExpired(now, batch),
    await stores.sessions.removeIdleSince(now - policy.session.idleSeconds, batch),
    await stores.signIns.removeExpired(now, batch),
    await stores.trustedDevices.removeExpired(now, batch),
    await stores.invitations.removeExpired(now, batch),
    await stores.registrations.removeExpired(now, batch),
    await stores.openInvitations.removeExpiredBefore(now - keptInvitationSeconds, batch),
    await stores.accounts.removeFreedNames(now, batch),
    await stores.mailLinks.removeExpired(now, batch),
    // Whoever sends mails says of those that nobody took; what is left then is where nobody sends any.
    await stores.outbox.removeExpired(now - hour, batch),
    await stores.attempts.removeIdleSince(now - idleAttemptSeconds, batch),
    await stores.knownDevices.removeIdleSince(now - policy.knownDevice.seconds, batch),
    await stores.audit.removeBefore(now - auditSeconds, batch),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}
