import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import boundaries from '../vectors/boundaries.json' with { type: 'json' }
import named from '../vectors/named-secrets.json' with { type: 'json' }
import rfc4226 from '../vectors/rfc4226.json' with { type: 'json' }
import { decodeBase32, generateSecret, Hotp, hotp, PreparedKey } from './index.js'

const key = Buffer.from(rfc4226.secret_hex, 'hex')
const failing = (code: string): unknown =>
  expect.objectContaining({ name: 'OtpError', code, message: expect.stringMatching(/\w \w/) as string })

describe('HOTP', () => {
  it.each(rfc4226.rows)('RFC 4226 Appendix D, counter $counter', (row) => {
    expect(hotp(key, row.counter)).toBe(row.hotp)
    expect(hotp(key, BigInt(row.counter))).toBe(row.hotp)
    expect(hotp(key, row.counter, { digits: 7 })).toBe(row.hotp7)
    expect(hotp(key, row.counter, { digits: 8 })).toBe(row.hotp8)
    expect(hotp(key, row.counter, { digits: 9 })).toBe(
      String(row.truncated_decimal).padStart(10, '0').slice(1),
    )
    expect(hotp(key, row.counter, { digits: 10 })).toBe(String(row.truncated_decimal).padStart(10, '0'))
    expect(new PreparedKey(key).truncated(0, row.counter)).toBe(row.truncated_decimal)
  })

  it.each(boundaries.counters.rows)('counter $counter', (row) => {
    expect(hotp(key, BigInt(row.counter))).toBe(row.hotp6)
    expect(hotp(key, BigInt(row.counter), { digits: 8 })).toBe(row.hotp8)
    if (Number.isSafeInteger(Number(row.counter))) expect(hotp(key, Number(row.counter))).toBe(row.hotp6)
  })

  it.each(named.hotp.rows)('$secret_base32 at $counter', (row) => {
    expect(hotp(decodeBase32(row.secret_base32)!, row.counter)).toBe(row.hotp6)
  })

  it('numbers and bigints give the same code', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (counter) => {
        expect(hotp(key, counter)).toBe(hotp(key, BigInt(counter)))
      }),
    )
  })

  it.each([-1, 1.5, NaN, Infinity, 2 ** 53, -1n, 1n << 64n])('refuses the counter %d', (counter) => {
    expect(() => hotp(key, counter)).toThrow(failing('COUNTER_OUT_OF_RANGE'))
  })

  it.each([0, 1, 3, 5, 11, 6.5, NaN, '6' as unknown as number])('refuses %j digits', (digits) => {
    expect(() => hotp(key, 1, { digits })).toThrow(failing('DIGITS_OUT_OF_RANGE'))
    expect(() => new Hotp({ secret: key, digits })).toThrow(failing('DIGITS_OUT_OF_RANGE'))
  })

  it('is a RangeError for programs that know no OtpError', () => {
    expect(() => hotp(key, -1)).toThrow(RangeError)
  })
})

describe('a HOTP object', () => {
  const otp = new Hotp({ secret: rfc4226.secret_base32 })

  it('gives the code of a counter', () => {
    expect(rfc4226.rows.map((row) => otp.at(row.counter))).toEqual(rfc4226.rows.map((row) => row.hotp))
    expect(new Hotp({ secret: key, digits: 8, algorithm: 'SHA512' }).at(3)).toBe(
      hotp(key, 3, { digits: 8, algorithm: 'SHA512' }),
    )
    expect(new Hotp({ secret: key, algorithm: 'SHA512' }).algorithm).toBe('SHA512')
  })

  it('accepts the expected code and says what to expect next', () => {
    expect(otp.verify('359152', { counter: 2 })).toEqual({
      matched: true,
      counter: 2,
      nextCounter: 3,
      offset: 0,
    })
  })

  it('looks ahead only as far as it is told', () => {
    expect(otp.verify('520489', { counter: 2 })).toEqual({ matched: false, why: 'wrong' })
    expect(otp.verify('520489', { counter: 2, lookAhead: 6 })).toEqual({ matched: false, why: 'wrong' })
    expect(otp.verify('520489', { counter: 2, lookAhead: 7 })).toEqual({
      matched: true,
      counter: 9,
      nextCounter: 10,
      offset: 7,
    })
  })

  it('knows that 000000 is a code', () => {
    const zeros = boundaries.leadingZeros.rows.filter((row) => row.code === '000000')
    for (const { counter } of zeros)
      expect(otp.verify('000000', { counter })).toHaveProperty('counter', counter)
    expect(zeros.length).toBeGreaterThan(0)
  })

  it('never looks back', () => {
    expect(otp.verify('755224', { counter: 1, lookAhead: 1000 })).toEqual({ matched: false, why: 'wrong' })
  })

  it('counts in bigints when it is asked in bigints', () => {
    const counter = (1n << 63n) - 2n
    expect(otp.verify(otp.at(counter + 1n), { counter, lookAhead: 1 })).toEqual({
      matched: true,
      counter: counter + 1n,
      nextCounter: counter + 2n,
      offset: 1,
    })
  })

  it('takes codes as people type them, and calls the rest malformed', () => {
    expect(otp.verify(' 359 152 ', { counter: 2 })).toHaveProperty('matched', true)
    expect(otp.verify('35915', { counter: 2 })).toEqual({ matched: false, why: 'malformed' })
  })

  it('refuses a window that passes the last counter, and one that is none', () => {
    expect(() => otp.verify('000000', { counter: 2 ** 53 - 1, lookAhead: 1 })).toThrow(
      failing('COUNTER_OUT_OF_RANGE'),
    )
    expect(() => otp.verify('000000', { counter: -1 })).toThrow(failing('COUNTER_OUT_OF_RANGE'))
    for (const lookAhead of [-1, 0.5, 100_001, NaN]) {
      expect(() => otp.verify('000000', { counter: 1, lookAhead })).toThrow(failing('WINDOW_OUT_OF_RANGE'))
    }
    expect(otp.verify('999999', { counter: 1, lookAhead: 100_000 }).matched).toBeTypeOf('boolean')
  })

  it('accepts every code in the window and none outside it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: -20, max: 20 }),
        (counter, distance) => {
          const at = counter + 20 + distance
          const own = new Hotp({ secret: generateSecret(), digits: 10 })
          expect(own.verify(own.at(at), { counter: counter + 20, lookAhead: 9 }).matched).toBe(
            distance >= 0 && distance <= 9,
          )
        },
      ),
    )
  })
})

describe('as a boolean', () => {
  const otp = new Hotp({ secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' })

  it('a right code is valid and any other is not', () => {
    expect(otp.isValid('359152', { counter: 2 })).toBe(true)
    expect(otp.isValid('359152', { counter: 1, lookAhead: 1 })).toBe(true)
    expect(otp.isValid('359152', { counter: 1 })).toBe(false)
    expect(otp.isValid('3591', { counter: 1 })).toBe(false)
  })

  it('the last counters of a number and of 64 bits are compared like any other', () => {
    for (const counter of [Number.MAX_SAFE_INTEGER, 2n ** 64n - 1n])
      expect(otp.verify(otp.at(counter), { counter })).toMatchObject({ matched: true, counter, offset: 0 })
  })
})
