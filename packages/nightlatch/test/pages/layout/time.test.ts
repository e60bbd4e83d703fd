import { describe, expect, it } from 'vitest'
import { render } from '../../../src/pages/layout/html.js'
import { day, duration, moment, tryAgainWords } from '../../../src/pages/layout/time.js'

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

  const tryAgain = (seconds: number): string =>
    render(tryAgainWords({ untilSeconds: atSeconds + seconds, nowSeconds: atSeconds }))

  it.each([
    [900, 'You can try again at 09:25 UTC (in 15 minutes).'],
    [60, 'You can try again at 09:11 UTC (in 1 minute).'],
    [59, 'You can try again in 59 seconds.'],
    [30, 'You can try again in 30 seconds.'],
    [1, 'You can try again in 1 second.'],
  ])('tell when a wait of %i seconds ends, by the clock only where the clock says it', (seconds, said) => {
    expect(tryAgain(seconds).replace(/<[^>]+>/g, '')).toBe(said)
    expect(tryAgain(seconds)).toContain(`data-countdown="${seconds}"`)
  })

  it('never name a moment on the clock that is too early', () => {
    expect(tryAgain(899).replace(/<[^>]+>/g, '')).toContain('at 09:25 UTC (in 15 minutes)')
    expect(tryAgain(901)).toContain('datetime="2026-08-22T09:26:00Z"')
  })
})
