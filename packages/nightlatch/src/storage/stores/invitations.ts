import type { AccountId, InvitationId } from '../../core/ids.js'
import type { Invitation, InvitationStore } from '../../core/accounts/invitation.js'
import { byClock, type Clock } from '../engine/clock.js'
import type { Db } from '../engine/database.js'
import { removeAmong } from './rows.js'

interface InvitationRow {
  readonly id: string
  readonly account: string | null
  readonly created_at: number
  readonly expires_at: number
}

const invitationOf = (row: InvitationRow): Invitation => ({
  id: row.id as InvitationId,
  account: row.account as AccountId | null,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})

const add = `INSERT INTO invitation (token_hash, id, account, created_at, expires_at)
  VALUES ($1, $2, $3, $4, $5)`
const due = `SELECT token_hash FROM invitation WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`
const removeExpired = removeAmong('invitation', 'token_hash', due)
const find = byClock(
  (now) => `SELECT id, account, created_at, expires_at FROM invitation
    WHERE token_hash = $1 AND expires_at > ${now('$2')}`,
)
const take = byClock((now) => `DELETE FROM invitation WHERE id = $1 AND expires_at > ${now('$2')}`)

export function invitationStore(db: Db, clock: Clock = 'given'): InvitationStore {
  return {
    add: async ({ id, account, createdAt, expiresAt }, tokenHash) => {
      await db.run(add, [tokenHash, id, account, createdAt, expiresAt])
    },
    find: async (tokenHash, now) => {
      const row = await db.one<InvitationRow>(find[clock], [tokenHash, now])
      return row && invitationOf(row)
    },
    take: async (id, now) => (await db.run(take[clock], [id, now])) > 0,
    removeAllOf: async (account) => {
      await (account === null
        ? db.run('DELETE FROM invitation WHERE account IS NULL', [])
        : db.run('DELETE FROM invitation WHERE account = $1', [account]))
    },
    removeExpired: (now, limit) => db.run(removeExpired[db.dialect], [now, limit]),
  }
}
