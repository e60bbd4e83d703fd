import type { AllAccountsStore } from '../../core/maintenance/after-restore.js'
import type { Db } from '../engine/database.js'
import { defineStore } from './store.js'

/**
 * The account comes first in every transaction, and its table is taken here for all of them: whoever is in the
 * middle of something ends first, and whoever comes later sees what was done.
 */
export async function alone(db: Db): Promise<void> {
  if (db.dialect === 'postgres') await db.run('LOCK TABLE account IN EXCLUSIVE MODE', [])
}

// Steps are as long as the authenticator's period; codes that follow a counter have none. Where a clock is fast, its codes
// are ahead of us.
const step = 'CAST($1 AS bigint) / period + $2 + CASE WHEN drift > 0 THEN drift ELSE 0 END'
const spend = `UPDATE authenticator SET last_step = ${step} WHERE counter IS NULL AND last_step < ${step}`

const all = (db: Db, table: string): Promise<number> => db.run(`DELETE FROM ${table}`, [])

export const allAccountsStore = defineStore<AllAccountsStore>({
  async end() {
    await alone(this.db)
    const signIns = await all(this.db, 'sign_in')
    const setUps = await all(this.db, 'set_up')
    const trustedDevices = await all(this.db, 'trusted_device')
    const knownDevices = await all(this.db, 'known_device')
    const invitations = (await all(this.db, 'invitation')) + (await all(this.db, 'open_invitation'))
    await all(this.db, 'registration')
    await all(this.db, 'application_token')
    await all(this.db, 'application_grant')
    await all(this.db, 'authorization_request')
    await all(this.db, 'device_request')
    // What waited then has been sent since, or is of no use any more.
    await all(this.db, 'mail_link')
    await all(this.db, 'outbox')
    return {
      sessions: await all(this.db, 'session'),
      signIns,
      setUps,
      trustedDevices,
      knownDevices,
      invitations,
    }
  },
  async spendSteps(upTo, ahead) {
    await this.db.run(spend.replace('authenticator', 'hardware_token'), [upTo, ahead])
    return this.db.run(spend, [upTo, ahead])
  },
  async removeRecoveryCodes() {
    const codes = await all(this.db, 'recovery_code')
    await all(this.db, 'recovery_code_set')
    return codes
  },
})
