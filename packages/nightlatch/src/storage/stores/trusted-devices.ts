import type { TrustedDevice, TrustedDeviceStore } from '../../core/sessions/trusted-device.js'
import type { AccountId, TrustedDeviceId } from '../../core/ids.js'
import { removeAmong, valuesList } from './rows.js'
import { defineStore } from './store.js'

interface TrustedDeviceRow {
  readonly id: string
  readonly account: string
  readonly created_at: number
  readonly last_used_at: number
  readonly expires_at: number
  readonly user_agent: string
  readonly address: string
}

interface EndedRow extends TrustedDeviceRow {
  readonly was_last: number
}

const columns = 'id, account, created_at, last_used_at, expires_at, user_agent, address'

const deviceOf = (row: TrustedDeviceRow): TrustedDevice => ({
  id: row.id as TrustedDeviceId,
  account: row.account as AccountId,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  expiresAt: row.expires_at,
  userAgent: row.user_agent,
  address: row.address,
})

const add = `INSERT INTO trusted_device (${columns}, token_hash, series_hash) VALUES ${valuesList(1, 9)}`
// The version before knew of no series: a device that it added gets one at the first use.
const advance = `UPDATE trusted_device SET token_hash = $3, previous_hash = $2, series_hash = $5, last_used_at = $4
  WHERE account = $1 AND token_hash = $2 AND expires_at > $4 RETURNING ${columns}`
const endReused = `DELETE FROM trusted_device
  WHERE account = $1 AND (series_hash = $4 OR previous_hash = $2) AND expires_at > $3
  RETURNING ${columns}, CASE WHEN previous_hash = $2 THEN 1 ELSE 0 END AS was_last`
const isCurrent = `SELECT 1 AS current FROM trusted_device
  WHERE account = $1 AND token_hash = $2 AND expires_at > $3`
const listOf = `SELECT ${columns} FROM trusted_device WHERE account = $1 ORDER BY last_used_at DESC, id`

const due = `SELECT id FROM trusted_device WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`
const removeExpired = removeAmong('trusted_device', 'id', due)

export const trustedDeviceStore = defineStore<TrustedDeviceStore>({
  async add(one, tokenHash, seriesHash) {
    await this.db.run(add, [
      one.id,
      one.account,
      one.createdAt,
      one.lastUsedAt,
      one.expiresAt,
      one.userAgent,
      one.address,
      tokenHash,
      seriesHash ?? null,
    ])
  },
  async isCurrent(account, tokenHash, at) {
    return (await this.db.one(isCurrent, [account, tokenHash, at])) !== null
  },
  async use(account, { token, next, series = null, wasCurrent = false }, at) {
    const used = await this.db.returning<TrustedDeviceRow>(advance, [account, token, next, at, series])
    if (used !== null) return { kind: 'used', device: deviceOf(used) }
    if (wasCurrent) return { kind: 'overtaken' }
    const reused = await this.db.returning<EndedRow>(endReused, [account, token, at, series])
    return reused === null
      ? { kind: 'unknown' }
      : { kind: 'reused', device: deviceOf(reused), wasLast: reused.was_last === 1 }
  },
  async listOf(account) {
    return (await this.db.all<TrustedDeviceRow>(listOf, [account])).map(deviceOf)
  },
  end(id, account) {
    return this.db.wrote('DELETE FROM trusted_device WHERE id = $1 AND account = $2', [id, account])
  },
  async endSeries(account, series) {
    await this.db.run('DELETE FROM trusted_device WHERE account = $1 AND series_hash = $2', [account, series])
  },
  endAllOf(account) {
    return this.db.run('DELETE FROM trusted_device WHERE account = $1', [account])
  },
  removeExpired(now, limit) {
    return this.db.run(removeExpired[this.db.dialect], [now, limit])
  },
})
