import type { UnsavedCodesStore } from '../../core/factors/recovery-codes/store.js'
import type { Db } from '../engine/database.js'
import { done, found, wrote } from './rows.js'

const put = `INSERT INTO unsaved_codes (session, account, sealed) VALUES ($1, $2, $3)
  ON CONFLICT (session) DO UPDATE SET account = excluded.account, sealed = excluded.sealed`
const find = 'SELECT sealed FROM unsaved_codes WHERE session = $1'

/** They end with their session, and move with it when it gets a new id. */
export function unsavedCodesStore(db: Db): UnsavedCodesStore {
  return {
    put: (session, account, sealed) => done(db.run(put, [session, account, sealed])),
    find: (session) => found(db.one<{ sealed: string }>(find, [session]), (row) => row.sealed),
    remove: (session) => wrote(db.run('DELETE FROM unsaved_codes WHERE session = $1', [session])),
    removeAllOf: (account) => done(db.run('DELETE FROM unsaved_codes WHERE account = $1', [account])),
  }
}
