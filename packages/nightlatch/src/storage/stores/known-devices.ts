import type { KnownDeviceStore } from '../../core/sessions/trusted-device.js'
import { removeAmong } from './rows.js'
import { defineStore } from './store.js'

const note = `INSERT INTO known_device (account, device_hash, seen_at) VALUES ($1, $2, $3)
  ON CONFLICT (account, device_hash) DO UPDATE SET seen_at = excluded.seen_at`
const noteAgain = 'UPDATE known_device SET seen_at = $3 WHERE account = $1 AND device_hash = $2'
const isKnown = 'SELECT 1 AS known FROM known_device WHERE account = $1 AND device_hash = $2'
const removeOldest = `DELETE FROM known_device WHERE account = $1 AND device_hash NOT IN
  (SELECT device_hash FROM known_device WHERE account = $1 ORDER BY seen_at DESC, device_hash LIMIT $2)`

const idle = (columns: string): string =>
  `SELECT ${columns} FROM known_device WHERE seen_at < $1 ORDER BY seen_at LIMIT $2`
// PostgreSQL looks up no list of pairs: the rows' places do, which stay the same while the rows are locked.
const removeIdle = {
  sqlite: removeAmong('known_device', '(account, device_hash)', idle('account, device_hash')).sqlite,
  postgres: removeAmong('known_device', 'ctid', idle('ctid')).postgres,
}

export const knownDeviceStore = defineStore<KnownDeviceStore>({
  async note(account, deviceHash, at) {
    await this.db.run(note, [account, deviceHash, at])
  },
  noteAgain(account, deviceHash, at) {
    return this.db.wrote(noteAgain, [account, deviceHash, at])
  },
  async isKnown(account, deviceHash) {
    return (await this.db.one(isKnown, [account, deviceHash])) !== null
  },
  async removeAllOf(account) {
    await this.db.run('DELETE FROM known_device WHERE account = $1', [account])
  },
  removeOldestOf(account, keep) {
    return this.db.run(removeOldest, [account, keep])
  },
  removeIdleSince(at, limit) {
    return this.db.run(removeIdle[this.db.dialect], [at, limit])
  },
})
