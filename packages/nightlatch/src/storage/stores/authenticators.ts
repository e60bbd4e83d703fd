import type { AuthenticatorSecret, AuthenticatorStore, Otp } from '../../core/factors/totp/store.js'
import type { AccountId, AuthenticatorId } from '../../core/ids.js'
import type { SerialKey } from '../../core/factors/totp/tokens/store.js'
import type { Param } from '../engine/database.js'
import { putBack } from './hardware-tokens.js'
import { valuesList } from './rows.js'
import { countNotSealedUnder, notSealedUnder, reseal } from './sealed.js'
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

const lying = { table: 'authenticator', key: 'id', columns }
const notUnder = notSealedUnder(lying)

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

export const authenticatorStore = defineStore<AuthenticatorStore>({
  async add(one) {
    await this.db.run(add, valuesOfAuthenticator(one))
  },
  async listOf(account) {
    return (await this.db.all<AuthenticatorRow>(listOf, [account])).map(authenticatorOf)
  },
  consumeStepIfNewer(id, { step, drift }, at) {
    return this.db.wrote(consume, [id, step, at, drift])
  },
  consumeCounterIfNewer(id, next, at) {
    return this.db.wrote(consumeCounter, [id, next, at])
  },
  // Two renames at once would both find the name free: one after the other.
  rename(id, account, name) {
    return this.db.atomic(async (part) => {
      await part.lock(`authenticator names of ${account}`)
      return part.wrote(rename, [id, account, name])
    })
  },
  remove(id, account) {
    return this.db.atomic(async (part) => {
      await putBack(part, 'own.id = $1 AND own.account = $2', [id, account])
      return part.wrote('DELETE FROM authenticator WHERE id = $1 AND account = $2', [id, account])
    })
  },
  removeAllOf(account) {
    return this.db.atomic(async (part) => {
      await putBack(part, 'own.account = $1', [account])
      return part.run('DELETE FROM authenticator WHERE account = $1', [account])
    })
  },
  async listNotSealedUnder(keyId, limit, after) {
    const behind = [after?.sealed ?? '', after?.id ?? '']
    return (await this.db.all<AuthenticatorRow>(notUnder, [keyId, limit, ...behind])).map(authenticatorOf)
  },
  reseal(id, { from, to }) {
    return reseal(this.db, lying, [id, from, to])
  },
  countNotSealedUnder(keyIds) {
    return countNotSealedUnder(this.db, 'authenticator', keyIds)
  },
})
