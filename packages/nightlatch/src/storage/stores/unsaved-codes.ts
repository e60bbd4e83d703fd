import type { UnsavedCodesStore } from '../../core/factors/recovery-codes/store.js'
import { defineStore } from './store.js'

const put = `INSERT INTO unsaved_codes (session, account, sealed) VALUES ($1, $2, $3)
  ON CONFLICT (session) DO UPDATE SET account = excluded.account, sealed = excluded.sealed`
const find = 'SELECT sealed FROM unsaved_codes WHERE session = $1'

/** They end with their session, and move with it when it gets a new id. */
export const unsavedCodesStore = defineStore<UnsavedCodesStore>({
  async put(session, account, sealed) {
    await this.db.run(put, [session, account, sealed])
  },
  async find(session) {
    return (await this.db.one<{ sealed: string }>(find, [session]))?.sealed ?? null
  },
  remove(session) {
    return this.db.wrote('DELETE FROM unsaved_codes WHERE session = $1', [session])
  },
  async removeAllOf(account) {
    await this.db.run('DELETE FROM unsaved_codes WHERE account = $1', [account])
  },
})
