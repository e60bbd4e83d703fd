import type { AccountId } from '../../core/ids.js'
import type { RecoveryCodeStore } from '../../core/factors/recovery-codes/store.js'
import { byClock } from '../engine/clock.js'
import type { Db } from '../engine/database.js'
import { defineStore } from './store.js'

/** The set's row comes first: two renewals at once meet there, and the codes of one of them are left. */
async function replaceAll(
  db: Db,
  account: AccountId,
  { salt, hashes }: { readonly salt: string; readonly hashes: readonly string[] },
): Promise<void> {
  await db.run(
    `INSERT INTO recovery_code_set (account, salt) VALUES ($1, $2)
      ON CONFLICT (account) DO UPDATE SET salt = excluded.salt`,
    [account, salt],
  )
  await db.run('DELETE FROM recovery_code WHERE account = $1', [account])
  if (hashes.length === 0) return
  const values = hashes.map((_hash, at) => `($1, $${at + 2})`).join(', ')
  await db.run(`INSERT INTO recovery_code (account, hash) VALUES ${values}`, [account, ...hashes])
}

const saltOf = 'SELECT salt FROM recovery_code_set WHERE account = $1'
// Few are made, and each for an hour: no batch is needed.
const removeExpired = 'DELETE FROM recovery_code WHERE expires_at <= $1'
const take = byClock(
  (now) => `DELETE FROM recovery_code WHERE account = $1 AND hash = $2
    AND (expires_at IS NULL OR expires_at > ${now('$3')})`,
)

type Rescue = Parameters<RecoveryCodeStore['putRescue']>[1]

async function putRescue(db: Db, account: AccountId, { hash, expiresAt, salt }: Rescue): Promise<void> {
  await db.run(
    'INSERT INTO recovery_code_set (account, salt) VALUES ($1, $2) ON CONFLICT (account) DO NOTHING',
    [account, salt],
  )
  await db.run('DELETE FROM recovery_code WHERE account = $1 AND expires_at IS NOT NULL', [account])
  await db.run('INSERT INTO recovery_code (account, hash, expires_at) VALUES ($1, $2, $3)', [
    account,
    hash,
    expiresAt,
  ])
}

export const recoveryCodeStore = defineStore<RecoveryCodeStore>({
  async hashesOf(account) {
    const own = 'SELECT hash FROM recovery_code WHERE account = $1 AND expires_at IS NULL'
    return (await this.db.all<{ hash: string }>(own, [account])).map(({ hash }) => hash)
  },
  async removeRescueOf(account) {
    await this.db.run('DELETE FROM recovery_code WHERE account = $1 AND expires_at IS NOT NULL', [account])
  },
  replaceAll(account, set) {
    return replaceAll(this.db, account, set)
  },
  async saltOf(account) {
    return (await this.db.one<{ salt: string }>(saltOf, [account]))?.salt ?? null
  },
  take(account, hash, now) {
    return this.db.wrote(take[this.clock], [account, hash, now])
  },
  putRescue(account, rescue) {
    return this.db.atomic((part) => putRescue(part, account, rescue))
  },
  removeExpired(now) {
    return this.db.run(removeExpired, [now])
  },
  async countLeft(account) {
    return (await this.hashesOf(account)).length
  },
  async removeAllOf(account) {
    await this.db.run('DELETE FROM recovery_code_set WHERE account = $1', [account])
  },
})
