import type {
  HardwareToken,
  HardwareTokenStore,
  HeldToken,
  SerialKey,
} from '../../core/factors/totp/tokens/store.js'
import type { Otp } from '../../core/factors/totp/store.js'
import type { AccountId, AuthenticatorId } from '../../core/ids.js'
import type { Db, Param } from '../engine/database.js'
import { valuesList } from './rows.js'
import { countNotSealedUnder, notSealedUnder, reseal } from './sealed.js'
import { defineStore } from './store.js'

interface TokenRow {
  readonly serial_key: string
  readonly serial: string
  readonly maker: string
  readonly sealed: string
  readonly algorithm: string
  readonly digits: number
  readonly period: number
  readonly counter: number | null
  readonly last_step: number
  readonly drift: number
  readonly added_at: number
}

type HeldRow = TokenRow & {
  readonly authenticator: string | null
  readonly account: string | null
  readonly username: string | null
}

const columns =
  'serial_key, serial, maker, sealed, algorithm, digits, period, counter, last_step, drift, added_at'
const width = 11

const tokenOf = (row: TokenRow): HardwareToken => ({
  key: row.serial_key as SerialKey,
  serial: row.serial,
  maker: row.maker,
  sealed: row.sealed,
  algorithm: row.algorithm as Otp['algorithm'],
  digits: row.digits,
  period: row.period,
  counter: row.counter,
  lastStep: row.last_step,
  drift: row.drift,
  addedAt: row.added_at,
})

const heldOf = (row: HeldRow): HeldToken => ({
  ...tokenOf(row),
  holder:
    row.authenticator === null || row.account === null
      ? null
      : {
          authenticator: row.authenticator as AuthenticatorId,
          account: row.account as AccountId,
          username: row.username ?? '',
        },
})

const valuesOf = (one: HardwareToken): readonly Param[] => [
  one.key,
  one.serial,
  one.maker,
  one.sealed,
  one.algorithm,
  one.digits,
  one.period,
  one.counter,
  one.lastStep,
  one.drift,
  one.addedAt,
]

const rowsAtOnce = 100
const insert = (rows: number): string =>
  `INSERT INTO hardware_token (${columns}) VALUES ${valuesList(rows, width)} ON CONFLICT (serial_key) DO NOTHING`

// While somebody has it, where it is stands with their authenticator.
const held = `SELECT ${columns.replace(/\w+/g, 'token.$&')}, own.id AS authenticator, own.account AS account,
    account.username AS username
  FROM hardware_token AS token
  LEFT JOIN authenticator AS own ON own.serial_key = token.serial_key
  LEFT JOIN account ON account.id = own.account`
const find = `${held} WHERE token.serial_key = $1`
const list = `${held} WHERE token.serial_key > $1 ORDER BY token.serial_key LIMIT $2`
const isFree =
  'NOT EXISTS (SELECT 1 FROM authenticator WHERE authenticator.serial_key = hardware_token.serial_key)'
const remove = `DELETE FROM hardware_token WHERE serial_key = $1 AND ${isFree}`
const anyFree = `SELECT serial_key FROM hardware_token WHERE ${isFree} LIMIT 1`

/**
 * The write decides: only one that nobody has, and only while nothing was used since the codes were looked at. Of two at once
 * the index refuses one.
 */
const give = `INSERT INTO authenticator (id, account, name, sealed, last_step, created_at, last_used_at, algorithm, digits,
    period, counter, issuer, entry_number, drift, serial_key)
  SELECT $1, $2, $3, $4, CAST($5 AS bigint), CAST($6 AS bigint), CAST($6 AS bigint), token.algorithm, token.digits,
    token.period, CAST($7 AS bigint), token.serial, 0, CAST($8 AS bigint), token.serial_key
  FROM hardware_token AS token
  WHERE token.serial_key = $9 AND token.last_step < CAST($5 AS bigint) OR
    token.serial_key = $9 AND token.counter < CAST($7 AS bigint)
  ON CONFLICT DO NOTHING`

const lying = { table: 'hardware_token', key: 'serial_key', columns }
const notUnder = notSealedUnder(lying)

/** Before an authenticator goes: its token goes back into the drawer, with what was used of it. */
export const putBack = (db: Db, where: string, params: readonly Param[]): Promise<number> =>
  db.run(
    `UPDATE hardware_token SET counter = own.counter, last_step = own.last_step, drift = own.drift
      FROM authenticator AS own WHERE own.serial_key = hardware_token.serial_key AND ${where}`,
    params,
  )

export const hardwareTokenStore = defineStore<HardwareTokenStore>({
  async add(tokens) {
    let added = 0
    for (let at = 0; at < tokens.length; at += rowsAtOnce) {
      const some = tokens.slice(at, at + rowsAtOnce)
      added += await this.db.run(insert(some.length), some.flatMap(valuesOf))
    }
    return added
  },
  async find(key) {
    const row = await this.db.one<HeldRow>(find, [key])
    return row === null ? null : heldOf(row)
  },
  async list(after, limit) {
    return (await this.db.all<HeldRow>(list, [after, limit])).map(heldOf)
  },
  async hasFree() {
    return (await this.db.one(anyFree, [])) !== null
  },
  give(one) {
    const values = [one.id, one.account, one.name, one.sealed, one.lastStep, one.createdAt]
    return this.db.wrote(give, [...values, one.counter, one.drift, one.serial])
  },
  remove(key) {
    return this.db.wrote(remove, [key])
  },
  async listNotSealedUnder(keyId, limit, after) {
    const behind = [after?.sealed ?? '', after?.key ?? '']
    return (await this.db.all<TokenRow>(notUnder, [keyId, limit, ...behind])).map(tokenOf)
  },
  reseal(key, { from, to }) {
    return reseal(this.db, lying, [key, from, to])
  },
  countNotSealedUnder(keyIds) {
    return countNotSealedUnder(this.db, 'hardware_token', keyIds)
  },
})
