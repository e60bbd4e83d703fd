import { describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import {
  addAccount,
  disableAccount,
  enableAccount,
  findAccount,
  firstAccountLink,
  inviteAccount,
  removeAccount,
  resetSecondFactor,
  setPassword,
} from '../../src/core/accounts/administration.js'
import { codeKey } from '../../src/core/factors/totp/counters.js'
import { recoveryKey } from '../../src/core/factors/recovery-codes/counters.js'
import type { Browser } from '../../src/core/sign-in/start-session.js'
import type { InvitationOutcome } from '../../src/core/accounts/accept-invitation.js'
import { acceptInvitation, findInvitation } from '../../src/core/accounts/accept-invitation.js'
import { Secret } from '../../src/core/secret.js'
import { giveCode, giveRecoveryCode } from '../support/second-step.js'
import { findSession } from '../../src/core/sessions/session-lifetime.js'
import { findSetUp } from '../../src/core/factors/totp/set-up.js'
import type { Token } from '../../src/core/tokens.js'
import { hashToken, newToken } from '../../src/core/tokens.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import {
  fullHasher,
  goodPassword,
  justBeforeTheWrite,
  noon,
  pendingSetUp,
  useHere,
  withStorage,
} from './people.js'
import type { Person } from './people.js'
import { usualLimits } from '../../src/core/policy.js'

const { code: codePolicy, recoveryCode: recoveryPolicy } = usualLimits.attempts

const refused = (why: string) => ({ kind: 'refused', why })

/** By the command line: no address, no browser. */
const written = (event: string, details = {}) => ({ event, at: noon, address: '', userAgent: '', details })

describe('an account with a password', () => {
  const here = useHere()
  const password = { password: goodPassword }

  it('is added, and it is written down', async () => {
    const added = await addAccount(here.core, { username: 'ada', admin: true }, password)
    if (added.kind !== 'added') throw new Error(added.kind)
    expect(await findAccount(here.core, 'ADA')).toEqual(added.account)
    expect(added.account).toMatchObject({ username: 'ada', admin: true, createdAt: noon })
    expect(added.account.passwordHash).toMatch(/^\$argon2id\$/)
    expect(await here.stores.audit.list({ limit: 1 })).toMatchObject([
      { ...written('account.created'), account: added.account.id },
    ])
  })

  it('is not added twice, and the refusal leaves nothing behind', async () => {
    await addAccount(here.core, { username: 'bob', admin: false }, password)
    const [latest] = await here.stores.audit.list({ limit: 1 })
    const count = (await here.stores.accounts.list()).length
    for (const username of ['bob', 'BOB'])
      expect(await addAccount(here.core, { username, admin: false }, password)).toEqual(refused('name-taken'))
    expect(await here.stores.accounts.list()).toHaveLength(count)
    expect(await here.stores.audit.list({ limit: 1 })).toEqual([latest])
  })

  it('is refused before anything is hashed when it is not one', async () => {
    const full = { ...here.core, passwords: fullHasher }
    expect(await addAccount(full, { username: 'b b', admin: false }, password)).toEqual(
      refused('bad-username'),
    )
    expect(await addAccount(full, { username: 'eve', admin: false }, { password: 'eve' })).toEqual({
      kind: 'bad-password',
      why: 'too-short',
    })
    expect(await addAccount(full, { username: 'eve', admin: false }, password)).toEqual({ kind: 'busy' })
    expect(await findAccount(here.core, 'eve')).toBeNull()
  })

  it('of the demonstration alone may have a common password of eight characters', async () => {
    const wishes = { username: 'user1', admin: false }
    const demo = { password: 'password1' }
    expect(await addAccount(here.core, wishes, demo)).toMatchObject({ why: 'common' })
    expect(await addAccount(here.core, wishes, { ...demo, unsafeExemptFromPolicy: false })).toMatchObject({
      why: 'common',
    })
    expect(await addAccount(here.optional, wishes, { ...demo, unsafeExemptFromPolicy: true })).toMatchObject({
      kind: 'added',
    })
    const short = { password: 'passwor', unsafeExemptFromPolicy: true }
    expect(await addAccount(here.core, { ...wishes, username: 'user2' }, short)).toMatchObject({
      why: 'too-short',
    })
  })
})

describe('an invitation', () => {
  const here = useHere()
  const next = 'a password of her own'

  async function invited(username = `ada.${here.next()}`) {
    const outcome = await inviteAccount(here.core, {
      username,
      email: `${username}@example.org`,
      admin: false,
    })
    if (outcome.kind !== 'invited') throw new Error(outcome.kind)
    return outcome
  }

  const accept = (
    token: Token | null,
    own: { username?: string; password?: string; browser?: Browser } = {},
    core = here.core,
  ): Promise<InvitationOutcome> =>
    acceptInvitation(core, { token, username: '', password: next, browser: here.newBrowser(), ...own })

  it('makes an account without a password, and a link for three days', async () => {
    const { account, token, expiresAt } = await invited()
    expect(expiresAt).toBe(noon + 3 * 86_400)
    expect(await here.stores.accounts.find(account.id)).toEqual(account)
    expect(account.passwordHash).toBe('')
    const trail = await here.stores.audit.list({ account: account.id, afterSequence: 0, limit: 9 })
    expect(trail).toMatchObject([written('account.created'), written('account.invited')])
    expect(await findInvitation(here.core, token)).toEqual({
      invitation: {
        id: expect.stringMatching(/^[a-z2-7]{26}$/) as string,
        account: account.id,
        createdAt: noon,
        expiresAt,
      },
      account,
    })
    expect(await here.stores.invitations.find(token.reveal(), noon)).toBeNull()
    here.clock.seconds = expiresAt - 1
    expect(await findInvitation(here.core, token)).not.toBeNull()
    here.clock.seconds = expiresAt
    expect(await findInvitation(here.core, token)).toBeNull()
    expect(await accept(token)).toEqual({ kind: 'gone' })
  })

  it('is refused for a name that is taken or none, and leaves nothing behind', async () => {
    const { account } = await invited('grace')
    const before = await here.stores.audit.list({ limit: 1 })
    expect(await inviteAccount(here.core, { username: 'Grace', admin: false })).toEqual(refused('name-taken'))
    expect(await inviteAccount(here.core, { username: '', admin: false })).toEqual(refused('bad-username'))
    expect(await findAccount(here.core, 'grace')).toEqual(account)
    expect(await here.stores.audit.list({ limit: 1 })).toEqual(before)
  })

  it('chooses the password once; the sign-in goes on from there', async () => {
    const { account, token } = await invited()
    const browser = here.newBrowser()
    const outcome = await accept(token, { username: 'somebody-else', browser })
    if (outcome.kind !== 'accepted') throw new Error(outcome.kind)
    expect(outcome.next).toMatchObject({ kind: 'set-up-due', signIn: { account: account.id } })
    const trail = await here.stores.audit.list({ account: account.id, afterSequence: 0, limit: 9 })
    expect(trail.slice(2)).toMatchObject([
      { event: 'account.invitation-used', at: noon, address: browser.client.address },
      { event: 'sign-in.password-accepted' },
    ])
    expect(await findAccount(here.core, account.username)).toMatchObject({ id: account.id, admin: false })
    expect(await findAccount(here.core, 'somebody-else')).toBeNull()
    expect(await findInvitation(here.core, token)).toBeNull()
    expect(await accept(token)).toEqual({ kind: 'gone' })
  })

  it('is a session at once where people choose', async () => {
    const { token } = await invited()
    expect(await accept(token, {}, here.optional)).toMatchObject({
      kind: 'accepted',
      next: { kind: 'complete', session: { factors: ['password'] } },
    })
  })

  it('stays for another try after a bad password, or while there is no room', async () => {
    const { account, token } = await invited()
    expect(await accept(token, { password: 'short' })).toEqual({ kind: 'bad-password', why: 'too-short' })
    expect(await accept(token, { password: `${account.username}-2026` })).toEqual({
      kind: 'bad-password',
      why: 'own-name',
    })
    expect(await accept(token, {}, { ...here.core, passwords: fullHasher })).toEqual({ kind: 'busy' })
    expect((await accept(token)).kind).toBe('accepted')
  })

  it('is nothing without its token, for a disabled account, or for one that is gone', async () => {
    expect(await findInvitation(here.core, null)).toBeNull()
    expect(await findInvitation(here.core, newToken(nodePlatform))).toBeNull()
    expect(await accept(null)).toEqual({ kind: 'gone' })
    const { account, token } = await invited()
    await disableAccount(here.core, account)
    expect(await findInvitation(here.core, token)).toBeNull()
    expect(await accept(token)).toEqual({ kind: 'gone' })
    await enableAccount(here.core, account)
    expect(await findInvitation(here.core, token)).not.toBeNull()
    await removeAccount(here.core, account)
    expect(await findInvitation(here.core, token)).toBeNull()
  })

  it("of two at once is used by one, and the password is that one's", async () => {
    const { account, token } = await invited()
    const core = justBeforeTheWrite(here.core, () => accept(token, { password: 'the first to come' }))
    expect(await accept(token, { password: 'the second to come' }, core)).toEqual({ kind: 'gone' })
    const hash = (await findAccount(here.core, account.username))?.passwordHash ?? ''
    const { passwords } = here.core
    expect(await passwords.verify(hash, new Secret('the first to come'))).toBe(true)
  })

  it('of an account that is removed at the last moment is gone', async () => {
    const { account, token } = await invited()
    const core = justBeforeTheWrite(here.core, () => here.stores.accounts.remove(account.id))
    expect(await accept(token, {}, core)).toEqual({ kind: 'gone' })
  })

  it('of an account that is disabled right after it was used leads nowhere', async () => {
    const { account, token } = await invited()
    let transactions = 0
    const core = withStorage(here.core, {
      atomically: async (work) => {
        transactions += 1
        if (transactions === 2) await disableAccount(here.core, account)
        return here.storage.atomically(work)
      },
    })
    expect(await accept(token, {}, core)).toEqual({ kind: 'gone' })
  })

  it('is taken back when an administrator sets the password', async () => {
    const { account, token } = await invited()
    expect(await setPassword(here.core, account, goodPassword)).toEqual({ kind: 'set' })
    expect(await findInvitation(here.core, token)).toBeNull()
  })
})

describe('the very first account', () => {
  const here = useHere()
  const accept = (token: Token | null, username = 'ada', password = goodPassword, core = here.core) =>
    acceptInvitation(core, { token, username, password, browser: here.newBrowser() })
  const link = async (): Promise<Token> => {
    const made = await firstAccountLink(here.core)
    if (made === null) throw new Error('there is an account')
    return made.token
  }

  it('is made with a link that lasts an hour; a new link ends the one before', async () => {
    const first = await firstAccountLink(here.core)
    expect(first?.expiresAt).toBe(noon + 3600)
    expect(await findInvitation(here.core, first!.token)).toMatchObject({
      invitation: { account: null, createdAt: noon, expiresAt: noon + 3600 },
      account: null,
    })
    const second = await link()
    expect(await findInvitation(here.core, first!.token)).toBeNull()
    expect(await accept(first!.token)).toEqual({ kind: 'gone' })
    here.clock.seconds = noon + 3599
    expect(await findInvitation(here.core, second)).not.toBeNull()
    here.clock.seconds = noon + 3600
    expect(await findInvitation(here.core, second)).toBeNull()
    expect(await accept(second)).toEqual({ kind: 'gone' })
    expect(await here.stores.audit.list({ limit: 9 })).toEqual([])
  })

  it.each([
    ['a b', goodPassword, refused('bad-username')],
    ['', goodPassword, refused('bad-username')],
    ['ada', 'ada', { kind: 'bad-password', why: 'too-short' }],
    ['ada-lovelace', 'ada-lovelace', { kind: 'bad-password', why: 'own-name' }],
  ])('is refused as %j with %j', async (username, password, outcome) => {
    expect(await accept(await link(), username, password)).toEqual(outcome)
    expect(await here.stores.accounts.list()).toHaveLength(0)
  })

  it('waits for room', async () => {
    const full = { ...here.core, passwords: fullHasher }
    expect(await accept(await link(), 'ada', goodPassword, full)).toEqual({ kind: 'busy' })
  })

  it('is an administrator, once; whoever comes second with the same link is told that it is gone', async () => {
    const token = await link()
    const core = justBeforeTheWrite(here.core, () => accept(token, 'first'))
    expect(await accept(token, 'second', goodPassword, core)).toEqual({ kind: 'gone' })
    const accounts = await here.stores.accounts.list()
    expect(accounts).toMatchObject([{ username: 'first', admin: true, email: '', name: '' }])
    expect(await findAccount(here.core, 'second')).toBeNull()
    expect(await firstAccountLink(here.core)).toBeNull()
    expect((await here.stores.audit.list({ afterSequence: 0, limit: 9 })).map(({ event }) => event)).toEqual([
      'account.created',
      'sign-in.password-accepted',
    ])
    expect(await findInvitation(here.core, token)).toBeNull()
  })

  it('is not made with an old link once there is an account, and the link is not spent for nothing', async () => {
    await removeAccount(here.core, (await findAccount(here.core, 'first'))!, {
      ...atTheCommandLine,
      evenTheLast: true,
    })
    const token = await link()
    const core = justBeforeTheWrite(here.core, () =>
      addAccount(here.core, { username: 'grace', admin: false }, { password: goodPassword }),
    )
    expect(await accept(token, 'ada', goodPassword, core)).toEqual({ kind: 'gone' })
    expect(await findInvitation(here.core, token)).toBeNull()
    expect(await here.stores.invitations.find(hashToken(nodePlatform, token), noon)).not.toBeNull()
    expect(await here.stores.accounts.list()).toMatchObject([{ username: 'grace' }])
    await removeAccount(here.core, (await findAccount(here.core, 'grace'))!)
    expect((await accept(token)).kind).toBe('accepted')
  })
})

describe('an administrator', () => {
  const here = useHere()

  /** Somebody with one of everything that a change may have to end. */
  async function someoneBusy() {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { trustedDevice, token } = await ada.signIn(here.newBrowser(), true)
    const { signIn } = await ada.beginSignIn()
    const owner = await ada.sessionOwner()
    await pendingSetUp(here.core, owner)
    here.notices.length = 0
    here.clock.seconds = noon
    const nothingGoesOn = async () => {
      expect(await findSession(here.core, token)).toBeNull()
      expect(await findSession(here.core, ada.browser.session)).toBeNull()
      expect(await findSetUp(here.core, owner)).toBeNull()
      expect(await here.stores.setUps.findByOwner(owner.signedIn.session.id, noon)).toBeNull()
      expect(await here.stores.trustedDevices.listOf(ada.id)).toEqual([])
      expect(await here.stores.signIns.take(signIn.id)).toBe(false)
      expect(await here.stores.sessions.listOf(ada.id)).toEqual([])
    }
    return { ada, trustedDevice, nothingGoesOn }
  }

  const lastOf = async (person: Person) => (await person.trail()).at(-1)

  it('disables an account: everything ends, and nothing begins until it is enabled', async () => {
    const { ada, nothingGoesOn } = await someoneBusy()
    await disableAccount(here.core, await ada.account())
    expect(await lastOf(ada)).toMatchObject(written('account.disabled'))
    await nothingGoesOn()
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('refused')
    await enableAccount(here.core, await ada.account())
    expect(await lastOf(ada)).toMatchObject(written('account.enabled'))
    await nothingGoesOn()
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('code-due')
  })

  it('removes an account: nothing is left but the audit trail', async () => {
    const { ada, nothingGoesOn } = await someoneBusy()
    const wrong = { waitFrom: 9, firstWaitSeconds: 1, longestWaitSeconds: 1, lockAt: null }
    const policy = { ...wrong, forgetAfterSeconds: null }
    for (const key of [codeKey(ada.id), recoveryKey(ada.id)])
      for (const failures of [1, 2])
        expect(await here.stores.attempts.reserve(key, policy, noon)).toEqual({ kind: 'reserved', failures })
    await removeAccount(here.core, await ada.account())
    await nothingGoesOn()
    expect(await here.stores.accounts.find(ada.id)).toBeNull()
    expect(await here.stores.authenticators.listOf(ada.id)).toEqual([])
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(0)
    expect(await lastOf(ada)).toMatchObject(written('account.removed', { username: ada.username }))
    for (const key of [codeKey(ada.id), recoveryKey(ada.id)])
      expect(await here.stores.attempts.reserve(key, policy, noon)).toMatchObject({ failures: 1 })
    expect(
      await addAccount(here.core, { username: ada.username, admin: false }, { password: goodPassword }),
    ).toMatchObject({ kind: 'added' })
  })

  it('sets a password: the sessions end, the second factor stays, the owner is told', async () => {
    const { ada, trustedDevice, nothingGoesOn } = await someoneBusy()
    const account = await ada.account()
    expect(await setPassword(here.core, account, 'another good password')).toEqual({ kind: 'set' })
    await nothingGoesOn()
    expect(await lastOf(ada)).toMatchObject(written('password.set-by-administrator'))
    const client = { address: '', userAgent: '' }
    expect(here.notices).toEqual([{ kind: 'password-changed', account, at: noon, client, details: {} }])
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('refused')
    ada.password = 'another good password'
    expect((await ada.givePassword(here.newBrowser({ trustedDevice }))).kind).toBe('code-due')
  })

  it('sets a password: whoever was kept out by wrong ones need not wait with the new one', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const right = ada.password
    ada.password = 'wrong'
    for (let time = 0; time < 10; time += 1)
      expect((await ada.givePassword(here.newBrowser())).kind).toBe('refused')
    ada.password = right
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('wait')
    await setPassword(here.core, await ada.account(), 'another good password')
    ada.password = 'another good password'
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('code-due')
  })

  it('sets no bad password, and none while there is no room', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.notices.length = 0
    const account = await ada.account()
    expect(await setPassword(here.core, account, 'short')).toEqual({ kind: 'bad-password', why: 'too-short' })
    expect(await setPassword({ ...here.core, passwords: fullHasher }, account, goodPassword)).toEqual({
      kind: 'busy',
    })
    expect(here.notices).toEqual([])
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
    expect(await ada.account()).toEqual(account)
  })

  it('resets the second factor: all of it goes, and the next sign-in sets up anew', async () => {
    const { ada, nothingGoesOn } = await someoneBusy()
    const account = await ada.account()
    for (let wrong = 1; wrong <= 6; wrong += 1) {
      await here.stores.attempts.reserve(codeKey(ada.id), codePolicy, noon)
      await here.stores.attempts.reserve(recoveryKey(ada.id), recoveryPolicy, noon)
    }
    expect(await resetSecondFactor(here.core, account)).toEqual({ totp: 1, passkey: 0, 'recovery-code': 10 })
    await nothingGoesOn()
    expect(await lastOf(ada)).toMatchObject(written('account.second-factor-reset'))
    const client = { address: '', userAgent: '' }
    expect(here.notices).toEqual([{ kind: 'second-factor-reset', account, at: noon, client, details: {} }])
    expect(await here.stores.authenticators.listOf(ada.id)).toEqual([])
    expect(await here.stores.recoveryCodes.saltOf(ada.id)).toBeNull()
    expect((await ada.account()).factorCounts.totp).toBe(0)
    const { knownDevice } = ada.browser
    expect(await here.stores.knownDevices.isKnown(ada.id, hashToken(nodePlatform, knownDevice!))).toBe(false)
    for (const [key, policy] of [
      [codeKey(ada.id), codePolicy],
      [recoveryKey(ada.id), recoveryPolicy],
    ] as const)
      expect(await here.stores.attempts.reserve(key, policy, noon)).toEqual({ kind: 'reserved', failures: 1 })
    const { signIn } = await ada.beginSignIn()
    const given = { signIn, browser: here.newBrowser() }
    expect((await giveCode(here.core, { ...given, code: ada.phone.code(), remember: false })).kind).toBe(
      'unreadable',
    )
    expect((await giveRecoveryCode(here.core, { ...given, code: ada.recoveryCodes[0]! })).kind).toBe('wrong')
    await ada.enrol()
    expect(await resetSecondFactor(here.core, await ada.account())).toEqual({
      totp: 1,
      passkey: 0,
      'recovery-code': 10,
    })
    expect(await resetSecondFactor(here.core, await ada.account())).toEqual({
      totp: 0,
      passkey: 0,
      'recovery-code': 0,
    })
  })
})
