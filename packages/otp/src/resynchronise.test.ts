import { describe, expect, it } from 'vitest'
import { Hotp, resynchronise, Totp } from './index.js'

const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const atSeconds = 1111111111
const failing = (code: string): unknown =>
  expect.objectContaining({ name: 'OtpError', code, message: expect.stringMatching(/\w \w/) as string })

describe('a clock that is far off', () => {
  const otp = new Totp({ secret })
  const now = otp.stepAt(atSeconds)
  const pair = (offset: number): [string, string] => [
    otp.at(otp.startOf(now + offset - 1)),
    otp.at(otp.startOf(now + offset)),
  ]

  it.each([0, 1, -1, 57, -57, 200, -200])('by %i steps is found by two codes', (offset) => {
    const search = { atSeconds, windowSteps: 200 }
    expect(resynchronise(otp, pair(offset), search)).toEqual({ matched: true, step: now + offset, offset })
  })

  it('is not found outside the window', () => {
    for (const offset of [201, -201]) {
      const verdict = resynchronise(otp, pair(offset), { atSeconds, windowSteps: 200 })
      expect(verdict).toEqual({ matched: false, why: 'wrong' })
    }
  })

  it('is not found by two codes that do not follow each other', () => {
    const [first, second] = pair(5)
    for (const codes of [
      [second, first],
      [first, first],
      [first, '000000'],
      ['000000', second],
    ] as [string, string][]) {
      expect(resynchronise(otp, codes, { atSeconds, windowSteps: 20 })).toEqual({
        matched: false,
        why: 'wrong',
      })
    }
  })

  it('takes codes as people type them, and calls the rest malformed', () => {
    const [first, second] = pair(5)
    const typed = [` ${first} `, `${second.slice(0, 3)}-${second.slice(3)}`] as const
    expect(resynchronise(otp, typed, { atSeconds, windowSteps: 20 })).toHaveProperty('matched', true)
    for (const codes of [
      ['', second],
      [first, 'x'],
      [first, undefined as unknown as string],
      [first],
      [],
    ] as unknown as [string, string][]) {
      expect(resynchronise(otp, codes, { atSeconds, windowSteps: 20 })).toEqual({
        matched: false,
        why: 'malformed',
      })
    }
  })

  it('is not taken for one whose codes are spent', () => {
    const at = (afterStep: number): unknown =>
      resynchronise(otp, pair(-5), { atSeconds, windowSteps: 20, afterStep })
    expect(at(now - 5)).toEqual({ matched: false, why: 'already-used' })
    expect(at(now - 6)).toEqual({ matched: false, why: 'already-used' })
    expect(at(now - 7)).toEqual({ matched: true, step: now - 5, offset: -5 })
  })

  it('near the epoch has no steps before the first', () => {
    const codes: [string, string] = [otp.at(0), otp.at(30)]
    expect(resynchronise(otp, codes, { atSeconds: 0, windowSteps: 9 })).toEqual({
      matched: true,
      step: 1,
      offset: 1,
    })
    expect(resynchronise(otp, [otp.now(), otp.now()], { windowSteps: 1 })).toHaveProperty('matched', false)
  })

  it('is looked for around now, by the clock of the system', () => {
    const seconds = Date.now() / 1000
    const codes: [string, string] = [otp.at(seconds - 30), otp.at(seconds)]
    expect(resynchronise(otp, codes, { windowSteps: 2 })).toHaveProperty('step', otp.stepAt(seconds))
  })

  it.each([-1, 0.5, 100_001])('is not searched for over %d steps', (windowSteps) => {
    expect(() => resynchronise(otp, ['000000', '000000'], { windowSteps })).toThrow(
      failing('WINDOW_OUT_OF_RANGE'),
    )
  })
})

describe('a counter that ran ahead', () => {
  const otp = new Hotp({ secret })
  const pair = (counter: number): [string, string] => [otp.at(counter), otp.at(counter + 1)]

  it('is found by two codes', () => {
    const search = { counter: 10, lookAhead: 50 }
    expect(resynchronise(otp, pair(10), search)).toEqual({ matched: true, step: 11, offset: 1 })
    expect(resynchronise(otp, pair(60), search)).toEqual({ matched: true, step: 61, offset: 51 })
    expect(resynchronise(otp, pair(61), search)).toEqual({ matched: false, why: 'wrong' })
  })

  it('is found beyond 2^53, in bigints', () => {
    const counter = 2n ** 64n - 9n
    const codes: [string, string] = [otp.at(counter + 3n), otp.at(counter + 4n)]
    expect(resynchronise(otp, codes, { counter, lookAhead: 5 })).toEqual({
      matched: true,
      step: counter + 4n,
      offset: 4,
    })
  })

  it('is never looked for among spent codes', () => {
    expect(resynchronise(otp, pair(9), { counter: 10, lookAhead: 50 })).toEqual({
      matched: false,
      why: 'wrong',
    })
  })

  it('refuses a counter or window that is none', () => {
    expect(() => resynchronise(otp, pair(9), { counter: 0.5, lookAhead: 1 })).toThrow(
      failing('COUNTER_OUT_OF_RANGE'),
    )
    expect(() => resynchronise(otp, pair(9), { counter: 0, lookAhead: -1 })).toThrow(
      failing('WINDOW_OUT_OF_RANGE'),
    )
  })
})
