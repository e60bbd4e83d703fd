import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import boundaries from '../vectors/boundaries.json' with { type: 'json' }
import named from '../vectors/named-secrets.json' with { type: 'json' }
import rfc6238 from '../vectors/rfc6238.json' with { type: 'json' }
import windows from '../vectors/windows.json' with { type: 'json' }
import { generateSecret, hotp, Totp, type Algorithm } from './index.js'

const key = Buffer.from('12345678901234567890')
const otp = new Totp({ secret: key })
const failing = (code: string): unknown =>
  expect.objectContaining({ name: 'OtpError', code, message: expect.stringMatching(/\w \w/) as string })
const refused = (why: string): unknown => ({ matched: false, why })

describe('TOTP codes', () => {
  it.each(rfc6238.rows)('RFC 6238 Appendix B, $algorithm at $time', (row) => {
    const algorithm = row.algorithm as Algorithm
    const secret = rfc6238.seeds[algorithm].base32
    const eight = new Totp({ secret, algorithm, digits: 8 })
    expect(eight.at(row.time)).toBe(row.totp8)
    expect(new Totp({ secret, algorithm }).at(row.time)).toBe(row.totp6)
    expect(eight.stepAt(row.time)).toBe(parseInt(row.T_hex, 16))
    expect([eight.algorithm, eight.digits, eight.periodSeconds, eight.epochSeconds]).toEqual([
      algorithm,
      8,
      30,
      0,
    ])
  })

  it.each(rfc6238.wrongSeeds.rows)('the seed of the prose (erratum 2866), $algorithm at $time', (row) => {
    const algorithm = row.algorithm as Algorithm
    expect(new Totp({ secret: key, algorithm, digits: 8 }).at(row.time)).toBe(
      row.totp8_with_wrong_20_byte_seed,
    )
  })

  it.each(boundaries.times.rows)('time $time', (row) => {
    expect(otp.stepAt(row.time)).toBe(row.T)
    expect(otp.at(row.time)).toBe(row.totp6)
    expect(otp.at(row.time + 0.999)).toBe(row.totp6)
    expect(new Totp({ secret: key, digits: 8 }).at(row.time)).toBe(row.totp8)
  })

  it.each(boundaries.periods.rows)('period $step at $time', (row) => {
    const other = new Totp({ secret: key, periodSeconds: row.step })
    expect([other.stepAt(row.time), other.at(row.time)]).toEqual([row.T, row.totp6])
  })

  it.each(named.totp)('$label at $time', (row) => {
    const algorithm = row.algorithm as Algorithm
    expect(new Totp({ secret: row.secret_base32, algorithm, digits: row.digits }).at(row.time)).toBe(row.totp)
  })

  it('now is the code of the system clock', () => {
    const before = otp.at(Date.now() / 1000)
    expect([before, otp.at(Date.now() / 1000)]).toContain(otp.now())
  })

  it('an epoch moves the steps', () => {
    const late = new Totp({ secret: key, epochSeconds: 1000 })
    expect(late.at(1059)).toBe(otp.at(59))
    expect(late.startOf(1)).toBe(1030)
    expect(new Totp({ secret: key, epochSeconds: -90 }).stepAt(0)).toBe(3)
    expect(() => late.at(999)).toThrow(failing('TIME_OUT_OF_RANGE'))
  })

  it('a period may be one second', () => {
    expect(new Totp({ secret: key, periodSeconds: 1 }).at(1)).toBe('287082')
  })

  it('a step lasts from its start until the next one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 1, max: 86400 }),
        (step, periodSeconds) => {
          const own = new Totp({ secret: key, periodSeconds })
          const start = own.startOf(step)
          fc.pre(start + periodSeconds < 253_402_300_800)
          expect([own.stepAt(start), own.stepAt(start + periodSeconds - 0.01)]).toEqual([step, step])
          expect(own.stepAt(start + periodSeconds)).toBe(step + 1)
          expect(own.at(start)).toBe(hotp(key, step))
        },
      ),
    )
  })

  it('steps never go back as time goes on', () => {
    const time = fc.double({ min: 0, max: 253_402_300_799, noNaN: true })
    fc.assert(
      fc.property(time, time, (one, two) => otp.stepAt(Math.min(one, two)) <= otp.stepAt(Math.max(one, two))),
    )
  })

  it.each([-1, -0.001, NaN, Infinity, -Infinity])('refuses the time %d', (time) => {
    expect(() => otp.at(time)).toThrow(failing('TIME_OUT_OF_RANGE'))
    expect(() => otp.verify('000000', { atSeconds: time, afterStep: null })).toThrow(
      failing('TIME_OUT_OF_RANGE'),
    )
    expect(() => otp.drift('000000', { atSeconds: time, windowSteps: 1 })).toThrow(
      failing('TIME_OUT_OF_RANGE'),
    )
  })

  it('times end with the year 9999, so that milliseconds are not taken for seconds', () => {
    const last = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000
    expect(otp.at(last + 0.999)).toBe(otp.at(last))
    for (const time of [last + 1, 1_700_000_000_000, Number.MAX_VALUE]) {
      expect(() => otp.at(time)).toThrow(failing('TIME_OUT_OF_RANGE'))
      expect(() => otp.at(time)).toThrow('seconds, not milliseconds')
      expect(() => otp.stepAt(time)).toThrow(failing('TIME_OUT_OF_RANGE'))
      expect(() => otp.verify('000000', { atSeconds: time, afterStep: null })).toThrow('milliseconds')
      expect(() => otp.drift('000000', { atSeconds: time, windowSteps: 1 })).toThrow('milliseconds')
    }
  })

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('refuses the step %d', (step) => {
    expect(() => otp.startOf(step)).toThrow(failing('TIME_OUT_OF_RANGE'))
  })

  it.each([[new Date(59_000)], ['59'], [59n], [null]])(
    'refuses %s, which is no number, as a time',
    (time) => {
      expect(() => otp.at(time as unknown as number)).toThrow(failing('TIME_OUT_OF_RANGE'))
    },
  )

  it.each([
    ['DIGITS_OUT_OF_RANGE', { digits: 3 }],
    ['DIGITS_OUT_OF_RANGE', { digits: 11 }],
    ['PERIOD_OUT_OF_RANGE', { periodSeconds: -30 }],
    ['PERIOD_OUT_OF_RANGE', { periodSeconds: 0 }],
    ['PERIOD_OUT_OF_RANGE', { periodSeconds: 0.5 }],
    ['PERIOD_OUT_OF_RANGE', { periodSeconds: NaN }],
    ['EPOCH_NOT_AN_INTEGER', { epochSeconds: 0.5 }],
    ['EPOCH_NOT_AN_INTEGER', { epochSeconds: NaN }],
    ['ALGORITHM_UNKNOWN', { algorithm: 'MD5' as Algorithm }],
    ['SECRET_NOT_BASE32', { secret: 'not base32!' }],
    ['SECRET_EMPTY', { secret: new Uint8Array(0) }],
  ])('refuses with %s: %j', (code, options) => {
    expect(() => new Totp({ secret: key, ...options })).toThrow(failing(code))
  })

  it('keeps neither the bytes nor the text of the secret where it can be printed', () => {
    const printed = JSON.stringify(new Totp({ secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }))
    expect(printed).toBe('{"algorithm":"SHA1","digits":6,"periodSeconds":30,"epochSeconds":0}')
  })
})

describe('verification', () => {
  it.each(windows.window.rows)('a code $step_offset steps away', (row) => {
    const atSeconds = windows.window.now
    const found = { matched: true, step: row.T, offset: row.step_offset }
    expect(otp.verify(row.code, { atSeconds, window: 0, afterStep: null })).toEqual(
      row.accept_window_0 ? found : refused('wrong'),
    )
    expect(otp.verify(row.code, { atSeconds, afterStep: null })).toEqual(
      row.accept_window_1 ? found : refused('wrong'),
    )
    expect(otp.verify(row.code, { atSeconds, window: 10, afterStep: null })).toEqual(found)
    expect(otp.drift(row.code, { atSeconds, windowSteps: 10 })).toBe(row.step_offset)
    expect(otp.drift(row.code, { atSeconds, windowSteps: Math.abs(row.step_offset) })).toBe(row.step_offset)
  })

  it.each(windows.replays.sequences)('$name', ({ steps }) => {
    let afterStep = -1
    for (const { now, code, expect: wanted } of steps) {
      const verdict = otp.verify(code, { atSeconds: now, afterStep })
      expect([now, code, verdict.matched]).toEqual([now, code, wanted === 'accept'])
      if (verdict.matched) afterStep = verdict.step
    }
  })

  it('says that a code was used before, which is not the same as wrong', () => {
    const atSeconds = 1111111111
    expect(otp.verify('050471', { atSeconds, afterStep: 37037037 })).toEqual(refused('already-used'))
    expect(otp.verify('081804', { atSeconds, afterStep: 37037037 })).toEqual(refused('already-used'))
    expect(otp.verify('266759', { atSeconds, afterStep: 37037037 })).toHaveProperty('matched', true)
    expect(otp.verify('000000', { atSeconds, afterStep: 37037037 })).toEqual(refused('wrong'))
  })

  it.each(boundaries.leadingZeros.rows)('$code with its zeros, not $without_zeros', (row) => {
    for (const atSeconds of [row.totp_time_first, row.totp_time_last]) {
      expect(otp.verify(row.code, { atSeconds, afterStep: null })).toEqual({
        matched: true,
        step: row.counter,
        offset: 0,
      })
      expect(otp.verify(row.without_zeros, { atSeconds, afterStep: null })).toEqual(refused('malformed'))
    }
  })

  it('at the beginning of time there is no step before the first', () => {
    expect(otp.verify('755224', { atSeconds: 0, afterStep: null })).toEqual({
      matched: true,
      step: 0,
      offset: 0,
    })
    expect(otp.verify('287082', { atSeconds: 0, afterStep: null })).toEqual({
      matched: true,
      step: 1,
      offset: 1,
    })
    expect(otp.verify('000000', { atSeconds: 0, window: 100, afterStep: null })).toEqual(refused('wrong'))
    expect(otp.drift('287082', { atSeconds: 0, windowSteps: 5 })).toBe(1)
    expect(otp.drift('755224', { atSeconds: 30, windowSteps: 5 })).toBe(-1)
    // The code of counter 2^32-1, which a step of -1 must not be taken for.
    expect(otp.drift(hotp(key, 0xffff_ffff), { atSeconds: 0, windowSteps: 5 })).toBeNull()
  })

  it('looks at the clock of the system when it is told no time', () => {
    expect(otp.verify(otp.now(), { afterStep: null })).toHaveProperty('matched', true)
  })

  it('of two steps with the same code the later one counts, so that the code is spent for both', () => {
    // Found by search: two neighbouring steps of this secret with the same six digits.
    const [step, code] = [910737, '911617']
    expect([otp.at(step * 30), otp.at((step + 1) * 30)]).toEqual([code, code])
    const atSeconds = step * 30
    const later = { matched: true, step: step + 1, offset: 1 }
    expect(otp.verify(code, { atSeconds, afterStep: null })).toEqual(later)
    expect(otp.verify(code, { atSeconds, afterStep: step })).toEqual(later)
    expect(otp.verify(code, { atSeconds, afterStep: step + 1 })).toEqual(refused('already-used'))
  })

  it.each([[NaN], ['x'], ['37037037'], [{}], [0.5], [-2]])(
    'refuses %s as the last step, which would let used codes pass',
    (afterStep) => {
      const options = { atSeconds: 1111111111, afterStep: afterStep as number }
      expect(() => otp.verify('050471', options)).toThrow(failing('TIME_OUT_OF_RANGE'))
    },
  )

  it('takes null from a database, and -1, for no step yet', () => {
    for (const afterStep of [null as unknown as number, -1])
      expect(otp.verify('050471', { atSeconds: 1111111111, afterStep })).toHaveProperty('matched', true)
  })

  it.each([-1, 0.5, 101, NaN, Infinity])('refuses a window of %d', (window) => {
    expect(() => otp.verify('000000', { window, afterStep: null })).toThrow(failing('WINDOW_OUT_OF_RANGE'))
  })

  it.each([-1, 0.5, 100_001, NaN])('refuses to search %d steps', (windowSteps) => {
    expect(() => otp.drift('000000', { atSeconds: 0, windowSteps })).toThrow(failing('WINDOW_OUT_OF_RANGE'))
  })

  it('drift knows that 000000 is a code', () => {
    expect(otp.drift('000000', { atSeconds: 349495 * 30, windowSteps: 0 })).toBe(0)
  })

  it('drift finds nothing for a code that is malformed or of no step', () => {
    expect(otp.drift('12345', { atSeconds: 1111111111, windowSteps: 10 })).toBeNull()
    expect(otp.drift('000000', { atSeconds: 1111111111, windowSteps: 10 })).toBeNull()
  })

  it('accepts each code in the window and none outside, whatever the shape', () => {
    const shape = fc.record({
      algorithm: fc.constantFrom<Algorithm>('SHA1', 'SHA256', 'SHA512'),
      digits: fc.integer({ min: 8, max: 10 }),
      periodSeconds: fc.integer({ min: 1, max: 600 }),
    })
    const place = fc.tuple(
      fc.integer({ min: 200, max: 1e8 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: -8, max: 8 }),
    )
    fc.assert(
      fc.property(shape, place, (options, [step, window, offset]) => {
        const own = new Totp({ secret: generateSecret(), ...options })
        const verdict = own.verify(own.at(own.startOf(step + offset)), {
          atSeconds: own.startOf(step),
          window,
          afterStep: null,
        })
        expect(verdict).toEqual(
          Math.abs(offset) <= window ? { matched: true, step: step + offset, offset } : refused('wrong'),
        )
      }),
    )
  })
})

describe('as a boolean', () => {
  const atSeconds = 1111111111

  it('a right code is valid and any other is not', () => {
    expect(otp.isValid('050471', { atSeconds })).toBe(true)
    expect(otp.isValid('081804', { atSeconds })).toBe(true)
    expect(otp.isValid('081804', { atSeconds, window: 0 })).toBe(false)
    expect(otp.isValid('050471', { atSeconds, afterStep: 37037037 })).toBe(false)
    expect(otp.isValid('000000', { atSeconds })).toBe(false)
    expect(otp.isValid('', { atSeconds })).toBe(false)
    expect(otp.isValid(otp.now())).toBe(true)
  })

  it('verify without the last step does not compile, so that nobody takes its object for a boolean unread', () => {
    // @ts-expect-error -- the idiom of other libraries, whose verify is a boolean
    if (otp.verify('000000')) expect(otp.isValid('000000', { atSeconds })).toBe(false)
    // @ts-expect-error -- the last step is missing
    expect(otp.verify('000000', { atSeconds })).toEqual(refused('wrong'))
    // In JavaScript it works as with null.
    // @ts-expect-error -- as above
    expect(otp.verify('050471', { atSeconds })).toHaveProperty('matched', true)
  })
})
