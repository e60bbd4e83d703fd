import { decodeBase32 } from '@nightlatch/otp'
import { describe, expect, it } from 'vitest'
import { disableAccount } from '../../src/core/accounts/administration.js'
import { codeKey } from '../../src/core/factors/totp/counters.js'
import { recoveryKey } from '../../src/core/factors/recovery-codes/counters.js'
import { parseCode, tellOfWrongCodes } from '../../src/core/factors/totp/verify.js'
import type { SignedInNow } from '../../src/core/sign-in/start-session.js'
import { renewRecoveryCodes } from '../../src/core/accounts/changes.js'
import { acceptRecoveryCode } from '../../src/core/factors/recovery-codes/verify.js'
import { giveCode, giveRecoveryCode } from '../support/second-step.js'
import { findSession } from '../../src/core/sessions/session-lifetime.js'
import type { Stores } from '../../src/core/ports/stores.js'
import { hashToken } from '../../src/core/tokens.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { Phone } from '../support/phone.js'
import { rfcSecret, vectors } from '../support/vectors.js'
import { withStores } from '../support/with-stores.js'
import { aBox, fullHasher, inATable, justBeforeTheWrite, noon, useHere, withStorage } from './people.js'
import { givePhone } from '../support/people.js'
import type { Person } from './people.js'
import { overriding } from '../../src/storage/stores/store.js'

const here = useHere()

/** Another code of the same phone, typed in another browser. */
async function submit(person: Person, code = person.phone.code(), core = here.core) {
  const { signIn } = await person.beginSignIn()
  return giveCode(core, { signIn, browser: here.newBrowser(), code, remember: false })
}

async function recover(person: Person, code: string, core = here.core) {
  const { signIn } = await person.beginSignIn()
  return giveRecoveryCode(core, { signIn, browser: here.newBrowser(), code })
}

/** Somebody whose authenticator has the secret that the vectors are made with. */
async function someoneWithTheRfcSecret(): Promise<Person> {
  const ada = await here.someoneWithAPassword()
  await givePhone(here.core, ada, { secret: rfcSecret, name: 'RFC' })
  return ada
}

describe('a right code', () => {
  it('completes the sign-in', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn, token } = await ada.beginSignIn()
    const browser = here.newBrowser()
    const now = here.clock.seconds
    const given = { signIn, browser, code: ada.phone.code(), remember: false }
    const outcome = await giveCode(here.core, given)
    expect(outcome).toEqual({
      kind: 'complete',
      account: { ...(await ada.account()), lastSignInAt: noon },
      session: {
        id: expect.stringMatching(/^[a-z2-7]{26}$/) as string,
        account: ada.id,
        factors: ['password', 'totp'],
        strength: 'password+code',
        signedInAt: now,
        verifiedAt: now,
        lastSeenAt: now,
        expiresAt: now + 7 * 86_400,
        address: browser.client.address,
        userAgent: browser.client.userAgent,
      },
      token: expect.anything() as unknown,
      knownDevice: expect.anything() as unknown,
      isNewDevice: true,
      trustedDevice: null,
    })
    expect(await here.stores.signIns.findByTokenHash(hashToken(nodePlatform, token), now)).toBeNull()
    expect(await ada.lastEvent()).toMatchObject({
      event: 'sign-in.completed',
      at: now,
      address: browser.client.address,
      details: { factors: 'password+totp' },
    })
    expect((await ada.account()).lastSignInAt).toBe(now)
    expect(here.notices.map(({ kind }) => kind)).toEqual(['authenticator-added', 'new-device'])
    expect(await here.stores.trustedDevices.listOf(ada.id)).toEqual([])
  })

  it('marks its authenticator as used', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await submit(ada)
    const [one] = await here.stores.authenticators.listOf(ada.id)
    expect(one).toMatchObject({
      lastUsedAt: here.clock.seconds,
      lastStep: here.clock.seconds / 30,
    })
  })

  it.each([
    ['as shown by some apps', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`],
    ['with a hyphen', (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`],
    ['with blanks around it', (code: string) => `  ${code}\r\n`],
    ['in Arabic digits', (code: string) => code.replace(/\d/g, (d) => String.fromCharCode(0x660 + +d))],
    ['in Persian digits', (code: string) => code.replace(/\d/g, (d) => String.fromCharCode(0x6f0 + +d))],
    ['in Devanagari digits', (code: string) => code.replace(/\d/g, (d) => String.fromCharCode(0x966 + +d))],
    ['with direction marks', (code: string) => `\u200e\u202b${code}\u202c\u2069`],
    ['with marks of no width', (code: string) => code.split('').join('\u200b\u2060')],
    ['in full-width digits', (code: string) => code.replace(/\d/g, (d) => String.fromCharCode(0xff10 + +d))],
  ])('may be typed %s, once', async (_how, spell) => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    expect((await submit(ada, spell(ada.phone.code()))).kind).toBe('complete')
    expect((await submit(ada)).kind).toBe('wrong')
  })

  it('ends the session that the browser had until now', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const before = ada.browser.session
    const outcome = await ada.signIn(ada.browser)
    expect(await findSession(here.core, before)).toBeNull()
    expect(await findSession(here.core, outcome.token)).toMatchObject({ session: { id: outcome.session.id } })
    expect(await here.stores.sessions.listOf(ada.id)).toHaveLength(1)
  })

  it('keeps the known device, or makes the browser one', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const known = ada.browser.knownDevice
    expect((await ada.signIn(ada.browser)).knownDevice).toBe(known)
    const fresh = (await ada.signIn()).knownDevice
    expect(fresh.reveal()).toMatch(/^[\w-]{43}$/)
    const { knownDevices } = here.stores
    expect(await knownDevices.isKnown(ada.id, hashToken(nodePlatform, fresh))).toBe(true)
    expect(await knownDevices.isKnown(ada.id, fresh.reveal())).toBe(false)
  })

  it('makes no more than a hundred browsers known; the one that was not seen for longest goes', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { knownDevices } = here.stores
    for (let number = 0; number < 99; number += 1) await knownDevices.note(ada.id, `device${number}`, number)
    await ada.signIn(ada.browser)
    expect(await knownDevices.isKnown(ada.id, 'device0')).toBe(true)
    await ada.signIn()
    const isKnown = (device: string) => knownDevices.isKnown(ada.id, device)
    expect([await isKnown('device0'), await isKnown('device1')]).toEqual([false, true])
  })

  it('in a browser that was never used for the account is told to the owner, once', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.notices.length = 0
    const browser = here.newBrowser()
    const outcome = await ada.signIn(browser)
    expect(outcome.isNewDevice).toBe(true)
    expect(here.notices).toEqual([
      {
        kind: 'new-device',
        account: outcome.account,
        at: here.clock.seconds - 30,
        client: browser.client,
        details: {},
      },
    ])
    await ada.signIn({ ...browser, knownDevice: outcome.knownDevice })
    await ada.signIn(ada.browser)
    expect(here.notices).toHaveLength(1)
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    here.notices.length = 0
    await bob.signIn({ ...browser, knownDevice: outcome.knownDevice })
    expect(here.notices).toMatchObject([{ kind: 'new-device', account: { id: bob.id } }])
  })

  it('trusts the device only when asked to', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const browser = here.newBrowser({ client: { address: '192.0.2.5', userAgent: 'u'.repeat(300) } })
    const { trustedDevice, session } = await ada.signIn(browser, true)
    const at = here.clock.seconds - 30
    expect(trustedDevice?.reveal()).toMatch(/^[\w-]{43}$/)
    expect(await here.stores.trustedDevices.listOf(ada.id)).toEqual([
      {
        id: expect.stringMatching(/^[a-z2-7]{26}$/) as string,
        account: ada.id,
        createdAt: at,
        lastUsedAt: at,
        expiresAt: at + 30 * 86_400,
        userAgent: 'u'.repeat(256),
        address: '192.0.2.5',
      },
    ])
    expect(session.userAgent).toBe('u'.repeat(256))
    const [added, completed] = (await ada.trail()).slice(-2)
    expect(added).toMatchObject({ event: 'trusted-device.added', at, address: '192.0.2.5', details: {} })
    expect(completed).toMatchObject({ event: 'sign-in.completed' })
  })

  it('trusts twenty devices of a person: the one that was not used for longest makes room', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const first = await ada.signIn(here.newBrowser(), true)
    const second = await ada.signIn(here.newBrowser(), true)
    const used = await ada.givePassword(here.newBrowser({ trustedDevice: first.trustedDevice }))
    if (used.kind !== 'complete') throw new Error(used.kind)
    for (let number = 3; number <= 21; number += 1) await ada.signIn(here.newBrowser(), true)
    expect(await here.stores.trustedDevices.listOf(ada.id)).toHaveLength(20)
    const returns = async ({ trustedDevice }: SignedInNow) =>
      (await ada.givePassword(here.newBrowser({ trustedDevice }))).kind
    expect(await returns(second)).toBe('code-due')
    expect(await returns(used)).toBe('complete')
  })

  it('of any of several authenticators will do', async () => {
    const ada = await someoneWithTheRfcSecret()
    const secret = decodeBase32('MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U')!
    await givePhone(here.core, ada, { secret, name: 'Second' })
    here.clock.seconds = 1_111_111_111
    expect((await submit(ada, '050471')).kind).toBe('complete')
    const other = new Phone('MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U', here.clock)
    expect((await submit(ada, other.code())).kind).toBe('complete')
    expect((await submit(ada, other.code())).kind).toBe('wrong')
    const used = await here.stores.authenticators.listOf(ada.id)
    expect(used.map(({ lastStep }) => lastStep)).toEqual([37_037_037, 37_037_037])
  })
})

describe('the window', () => {
  const table = vectors<{
    now: number
    rows: readonly { step_offset: number; code: string; accept_window_1: boolean }[]
  }>('window-table')

  it.each(table.rows)('a code of step $step_offset: $accept_window_1', async (row) => {
    const ada = await someoneWithTheRfcSecret()
    here.clock.seconds = table.now
    expect((await submit(ada, row.code)).kind).toBe(row.accept_window_1 ? 'complete' : 'wrong')
  })

  const { sequences } = vectors<{
    sequences: readonly {
      name: string
      steps: readonly { now: number; code: string; expect: 'accept' | 'reject' }[]
    }[]
  }>('replay-sequences')

  it.each(sequences)('$name', async ({ steps }) => {
    const ada = await someoneWithTheRfcSecret()
    for (const { now, code, expect: expected } of steps) {
      here.clock.seconds = now
      expect((await submit(ada, code)).kind).toBe(expected === 'accept' ? 'complete' : 'wrong')
    }
  })

  const { rows } = vectors<{
    rows: readonly {
      totp_time_first: number
      totp_time_last: number
      code: string
      without_zeros: string
    }[]
  }>('leading-zero-codes')

  it.each(rows)('$code keeps its zeros', async (row) => {
    const ada = await someoneWithTheRfcSecret()
    here.clock.seconds = row.totp_time_first
    expect(await submit(ada, row.without_zeros)).toEqual({
      kind: 'malformed',
      problem: 'wrong-length',
      digits: row.without_zeros.length,
    })
    expect((await submit(ada, row.code)).kind).toBe('complete')
  })
})

describe('what cannot be a code', () => {
  const recoveryCode = 'k7qm-4xw4-9hd2-p3tn'
  const malformed = (problem: string, digits: number) => ({ kind: 'malformed', problem, digits })

  it.each([
    ['', malformed('empty', 0)],
    [' \n', malformed('empty', 0)],
    ['12345', malformed('wrong-length', 5)],
    ['1234567', malformed('wrong-length', 7)],
    ['12 34-5', malformed('wrong-length', 5)],
    ['abcdef', malformed('not-numbers', 6)],
    ['12345a', malformed('not-numbers', 6)],
    ['+123456', malformed('not-numbers', 7)],
    ['123456.0', malformed('not-numbers', 8)],
    ['123_456', malformed('not-numbers', 7)],
    ['①②③④⑤⑥', malformed('not-numbers', 6)],
    ['______', malformed('not-numbers', 6)],
    ["' OR '1'='1", malformed('not-numbers', 9)],
    [recoveryCode, malformed('looks-like-recovery-code', 18)],
    [recoveryCode.toUpperCase(), malformed('looks-like-recovery-code', 18)],
    [recoveryCode.replaceAll('-', ' '), malformed('looks-like-recovery-code', 16)],
    [`${recoveryCode}x`, malformed('not-numbers', 19)],
    ['1234-1234-1234-1234', malformed('wrong-length', 16)],
    ['1'.repeat(1000), malformed('wrong-length', 200)],
  ])('%j', (text, answer) => {
    expect(parseCode(text)).toEqual(answer)
  })

  it('six digits are a code', () => {
    expect(parseCode('000000')).toEqual({ kind: 'code', code: '000000' })
    expect(parseCode(' ９９９ ９９９ ')).toEqual({ kind: 'code', code: '999999' })
  })

  it('spends no attempt and ends nothing', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn } = await ada.beginSignIn()
    const before = await ada.events()
    for (let time = 0; time < 12; time += 1) {
      const given = { signIn, browser: here.newBrowser(), code: '12345', remember: false }
      expect(await giveCode(here.core, given)).toEqual(malformed('wrong-length', 5))
    }
    expect(await ada.events()).toEqual(before)
    const given = { signIn, browser: here.newBrowser(), code: ada.phone.code(), remember: false }
    expect((await giveCode(here.core, given)).kind).toBe('complete')
  })
})

describe('a wrong code', () => {
  it('is counted, written down and leaves the sign-in as it was', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn, token } = await ada.beginSignIn()
    const browser = here.newBrowser()
    for (const failures of [1, 2]) {
      const given = { signIn, browser, code: ada.phone.wrongCode(), remember: true }
      expect(await giveCode(here.core, given)).toEqual({ kind: 'wrong', failures })
      expect(await ada.lastEvent()).toMatchObject({
        event: 'code.refused',
        at: here.clock.seconds,
        address: browser.client.address,
        details: {},
      })
    }
    const hash = hashToken(nodePlatform, token)
    expect(await here.stores.signIns.findByTokenHash(hash, here.clock.seconds)).toMatchObject({ signIn })
    expect(await here.stores.trustedDevices.listOf(ada.id)).toEqual([])
  })

  it('waits from the fifth on: 30 seconds, doubled to an hour; across sign-ins', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (let failures = 1; failures <= 5; failures += 1)
      expect(await submit(ada, ada.phone.wrongCode())).toEqual({ kind: 'wrong', failures })
    let failures = 5
    for (const seconds of [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]) {
      const untilSeconds = here.clock.seconds + seconds
      expect(await submit(ada)).toEqual({ kind: 'wait', untilSeconds })
      expect(await ada.lastEvent()).toMatchObject({ event: 'code.throttled', at: here.clock.seconds })
      here.clock.advance(seconds - 1)
      expect(await submit(ada)).toEqual({ kind: 'wait', untilSeconds })
      here.clock.advance(1)
      failures += 1
      expect(await submit(ada, ada.phone.wrongCode())).toEqual({ kind: 'wrong', failures })
    }
    here.clock.advance(3600)
    expect((await submit(ada)).kind).toBe('complete')
    here.clock.advance(30)
    expect(await submit(ada, ada.phone.wrongCode())).toEqual({ kind: 'wrong', failures: 1 })
  })

  it('a right password does not set the count to zero', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (let failures = 1; failures <= 5; failures += 1) {
      await ada.beginSignIn()
      expect(await submit(ada, ada.phone.wrongCode())).toEqual({ kind: 'wrong', failures })
    }
  })

  it('the hundredth in a row locks codes, until a recovery code frees them', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await failCodes(ada, 99)
    here.clock.advance(3600)
    expect(await submit(ada, ada.phone.wrongCode())).toEqual({ kind: 'wrong', failures: 100 })
    here.clock.advance(400 * 86_400)
    expect(await submit(ada)).toEqual({ kind: 'locked' })
    expect(await ada.lastEvent()).toMatchObject({ event: 'code.locked', at: here.clock.seconds })
    expect((await recover(ada, ada.recoveryCodes[0]!)).kind).toBe('complete')
    expect((await submit(ada)).kind).toBe('complete')
  })

  it('the tenth in a row is told to the owner, once', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.notices.length = 0
    const browser = here.newBrowser()
    const { signIn } = await ada.beginSignIn()
    for (let wrong = 1; wrong <= 12; wrong += 1) {
      const given = { signIn, browser, code: ada.phone.wrongCode(), remember: false }
      expect((await giveCode(here.core, given)).kind).toBe('wrong')
      expect(here.notices).toHaveLength(wrong < 10 ? 0 : 1)
      here.clock.advance(3600)
    }
    expect(here.notices).toEqual([
      {
        kind: 'many-wrong-codes',
        account: await ada.account(),
        at: noon + 30 + 9 * 3600,
        client: browser.client,
        details: { failures: 10 },
      },
    ])
  })

  it('of an account that is gone is told to nobody', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.notices.length = 0
    await here.stores.accounts.remove(ada.id)
    await tellOfWrongCodes(here.core, here.stores, {
      account: ada.id,
      client: here.newBrowser().client,
      failures: 10,
    })
    expect(here.notices).toEqual([])
  })
})

/** Wrong codes in a row, without the waits between them. */
async function failCodes(person: Person, count: number): Promise<void> {
  const policy = { waitFrom: 1000, firstWaitSeconds: 30, longestWaitSeconds: 30, lockAt: null }
  for (let time = 0; time < count; time += 1)
    await here.stores.attempts.reserve(
      codeKey(person.id),
      { ...policy, forgetAfterSeconds: null },
      here.clock.seconds,
    )
}

describe('two at once', () => {
  it('the same code in one sign-in gives one session', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn } = await ada.beginSignIn()
    const code = ada.phone.code()
    const browser = here.newBrowser()
    const given = { signIn, browser, code, remember: false }
    const core = justBeforeTheWrite(here.core, () => giveCode(here.core, given))
    expect(await giveCode(core, given)).toEqual({ kind: 'over' })
    expect(await here.stores.sessions.listOf(ada.id)).toHaveLength(2)
  })

  it('the same code again finds the sign-in over, also when it comes after the first one was accepted', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn } = await ada.beginSignIn()
    const given = { signIn, browser: here.newBrowser(), code: ada.phone.code(), remember: false }
    expect((await giveCode(here.core, given)).kind).toBe('complete')
    expect(await giveCode(here.core, given)).toEqual({ kind: 'over' })
    expect(await here.stores.sessions.listOf(ada.id)).toHaveLength(2)
    const noCode = { ...given, code: '12345' }
    expect(await giveCode(here.core, noCode)).toMatchObject({ kind: 'malformed', problem: 'wrong-length' })
  })

  it('the same code in two sign-ins gives one session; the other one counts as wrong', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const code = ada.phone.code()
    const { signIn, token } = await ada.beginSignIn()
    const browser = here.newBrowser()
    const core = justBeforeTheWrite(here.core, () => submit(ada, code))
    const outcome = await giveCode(core, { signIn, browser, code, remember: true })
    expect(outcome).toEqual({ kind: 'wrong', failures: 1 })
    expect(await ada.lastEvent()).toMatchObject({
      event: 'code.refused',
      at: here.clock.seconds,
      address: browser.client.address,
      details: { reason: 'already-used' },
    })
    expect(await here.stores.sessions.listOf(ada.id)).toHaveLength(2)
    expect(await here.stores.trustedDevices.listOf(ada.id)).toEqual([])
    const hash = hashToken(nodePlatform, token)
    expect(await here.stores.signIns.findByTokenHash(hash, here.clock.seconds)).toMatchObject({ signIn })
  })

  it('a code that is spent between the look and the write is refused, and the trail says why', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const code = ada.phone.code()
    expect((await submit(ada, code)).kind).toBe('complete')
    const { signIn } = await ada.beginSignIn()
    const asBefore = (stores: Stores): Stores => {
      const { authenticators } = stores
      const listOf: typeof authenticators.listOf = async (account) =>
        (await authenticators.listOf(account)).map((one) => ({ ...one, lastStep: 0 }))
      return withStores(stores, { authenticators: overriding(authenticators, { listOf }) })
    }
    const core = withStorage(here.core, {
      atomically: (work) => here.storage.atomically((stores) => work(asBefore(stores))),
    })
    const browser = here.newBrowser()
    expect(await giveCode(core, { signIn, browser, code, remember: false })).toEqual({
      kind: 'wrong',
      failures: 1,
    })
    expect(await ada.lastEvent()).toMatchObject({
      event: 'code.refused',
      details: { reason: 'already-used' },
    })
    expect(await here.stores.sessions.listOf(ada.id)).toHaveLength(2)
  })

  it('fifty copies of one code give one session', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn } = await ada.beginSignIn()
    const given = { signIn, browser: here.newBrowser(), code: ada.phone.code(), remember: false }
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => giveCode(here.core, given)))
    expect(outcomes.filter(({ kind }) => kind === 'complete')).toHaveLength(1)
  })

  it('the same recovery code in two sign-ins gives one session', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const [code = ''] = ada.recoveryCodes
    const { signIn } = await ada.beginSignIn()
    const core = justBeforeTheWrite(here.core, () => recover(ada, code))
    const outcome = await giveRecoveryCode(core, { signIn, browser: here.newBrowser(), code })
    expect(outcome).toEqual({ kind: 'wrong', failures: 1 })
    expect(await ada.lastEvent()).toMatchObject({ event: 'recovery-code.refused' })
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(9)
  })
})

describe('a recovery code', () => {
  it('signs in without a fresh proof, says how many are left, and the owner is told', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.notices.length = 0
    const { signIn } = await ada.beginSignIn()
    const browser = here.newBrowser()
    const code = ada.recoveryCodes[3]!
    const outcome = await giveRecoveryCode(here.core, { signIn, browser, code })
    if (outcome.kind !== 'complete') throw new Error(outcome.kind)
    expect(outcome.session).toMatchObject({ factors: ['password', 'recovery-code'], verifiedAt: 0 })
    expect(outcome.trustedDevice).toBeNull()
    const [used, completed] = (await ada.trail()).slice(-2)
    const at = here.clock.seconds
    const from = { at, address: browser.client.address }
    expect(used).toMatchObject({ ...from, event: 'recovery-code.used', details: { left: 9 } })
    expect(completed).toMatchObject({
      ...from,
      event: 'sign-in.completed',
      details: { factors: 'password+recovery-code' },
    })
    expect(here.notices).toEqual([
      {
        kind: 'recovery-code-used',
        account: { ...outcome.account, lastSignInAt: at },
        at,
        client: browser.client,
        details: { left: 9 },
      },
    ])
  })

  const spellings = inATable<(code: string) => string>({
    'as shown': (code) => code,
    'in capitals': (code) => code.toUpperCase(),
    'with blanks': (code) => code.replaceAll('-', ' '),
    'without anything': (code) => code.replaceAll('-', ''),
    'with other dashes': (code) => code.replaceAll('-', '\u2013'),
    'with o for 0 and l and i for 1': (code) => code.replaceAll('0', 'o').replaceAll('1', 'l'),
    'with blanks around it': (code) => `\t${code}\n`,
    'in full-width letters': (code) =>
      code.replace(/[a-z0-9]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0)),
  })

  it.each(spellings)('may be typed %s, and only once', async (_how, spell) => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const [code = ''] = ada.recoveryCodes
    expect((await recover(ada, spell(code))).kind).toBe('complete')
    for (const [, again] of spellings.slice(0, 4))
      expect((await recover(ada, again(code))).kind).toBe('wrong')
  })

  it.each([
    ['', 'empty', 0],
    ['  ', 'empty', 0],
    ['%', 'wrong-length', 0],
    ['12345', 'wrong-length', 0],
    ['123 456', 'wrong-length', 6],
    ['k7qm-4xw4-9hd2-p3tu', 'wrong-length', 0],
    ['k7qm-4xw4-9hd2-p3t', 'wrong-length', 0],
    ['k7qm-4xw4-9hd2-p3tn0', 'wrong-length', 0],
  ])('%j cannot be one (%s, %i numbers of an app), and spends nothing', async (code, problem, digits) => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const before = (await ada.events()).length
    for (let time = 0; time < 6; time += 1)
      expect(await recover(ada, code)).toEqual({ kind: 'malformed', problem, digits })
    expect((await ada.events()).slice(before)).toEqual(Array(6).fill('sign-in.password-accepted'))
    expect((await recover(ada, ada.recoveryCodes[0]!)).kind).toBe('complete')
  })

  it('of another person is wrong', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    expect(await recover(ada, bob.recoveryCodes[0]!)).toEqual({ kind: 'wrong', failures: 1 })
    expect(await ada.lastEvent()).toMatchObject({ event: 'recovery-code.refused', at: here.clock.seconds })
    expect((await recover(bob, bob.recoveryCodes[0]!)).kind).toBe('complete')
  })

  it('of the set before is wrong', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const renewed = await renewRecoveryCodes(here.core, await ada.change())
    if (renewed.kind !== 'renewed') throw new Error(renewed.kind)
    expect((await recover(ada, ada.recoveryCodes[0]!)).kind).toBe('wrong')
    expect((await recover(ada, renewed.codes[0]!)).kind).toBe('complete')
  })

  it('is wrong where there are none', async () => {
    const ada = await someoneWithTheRfcSecret()
    expect(await recover(ada, 'k7qm-4xw4-9hd2-p3tn')).toEqual({ kind: 'wrong', failures: 1 })
  })

  it('has a counter of its own: five wrong ones, a wait, a lock that a day forgets', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (let failures = 1; failures <= 5; failures += 1)
      expect(await recover(ada, 'k7qm-4xw4-9hd2-p3tn')).toEqual({ kind: 'wrong', failures })
    const { signIn } = await ada.beginSignIn()
    const browser = here.newBrowser()
    const code = ada.recoveryCodes[0]!
    const wait = { kind: 'wait', untilSeconds: here.clock.seconds + 30 }
    expect(await giveRecoveryCode(here.core, { signIn, browser, code })).toEqual(wait)
    expect(await ada.lastEvent()).toMatchObject({
      event: 'recovery-code.throttled',
      at: here.clock.seconds,
      address: browser.client.address,
    })
    expect((await submit(ada, ada.phone.wrongCode())).kind).toBe('wrong')
    here.clock.advance(30)
    expect(await recover(ada, 'k7qm-4xw4-9hd2-p3tn')).toEqual({ kind: 'wrong', failures: 6 })
    here.clock.advance(60)
    expect((await recover(ada, code)).kind).toBe('complete')
    expect(await recover(ada, 'k7qm-4xw4-9hd2-p3tn')).toEqual({ kind: 'wrong', failures: 1 })
  })

  it('is locked at a hundred, also while codes are', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const policy = { waitFrom: 1000, firstWaitSeconds: 30, longestWaitSeconds: 30, lockAt: null }
    const own = { ...policy, forgetAfterSeconds: 86_400 }
    for (let time = 0; time < 100; time += 1)
      await here.stores.attempts.reserve(recoveryKey(ada.id), own, here.clock.seconds)
    expect(await recover(ada, ada.recoveryCodes[0]!)).toEqual({ kind: 'locked' })
    expect(await ada.lastEvent()).toMatchObject({ event: 'recovery-code.throttled' })
    expect((await submit(ada)).kind).toBe('complete')
    here.clock.advance(86_401)
    expect((await recover(ada, ada.recoveryCodes[0]!)).kind).toBe('complete')
  })

  it('is not spent, nor the attempt, while there is no room to hash it', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const full = { ...here.core, passwords: fullHasher }
    for (let time = 0; time < 8; time += 1)
      expect(await recover(ada, ada.recoveryCodes[0]!, full)).toEqual({ kind: 'busy' })
    expect((await recover(ada, ada.recoveryCodes[0]!)).kind).toBe('complete')
  })

  it('is not spent when the sign-in was over', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn } = await ada.beginSignIn()
    await here.stores.signIns.endAllOf(ada.id)
    const given = { signIn, browser: here.newBrowser(), code: ada.recoveryCodes[0]! }
    here.notices.length = 0
    expect(await giveRecoveryCode(here.core, given)).toEqual({ kind: 'over' })
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
    expect(here.notices).toEqual([])
  })

  it('of a disabled account is not spent', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn } = await ada.beginSignIn()
    await here.stores.accounts.setDisabled(ada.id, true)
    const given = { signIn, browser: here.newBrowser(), code: ada.recoveryCodes[0]! }
    expect(await giveRecoveryCode(here.core, given)).toEqual({ kind: 'over' })
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
    expect(await ada.events()).not.toContain('recovery-code.used')
    await disableAccount(here.core, await ada.account())
  })

  it('that is spent says so once', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const given = { account: ada.id, hash: 'no such hash', failures: 1, client: ada.browser.client }
    expect(await acceptRecoveryCode(here.core, here.stores, given)).toEqual({ kind: 'wrong', failures: 1 })
    expect(await ada.events()).not.toContain('recovery-code.used')
  })
})

describe('a lost root key', () => {
  it('lets nobody in with a code, spends no attempt, and recovery codes still work', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const lost = { ...here.core, box: aBox() }
    for (let time = 0; time < 12; time += 1)
      expect(await submit(ada, ada.phone.code(), lost)).toEqual({ kind: 'unreadable' })
    expect(await ada.lastEvent()).toMatchObject({
      event: 'authenticator.unreadable',
      at: here.clock.seconds,
    })
    expect((await recover(ada, ada.recoveryCodes[0]!, lost)).kind).toBe('complete')
    expect((await submit(ada)).kind).toBe('complete')
  })

  it('of one authenticator of two leaves the other one', async () => {
    const ada = await someoneWithTheRfcSecret()
    for (const name of ['First', 'Last'])
      await givePhone(here.core, ada, { secret: rfcSecret, box: aBox(), name })
    here.clock.seconds = 1_111_111_111
    expect(await submit(ada, '000000')).toEqual({ kind: 'wrong', failures: 1 })
    expect((await submit(ada, '050471')).kind).toBe('complete')
  })

  it('a secret that was moved from another row opens nothing', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const eve = await here.someoneWithAnAuthenticatorApp('eve')
    const [hers] = await here.stores.authenticators.listOf(ada.id)
    const [evil] = await here.stores.authenticators.listOf(eve.id)
    await here.stores.authenticators.reseal(hers!.id, { from: hers!.sealed, to: evil!.sealed })
    expect(await submit(ada, eve.phone.code())).toEqual({ kind: 'unreadable' })
  })
})
