import { describe, expect, it } from 'vitest'
import type { Stores } from '../../src/core/ports/stores.js'
import { databases, useDatabase } from '../support/databases.js'
import {
  aDeviceRequest,
  aGrant,
  aHardwareToken,
  aHash,
  aMail,
  aMailLink,
  anApplication,
  anAuthenticator,
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

/** One of everything that is begun or remembered. @returns what may not be there any more, once all of it has ended */
async function oneOfEach(stores: Stores): Promise<Readonly<Record<string, () => Promise<unknown>>>> {
  const ada = await somebody(stores)
  const [session, setUp, mail, application] = [aSession(ada), aSetUp(ada), aMail(), anApplication()]
  const hashes = {
    session: aHash(),
    signIn: aHash(),
    invitation: aHash(),
    registration: aHash(),
    link: aHash(),
  }
  const open = anOpenInvitation()
  await stores.sessions.add(session, hashes.session)
  await stores.signIns.add(aSignIn(ada), hashes.signIn)
  await stores.setUps.addUnlessThere(setUp)
  await stores.trustedDevices.add(aTrustedDevice(ada), aHash())
  await stores.knownDevices.note(ada.id, 'laptop', 1000)
  await stores.invitations.add(anInvitation(ada.id), hashes.invitation)
  await stores.openInvitations.add(open, { handed: aHash(), mailed: null })
  await stores.registrations.put(aRegistration(), hashes.registration)
  await stores.mailLinks.add(aMailLink(ada.id), hashes.link)
  await stores.outbox.add(mail, 10)
  await stores.applications.add(application)
  const grant = aGrant(application, ada, null)
  const [token, request, screen] = [aToken(grant), aRequest(application), aDeviceRequest(application)]
  await stores.grants.add(grant)
  await stores.grants.addToken(token)
  await stores.grants.addRequest(request)
  await stores.deviceRequests.add(screen)
  return {
    session: () => stores.sessions.findByTokenHash(hashes.session),
    'sign-in': () => stores.signIns.findByTokenHash(hashes.signIn, 1000),
    'set-up': () => stores.setUps.findByOwner(setUp.owner, 1000),
    'trusted device': async () => (await stores.trustedDevices.listOf(ada.id))[0] ?? null,
    'known device': async () => (await stores.knownDevices.isKnown(ada.id, 'laptop')) || null,
    invitation: () => stores.invitations.find(hashes.invitation, 1000),
    'open invitation': () => stores.openInvitations.find(open.id),
    registration: () => stores.registrations.find(hashes.registration, 1000),
    'link of a mail': () => stores.mailLinks.find('undo', hashes.link, 1000),
    mail: async () => (await stores.outbox.listDue(1e10, 10))[0] ?? null,
    grant: () => stores.grants.find(grant.id),
    // Found with its grant only: a later one of the same id must not bring it back.
    token: async () => {
      await stores.grants.add(grant).catch(() => undefined)
      return stores.grants.findToken(token.hash, 'refresh')
    },
    request: () => stores.grants.findRequest(request.id, 1000),
    screen: () => stores.deviceRequests.find(screen.hash),
  }
}

describe.each(databases)('what concerns everybody at once, on $name', (kind) => {
  const servers = useDatabase(kind)
  const patiently = <T>(work: (stores: Stores) => Promise<T>) => servers.here.patiently(work)

  it('everything that was begun or remembered ends, and is counted', async () => {
    const there = await oneOfEach(servers.here.stores)
    for (const [what, find] of Object.entries(there)) expect(await find(), what).not.toBeNull()
    await servers.here.stores.sessions.add(aSession(await somebody(servers.here.stores)), aHash())
    const ended = { sessions: 2, signIns: 1, setUps: 1, trustedDevices: 1, knownDevices: 1, invitations: 2 }
    expect(await patiently((stores) => stores.allAccounts.end())).toEqual(ended)
    for (const [what, find] of Object.entries(there)) expect(await find(), what).toBeNull()
    expect(await servers.there.stores.accounts.list()).toHaveLength(2)
    const none = { sessions: 0, signIns: 0, setUps: 0, trustedDevices: 0, knownDevices: 0, invitations: 0 }
    expect(await patiently((stores) => stores.allAccounts.end())).toEqual(none)
  })

  it('codes of the steps up to now and a little further are spent, in the period and the drift of each', async () => {
    const { authenticators, hardwareTokens } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const at = 3_000_000
    const [usual, slow, ahead, behind, counted, later] = [
      anAuthenticator(ada, { name: 'usual' }),
      anAuthenticator(ada, { name: 'slow', period: 60 }),
      anAuthenticator(ada, { name: 'ahead', drift: 3 }),
      anAuthenticator(ada, { name: 'behind', drift: -3 }),
      anAuthenticator(ada, { name: 'counted', counter: 5 }),
      anAuthenticator(ada, { name: 'later', lastStep: at / 30 + 9 }),
    ]
    for (const one of [usual, slow, ahead, behind, counted, later]) await authenticators.add(one)
    const token = aHardwareToken({ drift: 2 })
    await hardwareTokens.add([token])
    expect(await patiently((stores) => stores.allAccounts.spendSteps(at, 2))).toBe(4)
    const steps = new Map((await authenticators.listOf(ada.id)).map(({ name, lastStep }) => [name, lastStep]))
    expect(Object.fromEntries(steps)).toEqual({
      ...{ usual: at / 30 + 2, slow: at / 60 + 2, ahead: at / 30 + 5, behind: at / 30 + 2 },
      ...{ counted: 10, later: at / 30 + 9 },
    })
    expect(await hardwareTokens.find(token.key)).toMatchObject({ lastStep: at / 60 + 4 })
    expect(await patiently((stores) => stores.allAccounts.spendSteps(at, 2))).toBe(0)
  })

  it('recovery codes go, with their sets, and are counted', async () => {
    const { recoveryCodes } = servers.here.stores
    const { id } = await somebody(servers.here.stores)
    await recoveryCodes.replaceAll(id, { salt: 'salt', hashes: ['a', 'b', 'c'] })
    expect(await patiently((stores) => stores.allAccounts.removeRecoveryCodes())).toBe(3)
    expect([await recoveryCodes.countLeft(id), await recoveryCodes.saltOf(id)]).toEqual([0, null])
    expect(await patiently((stores) => stores.allAccounts.removeRecoveryCodes())).toBe(0)
  })
})
