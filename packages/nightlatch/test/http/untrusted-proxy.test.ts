import { expect, it } from 'vitest'
import type { HttpRequest } from '../../src/http/request.js'
import { untrustedProxies } from '../../src/http/untrusted-proxy.js'

const asked = (peer: string, headers: Record<string, string> = { 'x-forwarded-for': '203.0.113.7' }) =>
  ({ peer, hasAny: (names: readonly string[]) => names.some((name) => name in headers) }) as HttpRequest

it('warns of each address once an hour, and of twenty at most, whoever sends such headers', () => {
  const warned: [string, unknown][] = []
  let now = 0
  const note = untrustedProxies({
    trustedProxies: new Set(['10.0.0.1']),
    log: { warn: (...said) => warned.push(said), error: () => undefined },
    now: () => now,
  })
  const allAccounts = (): void => {
    for (let host = 0; host < 300; host += 1) note(asked(`198.51.100.${host}`))
  }
  note(asked('10.0.0.1'))
  note(asked('198.51.100.0', {}))
  note(asked(''))
  expect(warned).toEqual([])
  allAccounts()
  allAccounts()
  const fields = {
    setting: 'NIGHTLATCH_TRUSTED_PROXIES',
    reason: 'its X-Forwarded-* headers do not count: if it is your proxy, name its address in the setting',
  }
  const toldOf = (count: number): unknown =>
    Array.from({ length: count }, (_none, at) => [
      'proxy.not-trusted',
      { address: `198.51.100.${at}`, ...fields },
    ])
  expect(warned).toEqual(toldOf(20))
  now = 60 * 60_000 - 1
  allAccounts()
  expect(warned).toHaveLength(20)
  now = 60 * 60_000
  allAccounts()
  expect(warned).toHaveLength(40)
})
