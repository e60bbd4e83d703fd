import { describe, expect, it } from 'vitest'
import { changePassword } from '../../src/core/accounts/changes.js'
import {
  disableAccount,
  enableAccount,
  inviteAccount,
  removeAccount,
  setPassword,
} from '../../src/core/accounts/administration.js'
import type { Browser, SignedInNow } from '../../src/core/sign-in/start-session.js'
import { acceptPassword, givePassword } from '../../src/core/sign-in/password-step.js'
import { findSignIn, giveUpSignIn } from '../../src/core/sign-in/code-step.js'
import { giveCode } from '../support/second-step.js'
import { findSession } from '../../src/core/sessions/session-lifetime.js'
import { Secret } from '../../src/core/secret.js'
import { hashToken, newToken } from '../../src/core/tokens.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { justBeforeTheWrite, fullHasher, goodPassword, noon, useHere, whileHashing } from './people.js'
import type { Person } from './people.js'

const here = useHere()
const refused = { kind: 'refused' }

const guess = (person: Person, browser: Browser, password = 'not the password') =>
  givePassword(here.core, { username: person.username, password, browser })

const atAddress = (address: string): Browser => here.newBrowser({ client: { address, userAgent: 'Guesser' } })

describe('a right password', () => {
  it('leads to the set-up where there is no second factor yet', async () => {
    const ada = await here.someoneWithAPassword()
    const browser = here.newBrowser()
    const outcome = await ada.givePassword(browser)
    expect(outcome).toEqual({
      kind: 'set-up-due',
      account: await ada.account(),
      signIn: {
        id: expect.stringMatching(/^[a-z2-7]{26}$/) as string,
        account: ada.id,
        startedAt: noon,
        expiresAt: noon + 900,
      },
      token: expect.anything() as unknown,
    })
    expect(await ada.lastEvent()).toMatchObject({
      event: 'sign-in.password-accepted',
      at: noon,
      address: browser.client.address,
      userAgent: browser.client.userAgent,
      details: {},
    })
    expect((await ada.account()).lastSignInAt).toBe(0)
  })

  it('leads to the code where there is one', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const outcome = await ada.givePassword(here.newBrowser())
    if (outcome.kind !== 'code-due') throw new Error(outcome.kind)
    expect(await findSession(here.core, outcome.token)).toBeNull()
    expect((await findSignIn(here.core, outcome.token))?.signIn).toEqual(outcome.signIn)
    expect(await here.stores.sessions.listOf(ada.id)).toHaveLength(1)
  })

  it('is enough where people choose and this one chose none', async () => {
    const ada = await here.someoneWithAPassword()
    const browser = here.newBrowser()
    const outcome = await ada.givePassword(browser, here.optional)
    if (outcome.kind !== 'complete') throw new Error(outcome.kind)
    expect(outcome.session).toMatchObject({ factors: ['password'], verifiedAt: noon })
    expect(outcome.trustedDevice).toBeNull()
    expect(await findSession(here.optional, outcome.token)).toMatchObject({ session: outcome.session })
    expect(await ada.lastEvent()).toMatchObject({
      event: 'sign-in.completed',
      details: { factors: 'password' },
    })
    const asked = { ...ada.typed(), browser: atAddress('192.0.2.77') }
    for (let time = 0; time < 60; time += 1)
      expect((await givePassword(here.optional, asked)).kind).toBe('complete')
  })

  it('alone in a new browser is told to the owner, but not the very first sign-in', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    expect(here.notices).toEqual([])
    await ada.givePassword(ada.browser, here.optional)
    expect(here.notices).toEqual([])
    const browser = here.newBrowser()
    await ada.givePassword(browser, here.optional)
    expect(here.notices).toMatchObject([
      { kind: 'new-device', account: { id: ada.id }, at: noon, client: browser.client },
    ])
  })

  it('where people choose still leads to the code of whoever has one', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    expect((await ada.givePassword(here.newBrowser(), here.optional)).kind).toBe('code-due')
  })

  it('is looked up by the name in any case', async () => {
    const ada = await here.someoneWithAPassword()
    const typed = { username: ` ${ada.username.toUpperCase()} `, password: goodPassword }
    expect((await givePassword(here.core, { ...typed, browser: here.newBrowser() })).kind).toBe('set-up-due')
  })

  it('counts while it is being looked at, and is given back while there is no room', async () => {
    const ada = await here.someoneWithAPassword()
    const browser = atAddress('192.0.2.80')
    const full = { ...here.core, passwords: fullHasher }
    const given = { ...ada.typed(), browser }
    for (let time = 0; time < 60; time += 1) expect(await givePassword(full, given)).toEqual({ kind: 'busy' })
    expect((await givePassword(here.core, given)).kind).toBe('set-up-due')
    expect(await ada.events()).toEqual(['account.created', 'sign-in.password-accepted'])
  })
})

describe('a wrong password', () => {
  it('is refused like an unknown name and a disabled account', async () => {
    const ada = await here.someoneWithAPassword()
    const browser = here.newBrowser()
    expect(await guess(ada, browser)).toEqual(refused)
    expect(await ada.lastEvent()).toMatchObject({ event: 'sign-in.password-refused', at: noon, details: {} })
    expect(await givePassword(here.core, { username: 'nobody', password: goodPassword, browser })).toEqual(
      refused,
    )
    expect(await givePassword(here.core, { username: 'no body', password: goodPassword, browser })).toEqual(
      refused,
    )
    await disableAccount(here.core, await ada.account())
    expect(await ada.givePassword(browser)).toEqual(refused)
    await enableAccount(here.core, await ada.account())
    expect((await ada.givePassword(browser)).kind).toBe('set-up-due')
  })

  it('for an unknown name leaves no name in the audit trail', async () => {
    const browser = here.newBrowser()
    await givePassword(here.core, { username: 'my secret password', password: 'x', browser })
    const [latest] = await here.stores.audit.list({ limit: 1 })
    expect(latest).toMatchObject({
      event: 'sign-in.password-refused',
      account: null,
      address: browser.client.address,
    })
    expect(JSON.stringify(latest)).not.toContain('my secret')
  })

  it('brings a wait from the tenth on, which doubles; a right password then is not looked at', async () => {
    const ada = await here.someoneWithAPassword()
    for (let wrong = 1; wrong <= 10; wrong += 1) expect(await guess(ada, here.newBrowser())).toEqual(refused)
    const wait = { kind: 'wait', untilSeconds: noon + 30 }
    expect(await ada.givePassword(here.newBrowser())).toEqual(wait)
    expect(await ada.lastEvent()).toMatchObject({ event: 'sign-in.password-throttled', at: noon })
    here.clock.advance(29)
    expect(await ada.givePassword(here.newBrowser())).toEqual(wait)
    here.clock.advance(1)
    expect(await guess(ada, here.newBrowser())).toEqual(refused)
    expect(await guess(ada, here.newBrowser())).toEqual({ kind: 'wait', untilSeconds: noon + 90 })
    here.clock.advance(60)
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('set-up-due')
    for (let wrong = 1; wrong <= 10; wrong += 1) expect(await guess(ada, here.newBrowser())).toEqual(refused)
  })

  it('for an unknown name counts in the same way, however the name is written', async () => {
    const spellings = ['ghost', 'GHOST', ' ghost ', 'Ghost']
    const ask = (time: number) =>
      givePassword(here.core, {
        username: spellings[time % 4] ?? '',
        password: 'x',
        browser: here.newBrowser(),
      })
    for (let wrong = 1; wrong <= 10; wrong += 1) expect(await ask(wrong)).toEqual(refused)
    expect(await ask(11)).toEqual({ kind: 'wait', untilSeconds: noon + 30 })
    const other = { username: 'ghost2', password: 'x', browser: here.newBrowser() }
    expect(await givePassword(here.core, other)).toEqual(refused)
  })

  it('for an unknown name counts as one however its domain is written', async () => {
    const ask = (username: string) =>
      givePassword(here.core, { username, password: 'x', browser: here.newBrowser() })
    for (let wrong = 1; wrong <= 10; wrong += 1)
      expect(await ask(wrong % 2 === 0 ? 'ghost@b\u00fccher.test' : 'Ghost@xn--bcher-kva.test')).toEqual(
        refused,
      )
    expect(await ask('ghost@b\u00fccher.test')).toMatchObject({ kind: 'wait' })
  })

  it('for a name that cannot be one counts whatever form its letters have', async () => {
    const ask = (username: string) =>
      givePassword(here.core, { username, password: 'x', browser: here.newBrowser() })
    for (let wrong = 1; wrong <= 10; wrong += 1)
      expect(await ask(wrong % 2 === 0 ? 'no caf\u00e9 ' : ' No cafe\u0301')).toEqual(refused)
    expect(await ask('no caf\u00e9')).toMatchObject({ kind: 'wait' })
  })

  it('counts for the address from the fiftieth on, whoever is guessed; IPv6 by /64', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => here.someoneWithAPassword()))
    const from = (number: number) => atAddress(`2001:db8:7:7::${number}`)
    for (let wrong = 0; wrong < 50; wrong += 1)
      expect(await guess(people[wrong % 6]!, from(wrong))).toEqual(refused)
    const grace = await here.someoneWithAPassword('grace')
    expect(await grace.givePassword(from(99))).toEqual({ kind: 'wait', untilSeconds: noon + 30 })
    expect((await grace.givePassword(atAddress('2001:db8:7:8::1'))).kind).toBe('set-up-due')
    // The blocked address did not move the account's own count.
    for (let wrong = 1; wrong <= 10; wrong += 1)
      expect(await guess(grace, here.newBrowser())).toEqual(refused)
    expect((await guess(grace, here.newBrowser())).kind).toBe('wait')
  })

  it('does not count for an address that nobody knows', async () => {
    const nowhere = atAddress('')
    for (let person = 0; person < 12; person += 1) {
      const username = `nobody.${person}`
      for (let wrong = 0; wrong < 5; wrong += 1)
        expect(await givePassword(here.core, { username, password: 'x', browser: nowhere })).toEqual(refused)
    }
  })

  it('counts for the account also where nobody knows the address', async () => {
    const ada = await here.someoneWithAPassword()
    for (let wrong = 1; wrong <= 10; wrong += 1) expect(await guess(ada, atAddress(''))).toEqual(refused)
    expect((await ada.givePassword(atAddress(''))).kind).toBe('wait')
  })

  it('for an unknown name is refused also in a browser that somebody else has signed in with', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const given = { username: 'nobody', password: 'x', browser: ada.browser }
    expect(await givePassword(here.core, given)).toEqual(refused)
  })

  it('is refused for an account without one, and for an unknown name, whatever is typed', async () => {
    const password = 'the password of nobody'
    const unknownAccountHash = await here.core.passwords.hash(new Secret(password))
    const core = { ...here.core, passwords: { ...here.core.passwords, unknownAccountHash } }
    const invited = await inviteAccount(here.core, { username: `bob.${here.next()}`, admin: false })
    if (invited.kind !== 'invited') throw new Error(invited.kind)
    for (const username of ['nobody', invited.account.username])
      expect(await givePassword(core, { username, password, browser: here.newBrowser() })).toEqual(refused)
  })

  it('of a stranger does not keep a device out that has signed in before, nor the other way round', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const known = { ...here.newBrowser(), knownDevice: ada.browser.knownDevice }
    for (let wrong = 1; wrong <= 10; wrong += 1) await guess(ada, here.newBrowser())
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('wait')
    expect((await ada.givePassword(known)).kind).toBe('code-due')
    for (let wrong = 1; wrong <= 10; wrong += 1) expect(await guess(ada, known)).toEqual(refused)
    expect(await ada.givePassword(known)).toEqual({ kind: 'wait', untilSeconds: here.clock.seconds + 30 })
    here.clock.advance(30)
    expect((await ada.givePassword(known)).kind).toBe('code-due')
    for (let wrong = 1; wrong <= 10; wrong += 1) expect(await guess(ada, known)).toEqual(refused)
  })

  it("of a device that another person knows counts like a stranger's", async () => {
    const [ada, eve] = [await here.someoneWithAPassword(), await here.someoneWithAnAuthenticatorApp('eve')]
    const evil = { ...here.newBrowser(), knownDevice: eve.browser.knownDevice }
    for (let wrong = 1; wrong <= 10; wrong += 1) await guess(ada, evil)
    expect((await ada.givePassword(here.newBrowser())).kind).toBe('wait')
  })

  it('a known device is not counted for its address', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const known = { ...atAddress('192.0.2.90'), knownDevice: ada.browser.knownDevice }
    for (let time = 0; time < 60; time += 1) {
      if ((await guess(ada, known)).kind === 'wait') here.clock.advance(3600)
    }
    const grace = await here.someoneWithAPassword('grace')
    expect((await grace.givePassword(atAddress('192.0.2.90'))).kind).toBe('set-up-due')
  })

  it('failures of more than a day ago count no more', async () => {
    const ada = await here.someoneWithAPassword()
    for (let wrong = 1; wrong <= 9; wrong += 1) await guess(ada, here.newBrowser())
    here.clock.advance(86_401)
    for (let wrong = 1; wrong <= 10; wrong += 1) expect(await guess(ada, here.newBrowser())).toEqual(refused)
    expect((await guess(ada, here.newBrowser())).kind).toBe('wait')
  })
})

describe('the address gets back no more than the one attempt of a right password', () => {
  it('so that one good account buys no tries at the others', async () => {
    const eve = await here.someoneWithAPassword('eve')
    const here1 = atAddress('192.0.2.91')
    for (let wrong = 0; wrong < 49; wrong += 1)
      await givePassword(here.core, { username: `victim.${wrong}`, password: 'x', browser: here1 })
    expect((await eve.givePassword(here1)).kind).toBe('set-up-due')
    const last = { username: 'victim.50', password: 'x', browser: here1 }
    expect(await givePassword(here.core, last)).toEqual(refused)
    expect((await eve.givePassword(here1)).kind).toBe('wait')
  })
})

describe('a trusted device', () => {
  async function withTrust() {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const browser = here.newBrowser()
    const { trustedDevice } = await ada.signIn(browser, true)
    if (trustedDevice === null) throw new Error('not trusted')
    return { ada, browser: { ...here.newBrowser(), trustedDevice } }
  }

  it('stands in for the code, and its cookie has a new value each time', async () => {
    const { ada, browser } = await withTrust()
    const outcome = await ada.givePassword(browser)
    if (outcome.kind !== 'complete') throw new Error(outcome.kind)
    expect(outcome.session).toMatchObject({ factors: ['password', 'device'], verifiedAt: 0 })
    expect(outcome.trustedDevice?.reveal()).toMatch(/^[\w-]{43}$/)
    expect(outcome.trustedDevice?.reveal()).not.toBe(browser.trustedDevice.reveal())
    expect(await ada.lastEvent()).toMatchObject({
      event: 'sign-in.completed',
      details: { factors: 'password+device' },
    })
    const again = await ada.givePassword({ ...browser, trustedDevice: outcome.trustedDevice })
    expect(again.kind).toBe('complete')
    expect(await here.stores.trustedDevices.listOf(ada.id)).toMatchObject([
      { lastUsedAt: here.clock.seconds },
    ])
  })

  it('whose old value comes back was copied: it is trusted no more', async () => {
    const { ada, browser } = await withTrust()
    const owner = await ada.givePassword(browser)
    if (owner.kind !== 'complete') throw new Error(owner.kind)
    expect(await findSession(here.core, owner.token)).not.toBeNull()
    expect((await ada.givePassword(browser)).kind).toBe('code-due')
    const events = (await ada.events()).slice(-2)
    expect(events).toEqual(['trusted-device.reused', 'sign-in.password-accepted'])
    expect((await ada.trail()).at(-2)).toMatchObject({
      at: here.clock.seconds,
      address: browser.client.address,
    })
    expect((await ada.givePassword({ ...browser, trustedDevice: owner.trustedDevice })).kind).toBe('code-due')
    expect(await here.stores.trustedDevices.listOf(ada.id)).toEqual([])
  })

  it('DEV-8 used in two windows at the same moment is no theft: the slower one asks for the code', async () => {
    const { ada, browser } = await withTrust()
    let first: Awaited<ReturnType<typeof ada.givePassword>> | null = null
    const slower = justBeforeTheWrite(here.core, async () => {
      first = await ada.givePassword(browser)
    })
    expect((await ada.givePassword(browser, slower)).kind).toBe('code-due')
    if (first === null) throw new Error('the first window was not asked')
    const faster = first as SignedInNow
    expect(faster.kind).toBe('complete')
    expect(await ada.events()).not.toContain('trusted-device.reused')
    expect(here.notices.map(({ kind }) => kind)).not.toContain('trusted-device-copied')
    const next = { ...browser, trustedDevice: faster.trustedDevice }
    expect((await ada.givePassword(next)).kind).toBe('complete')
    // The next use of the old value had begun when it was old already.
    expect((await ada.givePassword(browser)).kind).toBe('code-due')
    expect(here.notices.map(({ kind }) => kind)).toContain('trusted-device-copied')
  })

  it('of an unknown value or of another person asks for the code, and nothing else happens', async () => {
    const { ada } = await withTrust()
    const { browser: eves } = await withTrust()
    const unknown = { ...here.newBrowser(), trustedDevice: newToken(nodePlatform) }
    expect((await ada.givePassword(eves)).kind).toBe('code-due')
    expect((await ada.givePassword(unknown)).kind).toBe('code-due')
    expect(await ada.events()).not.toContain('trusted-device.reused')
    expect(await here.stores.trustedDevices.listOf(ada.id)).toHaveLength(1)
  })

  it.each([
    ['a second before its 30 days', 30 * 86_400 - 1, 'complete'],
    ['at 30 days', 30 * 86_400, 'code-due'],
  ])('%s', async (_when, age, kind) => {
    const { ada, browser } = await withTrust()
    here.clock.advance(age - 30)
    expect((await ada.givePassword(browser)).kind).toBe(kind)
  })

  it('clears the count of wrong passwords like any sign-in', async () => {
    const { ada, browser } = await withTrust()
    for (let round = 0; round < 3; round += 1) {
      for (let wrong = 1; wrong < 10; wrong += 1) expect(await guess(ada, here.newBrowser())).toEqual(refused)
      const outcome = await ada.givePassword(browser)
      if (outcome.kind !== 'complete') throw new Error(outcome.kind)
      browser.trustedDevice = outcome.trustedDevice!
    }
  })

  it('needs the right password all the same', async () => {
    const { ada, browser } = await withTrust()
    expect(await guess(ada, browser)).toEqual(refused)
    expect((await ada.givePassword(browser)).kind).toBe('complete')
  })
})

describe('what is changed while the password is looked at counts', () => {
  it('a disabled account gets nothing', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    const core = whileHashing(here.optional, async () => disableAccount(here.core, await ada.account()))
    expect(await givePassword(core, { ...ada.typed(), browser: here.newBrowser() })).toEqual(refused)
    await enableAccount(here.core, await ada.account())
    expect(await here.stores.sessions.listOf(ada.id)).toEqual([])
  })

  it('a removed account gets nothing', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    const core = whileHashing(here.optional, async () => removeAccount(here.core, await ada.account()))
    expect(await givePassword(core, { ...ada.typed(), browser: here.newBrowser() })).toEqual(refused)
  })

  it.each(['required', 'optional'] as const)(
    'a password that was changed is right no more (%s)',
    async (mfa) => {
      const ada = await here.someoneWithoutASecondFactor()
      const policy = { ...here.core.policy, mfa }
      const core = whileHashing({ ...here.core, policy }, async () =>
        setPassword(here.core, await ada.account(), 'another good password'),
      )
      expect(await givePassword(core, { ...ada.typed(), browser: here.newBrowser() })).toEqual(refused)
      expect(await here.stores.sessions.listOf(ada.id)).toEqual([])
      expect(await ada.lastEvent()).toMatchObject({ event: 'sign-in.password-refused' })
    },
  )

  it('a trusted device of the old password opens nothing', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { trustedDevice } = await ada.signIn(here.newBrowser(), true)
    const core = whileHashing(here.core, async () =>
      setPassword(here.core, await ada.account(), 'another good password'),
    )
    const browser = here.newBrowser({ trustedDevice })
    expect(await givePassword(core, { ...ada.typed(), browser })).toEqual(refused)
  })

  it('a trusted device of an account that is not as it was opens nothing', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { trustedDevice } = await ada.signIn(here.newBrowser(), true)
    const core = whileHashing(here.core, () => here.stores.accounts.setDisabled(ada.id, true))
    const browser = here.newBrowser({ trustedDevice })
    expect(await givePassword(core, { ...ada.typed(), browser })).toEqual(refused)
  })

  it('a second factor that was switched on is asked for', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    const core = whileHashing(here.optional, () => ada.enrol())
    expect(await givePassword(core, { ...ada.typed(), browser: here.newBrowser() })).toMatchObject({
      kind: 'code-due',
    })
  })

  it('who is changed all the time is asked to try again, and nothing is counted', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    const { passwords } = here.core
    let looked = 0
    const verify: typeof passwords.verify = async (hash, password) => {
      looked += 1
      const answer = await passwords.verify(hash, password)
      const { passwordHash } = await ada.account()
      await here.stores.accounts.setPasswordHash(ada.id, await otherHash(passwordHash))
      return answer
    }
    const otherHash = async (not: string): Promise<string> => {
      const hash = await passwords.hash(new Secret(ada.password))
      if (hash === 'busy' || hash === not) throw new Error('no other hash')
      return hash
    }
    const core = { ...here.optional, passwords: { ...passwords, verify } }
    const given = { ...ada.typed(), browser: here.newBrowser() }
    for (let time = 0; time < 12; time += 1) expect(await givePassword(core, given)).toEqual({ kind: 'busy' })
    expect(looked).toBe(12 * 3)
    expect((await givePassword(here.optional, given)).kind).toBe('complete')
  })

  it('acceptance itself says that the account changed, and writes nothing', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const account = await ada.account()
    const settled: string[] = []
    const accept = (own: Partial<typeof account>) =>
      acceptPassword(here.core, {
        account: { ...account, ...own },
        browser: here.newBrowser({ trustedDevice: newToken(nodePlatform) }),
        settle: () => {
          settled.push('settled')
          return Promise.resolve()
        },
      })
    for (const own of [{ passwordHash: 'x' }, { factorCounts: { totp: 2 } }, { factorCounts: { totp: 0 } }])
      expect(await accept(own)).toEqual({ kind: 'changed-meanwhile' })
    expect(settled).toEqual([])
    expect((await accept({})).kind).toBe('code-due')
    expect(settled).toEqual(['settled'])
  })
})

describe('a sign-in in progress', () => {
  it.each([
    ['a second before its 15 minutes', 899, true],
    ['at 15 minutes', 900, false],
  ])('%s', async (_when, age, lasts) => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn, token } = await ada.beginSignIn()
    here.clock.advance(age)
    expect(await findSignIn(here.core, token)).toEqual(
      lasts ? { signIn, account: await ada.account() } : null,
    )
  })

  it('is nothing without its token, and no session with it', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { token } = await ada.beginSignIn()
    expect(await findSignIn(here.core, null)).toBeNull()
    expect(await findSignIn(here.core, newToken(nodePlatform))).toBeNull()
    expect(await findSession(here.core, token)).toBeNull()
    expect(await here.stores.signIns.findByTokenHash(token.reveal(), noon)).toBeNull()
    expect(await here.stores.signIns.findByTokenHash(hashToken(nodePlatform, token), noon)).not.toBeNull()
  })

  it('ends when somebody gives up half-way: no copy of its cookie is worth anything', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const [first, second] = [await ada.beginSignIn(), await ada.beginSignIn()]
    await giveUpSignIn(here.core, null)
    await giveUpSignIn(here.core, first.token)
    expect(await findSignIn(here.core, first.token)).toBeNull()
    expect(await findSignIn(here.core, second.token)).not.toBeNull()
  })

  it('ends when the account is disabled or removed, or the password is changed', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const first = await ada.beginSignIn()
    await disableAccount(here.core, await ada.account())
    expect(await findSignIn(here.core, first.token)).toBeNull()
    await enableAccount(here.core, await ada.account())
    expect(await findSignIn(here.core, first.token)).toBeNull()

    await ada.signIn(ada.browser).then((outcome) => ada.keep(outcome))
    const second = await ada.beginSignIn()
    const change = { ...(await ada.change()), current: goodPassword, next: 'another good password' }
    expect((await changePassword(here.core, change)).kind).toBe('changed')
    expect(await findSignIn(here.core, second.token)).toBeNull()

    ada.password = 'another good password'
    const third = await ada.beginSignIn()
    await removeAccount(here.core, await ada.account())
    expect(await findSignIn(here.core, third.token)).toBeNull()
  })

  it('of an account that is disabled at the last moment completes nothing', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn, token } = await ada.beginSignIn()
    await here.stores.accounts.setDisabled(ada.id, true)
    expect(await findSignIn(here.core, token)).toBeNull()
    const given = { signIn, browser: here.newBrowser(), code: ada.phone.code(), remember: false }
    expect(await giveCode(here.core, given)).toEqual({ kind: 'over' })
    await here.stores.accounts.setDisabled(ada.id, false)
    expect(await giveCode(here.core, given)).toMatchObject({ kind: 'complete' })
  })

  it('of an account that is removed at the last moment completes nothing', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn } = await ada.beginSignIn()
    const core = justBeforeTheWrite(here.core, async () => removeAccount(here.core, await ada.account()))
    const given = { signIn, browser: here.newBrowser(), code: ada.phone.code(), remember: false }
    expect(await giveCode(core, given)).toEqual({ kind: 'over' })
  })
})
