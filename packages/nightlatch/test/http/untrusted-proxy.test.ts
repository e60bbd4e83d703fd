import { expect, it } from 'vitest'
import type { HttpRequest } from '../../src/http/request.js'
import { untrustedProxies } from '../../src/http/untrusted-proxy.js'

const asked = (peer: string, headers: Record<string, string> = { 'x-forwarded-for': '203.0.113.7' }) =>
  ({ peer, hasAny: (names: readonly string[]) => names.some((name) => name in headers) }) as HttpRequest

it('warns of each address once an hour, and of twenty at most, whoever sends such headers', () => {
  const warned: unknown[] = []
  let now = 0
  const note = untrustedProxies({
    trustedProxies: new Set(['10.0.0.1']),
    log: { warn: (_message, { address }) => warned.push(address), error: () => undefined },
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
  expect(warned).toHaveLength(20)
  now = 60 * 60_000
  allAccounts()
  expect(warned).toHaveLength(40)
})
