import type { LeaseStore } from '../../core/ports/lease.js'
import type { Db } from '../engine/database.js'

const take = `INSERT INTO lease (name, holder, ends_at) VALUES ($1, $2, $3)
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, ends_at = excluded.ends_at
  WHERE lease.holder = excluded.holder OR lease.ends_at <= $4 OR lease.ends_at > excluded.ends_at`

export function leaseStore(db: Db): LeaseStore {
  return {
    take: async ({ name, holder, endsAt }, now) => (await db.run(take, [name, holder, endsAt, now])) > 0,
    release: async (name, holder) => {
      await db.run('DELETE FROM lease WHERE name = $1 AND holder = $2', [name, holder])
    },
  }
}
