import type { AuditRecord } from '../../core/audit/audit.js'
import type { Queries } from '../../core/queries.js'

/** Longer than any transaction lasts: what has not come by then was undone. */
const lateMs = 60_000
/** Of the numbers before the newest one, these may still be on their way. */
const lookBack = 1000
const page = 500
const mostAtOnce = 100

/**
 * The audit trail from a moment on: each event once, none left out. PostgreSQL gives a number when an event is
 * written, and shows the event when its transaction ends: a later number may come first. So numbers that are left out
 * are looked for again, until nobody can be writing them any more.
 */
class Trail {
  readonly #audit: Queries['audit']
  readonly #now: () => number
  /** Each number that is left out, and since when it is missed. */
  readonly #missing = new Map<number, number>()
  #last: number

  /** @param recent the latest numbers, in order */
  constructor(audit: Queries['audit'], recent: readonly number[], now: () => number) {
    this.#audit = audit
    this.#now = now
    const [oldest = 0] = recent
    this.#last = recent.length < lookBack ? Math.max(0, oldest - lookBack) : oldest
    for (const sequence of recent) this.#note(sequence)
  }

  /** The number of the newest event that is known. */
  get last(): number {
    return this.#last
  }

  /** These were shown already. */
  seen(records: readonly AuditRecord[]): void {
    for (const { sequence } of records) this.#missing.delete(sequence)
  }

  /** What came since. */
  async next(): Promise<readonly AuditRecord[]> {
    const came = await this.#late()
    for (;;) {
      const fresh = await this.#audit.list({ afterSequence: this.#last, limit: page })
      for (const { sequence } of fresh) this.#note(sequence)
      came.push(...fresh)
      if (fresh.length < page) return came
    }
  }

  #note(sequence: number): void {
    const from = Math.max(this.#last + 1, sequence - lookBack)
    for (let gap = from; gap < sequence; gap += 1) this.#missing.set(gap, this.#now())
    this.#last = sequence
  }

  async #late(): Promise<AuditRecord[]> {
    for (const [gap, since] of this.#missing) if (this.#now() - since > lateMs) this.#missing.delete(gap)
    const gaps = [...this.#missing.keys()]
    const found: AuditRecord[] = []
    for (let at = 0; at < gaps.length; at += mostAtOnce)
      found.push(...(await this.#audit.listThese(gaps.slice(at, at + mostAtOnce))))
    this.seen(found)
    return found
  }
}

export async function openTrail(audit: Queries['audit'], now = () => performance.now()): Promise<Trail> {
  const recent = await audit.list({ limit: lookBack })
  return new Trail(audit, recent.map(({ sequence }) => sequence).reverse(), now)
}
