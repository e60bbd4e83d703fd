import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApp } from '../support/app.js'
import { startApp } from '../support/app.js'
import { personWithSecret } from '../support/attack.js'
import type { Reply } from '../support/browser.js'
import { rfcSecret, vectors } from '../support/vectors.js'
import { Totp } from '@nightlatch/otp'

interface Target {
  readonly id: string
  readonly target: string
  readonly expect: 'allow' | 'deny' | 'stay_on_origin' | 'allow_if_configured' | 'deny_or_configured'
}
const { cases } = vectors<{ cases: Target[] }>('redirect-targets')
const targets = cases.filter((one) => one.id !== 'array' && one.id !== 'repeat')
const origin = 'https://auth.example.test'
const env = { NIGHTLATCH_ORIGIN: origin, NIGHTLATCH_COOKIE_DOMAIN: 'example.test' }

/** Judged as a browser does, never by the text. */
function judge(wanted: Target['expect'], target: string, location: string): void {
  expect(location).not.toMatch(/[\r\n\t\\]/)
  const led = new URL(location, `${origin}/login`)
  expect(led.username + led.password).toBe('')
  if (wanted === 'allow') expect(led.href).toBe(new URL(target, origin).href)
  else if (wanted === 'deny') expect(led.href).toBe(`${origin}/`)
  else expect(led.origin).toBe(origin)
}

function leadsNowhereElse(reply: Reply): void {
  expect(reply.headers['refresh']).toBeUndefined()
  expect(reply.body).not.toMatch(/<meta[^>]+refresh/i)
  const addresses = [...reply.body.matchAll(/\s(?:href|action|src|formaction)="([^"]*)"/g)].map(
    (match) => match[1]!,
  )
  for (const address of addresses) {
    if (address.startsWith('otpauth:')) continue
    expect(new URL(address, `${origin}/login`).origin).toBe(origin)
  }
}

describe('where a sign-in leads', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp({ env: { ...env, NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })
  })
  afterAll(() => app.close())

  it.each(targets)('REDIR-1 $id: $expect', async ({ id, target, expect: wanted }) => {
    const ada = await personWithSecret(app, `ada-${id}`, rfcSecret)
    const browser = app.browser({ 'x-forwarded-for': '10.5.0.1' })
    const asked = await browser.get(`/login?next=${encodeURIComponent(target)}`)
    expect([200, 400]).toContain(asked.status)
    leadsNowhereElse(asked)
    const { username, password } = ada
    const wrong = await browser.post('/login', { username, password: 'not it', next: target })
    leadsNowhereElse(wrong)
    const given = await browser.post('/login', { username, password, next: target })
    if (given.status === 400) return expect(target).toContain('\0') // nothing was looked at
    expect(given.location).toBe('/mfa/verify')
    const page = await browser.get(`/mfa/verify?next=${encodeURIComponent(target).replaceAll('%00', '')}`)
    leadsNowhereElse(page)
    const otp = new Totp({ secret: rfcSecret }).at(app.clock.seconds)
    const done = await browser.post('/mfa/verify', { otp })
    expect(done.status).toBe(303)
    judge(wanted, target, done.location)
    // Whoever is signed in already is sent on at once, by the same rule.
    const again = await browser.get(`/login?next=${encodeURIComponent(target)}`)
    judge(wanted, target, again.location)
    const confirm = await browser.get(`/account/confirm?next=${encodeURIComponent(target)}`)
    if (wanted === 'deny') expect(confirm.body).not.toContain('name="next"')
    const out = await browser.post('/logout', { next: target })
    expect(out.location).toBe('/login')
  })

  it('REDIR-1 array and repeat: two answers to one question are refused', async () => {
    for (const query of ['next=/&next=//evil.test', 'next=//evil.test&next=/'])
      expect((await app.browser().get(`/login?${query}`)).status).toBe(400)
    const array = await app.browser().get('/login?next[]=//evil.test')
    expect([array.status, array.body.includes('evil.test')]).toEqual([200, false])
  })

  it('REDIR-1 a planted cookie leads nowhere else either', async () => {
    for (const [index, target] of targets.filter((one) => one.expect === 'deny').entries()) {
      const ada = await personWithSecret(app, `cookie-${String(index)}`, rfcSecret)
      const browser = app.browser({ 'x-forwarded-for': '10.5.0.2' })
      await browser.submit('/login', { username: ada.username, password: ada.password })
      browser.cookies.set('__Host-nightlatch-next', encodeURIComponent(target.target))
      const otp = new Totp({ secret: rfcSecret }).at(app.clock.seconds)
      const done = await browser.post('/mfa/verify', { otp })
      expect(new URL(done.location, origin).href, target.id).toBe(`${origin}/`)
    }
    const odd = app.browser()
    odd.cookies.set('__Host-nightlatch-next', '%ZZ%')
    odd.cookies.set('__Host-nightlatch-sign-in', 'gone')
    expect((await odd.get('/mfa/verify')).location).toBe('/login')
  })

  it('HOST-1 HOST-2 no header changes where links and cookies point', async () => {
    const headers: Record<string, string> = {
      host: 'evil.test',
      'x-forwarded-host': 'evil.test',
      'x-forwarded-proto': 'http',
      'x-host': 'evil.test',
      'x-original-host': 'evil.test',
      forwarded: 'host=evil.test;proto=http',
      'x-forwarded-prefix': '//evil.test',
    }
    await app.person('host')
    const browser = app.browser({ 'x-forwarded-for': '10.5.0.3' })
    const login = await browser.post(
      '/login',
      { username: 'host', password: 'correct horse battery' },
      headers,
    )
    for (const cookie of login.headers['set-cookie']!) expect(cookie).toMatch(/^__Host-.*; Secure$/)
    for (const path of ['/login', '/mfa/setup', '/', '/help', '/nothing', '/mfa/recovery-codes']) {
      const reply = await browser.get(path, headers)
      expect(reply.body + JSON.stringify(reply.headers), path).not.toContain('evil.test')
    }
    expect((await browser.get('/mfa/setup', headers)).body).toContain('host%40auth.example.test')
  })

  it('REDIR-4 no script runs from a link: the pages say so to the browser', async () => {
    const { headers } = await app.browser().get('/login?next=javascript:alert(1)')
    const csp = String(headers['content-security-policy'])
    expect(csp).toContain("default-src 'none'")
    expect(csp).toContain("base-uri 'none'")
    expect(csp).not.toMatch(/unsafe|\*|data:|https?:/)
  })
})
