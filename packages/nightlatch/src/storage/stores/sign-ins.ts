import type { AccountId, SignInId } from '../../core/ids.js'
import type { SigningIn, SignInStore } from '../../core/sign-in/sign-in.js'
import { accountColumns, accountOf, type AccountRow } from './accounts.js'
import { byClock } from '../engine/clock.js'
import { removeAmong } from './rows.js'
import { defineStore } from './store.js'

interface SignInRow extends AccountRow {
  readonly sign_in_id: string
  readonly started_at: number
  readonly expires_at: number
}

const signingInOf = (row: SignInRow): SigningIn => ({
  signIn: {
    id: row.sign_in_id as SignInId,
    account: row.id as AccountId,
    startedAt: row.started_at,
    expiresAt: row.expires_at,
  },
  account: accountOf(row),
})

const add = `INSERT INTO sign_in (token_hash, id, account, started_at, expires_at)
  VALUES ($1, $2, $3, $4, $5)`
const find = byClock(
  (now) => `SELECT sign_in.id AS sign_in_id, started_at, expires_at, ${accountColumns}
  FROM sign_in JOIN account ON account.id = sign_in.account WHERE token_hash = $1 AND expires_at > ${now('$2')}`,
)
const due = `SELECT token_hash FROM sign_in WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`
const removeExpired = removeAmong('sign_in', 'token_hash', due)

export const signInStore = defineStore<SignInStore>({
  async add({ id, account, startedAt, expiresAt }, tokenHash) {
    await this.db.run(add, [tokenHash, id, account, startedAt, expiresAt])
  },
  async findByTokenHash(tokenHash, now) {
    const row = await this.db.one<SignInRow>(find[this.clock], [tokenHash, now])
    return row && signingInOf(row)
  },
  async isOpen(id) {
    return (await this.db.one('SELECT id FROM sign_in WHERE id = $1', [id])) !== null
  },
  take(id) {
    return this.db.wrote('DELETE FROM sign_in WHERE id = $1', [id])
  },
  async endByTokenHash(tokenHash) {
    await this.db.run('DELETE FROM sign_in WHERE token_hash = $1', [tokenHash])
  },
  endAllOf(account) {
    return this.db.run('DELETE FROM sign_in WHERE account = $1', [account])
  },
  removeExpired(now, limit) {
    return this.db.run(removeExpired[this.db.dialect], [now, limit])
  },
})
