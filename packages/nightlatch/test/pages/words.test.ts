import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { render, type Problem } from '../../src/pages/index.js'
import { html } from '../../src/pages/layout/html.js'
import { noticeText, noticeWords, type Notice } from '../../src/pages/layout/flash.js'
import { problemText, problemWords } from '../../src/pages/layout/problems.js'
import { activityWords } from '../../src/pages/words/account.js'
import { words } from './read.js'
import { nowSeconds, samples } from './samples.js'

const banned =
  /\b(please|sorry|valid|invalid|oops|forbidden|TOTP|OTP|MFA|token|2FA|illegal|error occurred)\b/i
/** One sentence ends and another begins. */
const endsInside = /\p{Ll}[.?] \p{Lu}/u

const wait = { untilSeconds: nowSeconds + 60, nowSeconds }
const anything = {
  wait,
  count: 5,
  seconds: 170,
  direction: 'slow',
  min: 8,
  max: 40,
  name: 'x',
  text: 'Do it again',
}

const problems = Object.keys(problemWords).map((key) => ({
  key,
  text: words(render(html`${problemText({ key, ...anything } as Problem)}`)),
}))
const notices = Object.keys(noticeWords).map((key) => ({
  key,
  text: words(
    render(html`${noticeText({ key, left: 2, idleSeconds: 60, ...anything } as unknown as Notice)}`),
  ),
}))
const pages = Object.entries(samples()).map(([key, page]) => ({ key, text: words(render(page)) }))

const http = fileURLToPath(new URL('../../src/http/', import.meta.url))
const code = readdirSync(http, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(http + file, 'utf8'))
  .join('\n')

describe('the words', () => {
  it.each([...problems, ...notices])('of $key are said by somebody', ({ key }) => {
    expect(code.includes(`'${key}'`)).toBe(true)
  })

  it.each([...problems, ...notices, ...pages])('UX-W01 of $key are plain and lay no blame', ({ text }) => {
    expect(text).not.toMatch(banned)
    expect(text).not.toContain('undefined')
    expect(text).not.toContain('[object')
  })

  it.each(problems.filter(({ key }) => key !== 'wrong-pair'))(
    'UX-W02 of the problem $key say what to do next',
    ({ text }) => {
      expect(text).toMatch(
        /\b(Enter|Choose|Type|Tick|Wait|Set|Use|Check|Ask|Go back|Add|try again|must be|Try again|Do it)\b/,
      )
    },
  )

  it.each([...problems, ...notices])('of $key end as sentences do, where there are several', ({ text }) => {
    if (endsInside.test(text)) expect(text).toMatch(/[.?]\s*$/)
  })

  it.each(problems.filter(({ text }) => !endsInside.test(text)))(
    'of $key are one instruction, without a full stop',
    ({ text }) => {
      expect(text).not.toMatch(/[.!]$/)
    },
  )

  it('of every paragraph end as sentences do, where there are several', () => {
    const unfinished = Object.values(samples()).flatMap((page) =>
      [...render(page).matchAll(/<(p|li|dd)(?:\s[^>]*)?>((?:(?!<(?:p|li|dd)[\s>])[\s\S])*?)<\/\1>/g)]
        .map(([, , inner = '']) => words(inner).trim())
        .filter((text) => endsInside.test(text) && !/[.?:]\W*$/.test(text)),
    )
    expect(unfinished).toEqual([])
  })

  it('UX-W03 of a wrong code do not tell whether it was used before', () => {
    const text = problems.find(({ key }) => key === 'code-wrong')?.text
    expect(text).toBe(
      'That code is not right or has been used. Wait for the next code in your app, then enter it.',
    )
  })

  it('of every sentence fit in one breath', () => {
    const long = [
      ...problems,
      ...notices,
      ...Object.values(activityWords).map((text) => ({ key: text, text })),
    ]
      .flatMap(({ text }) => text.split(/[.?!] /))
      .filter((sentence) => sentence.split(' ').length > 25)
    expect(long).toEqual([])
  })

  it('know how far a clock is off', () => {
    const drift = (seconds: number): string =>
      String(problemText({ key: 'code-drift', seconds, direction: 'fast' }))
    expect(drift(170)).toBe(
      "Your app's clock is about 3 minutes fast. Set your phone's time to automatic, then enter the next code.",
    )
    expect(drift(45)).toContain('about 1 minute fast')
    expect(drift(600)).toContain('about 10 minutes fast')
    expect(drift(600)).not.toContain('time zone')
    for (const [seconds, said] of [
      [900, '15 minutes'],
      [3540, '1 hour'],
      [3600, '1 hour'],
      [5400, '1 hour and 30 minutes'],
      [7170, '2 hours'],
      [20_700, '5 hours and 45 minutes'],
      [50_400, '14 hours'],
    ] as const)
      expect(drift(seconds)).toContain(`about ${said} fast. Set your phone's time and time zone to automatic`)
  })

  it('count', () => {
    const length = (count: number): string => String(problemText({ key: 'code-length', count }))
    expect(length(5)).toBe('You entered 5 numbers. The code must be 6 numbers.')
    expect(length(1)).toBe('You entered 1 number. The code must be 6 numbers.')
  })
})
