import { describe, expect, it } from 'vitest'
import {
  changePassword,
  endTrustedDevice,
  mayRenewCodes,
  removeAuthenticator,
  renameAuthenticator,
  renewRecoveryCodes,
} from '../../src/core/accounts/changes.js'
import { findInvitation } from '../../src/core/accounts/accept-invitation.js'
import { hashToken, newToken } from '../../src/core/tokens.js'
import type { AuthenticatorId, InvitationId, TrustedDeviceId } from '../../src/core/ids.js'
import { findUnsavedCodes } from '../../src/core/factors/recovery-codes/set-up.js'
import { giveCode, giveRecoveryCode } from '../support/second-step.js'
import { findSession } from '../../src/core/sessions/session-lifetime.js'
import { confirmSetUp } from '../../src/core/factors/totp/confirm.js'
import { findSetUp } from '../../src/core/factors/totp/set-up.js'
import type { Session } from '../../src/core/sessions/session.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { Phone } from '../support/phone.js'
import {
  fullHasher,
  hasher,
  justBeforeTheWrite,
  pendingSetUp,
  useHere,
  whereTheTrailIsFull,
  whileHashing,
} from './people.js'
import type { Person } from './people.js'

const here = useHere()
const notFresh = { kind: 'not-fresh' }
const nothing = 'a'.repeat(26) as AuthenticatorId

const authenticatorsOf = (person: Person) => here.stores.authenticators.listOf(person.id)

async function firstOf(person: Person): Promise<AuthenticatorId> {
  const [first] = await authenticatorsOf(person)
  return first!.id
}

async function addAnother(person: Person, name: string): Promise<AuthenticatorId> {
  const owner = await person.sessionOwner()
  const pending = await pendingSetUp(here.core, owner)
  const code = new Phone(pending.key, here.clock).code()
  const outcome = await confirmSetUp(here.core, owner, { code, name, browser: person.browser })
  if (outcome.kind !== 'confirmed') throw new Error(outcome.kind)
  person.keep(outcome.signedIn)
  return outcome.authenticator.id
}

const written = (person: Person, event: string) => ({
  event,
  at: here.clock.seconds,
  address: person.browser.client.address,
  userAgent: person.browser.client.userAgent,
  details: {},
})

describe('every change needs a proof of less than ten minutes ago', () => {
  const changes = [
    [
      'rename',
      async (person: Person) =>
        renameAuthenticator(here.core, {
          ...(await person.change()),
          id: await firstOf(person),
          name: 'New',
        }),
    ],
    [
      'removal',
      async (person: Person) =>
        removeAuthenticator(here.optional, { ...(await person.change()), id: await firstOf(person) }),
    ],
    ['renewal', async (person: Person) => renewRecoveryCodes(here.core, await person.change())],
    [
      'new password',
      async (person: Person) =>
        changePassword(here.core, {
          ...(await person.change()),
          current: person.password,
          next: 'another good password',
        }),
    ],
  ] as const

  it.each(changes)('%s', async (_what, change) => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const before = await authenticatorsOf(ada)
    const events = await ada.events()
    here.notices.length = 0
    here.clock.advance(570)
    expect(await change(ada)).toEqual(notFresh)
    expect(await authenticatorsOf(ada)).toEqual(before)
    expect(await ada.events()).toEqual(events)
    expect(here.notices).toEqual([])
    here.clock.advance(-1)
    expect(await change(ada)).not.toEqual(notFresh)
  })
})

describe('an authenticator is renamed', () => {
  const rename = async (person: Person, name: string, id?: AuthenticatorId) =>
    renameAuthenticator(here.core, { ...(await person.change()), id: id ?? (await firstOf(person)), name })

  it('and it is written down', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    expect(await rename(ada, ' My phone ')).toEqual({ kind: 'renamed' })
    expect(await authenticatorsOf(ada)).toMatchObject([{ name: 'My phone' }])
    const details = { authenticator: await firstOf(ada) }
    expect(await ada.lastEvent()).toMatchObject({ ...written(ada, 'authenticator.renamed'), details })
    expect(await rename(ada, 'My phone')).toEqual({ kind: 'renamed' })
    expect(await rename(ada, '🚪'.repeat(40))).toEqual({ kind: 'renamed' })
  })

  it.each([
    ['', 'empty'],
    ['  ', 'empty'],
    ['x'.repeat(41), 'too-long'],
    [` ${'🚪'.repeat(41)} `, 'too-long'],
    [` a\n${'x'.repeat(38)} `, 'not-allowed'],
    ['a\u202eb', 'not-allowed'],
  ])('but not to %j: %s', async (name, why) => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    expect(await rename(ada, name)).toEqual({ kind: 'bad-name', why })
    expect(await authenticatorsOf(ada)).toMatchObject([{ name: 'Authenticator app' }])
    expect(await ada.events()).not.toContain('authenticator.renamed')
  })

  it('but not to the name of another one, whoever was first', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const id = await addAnother(ada, 'Tablet')
    expect(await rename(ada, 'Authenticator app', id)).toEqual({ kind: 'bad-name', why: 'taken' })
    expect(await rename(ada, 'authenticator app', id)).toEqual({ kind: 'renamed' })
    const core = justBeforeTheWrite(here.core, () => here.stores.authenticators.rename(id, ada.id, 'Watch'))
    const taken = { ...(await ada.change()), id: await firstOf(ada), name: 'Watch' }
    expect(await renameAuthenticator(core, taken)).toEqual({ kind: 'bad-name', why: 'taken' })
    expect((await authenticatorsOf(ada)).map(({ name }) => name)).toEqual(['Authenticator app', 'Watch'])
  })

  it('and written down, or not at all', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const change = { ...(await ada.change()), id: await firstOf(ada), name: 'My phone' }
    await expect(renameAuthenticator(whereTheTrailIsFull(here.core), change)).rejects.toThrow('full')
    expect(await authenticatorsOf(ada)).toMatchObject([{ name: 'Authenticator app' }])
  })

  it('but not where there is none, nor one of somebody else', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    expect(await rename(ada, 'Mine', nothing)).toEqual({ kind: 'not-there' })
    expect(await rename(ada, 'Mine', await firstOf(bob))).toEqual({ kind: 'not-there' })
    expect(await authenticatorsOf(bob)).toMatchObject([{ name: 'Authenticator app' }])
  })
})

describe('an authenticator is removed', () => {
  const remove = async (person: Person, id?: AuthenticatorId, core = here.core) =>
    removeAuthenticator(core, { ...(await person.change()), id: id ?? (await firstOf(person)) })

  it('of several: its codes fail, trusted devices end, the rest stays, the owner is told', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const elsewhere = await ada.signIn(here.newBrowser(), true)
    await addAnother(ada, 'Tablet')
    await ada.signIn(here.newBrowser(), true)
    const first = (await authenticatorsOf(ada)).find(({ name }) => name === 'Authenticator app')
    here.notices.length = 0
    expect(await remove(ada, first!.id)).toEqual({ kind: 'removed' })
    expect(await authenticatorsOf(ada)).toMatchObject([{ name: 'Tablet' }])
    expect((await ada.account()).factorCounts.totp).toBe(1)
    expect(await here.stores.trustedDevices.listOf(ada.id)).toEqual([])
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
    expect(await findSession(here.core, elsewhere.token)).not.toBeNull()
    const details = { authenticator: first!.id }
    expect(await ada.lastEvent()).toMatchObject({ ...written(ada, 'authenticator.removed'), details })
    expect(here.notices).toEqual(
      [
        {
          kind: 'authenticator-removed',
          account: (await ada.signedIn()).account,
          at: here.clock.seconds,
          client: ada.browser.client,
          details: { name: 'Authenticator app' },
        },
      ].map((notice) => ({ ...notice, account: expect.objectContaining({ id: ada.id }) as unknown })),
    )
    const { signIn } = await ada.beginSignIn()
    const given = { signIn, browser: here.newBrowser(), code: ada.phone.code(), remember: false }
    expect((await giveCode(here.core, given)).kind).toBe('wrong')
  })

  it('but not the last one where a second factor is required', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.notices.length = 0
    expect(await remove(ada)).toEqual({ kind: 'last-one' })
    expect(await authenticatorsOf(ada)).toHaveLength(1)
    expect(await ada.events()).not.toContain('authenticator.removed')
    expect(here.notices).toEqual([])
  })

  it('the last one where people choose: everything of it goes, and the other sessions', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const elsewhere = await ada.signIn()
    const { signIn } = await ada.beginSignIn()
    const { session } = await ada.signedIn()
    expect(await findUnsavedCodes(here.core, session.id)).toHaveLength(10)
    expect(await remove(ada, undefined, here.optional)).toEqual({ kind: 'removed' })
    expect(await ada.account()).toMatchObject({ factorCounts: { totp: 0 } })
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(0)
    expect(await findUnsavedCodes(here.core, session.id)).toBeNull()
    expect(await findSession(here.core, elsewhere.token)).toBeNull()
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
    const given = { signIn, browser: here.newBrowser(), code: ada.phone.code(), remember: false }
    expect((await giveCode(here.core, given)).kind).not.toBe('complete')
    expect((await ada.givePassword(here.newBrowser(), here.optional)).kind).toBe('complete')
  })

  it('one of two leaves the sessions and codes alone also where people choose', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await addAnother(ada, 'Tablet')
    const elsewhere = await ada.signIn()
    expect(await remove(ada, undefined, here.optional)).toEqual({ kind: 'removed' })
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
    expect(await findSession(here.core, elsewhere.token)).not.toBeNull()
    const { session } = await ada.signedIn()
    expect(await findUnsavedCodes(here.core, session.id)).toHaveLength(10)
  })

  it('but not where there is none, nor one of somebody else', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    expect(await remove(ada, nothing, here.optional)).toEqual({ kind: 'not-there' })
    expect(await remove(ada, await firstOf(bob), here.optional)).toEqual({ kind: 'not-there' })
    expect(await remove(ada, nothing)).toEqual({ kind: 'not-there' })
    expect(await authenticatorsOf(bob)).toHaveLength(1)
  })

  it('and the owner is told its name, of several', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await addAnother(ada, 'Tablet')
    for (const { id, name } of await authenticatorsOf(ada)) {
      here.notices.length = 0
      expect(await remove(ada, id, here.optional)).toEqual({ kind: 'removed' })
      expect(here.notices).toMatchObject([{ kind: 'authenticator-removed', details: { name } }])
    }
  })

  it('but not for a session that ended meanwhile: the write decides', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await addAnother(ada, 'Second')
    const change = { ...(await ada.change()), id: await firstOf(ada) }
    const { session } = change.signedIn
    here.notices.length = 0
    const signedOut = justBeforeTheWrite(here.core, () => here.stores.sessions.end(session.id, ada.id))
    expect(await removeAuthenticator(signedOut, change)).toEqual(notFresh)
    expect(await authenticatorsOf(ada)).toHaveLength(2)
    expect(here.notices).toEqual([])
  })

  it('by one of two requests at once: the other one changes nothing', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await addAnother(ada, 'Tablet')
    await addAnother(ada, 'Watch')
    await ada.signIn(here.newBrowser(), true)
    const id = await firstOf(ada)
    here.notices.length = 0
    const core = justBeforeTheWrite(here.core, () => here.stores.authenticators.remove(id, ada.id))
    expect(await remove(ada, id, core)).toEqual({ kind: 'not-there' })
    expect((await ada.account()).factorCounts.totp).toBe(3)
    expect(await here.stores.trustedDevices.listOf(ada.id)).toHaveLength(1)
    expect(await ada.events()).not.toContain('authenticator.removed')
    expect(here.notices).toEqual([])
  })
})

describe('recovery codes are renewed', () => {
  it('and the old ones stop working; the new ones are shown to this session', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.notices.length = 0
    const outcome = await renewRecoveryCodes(here.core, await ada.change())
    if (outcome.kind !== 'renewed') throw new Error(outcome.kind)
    expect(new Set([...outcome.codes, ...ada.recoveryCodes]).size).toBe(20)
    const { session, account } = await ada.signedIn()
    expect(await findUnsavedCodes(here.core, session.id)).toEqual(outcome.codes)
    expect(await ada.lastEvent()).toMatchObject(written(ada, 'recovery-codes.renewed'))
    expect(here.notices).toEqual([
      {
        kind: 'recovery-codes-renewed',
        account,
        at: here.clock.seconds,
        client: ada.browser.client,
        details: {},
      },
    ])
  })

  it('and codes that another session has yet to save are gone', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const before = (await ada.signedIn()).session.id
    ada.keep(await ada.signIn())
    await renewRecoveryCodes(here.core, await ada.change())
    expect(await findUnsavedCodes(here.core, before)).toBeNull()
  })

  it('where there is a second factor, and room', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    expect(await renewRecoveryCodes(here.core, await ada.change())).toEqual({ kind: 'no-second-factor' })
    here.clock.advance(3600) // nobody is asked for a proof that would lead to nothing
    expect(await renewRecoveryCodes(here.core, await ada.change())).toEqual({ kind: 'no-second-factor' })
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    const full = { ...here.core, passwords: fullHasher }
    expect(await renewRecoveryCodes(full, await bob.change())).toEqual({ kind: 'busy' })
    expect(await here.stores.recoveryCodes.countLeft(bob.id)).toBe(10)
    expect(await bob.events()).not.toContain('recovery-codes.renewed')
  })

  it('not for a session or a second factor that ended while the codes were hashed', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await ada.signIn() // another session, which stays
    const change = await ada.change()
    const { session } = change.signedIn
    const signedOut = justBeforeTheWrite(here.core, () => here.stores.sessions.end(session.id, ada.id))
    expect(await renewRecoveryCodes(signedOut, change)).toEqual(notFresh)
    const reset = justBeforeTheWrite(here.core, () => here.stores.accounts.resetFactorCounts(ada.id))
    expect(await renewRecoveryCodes(reset, change)).toEqual({ kind: 'no-second-factor' })
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
    const removed = justBeforeTheWrite(here.core, () => here.stores.accounts.remove(ada.id))
    expect(await renewRecoveryCodes(removed, change)).toEqual({ kind: 'no-second-factor' })
    expect(here.notices.map(({ kind }) => kind)).not.toContain('recovery-codes-renewed')
  })

  it('straight away by whoever used the very last one, for ten minutes', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const recover = async (code: string) => {
      const { signIn } = await ada.beginSignIn(ada.browser)
      const outcome = await giveRecoveryCode(here.core, { signIn, browser: ada.browser, code })
      if (outcome.kind !== 'complete') throw new Error(outcome.kind)
      ada.keep(outcome)
      return ada.change()
    }
    for (const code of ada.recoveryCodes.slice(0, 9))
      expect(await renewRecoveryCodes(here.core, await recover(code))).toEqual(notFresh)
    const change = await recover(ada.recoveryCodes[9]!)
    expect(await mayRenewCodes(here.core, change.signedIn)).toBe(true)
    const withoutIt = { ...change.signedIn.session, factors: ['password', 'device'] } satisfies Session
    expect(await mayRenewCodes(here.core, { ...change.signedIn, session: withoutIt })).toBe(false)
    here.clock.advance(599)
    expect(await mayRenewCodes(here.core, change.signedIn)).toBe(true)
    here.clock.advance(1)
    expect(await mayRenewCodes(here.core, change.signedIn)).toBe(false)
    here.clock.advance(-1)
    expect((await renewRecoveryCodes(here.core, change)).kind).toBe('renewed')
    expect(await renewRecoveryCodes(here.core, change)).toEqual(notFresh)
  })
})

describe('a trusted device is ended', () => {
  it('by its owner, and nobody else', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    const { trustedDevice } = await ada.signIn(here.newBrowser(), true)
    const [device] = await here.stores.trustedDevices.listOf(ada.id)
    const { id } = device!
    expect(await endTrustedDevice(here.core, { ...(await bob.change()), id })).toBe(false)
    expect(await bob.events()).not.toContain('trusted-device.ended')
    expect(await endTrustedDevice(here.core, { ...(await ada.change()), id })).toBe(true)
    expect(await ada.lastEvent()).toMatchObject(written(ada, 'trusted-device.ended'))
    expect(await endTrustedDevice(here.core, { ...(await ada.change()), id })).toBe(false)
    const none = 'a'.repeat(26) as TrustedDeviceId
    expect(await endTrustedDevice(here.core, { ...(await ada.change()), id: none })).toBe(false)
    expect((await ada.givePassword(here.newBrowser({ trustedDevice }))).kind).toBe('code-due')
  })
})

describe('the password is changed', () => {
  const next = 'another good password'
  const change = async (person: Person, own: { current?: string; next?: string } = {}, core = here.core) =>
    changePassword(core, { ...(await person.change()), current: person.password, next, ...own })

  it('ends all else, keeps this session under a new token, and the owner is told', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { trustedDevice, token } = await ada.signIn(here.newBrowser(), true)
    const { signIn } = await ada.beginSignIn()
    const owner = await ada.sessionOwner()
    await pendingSetUp(here.core, owner)
    const link = newToken(nodePlatform)
    const own = { id: nothing as string as InvitationId, account: ada.id, createdAt: 0 }
    const expiresAt = here.clock.seconds + 1000
    await here.stores.invitations.add({ ...own, expiresAt }, hashToken(nodePlatform, link))
    expect(await findInvitation(here.core, link)).not.toBeNull()
    here.notices.length = 0
    const before = await ada.signedIn()
    const outcome = await change(ada)
    if (outcome.kind !== 'changed') throw new Error(outcome.kind)
    expect(outcome.session.id).toBe(before.session.id)
    expect(outcome.session.verifiedAt).toBe(before.session.verifiedAt)
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    expect(await findSession(here.core, token)).toBeNull()
    expect(await findSetUp(here.core, owner)).toBeNull()
    expect(await findInvitation(here.core, link)).toBeNull()
    ada.keep(outcome)
    expect((await ada.signedIn()).session).toEqual(outcome.session)
    expect(await ada.lastEvent()).toMatchObject(written(ada, 'password.changed'))
    expect(here.notices).toEqual([
      {
        kind: 'password-changed',
        account: before.account,
        at: here.clock.seconds,
        client: ada.browser.client,
        details: {},
      },
    ])
    const given = { signIn, browser: here.newBrowser(), code: ada.phone.code(), remember: false }
    expect(await giveCode(here.core, given)).toEqual({ kind: 'over' })
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('refused')
    ada.password = next
    expect((await ada.givePassword(here.newBrowser({ trustedDevice }))).kind).toBe('code-due')
  })

  it('is refused with a wrong current password, which is counted', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (let wrong = 1; wrong <= 10; wrong += 1)
      expect(await change(ada, { current: 'wrong' })).toEqual({ kind: 'wrong-password' })
    expect(await change(ada)).toEqual({ kind: 'wait', untilSeconds: here.clock.seconds + 30 })
    expect(await ada.events()).not.toContain('password.changed')
  })

  it('is written down when it is refused, like any other proof', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await change(ada, { current: 'wrong' })
    expect(await ada.lastEvent()).toMatchObject({
      ...written(ada, 'step-up.refused'),
      details: { reason: 'wrong-password' },
    })
  })

  it('is refused for a bad new one, and nothing ends', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const elsewhere = await ada.signIn()
    for (const [bad, why] of [
      ['short', 'too-short'],
      ['password1234', 'common'],
      [`${ada.username} 1`, 'own-name'],
      ['x'.repeat(257), 'too-long'],
      ['good password\0', 'not-allowed'],
    ])
      expect(await change(ada, { next: bad! })).toEqual({ kind: 'bad-password', why })
    expect(await findSession(here.core, elsewhere.token)).not.toBeNull()
    expect((await ada.givePassword()).kind).toBe('code-due')
  })

  it('waits for room', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const full = { ...here.core, passwords: fullHasher }
    expect(await change(ada, {}, full)).toEqual({ kind: 'busy' })
    const noRoomForNew = { ...here.core, passwords: { ...hasher, hash: fullHasher.hash } }
    expect(await change(ada, {}, noRoomForNew)).toEqual({ kind: 'busy' })
    expect((await change(ada)).kind).toBe('changed')
  })

  it('is not ours where the application keeps it', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const applicationAccounts = { verifyPassword: () => Promise.resolve(null) }
    expect(await change(ada, {}, { ...here.core, applicationAccounts })).toEqual({ kind: 'kept-elsewhere' })
  })

  it('is over when the session ended meanwhile, and the password is the old one', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const elsewhere = await ada.signIn()
    here.notices.length = 0
    const mine = (await ada.signedIn()).session.id
    const core = whileHashing(here.core, () => here.stores.sessions.end(mine, ada.id))
    expect(await change(ada, {}, core)).toEqual({ kind: 'over' })
    expect(await findSession(here.core, elsewhere.token)).not.toBeNull()
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('code-due')
    expect(await ada.events()).not.toContain('password.changed')
    expect(here.notices).toEqual([])
  })

  it('is over when the account was removed meanwhile', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const core = whileHashing(here.core, () => here.stores.accounts.remove(ada.id))
    expect(await change(ada, {}, core)).toEqual({ kind: 'over' })
  })
})
