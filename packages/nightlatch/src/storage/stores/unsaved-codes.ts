import type { UnsavedCodesStore } from '../../core/factors/recovery-codes/store.js'
import type { Db } from '../engine/database.js'

const put = `INSERT INTO unsaved_codes (session, account, sealed) VALUES ($1, $2, $3)
  ON CONFLICT (session) DO UPDATE SET account = excluded.account, sealed = excluded.sealed`
const find = 'SELECT sealed FROM unsaved_codes WHERE session = $1'

/** They end with their session, and move with it when it gets a new id. */
export function unsavedCodesStore(db: Db): UnsavedCodesStore {
  return {
    put: async (session, account, sealed) => {
      await db.run(put, [session, account, sealed])
    },
    find: async (session) => (await db.one<{ sealed: string }>(find, [session]))?.sealed ?? null,
    remove: async (session) => (await db.run('DELETE FROM unsaved_codes WHERE session = $1', [session])) > 0,
    removeAllOf: async (account) => {
      await db.run('DELETE FROM unsaved_codes WHERE account = $1', [account])
    },
  }
}
