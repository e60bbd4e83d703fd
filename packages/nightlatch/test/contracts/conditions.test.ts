import { describe, expect, it } from 'vitest'
import type { Account, LoginName } from '../../src/core/accounts/account.js'
import { parseGroup } from '../../src/core/accounts/groups.js'
import type { ApplicationId } from '../../src/core/applications/application.js'
import type { Stores } from '../../src/core/ports/stores.js'
import { databases, useDatabase } from '../support/databases.js'
import {
  aDeviceRequest,
  aGrant,
  aHardwareToken,
  aHash,
  aMail,
  aMailLink,
  anAccount,
  anApplication,
  anAuthenticator,
  anId,
  anInvitation,
  anOpenInvitation,
  aPasskey,
  aRegistration,
  aRequest,
  aSession,
  aSetUp,
  aSigningKey,
  aSignIn,
  aToken,
  aTrustedDevice,
  nameOf,
  somebody,
} from './things.js'

/** One question or one write: with everything right, and each time with one thing wrong. */
interface Asked {
  /** Each finds, or does, nothing. */
  readonly wrong: Readonly<Record<string, () => Promise<unknown>>>
  readonly right: () => Promise<unknown>
  /** Whoever asks a second time is told that there was nothing to do. */
  readonly isOnce?: boolean
}

type Given = (stores: Stores, ada: Account) => Promise<Asked>

const sealed = { from: 'v1.0123456789abcdef.a.b', to: 'v1.fedcba9876543210.a.b' }
const used = { signCount: 6, userVerified: true, backedUp: true, at: 2000 }

function group(name: string) {
  const parsed = parseGroup(name)
  return parsed.kind === 'group' ? parsed.group : expect.fail(name)
}

const ofAccounts: Readonly<Record<string, Given>> = {
  'an account is found by its id': async ({ accounts }, { id }) => ({
    wrong: { 'of nobody': () => accounts.find(anId()) },
    right: () => accounts.find(id),
  }),
  'an account is found by its name': async ({ accounts }, ada) => ({
    wrong: {
      'of nobody': () => accounts.findByLoginName('nobody' as LoginName),
      'in another case': () => accounts.findByLoginName(nameOf(ada).toUpperCase() as LoginName),
    },
    right: () => accounts.findByLoginName(nameOf(ada)),
  }),
  'what stands before an @ is found': async ({ accounts }, ada) => {
    const { id } = ada
    const loginNames = [`${id}@example.org` as LoginName]
    await accounts.setLoginNames(id, { loginNames, heldUntil: 5000, now: 1000 })
    return {
      wrong: {
        'that is only a part': () => accounts.isLocalPart(id.slice(0, -1) as LoginName),
        'that goes on': () => accounts.isLocalPart(`${id}.` as LoginName),
        'with its domain': () => accounts.isLocalPart(loginNames[0]!),
        'that somebody gave up': async () => {
          await accounts.setLoginNames(id, { loginNames: [nameOf(ada)], heldUntil: 5000, now: 1000 })
          const found = await accounts.isLocalPart(id as string as LoginName)
          await accounts.setLoginNames(id, { loginNames, heldUntil: 5000, now: 1000 })
          return found
        },
      },
      right: () => accounts.isLocalPart(id as string as LoginName),
    }
  },
  'an account is removed': async ({ accounts }, { id }) => ({
    wrong: { 'of nobody': () => accounts.remove(anId()) },
    right: () => accounts.remove(id),
    isOnce: true,
  }),
  'an account is disabled': async ({ accounts }, { id }) => ({
    wrong: { 'of nobody': () => accounts.setDisabled(anId(), true) },
    right: () => accounts.setDisabled(id, true),
  }),
  'somebody becomes an administrator': async ({ accounts }, { id }) => ({
    wrong: { nobody: () => accounts.setAdmin(anId(), true) },
    right: () => accounts.setAdmin(id, true),
  }),
  'an account ends': async ({ accounts }, { id }) => ({
    wrong: { 'of nobody': () => accounts.setEnd(anId(), 5000) },
    right: () => accounts.setEnd(id, 5000),
  }),
  'a password is set': async ({ accounts }, { id }) => ({
    wrong: { 'of nobody': () => accounts.setPasswordHash(anId(), 'new') },
    right: () => accounts.setPasswordHash(id, 'new'),
  }),
  'a hash is renewed': async ({ accounts }, { id, passwordHash: from }) => ({
    wrong: {
      'of nobody': () => accounts.renewPasswordHash(anId(), { from, to: 'new' }),
      'that is another one': () => accounts.renewPasswordHash(id, { from: 'other', to: 'new' }),
    },
    right: () => accounts.renewPasswordHash(id, { from, to: 'new' }),
    isOnce: true,
  }),
  'there are passwords of a kind': async ({ accounts }) => {
    const prefix = `$kind-${anId()}$`
    await accounts.setPasswordHash((await accounts.list())[0]!.id, `${prefix}rest`)
    return {
      wrong: {
        'of another': () => accounts.hasPasswordHash(`$other-${anId()}$`),
        'of a longer one': () => accounts.hasPasswordHash(`${prefix}rest.`),
      },
      right: () => accounts.hasPasswordHash(prefix),
    }
  },
  'a factor is counted as the first': async ({ accounts }, { id }) => {
    const [totp, passkey] = [{ totp: 1 }, { totp: 0, passkey: 1 }]
    const stores = { accounts } as Stores
    const withTotp = await somebody(stores, { factorCounts: totp })
    const withPasskey = await somebody(stores, { factorCounts: passkey })
    return {
      wrong: {
        'of nobody': () => accounts.countFactorUp(anId(), 'totp', 'first'),
        'beside one of its kind': () => accounts.countFactorUp(withTotp.id, 'totp', 'first'),
        'beside one of another kind': () => accounts.countFactorUp(withPasskey.id, 'totp', 'first'),
      },
      right: () => accounts.countFactorUp(id, 'totp', 'first'),
      isOnce: true,
    }
  },
  'a factor is counted up to the most of its kind': async ({ accounts }) => {
    const { id } = await somebody({ accounts } as Stores, { factorCounts: { totp: 3, passkey: 1 } })
    return {
      wrong: { 'and no further': () => accounts.countFactorUp(id, 'totp', { atMost: 3 }) },
      right: () => accounts.countFactorUp(id, 'passkey', { atMost: 2 }),
      isOnce: true,
    }
  },
  'a factor is counted down': async ({ accounts }) => {
    const stores = { accounts } as Stores
    const { id } = await somebody(stores, { factorCounts: { totp: 1, passkey: 1 } })
    const only = await somebody(stores, { factorCounts: { totp: 0, passkey: 2 } })
    return {
      wrong: {
        'of nobody': () => accounts.countFactorDown(anId(), 'totp', 0),
        'that is none of this kind': () => accounts.countFactorDown(only.id, 'totp', 0),
        'that has to stay': () => accounts.countFactorDown(id, 'totp', 2),
      },
      right: () => accounts.countFactorDown(id, 'totp', 1),
      isOnce: true,
    }
  },
  'names are set': async ({ accounts }, ada) => {
    const bob = await somebody({ accounts } as Stores)
    const set = (loginNames: readonly LoginName[]) =>
      accounts.setLoginNames(ada.id, { loginNames, heldUntil: 5000, now: 1000 })
    return {
      wrong: { 'of somebody else': () => set([nameOf(ada), nameOf(bob)]) },
      right: () => set([nameOf(ada), `more-${ada.id}` as LoginName]),
    }
  },
  'a group gets another name': async ({ groups }, { id }) => {
    const [old, other] = [group(`old ${id}`), group(`other ${id}`)]
    await groups.setOf(id, [old, other], 1000)
    return {
      wrong: { 'that there is': () => groups.rename(old.key, other) },
      right: () => groups.rename(old.key, group(`new ${id}`)),
    }
  },
  'a group is removed': async ({ groups }, { id }) => {
    await groups.setOf(id, [group(`going ${id}`)], 1000)
    return {
      wrong: { 'that there is not': () => groups.remove(group(`none ${id}`).key) },
      right: () => groups.remove(group(`going ${id}`).key),
      isOnce: true,
    }
  },
}

const ofFactors: Readonly<Record<string, Given>> = {
  'a step is used': async ({ authenticators }, ada) => {
    const one = anAuthenticator(ada)
    await authenticators.add(one)
    const use = (id: typeof one.id, step: number) =>
      authenticators.consumeStepIfNewer(id, { step, drift: 0 }, 1)
    return {
      wrong: { 'of nothing': () => use(anId(), 11), 'that was used last': () => use(one.id, 10) },
      right: () => use(one.id, 11),
      isOnce: true,
    }
  },
  'a counter is used': async ({ authenticators }, ada) => {
    const one = anAuthenticator(ada, { counter: 7 })
    const clocked = anAuthenticator(ada, { name: 'Clock' })
    for (const each of [one, clocked]) await authenticators.add(each)
    return {
      wrong: {
        'of nothing': () => authenticators.consumeCounterIfNewer(anId(), 8, 1),
        'where there is none': () => authenticators.consumeCounterIfNewer(clocked.id, 8, 1),
        'that was used': () => authenticators.consumeCounterIfNewer(one.id, 7, 1),
      },
      right: () => authenticators.consumeCounterIfNewer(one.id, 8, 1),
      isOnce: true,
    }
  },
  'an authenticator gets another name': async ({ authenticators }, ada) => {
    const [one, other] = [anAuthenticator(ada), anAuthenticator(ada, { name: 'Other' })]
    for (const each of [one, other]) await authenticators.add(each)
    return {
      wrong: {
        'of nothing': () => authenticators.rename(anId(), ada.id, 'New'),
        'by somebody else': () => authenticators.rename(one.id, anId(), 'New'),
        'that another one has': () => authenticators.rename(one.id, ada.id, 'Other'),
      },
      right: () => authenticators.rename(one.id, ada.id, 'New'),
    }
  },
  'an authenticator is removed': async ({ authenticators }, ada) => {
    const one = anAuthenticator(ada)
    await authenticators.add(one)
    return {
      wrong: {
        'of nothing': () => authenticators.remove(anId(), ada.id),
        'by somebody else': () => authenticators.remove(one.id, anId()),
        'of nobody': () => authenticators.removeAllOf(anId()),
      },
      right: () => authenticators.remove(one.id, ada.id),
      isOnce: true,
    }
  },
  'an authenticator is sealed anew': async ({ authenticators }, ada) => {
    const one = anAuthenticator(ada, { sealed: sealed.from })
    await authenticators.add(one)
    return {
      wrong: {
        'of nothing': () => authenticators.reseal(anId(), sealed),
        'that is sealed otherwise': () => authenticators.reseal(one.id, { ...sealed, from: 'other' }),
      },
      right: () => authenticators.reseal(one.id, sealed),
      isOnce: true,
    }
  },
  'a token is given away': async ({ hardwareTokens }, ada) => {
    const one = aHardwareToken()
    await hardwareTokens.add([one])
    const { name, lastStep, drift, sealed: own } = { ...one, name: 'Token' }
    const given = { id: anId(), account: ada.id, name, sealed: own, createdAt: 1000, counter: null } as const
    const give = (serial: typeof one.key, step: number) =>
      hardwareTokens.give({ ...given, id: anId(), serial, lastStep: step, drift })
    return {
      wrong: {
        'that there is not': () => give(anId() as string as typeof one.key, lastStep + 1),
        'with a code that was used': () => give(one.key, lastStep),
      },
      right: () => give(one.key, lastStep + 1),
      isOnce: true,
    }
  },
  'a token is taken out of the drawer': async ({ hardwareTokens }) => {
    const one = aHardwareToken()
    await hardwareTokens.add([one])
    return {
      wrong: { 'that there is not': () => hardwareTokens.remove(anId() as string as typeof one.key) },
      right: () => hardwareTokens.remove(one.key),
      isOnce: true,
    }
  },
  'a token is sealed anew': async ({ hardwareTokens }) => {
    const one = aHardwareToken({ sealed: sealed.from })
    await hardwareTokens.add([one])
    return {
      wrong: {
        'that there is not': () => hardwareTokens.reseal(anId() as string as typeof one.key, sealed),
        'that is sealed otherwise': () => hardwareTokens.reseal(one.key, { ...sealed, from: 'other' }),
      },
      right: () => hardwareTokens.reseal(one.key, sealed),
      isOnce: true,
    }
  },
  'a set-up is found': async ({ setUps }, ada) => {
    const one = aSetUp(ada)
    await setUps.addUnlessThere(one)
    return {
      wrong: {
        'of another one': () => setUps.findByOwner('session:other', 1000),
        'that is over': () => setUps.findByOwner(one.owner, one.expiresAt),
      },
      right: () => setUps.findByOwner(one.owner, one.expiresAt - 1),
    }
  },
  'a set-up is taken': async ({ setUps }, ada) => {
    const one = aSetUp(ada)
    await setUps.addUnlessThere(one)
    return {
      wrong: { 'of nothing': () => setUps.take(anId()) },
      right: () => setUps.take(one.id),
      isOnce: true,
    }
  },
  'a passkey is added': async ({ passkeys }, ada) => {
    const there = aPasskey(ada)
    await passkeys.add(there)
    const own = aPasskey(ada)
    return {
      wrong: {
        'that there is': () => passkeys.add(aPasskey(ada, { credentialId: there.credentialId })),
      },
      right: () => passkeys.add(own),
    }
  },
  'a passkey is used': async ({ passkeys }, ada) => {
    const one = aPasskey(ada, { signCount: 5 })
    await passkeys.add(one)
    return {
      wrong: {
        'of nothing': () => passkeys.use(anId(), used),
        'that was used as often': () => passkeys.use(one.id, { ...used, signCount: 5 }),
      },
      right: () => passkeys.use(one.id, used),
      isOnce: true,
    }
  },
  'a passkey gets another name': async ({ passkeys }, ada) => {
    const [one, other] = [aPasskey(ada), aPasskey(ada, { name: 'Other' })]
    for (const each of [one, other]) await passkeys.add(each)
    return {
      wrong: {
        'of nothing': () => passkeys.rename(anId(), ada.id, 'New'),
        'by somebody else': () => passkeys.rename(one.id, anId(), 'New'),
        'that another one has': () => passkeys.rename(one.id, ada.id, 'Other'),
      },
      right: () => passkeys.rename(one.id, ada.id, 'New'),
    }
  },
  'a passkey is removed': async ({ passkeys }, ada) => {
    const one = aPasskey(ada)
    await passkeys.add(one)
    return {
      wrong: {
        'of nothing': () => passkeys.remove(anId(), ada.id),
        'by somebody else': () => passkeys.remove(one.id, anId()),
        'of nobody': () => passkeys.removeAllOf(anId()),
      },
      right: () => passkeys.remove(one.id, ada.id),
      isOnce: true,
    }
  },
  'a recovery code is taken': async ({ recoveryCodes }, { id }) => {
    const [one, rescue] = [aHash(), aHash()]
    await recoveryCodes.replaceAll(id, { salt: 'salt', hashes: [one] })
    await recoveryCodes.putRescue(id, { hash: rescue, expiresAt: 2000, salt: 'other salt' })
    return {
      wrong: {
        'of somebody else': () => recoveryCodes.take(anId(), one, 1000),
        'that is none': () => recoveryCodes.take(id, aHash(), 1000),
        'that has ended': () => recoveryCodes.take(id, rescue, 2000),
      },
      right: () => recoveryCodes.take(id, one, 9000),
      isOnce: true,
    }
  },
  'a rescue is taken': async ({ recoveryCodes }, { id }) => {
    const rescue = aHash()
    await recoveryCodes.putRescue(id, { hash: rescue, expiresAt: 2000, salt: 'salt' })
    return {
      wrong: { 'that is no set': () => recoveryCodes.countLeft(id) },
      right: () => recoveryCodes.take(id, rescue, 1999),
      isOnce: true,
    }
  },
  'unsaved codes are found': async ({ sessions, unsavedCodes }, ada) => {
    const session = aSession(ada)
    await sessions.add(session, aHash())
    await unsavedCodes.put(session.id, ada.id, 'sealed')
    return {
      wrong: { 'of another session': () => unsavedCodes.find(anId()) },
      right: () => unsavedCodes.find(session.id),
    }
  },
}

const ofSignIns: Readonly<Record<string, Given>> = {
  'a session is found': async ({ sessions }, ada) => {
    const tokenHash = aHash()
    await sessions.add(aSession(ada), tokenHash)
    return {
      wrong: { 'by another token': () => sessions.findByTokenHash(aHash()) },
      right: () => sessions.findByTokenHash(tokenHash),
    }
  },
  'a session is ended': async ({ sessions }, ada) => {
    const one = aSession(ada)
    await sessions.add(one, aHash())
    return {
      wrong: {
        'of nothing': () => sessions.end(anId(), ada.id),
        'by somebody else': () => sessions.end(one.id, anId()),
        'by another token': () => sessions.endByTokenHash(aHash()),
        'of nobody': () => sessions.endAllOf(anId()),
        'that is no more than there may be': () => sessions.endOldestOf(ada.id, 1),
      },
      right: () => sessions.end(one.id, ada.id),
      isOnce: true,
    }
  },
  'a session gets another token': async ({ sessions }, ada) => {
    const [one, tokenHash] = [aSession(ada), aHash()]
    await sessions.add(one, tokenHash)
    const next = { tokenHash: aHash(), session: one }
    return {
      wrong: {
        'of another token': () => sessions.replaceToken(aHash(), next),
        'of somebody else': () =>
          sessions.replaceToken(tokenHash, { ...next, session: { ...one, account: anId() } }),
      },
      right: () => sessions.replaceToken(tokenHash, next),
      isOnce: true,
    }
  },
  'a sign-in is found': async ({ signIns }, ada) => {
    const [one, tokenHash] = [aSignIn(ada), aHash()]
    await signIns.add(one, tokenHash)
    return {
      wrong: {
        'by another token': () => signIns.findByTokenHash(aHash(), 1000),
        'that is over': () => signIns.findByTokenHash(tokenHash, one.expiresAt),
      },
      right: () => signIns.findByTokenHash(tokenHash, one.expiresAt - 1),
    }
  },
  'a sign-in is taken': async ({ signIns }, ada) => {
    const one = aSignIn(ada)
    await signIns.add(one, aHash())
    return {
      wrong: {
        'of nothing': () => signIns.take(anId()),
        'that is not open': () => signIns.isOpen(anId()),
        'of nobody': () => signIns.endAllOf(anId()),
      },
      right: async () => (await signIns.isOpen(one.id)) && signIns.take(one.id),
      isOnce: true,
    }
  },
  'a trusted device opens': async ({ trustedDevices }, ada) => {
    const [one, token] = [aTrustedDevice(ada), aHash()]
    await trustedDevices.add(one, token)
    return {
      wrong: {
        'with another token': () => trustedDevices.isCurrent(ada.id, aHash(), 1000),
        'of somebody else': () => trustedDevices.isCurrent(anId(), token, 1000),
        'at its end': () => trustedDevices.isCurrent(ada.id, token, one.expiresAt),
      },
      right: () => trustedDevices.isCurrent(ada.id, token, one.expiresAt - 1),
    }
  },
  'a trusted device is ended': async ({ trustedDevices }, ada) => {
    const one = aTrustedDevice(ada)
    await trustedDevices.add(one, aHash())
    return {
      wrong: {
        'of nothing': () => trustedDevices.end(anId(), ada.id),
        'by somebody else': () => trustedDevices.end(one.id, anId()),
        'of nobody': () => trustedDevices.endAllOf(anId()),
      },
      right: () => trustedDevices.end(one.id, ada.id),
      isOnce: true,
    }
  },
  'a known device is seen again': async ({ knownDevices }, { id }) => {
    await knownDevices.note(id, 'laptop', 1000)
    return {
      wrong: {
        'another one': () => knownDevices.noteAgain(id, 'phone', 1000),
        'of somebody else': () => knownDevices.noteAgain(anId(), 'laptop', 1000),
        'that is no more than there may be': () => knownDevices.removeOldestOf(id, 1),
      },
      right: () => knownDevices.noteAgain(id, 'laptop', 1000),
    }
  },
  'an invitation is found': async ({ invitations }, { id }) => {
    const [one, tokenHash] = [anInvitation(id), aHash()]
    await invitations.add(one, tokenHash)
    return {
      wrong: {
        'by another token': () => invitations.find(aHash(), 1000),
        'that is over': () => invitations.find(tokenHash, one.expiresAt),
      },
      right: () => invitations.find(tokenHash, one.expiresAt - 1),
    }
  },
  'an invitation is taken': async ({ invitations }, { id }) => {
    const one = anInvitation(id)
    await invitations.add(one, aHash())
    return {
      wrong: {
        'of nothing': () => invitations.take(anId(), 1000),
        'that is over': () => invitations.take(one.id, one.expiresAt),
      },
      right: () => invitations.take(one.id, one.expiresAt - 1),
      isOnce: true,
    }
  },
  'an open invitation is used': async ({ openInvitations }) => {
    const one = anOpenInvitation({ uses: 1 })
    const withdrawn = anOpenInvitation({ withdrawnAt: 1 })
    for (const each of [one, withdrawn]) await openInvitations.add(each, { handed: aHash(), mailed: null })
    return {
      wrong: {
        'of nothing': () => openInvitations.use(anId(), 1000),
        'that is over': () => openInvitations.use(one.id, one.expiresAt),
        'that was withdrawn': () => openInvitations.use(withdrawn.id, 1000),
        'that is withdrawn again': () => openInvitations.withdraw(withdrawn.id, 1000),
        'that is withdrawn, and is not there': () => openInvitations.withdraw(anId(), 1000),
        'that is looked for, and is not there': () => openInvitations.find(anId()),
      },
      right: () => openInvitations.use(one.id, one.expiresAt - 1),
      isOnce: true,
    }
  },
  'a registration is found': async ({ registrations }) => {
    const [one, tokenHash] = [aRegistration(), aHash()]
    await registrations.put(one, tokenHash)
    return {
      wrong: {
        'by another token': () => registrations.find(aHash(), 1000),
        'that is over': () => registrations.find(tokenHash, one.expiresAt),
      },
      right: () => registrations.find(tokenHash, one.expiresAt - 1),
    }
  },
  'a registration is taken': async ({ registrations }) => {
    const [one, tokenHash] = [aRegistration(), aHash()]
    await registrations.put(one, tokenHash)
    return {
      wrong: {
        'of another address': () => registrations.take('other@example.org' as LoginName, tokenHash),
        'by another token': () => registrations.take(one.emailKey, aHash()),
      },
      right: () => registrations.take(one.emailKey, tokenHash),
      isOnce: true,
    }
  },
  'a link of a mail is found': async ({ mailLinks }, { id }) => {
    const [one, tokenHash] = [aMailLink(id), aHash()]
    await mailLinks.add(one, tokenHash)
    return {
      wrong: {
        'by another token': () => mailLinks.find('undo', aHash(), 1000),
        'as another kind': () => mailLinks.find('email', tokenHash, 1000),
        'that is over': () => mailLinks.find('undo', tokenHash, one.expiresAt),
      },
      right: () => mailLinks.find('undo', tokenHash, one.expiresAt - 1),
    }
  },
  'a link of a mail is taken': async ({ mailLinks }, { id }) => {
    const one = aMailLink(id)
    await mailLinks.add(one, aHash())
    return {
      wrong: {
        'of nothing': () => mailLinks.take(anId(), 1000),
        'that is over': () => mailLinks.take(one.id, one.expiresAt),
        'of nothing that is sealed anew': () => mailLinks.reseal(anId(), { from: one.sealed, to: 'x' }),
        'that is sealed otherwise': () => mailLinks.reseal(one.id, { from: 'other', to: 'x' }),
      },
      right: () => mailLinks.take(one.id, one.expiresAt - 1),
      isOnce: true,
    }
  },
}

const ofApplications: Readonly<Record<string, Given>> = {
  'an application is added': async ({ applications }) => {
    const [there, own] = [anApplication(), anApplication()]
    await applications.add(there)
    return {
      wrong: { 'that there is': () => applications.add(there) },
      right: () => applications.add(own),
      isOnce: true,
    }
  },
  'an application is replaced': async ({ applications }) => {
    const one = anApplication()
    await applications.add(one)
    return {
      wrong: { 'that there is not': () => applications.replace(anApplication()) },
      right: () => applications.replace(one),
    }
  },
  'an application is removed': async ({ applications }) => {
    const one = anApplication()
    await applications.add(one)
    const none = anId() as string as ApplicationId
    return {
      wrong: {
        'that there is not': () => applications.remove(none),
        'that is looked for, and is not there': () => applications.find(none),
      },
      right: () => applications.remove(one.id),
      isOnce: true,
    }
  },
  'what was allowed is taken back': async ({ applications }, { id }) => {
    const [one, other] = [anApplication(), anApplication()]
    for (const each of [one, other]) await applications.add(each)
    await applications.allow({ application: one.id, account: id, scopes: [], givenAt: 1, lastUsedAt: 1 })
    return {
      wrong: {
        'of another application': () => applications.withdraw(other.id, id),
        'of somebody else': () => applications.withdraw(one.id, anId()),
        'of another application that is looked for': () => applications.findConsent(other.id, id),
        'of somebody else that is looked for': () => applications.findConsent(one.id, anId()),
      },
      right: async () =>
        (await applications.findConsent(one.id, id)) !== null && applications.withdraw(one.id, id),
      isOnce: true,
    }
  },
  'a grant ends': async ({ applications, grants }, ada) => {
    const application = anApplication()
    await applications.add(application)
    const one = aGrant(application, ada, null)
    await grants.add(one)
    return {
      wrong: { 'of nothing': () => grants.end(anId()), 'that is not there': () => grants.find(anId()) },
      right: async () => (await grants.find(one.id)) !== null && grants.end(one.id),
      isOnce: true,
    }
  },
  'a token is found and used': async ({ applications, grants }, ada) => {
    const application = anApplication()
    await applications.add(application)
    const grant = aGrant(application, ada, null)
    await grants.add(grant)
    const [one, orphan] = [aToken(grant), aToken({ ...grant, id: anId() })]
    for (const each of [one, orphan]) await grants.addToken(each)
    return {
      wrong: {
        'of another hash': () => grants.findToken(aHash(), 'refresh'),
        'of another kind': () => grants.findToken(one.hash, 'access'),
        'without its grant': () => grants.findToken(orphan.hash, 'refresh'),
        'that is used, and is not there': () => grants.consume(aHash(), 1000),
        'that is used, and is over': () => grants.consume(one.hash, one.expiresAt),
      },
      right: async () =>
        (await grants.findToken(one.hash, 'refresh')) !== null && grants.consume(one.hash, one.expiresAt - 1),
      isOnce: true,
    }
  },
  'a request is found and answered': async ({ applications, grants }, ada) => {
    const application = anApplication()
    await applications.add(application)
    const one = aRequest(application)
    await grants.addRequest(one)
    const given = { answer: 'allowed', answeredBy: ada.id } as const
    return {
      wrong: {
        'that is not there': () => grants.findRequest(anId(), 1000),
        'that is over': () => grants.findRequest(one.id, one.expiresAt),
        'that is answered, and is not there': () => grants.answerRequest(anId(), given),
      },
      right: async () =>
        (await grants.findRequest(one.id, one.expiresAt - 1)) !== null && grants.answerRequest(one.id, given),
    }
  },
  'an application is told that a session has ended': async ({ applications, grants, sessions }, ada) => {
    const application = anApplication({ backchannelLogoutUri: 'https://app.example.org/logout' })
    await applications.add(application)
    const session = aSession(ada)
    await sessions.add(session, aHash())
    await grants.add(aGrant(application, ada, session))
    await sessions.end(session.id, ada.id)
    const notices = await grants.listNotices(0, 1000)
    const one = notices.find((notice) => notice.application === application.id)!
    expect(one).toEqual({ application: application.id, session: session.id, account: ada.id, tries: 0 })
    return {
      wrong: {
        'of another session': () => grants.claimNotice({ ...one, session: anId() }, 2000),
        'by another application': () => grants.claimNotice({ ...one, application: anApplication().id }, 2000),
        'after another try': () => grants.claimNotice({ ...one, tries: 1 }, 2000),
      },
      right: () => grants.claimNotice(one, 2000),
      isOnce: true,
    }
  },
  'a screen that waits is found': async ({ applications, deviceRequests }) => {
    const application = anApplication()
    await applications.add(application)
    const [one, answered] = [aDeviceRequest(application), aDeviceRequest(application, { answer: 'denied' })]
    for (const each of [one, answered]) await deviceRequests.add(each)
    const { id, hash, userCodeHash, expiresAt } = one
    return {
      wrong: {
        'by another hash': () => deviceRequests.find(aHash()),
        'by another id': () => deviceRequests.findWaiting({ id: anId() }, 1000),
        'by another code': () => deviceRequests.findWaiting({ userCodeHash: aHash() }, 1000),
        'that is over': () => deviceRequests.findWaiting({ id }, expiresAt),
        'by a code that is over': () => deviceRequests.findWaiting({ userCodeHash }, expiresAt),
        'that was answered': () => deviceRequests.findWaiting({ id: answered.id }, 1000),
        'by a code that was answered': () =>
          deviceRequests.findWaiting({ userCodeHash: answered.userCodeHash }, 1000),
      },
      right: async () => {
        expect(await deviceRequests.find(hash)).toEqual(one)
        expect(await deviceRequests.findWaiting({ id }, expiresAt - 1)).toEqual(one)
        return deviceRequests.findWaiting({ userCodeHash }, expiresAt - 1)
      },
    }
  },
  'a screen that waits is answered': async ({ applications, deviceRequests }) => {
    const application = anApplication()
    await applications.add(application)
    const one = aDeviceRequest(application)
    await deviceRequests.add(one)
    const given = { answer: 'allowed', proof: '{"a":1}' } as const
    return {
      wrong: {
        'that is not there': () => deviceRequests.answer(anId(), given, 1000),
        'that is over': () => deviceRequests.answer(one.id, given, one.expiresAt),
      },
      right: () => deviceRequests.answer(one.id, given, one.expiresAt - 1),
      isOnce: true,
    }
  },
  'a screen gets its tokens': async ({ applications, deviceRequests }) => {
    const application = anApplication()
    await applications.add(application)
    const one = aDeviceRequest(application, { answer: 'allowed' })
    const [waiting, denied] = [aDeviceRequest(application), aDeviceRequest(application, { answer: 'denied' })]
    for (const each of [one, waiting, denied]) await deviceRequests.add(each)
    return {
      wrong: {
        'that is not there': () => deviceRequests.consume(aHash(), 1000),
        'that nobody has answered': () => deviceRequests.consume(waiting.hash, 1000),
        'that was denied': () => deviceRequests.consume(denied.hash, 1000),
        'that is over': () => deviceRequests.consume(one.hash, one.expiresAt),
      },
      right: () => deviceRequests.consume(one.hash, one.expiresAt - 1),
      isOnce: true,
    }
  },
  'a key is sealed anew': async ({ signingKeys }) => {
    const one = aSigningKey({ sealed: sealed.from })
    await signingKeys.add(one)
    return {
      wrong: {
        'that there is not': () => signingKeys.replaceSealed(anId(), sealed),
        'that is sealed otherwise': () => signingKeys.replaceSealed(one.id, { ...sealed, from: 'other' }),
      },
      right: () => signingKeys.replaceSealed(one.id, sealed),
      isOnce: true,
    }
  },
}

const ofServers: Readonly<Record<string, Given>> = {
  'a fact is added': async ({ facts }, { id }) => {
    await facts.put(`there ${id}`, 'a')
    return {
      wrong: { 'that there is': () => facts.add(`there ${id}`, 'b') },
      right: () => facts.add(`new ${id}`, 'a'),
      isOnce: true,
    }
  },
  'a fact is replaced': async ({ facts }, { id }) => {
    await facts.put(id, 'a')
    return {
      wrong: {
        'that there is not': () => facts.replace(`not ${id}`, { from: 'a', to: 'b' }),
        'that is another one': () => facts.replace(id, { from: 'c', to: 'b' }),
      },
      right: () => facts.replace(id, { from: 'a', to: 'b' }),
      isOnce: true,
    }
  },
  'a fact is removed': async ({ facts }, { id }) => {
    await facts.put(id, 'a')
    return {
      wrong: {
        'that there is not': () => facts.remove(`not ${id}`),
        'that is asked for, and there is not': () => facts.get(`not ${id}`),
      },
      right: async () => (await facts.get(id)) !== null && facts.remove(id),
      isOnce: true,
    }
  },
  'a lease is taken': async ({ leases }, { id }) => {
    await leases.take({ name: id, holder: 'here', seconds: 100 }, 100)
    return {
      wrong: {
        'that another one holds': () => leases.take({ name: id, holder: 'there', seconds: 100 }, 199),
      },
      right: () => leases.take({ name: id, holder: 'there', seconds: 100 }, 200),
    }
  },
  'a mail is taken': async ({ leases, outbox }) => {
    const [one, late] = [aMail(), aMail({ createdAt: 2000 })]
    for (const each of [one, late]) await outbox.add(each, 1000)
    await leases.take({ name: 'outbox', holder: 'here', seconds: 100 }, 2000)
    await outbox.claim(late, { holder: 'here', nextTrySeconds: 90 }, 2000)
    const claim = { holder: 'here', nextTrySeconds: 20 }
    return {
      wrong: {
        'that there is not': () => outbox.claim(aMail(), claim, 2001),
        'after another try': () => outbox.claim({ ...one, tries: 1 }, claim, 2001),
        'that is not due': () => outbox.claim({ ...late, tries: 1 }, claim, 2089),
        'by whoever does not hold the lease': () => outbox.claim(one, { ...claim, holder: 'there' }, 2001),
        'by whoever holds it no longer': () => outbox.claim(one, claim, 2100),
        'that is removed, and there is not': () => outbox.remove(anId()),
        'that there is no room for': () => outbox.add(aMail(), 1),
      },
      right: () => outbox.claim(one, claim, 2099),
      isOnce: true,
    }
  },
  'somebody is the first': async ({ accounts }) => {
    const second = anAccount()
    return {
      wrong: { 'beside others': () => accounts.addFirst({ account: second, loginNames: [nameOf(second)] }) },
      right: async () => !(await accounts.isEmpty()),
    }
  },
  'a challenge is spent': async ({ passkeyChallenges }) => {
    const [spent, own] = [aHash(), aHash()]
    await passkeyChallenges.spend(spent, 5000)
    return {
      wrong: { 'that was spent': () => passkeyChallenges.spend(spent, 5000) },
      right: () => passkeyChallenges.spend(own, 5000),
      isOnce: true,
    }
  },
}

describe.each(databases)('every condition counts on $name', (kind) => {
  const servers = useDatabase(kind)

  for (const [what, given] of Object.entries({
    ...{ ...ofAccounts, ...ofFactors, ...ofSignIns },
    ...{ ...ofApplications, ...ofServers },
  }))
    it(what, async () => {
      const { stores } = servers.here
      const { wrong, right, isOnce } = await given(stores, await somebody(stores))
      for (const [why, ask] of Object.entries(wrong)) expect([null, false, 0], why).toContain(await ask())
      const done = await right()
      expect([null, false, 0, undefined]).not.toContain(done)
      if (isOnce === true) expect([null, false, 0], 'a second time').toContain(await right())
    })
})
