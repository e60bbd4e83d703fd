import type { AuditEventName } from '../audit/audit.js'
import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import type { AccountId } from '../ids.js'
import type { Storage, Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import type { Client } from '../ports/platform.js'

/**
 * A refused attempt costs nothing, so a stranger can make as many as the network carries. They are no rows of the audit
 * trail each: the first of a wait is, the others are counted and told once in a while ("412 more").
 */
interface Refused {
  readonly event: AuditEventName
  readonly account: AccountId | null
  readonly client: Client
  /** The end of the wait; one that ends later is told anew. */
  readonly untilSeconds: number
  /** What is counted together, where it is not the account: the sender's network. */
  readonly network?: string
  readonly details?: Readonly<Record<string, string>>
}

interface Kept {
  refused: Refused
  toldAt: number
  more: number
}

/** The database's clock and a server's never tick together: the end of one wait is now this second, now the next. */
const tolerance = 2

/** Each server counts what it refused itself. */
const kept = new WeakMap<Storage, Map<string, Kept>>()

function keptOf(core: Core): Map<string, Kept> {
  const there = kept.get(core[storage]) ?? new Map<string, Kept>()
  kept.set(core[storage], there)
  return there
}

const keyOf = ({ event, account, network }: Refused): string => `${event} ${network ?? account ?? '?'}`

/** Writes a row, or counts. */
export async function noteRefused(core: Core, stores: Stores, refused: Refused): Promise<void> {
  const now = core.platform.nowSeconds()
  const { tellEverySeconds, mostCounted } = core.policy.refusedAttempts
  const all = keptOf(core)
  const before = all.get(keyOf(refused))
  const isSame = before !== undefined && refused.untilSeconds <= before.refused.untilSeconds + tolerance
  if (isSame && now - before.toldAt < tellEverySeconds && now >= before.toldAt) {
    before.more += 1
    before.refused = { ...refused, untilSeconds: Math.max(before.refused.untilSeconds, refused.untilSeconds) }
    return
  }
  const more = before?.more ?? 0
  all.delete(keyOf(refused)) // the newest is the last
  all.set(keyOf(refused), { refused, toldAt: now, more: 0 })
  const [oldest] = all.keys()
  if (all.size > mostCounted && oldest !== undefined) all.delete(oldest)
  await tell(core, stores, { refused, more })
}

/** What was counted and is due, or all of it before the server ends. @returns how many rows it took */
export async function tellRefused(core: Core, all = false): Promise<number> {
  const now = core.platform.nowSeconds()
  let rows = 0
  for (const [key, one] of keptOf(core)) {
    if (!all && now - one.toldAt < core.policy.refusedAttempts.tellEverySeconds) continue
    keptOf(core).delete(key)
    if (one.more === 0) continue
    await tell(core, core[storage].stores, one)
    rows += 1
  }
  return rows
}

async function tell(
  core: Core,
  stores: Stores,
  { refused, more }: Pick<Kept, 'refused' | 'more'>,
): Promise<void> {
  const { event, account, client } = refused
  const details = { ...refused.details, ...(more > 0 ? { more } : {}) }
  await note(core, stores, { event, account, client, details })
}
