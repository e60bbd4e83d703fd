import type { PasskeyId } from '../../ids.js'
import type { SecondFactor } from '../factor.js'
import { offersPasskeys } from './policy.js'
import type { Passkey } from './store.js'
import { readPasskey, tellOfClone } from './verify.js'

/** Where it can be: on one device, or on all of its owner's. */
export const placeOf = ({ backupEligible }: Pick<Passkey, 'backupEligible'>): 'synced' | 'this-device' =>
  backupEligible ? 'synced' : 'this-device'

/** Passkeys: public key credentials of a phone, a computer, a password manager or a security key. */
export const passkeys: SecondFactor = {
  kind: 'passkey',
  role: 'second-factor',
  one: 'passkey',
  many: 'passkeys',
  strength: 'password+passkey',
  most: ({ passkey }) => passkey.most,
  isOff: (core) => !offersPasskeys(core),
  mayStandAlone: true,
  events: { added: 'passkey.added', renamed: 'passkey.renamed', removed: 'passkey.removed' },
  notices: { added: 'passkey-added', replaced: 'passkey-replaced', removed: 'passkey-removed' },
  read: readPasskey,
  tell: tellOfClone,
  listOf: (stores, account) => stores.passkeys.listOf(account),
  rename: (stores, { id, account, name }) => stores.passkeys.rename(id as PasskeyId, account, name),
  remove: (stores, { id, account }) => stores.passkeys.remove(id as PasskeyId, account),
  removeAllOf: (stores, account) => stores.passkeys.removeAllOf(account),
  // What is begun lies in the browser, bound to a sign-in or a session, which ends.
  endSetUpsOf: () => Promise.resolve(),
  countersOf: () => [],
  removeExpired: (stores, now, limit) => stores.passkeyChallenges.removeExpired(now, limit),
  // Public keys are no secret.
  secrets: null,
  // Each assertion answers a challenge of these minutes; one that was removed since is told by its owner.
  afterRestore: () => Promise.resolve(null),
}
