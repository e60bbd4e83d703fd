import { Hotp, Totp } from '@nightlatch/otp'
import { describe, expect, it } from 'vitest'
import { closeAfterRestore } from '../../src/core/maintenance/after-restore.js'
import type { AuthenticatorSecret } from '../../src/core/factors/totp/store.js'
import { ourOtp } from '../../src/core/factors/totp/store.js'
import { resynchroniseFor, resynchroniseOwn } from '../../src/core/factors/totp/resynchronise.js'
import type { AuthenticatorId } from '../../src/core/ids.js'
import { giveCode, giveRecoveryCode } from '../support/second-step.js'
import { givePhone } from '../support/people.js'
import { rfcSecret } from '../support/vectors.js'
import type { Person } from './people.js'
import { noon, useHere } from './people.js'

const here = useHere()

/** Somebody with one authenticator of this kind, whose clock is off by so many seconds. */
class Device {
  readonly totp: Totp
  readonly hotp: Hotp
  readonly ada: Person
  readonly id: AuthenticatorId

  constructor(ada: Person, id: AuthenticatorId, otp: Partial<AuthenticatorSecret>) {
    this.ada = ada
    this.id = id
    const { algorithm, digits, period } = { ...ourOtp, ...otp }
    this.totp = new Totp({ secret: rfcSecret, algorithm, digits, periodSeconds: period })
    this.hotp = new Hotp({ secret: rfcSecret, algorithm, digits })
  }

  static async of(otp: Partial<AuthenticatorSecret> = {}): Promise<Device> {
    const ada = await here.someoneWithAPassword()
    const { id } = await givePhone(here.core, ada, { secret: rfcSecret, ...otp })
    return new Device(ada, id, otp)
  }

  get step(): number {
    return this.totp.periodSeconds
  }

  /** What it shows while its clock is off by so many steps. */
  code(steps: number): string {
    return this.totp.at(here.clock.seconds + steps * this.step)
  }

  async signIn(code: string): Promise<string> {
    const { signIn } = await this.ada.beginSignIn()
    return (await giveCode(here.core, { signIn, browser: here.newBrowser(), code })).kind
  }

  async resync(first: string, second: string) {
    return resynchroniseFor(here.core, {
      account: await this.ada.account(),
      id: this.id,
      codes: [first, second],
    })
  }

  async kept(): Promise<AuthenticatorSecret> {
    const [one] = await here.stores.authenticators.listOf(this.ada.id)
    if (one === undefined) throw new Error('it is gone')
    return one
  }
}

describe('an authenticator whose clock is off', () => {
  it.each([
    ['a little behind', {}, -4],
    ['ahead', {}, 7],
    ['a day behind', {}, -2879],
    [
      'a day ahead, with steps of a minute, eight digits and SHA-512',
      { period: 60, digits: 8, algorithm: 'SHA512' } as const,
      1439,
    ],
  ])('%s signs in again after two codes in a row', async (_what, otp, off) => {
    const device = await Device.of(otp)
    expect(await device.signIn(device.code(off))).toBe('wrong')
    const [first, second] = [device.code(off - 1), device.code(off)]
    expect(await device.resync(first, second)).toMatchObject({
      kind: 'resynchronised',
      driftSeconds: off * device.step,
    })
    // Both are spent.
    expect(await device.signIn(first)).toBe('wrong')
    expect(await device.signIn(second)).toBe('wrong')
    here.clock.advance(device.step)
    expect(await device.signIn(device.code(off))).toBe('complete')
    expect(await device.signIn(device.code(off))).toBe('wrong')
    expect(await device.kept()).toMatchObject({ drift: off, lastUsedAt: here.clock.seconds })
  })

  it('is followed while it goes wrong further, one step at a time', async () => {
    const device = await Device.of()
    await device.resync(device.code(-6), device.code(-5))
    for (const off of [-5, -6, -6, -7]) {
      here.clock.advance(120)
      expect(await device.signIn(device.code(off))).toBe('complete')
      expect((await device.kept()).drift).toBe(off)
    }
    here.clock.advance(120)
    expect(await device.signIn(device.code(-9))).toBe('wrong')
  })

  it('is in step at once when it was set right, and its old place is no place any more', async () => {
    const device = await Device.of()
    await device.resync(device.code(-21), device.code(-20))
    here.clock.advance(60)
    expect(await device.signIn(device.code(0))).toBe('complete')
    expect((await device.kept()).drift).toBe(0)
    here.clock.advance(3000)
    expect(await device.signIn(device.code(-20))).toBe('wrong')
  })

  it('moves nobody’s window who is in step: a code that was typed late is no drift', async () => {
    const device = await Device.of()
    expect(await device.signIn(device.code(-1))).toBe('complete')
    expect((await device.kept()).drift).toBe(0)
    here.clock.advance(120)
    expect(await device.signIn(device.code(-2))).toBe('wrong')
    expect(await device.signIn(device.code(1))).toBe('complete')
  })

  it('has its codes up to now spent after a restore, where its clock is', async () => {
    const device = await Device.of()
    await device.resync(device.code(9), device.code(10))
    here.clock.advance(120)
    await closeAfterRestore(here.core, { recoveryCodes: false })
    expect(await device.signIn(device.code(11))).toBe('wrong')
    here.clock.advance(60)
    expect(await device.signIn(device.code(11))).toBe('complete')
  })
})

describe('an authenticator that counts', () => {
  it('is found again as far as a thousand codes ahead, never behind', async () => {
    const device = await Device.of({ counter: 5 })
    const { hotp } = device
    expect(await device.signIn(hotp.at(500))).toBe('wrong')
    expect((await device.resync(hotp.at(3), hotp.at(4))).kind).toBe('wrong')
    expect((await device.resync(hotp.at(1006), hotp.at(1007))).kind).toBe('wrong')
    expect(await device.resync(hotp.at(1004), hotp.at(1005))).toMatchObject({ driftSeconds: 0 })
    for (const spent of [5, 500, 1004, 1005]) expect(await device.signIn(hotp.at(spent))).toBe('wrong')
    here.clock.advance(3600)
    expect(await device.signIn(hotp.at(1006))).toBe('complete')
  })
})

describe('two codes in a row', () => {
  it('are refused where they do not follow one another, are old, were used, or are too far away', async () => {
    const device = await Device.of()
    expect((await device.resync(device.code(-4), device.code(-2))).kind).toBe('wrong')
    expect((await device.resync(device.code(-3), device.code(-4))).kind).toBe('wrong')
    expect((await device.resync(device.code(-2883), device.code(-2882))).kind).toBe('wrong')
    expect((await device.resync(device.code(2882), device.code(2883))).kind).toBe('wrong')
    here.clock.advance(3600)
    expect((await device.resync(device.code(-4), device.code(-3))).kind).toBe('resynchronised')
    expect((await device.resync(device.code(-4), device.code(-3))).kind).toBe('wrong')
    expect((await device.resync(device.code(-3), device.code(-2))).kind).toBe('wrong')
    expect((await device.resync(device.code(-2), device.code(-1))).kind).toBe('resynchronised')
  })

  it.each([
    ['', '123456', 0, 'empty'],
    ['123456', '', 1, 'empty'],
    ['12345', '123456', 0, 'wrong-length'],
    ['123456', '12345678', 1, 'wrong-length'],
    ['123456', 'abcdef', 1, 'not-numbers'],
  ])('%j and %j are none, and no attempt is spent', async (first, second, which, problem) => {
    const device = await Device.of()
    for (let time = 0; time < 8; time += 1)
      expect(await device.resync(first, second)).toMatchObject({ kind: 'malformed', which, problem })
    expect((await device.resync(device.code(-4), device.code(-3))).kind).toBe('resynchronised')
  })

  it('are counted like codes of a fresh proof: after five wrong ones a right pair waits', async () => {
    const device = await Device.of()
    for (let time = 1; time <= 5; time += 1)
      expect(await device.resync('000000', '000001')).toEqual({ kind: 'wrong', failures: time })
    expect((await device.resync(device.code(-4), device.code(-3))).kind).toBe('wait')
    here.clock.advance(30)
    expect((await device.resync(device.code(-4), device.code(-3))).kind).toBe('resynchronised')
    expect(await device.resync('000000', '000001')).toEqual({ kind: 'wrong', failures: 1 })
  })

  it('given five times at once are accepted once', async () => {
    const device = await Device.of()
    const [first, second] = [device.code(-4), device.code(-3)]
    const all = await Promise.all(Array.from({ length: 5 }, () => device.resync(first, second)))
    expect(all.filter(({ kind }) => kind === 'resynchronised')).toHaveLength(1)
  })

  it('are in the trail, and the owner is told', async () => {
    const device = await Device.of()
    await device.resync(device.code(-4), device.code(-3))
    const details = { authenticator: device.id, drift: -90 }
    expect(await device.ada.lastEvent()).toMatchObject({ event: 'authenticator.resynchronised', details })
    expect(here.notices).toMatchObject([{ kind: 'authenticator-resynchronised', details: { name: 'Phone' } }])
  })
})

describe('the owner’s own', () => {
  const own = async (ada: Person, id: AuthenticatorId, codes: readonly [string, string]) =>
    resynchroniseOwn(here.core, { ...(await ada.change()), id, codes })

  it('is brought back by a session that was proven freshly, and by no other', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { id, totp } = await givePhone(here.core, ada, {})
    const pair = (): [string, string] => [
      totp.at(here.clock.seconds - 150),
      totp.at(here.clock.seconds - 120),
    ]
    here.clock.advance(660)
    expect(await own(ada, id, pair())).toEqual({ kind: 'not-fresh' })
    ada.keep(await ada.signIn())
    expect(await own(ada, id, pair())).toMatchObject({ kind: 'resynchronised', driftSeconds: -120 })
    const eve = await here.someoneWithAnAuthenticatorApp('eve')
    expect(await own(eve, id, pair())).toEqual({ kind: 'not-there' })
  })

  it('is brought back after a sign-in with a recovery code, which is what is left while it is out of step', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const [one] = await here.stores.authenticators.listOf(ada.id)
    const { signIn } = await ada.beginSignIn(ada.browser)
    const outcome = await giveRecoveryCode(here.core, {
      signIn,
      browser: ada.browser,
      code: ada.recoveryCodes[0] ?? '',
    })
    if (outcome.kind !== 'complete') throw new Error(outcome.kind)
    ada.keep(outcome)
    const pair = [ada.phone.code(300), ada.phone.code(330)] as const
    here.clock.advance(510)
    expect(await own(ada, one!.id, pair)).toMatchObject({ kind: 'resynchronised', driftSeconds: -180 })
    here.clock.advance(120)
    expect(await own(ada, one!.id, [ada.phone.code(300), ada.phone.code(330)])).toEqual({ kind: 'not-fresh' })
  })

  it('opens nothing for a session that has ended, and none that begins at another time', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { id, totp } = await givePhone(here.core, ada, {})
    const change = await ada.change()
    await here.stores.sessions.end(change.signedIn.session.id, ada.id)
    const codes = [totp.at(noon - 300), totp.at(noon - 270)] as const
    expect(await resynchroniseOwn(here.core, { ...change, id, codes })).toEqual({ kind: 'not-fresh' })
  })
})
