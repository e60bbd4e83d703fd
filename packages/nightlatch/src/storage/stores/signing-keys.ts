import type { SigningKey, SigningKeyStore } from '../../core/applications/signing-keys.js'
import type { SigningKeyId } from '../../core/ids.js'
import { valuesList } from './rows.js'
import { countNotSealedUnder, notSealedUnder, reseal } from './sealed.js'
import { defineStore } from './store.js'

interface SigningKeyRow {
  readonly id: string
  readonly algorithm: string
  readonly public_jwk: string
  readonly sealed: string
  readonly created_at: number
  readonly active_from: number
  readonly retires_at: number | null
}

const columns = 'id, algorithm, public_jwk, sealed, created_at, active_from, retires_at'

const keyOf = (row: SigningKeyRow): SigningKey => ({
  id: row.id as SigningKeyId,
  algorithm: row.algorithm as SigningKey['algorithm'],
  publicJwk: row.public_jwk,
  sealed: row.sealed,
  createdAt: row.created_at,
  activeFrom: row.active_from,
  retiresAt: row.retires_at,
})

const lying = { table: 'signing_key', key: 'id', columns: 'id, sealed' }
const notUnder = notSealedUnder(lying)

export const signingKeyStore = defineStore<SigningKeyStore>({
  async list() {
    const rows = await this.db.all<SigningKeyRow>(
      `SELECT ${columns} FROM signing_key ORDER BY active_from, created_at, id`,
      [],
    )
    return rows.map(keyOf)
  },
  hold() {
    return this.db.lock('signing keys')
  },
  async add(one) {
    await this.db.run(`INSERT INTO signing_key (${columns}) VALUES ${valuesList(1, 7)}`, [
      ...[one.id, one.algorithm, one.publicJwk, one.sealed],
      ...[one.createdAt, one.activeFrom, one.retiresAt],
    ])
  },
  async retire(id, at) {
    await this.db.run('UPDATE signing_key SET retires_at = $2 WHERE id = $1', [id, at])
  },
  removeRetired(now) {
    return this.db.run('DELETE FROM signing_key WHERE retires_at <= $1', [now])
  },
  countNotSealedUnder(keyIds) {
    return countNotSealedUnder(this.db, 'signing_key', keyIds)
  },
  listNotSealedUnder(keyId, limit) {
    return this.db.all<Pick<SigningKey, 'id' | 'sealed'>>(notUnder, [keyId, limit, '', ''])
  },
  replaceSealed(id, { from, to }) {
    return reseal(this.db, lying, [id, from, to])
  },
})
