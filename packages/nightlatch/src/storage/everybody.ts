import type { EverybodyStore } from '../core/after-restore.js'
import type { Db } from './db.js'

/**
 * The account comes first in every transaction, and its table is taken here for all of them: whoever is in the
 * middle of something ends first, and whoever comes later sees what was done.
 */
export async function alone(db: Db): Promise<void> {
  if (db.dialect === 'postgres') await db.run('LOCK TABLE account IN EXCLUSIVE MODE', [])
}

const spend = 'UPDATE authenticator SET last_step = $1 WHERE last_step < $1'

export function everybodyStore(db: Db): EverybodyStore {
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
    spendStepsUpTo: (step) => db.run(spend, [step]),
    async removeRecoveryCodes() {
      const codes = await all('recovery_code')
      await all('recovery_code_set')
      return codes
    },
  }
}
