import { describe, expect, it } from 'vitest'
import { encodeBase32, generateSecret, hotp, otpauthUri, Totp } from './index.js'
import { writeMigration } from './migration.js'
import { steamCode } from './steam.js'
import { VirtualAuthenticator, VirtualClock, VirtualEntry } from './testing.js'

const secret = generateSecret()
const otp = new Totp({ secret })
const uri = otpauthUri({ issuer: 'Example', account: 'ada', secret })
const failing = (code: string): unknown =>
  expect.objectContaining({ name: 'OtpError', code, message: expect.stringMatching(/\w \w/) as string })

describe('a virtual authenticator', () => {
  it('shows the right code of an account that was enrolled by its URI', () => {
    const phone = new VirtualAuthenticator({ nowSeconds: 1_000_000 })
    const entry = phone.enrol(uri)
    expect(entry.account).toMatchObject({ issuer: 'Example', account: 'ada' })
    expect(phone.code()).toBe(otp.at(1_000_000))
    expect(entry.code({ atSeconds: 59 })).toBe(otp.at(59))
    expect(entry.code({ steps: -1 })).toBe(otp.at(999_970))
    expect(phone.code({ atSeconds: 60, steps: 2 })).toBe(otp.at(120))
  })

  it('enrols by the key that the page shows', () => {
    const phone = new VirtualAuthenticator({ nowSeconds: 5000 })
    const { account } = phone.enrol(encodeBase32(secret).toLowerCase().replace(/.{4}/g, '$& '))
    expect(phone.code()).toBe(otp.at(5000))
    expect(account).toEqual({
      type: 'totp',
      issuer: '',
      account: '',
      secret,
      strength: 'full',
      algorithm: 'SHA1',
      digits: 6,
      periodSeconds: 30,
    })
  })

  it('enrols all accounts of an export', () => {
    const phone = new VirtualAuthenticator({ nowSeconds: 5000 })
    const { account } = phone.enrol(uri)
    const other = generateSecret()
    const entry = phone.enrol(writeMigration([account, { ...account, secret: other }])[0]!)
    expect(phone.entries).toHaveLength(3)
    expect(entry.code()).toBe(otp.at(5000))
    expect(phone.code()).toBe(new Totp({ secret: other }).at(5000))
  })

  it('keeps to the shape of the account', () => {
    const shape = { algorithm: 'SHA256', digits: 8, periodSeconds: 60 } as const
    const entry = new VirtualAuthenticator({ nowSeconds: 5000 }).enrol(
      otpauthUri({ issuer: 'A', account: 'a', secret, ...shape }),
    )
    expect(entry.code()).toBe(new Totp({ secret, ...shape }).at(5000))
    expect(entry.secondsLeft()).toBe(40)
  })

  it('counts HOTP codes', () => {
    const entry = new VirtualAuthenticator().enrol(
      'otpauth://hotp/A:a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A&counter=1',
    )
    expect([entry.code(), entry.code(), entry.code()]).toEqual(['287082', '359152', '969429'])
    expect(entry.wrongCode()).toMatch(/^\d{6}$/)
    const shape = { algorithm: 'SHA512', digits: 8 } as const
    const long = new VirtualAuthenticator().enrol(
      otpauthUri({ issuer: 'A', account: 'a', secret, type: 'hotp', counter: 7, ...shape }),
    )
    expect([long.code(), long.code()]).toEqual([hotp(secret, 7, shape), hotp(secret, 8, shape)])
  })

  it('shows Steam codes', () => {
    const entry = new VirtualAuthenticator({ nowSeconds: 5000 }).enrol(`${uri}&encoder=steam`)
    expect(entry.code()).toBe(steamCode(secret, 5000))
  })

  it('has a wrong code that is wrong in the whole window', () => {
    const entry = new VirtualAuthenticator({ nowSeconds: 5000 }).enrol(uri)
    expect(otp.verify(entry.wrongCode(), { atSeconds: 5000, window: 2, afterStep: null })).toEqual({
      matched: false,
      why: 'wrong',
    })
    const account = { ...entry.account, secret: Buffer.from('12345678901234567890') }
    // At step 349495 the code of this secret is 000000.
    const unlucky = new VirtualEntry(account, new VirtualClock({ nowSeconds: 349495 * 30 }))
    expect([unlucky.code(), unlucky.wrongCode()]).toEqual(['000000', '000001'])
    for (const steps of [-2, -1, 1, 2]) {
      const near = new VirtualEntry(account, new VirtualClock({ nowSeconds: (349495 + steps) * 30 }))
      expect(near.wrongCode()).toBe('000001')
    }
    for (const counter of [349495, 349494, 349492]) {
      const next = new VirtualEntry({ ...account, type: 'hotp', counter }, new VirtualClock())
      expect([next.wrongCode(), next.code()]).toEqual(['000001', hotp(account.secret, counter)])
    }
  })

  it('has a wrong code also where time begins', () => {
    const entry = new VirtualAuthenticator({ nowSeconds: 59 }).enrol(uri)
    expect(otp.verify(entry.wrongCode(), { atSeconds: 59, window: 2, afterStep: null })).toHaveProperty(
      'why',
      'wrong',
    )
  })

  it('has a wrong code at the beginning of time, for counters, and of the form of Steam', () => {
    const phone = new VirtualAuthenticator({ nowSeconds: 5 })
    expect(otp.verify(phone.enrol(uri).wrongCode(), { atSeconds: 5, afterStep: null })).toEqual({
      matched: false,
      why: 'wrong',
    })
    expect(phone.enrol(`${uri}&encoder=steam`).wrongCode()).toMatch(/^[2-9BCDFGHJKMNPQRTVWXY]{5}$/)
    // The code of counter 349495 is 000000.
    const counted = phone.enrol(
      'otpauth://hotp/A:a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A&counter=349490',
    )
    expect(counted.wrongCode()).toBe('000001')
    expect(counted.code()).toBe(hotp(Buffer.from('12345678901234567890'), 349490))
  })

  it.each(['', 'no key!', 'https://example.test', 'otpauth://totp/a'])('refuses to enrol %j', (text) => {
    expect(() => new VirtualAuthenticator().enrol(text)).toThrow(failing('NOT_ENROLLABLE'))
  })

  it('shows no code before anything is enrolled', () => {
    expect(() => new VirtualAuthenticator().code()).toThrow(failing('NOT_ENROLLABLE'))
  })
})

describe('its clock', () => {
  it('runs with the clock of the system by default', () => {
    expect(Math.abs(new VirtualClock().now() - Date.now() / 1000)).toBeLessThan(5)
    expect([otp.now(), otp.at(Date.now() / 1000)]).toContain(
      ((phone) => (phone.enrol(uri), phone.code()))(new VirtualAuthenticator()),
    )
  })

  it('can be skewed, moved and set, and goes on from there', () => {
    let now = 1000
    const clock = new VirtualClock({ nowSeconds: () => now, skewSeconds: -90 })
    expect(clock.now()).toBe(910)
    clock.advance(30)
    expect(clock.now()).toBe(940)
    now += 10
    expect(clock.now()).toBe(950)
    clock.set(5)
    now += 1
    expect(clock.now()).toBe(6)
  })

  it('can be shared by two authenticators', () => {
    const clock = new VirtualClock({ nowSeconds: 1000 })
    const [one, two] = [new VirtualAuthenticator(clock), new VirtualAuthenticator(clock)]
    one.enrol(uri)
    two.enrol(uri)
    clock.advance(3600)
    expect([one.code(), two.code(), one.clock]).toEqual([otp.at(4600), otp.at(4600), clock])
  })
})
