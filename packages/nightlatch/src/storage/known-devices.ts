import type { KnownDeviceStore } from '../core/devices.js'
import type { Db } from './db.js'
import { done } from './rows.js'

export function knownDeviceStore(db: Db): KnownDeviceStore {
  const note = `INSERT INTO known_device (account, device_hash, seen_at) VALUES ($1, $2, $3)
    ON CONFLICT (account, device_hash) DO UPDATE SET seen_at = excluded.seen_at`
  const isKnown = 'SELECT 1 AS known FROM known_device WHERE account = $1 AND device_hash = $2'
  const removeIdle = `DELETE FROM known_device WHERE (account, device_hash) IN
    (SELECT account, device_hash FROM known_device WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)`
  return {
    note: (account, deviceHash, at) => done(db.run(note, [account, deviceHash, at])),
    isKnown: async (account, deviceHash) => (await db.one(isKnown, [account, deviceHash])) !== null,
    removeAllOf: (account) => done(db.run('DELETE FROM known_device WHERE account = $1', [account])),
    removeIdleSince: (at, limit) => db.run(removeIdle, [at, limit]),
  }
}
