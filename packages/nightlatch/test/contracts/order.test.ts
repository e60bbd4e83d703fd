import { afterEach, describe, expect, it } from 'vitest'
import type { Account } from '../../src/core/accounts/account.js'
import { parseGroup } from '../../src/core/accounts/groups.js'
import type { Application } from '../../src/core/applications/application.js'
import type { HardwareToken, HeldToken } from '../../src/core/factors/totp/tokens/store.js'
import type { Stores } from '../../src/core/ports/stores.js'
import type { OpenInvitation } from '../../src/core/registration/open-invitation.js'
import { databases, useDatabase } from '../support/databases.js'
import {
  aHardwareToken,
  aHash,
  aMail,
  aMailLink,
  anAccount,
  anApplication,
  anAuthenticator,
  anOpenInvitation,
  aPasskey,
  aSession,
  aSigningKey,
  aTrustedDevice,
  nameOf,
  somebody,
} from './things.js'

/** Things in the order in which they are to be told; each differs from the next in one thing that counts. */
interface Ordered<One> {
  readonly all: readonly One[]
  add(one: One): Promise<unknown>
  list(): Promise<readonly One[]>
  /** A page of those behind one. */
  page?(after: One | undefined, limit: number): Promise<readonly One[]>
}

/** As it stands there, whatever the things are. */
function ordered<One>({ all, add, list, page }: Ordered<One>) {
  return async () => {
    for (const one of [...all].reverse()) await add(one)
    expect(await list()).toEqual(all)
    if (page === undefined) return
    for (const limit of [1, 2, 3, all.length]) {
      const seen: One[] = []
      for (let some = await page(undefined, limit); some.length > 0; some = await page(seen.at(-1), limit)) {
        expect(some.length).toBeLessThanOrEqual(limit)
        seen.push(...some)
      }
      expect(seen, `${String(limit)} a page`).toEqual(all)
    }
  }
}

/** Ids that come in this order, and not in the order of time. */
const id = <Id extends string>(letter: string): Id => letter.repeat(22) as Id

/** Ada is there as well. */
const isOurs = (one: { readonly id: string }): boolean => /^(.)\1{21}$/.test(one.id)

type Lists = Readonly<Record<string, (stores: Stores, ada: Account) => () => Promise<void>>>

/** By the moment, and at one moment by the id. */
const moments = [
  { createdAt: 1000, id: id<never>('b') },
  { createdAt: 2000, id: id<never>('a') },
  { createdAt: 2000, id: id<never>('c') },
]

const ofPeople: Lists = {
  accounts: ({ accounts }) =>
    ordered({
      all: moments.map((own) => anAccount(own)),
      add: (account) => accounts.add({ account, loginNames: [nameOf(account)] }),
      list: async () => (await accounts.list()).filter(isOurs),
    }),
  'accounts that are found by nothing yet': ({ accounts, people }) =>
    ordered({
      all: ['B', 'a', 'b'].map((letter) => anAccount({ id: id(letter) })),
      add: (account) => accounts.add({ account, loginNames: [nameOf(account)] }),
      list: async () => (await people.notIndexed(100)).filter(isOurs),
    }),
  authenticators: ({ authenticators }, ada) =>
    ordered({
      all: moments.map((own) => anAuthenticator(ada, own)),
      add: (one) => authenticators.add(one),
      list: () => authenticators.listOf(ada.id),
    }),
  passkeys: ({ passkeys }, ada) =>
    ordered({
      all: moments.map((own) => aPasskey(ada, own)),
      add: (one) => passkeys.add(one),
      list: () => passkeys.listOf(ada.id),
    }),
  sessions: ({ sessions }, ada) =>
    ordered({
      all: [
        aSession(ada, { lastSeenAt: 2000, id: id('b') }),
        aSession(ada, { lastSeenAt: 1000, id: id('a') }),
        aSession(ada, { lastSeenAt: 1000, id: id('c') }),
      ],
      add: (one) => sessions.add(one, aHash()),
      list: () => sessions.listOf(ada.id),
    }),
  'trusted devices': ({ trustedDevices }, ada) =>
    ordered({
      all: [
        aTrustedDevice(ada, { lastUsedAt: 2000, id: id('b') }),
        aTrustedDevice(ada, { lastUsedAt: 1000, id: id('a') }),
        aTrustedDevice(ada, { lastUsedAt: 1000, id: id('c') }),
      ],
      add: (one) => trustedDevices.add(one, aHash()),
      list: () => trustedDevices.listOf(ada.id),
    }),
  groups: ({ groups }, ada) =>
    ordered({
      all: ['Bees', 'ants', 'Zebras', 'Äpfel']
        .map((name) => {
          const parsed = parseGroup(name)
          return parsed.kind === 'group' ? { ...parsed.group, members: 0 } : expect.fail(name)
        })
        .sort((one, other) => (Buffer.from(one.key) < Buffer.from(other.key) ? -1 : 1)),
      add: async (group) => {
        await groups.setOf(ada.id, [group], 1000)
        await groups.setOf(ada.id, [], 1000)
      },
      async list() {
        const all = await groups.list()
        expect(await groups.names()).toEqual(all.map(({ name }) => name))
        return all
      },
    }),
}

const ofApplications: Lists = {
  applications: ({ applications }) =>
    ordered<Application>({
      all: moments.map((own) => anApplication(own)),
      add: (one) => applications.add(one),
      list: () => applications.list(),
    }),
  'pages of applications': ({ applications }) => {
    const all = ['A', 'a', 'b', 'c', 'd'].map((letter) => anApplication({ id: id(letter) }))
    return ordered<Application>({
      all,
      add: (one) => applications.add(one),
      list: () => applications.page('', 100),
      page: (after, limit) => applications.page(after?.id ?? '', limit),
    })
  },
  'what was allowed': ({ applications }, ada) =>
    ordered({
      all: [
        { id: id<never>('b'), name: 'Alpha' },
        { id: id<never>('a'), name: 'Beta' },
        { id: id<never>('c'), name: 'Beta' },
      ].map(({ id: application, name }) => ({
        ...{ application, account: ada.id, scopes: ['openid'], givenAt: 1000, lastUsedAt: 1000, name },
      })),
      async add({ name, ...consent }) {
        await applications.add(anApplication({ id: consent.application, name }))
        await applications.allow(consent)
      },
      list: () => applications.listConsents(ada.id),
    }),
  'signing keys': ({ signingKeys }) =>
    ordered({
      all: [
        aSigningKey({ activeFrom: 1000, createdAt: 3000, id: id('d') }),
        aSigningKey({ activeFrom: 2000, createdAt: 1000, id: id('c') }),
        aSigningKey({ activeFrom: 2000, createdAt: 2000, id: id('a') }),
        aSigningKey({ activeFrom: 2000, createdAt: 2000, id: id('b') }),
      ],
      add: (one) => signingKeys.add(one),
      list: () => signingKeys.list(),
    }),
  'open invitations': ({ openInvitations }) =>
    ordered<OpenInvitation>({
      all: [...moments].reverse().map((own) => anOpenInvitation(own)),
      add: (one) => openInvitations.add(one, { handed: aHash(), mailed: null }),
      list: () => openInvitations.list({ after: null, limit: 100 }),
      page: (after, limit) => openInvitations.list({ after: after ?? null, limit }),
    }),
  mails: ({ leases, outbox }) =>
    ordered({
      all: [
        aMail({ id: id('c') }),
        aMail({ id: id('d') }),
        aMail({ id: id('a'), tries: 1 }),
        aMail({ id: id('b'), tries: 1 }),
      ],
      async add(one) {
        await outbox.add({ ...one, tries: 0 }, 100)
        if (one.tries === 0) return
        await leases.take({ name: 'outbox', holder: 'here', seconds: 100 }, 1000)
        await outbox.claim({ ...one, tries: 0 }, { holder: 'here', nextTrySeconds: 20 }, 1000)
      },
      list: () => outbox.listDue(1020, 100),
    }),
}

/** Sealed under keys before and behind the one that is asked for, and under itself. */
const underKeys = [
  { sealed: 'v1.aaaaaaaaaaaaaaaa.x', id: id<never>('b') },
  { sealed: 'v1.aaaaaaaaaaaaaaaa.x', id: id<never>('d') },
  { sealed: 'v1.bbbbbbbbbbbbbbbb.x', id: id<never>('a') },
  { sealed: 'v1.dddddddddddddddd.x', id: id<never>('c') },
  { sealed: 'v1.dddddddddddddddd.x', id: id<never>('e') },
]
const current = { key: 'cccccccccccccccc', sealed: 'v1.cccccccccccccccc.x' }

const ofSealed: Lists = {
  'authenticators under other keys': ({ authenticators }, ada) => {
    const all = underKeys.map((own) => anAuthenticator(ada, { ...own, name: own.id }))
    return async () => {
      await authenticators.add(anAuthenticator(ada, { sealed: current.sealed }))
      await ordered({
        all,
        add: (one) => authenticators.add(one),
        list: () => authenticators.listNotSealedUnder(current.key, 100),
        page: (after, limit) => authenticators.listNotSealedUnder(current.key, limit, after),
      })()
      const under = all.map(({ sealed }) => sealed.slice(3, 19))
      expect(await authenticators.countNotSealedUnder([])).toBe(6)
      expect(await authenticators.countNotSealedUnder([current.key])).toBe(5)
      expect(await authenticators.countNotSealedUnder(under)).toBe(1)
    }
  },
  'tokens under other keys': ({ hardwareTokens }) => {
    const all = underKeys.map(({ sealed, id: key }) => aHardwareToken({ sealed, key }))
    return async () => {
      await hardwareTokens.add([aHardwareToken({ sealed: current.sealed })])
      await ordered<HardwareToken>({
        all,
        add: (one) => hardwareTokens.add([one]),
        list: () => hardwareTokens.listNotSealedUnder(current.key, 100),
        page: (after, limit) => hardwareTokens.listNotSealedUnder(current.key, limit, after),
      })()
      expect(await hardwareTokens.countNotSealedUnder([])).toBe(6)
      expect(await hardwareTokens.countNotSealedUnder([current.key])).toBe(5)
      expect(await hardwareTokens.countNotSealedUnder([current.key, 'aaaaaaaaaaaaaaaa'])).toBe(3)
    }
  },
  'links of mails under other keys': ({ mailLinks }, ada) => {
    const all = underKeys.map((own) => aMailLink(ada.id, own))
    return async () => {
      await mailLinks.add(aMailLink(ada.id, { sealed: current.sealed }), aHash())
      await ordered({
        all,
        add: (one) => mailLinks.add(one, aHash()),
        list: () => mailLinks.listNotSealedUnder(current.key, 100),
      })()
      expect(await mailLinks.listNotSealedUnder(current.key, 4)).toEqual(all.slice(0, 4))
    }
  },
  'signing keys under other keys': ({ signingKeys }) => {
    const all = underKeys.map((own) => ({ sealed: own.sealed, id: own.id }))
    return async () => {
      await signingKeys.add(aSigningKey({ sealed: current.sealed }))
      await ordered({
        all,
        add: (one) => signingKeys.add(aSigningKey(one)),
        list: () => signingKeys.listNotSealedUnder(current.key, 100),
      })()
      expect(await signingKeys.listNotSealedUnder(current.key, 2)).toHaveLength(2)
      expect(await signingKeys.countNotSealedUnder([])).toBe(6)
      expect(await signingKeys.countNotSealedUnder([current.key, 'aaaaaaaaaaaaaaaa'])).toBe(3)
    }
  },
  'tokens in the drawer': ({ hardwareTokens }) =>
    ordered<HeldToken>({
      all: ['A', 'B', 'a', 'b', 'c'].map((letter) => ({
        ...aHardwareToken({ key: id(letter) }),
        holder: null,
      })),
      add: (one) => hardwareTokens.add([one]),
      list: () => hardwareTokens.list('', 100),
      page: (after, limit) => hardwareTokens.list(after?.key ?? '', limit),
    }),
}

describe.each(databases)('lists have their order on $name', (kind) => {
  const servers = useDatabase(kind)
  afterEach(async () => {
    for (const table of ['account', 'application', 'open_invitation', 'signing_key', 'hardware_token'])
      await servers.database.sql(`DELETE FROM ${table}`)
  })

  for (const [what, given] of Object.entries({ ...ofPeople, ...ofApplications, ...ofSealed }))
    it(what, async () => {
      const { stores } = servers.here
      await given(stores, await somebody(stores))()
    })
})
