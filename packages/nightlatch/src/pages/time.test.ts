import { describe, expect, it } from 'vitest'
import { render } from './html.js'
import { day, duration, moment, waitWords } from './time.js'

const atSeconds = Date.UTC(2026, 7, 22, 9, 10) / 1000

describe('times on pages', () => {
  it('are written in UTC and say so, for machines and for people', () => {
    expect(render(moment(atSeconds))).toContain('datetime="2026-08-22T09:10:00Z"')
    expect(render(moment(atSeconds))).toContain('22 August 2026, 09:10 UTC')
    expect(render(day(atSeconds))).toContain('22 August 2026<')
  })

  it.each([
    [0, '1 second'],
    [45, '45 seconds'],
    [60, '1 minute'],
    [61, '2 minutes'],
    [900, '15 minutes'],
    [3600, '60 minutes'],
    [43_200, '12 hours'],
    [604_800, '7 days'],
  ])('a wait of %i seconds is "%s", never less than it is', (seconds, words) => {
    expect(duration(seconds)).toBe(words)
  })

  it('tell when a wait ends by the clock and from now', () => {
    const words = render(waitWords({ untilSeconds: atSeconds + 900, nowSeconds: atSeconds }))
    expect(words.replace(/<[^>]+>/g, '')).toBe('09:25 UTC (in 15 minutes)')
  })
})
