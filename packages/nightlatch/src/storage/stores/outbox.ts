import type { AccountId, MailId } from '../../core/ids.js'
import type { MailKind } from '../../core/notify/mail.js'
import type { OutboxStore, WaitingMail } from '../../core/notify/outbox.js'
import { byClock } from '../engine/clock.js'
import { removeAmong } from './rows.js'
import { defineStore } from './store.js'

interface OutboxRow {
  readonly id: string
  readonly kind: string
  readonly account: string | null
  readonly sealed: string
  readonly tries: number
  readonly created_at: number
  readonly expires_at: number
}

const mailOf = (row: OutboxRow): WaitingMail => ({
  id: row.id as MailId,
  kind: row.kind as MailKind,
  account: row.account as AccountId | null,
  sealed: row.sealed,
  tries: row.tries,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})

/** Due from the beginning of time: a server whose clock is fast makes nobody wait. */
const add = `INSERT INTO outbox (id, kind, account, sealed, tries, created_at, next_try_at, expires_at)
  SELECT CAST($1 AS text), CAST($2 AS text), CAST($3 AS text), CAST($4 AS text), 0, CAST($5 AS bigint), 0,
    CAST($6 AS bigint)
  WHERE (SELECT count(*) FROM (SELECT id FROM outbox ORDER BY next_try_at, id LIMIT $7) AS few) < $7`

// The moment is asked for once: what changes from row to row is no condition of an index.
const due = byClock(
  (now) => `SELECT id, kind, account, sealed, tries, created_at, expires_at FROM outbox
    WHERE next_try_at <= (SELECT ${now('$1')}) ORDER BY next_try_at, id LIMIT $2`,
)
const claim = byClock(
  (now) => `UPDATE outbox SET tries = tries + 1, next_try_at = ${now('$4')} + CAST($5 AS bigint)
    WHERE id = $1 AND tries = $2 AND next_try_at <= ${now('$4')}
      AND EXISTS (SELECT 1 FROM lease WHERE name = 'outbox' AND holder = $3 AND ends_at > ${now('$4')})`,
)
const putBack = byClock(
  (now) => `UPDATE outbox SET tries = tries - 1, next_try_at = ${now('$2')} + CAST($3 AS bigint)
    WHERE id = $1 AND tries > 0`,
)
const expired = 'SELECT id FROM outbox WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2'
const removeExpired = removeAmong('outbox', 'id', expired)
const summary = 'SELECT count(*) AS waiting, COALESCE(min(created_at), 0) AS oldest_at FROM outbox'

export const outboxStore = defineStore<OutboxStore>({
  add({ id, kind, account, sealed, createdAt, expiresAt }, most) {
    return this.db.wrote(add, [id, kind, account, sealed, createdAt, expiresAt, most])
  },
  async listDue(now, limit) {
    return (await this.db.all<OutboxRow>(due[this.clock], [now, limit])).map(mailOf)
  },
  claim({ id, tries }, { holder, nextTrySeconds }, now) {
    return this.db.wrote(claim[this.clock], [id, tries, holder, now, nextTrySeconds])
  },
  async putBack(id, seconds, now) {
    await this.db.run(putBack[this.clock], [id, now, seconds])
  },
  remove(id) {
    return this.db.wrote('DELETE FROM outbox WHERE id = $1', [id])
  },
  removeExpired(now, limit) {
    return this.db.run(removeExpired[this.db.dialect], [now, limit])
  },
  async summary() {
    const row = await this.db.one<{ waiting: number; oldest_at: number }>(summary, [])
    return { waiting: row?.waiting ?? 0, oldestAt: row?.oldest_at ?? 0 }
  },
})
