import { noClient, note } from '../audit/audit.js'
import type { Core } from '../core.js'
import type { FactorKind } from '../factors/factor.js'
import { allFactors } from '../factors/registry.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'

/** What was begun or remembered, and is no more: how many of each. */
interface Ended {
  readonly sessions: number
  readonly signIns: number
  readonly setUps: number
  readonly trustedDevices: number
  readonly knownDevices: number
  readonly invitations: number
}

/** What concerns everybody at once. */
export interface AllAccountsStore {
  /** Ends what was begun or remembered, of every account. */
  end(): Promise<Ended>
  /**
   * Makes every code of the step at `upTo`, of `ahead` steps after it and of all earlier ones spent.
   * @returns how many authenticators it concerned
   */
  spendSteps(upTo: number, ahead: number): Promise<number>
  /** @returns how many codes went */
  removeRecoveryCodes(): Promise<number>
}

export interface Closed extends Ended {
  /** How many of each kind were closed, each in its way; null: not asked for. */
  readonly factors: Readonly<Record<FactorKind, number | null>>
  /** When the last event happened that this database knows of; 0: none. */
  readonly lastEventAt: number
}

interface Wanted {
  /** Recovery codes go, too. */
  readonly recoveryCodes: boolean
}

/** Closes what an older copy of the database opens again. */
export const closeAfterRestore = (core: Core, wanted: Wanted): Promise<Closed> =>
  core[storage].patiently((stores) => closeEverything(core, stores, wanted))

/** The same within a transaction. */
export async function closeEverything(
  { platform, policy }: Pick<Core, 'platform' | 'policy'>,
  stores: Stores,
  wanted: Wanted,
): Promise<Closed> {
  const at = platform.nowSeconds()
  const [last] = await stores.audit.list({ limit: 1 })
  const ended = await stores.allAccounts.end()
  const factors = {} as Record<FactorKind, number | null>
  const counts: Record<string, number> = { ...ended }
  for (const factor of allFactors) {
    const count = await factor.afterRestore(stores, { ...wanted, policy, now: at })
    factors[factor.kind] = count
    if (count !== null) counts[factor.many] = count
  }
  await note({ platform }, stores, {
    event: 'installation.restored',
    at,
    account: null,
    client: noClient,
    details: counts,
  })
  return { ...ended, factors, lastEventAt: last?.at ?? 0 }
}
