import { describe, expect, it } from 'vitest'
import { Phone, setUpKey, testPassword, useApp } from '../support/app.js'

const base = '/auth'

/** Every address that a page names, but for those of other schemes and of its own parts. */
const addressesIn = (html: string): string[] =>
  [...html.matchAll(/(?:href|src|action)="([^"]+)"/g)]
    .map((match) => match[1] ?? '')
    .filter((address) => !/^(?:#|otpauth:)/.test(address))

describe('below a base path', () => {
  const app = useApp({ env: { NIGHTLATCH_BASE_PATH: base } })

  it('every redirect, link, form and file of the first sign-in lies below it', async () => {
    await app.person('ada')
    const browser = app.browser()
    const look = async (path: string): Promise<string> => {
      const { status, body } = await browser.get(base + path)
      expect(status, path).toBe(200)
      for (const address of new Set(addressesIn(body))) {
        expect(address).toMatch(/^\/auth\//)
        expect((await browser.get(address)).status, address).toBeLessThan(400)
      }
      return body
    }
    const send = async (path: string, fields: Record<string, string>): Promise<string> => {
      const { status, location } = await browser.post(base + path, fields)
      expect(status, path).toBe(303)
      return location
    }
    expect((await browser.get(`${base}/`)).location).toBe(`${base}/login`)
    await look('/login')
    expect(await send('/login', { username: 'ada', password: testPassword })).toBe(`${base}/mfa/setup`)
    const phone = new Phone(setUpKey(await look('/mfa/setup')), app.clock)
    expect(await send('/mfa/setup', { otp: phone.code() })).toBe(`${base}/mfa/recovery-codes`)
    await look('/mfa/recovery-codes')
    expect(await send('/mfa/recovery-codes', { saved: 'yes' })).toBe(`${base}/`)
    for (const path of ['/', '/account', '/logout', '/help']) await look(path)
    expect(await send('/logout', {})).toBe(`${base}/login`)
  })

  it('nothing is outside it but what watches the machine', async () => {
    for (const path of ['/', '/login', '/api/v1/session', '/authx/login'])
      expect((await app.browser().get(path)).status, path).toBe(404)
    for (const path of ['/healthz', '/readyz', '/metrics', '/readyz?verbose'])
      for (const address of [path, base + path])
        expect((await app.browser().get(address)).status, address).toBe(200)
  })
})
