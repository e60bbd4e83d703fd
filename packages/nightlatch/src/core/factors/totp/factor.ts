import type { SecondFactor } from '../factor.js'
import type { AuthenticatorId } from '../../ids.js'
import { codeKeys, setUpKey } from './counters.js'
import { resealSome } from './secrets.js'
import { readCode, tellOfWrongCodes } from './verify.js'

/** Authenticator apps. */
export const totp: SecondFactor = {
  kind: 'totp',
  role: 'second-factor',
  one: 'authenticator',
  many: 'authenticators',
  strength: 'password+code',
  most: ({ authenticators }) => authenticators.most,
  events: {
    added: 'authenticator.added',
    renamed: 'authenticator.renamed',
    removed: 'authenticator.removed',
  },
  notices: {
    added: 'authenticator-added',
    replaced: 'authenticator-replaced',
    removed: 'authenticator-removed',
  },
  read: readCode,
  tell: async (core, stores, { refusal, ...presented }) => {
    if (refusal?.kind === 'wrong')
      await tellOfWrongCodes(core, stores, { ...presented, failures: refusal.failures })
  },
  listOf: async (stores, account) =>
    (await stores.authenticators.listOf(account)).map((one) => ({
      ...one,
      label: one.issuer,
      driftSeconds: one.drift * one.period,
    })),
  rename: (stores, { id, account, name }) =>
    stores.authenticators.rename(id as AuthenticatorId, account, name),
  remove: (stores, { id, account }) => stores.authenticators.remove(id as AuthenticatorId, account),
  removeAllOf: (stores, account) => stores.authenticators.removeAllOf(account),
  endSetUpsOf: (stores, account) => stores.setUps.removeAllOf(account),
  countersOf: (account) => [...codeKeys(account), setUpKey(account)],
  removeExpired: (stores, now, limit) => stores.setUps.removeExpired(now, limit),
  secrets: {
    async countNotSealedUnder({ authenticators, hardwareTokens }, keyIds) {
      const own = await authenticators.countNotSealedUnder(keyIds)
      return own + (await hardwareTokens.countNotSealedUnder(keyIds))
    },
    resealSome,
  },
  // A code of the next step may have been accepted before (a phone ahead of us), so that step is spent, too.
  afterRestore: (stores, { now, policy }) => stores.allAccounts.spendSteps(now, policy.code.windowSteps),
}
