import type { AuthenticatorSecret, AuthenticatorStore, Otp } from '../../core/factors/totp/store.js'
import type { AccountId, AuthenticatorId } from '../../core/ids.js'
import type { SerialKey } from '../../core/factors/totp/tokens/store.js'
import type { Param } from '../engine/database.js'
import { putBack } from './hardware-tokens.js'
import { valuesList } from './rows.js'
import { defineStore } from './store.js'

interface AuthenticatorRow {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly sealed: string
  readonly last_step: number
  readonly created_at: number
  readonly last_used_at: number
  readonly algorithm: string
  readonly digits: number
  readonly period: number
  readonly counter: number | null
  readonly issuer: string | null
  readonly entry_number: number
  readonly drift: number
  readonly serial_key: string | null
}

const columns = `id, account, name, sealed, last_step, created_at, last_used_at, algorithm, digits, period, counter,
  issuer, entry_number, drift, serial_key`

export const authenticatorColumnList = columns

const authenticatorOf = (row: AuthenticatorRow): AuthenticatorSecret => ({
  id: row.id as AuthenticatorId,
  account: row.account as AccountId,
  name: row.name,
  sealed: row.sealed,
  lastStep: row.last_step,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  algorithm: row.algorithm as Otp['algorithm'],
  digits: row.digits,
  period: row.period,
  counter: row.counter,
  issuer: row.issuer,
  entryNumber: row.entry_number,
  drift: row.drift,
  serial: row.serial_key as SerialKey | null,
})

/** A sealed text is `v1.<16 characters that name the key>.…`; there is an index of them. */
const sealedUnder = 'substr(sealed, 4, 16)'
const keyIn = (sealed: string): string => sealed.slice(3, 19)

const add = `INSERT INTO authenticator (${columns}) VALUES ${valuesList(1, 15)}`
const listOf = `SELECT ${columns} FROM authenticator WHERE account = $1 ORDER BY created_at, id`
const consume = `UPDATE authenticator SET last_step = $2, last_used_at = $3, drift = $4
  WHERE id = $1 AND last_step < $2`
const rename = `UPDATE authenticator SET name = $3 WHERE id = $1 AND account = $2 AND NOT EXISTS
  (SELECT 1 FROM authenticator AS other WHERE other.account = $2 AND other.name = $3 AND other.id <> $1)`

export const valuesOfAuthenticator = (one: AuthenticatorSecret): readonly Param[] => [
  one.id,
  one.account,
  one.name,
  one.sealed,
  one.lastStep,
  one.createdAt,
  one.lastUsedAt,
  one.algorithm,
  one.digits,
  one.period,
  one.counter,
  one.issuer,
  one.entryNumber,
  one.drift,
  one.serial,
]

const consumeCounter = `UPDATE authenticator SET counter = $2, last_used_at = $3 WHERE id = $1 AND counter < $2`

// Two ranges of the index: nothing that is sealed under the key is looked at.
const range = (beside: string): string =>
  `SELECT * FROM (SELECT ${columns} FROM authenticator
    WHERE ${sealedUnder} ${beside} $1 AND (${sealedUnder}, id) > ($3, $4)
    ORDER BY ${sealedUnder}, id LIMIT $2) AS ${beside === '<' ? 'before' : 'behind'}`
const list = `${range('<')} UNION ALL ${range('>')} LIMIT $2`

export const authenticatorStore = defineStore<AuthenticatorStore>({
  async add(one) {
    await this.db.run(add, valuesOfAuthenticator(one))
  },
  async listOf(account) {
    return (await this.db.all<AuthenticatorRow>(listOf, [account])).map(authenticatorOf)
  },
  async consumeStepIfNewer(id, { step, drift }, at) {
    return (await this.db.run(consume, [id, step, at, drift])) > 0
  },
  async consumeCounterIfNewer(id, next, at) {
    return (await this.db.run(consumeCounter, [id, next, at])) > 0
  },
  // Two renames at once would both find the name free: one after the other.
  rename(id, account, name) {
    return this.db.atomic(async (part) => {
      await part.lock(`authenticator names of ${account}`)
      return (await part.run(rename, [id, account, name])) > 0
    })
  },
  remove(id, account) {
    return this.db.atomic(async (part) => {
      await putBack(part, 'own.id = $1 AND own.account = $2', [id, account])
      return (await part.run('DELETE FROM authenticator WHERE id = $1 AND account = $2', [id, account])) > 0
    })
  },
  removeAllOf(account) {
    return this.db.atomic(async (part) => {
      await putBack(part, 'own.account = $1', [account])
      return part.run('DELETE FROM authenticator WHERE account = $1', [account])
    })
  },
  async listNotSealedUnder(keyId, limit, after) {
    return (
      await this.db.all<AuthenticatorRow>(list, [keyId, limit, keyIn(after?.sealed ?? ''), after?.id ?? ''])
    ).map(authenticatorOf)
  },
  async reseal(id, { from, to }) {
    return (
      (await this.db.run('UPDATE authenticator SET sealed = $3 WHERE id = $1 AND sealed = $2', [
        id,
        from,
        to,
      ])) > 0
    )
  },
  async countNotSealedUnder(keyIds) {
    const marks = keyIds.map((_id, index) => `$${index + 1}`).join(', ')
    const where = marks === '' ? '' : ` WHERE ${sealedUnder} NOT IN (${marks})`
    const row = await this.db.one<{ n: number }>(`SELECT count(*) AS n FROM authenticator${where}`, keyIds)
    return row?.n ?? 0
  },
})
