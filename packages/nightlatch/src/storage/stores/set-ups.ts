import type { SetUp, SetUpStore } from '../../core/factors/totp/store.js'
import type { AccountId, AuthenticatorId } from '../../core/ids.js'
import { removeAmong, valuesList } from './rows.js'
import { defineStore } from './store.js'

interface SetUpRow {
  readonly id: string
  readonly account: string
  readonly owner: string
  readonly sealed: string
  readonly name: string
  readonly replaces: string
  readonly created_at: number
  readonly expires_at: number
  readonly entry_number: number
}

const columns = 'id, account, owner, sealed, name, replaces, created_at, expires_at, entry_number'

const setUpOf = (row: SetUpRow): SetUp => ({
  id: row.id as AuthenticatorId,
  account: row.account as AccountId,
  owner: row.owner,
  sealed: row.sealed,
  name: row.name,
  replaces: row.replaces as AuthenticatorId | '',
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  entryNumber: row.entry_number,
})

// One that has expired is as good as gone, and makes room.
const add = `INSERT INTO set_up (${columns}) VALUES ${valuesList(1, 9)}
  ON CONFLICT (owner) DO UPDATE SET id = excluded.id, account = excluded.account, sealed = excluded.sealed,
    name = excluded.name, replaces = excluded.replaces, created_at = excluded.created_at,
    expires_at = excluded.expires_at, entry_number = excluded.entry_number
  WHERE set_up.expires_at <= excluded.created_at`
const findByOwner = `SELECT ${columns} FROM set_up WHERE owner = $1 AND expires_at > $2`
const numbersOf = `SELECT entry_number FROM set_up WHERE account = $1 AND expires_at > $2`
const due = `SELECT owner FROM set_up WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`
const removeExpired = removeAmong('set_up', 'owner', due)

export const setUpStore = defineStore<SetUpStore>({
  async addUnlessThere(one) {
    await this.db.run(add, [
      one.id,
      one.account,
      one.owner,
      one.sealed,
      one.name,
      one.replaces,
      one.createdAt,
      one.expiresAt,
      one.entryNumber,
    ])
  },
  async findByOwner(owner, now) {
    const row = await this.db.one<SetUpRow>(findByOwner, [owner, now])
    return row && setUpOf(row)
  },
  async entryNumbersOf(account, now) {
    return (await this.db.all<{ entry_number: number }>(numbersOf, [account, now])).map(
      (row) => row.entry_number,
    )
  },
  take(id) {
    return this.db.wrote('DELETE FROM set_up WHERE id = $1', [id])
  },
  async removeByOwner(owner) {
    await this.db.run('DELETE FROM set_up WHERE owner = $1', [owner])
  },
  async removeAllOf(account) {
    await this.db.run('DELETE FROM set_up WHERE account = $1', [account])
  },
  removeExpired(now, limit) {
    return this.db.run(removeExpired[this.db.dialect], [now, limit])
  },
})
