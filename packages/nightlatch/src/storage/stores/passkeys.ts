import type { Passkey, PasskeyChallengeStore, PasskeyStore } from '../../core/factors/passkeys/store.js'
import type { AccountId, PasskeyId } from '../../core/ids.js'
import type { Db, Param } from '../engine/database.js'
import { counted, removeAmong, valuesList } from './rows.js'
import { defineStore } from './store.js'

interface PasskeyRow {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly credential_id: string
  readonly public_key: string
  readonly algorithm: number
  readonly sign_count: number
  readonly rp_id: string
  readonly transports: string
  readonly aaguid: string
  readonly verifies_user: number
  readonly backup_eligible: number
  readonly backed_up: number
  readonly created_at: number
  readonly last_used_at: number
}

const columns = `id, account, name, credential_id, public_key, algorithm, sign_count, rp_id, transports, aaguid,
  verifies_user, backup_eligible, backed_up, created_at, last_used_at`

const passkeyOf = (row: PasskeyRow): Passkey => ({
  id: row.id as PasskeyId,
  account: row.account as AccountId,
  name: row.name,
  credentialId: row.credential_id,
  publicKey: { algorithm: row.algorithm, spki: row.public_key },
  signCount: row.sign_count,
  rpId: row.rp_id,
  transports: row.transports === '' ? [] : row.transports.split(' '),
  aaguid: row.aaguid,
  verifiesUser: row.verifies_user === 1,
  backupEligible: row.backup_eligible === 1,
  backedUp: row.backed_up === 1,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
})

const valuesOf = (one: Passkey): readonly Param[] => [
  one.id,
  one.account,
  one.name,
  one.credentialId,
  one.publicKey.spki,
  one.publicKey.algorithm,
  one.signCount,
  one.rpId,
  one.transports.join(' '),
  one.aaguid,
  Number(one.verifiesUser),
  Number(one.backupEligible),
  Number(one.backedUp),
  one.createdAt,
  one.lastUsedAt,
]

const add = `INSERT INTO passkey (${columns}) VALUES ${valuesList(1, 15)} ON CONFLICT (credential_id) DO NOTHING`
const listOf = `SELECT ${columns} FROM passkey WHERE account = $1 ORDER BY created_at, id`
const byCredentialId = `SELECT ${columns} FROM passkey WHERE credential_id = $1`
// Where one side has no counter there is nothing to compare; what was counted stays.
const use = `UPDATE passkey SET sign_count = CASE WHEN sign_count < $2 THEN $2 ELSE sign_count END,
    verifies_user = CASE WHEN $3 = 1 THEN 1 ELSE verifies_user END, backed_up = $4, last_used_at = $5
  WHERE id = $1 AND (sign_count < $2 OR sign_count = 0 OR $2 = 0)`
const rename = `UPDATE passkey SET name = $3 WHERE id = $1 AND account = $2 AND NOT EXISTS
  (SELECT 1 FROM passkey AS other WHERE other.account = $2 AND other.name = $3 AND other.id <> $1)`
const userHandle = 'SELECT user_handle FROM passkey_user WHERE account = $1'
const keepHandle =
  'INSERT INTO passkey_user (account, user_handle) VALUES ($1, $2) ON CONFLICT (account) DO NOTHING'

const countRows = 'SELECT count(*) AS n FROM passkey'

export const passkeyStore = defineStore<PasskeyStore>({
  add(one) {
    return this.db.wrote(add, valuesOf(one))
  },
  async listOf(account) {
    return (await this.db.all<PasskeyRow>(listOf, [account])).map(passkeyOf)
  },
  async findByCredentialId(id) {
    const row = await this.db.one<PasskeyRow>(byCredentialId, [id])
    return row === null ? null : passkeyOf(row)
  },
  use(id, { signCount, userVerified, backedUp, at }) {
    return this.db.wrote(use, [id, signCount, Number(userVerified), Number(backedUp), at])
  },
  // Two renames at once would both find the name free: one after the other.
  rename(id, account, name) {
    return this.db.atomic(async (part) => {
      await part.lock(`passkey names of ${account}`)
      return part.wrote(rename, [id, account, name])
    })
  },
  remove(id, account) {
    return this.db.wrote('DELETE FROM passkey WHERE id = $1 AND account = $2', [id, account])
  },
  removeAllOf(account) {
    return this.db.run('DELETE FROM passkey WHERE account = $1', [account])
  },
  countElsewhere(rpId) {
    return counted(this.db, `${countRows} WHERE rp_id <> $1`, [rpId])
  },
  count() {
    return counted(this.db, countRows, [])
  },
  async userHandleOf(account, fresh) {
    const there = await findUserHandle(this.db, account)
    if (there !== null) return there
    await this.db.run(keepHandle, [account, fresh])
    return (await findUserHandle(this.db, account)) ?? fresh
  },
  findUserHandle(account) {
    return findUserHandle(this.db, account)
  },
})

const findUserHandle = async (db: Db, account: AccountId): Promise<string | null> =>
  (await db.one<{ user_handle: string }>(userHandle, [account]))?.user_handle ?? null

const spend = 'INSERT INTO passkey_challenge (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING'
const over = 'SELECT hash FROM passkey_challenge WHERE expires_at < $1 ORDER BY expires_at LIMIT $2'
const removeExpired = removeAmong('passkey_challenge', 'hash', over)
/** Servers' clocks differ; until then a challenge that one of them still believes is known to be used. */
const keepSeconds = 3600

export const passkeyChallengeStore = defineStore<PasskeyChallengeStore>({
  spend(hash, expiresAt) {
    return this.db.wrote(spend, [hash, expiresAt])
  },
  removeExpired(now, limit) {
    return this.db.run(removeExpired[this.db.dialect], [now - keepSeconds, limit])
  },
})
