import type { AccountId, InvitationId } from '../../core/ids.js'
import type { Invitation, InvitationStore } from '../../core/accounts/invitation.js'
import { byClock } from '../engine/clock.js'
import { removeAmong } from './rows.js'
import { defineStore } from './store.js'

interface InvitationRow {
  readonly id: string
  readonly account: string | null
  readonly mailed_to: string
  readonly created_at: number
  readonly expires_at: number
}

const invitationOf = (row: InvitationRow): Invitation => ({
  id: row.id as InvitationId,
  account: row.account as AccountId | null,
  ...(row.mailed_to !== '' && { mailedTo: row.mailed_to }),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})

const add = `INSERT INTO invitation (token_hash, id, account, mailed_to, created_at, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6)`
const due = `SELECT token_hash FROM invitation WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`
const removeExpired = removeAmong('invitation', 'token_hash', due)
const find = byClock(
  (now) => `SELECT id, account, mailed_to, created_at, expires_at FROM invitation
    WHERE token_hash = $1 AND expires_at > ${now('$2')}`,
)
const take = byClock((now) => `DELETE FROM invitation WHERE id = $1 AND expires_at > ${now('$2')}`)

export const invitationStore = defineStore<InvitationStore>({
  async add({ id, account, mailedTo = '', createdAt, expiresAt }, tokenHash) {
    await this.db.run(add, [tokenHash, id, account, mailedTo, createdAt, expiresAt])
  },
  async find(tokenHash, now) {
    const row = await this.db.one<InvitationRow>(find[this.clock], [tokenHash, now])
    return row && invitationOf(row)
  },
  take(id, now) {
    return this.db.wrote(take[this.clock], [id, now])
  },
  async removeAllOf(account) {
    await (account === null
      ? this.db.run('DELETE FROM invitation WHERE account IS NULL', [])
      : this.db.run('DELETE FROM invitation WHERE account = $1', [account]))
  },
  removeExpired(now, limit) {
    return this.db.run(removeExpired[this.db.dialect], [now, limit])
  },
})
