import { describe, expect, it } from 'vitest'
import { closeAfterRestore, type Closed } from '../../src/core/maintenance/after-restore.js'
import { firstAccountLink, inviteAccount } from '../../src/core/accounts/administration.js'
import { findInvitation } from '../../src/core/accounts/accept-invitation.js'
import { giveCode, giveRecoveryCode } from '../support/second-step.js'
import { findSession } from '../../src/core/sessions/session-lifetime.js'
import { pendingSetUp, useHere } from './people.js'
import type { Person } from './people.js'

const here = useHere()

const close = (recoveryCodes = false): Promise<Closed> => closeAfterRestore(here.core, { recoveryCodes })

async function submit(person: Person, code: string) {
  const { signIn } = await person.beginSignIn()
  return (await giveCode(here.core, { signIn, browser: here.newBrowser(), code, remember: false })).kind
}

async function lastInstallationEvent() {
  const [last] = await here.stores.audit.list({ limit: 1 })
  return last
}

const nothing = { sessions: 0, signIns: 0, setUps: 0, trustedDevices: 0, knownDevices: 0, invitations: 0 }

describe('after an older copy was restored', () => {
  it('there is nothing to close in an installation that nobody has used', async () => {
    const closed = { ...nothing, factors: { totp: 0, passkey: null, 'recovery-code': null }, lastEventAt: 0 }
    expect(await close()).toEqual(closed)
    expect(await lastInstallationEvent()).toMatchObject({
      event: 'installation.restored',
      at: here.clock.seconds,
      account: null,
      address: '',
      details: { ...nothing, authenticators: 0 },
    })
  })

  it('what was begun or remembered ends, of everybody, and is counted and written down', async () => {
    const link = await firstAccountLink(here.core)
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { trustedDevice, token } = await ada.signIn(here.newBrowser(), true)
    await pendingSetUp(here.core, await ada.sessionOwner())
    const { signIn } = await ada.beginSignIn()
    const invited = await inviteAccount(here.core, { username: `bob.${here.next()}`, admin: false })
    if (invited.kind !== 'invited') throw new Error(invited.kind)
    const lastEventAt = here.clock.seconds
    here.clock.advance(60)

    const ended = { sessions: 2, signIns: 1, setUps: 1, trustedDevices: 1, knownDevices: 2, invitations: 2 }
    expect(await close()).toEqual({
      ...ended,
      factors: { totp: 1, passkey: null, 'recovery-code': null },
      lastEventAt,
    })
    const { details } = (await lastInstallationEvent()) ?? {}
    expect(details).toEqual({ ...ended, authenticators: 1 })

    for (const session of [ada.browser.session, token])
      expect(await findSession(here.core, session)).toBeNull()
    expect(await here.stores.signIns.isOpen(signIn.id)).toBe(false)
    for (const invitation of [invited.token, link!.token])
      expect(await findInvitation(here.core, invitation)).toBeNull()
    expect((await ada.givePassword(here.newBrowser({ trustedDevice }))).kind).toBe('code-due')
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
  })

  it('codes that may have been accepted before are spent, also one of a phone that is ahead', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.clock.advance(300)
    const codes = [-30, 0, 30].map((offset) => ada.phone.code(offset))
    await close()
    for (const code of codes) expect(await submit(ada, code)).toBe('wrong')
    here.clock.advance(30)
    expect(await submit(ada, ada.phone.code())).toBe('wrong')
    here.clock.advance(30)
    expect(await submit(ada, ada.phone.code())).toBe('complete')
  })

  it('recovery codes go where that is asked for', async () => {
    await close(true)
    const ada = await here.someoneWithAnAuthenticatorApp()
    expect(await close(true)).toMatchObject({ factors: { 'recovery-code': 10 } })
    expect((await lastInstallationEvent())?.details).toMatchObject({ recoveryCodes: 10 })
    const { signIn } = await ada.beginSignIn()
    const given = { signIn, browser: here.newBrowser(), code: ada.recoveryCodes[0]! }
    expect((await giveRecoveryCode(here.core, given)).kind).toBe('wrong')
  })
})
