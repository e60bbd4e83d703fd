import { expect, it } from 'vitest'
import { pace, patient } from './pace.js'

it('a limit is never shorter than it was meant, and never longer than a dozen times that', () => {
  expect(pace()).toBeGreaterThanOrEqual(1)
  expect(patient(1000)).toBeGreaterThanOrEqual(1000)
  expect(patient(1000)).toBeLessThanOrEqual(12_000)
})
