import type { TrustedDevice, TrustedDeviceStore } from '../core/devices.js'
import type { AccountId, TrustedDeviceId } from '../core/ids.js'
import type { Db } from './db.js'
import { among, done, found, foundAll, valuesList, wrote } from './rows.js'

interface TrustedDeviceRow {
  readonly id: string
  readonly account: string
  readonly created_at: number
  readonly last_used_at: number
  readonly expires_at: number
  readonly user_agent: string
  readonly address: string
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

export function trustedDeviceStore(db: Db): TrustedDeviceStore {
  return { ...using(db), ...ending(db) }
}

const add = `INSERT INTO trusted_device (${columns}, token_hash) VALUES ${valuesList(1, 8)}`
const advance = `UPDATE trusted_device SET token_hash = $3, previous_hash = $2, last_used_at = $4
  WHERE account = $1 AND token_hash = $2 AND expires_at > $4 RETURNING ${columns}`
const endReused = `DELETE FROM trusted_device
  WHERE account = $1 AND previous_hash = $2 AND expires_at > $3 RETURNING ${columns}`
const listOf = `SELECT ${columns} FROM trusted_device WHERE account = $1 ORDER BY last_used_at DESC, id`

function using(db: Db): Pick<TrustedDeviceStore, 'add' | 'use' | 'listOf'> {
  return {
    add: (one, tokenHash) =>
      done(
        db.run(add, [
          one.id,
          one.account,
          one.createdAt,
          one.lastUsedAt,
          one.expiresAt,
          one.userAgent,
          one.address,
          tokenHash,
        ]),
      ),
    async use(account, { token, next }, at) {
      const used = await found(db.one(advance, [account, token, next, at]), deviceOf)
      if (used !== null) return { kind: 'used', device: used }
      const reused = await found(db.one(endReused, [account, token, at]), deviceOf)
      return reused === null ? { kind: 'unknown' } : { kind: 'reused', device: reused }
    },
    listOf: (account) => foundAll(db.all<TrustedDeviceRow>(listOf, [account]), deviceOf),
  }
}

const due = `SELECT id FROM trusted_device WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`

function ending(db: Db): Pick<TrustedDeviceStore, 'end' | 'endAllOf' | 'removeExpired'> {
  const removeExpired = `DELETE FROM trusted_device WHERE ${among(db, 'id', due)}`
  return {
    end: (id, account) =>
      wrote(db.run('DELETE FROM trusted_device WHERE id = $1 AND account = $2', [id, account])),
    endAllOf: (account) => db.run('DELETE FROM trusted_device WHERE account = $1', [account]),
    removeExpired: (now, limit) => db.run(removeExpired, [now, limit]),
  }
}
