import { describe, expect, it } from 'vitest'
import { parseEnd } from '../../src/core/accounts/end.js'

const now = Date.UTC(2026, 10, 29, 12) / 1000

describe('when something ends', () => {
  it.each([
    ['2027-03-01', '2027-03-01T00:00:00Z'],
    [' 2027-03-01 ', '2027-03-01T00:00:00Z'],
    ['2028-02-29', '2028-02-29T00:00:00Z'],
    ['2000-02-29', '2000-02-29T00:00:00Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59Z'],
    ['2027-03-01T18:00Z', '2027-03-01T18:00:00Z'],
    ['2027-03-01T18:00:01.987Z', '2027-03-01T18:00:01Z'],
    ['2027-03-01T18:00:00+02:00', '2027-03-01T16:00:00Z'],
    ['2027-01-01T00:00:00-05:30', '2027-01-01T05:30:00Z'],
    ['90d', '2027-02-27T12:00:00Z'],
    ['0d', '2026-11-29T12:00:00Z'],
    ['12h', '2026-11-30T00:00:00Z'],
  ])('may be written as %j', (text, moment) => {
    expect(parseEnd(text, now)).toBe(Date.parse(moment) / 1000)
  })

  it('is the day that the calendar has, on every day of four hundred years', () => {
    const days = Array.from({ length: 146_096 }, (_, at) => (at + 1) * 86_400)
    const wrong = days.filter((at) => parseEnd(new Date(at * 1000).toISOString().slice(0, 10), now) !== at)
    expect(wrong).toEqual([])
  })

  it.each([
    '',
    'soon',
    'never',
    '2027-02-29',
    '2027-02-30',
    '2100-02-29',
    '2027-13-01',
    '2027-00-01',
    '2027-01-00',
    '27-03-01',
    '01.03.2027',
    '2027-3-1',
    '2027-03-01T24:00Z',
    '2027-03-01T18:60Z',
    '2027-03-01 18:00',
    '2027-03-01T18:00',
    '2027-03-01T18:00:00+25:00',
    '1970-01-01',
    '1969-12-31',
    '-1d',
    '99999d',
    '7w',
    '1e3d',
    '\u0662\u0660\u0662\u0667-03-01',
  ])('is not %j', (text) => {
    expect(parseEnd(text, now)).toBeNull()
  })
})
