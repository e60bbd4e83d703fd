import type { LeaseStore } from '../../core/ports/lease.js'
import { byClock } from '../engine/clock.js'
import { defineStore } from './store.js'

// Of two servers with clocks of their own the slower one must not take the lease of the other for one that is wrong.
const take = byClock(
  (now) => `INSERT INTO lease (name, holder, ends_at) VALUES ($1, $2, ${now('$3')} + CAST($4 AS bigint))
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, ends_at = excluded.ends_at
  WHERE lease.holder = excluded.holder OR lease.ends_at <= excluded.ends_at - CAST($4 AS bigint)
    OR lease.ends_at > excluded.ends_at`,
)

export const leaseStore = defineStore<LeaseStore>({
  take({ name, holder, seconds }, now) {
    return this.db.wrote(take[this.clock], [name, holder, now, seconds])
  },
  async release(name, holder) {
    await this.db.run('DELETE FROM lease WHERE name = $1 AND holder = $2', [name, holder])
  },
})
