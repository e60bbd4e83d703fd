import type { AccountId, MailLinkId } from '../../core/ids.js'
import type { MailLink, MailLinkKind, MailLinkStore } from '../../core/notify/mail-links.js'
import { byClock } from '../engine/clock.js'
import { removeAmong } from './rows.js'
import { defineStore } from './store.js'

interface LinkRow {
  readonly id: string
  readonly kind: string
  readonly account: string
  readonly sealed: string
  readonly created_at: number
  readonly expires_at: number
}

const linkOf = (row: LinkRow): MailLink => ({
  id: row.id as MailLinkId,
  kind: row.kind as MailLinkKind,
  account: row.account as AccountId,
  sealed: row.sealed,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})

const columns = 'id, kind, account, sealed, created_at, expires_at'
const add = `INSERT INTO mail_link (token_hash, ${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7)`
const find = byClock(
  (now) =>
    `SELECT ${columns} FROM mail_link WHERE token_hash = $1 AND kind = $2 AND expires_at > ${now('$3')}`,
)
const take = byClock((now) => `DELETE FROM mail_link WHERE id = $1 AND expires_at > ${now('$2')}`)
const expired = 'SELECT token_hash FROM mail_link WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2'
const removeExpired = removeAmong('mail_link', 'token_hash', expired)

/** A sealed text is `v1.<16 characters that name the key>.…`; there is an index of them. */
const sealedUnder = 'substr(sealed, 4, 16)'
const range = (beside: '<' | '>'): string =>
  `SELECT * FROM (SELECT ${columns} FROM mail_link WHERE ${sealedUnder} ${beside} $1
    ORDER BY ${sealedUnder}, id LIMIT $2) AS ${beside === '<' ? 'before' : 'behind'}`
const notUnder = `${range('<')} UNION ALL ${range('>')} LIMIT $2`
const reseal = 'UPDATE mail_link SET sealed = $3 WHERE id = $1 AND sealed = $2'

export const mailLinkStore = defineStore<MailLinkStore>({
  async add({ id, kind, account, sealed, createdAt, expiresAt }, tokenHash) {
    await this.db.run(add, [tokenHash, id, kind, account, sealed, createdAt, expiresAt])
  },
  async find(kind, tokenHash, now) {
    const row = await this.db.one<LinkRow>(find[this.clock], [tokenHash, kind, now])
    return row && linkOf(row)
  },
  async take(id, now) {
    return (await this.db.run(take[this.clock], [id, now])) > 0
  },
  async removeAllOf(account, kind) {
    await this.db.run('DELETE FROM mail_link WHERE account = $1 AND kind = $2', [account, kind])
  },
  async removeSince(account, kind, since) {
    await this.db.run('DELETE FROM mail_link WHERE account = $1 AND kind = $2 AND created_at >= $3', [
      account,
      kind,
      since,
    ])
  },
  async listNotSealedUnder(keyId, limit) {
    return (await this.db.all<LinkRow>(notUnder, [keyId, limit])).map(linkOf)
  },
  async reseal(id, { from, to }) {
    return (await this.db.run(reseal, [id, from, to])) > 0
  },
  removeExpired(now, limit) {
    return this.db.run(removeExpired[this.db.dialect], [now, limit])
  },
})
