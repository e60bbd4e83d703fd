import type { AccountId, InvitationId } from '../../core/ids.js'
import type { Invitation, InvitationStore } from '../../core/accounts/invitation.js'
import { type Clock, nowOf } from '../engine/clock.js'
import type { Db } from '../engine/database.js'
import { among, done, found, wrote } from './rows.js'

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

export function invitationStore(db: Db, clock: Clock = 'given'): InvitationStore {
  const moment = nowOf(db, clock)
  const find = `SELECT id, account, created_at, expires_at FROM invitation
    WHERE token_hash = $1 AND expires_at > ${moment.sql('$2')}`
  const take = `DELETE FROM invitation WHERE id = $1 AND expires_at > ${moment.sql('$2')}`
  const removeExpired = `DELETE FROM invitation WHERE ${among(db, 'token_hash', due)}`
  return {
    add: ({ id, account, createdAt, expiresAt }, tokenHash) =>
      done(db.run(add, [tokenHash, id, account, createdAt, expiresAt])),
    find: (tokenHash, now) => found(db.one(find, [tokenHash, moment.param(now)]), invitationOf),
    take: (id, now) => wrote(db.run(take, [id, moment.param(now)])),
    removeAllOf: (account) =>
      done(
        account === null
          ? db.run('DELETE FROM invitation WHERE account IS NULL', [])
          : db.run('DELETE FROM invitation WHERE account = $1', [account]),
      ),
    removeExpired: (now, limit) => db.run(removeExpired, [now, limit]),
  }
}
