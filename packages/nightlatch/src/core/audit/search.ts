import type { Core } from '../core.js'
import type { AccountId } from '../ids.js'
import { storage } from '../ports/stores.js'
import type { AuditEventName, AuditFilter, AuditRecord, EventCount } from './audit.js'

/** Which events somebody wants to see. */
export interface TrailWish {
  readonly account?: AccountId | undefined
  readonly event?: AuditEventName | undefined
  /** As it is written in the trail: the whole of it. */
  readonly address?: string | undefined
  /** Unix seconds. */
  readonly since?: number | undefined
  /** Those before this one. */
  readonly before?: number | undefined
  readonly limit: number
}

interface TrailPage {
  readonly records: readonly AuditRecord[]
  /** `before` of the next page; null: there is nothing behind it. */
  readonly next: number | null
  /** Nothing more fits among those that were looked at; there are older ones. */
  readonly isCutShort: boolean
}

/** So many events are looked at for one page, whatever fits: no page takes long, however long the trail is. */
const looked = 50_000

/** Newest first. */
export async function searchTrail(core: Core, wish: TrailWish): Promise<TrailPage> {
  const { audit } = core[storage].stores
  const { limit, since = 0 } = wish
  const from = await windowStart(core, wish)
  const filter = { ...filterOf(wish), limit: limit + 1, ...(from > 0 && { fromSequence: from }) }
  const found = await audit.list(filter)
  const records = found.slice(0, limit)
  if (found.length > limit) return { records, next: records.at(-1)?.sequence ?? null, isCutShort: false }
  const isCutShort = from > 0 && (await hasOlder(core, from, since))
  return { records, next: isCutShort ? from : null, isCutShort }
}

function filterOf({ before: beforeSequence, limit, ...wish }: TrailWish): AuditFilter {
  const given = Object.entries({ ...wish, beforeSequence }).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(given), limit }
}

/** The first event that is looked at; 0: all of them. An account's own are found by an index. */
async function windowStart(core: Core, { account, event, address, before }: TrailWish): Promise<number> {
  if (account !== undefined || (event === undefined && address === undefined)) return 0
  const { audit } = core[storage].stores
  const newest = before ?? ((await audit.list({ limit: 1 }))[0]?.sequence ?? 0) + 1
  return Math.max(0, newest - looked)
}

async function hasOlder(core: Core, from: number, since: number): Promise<boolean> {
  const [older] = await core[storage].stores.audit.list({ beforeSequence: from, limit: 1 })
  return older !== undefined && older.at >= since
}

/** What people who want to get in leave behind. */
const ofAttackers = [
  'sign-in.password-refused',
  'sign-in.password-throttled',
  'code.refused',
  'code.throttled',
  'code.locked',
  'recovery-code.refused',
  'recovery-code.used',
  'passkey.refused',
  'passkey.cloned',
  'account.second-factor-reset',
  'account.rescued',
] as const satisfies readonly AuditEventName[]

/** How often each of these happened since then, at how many accounts and from how many addresses. */
export async function attemptsSince(core: Core, since: number): Promise<readonly EventCount[]> {
  const counts = await core[storage].stores.audit.countSince(since, ofAttackers)
  return ofAttackers.flatMap((event) => counts.find((one) => one.event === event) ?? [])
}
