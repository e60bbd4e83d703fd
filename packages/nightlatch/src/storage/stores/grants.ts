import type { ApplicationId } from '../../core/applications/application.js'
import type { AuthorizationRequest, GivenToken, Grant, GrantStore } from '../../core/applications/tokens.js'
import type { AccountId, AuthorizationRequestId, GrantId, SessionId } from '../../core/ids.js'
import { personColumns, personOf } from './accounts.js'
import type { PersonRow } from './accounts.js'
import { removeAmong, valuesList } from './rows.js'
import { defineStore } from './store.js'

interface GrantRow {
  readonly id: string
  readonly application: string
  readonly account: string
  readonly session: string | null
  readonly scopes: string
  readonly created_at: number
  readonly expires_at: number
}

const grantOf = (row: GrantRow): Grant => ({
  id: row.id as GrantId,
  application: row.application as ApplicationId,
  account: row.account as AccountId,
  session: row.session as SessionId | null,
  scopes: row.scopes === '' ? [] : row.scopes.split(' '),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})

/** Names that no column of the other tables has. */
interface TokenRow extends PersonRow {
  readonly grant_id: string
  readonly payload: string
  readonly token_expires_at: number
  readonly consumed_at: number | null
  readonly application: string
  readonly scopes: string
  readonly grant_expires_at: number
}

const tokenOf = (row: TokenRow): GivenToken => ({
  payload: row.payload,
  expiresAt: row.token_expires_at,
  consumedAt: row.consumed_at,
  givenFor: {
    id: row.grant_id as GrantId,
    application: row.application as ApplicationId,
    account: row.id as AccountId,
    scopes: row.scopes === '' ? [] : row.scopes.split(' '),
    expiresAt: row.grant_expires_at,
  },
  givenTo: personOf(row),
})

interface RequestRow {
  readonly id: string
  readonly application: string
  readonly query: string
  readonly mark: string
  readonly answer: string
  readonly answered_by: string
  readonly started_at: number
  readonly expires_at: number
}

const requestOf = (row: RequestRow): AuthorizationRequest => ({
  id: row.id as AuthorizationRequestId,
  application: row.application as ApplicationId,
  query: row.query,
  mark: row.mark,
  answer: row.answer as AuthorizationRequest['answer'],
  answeredBy: row.answered_by as AuthorizationRequest['answeredBy'],
  startedAt: row.started_at,
  expiresAt: row.expires_at,
})

const grantColumns = 'id, application, account, session, scopes, created_at, expires_at'
const tokenColumns = 'hash, kind, grant_id, payload, created_at, expires_at, consumed_at'
const requestColumns = 'id, application, query, mark, answer, answered_by, started_at, expires_at'

const addGrant = `INSERT INTO application_grant (${grantColumns}) VALUES ${valuesList(1, 7)}`
const addToken = `INSERT INTO application_token (${tokenColumns}) VALUES ${valuesList(1, 7)}`
// What nearly every request of an application needs, in one look-up by primary key in each table.
const findToken = `SELECT grant_id, payload, token.expires_at AS token_expires_at, consumed_at, application, scopes,
  given.expires_at AS grant_expires_at, ${personColumns}
  FROM application_token AS token JOIN application_grant AS given ON given.id = grant_id
  JOIN account ON account.id = given.account WHERE hash = $1 AND kind = $2`
const consume =
  'UPDATE application_token SET consumed_at = $2 WHERE hash = $1 AND consumed_at IS NULL AND expires_at > $2'
const addRequest = `INSERT INTO authorization_request (${requestColumns}) VALUES ${valuesList(1, 8)}`

const expired = (table: string, key: string) =>
  removeAmong(table, key, `SELECT ${key} FROM ${table} WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`)
const removeGrants = expired('application_grant', 'id')
const removeTokens = expired('application_token', 'hash')
const removeRequests = expired('authorization_request', 'id')

export const grantStore = defineStore<GrantStore>({
  async add(one) {
    const scopes = one.scopes.join(' ')
    await this.db.run(addGrant, [
      ...[one.id, one.application, one.account, one.session],
      ...[scopes, one.createdAt, one.expiresAt],
    ])
  },
  async find(id) {
    const row = await this.db.one<GrantRow>(`SELECT ${grantColumns} FROM application_grant WHERE id = $1`, [
      id,
    ])
    return row && grantOf(row)
  },
  async extend(id, until) {
    await this.db.run('UPDATE application_grant SET expires_at = $2 WHERE id = $1 AND expires_at < $2', [
      id,
      until,
    ])
  },
  end(id) {
    return this.db.wrote('DELETE FROM application_grant WHERE id = $1', [id])
  },
  async endAllOf(account) {
    await this.db.run('DELETE FROM application_grant WHERE account = $1', [account])
  },
  removeExpired(now, limit) {
    return this.db.run(removeGrants[this.db.dialect], [now, limit])
  },
  async addToken(one) {
    await this.db.run(addToken, [
      ...[one.hash, one.kind, one.grant, one.payload],
      ...[one.createdAt, one.expiresAt, one.consumedAt],
    ])
  },
  async findToken(hash, kind) {
    const row = await this.db.one<TokenRow>(findToken, [hash, kind])
    return row && tokenOf(row)
  },
  consume(hash, at) {
    return this.db.wrote(consume, [hash, at])
  },
  async removeToken(hash) {
    await this.db.run('DELETE FROM application_token WHERE hash = $1', [hash])
  },
  removeExpiredTokens(now, limit) {
    return this.db.run(removeTokens[this.db.dialect], [now, limit])
  },
  async listNotices(now, limit) {
    const rows = await this.db.all<Record<'application' | 'session' | 'account', string> & { tries: number }>(
      'SELECT application, session, account, tries FROM application_logout WHERE next_try_at <= $1 LIMIT $2',
      [now, limit],
    )
    return rows.map((row) => ({
      application: row.application as ApplicationId,
      session: row.session as SessionId,
      account: row.account as AccountId,
      tries: row.tries,
    }))
  },
  async claimNotice({ application, session, tries }, nextTryAt) {
    const claimed = await this.db.run(
      `UPDATE application_logout SET tries = tries + 1, next_try_at = $4
        WHERE application = $1 AND session = $2 AND tries = $3`,
      [application, session, tries, nextTryAt],
    )
    return claimed > 0
  },
  async removeNotice({ application, session }) {
    await this.db.run('DELETE FROM application_logout WHERE application = $1 AND session = $2', [
      application,
      session,
    ])
  },
  async addRequest(one) {
    await this.db.run(addRequest, [
      ...[one.id, one.application, one.query, one.mark],
      ...[one.answer, one.answeredBy, one.startedAt, one.expiresAt],
    ])
  },
  async findRequest(id, now) {
    const row = await this.db.one<RequestRow>(
      `SELECT ${requestColumns} FROM authorization_request WHERE id = $1 AND expires_at > $2`,
      [id, now],
    )
    return row && requestOf(row)
  },
  answerRequest(id, { answer, answeredBy }) {
    const sql = 'UPDATE authorization_request SET answer = $2, answered_by = $3 WHERE id = $1'
    return this.db.wrote(sql, [id, answer, answeredBy])
  },
  removeExpiredRequests(now, limit) {
    return this.db.run(removeRequests[this.db.dialect], [now, limit])
  },
})
