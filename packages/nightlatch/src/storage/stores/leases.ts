import type { LeaseStore } from '../../core/ports/lease.js'
import type { Db } from '../engine/database.js'
import { done, wrote } from './rows.js'

const take = `INSERT INTO lease (name, holder, ends_at) VALUES ($1, $2, $3)
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, ends_at = excluded.ends_at
  WHERE lease.holder = excluded.holder OR lease.ends_at <= $4 OR lease.ends_at > excluded.ends_at`

export function leaseStore(db: Db): LeaseStore {
  return {
    take: ({ name, holder, endsAt }, now) => wrote(db.run(take, [name, holder, endsAt, now])),
    release: (name, holder) =>
      done(db.run('DELETE FROM lease WHERE name = $1 AND holder = $2', [name, holder])),
  }
}
