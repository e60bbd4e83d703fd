import { describe, expect, it } from 'vitest'
import { resetSecondFactor } from '../../src/core/accounts/administration.js'
import { givePassword } from '../../src/core/sign-in/password-step.js'
import { giveRecoveryCode } from '../support/second-step.js'
import { findSession } from '../../src/core/sessions/session-lifetime.js'
import type { StepUpGiven } from '../../src/core/sessions/reauthenticate.js'
import { stepUp } from '../../src/core/sessions/reauthenticate.js'
import { aBox, fullHasher, hasher, justBeforeTheWrite, useHere } from './people.js'
import type { Person } from './people.js'

const here = useHere()

async function prove(person: Person, own: Partial<StepUpGiven> = {}, core = here.core) {
  const second = { kind: 'totp', given: person.phone.code() } as const
  return stepUp(core, { ...(await person.change()), password: person.password, second, ...own })
}

describe('a fresh proof', () => {
  it('is the password and a code: a new token, and fresh from now on', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const signedIn = await ada.signedIn()
    here.clock.advance(3600)
    const outcome = await prove(ada)
    if (outcome.kind !== 'proven') throw new Error(outcome.kind)
    const now = here.clock.seconds
    expect(outcome.session).toMatchObject({ id: signedIn.session.id, verifiedAt: now })
    expect(outcome.account.id).toBe(ada.id)
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    expect((await findSession(here.core, outcome.token))?.session).toEqual(outcome.session)
    expect(await ada.lastEvent()).toMatchObject({
      event: 'step-up.passed',
      at: now,
      address: ada.browser.client.address,
      details: {},
    })
    ada.keep(outcome)
    expect((await prove(ada)).kind).toBe('wrong')
    expect(here.notices).toHaveLength(1)
  })

  it('is the password and a recovery code: it is spent, and the owner is told', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.notices.length = 0
    const second = { kind: 'recovery-code', given: ada.recoveryCodes[0]! } as const
    const outcome = await prove(ada, { second })
    if (outcome.kind !== 'proven') throw new Error(outcome.kind)
    expect(outcome.session.factors).toEqual(['password', 'totp', 'recovery-code'])
    expect(outcome.session.verifiedAt).toBe(here.clock.seconds)
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(9)
    expect((await ada.events()).slice(-2)).toEqual(['recovery-code.used', 'step-up.passed'])
    expect(here.notices).toMatchObject([
      { kind: 'recovery-code-used', client: ada.browser.client, details: { left: 9 } },
    ])
    ada.keep(outcome)
    expect((await prove(ada, { second })).kind).toBe('wrong')
  })

  it('with a code is known as such, also of a session that began with a recovery code', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn } = await ada.beginSignIn(ada.browser)
    const given = { signIn, browser: ada.browser, code: ada.recoveryCodes[0]! }
    const recovered = await giveRecoveryCode(here.core, given)
    if (recovered.kind !== 'complete') throw new Error(recovered.kind)
    ada.keep(recovered)
    const outcome = await prove(ada)
    if (outcome.kind !== 'proven') throw new Error(outcome.kind)
    expect(outcome.session.factors).toEqual(['password', 'recovery-code', 'totp'])
  })

  it('is the password where there is no second factor', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    here.clock.advance(3600)
    const given = { ...(await ada.change()), second: { kind: 'totp', given: '' } } as const
    expect(await stepUp(here.optional, { ...given, password: 'wrong' })).toEqual({ kind: 'wrong-password' })
    const outcome = await stepUp(here.optional, { ...given, password: ada.password })
    expect(outcome).toMatchObject({
      kind: 'proven',
      session: { factors: ['password'], verifiedAt: here.clock.seconds },
    })
    expect(here.notices).toEqual([])
  })
})

describe('a proof is refused', () => {
  const refused = (person: Person, reason: string) => ({
    event: 'step-up.refused',
    at: here.clock.seconds,
    address: person.browser.client.address,
    details: { reason },
  })

  it('for a wrong password, before the code is looked at', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (const password of ['wrong', '', 'x\0'])
      expect(await prove(ada, { password })).toEqual({ kind: 'wrong-password' })
    expect(await ada.lastEvent()).toMatchObject(refused(ada, 'wrong-password'))
    expect(await ada.events()).not.toContain('code.refused')
    expect((await prove(ada)).kind).toBe('proven')
  })

  it('for a wrong, malformed or used code', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const withCode = (code: string) => prove(ada, { second: { kind: 'totp', given: code } })
    expect(await withCode(ada.phone.wrongCode())).toEqual({ kind: 'wrong', failures: 1 })
    expect(await ada.lastEvent()).toMatchObject(refused(ada, 'wrong'))
    expect(await withCode('')).toEqual({ kind: 'malformed', problem: 'empty', digits: 0 })
    expect(await ada.lastEvent()).toMatchObject(refused(ada, 'malformed'))
    expect(await withCode(ada.phone.code(-30))).toEqual({ kind: 'wrong', failures: 2 })
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
  })

  it('for a wrong recovery code, and nothing is told', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.notices.length = 0
    const withCode = (code: string) => prove(ada, { second: { kind: 'recovery-code', given: code } })
    expect(await withCode('k7qm-4xw4-9hd2-p3tn')).toEqual({ kind: 'wrong', failures: 1 })
    expect(await ada.lastEvent()).toMatchObject(refused(ada, 'wrong'))
    expect(await withCode('k7qm')).toEqual({ kind: 'malformed', problem: 'wrong-length', digits: 0 })
    expect(here.notices).toEqual([])
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
  })

  it('while codes wait', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (let failures = 1; failures <= 5; failures += 1)
      await prove(ada, { second: { kind: 'totp', given: ada.phone.wrongCode() } })
    expect(await prove(ada)).toEqual({ kind: 'wait', untilSeconds: here.clock.seconds + 30 })
    expect(await ada.lastEvent()).toMatchObject(refused(ada, 'wait'))
  })

  it('for a code whose secret no key opens', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    expect(await prove(ada, {}, { ...here.core, box: aBox() })).toEqual({ kind: 'unreadable' })
  })

  it('while there is no room to hash, and nothing is counted', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const full = { ...here.core, passwords: fullHasher }
    for (let time = 0; time < 12; time += 1) expect(await prove(ada, {}, full)).toEqual({ kind: 'busy' })
    expect(await ada.lastEvent()).toMatchObject(refused(ada, 'busy'))
    const noRoomForCodes = { ...here.core, passwords: { ...hasher, hashAll: fullHasher.hashAll } }
    const second = { kind: 'recovery-code', given: ada.recoveryCodes[0]! } as const
    for (let time = 0; time < 8; time += 1)
      expect(await prove(ada, { second }, noRoomForCodes)).toEqual({ kind: 'busy' })
    expect((await prove(ada, { second })).kind).toBe('proven')
  })

  it('when another request uses the code first, and nothing is kept', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const core = justBeforeTheWrite(here.core, () => ada.signIn().then(() => here.clock.advance(-30)))
    expect(await prove(ada, {}, core)).toEqual({ kind: 'wrong', failures: 1 })
    expect(await ada.lastEvent()).toMatchObject(refused(ada, 'wrong'))
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
  })

  it('when the session ends meanwhile: the code is not spent', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const core = justBeforeTheWrite(here.core, () => here.stores.sessions.endAllOf(ada.id))
    expect(await prove(ada, {}, core)).toEqual({ kind: 'over' })
    expect(await ada.lastEvent()).toMatchObject(refused(ada, 'over'))
    expect((await ada.signIn()).kind).toBe('complete')
  })

  it('when the second factor is reset meanwhile', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const core = justBeforeTheWrite(here.core, async () => resetSecondFactor(here.core, await ada.account()))
    expect((await prove(ada, {}, core)).kind).toBe('over')
  })
})

describe('the password of a signed-in person', () => {
  it('is counted on the known device: a wait from the tenth wrong one on, of nobody else', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (let wrong = 1; wrong <= 10; wrong += 1)
      expect(await prove(ada, { password: 'wrong' })).toEqual({ kind: 'wrong-password' })
    const wait = { kind: 'wait', untilSeconds: here.clock.seconds + 30 }
    expect(await prove(ada)).toEqual(wait)
    expect(await ada.lastEvent()).toMatchObject({ event: 'step-up.refused', details: { reason: 'wait' } })
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('code-due')
    expect(await ada.givePassword(ada.browser)).toEqual(wait)
    here.clock.advance(30)
    expect((await prove(ada)).kind).toBe('proven')
  })

  it('is counted on the account where the browser is not known, with the ones at sign-in', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    ada.browser = { ...ada.browser, knownDevice: null }
    for (let wrong = 1; wrong <= 5; wrong += 1) {
      expect(await prove(ada, { password: 'wrong' })).toEqual({ kind: 'wrong-password' })
      const given = { username: ada.username, password: 'wrong', browser: here.newBrowser() }
      expect((await givePassword(here.core, given)).kind).toBe('refused')
    }
    expect((await prove(ada)).kind).toBe('wait')
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('wait')
  })

  it('keeps its count while there is no room to hash: a storm buys nobody fresh tries', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const full = { ...here.core, passwords: fullHasher }
    for (let wrong = 1; wrong <= 10; wrong += 1) {
      expect(await prove(ada, {}, full)).toEqual({ kind: 'busy' })
      expect(await prove(ada, { password: 'wrong' })).toEqual({ kind: 'wrong-password' })
    }
    expect((await prove(ada)).kind).toBe('wait')
  })

  it('that is right sets its count to zero', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (let round = 0; round < 3; round += 1) {
      for (let wrong = 1; wrong <= 9; wrong += 1)
        expect(await prove(ada, { password: 'wrong' })).toEqual({ kind: 'wrong-password' })
      const malformed = { kind: 'totp', given: '' } as const
      expect((await prove(ada, { second: malformed })).kind).toBe('malformed')
    }
  })
})
