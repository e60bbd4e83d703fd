import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientAddresses } from '../../src/http/client-address.js'
import { enrolledPerson, startApp, type TestApp } from '../support/app.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'

const trusted = { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' }

describe('BRUTE-20 the address of a client behind a proxy', () => {
  const logged: string[] = []
  const log = { warn: (message: string) => void logged.push(message), error: () => undefined }
  const trustedProxies = { has: (address: string) => address === '127.0.0.1' || address.startsWith('10.') }
  const of = clientAddresses({ trustedProxies, log })
  const from = (said: string | undefined, peer = '127.0.0.1'): string =>
    of({ peer, header: () => said } as unknown as Parameters<typeof of>[0])

  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:51234', '203.0.113.9'],
    ['"203.0.113.9:51234"', '203.0.113.9'],
    ['2001:db8::9', '2001:db8::9'],
    ['[2001:db8::9]', '2001:db8::9'],
    ['[2001:db8::9]:51234', '2001:db8::9'],
    ['"[2001:db8::9]:51234"', '2001:db8::9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['[::ffff:203.0.113.9]:80', '203.0.113.9'],
    ['198.51.100.1, 203.0.113.9:51234', '203.0.113.9'],
    ['203.0.113.9:51234, 10.0.0.1:443', '203.0.113.9'],
    ['203.0.113.9 , "10.0.0.1:443" , 10.0.0.2', '203.0.113.9'],
  ])('X-Forwarded-For: %s is %s', (said, expected) => {
    expect(from(said)).toBe(expected)
  })

  it.each([
    'unknown',
    '_hidden',
    '',
    '203.0.113.9:',
    '203.0.113:80',
    '[203.0.113.9]:80',
    '203.0.113.9:port',
    '[::1',
  ])('X-Forwarded-For: %j is none, and then the proxy counts', (said) => {
    expect(from(said)).toBe('127.0.0.1')
    expect(from(`${said}, 10.0.0.3:1`)).toBe('10.0.0.3')
  })

  it('takes the last twenty of a long list, the nearest ones', () => {
    const far = Array.from({ length: 40 }, (_, at) => `10.9.0.${at}`)
    expect(from(['203.0.113.9', ...far].join(', '))).toBe('10.9.0.20')
  })

  it('a peer that is no trusted proxy is the client, whatever it says', () => {
    expect(from('203.0.113.9:1', '192.0.2.1')).toBe('192.0.2.1')
    expect(from('203.0.113.9:1', '::ffff:127.0.0.1')).toBe('203.0.113.9')
  })

  it('what cannot be read is told once, not for every request', () => {
    expect(logged).toEqual([expect.stringContaining('X-Forwarded-For')])
  })
})

describe.each(databases)(
  'BRUTE-20 guesses of one client behind a proxy that adds ports, on $name',
  (kind) => {
    let app: TestApp
    beforeAll(async () => {
      app = await startAppOn(kind, { env: trusted })
    })
    afterAll(() => app.close())

    it('keep nobody else out', async () => {
      const ada = await enrolledPerson(app, 'ada')
      for (let guess = 0; guess < 52; guess += 1) {
        const thief = app.browser({ 'x-forwarded-for': `203.0.113.9:${50_000 + guess}` })
        await thief.refused('/login', { username: `nobody${guess}`, password: 'a wrong one' })
      }
      const again = app.browser({ 'x-forwarded-for': '203.0.113.9:1' })
      expect((await again.post('/login', { username: 'nobody', password: 'a wrong one' })).status).toBe(429)
      const { username, password } = ada
      const other = app.browser({ 'x-forwarded-for': '[2001:db8::9]:50000' })
      expect((await other.post('/login', { username, password })).status).toBe(303)
    })
  },
)

it('BRUTE-20 a proxy that says no address is told of in the log', async () => {
  const app = await startApp({ env: trusted })
  for (let time = 0; time < 3; time += 1)
    await app.browser({ 'x-forwarded-for': 'unknown' }).refused('/login', { username: 'x', password: 'y' })
  expect(app.logged.filter((line) => line.includes('X-Forwarded-For'))).toHaveLength(1)
  await app.close()
})
