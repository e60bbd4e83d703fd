import type { ApplicationId } from '../../core/applications/application.js'
import type { DeviceRequest, DeviceRequestStore } from '../../core/applications/device.js'
import type { DeviceRequestId } from '../../core/ids.js'
import { removeAmong, valuesList } from './rows.js'
import { defineStore } from './store.js'

interface DeviceRow {
  readonly hash: string
  readonly id: string
  readonly user_code_hash: string
  readonly application: string
  readonly payload: string
  readonly scopes: string
  readonly address: string
  readonly user_agent: string
  readonly answer: string
  readonly proof: string
  readonly started_at: number
  readonly expires_at: number
  readonly polled_at: number
  readonly wait_seconds: number
  readonly consumed_at: number | null
}

const requestOf = (row: DeviceRow): DeviceRequest => ({
  id: row.id as DeviceRequestId,
  hash: row.hash,
  userCodeHash: row.user_code_hash,
  application: row.application as ApplicationId,
  payload: row.payload,
  scopes: row.scopes === '' ? [] : row.scopes.split(' '),
  address: row.address,
  userAgent: row.user_agent,
  answer: row.answer as DeviceRequest['answer'],
  proof: row.proof,
  startedAt: row.started_at,
  expiresAt: row.expires_at,
  polledAt: row.polled_at,
  waitSeconds: row.wait_seconds,
  consumedAt: row.consumed_at,
})

const columns = `hash, id, user_code_hash, application, payload, scopes, address, user_agent, answer, proof,
  started_at, expires_at, polled_at, wait_seconds, consumed_at`
const add = `INSERT INTO device_request (${columns}) VALUES ${valuesList(1, 15)}`
const waiting = (by: string) =>
  `SELECT ${columns} FROM device_request WHERE ${by} = $1 AND answer = '' AND expires_at > $2`
const poll = 'UPDATE device_request SET polled_at = $2 WHERE hash = $1 AND polled_at + wait_seconds <= $2'
/** RFC 8628 §3.5: five seconds more, from now on. */
const slowDown = 'UPDATE device_request SET polled_at = $2, wait_seconds = wait_seconds + 5 WHERE hash = $1'
const answer = `UPDATE device_request SET answer = $2, proof = $3 WHERE id = $1 AND answer = '' AND expires_at > $4`
const consume = `UPDATE device_request SET consumed_at = $2
  WHERE hash = $1 AND answer = 'allowed' AND consumed_at IS NULL AND expires_at > $2`
const expired = 'SELECT hash FROM device_request WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2'
const removeExpired = removeAmong('device_request', 'hash', expired)

export const deviceRequestStore = defineStore<DeviceRequestStore>({
  async add(one) {
    await this.db.run(add, [
      ...[one.hash, one.id, one.userCodeHash, one.application, one.payload, one.scopes.join(' ')],
      ...[one.address, one.userAgent, one.answer, one.proof],
      ...[one.startedAt, one.expiresAt, one.polledAt, one.waitSeconds, one.consumedAt],
    ])
  },
  async find(hash) {
    const row = await this.db.one<DeviceRow>(`SELECT ${columns} FROM device_request WHERE hash = $1`, [hash])
    return row && requestOf(row)
  },
  async findWaiting(by, now) {
    const row =
      'id' in by
        ? await this.db.one<DeviceRow>(waiting('id'), [by.id, now])
        : await this.db.one<DeviceRow>(waiting('user_code_hash'), [by.userCodeHash, now])
    return row && requestOf(row)
  },
  async poll(hash, now) {
    if (await this.db.wrote(poll, [hash, now])) return true
    await this.db.run(slowDown, [hash, now])
    return false
  },
  answer(id, given, now) {
    return this.db.wrote(answer, [id, given.answer, given.proof, now])
  },
  consume(hash, now) {
    return this.db.wrote(consume, [hash, now])
  },
  removeExpired(now, limit) {
    return this.db.run(removeExpired[this.db.dialect], [now, limit])
  },
})
