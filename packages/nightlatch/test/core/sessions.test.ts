import { describe, expect, it } from 'vitest'
import { disableAccount, enableAccount, removeAccount } from '../../src/core/accounts/administration.js'
import { newId } from '../../src/core/ids.js'
import type { SessionId } from '../../src/core/ids.js'
import { giveCode } from '../support/second-step.js'
import {
  endOtherSessions,
  endSession,
  findForwardSession,
  findSession,
  liveSessions,
  proveSession,
  signOut,
} from '../../src/core/sessions/session-lifetime.js'
import { forwardTokenOf, hashSessionToken, newToken } from '../../src/core/tokens.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { useHere } from './people.js'
import type { Person } from './people.js'

const here = useHere()
const client = { address: '192.0.2.9', userAgent: 'Elsewhere' }
const from = { address: '192.0.2.9', userAgent: 'Elsewhere' }

describe('a session is found', () => {
  it('by its token, with its account', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const found = await findSession(here.core, ada.browser.session)
    expect(found).toEqual({
      account: await ada.account(),
      session: (await here.stores.sessions.listOf(ada.id))[0],
    })
    expect(await findSession(here.core, null)).toBeNull()
    expect(await findSession(here.core, newToken(nodePlatform))).toBeNull()
  })

  it('not where a second factor is required and the password alone began it', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    const { account } = await ada.signedIn()
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    expect(await liveSessions(here.core, account)).toEqual([])
    expect(await liveSessions(here.optional, account)).toHaveLength(1)
  })

  it('by its forward token at forward authentication, and by neither in the place of the other', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const token = ada.browser.session!
    const forward = forwardTokenOf(nodePlatform, token)
    expect(await findForwardSession(here.core, forward)).toEqual(await findSession(here.core, token))
    expect(await findForwardSession(here.core, token)).toBeNull()
    expect(await findSession(here.core, forward)).toBeNull()
    expect(await findForwardSession(here.core, null)).toBeNull()
  })

  it('until 12 hours after the last visit', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.clock.advance(12 * 3600 - 30 - 1)
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
    here.clock.advance(12 * 3600 - 1)
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
    here.clock.advance(12 * 3600)
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    expect(await findForwardSession(here.core, forwardTokenOf(nodePlatform, ada.browser.session!))).toBeNull()
  })

  it('until 7 days after the sign-in, however often it is used', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.clock.advance(-30)
    for (let hours = 0; hours < 7 * 24 - 8; hours += 8) {
      here.clock.advance(8 * 3600)
      expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
    }
    here.clock.advance(8 * 3600 - 1)
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
    here.clock.advance(1)
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
  })

  it('and its last visit is written once a minute at most', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const begun = here.clock.seconds - 30
    const lastSeen = async (): Promise<number | undefined> =>
      (await here.stores.sessions.listOf(ada.id))[0]?.lastSeenAt
    here.clock.advance(29)
    await findSession(here.core, ada.browser.session)
    expect(await lastSeen()).toBe(begun)
    here.clock.advance(1)
    await findSession(here.core, ada.browser.session)
    expect(await lastSeen()).toBe(begun + 60)
  })

  it('no more once its account is disabled or removed, and not again when it is enabled', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await here.stores.accounts.setDisabled(ada.id, true)
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    await here.stores.accounts.setDisabled(ada.id, false)
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
    await disableAccount(here.core, await ada.account())
    await enableAccount(here.core, await ada.account())
    expect(await findSession(here.core, ada.browser.session)).toBeNull()

    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    await removeAccount(here.core, await bob.account())
    expect(await findSession(here.core, bob.browser.session)).toBeNull()
  })
})

describe('a session ends', () => {
  it('on sign-out, which is written down', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const elsewhere = await ada.signIn()
    await signOut(here.core, await ada.signedIn(), client)
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    expect(await findSession(here.core, elsewhere.token)).not.toBeNull()
    expect(await ada.lastEvent()).toMatchObject({
      event: 'session.signed-out',
      at: here.clock.seconds,
      ...from,
      details: {},
    })
  })

  it('when its owner ends it, and nobody else', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    const elsewhere = await ada.signIn()
    const { id } = elsewhere.session
    expect(await endSession(here.core, { signedIn: await bob.signedIn(), id, client })).toBe(false)
    expect(await findSession(here.core, elsewhere.token)).not.toBeNull()
    expect(await bob.events()).not.toContain('session.ended')
    expect(await endSession(here.core, { signedIn: await ada.signedIn(), id, client })).toBe(true)
    expect(await findSession(here.core, elsewhere.token)).toBeNull()
    expect(await ada.lastEvent()).toMatchObject({ event: 'session.ended', ...from, details: {} })
    expect(await endSession(here.core, { signedIn: await ada.signedIn(), id, client })).toBe(false)
    const nothing = 'a'.repeat(26) as SessionId
    expect(await endSession(here.core, { signedIn: await ada.signedIn(), id: nothing, client })).toBe(false)
    expect((await ada.events()).filter((event) => event === 'session.ended')).toHaveLength(1)
  })

  it('with all others, the sign-ins in progress and the trusted devices', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const others = [await ada.signIn(), await ada.signIn(here.newBrowser(), true)]
    const { signIn } = await ada.beginSignIn()
    expect(await endOtherSessions(here.core, await ada.signedIn(), client)).toBe(2)
    expect(await here.stores.trustedDevices.listOf(ada.id)).toEqual([])
    for (const other of others) expect(await findSession(here.core, other.token)).toBeNull()
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
    const given = { signIn, browser: here.newBrowser(), code: ada.phone.code(), remember: false }
    expect(await giveCode(here.core, given)).toEqual({ kind: 'over' })
    expect(await ada.lastEvent()).toMatchObject({
      event: 'session.others-ended',
      ...from,
      details: { ended: 2 },
    })
    expect(await endOtherSessions(here.core, await ada.signedIn(), client)).toBe(0)
  })

  /** Ninety-nine more sessions, each seen a minute after the one before; the first one's id comes back. */
  async function fillUp(person: Person): Promise<SessionId> {
    const { session } = await person.signedIn()
    const ids = Array.from({ length: 99 }, () => newId<SessionId>((count) => nodePlatform.randomBytes(count)))
    await here.storage.atomically(async (stores) => {
      for (const [at, id] of ids.entries()) {
        const seen = {
          signedInAt: session.signedInAt + 60 * at,
          lastSeenAt: session.lastSeenAt + 60 * (at + 1),
        }
        await stores.sessions.add({ ...session, ...seen, id }, id)
      }
    })
    return ids[0]!
  }

  async function signIn(person: Person) {
    const outcome = await person.givePassword(here.newBrowser(), here.optional)
    if (outcome.kind !== 'complete') throw new Error(outcome.kind)
    return outcome
  }

  it('when it is the least recently used of more than a hundred', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    const second = await fillUp(ada)
    expect(await here.stores.sessions.listOf(ada.id)).toHaveLength(100)
    here.clock.advance(86_400 / 4)
    await findSession(here.optional, ada.browser.session)
    await signIn(ada)
    const left = (await here.stores.sessions.listOf(ada.id)).map(({ id }) => id)
    expect(left).toHaveLength(100)
    expect(left).toContain((await ada.signedIn()).session.id)
    expect(left).not.toContain(second)
  })

  it('but never because it is the one that just began, also after a clock was set back', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    await fillUp(ada)
    here.clock.advance(-3600)
    expect(await findSession(here.optional, (await signIn(ada)).token)).not.toBeNull()
    expect(await here.stores.sessions.listOf(ada.id)).toHaveLength(100)
  })
})

describe('the list of sessions', () => {
  it('has those that live', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const account = await ada.account()
    const begun = here.clock.seconds - 30
    const elsewhere = await ada.signIn()
    expect(await liveSessions(here.core, account)).toHaveLength(2)
    here.clock.seconds = begun + 12 * 3600
    expect(await liveSessions(here.core, account)).toMatchObject([{ id: elsewhere.session.id }])
    here.clock.advance(30)
    expect(await liveSessions(here.core, account)).toEqual([])
  })
})

describe('a step up', () => {
  it('gives the session a new token; the old one is dead', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const signedIn = await ada.signedIn()
    here.clock.advance(1000)
    const proof = { signedIn, browser: ada.browser, proof: 'totp' } as const
    const proven = await proveSession(here.core, here.stores, proof)
    if (proven === null) throw new Error('dead')
    const now = here.clock.seconds
    const session = { ...signedIn.session, verifiedAt: now, lastSeenAt: now, factors: ['password', 'totp'] }
    expect(proven.session).toEqual(session)
    expect(proven.account).toBe(signedIn.account)
    expect(proven.knownDevice).toBe(ada.browser.knownDevice)
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    expect((await findSession(here.core, proven.token))?.session).toEqual(session)
    expect(await proveSession(here.core, here.stores, proof)).toBeNull()
  })

  it('with the password alone makes no proof fresher where there is a second factor', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { verifiedAt } = (await ada.signedIn()).session
    here.clock.advance(100)
    const proof = { ...(await ada.change()), proof: 'password' } as const
    const proven = await proveSession(here.core, here.stores, proof)
    expect(proven?.session).toMatchObject({ verifiedAt, lastSeenAt: here.clock.seconds })
    const bob = await here.someoneWithoutASecondFactor('bob')
    here.clock.advance(100)
    const bobs = await proveSession(here.core, here.stores, { ...(await bob.change()), proof: 'password' })
    expect(bobs?.session).toMatchObject({ verifiedAt: here.clock.seconds, factors: ['password'] })
  })

  it('needs the browser that holds the session; one without a known device becomes one', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const signedIn = await ada.signedIn()
    const without = { ...ada.browser, session: null }
    const proof = { signedIn, proof: 'recovery-code' } as const
    expect(await proveSession(here.core, here.stores, { ...proof, browser: without })).toBeNull()
    const stranger = { ...ada.browser, session: newToken(nodePlatform) }
    expect(await proveSession(here.core, here.stores, { ...proof, browser: stranger })).toBeNull()
    const unknown = { ...ada.browser, knownDevice: null }
    const proven = await proveSession(here.core, here.stores, { ...proof, browser: unknown })
    expect(proven?.knownDevice.reveal()).toMatch(/^[\w-]{43}$/)
    expect(proven?.session.factors).toEqual(['password', 'totp', 'recovery-code'])
    const hash = hashSessionToken(nodePlatform, proven!.token)
    expect((await here.stores.sessions.findByTokenHash(hash))?.session.id).toBe(signedIn.session.id)
  })
})
