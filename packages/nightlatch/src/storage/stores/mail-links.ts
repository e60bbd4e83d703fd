import type { AccountId, MailLinkId } from '../../core/ids.js'
import type { MailLink, MailLinkKind, MailLinkStore } from '../../core/notify/mail-links.js'
import { byClock } from '../engine/clock.js'
import { removeAmong } from './rows.js'
import { notSealedUnder, reseal } from './sealed.js'
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

const lying = { table: 'mail_link', key: 'id', columns }
const notUnder = notSealedUnder(lying)

export const mailLinkStore = defineStore<MailLinkStore>({
  async add({ id, kind, account, sealed, createdAt, expiresAt }, tokenHash) {
    await this.db.run(add, [tokenHash, id, kind, account, sealed, createdAt, expiresAt])
  },
  async find(kind, tokenHash, now) {
    const row = await this.db.one<LinkRow>(find[this.clock], [tokenHash, kind, now])
    return row && linkOf(row)
  },
  take(id, now) {
    return this.db.wrote(take[this.clock], [id, now])
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
    return (await this.db.all<LinkRow>(notUnder, [keyId, limit, '', ''])).map(linkOf)
  },
  reseal(id, { from, to }) {
    return reseal(this.db, lying, [id, from, to])
  },
  removeExpired(now, limit) {
    return this.db.run(removeExpired[this.db.dialect], [now, limit])
  },
})
