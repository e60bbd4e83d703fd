import type { AllAccountsStore } from '../../core/maintenance/after-restore.js'
import type { Db } from '../engine/database.js'

/**
 * The account comes first in every transaction, and its table is taken here for all of them: whoever is in the
 * middle of something ends first, and whoever comes later sees what was done.
 */
export async function alone(db: Db): Promise<void> {
  if (db.dialect === 'postgres') await db.run('LOCK TABLE account IN EXCLUSIVE MODE', [])
}

// Steps are as long as the authenticator's period; codes that follow a counter have none.
const step = 'CAST($1 AS bigint) / period + $2'
const spend = `UPDATE authenticator SET last_step = ${step} WHERE counter IS NULL AND last_step < ${step}`

export function allAccountsStore(db: Db): AllAccountsStore {
  const all = (table: string): Promise<number> => db.run(`DELETE FROM ${table}`, [])
  return {
    async end() {
      await alone(db)
      const signIns = await all('sign_in')
      const setUps = await all('set_up')
      const trustedDevices = await all('trusted_device')
      const knownDevices = await all('known_device')
      const invitations = await all('invitation')
      return { sessions: await all('session'), signIns, setUps, trustedDevices, knownDevices, invitations }
    },
    spendSteps: (upTo, ahead) => db.run(spend, [upTo, ahead]),
    async removeRecoveryCodes() {
      const codes = await all('recovery_code')
      await all('recovery_code_set')
      return codes
    },
  }
}
