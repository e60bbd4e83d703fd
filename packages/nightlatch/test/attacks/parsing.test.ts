import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Totp } from '@nightlatch/otp'
import { routes } from '../../src/http/routes.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, testPassword, useApp } from '../support/app.js'
import {
  failuresOf,
  inDatabase,
  isSignedIn,
  personWithSecret,
  showsNothingInside,
  withPassword,
} from '../support/attack.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'
import { rfcSecret, vectors } from '../support/vectors.js'
import { onTheWire, statusesOf } from '../support/wire.js'

const zeros = vectors<{
  rows: { totp_time_first: number; code: string; without_zeros: string; counter: number }[]
}>('leading-zero-codes')
interface CodeCase {
  readonly id: string
  readonly kind: 'form' | 'json' | 'multipart'
  readonly body: string
  readonly expect: 'accept' | 'reject' | 'accept_or_reject'
}
const { cases } = vectors<{ cases: CodeCase[] }>('code-input')
const formType = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }

const shift = (code: string, zero: number): string =>
  [...code].map((digit) => String.fromCodePoint(zero + Number(digit))).join('')
const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'

function fill(one: CodeCase, code: string): string {
  if (one.id === 'many-guesses')
    return Array.from({ length: 1000 }, (_, guess) => `otp=${String(guess).padStart(6, '0')}`).join('&')
  if (one.id === 'long-1mb') return `otp=${'1'.repeat(1024 * 1024)}`
  return one.body
    .replaceAll('{code}', code)
    .replaceAll('{code_first3}', code.slice(0, 3))
    .replaceAll('{code_last3}', code.slice(3))
    .replaceAll('{code_fullwidth}', encodeURIComponent(shift(code, 0xff10)))
    .replaceAll('{code_arabic_indic}', encodeURIComponent(shift(code, 0x660)))
    .replaceAll(
      '{code_superscript}',
      encodeURIComponent([...code].map((digit) => superscripts[Number(digit)]).join('')),
    )
    .replaceAll('{code_without_leading_zeros}', code.replace(/^0+/, ''))
    .replaceAll('{code_hex}', Number(code).toString(16))
    .replace(/ with Content-Type: text\/plain$/, '')
}

describe('a code as it is sent', () => {
  const app = useApp()

  it.each(zeros.rows)(
    'PARSE-1 $code with all its zeros, and never without them (counter $counter)',
    async (row) => {
      app.clock.seconds = row.totp_time_first
      const ada = await personWithSecret(app, `zeros${String(row.counter)}`, rfcSecret)
      const short = await (await withPassword(app, ada)).post('/mfa/verify', { otp: row.without_zeros })
      expect(short.status).toBe(422)
      const whole = await (await withPassword(app, ada)).post('/mfa/verify', { otp: row.code })
      expect(whole.status).toBe(303)
      const again = await (await withPassword(app, ada)).post('/mfa/verify', { otp: row.without_zeros })
      expect(again.status).toBe(422)
    },
  )

  describe.each(cases)('PARSE-2 $id: $expect', (one) => {
    const sent = one.kind === 'multipart' ? multipart : one.kind === 'json' ? asJson : asForm
    it(`at the door for ${one.kind === 'json' ? 'JSON' : 'forms'}`, async () => {
      app.clock.seconds = one.id === 'dropped-zero' ? 900 : 1_111_111_111
      const ada = await personWithSecret(app, `input-${one.id}`, rfcSecret)
      const code = new Totp({ secret: rfcSecret }).at(app.clock.seconds)
      const browser = await withPassword(app, ada)
      const reply = await sent(browser, one, fill(one, code))
      const accepted = reply.status === 303 || (reply.status === 200 && one.kind === 'json')
      expect(reply.status).toBeLessThan(500)
      expect(showsNothingInside(reply)).toBe(true)
      if (one.expect !== 'accept_or_reject') expect(accepted).toBe(one.expect === 'accept')
      expect(await isSignedIn(browser)).toBe(accepted)
      // One request is at most one guess, and what is no code is none.
      expect(await failuresOf(app, ada.account)).toBeLessThanOrEqual(1)
      if ([400, 413, 415, 422].includes(reply.status)) expect(await failuresOf(app, ada.account)).toBe(0)
      if (accepted) {
        const second = await withPassword(app, ada)
        expect((await second.post('/mfa/verify', { otp: code })).status).toBe(401)
      } else {
        const other = await withPassword(app, ada)
        expect((await other.post('/mfa/verify', { otp: code })).status).toBe(303)
      }
    })
  })

  type Sender = (
    browser: Awaited<ReturnType<typeof withPassword>>,
    one: CodeCase,
    body: string,
  ) => ReturnType<typeof browser.send>
  function asForm(...[browser, , body]: Parameters<Sender>) {
    return browser.send('/mfa/verify', { method: 'POST', headers: formType, body })
  }
  function asJson(...[browser, one, body]: Parameters<Sender>) {
    const type = one.id === 'json-text-plain' ? 'text/plain' : 'application/json'
    const headers = { 'content-type': type, 'sec-fetch-site': 'same-origin' }
    return browser.send('/api/v1/sign-in/verify', { method: 'POST', headers, body })
  }
  function multipart(...[browser]: Parameters<Sender>) {
    const body =
      '--x\r\nContent-Disposition: form-data; name="otp"; filename="otp.txt"\r\n\r\n123456\r\n--x--\r\n'
    const headers = { ...formType, 'content-type': 'multipart/form-data; boundary=x' }
    return browser.send('/mfa/verify', { method: 'POST', headers, body })
  }
})

describe.each(databases)('hostile text, on $name', (kind) => {
  let app: TestApp
  let ada: Enrolled
  beforeAll(async () => {
    app = await startAppOn(kind)
    ada = await enrolledPerson(app, 'ada')
  })
  afterAll(() => app.close())

  const texts = ['%00', 'a%00b', '%ED%A0%80', '%ff%fe', '%C0%AF', '%', '%zz', '%E2%82', '%F5%80%80%80']
  it.each(kind.name === 'sqlite' ? texts : texts.slice(0, 3))(
    'PARSE-3 %s in any field, address, cookie or header is a plain no',
    async (text) => {
      const fields = [
        'username',
        'password',
        'next',
        'otp',
        'name',
        'recovery_code',
        'new_password',
        'current_password',
        'saved',
        'authenticator',
        'remember',
      ]
      const half = await withPassword(app, ada)
      for (const { path } of routes.filter(
        (route) => route.method === 'POST' && !route.path.startsWith('/api/'),
      )) {
        for (const browser of [half, ada.browser, app.browser()]) {
          const body = fields.map((field) => `${field}=${text}`).join('&')
          const address = path.replace(':id', 'a'.repeat(26))
          if (path === '/logout') continue
          const reply = await browser.send(address, { method: 'POST', headers: formType, body })
          expect([path, reply.status < 500, showsNothingInside(reply)]).toEqual([path, true, true])
        }
      }
      for (const address of [
        `/login?next=${text}`,
        `/account/authenticators/${text}/remove`,
        `/${text}`,
        `/account?before=${text}`,
        `/invitation?token=${text}`,
      ]) {
        const reply = await ada.browser.get(address)
        expect([address, reply.status < 500]).toEqual([address, true])
      }
      const names = ['session', 'sign-in', 'device', 'trusted', 'invitation', 'next', 'notice'] as const
      for (const name of names) {
        const cookie = `${app.cookieName('session')}=${ada.browser.cookies.get(app.cookieName('session'))!}; ${app.cookieName(name)}=${text}`
        for (const path of ['/', '/login', '/account', '/mfa/verify', '/invitation'])
          expect([name, path, (await app.browser().get(path, { cookie })).status < 500]).toEqual([
            name,
            path,
            true,
          ])
      }
      const odd = await app
        .browser({ 'user-agent': decodeLatin(text), 'accept-language': decodeLatin(text) })
        .post('/login', { username: 'ada', password: testPassword })
      expect(odd.status).toBe(303)
      await inDatabase(app, 'DELETE FROM attempt')
      expect(await isSignedIn(ada.browser)).toBe(true)
    },
  )

  /** What HTTP lets through: any byte but NUL and line ends. */
  function decodeLatin(text: string): string {
    const bytes = Buffer.from(text.replaceAll('%', ''), 'hex').filter((byte) => byte > 0x1f && byte !== 0x7f)
    return Buffer.from(bytes).toString('latin1') || 'x'
  }

  it('PARSE-3 a planted notice says nothing odd and breaks nothing', async () => {
    const notices: unknown[] = [
      { key: 'sessions-ended', count: { toString: 1, valueOf: 1 } },
      { key: 'sessions-ended', count: '<img src=x onerror=alert(1)>' },
      { key: 'recovery-code-used', left: ['<b>'] },
      { key: 'recovery-code-used', left: { toString: null } },
      { key: 'authenticator-renamed', name: { a: 1 } },
      { key: 'authenticator-renamed', name: '<script>alert(1)</script>' },
      { key: 'authenticator-removed' },
      { key: 'signed-out', otherSessions: { toString: 1, valueOf: 1 } },
      { key: '__proto__' },
      { key: { toString: 'x' } },
      { key: 'other', text: 'Call 0900-EVIL' },
      [],
      null,
      'signed-out',
      7,
    ]
    const deep = `%7B%22key%22%3A%22authenticator-renamed%22%2C%22name%22%3A${'['.repeat(3000)}${']'.repeat(3000)}%7D`
    for (const value of [...notices.map((one) => encodeURIComponent(JSON.stringify(one))), deep]) {
      for (const browser of [ada.browser.copy(), app.browser()]) {
        browser.cookies.set(app.cookieName('notice'), value)
        for (const path of ['/', '/account', '/login']) {
          const reply = await browser.get(path)
          expect([value.slice(0, 80), path, reply.status < 500]).toEqual([value.slice(0, 80), path, true])
          expect(reply.body).not.toMatch(/<img src=x|<script>alert|\[object|EVIL|undefined/)
        }
      }
    }
  })
})

describe('bytes on the wire', () => {
  const app = useApp()

  const login = (head: readonly string[], body = ''): string =>
    ['POST /login HTTP/1.1', 'Host: localhost', ...head, '', body].join('\r\n')
  const form = 'Content-Type: application/x-www-form-urlencoded'
  const second = 'GET /account HTTP/1.1\r\nHost: localhost\r\n\r\n'

  it.each([
    ['two lengths', login([form, 'Content-Length: 5', 'Content-Length: 6'], 'a=b&c')],
    [
      'a length and chunks',
      login([form, 'Content-Length: 5', 'Transfer-Encoding: chunked'], `0\r\n\r\n${second}`),
    ],
    ['chunks of another kind', login([form, 'Transfer-Encoding: xchunked'], second)],
    ['a folded header', login([form, 'X-A: b\r\n c', 'Content-Length: 0'])],
    ['a bare line feed', `POST /login HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n`],
    ['a negative length', login([form, 'Content-Length: -5'])],
    ['no host', 'GET /login HTTP/1.1\r\n\r\n'],
    ['a huge header', login([`X-A: ${'a'.repeat(100_000)}`])],
    ['a thousand cookies', login([`Cookie: ${'a=b; '.repeat(10_000)}`])],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc'],
  ])('PARSE-8 %s: refused, and nothing behind it is read as a request', async (_name, bytes) => {
    const answer = await onTheWire(app.origin, [bytes])
    const statuses = statusesOf(answer)
    expect(statuses.length).toBeLessThanOrEqual(1)
    for (const status of statuses) expect([400, 411, 415, 422, 431, 501]).toContain(status)
    expect(showsNothingInside({ body: answer } as never)).toBe(true)
    expect((await app.browser().get('/healthz')).status).toBe(200)
  })

  it('PARSE-8 what is left of a refused body is not taken for the next request', async () => {
    const bytes = login(['Content-Type: text/plain', `Content-Length: ${String(second.length)}`], second)
    expect(statusesOf(await onTheWire(app.origin, [bytes]))).toEqual([415])
    const large = login([form, `Content-Length: ${String(200_000)}`], 'x'.repeat(100_000))
    expect(statusesOf(await onTheWire(app.origin, [large]))).toEqual([413])
    const chunks = [
      login([form, 'Transfer-Encoding: chunked']),
      ...Array<string>(9).fill(`2710\r\n${'x'.repeat(10_000)}\r\n`),
    ]
    expect(statusesOf(await onTheWire(app.origin, chunks))).toEqual([413])
  })

  it.each([
    ['http://evil.test/login', 200],
    ['HTTP://evil.test:81/login?next=/account', 200],
    ['http://evil.test', 303],
    ['http://evil.test/nothing', 404],
  ])(
    'PARSE-8 an address with a host, %s, is its path, and leads to no other host',
    async (target, status) => {
      const answer = await onTheWire(app.origin, [
        `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      ])
      expect(statusesOf(answer)).toEqual([status])
      expect(answer).not.toContain('evil.test')
    },
  )

  it('PARSE-8 packed, marked or foreign bodies are refused before they are unpacked', async () => {
    const fields = 'username=ada&password=x'
    const tries: [Record<string, string>, string | Uint8Array, number[]][] = [
      [{ ...formType, 'content-encoding': 'gzip' }, gzipSync('a'.repeat(10_000_000)), [415]],
      [{ ...formType, 'content-type': 'application/x-www-form-urlencoded; charset=utf-16' }, fields, [415]],
      [{ ...formType, 'content-type': 'application/x-www-form-urlencoded, text/plain' }, fields, [415]],
      [formType, `\ufeff${fields}`, [422]],
      [formType, Buffer.from(fields, 'utf16le'), [400]],
    ]
    for (const [headers, body, statuses] of tries)
      expect(statuses).toContain(
        (await app.browser().send('/login', { method: 'POST', headers, body })).status,
      )
  })

  it('PARSE-8 a body that trickles in keeps nobody else waiting', async () => {
    const slow = Array.from({ length: 30 }, () =>
      onTheWire(app.origin, [login([form, 'Content-Length: 500'], 'u')], 800),
    )
    for (let time = 0; time < 5; time += 1) expect((await app.browser().get('/login')).status).toBe(200)
    for (const answer of await Promise.all(slow)) expect(answer).toBe('')
    expect((await app.browser().get('/healthz')).status).toBe(200)
  })

  it('REDOS-1 long and odd text anywhere takes no time', async () => {
    const pieces = [
      'a'.repeat(50_000) + '!',
      '@'.repeat(15_000),
      ' '.repeat(50_000),
      '.'.repeat(50_000),
      '%20'.repeat(15_000),
      '\u0301'.repeat(5000),
    ]
    for (const piece of pieces) {
      const started = performance.now()
      const reply = await app.browser().post('/login', { username: piece, password: piece })
      expect([200, 400, 401, 413, 422, 429]).toContain(reply.status)
      const header = piece.replace(/[^\x21-\x7e]/g, 'x').slice(0, 12_000)
      for (const name of [
        'user-agent',
        'cookie',
        'accept-language',
        'x-forwarded-for',
        'origin',
        'content-type',
      ])
        expect((await app.browser().get('/login', { [name]: header })).status).toBe(200)
      expect(
        (await app.browser().get(`/login?next=${encodeURIComponent(piece.slice(0, 3000))}`)).status,
      ).toBeLessThan(500)
      expect(performance.now() - started).toBeLessThan(3000)
    }
  })
})
