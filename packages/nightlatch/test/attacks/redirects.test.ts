import { describe, expect, it } from 'vitest'
import { Phone, setUpKey, testPassword, useApp } from '../support/app.js'
import { personWithSecret } from '../support/attack.js'
import type { Browser, Reply } from '../support/browser.js'
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
  const app = useApp({ env: { ...env, NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })

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

  it('REDIR-1 array and repeat: two answers to one question are none', async () => {
    for (const query of ['next=/&next=//evil.test', 'next=//evil.test&next=/'])
      expect((await app.browser().get(`/login?${query}`)).body).not.toContain('name="next"')
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

interface Named {
  readonly username: string
  readonly password: string
}

const nextIn = (body: string): string | undefined =>
  /<input type="hidden" name="next" value="([^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&')

describe('the way back', () => {
  const application = 'https://app.example.test'
  const app = useApp({ env: { ...env, NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })

  const codeOf = (): string => new Totp({ secret: rfcSecret }).at(app.clock.seconds)
  const policyOf = (reply: Reply): string => String(reply.headers['content-security-policy'])
  const formActionOf = (reply: Reply): string => /form-action ([^;]*)/.exec(policyOf(reply))?.[1] ?? ''

  /** As far as the page that asks for the code. */
  async function atCode(browser: Browser, person: Named, next: string): Promise<Reply> {
    const { username, password } = person
    const given = await browser.post('/login', { username, password, next })
    expect([given.status, given.location.split('?')[0]]).toEqual([303, '/mfa/verify'])
    return browser.get(given.location)
  }

  it('REDIR-5 two windows at the code step: each gets its own, whichever is first', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const person = await personWithSecret(app, `two-${order.join('')}`, rfcSecret)
      const browser = app.browser()
      const ways = [`${application}/first?x=1&y=2`, '/account']
      const pages = [await atCode(browser, person, ways[0]!), await atCode(browser, person, ways[1]!)]
      expect(pages.map(({ body }) => nextIn(body))).toEqual(ways)
      for (const at of order) {
        const done = await browser.post('/mfa/verify', { otp: codeOf(), next: nextIn(pages[at]!.body)! })
        expect([done.status, done.location]).toEqual([303, ways[at]])
      }
    }
  })

  it('a window that leads to another origin keeps its opener, and no other page does', async () => {
    const person = await personWithSecret(app, 'popup', rfcSecret)
    const openerOf = (reply: Reply) => reply.headers['cross-origin-opener-policy']
    const next = `${application}/done`
    const leading = app.browser()
    expect(openerOf(await leading.get(`/login?next=${encodeURIComponent(next)}`))).toBeUndefined()
    expect(openerOf(await leading.post('/login', { username: 'popup', password: '', next }))).toBeUndefined()
    expect(openerOf(await atCode(leading, person, next))).toBeUndefined()
    expect(openerOf(await leading.post('/mfa/verify', { otp: '000000', next }))).toBeUndefined()
    const plain = app.browser()
    for (const path of [
      '/login',
      '/login?next=%2Faccount',
      '/login?next=https%3A%2F%2Fevil.test%2F',
      '/help',
    ])
      expect([path, openerOf(await plain.get(path))]).toEqual([path, 'same-origin'])
    expect(openerOf(await atCode(plain, person, '/account'))).toBe('same-origin')
  })

  it('REDIR-5 a window that was to lead nowhere in particular does not follow the other one', async () => {
    const person = await personWithSecret(app, 'nowhere', rfcSecret)
    const browser = app.browser()
    const plain = await atCode(browser, person, '')
    await atCode(browser, person, `${application}/first`)
    const done = await browser.post('/mfa/verify', { otp: codeOf(), next: nextIn(plain.body)! })
    expect(done.location).toBe('/')
  })

  it('REDIR-5 a page that is asked for once more, or left for recovery and back, keeps its own', async () => {
    const person = await personWithSecret(app, 'again', rfcSecret)
    const browser = app.browser()
    const login = `${origin}/login?next=${encodeURIComponent(`${application}/mine`)}`
    await atCode(browser, person, `${application}/mine`)
    await atCode(browser, person, `${application}/other`)
    const again = await browser.get('/mfa/verify', { referer: login })
    expect(nextIn(again.body)).toBe(`${application}/mine`)
    const link = /href="(\/mfa\/recovery[^"]*)"/.exec(again.body)?.[1] ?? ''
    const recovery = await browser.get(link.replaceAll('&amp;', '&'))
    expect(nextIn(recovery.body)).toBe(`${application}/mine`)
    const wrong = await browser.post('/mfa/verify', { otp: '000000', next: `${application}/mine` })
    expect([wrong.status, nextIn(wrong.body)]).toEqual([401, `${application}/mine`])
    const foreign = await browser.get('/mfa/verify', { referer: 'https://evil.test/login?next=%2Faccount' })
    expect(nextIn(foreign.body)).toBe(`${application}/other`)
  })

  it('REDIR-5 through a set-up and its recovery codes, too', async () => {
    const { username } = await app.person('new-one')
    const browser = app.browser()
    const given = await browser.post('/login', {
      username,
      password: testPassword,
      next: `${application}/mine`,
    })
    const page = await browser.get(given.location)
    expect([nextIn(page.body), formActionOf(page)]).toEqual([`${application}/mine`, `'self' ${application}`])
    const phone = new Phone(setUpKey(page.body), app.clock)
    browser.cookies.delete('__Host-nightlatch-next')
    const set = await browser.post('/mfa/setup', { otp: phone.code(), next: `${application}/mine` })
    expect(set.location).toBe('/mfa/recovery-codes')
    const codes = await browser.get(set.location)
    expect([nextIn(codes.body), formActionOf(codes)]).toEqual([
      `${application}/mine`,
      `'self' ${application}`,
    ])
    const done = await browser.post('/mfa/recovery-codes', { saved: 'yes', next: `${application}/mine` })
    expect(done.location).toBe(`${application}/mine`)
  })

  it.each([1900, 2100, 3500, 6000, 6900])('REDIR-6 of %i characters is kept', async (length) => {
    const person = await personWithSecret(app, `long-${String(length)}`, rfcSecret)
    const browser = app.browser()
    const next = `${application}/deep?q=`.padEnd(length, 'x') + '#/inside'
    const login = await browser.get(`/login?next=${encodeURIComponent(next)}`)
    expect(nextIn(login.body)).toBe(next)
    const page = await atCode(browser, person, next)
    expect(nextIn(page.body)).toBe(next)
    const done = await browser.post('/mfa/verify', { otp: codeOf(), next })
    expect(done.location).toBe(next)
    for (const value of browser.cookies.values()) expect(value.length).toBeLessThan(3500)
  })

  it('REDIR-6 one that is too long for a request line is not forgotten in silence', async () => {
    const long = '/deep?q='.padEnd(7900, 'x')
    const asked = await app.browser().get('/forward-auth', {
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'app.example.test',
      'x-forwarded-uri': long,
      'sec-fetch-mode': 'navigate',
    })
    expect([asked.status, asked.location]).toEqual([302, `${origin}/login?way-back=lost`])
    for (const path of ['/login?way-back=lost', `/login?next=${encodeURIComponent(application + long)}`])
      expect((await app.browser().get(path)).body).toContain('too long to be kept')
    expect((await app.browser().get('/login?next=/short')).body).not.toContain('too long to be kept')
  })

  it('REDIR-7 the policy of each page names where its sign-in leads, and nothing else', async () => {
    const person = await personWithSecret(app, 'policy', rfcSecret)
    const browser = app.browser()
    const own = `'self' ${application}`
    const next = `${application}/x;y?z#f`
    const login = await browser.get(`/login?next=${encodeURIComponent(next)}`)
    const wrong = await browser.post('/login', { username: person.username, password: 'wrong', next })
    const empty = await browser.post('/login', { username: '', password: '', next })
    const code = await atCode(browser, person, next)
    const wrongCode = await browser.post('/mfa/verify', { otp: '000000', next })
    const recovery = await browser.get('/mfa/recovery')
    for (const page of [login, wrong, empty, code, wrongCode, recovery]) expect(formActionOf(page)).toBe(own)
    for (const target of [
      '/account',
      'https://evil.test/',
      `${application}:8443/`,
      'http://app.example.test/',
      '',
      "https://a'b.example.test/",
      'https://a;sandbox.example.test/',
      'https://a,b.example.test/',
    ])
      expect(formActionOf(await browser.get(`/login?restart&next=${encodeURIComponent(target)}`))).toBe(
        "'self'",
      )
    expect(formActionOf(await browser.get('/help'))).toBe("'self'")
  })
})

describe('where a sign-in leads whose origin has a port', () => {
  const app = useApp({ env: { ...env, NIGHTLATCH_ORIGIN: 'https://auth.example.test:8443' } })

  it.each([
    ['https://app.example.test:8443/deep?x=1', true],
    ['https://app.example.test/deep', true],
    ['https://app.example.test:443/deep', true],
    ['https://app.example.test:18443/', false],
    ['https://app.example.test:443443/', false],
    ['https://app.example.test:80/', false],
    ['https://evil.test:8443/', false],
    ['https://app.example.test:8443@evil.test/', false],
    ['http://app.example.test:8443/', false],
  ])('REDIR-1 %s: back to the same port or the default one, and to no other: %j', async (target, isKept) => {
    const { headers, body } = await app.browser().get(`/login?next=${encodeURIComponent(target)}`)
    const kept = /name="next"\s+value="([^"]*)"/.exec(body)?.[1]
    expect(kept).toBe(isKept ? new URL(target).href : undefined)
    const allowed = isKept ? ` ${new URL(target).origin}` : ''
    expect(headers['content-security-policy']).toContain(`form-action 'self'${allowed};`)
  })
})
