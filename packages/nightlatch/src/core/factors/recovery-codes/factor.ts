import type { Fallback } from '../factor.js'
import { recoveryKeys } from './counters.js'
import { removeRecoveryCodes } from './remove.js'
import { readRecoveryCode, tellOfRecovery } from './verify.js'

export const recoveryCodes: Fallback = {
  kind: 'recovery-code',
  role: 'fallback',
  one: 'recoveryCode',
  many: 'recoveryCodes',
  strength: 'password+recovery-code',
  read: readRecoveryCode,
  tell: tellOfRecovery,
  countLeft: (stores, account) => stores.recoveryCodes.countLeft(account),
  removeAllOf: removeRecoveryCodes,
  endSetUpsOf: null,
  countersOf: recoveryKeys,
  removeExpired: (stores, now) => stores.recoveryCodes.removeExpired(now),
  secrets: null,
  afterRestore: (stores, { recoveryCodes }) =>
    recoveryCodes ? stores.allAccounts.removeRecoveryCodes() : Promise.resolve(null),
}
