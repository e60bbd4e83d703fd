import { describe, expect, it } from 'vitest'
import { useApp } from '../support/app.js'
import { inDatabase } from '../support/attack.js'

const app = useApp({ env: { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' } })

/** The address that the audit trail gives to a request with these hops. */
async function addressSeen(hops: readonly string[]): Promise<string> {
  await app
    .browser({ 'x-forwarded-for': hops.join(', ') })
    .refused('/login', { username: 'x', password: 'y' })
  const [last] = await inDatabase(app, 'SELECT address FROM audit ORDER BY sequence DESC LIMIT 1')
  return String(last?.['address'])
}

const many = (count: number, address: (number: number) => string): string[] =>
  Array.from({ length: count }, (_, number) => address(number))

describe('the address of a client behind trusted proxies', () => {
  it('is the last hop that is no proxy of ours, however many the client has written before it', async () => {
    const claimed = many(40, (number) => `203.0.113.${String(number)}`)
    expect(await addressSeen([...claimed, '198.51.100.7'])).toBe('198.51.100.7')
    expect(await addressSeen([...claimed, '198.51.100.7', '10.0.0.1', '10.0.0.2'])).toBe('198.51.100.7')
  })

  it('is found behind as many as nineteen proxies of ours, and never further on', async () => {
    const proxies = many(19, (number) => `10.0.0.${String(number)}`)
    expect(await addressSeen(['198.51.100.7', ...proxies])).toBe('198.51.100.7')
    expect(await addressSeen(['198.51.100.7', '10.0.1.1', ...proxies])).toBe('10.0.1.1')
  })

  it('is the hop before what is no address', async () => {
    expect(await addressSeen(['198.51.100.7', 'unknown', '10.0.0.9'])).toBe('10.0.0.9')
    expect(await addressSeen(['198.51.100.7', 'unknown'])).toBe('127.0.0.1')
    expect(await addressSeen([''])).toBe('127.0.0.1')
  })
})
