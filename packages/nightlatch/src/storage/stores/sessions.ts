import type { AccountId, SessionId } from '../../core/ids.js'
import type { Proof, Session, SessionStore, SignedIn } from '../../core/sessions/session.js'
import { accountColumns, accountOf, type AccountRow } from './accounts.js'
import type { Db, Dialect, Param } from '../engine/database.js'
import { byDialect, marks, valuesList } from './rows.js'
import { defineStore } from './store.js'

interface SessionRow {
  readonly session_id: string
  readonly factors: string
  readonly strength: string
  readonly signed_in_at: number
  readonly verified_at: number
  readonly last_seen_at: number
  readonly expires_at: number
  readonly address: string
  readonly user_agent: string
}

const columns = `session.id AS session_id, factors, strength, signed_in_at,
  verified_at, last_seen_at, expires_at, address, user_agent`

const sessionOf = (row: SessionRow, account: AccountId): Session => ({
  id: row.session_id as SessionId,
  account,
  factors: proofsOf(row.factors),
  strength: row.strength as Session['strength'],
  signedInAt: row.signed_in_at,
  verifiedAt: row.verified_at,
  lastSeenAt: row.last_seen_at,
  expiresAt: row.expires_at,
  address: row.address,
  userAgent: row.user_agent,
})

/** Few lists, of many sessions: each is there once. */
const knownProofs = new Map<string, readonly Proof[]>()
const mostKnown = 100

function proofsOf(factors: string): readonly Proof[] {
  const known = knownProofs.get(factors)
  if (known !== undefined) return known
  const proofs = factors === '' ? [] : (factors.split(',') as Proof[])
  if (knownProofs.size < mostKnown) knownProofs.set(factors, proofs)
  return proofs
}

/** With one id, not two that are alike. */
function signedInOf(row: SessionRow & AccountRow): SignedIn {
  const account = accountOf(row)
  return { session: sessionOf(row, account.id), account }
}

const valuesOf = (session: Session, tokenHash: string): readonly Param[] => [
  tokenHash,
  session.id,
  session.account,
  session.factors.join(','),
  session.signedInAt,
  session.verifiedAt,
  session.lastSeenAt,
  session.expiresAt,
  session.address,
  session.userAgent,
  session.strength,
]

// The one query that nearly every request makes: one look-up by primary key in each table.
const find = `SELECT ${columns}, ${accountColumns} FROM session JOIN account ON account.id = session.account
  WHERE session.token_hash = $1 AND account.disabled = 0`
const listOf = `SELECT ${columns} FROM session WHERE account = $1 ORDER BY last_seen_at DESC, id`

const add = `INSERT INTO session (token_hash, id, account, factors, signed_in_at, verified_at, last_seen_at,
  expires_at, address, user_agent, strength) VALUES ${valuesList(1, 11)}`
const replace = `UPDATE session SET token_hash = $1, id = $2, factors = $4, signed_in_at = $5,
  verified_at = $6, last_seen_at = $7, expires_at = $8, address = $9, user_agent = $10,
  strength = $11 WHERE token_hash = $12 AND account = $3`

const count = 'SELECT count(*) AS n FROM session WHERE account = $1'
const endOldest = `DELETE FROM session WHERE account = $1 AND id NOT IN
  (SELECT id FROM session WHERE account = $1 ORDER BY last_seen_at DESC, signed_in_at DESC, id LIMIT $2)`
const due = {
  expired: byDialect(dueBy('expires_at <= $1', 'expires_at')),
  idle: byDialect(dueBy('last_seen_at < $1', 'last_seen_at')),
}

/** PostgreSQL passes by those that somebody holds just now: housekeeping waits for nobody. */
function dueBy(condition: string, order: string): (dialect: Dialect) => string {
  const select = `SELECT id FROM session WHERE ${condition} ORDER BY ${order} LIMIT $2`
  return (dialect) => (dialect === 'postgres' ? `${select} FOR UPDATE SKIP LOCKED` : select)
}

/** What applications were given ends with a session that is ended, and outlives one that has run out. */
const removeDue = (db: Db, why: keyof typeof due, [at, limit]: readonly [number, number]): Promise<number> =>
  db.atomic(async (part) => {
    const ids = (await part.all<{ id: string }>(due[why][part.dialect], [at, limit])).map(({ id }) => id)
    if (ids.length === 0) return 0
    const among = `(${marks(ids.length)})`
    await part.run(`UPDATE application_grant SET session = NULL WHERE session IN ${among}`, ids)
    return part.run(`DELETE FROM session WHERE id IN ${among}`, ids)
  })

export const sessionStore = defineStore<SessionStore>({
  async findByTokenHash(tokenHash) {
    const row = await this.db.one<SessionRow & AccountRow>(find, [tokenHash])
    return row && signedInOf(row)
  },
  async listOf(account) {
    return (await this.db.all<SessionRow>(listOf, [account])).map((row) => sessionOf(row, account))
  },
  async add(session, tokenHash) {
    await this.db.run(add, valuesOf(session, tokenHash))
  },
  async touch(id, at) {
    await this.db.run('UPDATE session SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2', [id, at])
  },
  replaceToken(tokenHash, next) {
    return this.db.wrote(replace, [...valuesOf(next.session, next.tokenHash), tokenHash])
  },
  end(id, account) {
    return this.db.wrote('DELETE FROM session WHERE id = $1 AND account = $2', [id, account])
  },
  endByTokenHash(tokenHash) {
    return this.db.wrote('DELETE FROM session WHERE token_hash = $1', [tokenHash])
  },
  // What outlived its session goes with the others.
  async endAllOf(account, except) {
    await this.db.run('DELETE FROM application_grant WHERE account = $1 AND session IS NULL', [account])
    return this.db.run('DELETE FROM session WHERE account = $1 AND id <> $2', [account, except ?? ''])
  },
  // Hardly anybody has too many, and to look for the oldest costs ten times as much as to count.
  async endOldestOf(account, keep) {
    const row = await this.db.one<{ n: number }>(count, [account])
    return (row?.n ?? 0) > keep ? this.db.run(endOldest, [account, keep]) : 0
  },
  removeExpired(now, limit) {
    return removeDue(this.db, 'expired', [now, limit])
  },
  removeIdleSince(at, limit) {
    return removeDue(this.db, 'idle', [at, limit])
  },
})
