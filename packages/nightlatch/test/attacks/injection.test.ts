import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeBase32 } from '@nightlatch/otp'
import { addAccount } from '../../src/core/accounts/administration.js'
import { Secret } from '../../src/core/secret.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, Phone, recoveryCodesOf, setUpKey, startApp, testPassword } from '../support/app.js'
import { accountOf, everythingKept, inDatabase, proveAgain, withPassword } from '../support/attack.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'

const formType = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }

describe('what must never be written down', () => {
  it('LOG-2 ENROL-11 a whole life of secrets leaves no trace in the log, the mails or the files', async () => {
    const app = await startApp()
    try {
      const secrets = new Set<string>()
      const password = 'Marker-password-71c2'
      const next = 'Marker-new-password-88ab'
      await app.person('ada', password)
      const browser = app.browser({ 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' })
      const keep = (): void => {
        for (const [name, value] of browser.cookies) if (!/-(next|notice)$/.test(name)) secrets.add(value)
      }
      await browser.refused('/login', { username: 'ada', password: `${password}-wrong` })
      await browser.refused('/login', { username: password, password })
      await browser.submit('/login', { username: 'ada', password, next: '/account' })
      keep()
      const key = setUpKey((await browser.get('/mfa/setup')).body).replaceAll(' ', '')
      const raw = Buffer.from(decodeBase32(key)!)
      for (const spelling of [key, raw.toString('hex'), raw.toString('base64'), raw.toString('base64url')])
        secrets.add(spelling)
      const phone = new Phone(key, app.clock)
      const codes: string[] = [phone.code()]
      await browser.refused('/mfa/setup', { otp: phone.wrongCode() })
      await browser.submit('/mfa/setup', { otp: phone.code() })
      keep()
      const recovery = recoveryCodesOf((await browser.get('/mfa/recovery-codes')).body)
      for (const code of recovery) secrets.add(code).add(code.replaceAll('-', ''))
      await browser.get('/mfa/recovery-codes/download')
      await browser.submit('/mfa/recovery-codes', { saved: 'yes' })
      app.clock.advance(30)
      codes.push(phone.code())
      await browser.submit('/account/confirm', { password, otp: phone.code() })
      keep()
      await browser.submit('/account/password', { current_password: password, new_password: next })
      keep()
      await browser.submit('/account/recovery-codes/renew')
      for (const code of recoveryCodesOf((await browser.get('/mfa/recovery-codes')).body)) secrets.add(code)
      app.clock.advance(30)
      await browser.submit('/logout')
      await browser.submit('/login', { username: 'ada', password: next })
      keep()
      codes.push(phone.code())
      await browser.submit('/mfa/verify', { otp: phone.code(), remember: 'yes' })
      keep()
      await browser.submit('/mfa/verify', { otp: phone.code() })
      secrets.add(password).add(next)
      // A fault in the middle: what the log says of it, too.
      await inDatabase(
        app,
        `CREATE TRIGGER broken BEFORE INSERT ON sign_in BEGIN SELECT RAISE(ABORT, 'no'); END`,
      )
      expect((await app.browser().post('/login', { username: 'ada', password: next })).status).toBe(500)
      await inDatabase(app, 'DROP TRIGGER broken')
      expect(secrets.size).toBeGreaterThan(40)
      const told = app.logged.join('\n') + JSON.stringify(app.notices)
      expect(app.logged.length).toBeGreaterThan(0)
      const kept = await everythingKept(app)
      for (const secret of secrets) {
        expect(told).not.toContain(secret)
        expect(kept).not.toContain(secret)
      }
      for (const code of codes)
        expect(told + kept.replace(/\d{7,}|[0-9a-f]{16,}/g, '')).not.toMatch(
          new RegExp(`(?<![\\w.-])${code}(?![\\w.-])`),
        )
      for (const file of readdirSync(app.dataFolder)) {
        const bytes = readFileSync(join(app.dataFolder, file))
        for (const secret of [...secrets, raw]) expect([file, bytes.includes(secret)]).toEqual([file, false])
      }
    } finally {
      await app.close()
    }
  })

  it('LOG-2 a secret in a program cannot be printed by accident', () => {
    const secret = new Secret('Marker-5a')
    const printed = [
      String(secret),
      `${secret as never}`,
      JSON.stringify({ secret }),
      Object.entries(secret).join(),
      Object.prototype.toString.call(secret),
    ]
    for (const text of printed) expect(text).not.toContain('Marker')
  })
})

describe.each(databases)('text that means something elsewhere, on $name', (kind) => {
  let app: TestApp
  let ada: Enrolled
  beforeAll(async () => {
    app = await startAppOn(kind)
    ada = await enrolledPerson(app, 'ada')
  })
  afterAll(() => app.close())

  const sql = [
    "'",
    '"',
    ';--',
    "')) OR 1=1--",
    "' OR '1'='1",
    "'; DROP TABLE account;--",
    "ada'--",
    '$1',
    '?',
    '\\',
    "'||pg_sleep(5)||'",
    '1;SELECT pg_sleep(5)',
    '%',
    '_',
  ]
  it.each(sql)('SQL-1 %s is data, in every field, address, cookie and header', async (text) => {
    const started = performance.now()
    await inDatabase(app, 'DELETE FROM attempt')
    const accounts = await inDatabase(app, 'SELECT * FROM account ORDER BY id')
    expect((await app.browser().post('/login', { username: text, password: text })).status).toBe(401)
    expect(
      (await app.browser().post('/login', { username: `ada${text}`, password: testPassword })).status,
    ).toBe(401)
    const half = await withPassword(app, ada, { 'user-agent': text, 'accept-language': text })
    expect((await half.post('/mfa/verify', { otp: text })).status).toBe(422)
    expect((await half.post('/mfa/recovery', { recovery_code: text })).status).toBe(422)
    for (const name of ['session', 'sign-in', 'device', 'trusted', 'invitation', 'next', 'notice']) {
      const cookie = `nightlatch-${name}=${text.replace(';', '%3B')}`
      expect((await app.browser().get('/account', { cookie })).location).toMatch(/^\/login/)
    }
    const encoded = encodeURIComponent(text)
    for (const path of [
      `/account?before=${encoded}&sort=(select+1)`,
      `/login?next=${encoded}`,
      `/invitation?token=${encoded}`,
    ])
      expect((await ada.browser.get(path)).status, path).toBeLessThan(400)
    expect((await ada.browser.get(`/account/sessions/${encoded}/end`)).status).toBe(404)
    await proveAgain(app, ada)
    const { id } = await accountOf(app, 'ada')
    const [authenticator] = await app.nightlatch.storage.stores.authenticators.listOf(id)
    expect(
      (await ada.browser.post(`/account/authenticators/${authenticator!.id}/rename`, { name: text }))
        .location,
    ).toBe('/account')
    expect((await app.nightlatch.storage.stores.authenticators.listOf(id))[0]!.name).toBe(text)
    expect(await inDatabase(app, 'SELECT * FROM account ORDER BY id')).toEqual(accounts)
    expect(performance.now() - started).toBeLessThan(4500)
  })

  const markup = [
    '<img src=x onerror=alert(1)>',
    '"><script>alert(1)</script>',
    "'-alert(1)-'",
    '{{7919*7907}}',
    '${7919*7907}',
    '<%= 7919*7907 %>',
    '&lt;b&gt;',
    '<bdi>',
    'javascript:alert(1)',
    '#{7919*7907}',
  ]
  it.each(markup)('XSS-1 TPL-1 %s is shown as it is, wherever a name appears', async (text) => {
    const { id } = await accountOf(app, 'ada')
    const { authenticators } = app.nightlatch.storage.stores
    await proveAgain(app, ada)
    const [authenticator] = await authenticators.listOf(id)
    await ada.browser.submit(`/account/authenticators/${authenticator!.id}/rename`, { name: text })
    await inDatabase(
      app,
      `UPDATE account SET name = '${text.replaceAll("'", "''")}', email = '' WHERE id = '${id}'`,
    )
    const other = await withPassword(app, ada, { 'user-agent': text })
    await other.submit('/mfa/verify', { otp: ada.phone.code() })
    app.clock.advance(30)
    const escaped = text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&#34;')
      .replaceAll("'", '&#39;')
    const pages = [
      '/',
      '/account',
      `/account/authenticators/${authenticator!.id}/rename`,
      `/account/authenticators/${authenticator!.id}/remove`,
    ]
    for (const path of pages) {
      const { body } = await ada.browser.get(path)
      expect(body, path).toContain(escaped)
      if (escaped !== text)
        expect(body.replaceAll(escaped, ''), path).not.toContain(text === '<bdi>' ? '<bdi><bdi>' : text)
      expect(body, path).not.toContain('62615533')
    }
    for (const path of ['/login', '/help', `/login?next=${encodeURIComponent(text)}`]) {
      const { body } = await app.browser().get(path)
      if (escaped !== text && text !== '<bdi>') expect(body).not.toContain(text)
    }
    const typed = await app.browser().send('/login', {
      method: 'POST',
      headers: formType,
      body: new URLSearchParams({ username: text, password: '' }).toString(),
    })
    if (escaped !== text) expect(typed.body).not.toContain(`value="${text}`)
    await inDatabase(app, 'DELETE FROM attempt')
  })

  it('MAIL-1 XSS-1 a name has no line end, and nothing that turns the text around it', async () => {
    const add = (more: { name?: string; email?: string }) =>
      addAccount(
        app.nightlatch.core,
        { username: 'lines', admin: false, ...more },
        { password: testPassword },
      )
    for (const name of ['a\nBcc: eve@evil.test', 'a\r\nb', 'a\u2028b', 'a\u202eb', 'a\0b'])
      expect(await add({ name })).toMatchObject({ kind: 'refused', why: 'bad-name' })
    for (const email of [
      'a@b.test\nBcc: eve@evil.test',
      'a@b.test,eve@evil.test',
      'a@b.test eve@evil.test',
      '<a@b.test>',
    ])
      expect(await add({ email })).toMatchObject({ kind: 'refused', why: 'bad-email' })
  })
})
