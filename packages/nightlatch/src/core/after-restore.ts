import { auditEvent, noClient } from './audit.js'
import { stepAt, windowSteps } from './factors/totp/verify.js'
import type { Stores } from './stores.js'
import type { World } from './world.js'

/** What was begun or remembered, and is no more: how many of each. */
export interface Ended {
  readonly sessions: number
  readonly signIns: number
  readonly setUps: number
  readonly trustedDevices: number
  readonly knownDevices: number
  readonly invitations: number
}

/** What concerns everybody at once. */
export interface EverybodyStore {
  /** Ends what was begun or remembered, of every account. */
  end(): Promise<Ended>
  /** Makes every code of this step and of earlier ones spent. @returns how many authenticators it concerned */
  spendStepsUpTo(step: number): Promise<number>
  /** @returns how many codes went */
  removeRecoveryCodes(): Promise<number>
}

export interface Closed extends Ended {
  /** Authenticators whose codes up to now are spent. */
  readonly authenticators: number
  /** null: not asked for. */
  readonly recoveryCodes: number | null
  /** When the last event happened that this database knows of; 0: none. */
  readonly lastEventAt: number
}

/**
 * Closes what an older copy of the database opens again. In one transaction: call it inside of one. A code of the
 * next step may have been accepted before (a phone ahead of us), so that step is spent, too.
 */
export async function closeAfterRestore(
  world: Pick<World, 'nowSeconds'>,
  stores: Stores,
  wishes: { readonly recoveryCodes: boolean },
): Promise<Closed> {
  const at = world.nowSeconds()
  const [last] = await stores.audit.list({ limit: 1 })
  const ended = await stores.everybody.end()
  const authenticators = await stores.everybody.spendStepsUpTo(stepAt(at) + windowSteps)
  const recoveryCodes = wishes.recoveryCodes ? await stores.everybody.removeRecoveryCodes() : null
  const details = { ...ended, authenticators, ...(recoveryCodes === null ? {} : { recoveryCodes }) }
  await stores.audit.add(
    auditEvent('installation.restored', { at, account: null, client: noClient, details }),
  )
  return { ...ended, authenticators, recoveryCodes, lastEventAt: last?.at ?? 0 }
}
