import type { LeaseStore } from '../../core/ports/lease.js'
import { defineStore } from './store.js'

const take = `INSERT INTO lease (name, holder, ends_at) VALUES ($1, $2, $3)
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, ends_at = excluded.ends_at
  WHERE lease.holder = excluded.holder OR lease.ends_at <= $4 OR lease.ends_at > excluded.ends_at`

export const leaseStore = defineStore<LeaseStore>({
  async take({ name, holder, endsAt }, now) {
    return (await this.db.run(take, [name, holder, endsAt, now])) > 0
  },
  async release(name, holder) {
    await this.db.run('DELETE FROM lease WHERE name = $1 AND holder = $2', [name, holder])
  },
})
