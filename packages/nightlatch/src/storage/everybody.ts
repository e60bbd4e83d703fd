import type { EverybodyStore } from '../core/after-restore.js'
import type { Db } from './db.js'

/** Sign-ins go first: whoever completes one at this moment has done so already, or cannot any more. */
export function everybodyStore(db: Db): EverybodyStore {
  const all = (table: string): Promise<number> => db.run(`DELETE FROM ${table}`, [])
  const spend = 'UPDATE authenticator SET last_step = $1 WHERE last_step < $1'
  return {
    async end() {
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
