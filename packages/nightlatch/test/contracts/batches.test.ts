import { describe, expect, it } from 'vitest'
import type { Account, LoginName } from '../../src/core/accounts/account.js'
import { hour } from '../../src/core/ports/platform.js'
import type { Stores } from '../../src/core/ports/stores.js'
import type { AttemptKey } from '../../src/core/rate-limits/attempts.js'
import { usualLimits } from '../../src/core/policy.js'
import { databases, useDatabase } from '../support/databases.js'
import {
  aDeviceRequest,
  aGrant,
  aHash,
  aMail,
  aMailLink,
  anAccount,
  anApplication,
  anId,
  anInvitation,
  anOpenInvitation,
  aRegistration,
  aRequest,
  aSession,
  aSetUp,
  aSignIn,
  aToken,
  aTrustedDevice,
  somebody,
} from './things.js'

/** Something that is over at a moment, and the batches in which it goes. */
interface Ending {
  add(stores: Stores, end: number, ada: Account): Promise<unknown>
  remove(stores: Stores, at: number, limit: number): Promise<number>
  /** So long after its end it is still there. */
  readonly stays?: number
}

async function withApplication(stores: Stores) {
  const application = anApplication()
  await stores.applications.add(application)
  return application
}

const endings: Readonly<Record<string, Ending>> = {
  'sessions that are over': {
    add: ({ sessions }, expiresAt, ada) => sessions.add(aSession(ada, { expiresAt }), aHash()),
    remove: ({ sessions }, at, limit) => sessions.removeExpired(at, limit),
  },
  'sessions that nobody used': {
    add: ({ sessions }, lastSeenAt, ada) =>
      sessions.add(aSession(ada, { lastSeenAt, expiresAt: 1e9 }), aHash()),
    remove: ({ sessions }, at, limit) => sessions.removeIdleSince(at, limit),
    stays: 0,
  },
  'sign-ins': {
    add: ({ signIns }, expiresAt, ada) => signIns.add(aSignIn(ada, { expiresAt }), aHash()),
    remove: ({ signIns }, at, limit) => signIns.removeExpired(at, limit),
  },
  'set-ups': {
    add: ({ setUps }, expiresAt, ada) => setUps.addUnlessThere(aSetUp(ada, { expiresAt })),
    remove: ({ setUps }, at, limit) => setUps.removeExpired(at, limit),
  },
  'trusted devices': {
    add: ({ trustedDevices }, expiresAt, ada) =>
      trustedDevices.add(aTrustedDevice(ada, { expiresAt }), aHash()),
    remove: ({ trustedDevices }, at, limit) => trustedDevices.removeExpired(at, limit),
  },
  'known devices': {
    add: ({ knownDevices }, at, { id }) => knownDevices.note(id, aHash(), at),
    remove: ({ knownDevices }, at, limit) => knownDevices.removeIdleSince(at, limit),
    stays: 0,
  },
  invitations: {
    add: ({ invitations }, expiresAt, { id }) => invitations.add(anInvitation(id, { expiresAt }), aHash()),
    remove: ({ invitations }, at, limit) => invitations.removeExpired(at, limit),
  },
  'open invitations': {
    add: ({ openInvitations }, expiresAt) =>
      openInvitations.add(anOpenInvitation({ expiresAt }), { handed: aHash(), mailed: null }),
    remove: ({ openInvitations }, at, limit) => openInvitations.removeExpiredBefore(at, limit),
  },
  registrations: {
    add: ({ registrations }, expiresAt) => registrations.put(aRegistration({ expiresAt }), aHash()),
    remove: ({ registrations }, at, limit) => registrations.removeExpired(at, limit),
  },
  'links of mails': {
    add: ({ mailLinks }, expiresAt, { id }) => mailLinks.add(aMailLink(id, { expiresAt }), aHash()),
    remove: ({ mailLinks }, at, limit) => mailLinks.removeExpired(at, limit),
  },
  mails: {
    add: ({ outbox }, expiresAt) => outbox.add(aMail({ expiresAt }), 1000),
    remove: ({ outbox }, at, limit) => outbox.removeExpired(at, limit),
  },
  grants: {
    add: async (stores, expiresAt, ada) =>
      stores.grants.add(aGrant(await withApplication(stores), ada, null, { expiresAt })),
    remove: ({ grants }, at, limit) => grants.removeExpired(at, limit),
  },
  tokens: {
    add: ({ grants }, expiresAt, ada) =>
      grants.addToken(aToken(aGrant(anApplication(), ada, null), { expiresAt })),
    remove: ({ grants }, at, limit) => grants.removeExpiredTokens(at, limit),
  },
  requests: {
    add: async (stores, expiresAt) =>
      stores.grants.addRequest({ ...aRequest(await withApplication(stores)), expiresAt }),
    remove: ({ grants }, at, limit) => grants.removeExpiredRequests(at, limit),
  },
  'screens that wait': {
    add: async (stores, expiresAt) =>
      stores.deviceRequests.add(aDeviceRequest(await withApplication(stores), { expiresAt })),
    remove: ({ deviceRequests }, at, limit) => deviceRequests.removeExpired(at, limit),
  },
  challenges: {
    add: ({ passkeyChallenges }, expiresAt) => passkeyChallenges.spend(aHash(), expiresAt),
    remove: ({ passkeyChallenges }, at, limit) => passkeyChallenges.removeExpired(at, limit),
    stays: hour,
  },
  'counters of attempts': {
    add: ({ attempts }, at) =>
      attempts.reserve(`password:${anId()}` as AttemptKey, usualLimits.attempts.password, at),
    remove: ({ attempts }, at, limit) => attempts.removeIdleSince(at, limit),
    stays: 0,
  },
  events: {
    add: ({ audit }, at) =>
      audit.add({ at, event: 'session.ended', account: null, address: '', userAgent: '', details: {} }),
    remove: ({ audit }, at, limit) => audit.removeBefore(at, limit),
    stays: 0,
  },
  'names that were given up': {
    async add({ accounts }, heldUntil) {
      const account = anAccount()
      const names = [`old-${account.id}`, `new-${account.id}`] as LoginName[]
      await accounts.add({ account, loginNames: [names[0]!] })
      await accounts.setLoginNames(account.id, { loginNames: [names[1]!], heldUntil, now: 1 })
    },
    remove: ({ accounts }, at, limit) => accounts.removeFreedNames(at, limit),
  },
}

describe.each(databases)('what is over goes in batches on $name', (kind) => {
  const servers = useDatabase(kind)

  for (const [what, { add, remove, stays }] of Object.entries(endings))
    it(`${what}: the oldest first, not before their end, and nothing else`, async () => {
      const { stores } = servers.here
      const ada = await somebody(stores)
      for (const end of [102, 100, 101]) await add(stores, end, ada)
      const removed = (end: number, limit = 10) =>
        remove(servers.there.stores, stays === undefined ? end : end + stays + 1, limit)
      expect(await removed(99)).toBe(0)
      expect(await removed(102, 1)).toBe(1)
      expect(await removed(100)).toBe(0)
      expect(await removed(101)).toBe(1)
      expect(await removed(102)).toBe(1)
      expect(await removed(102)).toBe(0)
    })

  it('recovery codes for a while go at their end, and those of a set never', async () => {
    const { recoveryCodes } = servers.here.stores
    const { id } = await somebody(servers.here.stores)
    await recoveryCodes.replaceAll(id, { salt: 'salt', hashes: [aHash()] })
    await recoveryCodes.putRescue(id, { hash: aHash(), expiresAt: 100, salt: 'salt' })
    expect(await recoveryCodes.removeExpired(99)).toBe(0)
    expect(await recoveryCodes.removeExpired(100)).toBe(1)
    expect(await recoveryCodes.countLeft(id)).toBe(1)
  })
})
