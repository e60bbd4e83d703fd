import type { AccountId, SignInId } from '../../core/ids.js'
import type { SigningIn, SignInStore } from '../../core/sign-in/sign-in.js'
import { accountColumns, accountOf, type AccountRow } from './accounts.js'
import { type Clock, nowOf } from '../engine/clock.js'
import type { Db } from '../engine/database.js'
import { among, done, found, wrote } from './rows.js'

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
const findAt = (
  now: string,
): string => `SELECT sign_in.id AS sign_in_id, started_at, expires_at, ${accountColumns}
  FROM sign_in JOIN account ON account.id = sign_in.account WHERE token_hash = $1 AND expires_at > ${now}`
const due = `SELECT token_hash FROM sign_in WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`

export function signInStore(db: Db, clock: Clock = 'given'): SignInStore {
  const moment = nowOf(db, clock)
  const find = findAt(moment.sql('$2'))
  const removeExpired = `DELETE FROM sign_in WHERE ${among(db, 'token_hash', due)}`
  return {
    add: ({ id, account, startedAt, expiresAt }, tokenHash) =>
      done(db.run(add, [tokenHash, id, account, startedAt, expiresAt])),
    findByTokenHash: (tokenHash, now) => found(db.one(find, [tokenHash, moment.param(now)]), signingInOf),
    isOpen: async (id) => (await db.one('SELECT id FROM sign_in WHERE id = $1', [id])) !== null,
    take: (id) => wrote(db.run('DELETE FROM sign_in WHERE id = $1', [id])),
    endByTokenHash: (tokenHash) => done(db.run('DELETE FROM sign_in WHERE token_hash = $1', [tokenHash])),
    endAllOf: (account) => db.run('DELETE FROM sign_in WHERE account = $1', [account]),
    removeExpired: (now, limit) => db.run(removeExpired, [now, limit]),
  }
}
