import { Hotp, Totp } from '@nightlatch/otp'
import { describe, expect, it } from 'vitest'
import { closeAfterRestore } from '../../src/core/maintenance/after-restore.js'
import type { Otp } from '../../src/core/factors/totp/store.js'
import { ourOtp } from '../../src/core/factors/totp/store.js'
import { askedOf } from '../../src/core/factors/totp/verify.js'
import { strengthOfSession } from '../../src/core/factors/registry.js'
import { codeKey } from '../../src/core/factors/totp/counters.js'
import { giveCode } from '../support/second-step.js'
import { rfcSecret } from '../support/vectors.js'
import { givePhone } from '../support/people.js'
import type { Person } from './people.js'
import { noon, useHere } from './people.js'

const here = useHere()

/** An account that came with an authenticator of another program. */
async function someoneFromElsewhere(otp: Partial<Otp>, issuer: string | null = 'ACME'): Promise<Person> {
  const ada = await here.someoneWithAPassword()
  await addAuthenticator(ada, otp, issuer)
  return ada
}

async function addAuthenticator(ada: Person, otp: Partial<Otp>, issuer: string | null): Promise<void> {
  const createdAt = here.next()
  await givePhone(here.core, ada, {
    secret: rfcSecret,
    name: `${createdAt}`,
    createdAt,
    ...otp,
    issuer,
    entryNumber: 0,
  })
}

async function submit(ada: Person, code: string) {
  const { signIn } = await ada.beginSignIn()
  return giveCode(here.core, { signIn, browser: here.newBrowser(), code })
}

describe('an authenticator from elsewhere', () => {
  it.each<[string, Partial<Otp>]>([
    ['SHA-256', { algorithm: 'SHA256' }],
    ['SHA-512 and eight digits', { algorithm: 'SHA512', digits: 8 }],
    ['seven digits', { digits: 7 }],
    ['nine digits', { digits: 9 }],
    ['ten digits', { digits: 10 }],
    ['a step of a minute', { period: 60 }],
  ])('with %s signs in with its codes, each once', async (_what, otp) => {
    const ada = await someoneFromElsewhere(otp)
    const { algorithm, digits, period } = { ...ourOtp, ...otp }
    const totp = new Totp({ secret: rfcSecret, algorithm, digits, periodSeconds: period })
    const code = totp.at(noon)
    expect((await submit(ada, code)).kind).toBe('complete')
    expect((await submit(ada, code)).kind).toBe('wrong')
    const before = totp.at(noon - period)
    expect((await submit(ada, before)).kind).toBe('wrong')
    here.clock.advance(period)
    expect((await submit(ada, totp.at(here.clock.seconds))).kind).toBe('complete')
  })

  it('that counts takes each code once, skips some, and never goes back', async () => {
    const ada = await someoneFromElsewhere({ counter: 5 })
    const hotp = new Hotp({ secret: rfcSecret })
    expect((await submit(ada, hotp.at(4))).kind).toBe('wrong')
    expect((await submit(ada, hotp.at(5))).kind).toBe('complete')
    expect((await submit(ada, hotp.at(5))).kind).toBe('wrong')
    expect((await submit(ada, hotp.at(15))).kind).toBe('complete')
    for (const spent of [6, 14, 15]) expect((await submit(ada, hotp.at(spent))).kind).toBe('wrong')
    here.clock.advance(3600)
    expect((await submit(ada, hotp.at(26))).kind).toBe('wrong')
    here.clock.advance(3600)
    expect((await submit(ada, hotp.at(25))).kind).toBe('complete')
    const [one] = await here.stores.authenticators.listOf(ada.id)
    expect(one).toMatchObject({ counter: 26, lastUsedAt: here.clock.seconds })
  })

  it('says what is to be typed: how many digits, under which name', async () => {
    const ada = await someoneFromElsewhere({ digits: 8 })
    expect(await askedOf(here.core, ada.id)).toEqual({ lengths: [8], issuers: ['ACME'] })
    await addAuthenticator(ada, {}, null)
    expect(await askedOf(here.core, ada.id)).toEqual({ lengths: [6, 8], issuers: ['ACME', 'Example'] })
  })

  it('keeps the name under which it was set up, whatever the installation is called later', async () => {
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    expect((await here.stores.authenticators.listOf(bob.id)).map(({ issuer }) => issuer)).toEqual(['Example'])
    const renamed = { ...here.core, policy: { ...here.core.policy, issuer: 'Another name' } }
    expect((await askedOf(renamed, bob.id)).issuers).toEqual(['Example'])
  })

  it('is not asked about a code of another length, and no attempt is spent', async () => {
    const ada = await someoneFromElsewhere({ digits: 8 })
    for (let time = 0; time < 12; time += 1) {
      expect(await submit(ada, '123456')).toEqual({ kind: 'malformed', problem: 'wrong-length', digits: 6 })
      expect(await submit(ada, '1234567')).toEqual({ kind: 'malformed', problem: 'wrong-length', digits: 7 })
    }
    const eleven = { kind: 'malformed', problem: 'wrong-length', digits: 11 }
    expect(await submit(ada, '12345678901')).toEqual(eleven)
    const policy = {
      waitFrom: 2,
      firstWaitSeconds: 30,
      longestWaitSeconds: 30,
      lockAt: null,
      forgetAfterSeconds: null,
    }
    expect((await here.stores.attempts.reserve(codeKey(ada.id), policy, noon)).kind).toBe('reserved')
  })

  it('has its codes up to now spent after a restore, in its own steps', async () => {
    const ada = await someoneFromElsewhere({ period: 60 })
    const totp = new Totp({ secret: rfcSecret, periodSeconds: 60 })
    await closeAfterRestore(here.core, { recoveryCodes: false })
    expect((await submit(ada, totp.at(noon))).kind).toBe('wrong')
    expect((await submit(ada, totp.at(noon + 60))).kind).toBe('wrong')
    here.clock.advance(120)
    expect((await submit(ada, totp.at(noon + 120))).kind).toBe('complete')
  })
})

describe('what a session is worth', () => {
  it('is kept with it', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    expect((await ada.signedIn()).session.strength).toBe('password+code')
    const bob = await here.someoneWithoutASecondFactor('bob')
    expect((await bob.signedIn()).session.strength).toBe('password')
    const { trustedDevice } = await ada.signIn(here.newBrowser(), true)
    const trusted = await ada.givePassword(here.newBrowser({ trustedDevice }))
    expect(trusted).toMatchObject({ kind: 'complete', session: { strength: 'password+device' } })
  })

  it('follows from its proofs where an older version began it, and an unknown proof is worth nothing', () => {
    expect(strengthOfSession({ strength: '', factors: ['password', 'recovery-code'] })).toBe(
      'password+recovery-code',
    )
    const unknown = ['password', 'hologram'] as unknown as readonly ['password']
    expect(strengthOfSession({ strength: '', factors: unknown })).toBe('password')
    expect(strengthOfSession({ strength: 'hologram' as never, factors: ['password', 'totp'] })).toBe(
      'password+code',
    )
  })
})
