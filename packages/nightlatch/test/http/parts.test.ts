import { describe, expect, it } from 'vitest'
import { hardLimit, headerProblem, largestLine } from '../../src/http/bindings/header-limit.js'
import { added, createMetrics, metricsText } from '../../src/http/health/metrics.js'

describe('what is too large of a request', () => {
  const size = (headers: string[], url = '/a'): number =>
    url.length + headers.reduce((sum, text) => sum + text.length + 2, 0)

  it.each([
    [['Host', 'a.example', 'Cookie', 'c'.repeat(60), 'X-A', '1'], 'cookie has 60 bytes'],
    [['X-Many', 'a'.repeat(20), 'x-many', 'b'.repeat(20), 'Cookie', 'c'.repeat(30)], 'x-many has 40 bytes'],
    [[`x-${'n'.repeat(80)}`, 'v'.repeat(90)], `x-${'n'.repeat(58)} has 90 bytes`],
    [['A', '1'], 'the address has 2 bytes'],
  ])('is named: %j', (headers, says) => {
    const total = size(headers)
    expect(headerProblem({ url: '/a', rawHeaders: headers }, total)).toBeNull()
    expect(headerProblem({ url: '/a', rawHeaders: headers }, total - 1)).toEqual({
      code: 'headers-too-large',
      detail: `${says}; all of them together have ${String(total)} of ${String(total - 1)}.`,
    })
  })

  it.each([
    [`GET /${'a'.repeat(50)} HTTP/1.1\r\nHost: a`, 'the address has 64 bytes or more.'],
    [`GET / HTTP/1.1\r\nX-Large: ${'a'.repeat(50)}\r\nHost: a`, 'x-large has 59 bytes or more.'],
    [`GET / HTTP/1.1\r\nno header at all`, 'one of them has 16 bytes or more.'],
    [`GET / HTTP/1.1\r\n${'n'.repeat(61)}: a`, 'one of them has 64 bytes or more.'],
    [`GET / HTTP/1.1\r\n${'n'.repeat(60)}: a`, `${'n'.repeat(60)} has 63 bytes or more.`],
  ])('is the longest line of what was not read to its end: %j', (bytes, says) => {
    expect(largestLine(Buffer.from(bytes, 'latin1'))).toBe(says)
  })

  it('is one of them where nothing was read, and is read up to twice the limit, or 64 KiB', () => {
    expect(largestLine(undefined)).toBe('one of them has 0 bytes or more.')
    expect([1000, 32_768, 32_769, 100_000].map(hardLimit)).toEqual([65_536, 65_536, 65_538, 200_000])
  })
})

describe('what several processes have counted', () => {
  it('is told together, from the first start on', () => {
    const [one, other] = [createMetrics(20), createMetrics(10)]
    one.request('/login', 200)
    one.request('/login', 200)
    one.request('/login', 303)
    one.step('password', 'refused')
    other.request('/login', 200)
    other.request('/account', 200)
    other.step('password', 'refused')
    other.step('code', 'complete')
    expect(added(null, one.counters())).toEqual(one.counters())
    expect(added(one.counters(), other.counters())).toEqual({
      startedAt: 10,
      requests: [
        ['route="/login",status="200"', 3],
        ['route="/login",status="303"', 1],
        ['route="/account",status="200"', 1],
      ],
      steps: [
        ['step="password",outcome="refused"', 2],
        ['step="code",outcome="complete"', 1],
      ],
    })
    expect(metricsText([one.counters(), other.counters()]).split('\n')).toEqual([
      '# HELP nightlatch_requests_total Answers by route and status.',
      '# TYPE nightlatch_requests_total counter',
      'nightlatch_requests_total{route="/account",status="200"} 1',
      'nightlatch_requests_total{route="/login",status="200"} 3',
      'nightlatch_requests_total{route="/login",status="303"} 1',
      '# HELP nightlatch_sign_in_steps_total Steps of sign-ins by outcome.',
      '# TYPE nightlatch_sign_in_steps_total counter',
      'nightlatch_sign_in_steps_total{step="code",outcome="complete"} 1',
      'nightlatch_sign_in_steps_total{step="password",outcome="refused"} 2',
      '# HELP nightlatch_start_time_seconds When this server began to serve.',
      '# TYPE nightlatch_start_time_seconds gauge',
      'nightlatch_start_time_seconds 10',
      '',
    ])
  })
})
