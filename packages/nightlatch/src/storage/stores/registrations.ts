import type { LoginName } from '../../core/accounts/account.js'
import type { AccountId, InvitationId } from '../../core/ids.js'
import type {
  FollowedInvitation,
  OpenInvitation,
  OpenInvitationStore,
  Registration,
  RegistrationStore,
} from '../../core/registration/open-invitation.js'
import { byClock } from '../engine/clock.js'
import { removeAmong } from './rows.js'
import { defineStore } from './store.js'

interface InvitationRow {
  readonly id: string
  readonly group_names: string
  readonly uses: number
  readonly used: number
  readonly domain: string
  readonly email: string
  readonly invited_by: string | null
  readonly created_at: number
  readonly expires_at: number
  readonly withdrawn_at: number | null
}

const columns = 'id, group_names, uses, used, domain, email, invited_by, created_at, expires_at, withdrawn_at'

const invitationOf = (row: InvitationRow): OpenInvitation => ({
  id: row.id as InvitationId,
  groups: JSON.parse(row.group_names) as string[],
  uses: row.uses,
  used: row.used,
  domain: row.domain,
  email: row.email,
  invitedBy: row.invited_by as AccountId | null,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  withdrawnAt: row.withdrawn_at,
})

const add = `INSERT INTO open_invitation (token_hash, handed_token_hash, ${columns})
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
const find = `SELECT ${columns} FROM open_invitation WHERE id = $1`
const byToken = `SELECT ${columns}, handed_token_hash FROM open_invitation
  WHERE token_hash = $1 OR handed_token_hash = $1`
const newest = `SELECT ${columns} FROM open_invitation ORDER BY created_at DESC, id DESC LIMIT $1`
const next = `SELECT ${columns} FROM open_invitation WHERE (created_at, id) < ($2, $3)
  ORDER BY created_at DESC, id DESC LIMIT $1`
const use = byClock(
  (now) => `UPDATE open_invitation SET used = used + 1
    WHERE id = $1 AND used < uses AND withdrawn_at IS NULL AND expires_at > ${now('$2')}`,
)
const withdraw = 'UPDATE open_invitation SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL'
const old = 'SELECT id FROM open_invitation WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2'
const removeOld = removeAmong('open_invitation', 'id', old)

interface FollowedRow extends InvitationRow {
  readonly handed_token_hash: string | null
}

const followed = (row: FollowedRow, tokenHash: string): FollowedInvitation => ({
  invitation: invitationOf(row),
  isMailed: row.handed_token_hash !== null && row.handed_token_hash !== tokenHash,
})

export const openInvitationStore = defineStore<OpenInvitationStore>({
  async add(one, { handed, mailed }) {
    const tokens = mailed === null ? [handed, null] : [mailed, handed]
    const own = [one.id, JSON.stringify(one.groups), one.uses, one.used, one.domain, one.email]
    const when = [one.invitedBy, one.createdAt, one.expiresAt, one.withdrawnAt]
    await this.db.run(add, [...tokens, ...own, ...when])
  },
  async find(id) {
    const row = await this.db.one<InvitationRow>(find, [id])
    return row && invitationOf(row)
  },
  async findByTokenHash(tokenHash) {
    const row = await this.db.one<FollowedRow>(byToken, [tokenHash])
    return row && followed(row, tokenHash)
  },
  async list({ after, limit }) {
    const rows =
      after === null
        ? await this.db.all<InvitationRow>(newest, [limit])
        : await this.db.all<InvitationRow>(next, [limit, after.createdAt, after.id])
    return rows.map(invitationOf)
  },
  use(id, now) {
    return this.db.wrote(use[this.clock], [id, now])
  },
  withdraw(id, now) {
    return this.db.wrote(withdraw, [id, now])
  },
  removeExpiredBefore(at, limit) {
    return this.db.run(removeOld[this.db.dialect], [at, limit])
  },
})

interface RegistrationRow {
  readonly email_key: string
  readonly email: string
  readonly invitation: string | null
  readonly created_at: number
  readonly expires_at: number
}

const registrationOf = (row: RegistrationRow): Registration => ({
  emailKey: row.email_key as LoginName,
  email: row.email,
  invitation: row.invitation as InvitationId | null,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})

const put = `INSERT INTO registration (email_key, token_hash, email, invitation, created_at, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (email_key) DO UPDATE SET token_hash = excluded.token_hash, email = excluded.email,
    invitation = excluded.invitation, created_at = excluded.created_at, expires_at = excluded.expires_at`
const pending = byClock(
  (now) => `SELECT email_key, email, invitation, created_at, expires_at FROM registration
    WHERE token_hash = $1 AND expires_at > ${now('$2')}`,
)
const take = 'DELETE FROM registration WHERE email_key = $1 AND token_hash = $2'
const due = 'SELECT email_key FROM registration WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2'
const removeExpired = removeAmong('registration', 'email_key', due)

export const registrationStore = defineStore<RegistrationStore>({
  async put({ emailKey, email, invitation, createdAt, expiresAt }, tokenHash) {
    await this.db.run(put, [emailKey, tokenHash, email, invitation, createdAt, expiresAt])
  },
  async find(tokenHash, now) {
    const row = await this.db.one<RegistrationRow>(pending[this.clock], [tokenHash, now])
    return row && registrationOf(row)
  },
  take(emailKey, tokenHash) {
    return this.db.wrote(take, [emailKey, tokenHash])
  },
  removeExpired(now, limit) {
    return this.db.run(removeExpired[this.db.dialect], [now, limit])
  },
})
