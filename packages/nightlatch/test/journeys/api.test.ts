import { describe, expect, it } from 'vitest'
import type { OperationId } from '../../src/http/api/operations.js'
import { apiPath, operationIds, operations } from '../../src/http/api/operations.js'
import { accepted, api, asApiReply, enrolledByApi, proveAgain } from '../support/api.js'
import { Phone, startApp, testPassword, useApp } from '../support/app.js'

describe('the JSON interface', () => {
  const app = useApp()

  const nobody = 'a'.repeat(26)

  /** A browser whose password was right and whose second factor is due. */
  const halfSignedIn = async (username: string) => {
    const browser = app.browser()
    await accepted(browser, 'POST /sign-in', { username, password: testPassword })
    return browser
  }

  describe('sign-in', () => {
    it('leads from the password over the set-up to a session, and back in with a code', async () => {
      await app.person('ada')
      const browser = app.browser()
      const begun = await api(browser, 'POST /sign-in', { username: 'ada', password: testPassword })
      expect(begun.value).toEqual({ next: 'setup' })
      const pending = await api(browser, 'POST /authenticators/totp', { name: 'Pixel 9' })
      expect(pending.status).toBe(201)
      expect(pending.value['uri']).toContain(`secret=${String(pending.value['secret'])}`)
      const qr = String(pending.value['qr'])
      expect(qr).toMatch(/^data:image\/svg\+xml;base64,/)
      expect(Buffer.from(qr.split(',')[1]!, 'base64').toString()).toContain('<svg')
      const again = await api(browser, 'POST /authenticators/totp')
      expect(again.value).toEqual(pending.value)
      const typed = { 'content-type': 'application/json' }
      const empty = await browser.json('POST', '/api/v1/authenticators/totp', undefined, typed)
      expect(asApiReply(empty).value).toEqual(pending.value)

      const phone = new Phone(String(pending.value['secret']), app.clock)
      const path = `POST /authenticators/totp/${String(pending.value['id'])}/confirm`
      const confirmed = await api(browser, path, { otp: phone.code() })
      expect(confirmed.value['recoveryCodes']).toHaveLength(10)
      expect(Object.keys(confirmed.value)).toEqual(['recoveryCodes'])
      const { authenticators } = (await api(browser, 'GET /authenticators')).value
      expect(authenticators).toMatchObject([{ id: pending.value['id'], name: 'Pixel 9' }])
      const session = await api(browser, 'GET /session')
      expect(session.value).toMatchObject({
        account: { username: 'ada', name: '', email: '' },
        factors: ['password', 'totp'],
        verifiedAt: new Date(app.clock.seconds * 1000).toISOString(),
      })

      expect((await api(browser, 'DELETE /session')).status).toBe(204)
      expect((await api(browser, 'GET /session')).code).toBe('not-signed-in')
      app.clock.advance(30)
      const second = await api(browser, 'POST /sign-in', { username: 'ADA', password: testPassword })
      expect(second.value).toEqual({ next: 'verify' })
      expect((await api(browser, 'POST /sign-in/verify', { otp: phone.code() })).value).toEqual({
        next: 'done',
      })
      expect((await api(browser, 'GET /session')).status).toBe(200)
    })

    it('gives one answer for an unknown name and a wrong password', async () => {
      await app.person('one-answer')
      const wrong = await api(app.browser(), 'POST /sign-in', { username: 'one-answer', password: 'wrong' })
      const unknown = await api(app.browser(), 'POST /sign-in', { username: 'nobody', password: 'wrong' })
      expect(wrong.code).toBe('wrong-credentials')
      expect(unknown.value).toEqual(wrong.value)
    })

    it('says when to come back after too many wrong passwords, and looks at nothing until then', async () => {
      await app.person('guessed')
      const browser = app.browser()
      let reply = await api(browser, 'POST /sign-in', { username: 'guessed', password: 'wrong' })
      for (let tries = 1; reply.code === 'wrong-credentials' && tries < 20; tries += 1)
        reply = await api(browser, 'POST /sign-in', { username: 'guessed', password: 'wrong' })
      expect(reply.code).toBe('too-many-attempts')
      expect(reply.value['retryAfterSeconds']).toBe(30)
      expect(reply.headers['retry-after']).toBe('30')
      const right = await api(browser, 'POST /sign-in', { username: 'guessed', password: testPassword })
      expect(right.code).toBe('too-many-attempts')
    })

    it('takes a code once', async () => {
      const { phone } = await enrolledByApi(app, 'once')
      const first = await halfSignedIn('once')
      const second = await halfSignedIn('once')
      const otp = phone.code()
      expect((await api(first, 'POST /sign-in/verify', { otp })).status).toBe(200)
      expect((await api(second, 'POST /sign-in/verify', { otp })).code).toBe('wrong-code')
    })

    it('refuses what cannot be a code without counting it, and waits after five wrong ones', async () => {
      const { phone } = await enrolledByApi(app, 'codes')
      const browser = await halfSignedIn('codes')
      for (const [otp, reason] of [
        ['', 'empty'],
        ['12345', 'wrong-length'],
        ['abcdef', 'not-numbers'],
        ['k7qm-4xw4-9hd2-p3tn', 'looks-like-recovery-code'],
      ]) {
        const reply = await api(browser, 'POST /sign-in/verify', { otp })
        expect([reply.code, reply.value['reason']]).toEqual(['malformed-code', reason])
      }
      for (let tries = 0; tries < 5; tries += 1)
        expect((await api(browser, 'POST /sign-in/verify', { otp: phone.wrongCode() })).code).toBe(
          'wrong-code',
        )
      const waiting = await api(browser, 'POST /sign-in/verify', { otp: phone.code() })
      expect(waiting).toMatchObject({ status: 429, code: 'too-many-attempts' })
      expect(waiting.value['retryAfterSeconds']).toBe(30)
    })

    it('takes a recovery code once, and says what is none', async () => {
      const { recoveryCodes } = await enrolledByApi(app, 'recovering')
      const browser = await halfSignedIn('recovering')
      expect((await api(browser, 'POST /sign-in/recovery', { recoveryCode: 'abc' })).code).toBe(
        'malformed-recovery-code',
      )
      const unknown = '0000-0000-0000-0000'
      expect((await api(browser, 'POST /sign-in/recovery', { recoveryCode: unknown })).code).toBe(
        'wrong-recovery-code',
      )
      const recoveryCode = recoveryCodes[3]!.toUpperCase()
      expect((await api(browser, 'POST /sign-in/recovery', { recoveryCode })).value).toEqual({ next: 'done' })
      expect((await api(browser, 'GET /session')).value).toMatchObject({
        factors: ['password', 'recovery-code'],
        verifiedAt: null,
      })
      expect((await api(browser, 'GET /recovery-codes')).value).toMatchObject({ left: 9 })
      const again = await halfSignedIn('recovering')
      expect((await api(again, 'POST /sign-in/recovery', { recoveryCode })).code).toBe('wrong-recovery-code')
    })

    it('ends after 15 minutes', async () => {
      const { phone } = await enrolledByApi(app, 'slow')
      const browser = await halfSignedIn('slow')
      app.clock.advance(15 * 60)
      expect((await api(browser, 'POST /sign-in/verify', { otp: phone.code() })).code).toBe('sign-in-over')
    })

    it('remembers a device only when asked to, and the device then stands in for the code', async () => {
      const { phone, browser: owner } = await enrolledByApi(app, 'remembering')
      const browser = await halfSignedIn('remembering')
      await accepted(browser, 'POST /sign-in/verify', { otp: phone.code(), remember: true })
      await accepted(browser, 'DELETE /session')
      const next = await api(browser, 'POST /sign-in', { username: 'remembering', password: testPassword })
      expect(next.value).toEqual({ next: 'done' })
      expect((await api(browser, 'GET /session')).value).toMatchObject({ factors: ['password', 'device'] })

      const { value } = await api(owner, 'GET /trusted-devices')
      const [device] = value['trustedDevices'] as { id: string }[]
      expect((await api(owner, `DELETE /trusted-devices/${device!.id}`)).status).toBe(204)
      expect((await api(owner, `DELETE /trusted-devices/${device!.id}`)).code).toBe('not-found')
      await accepted(browser, 'DELETE /session')
      const after = await api(browser, 'POST /sign-in', { username: 'remembering', password: testPassword })
      expect(after.value).toEqual({ next: 'verify' })
    })
  })

  describe('whoever has given a password only', () => {
    const administers = (id: OperationId): boolean => operations[id].path.startsWith('/admin/')
    const guarded = operationIds.filter(
      (id) => !/^\/(sign-in|openapi)/.test(operations[id].path) && !administers(id),
    )
    const pathOf = (id: OperationId): string => operations[id].path.replace(/:(id|name)/, nobody)

    it.each(operationIds.filter(administers))(
      'does not learn that there is %s, nor does a stranger',
      async (id) => {
        const username = `admin-${id.toLowerCase()}`
        await app.person(username)
        const call = `${operations[id].method} ${pathOf(id)}`
        const notFound = { status: 404, code: 'not-found' }
        expect(await api(await halfSignedIn(username), call)).toMatchObject(notFound)
        expect(await api(app.browser(), call)).toMatchObject(notFound)
      },
    )

    it.each(guarded)('gets nothing of %s while a code is due', async (id) => {
      const username = `due-${id.toLowerCase()}`
      await enrolledByApi(app, username)
      const browser = await halfSignedIn(username)
      const { method, path } = operations[id]
      const reply = await api(browser, `${method} ${path.replace(':id', nobody)}`)
      expect(reply).toMatchObject({ status: 401, code: 'second-factor-required' })
      expect(reply.value['next']).toBe('verify')
    })

    const ofSetUp = /^\/authenticators\/totp|^POST \/passkeys/
    const setsUp = (id: OperationId): boolean =>
      ofSetUp.test(operations[id].path) || ofSetUp.test(`${operations[id].method} ${operations[id].path}`)
    it.each(guarded.filter((id) => !setsUp(id)))('gets nothing of %s while the set-up is due', async (id) => {
      const username = `new-${id.toLowerCase()}`
      await app.person(username)
      const { method, path } = operations[id]
      const reply = await api(await halfSignedIn(username), `${method} ${path.replace(':id', nobody)}`)
      expect(reply).toMatchObject({ status: 401, code: 'second-factor-required' })
      expect(reply.value['next']).toBe('setup')
    })

    it.each(guarded)('is told that nobody is signed in at %s without any cookie', async (id) => {
      const { method, path } = operations[id]
      const reply = await api(app.browser(), `${method} ${path.replace(':id', nobody)}`)
      expect(reply).toMatchObject({ status: 401, code: 'not-signed-in' })
    })

    it('cannot give a code before the set-up, nor without a password', async () => {
      await app.person('early')
      const early = await api(await halfSignedIn('early'), 'POST /sign-in/verify', { otp: '123456' })
      expect([early.code, early.value['next']]).toEqual(['second-factor-required', 'setup'])
      expect((await api(app.browser(), 'POST /sign-in/verify', { otp: '123456' })).code).toBe('sign-in-over')
    })
  })

  describe('a set-up', () => {
    it('belongs to one sign-in: its id is nothing to another', async () => {
      await app.person('shared')
      const mine = await halfSignedIn('shared')
      const { value } = await api(mine, 'POST /authenticators/totp')
      const other = await halfSignedIn('shared')
      await accepted(other, 'POST /authenticators/totp')
      const phone = new Phone(String(value['secret']), app.clock)
      const path = `POST /authenticators/totp/${String(value['id'])}/confirm`
      expect((await api(other, path, { otp: phone.code() })).code).toBe('not-found')
      expect((await api(mine, path, { otp: phone.code() })).status).toBe(200)
    })

    it('says how far the clock of the phone is off, and enrols nothing before a right code', async () => {
      await app.person('drifting')
      const browser = await halfSignedIn('drifting')
      const { value } = await api(browser, 'POST /authenticators/totp')
      const phone = new Phone(String(value['secret']), app.clock)
      const path = `POST /authenticators/totp/${String(value['id'])}/confirm`
      const late = await api(browser, path, { otp: phone.code(-300) })
      expect([late.code, late.value['driftSeconds']]).toEqual(['wrong-code', -300])
      expect((await api(browser, path, { otp: '12' })).code).toBe('malformed-code')
      expect((await api(browser, path, { otp: phone.code(), name: 'x'.repeat(41) })).code).toBe('bad-name')
      expect((await api(browser, 'GET /session')).value['next']).toBe('setup')
    })

    it('needs a fresh proof from somebody who is signed in', async () => {
      const person = await enrolledByApi(app, 'second-phone')
      app.clock.advance(600)
      expect((await api(person.browser, 'POST /authenticators/totp')).code).toBe('fresh-proof-required')
      expect((await proveAgain(app, person)).status).toBe(200)
      const { value } = await api(person.browser, 'POST /authenticators/totp', { name: 'Tablet' })
      const tablet = new Phone(String(value['secret']), app.clock)
      const path = `POST /authenticators/totp/${String(value['id'])}/confirm`
      const confirmed = await api(person.browser, path, { otp: tablet.code() })
      expect(confirmed.value['recoveryCodes']).toEqual([])
      expect((await api(person.browser, path, { otp: tablet.code() })).code).toBe('not-found')
      const { value: list } = await api(person.browser, 'GET /authenticators')
      expect((list['authenticators'] as { name: string }[]).map((one) => one.name)).toContain('Tablet')
    })

    it('can take the place of an old phone, which works until then', async () => {
      const person = await enrolledByApi(app, 'changing-phone')
      const wish = { name: 'New phone', replaces: person.id }
      const { value } = await api(person.browser, 'POST /authenticators/totp', wish)
      expect((await api(person.browser, 'POST /authenticators/totp', { replaces: nobody })).code).toBe(
        'not-found',
      )
      const phone = new Phone(String(value['secret']), app.clock)
      await accepted(person.browser, `POST /authenticators/totp/${String(value['id'])}/confirm`, {
        otp: phone.code(),
      })
      const { value: list } = await api(person.browser, 'GET /authenticators')
      expect(list['authenticators']).toMatchObject([{ name: 'New phone' }])
    })
  })

  describe('authenticators', () => {
    it('are renamed and removed by their owner alone, freshly proven, and never the last one', async () => {
      const owner = await enrolledByApi(app, 'owner')
      const other = await enrolledByApi(app, 'other')
      const renamed = await api(owner.browser, `PATCH /authenticators/${owner.id}`, { name: 'My phone' })
      expect(renamed.value).toMatchObject({ id: owner.id, name: 'My phone' })
      for (const [name, reason] of [
        ['', 'empty'],
        ['x'.repeat(41), 'too-long'],
        ['a\u202eb', 'not-allowed'],
      ]) {
        const bad = await api(owner.browser, `PATCH /authenticators/${owner.id}`, { name })
        expect([bad.code, bad.value['reason']]).toEqual(['bad-name', reason])
      }
      expect((await api(other.browser, `PATCH /authenticators/${owner.id}`, { name: 'x' })).code).toBe(
        'not-found',
      )
      expect((await api(other.browser, `DELETE /authenticators/${owner.id}`)).code).toBe('not-found')
      expect((await api(owner.browser, `DELETE /authenticators/${owner.id}`)).code).toBe('last-authenticator')

      const { value } = await api(owner.browser, 'POST /authenticators/totp')
      const tablet = new Phone(String(value['secret']), app.clock)
      await accepted(owner.browser, `POST /authenticators/totp/${String(value['id'])}/confirm`, {
        otp: tablet.code(),
      })
      app.clock.advance(600)
      expect((await api(owner.browser, `DELETE /authenticators/${owner.id}`)).code).toBe(
        'fresh-proof-required',
      )
      expect((await api(owner.browser, `PATCH /authenticators/${owner.id}`, { name: 'x' })).code).toBe(
        'fresh-proof-required',
      )
      await proveAgain(app, owner)
      expect((await api(owner.browser, `DELETE /authenticators/${owner.id}`)).status).toBe(204)
      expect((await api(owner.browser, `DELETE /authenticators/${owner.id}`)).code).toBe('not-found')
    })
  })

  describe('a fresh proof', () => {
    it('needs the password and the second factor, and makes the old token worthless', async () => {
      const person = await enrolledByApi(app, 'prover')
      const copied = person.browser.copy()
      const wrong = { password: 'wrong', otp: person.phone.code() }
      expect((await api(person.browser, 'POST /session/verify', wrong)).code).toBe('wrong-password')
      const { password, phone } = person
      expect((await api(person.browser, 'POST /session/verify', { password })).code).toBe('malformed-code')
      const guess = { password, otp: phone.wrongCode() }
      expect((await api(person.browser, 'POST /session/verify', guess)).code).toBe('wrong-code')
      const both = { password, otp: phone.code(), recoveryCode: person.recoveryCodes[0] }
      expect((await api(person.browser, 'POST /session/verify', both)).code).toBe('invalid-body')
      const none = { password, recoveryCode: 'none' }
      expect((await api(person.browser, 'POST /session/verify', none)).code).toBe('malformed-recovery-code')
      const right = await api(person.browser, 'POST /session/verify', { password, otp: phone.code() })
      expect(right.value).toEqual({ verifiedAt: new Date(app.clock.seconds * 1000).toISOString() })
      expect((await api(copied, 'GET /session')).code).toBe('not-signed-in')
      const recovery = { password, recoveryCode: person.recoveryCodes[0] }
      expect((await api(person.browser, 'POST /session/verify', recovery)).status).toBe(200)
      expect((await api(person.browser, 'POST /session/verify', recovery)).code).toBe('wrong-recovery-code')
    })
  })

  describe('sessions', () => {
    it('are listed and ended, one or all others, and never those of somebody else', async () => {
      const person = await enrolledByApi(app, 'many-sessions')
      const stranger = await enrolledByApi(app, 'stranger')
      const second = app.browser({ 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' })
      await accepted(second, 'POST /sign-in', { username: 'many-sessions', password: testPassword })
      await accepted(second, 'POST /sign-in/verify', { otp: person.phone.code() })
      const { value } = await api(person.browser, 'GET /sessions')
      const list = value['sessions'] as { id: string; current: boolean; device: string }[]
      expect(list).toHaveLength(2)
      expect(list.filter((one) => one.current)).toHaveLength(1)
      const other = list.find((one) => !one.current)!
      expect(other.device).toBe('Firefox on Linux')
      expect((await api(stranger.browser, `DELETE /sessions/${other.id}`)).code).toBe('not-found')
      expect((await api(person.browser, `DELETE /sessions/${other.id}`)).status).toBe(204)
      expect((await api(second, 'GET /session')).code).toBe('not-signed-in')

      app.clock.advance(30)
      await accepted(second, 'POST /sign-in', { username: 'many-sessions', password: testPassword })
      await accepted(second, 'POST /sign-in/verify', { otp: person.phone.code() })
      expect((await api(person.browser, 'DELETE /sessions')).status).toBe(204)
      expect((await api(second, 'GET /session')).code).toBe('not-signed-in')
      expect((await api(stranger.browser, 'GET /session')).status).toBe(200)
    })

    it('end with their own id as with signing out', async () => {
      const { browser } = await enrolledByApi(app, 'own-end')
      const { value } = await api(browser, 'GET /sessions')
      const [own] = value['sessions'] as { id: string }[]
      expect((await api(browser, `DELETE /sessions/${own!.id}`)).status).toBe(204)
      expect(browser.cookies.has(app.cookieName('session'))).toBe(false)
    })

    it('end after 12 hours without use', async () => {
      const { browser } = await enrolledByApi(app, 'idle')
      app.clock.advance(12 * 3600)
      expect((await api(browser, 'GET /session')).code).toBe('not-signed-in')
    })
  })

  describe('recovery codes', () => {
    it('wait to be saved, are counted, and are renewed behind a fresh proof', async () => {
      const person = await enrolledByApi(app, 'renewing')
      expect((await api(person.browser, 'GET /recovery-codes')).value).toEqual({ left: 10, unsaved: true })
      expect((await api(person.browser, 'POST /recovery-codes/saved')).status).toBe(204)
      expect((await api(person.browser, 'GET /recovery-codes')).value).toEqual({ left: 10, unsaved: false })
      app.clock.advance(600)
      expect((await api(person.browser, 'POST /recovery-codes')).code).toBe('fresh-proof-required')
      await proveAgain(app, person)
      const renewed = await api(person.browser, 'POST /recovery-codes')
      expect(renewed.value['recoveryCodes']).toHaveLength(10)
      const browser = await halfSignedIn('renewing')
      const old = { recoveryCode: person.recoveryCodes[0] }
      expect((await api(browser, 'POST /sign-in/recovery', old)).code).toBe('wrong-recovery-code')
    })
  })

  describe('the password', () => {
    it('changes with the current one and a fresh proof, and ends every other session', async () => {
      const person = await enrolledByApi(app, 'new-password')
      const { browser, password } = person
      const second = await halfSignedIn('new-password')
      await accepted(second, 'POST /sign-in/verify', { otp: person.phone.code() })
      const next = 'a much better password'
      expect((await api(browser, 'POST /password', { current: 'wrong', next })).code).toBe('wrong-password')
      for (const [bad, reason] of [
        ['short', 'too-short'],
        ['new-password', 'own-name'],
        ['password1', 'common'],
        ['x'.repeat(257), 'too-long'],
      ]) {
        const refused = await api(browser, 'POST /password', { current: password, next: bad })
        expect([refused.code, refused.value['reason']]).toEqual(['bad-password', reason])
      }
      expect((await api(browser, 'POST /password', { current: password, next })).status).toBe(204)
      expect((await api(browser, 'GET /session')).status).toBe(200)
      expect((await api(second, 'GET /session')).code).toBe('not-signed-in')
      const old = await api(app.browser(), 'POST /sign-in', { username: 'new-password', password })
      expect(old.code).toBe('wrong-credentials')
      app.clock.advance(600)
      expect((await api(browser, 'POST /password', { current: next, next: password })).code).toBe(
        'fresh-proof-required',
      )
    })
  })

  describe('bad input', () => {
    const send = async (body: string | Uint8Array, headers: Record<string, string>) =>
      asApiReply(await app.browser().send(`${apiPath}/sign-in`, { method: 'POST', headers, body }))
    const type = { 'content-type': 'application/json' }

    it.each([
      ['no JSON', '{"username":', 'malformed-body'],
      ['an array', '[]', 'malformed-body'],
      ['null', 'null', 'malformed-body'],
      ['text', '"ada"', 'malformed-body'],
      ['nothing', '', 'malformed-body'],
      ['a byte order mark', '\ufeff{}', 'malformed-body'],
      ['bad UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 'malformed-body'],
      ['nothing in it', '{}', 'invalid-body'],
      ['a number as password', '{"username":"ada","password":12345678}', 'invalid-body'],
      ['a query as name', '{"username":{"$ne":""},"password":"x"}', 'invalid-body'],
      ['an array as name', '{"username":["ada"],"password":"x"}', 'invalid-body'],
      ['null as name', '{"username":null,"password":"x"}', 'invalid-body'],
      ['an empty name', '{"username":" ","password":"x"}', 'invalid-body'],
      ['an empty password', '{"username":"ada","password":""}', 'invalid-body'],
      ['U+0000 in the name', '{"username":"ada\\u0000","password":"x"}', 'invalid-body'],
      ['half a surrogate pair', '{"username":"\\ud800","password":"x"}', 'invalid-body'],
      ['U+0000 in the password', '{"username":"ada","password":"\\u0000"}', 'wrong-credentials'],
      [
        'members that nobody asked for',
        '{"username":"nobody","password":"x","admin":true,"__proto__":{"a":1}}',
        'wrong-credentials',
      ],
      ['64 KiB and more', `{"username":"${'x'.repeat(65_536)}","password":"x"}`, 'body-too-large'],
    ])('%s is refused with its code', async (_what, body, code) => {
      expect((await send(body, type)).code).toBe(code)
    })

    it.each([
      ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
      ['text', { 'content-type': 'text/plain' }],
      ['no type', {}],
      ['UTF-16', { 'content-type': 'application/json; charset=utf-16' }],
      ['something compressed', { ...type, 'content-encoding': 'gzip' }],
    ])('%s is refused for its content type', async (_what, headers) => {
      const reply = await send('{"username":"ada","password":"x"}', headers as Record<string, string>)
      expect(reply).toMatchObject({ status: 415, code: 'wrong-content-type' })
    })

    it('names what is wrong with which member, and never repeats what was sent', async () => {
      const reply = await send('{"username":5551234,"otp":1}', type)
      expect(reply.value['errors']).toEqual([
        { pointer: '/username', detail: 'must be string' },
        { pointer: '/password', detail: 'is missing' },
      ])
      expect(JSON.stringify(reply.value)).not.toContain('5551234')
    })

    it('a code that is a number is refused: leading zeros would be lost', async () => {
      await enrolledByApi(app, 'number-code')
      const browser = await halfSignedIn('number-code')
      expect((await api(browser, 'POST /sign-in/verify', { otp: 123456 })).code).toBe('invalid-body')
    })

    it.each([
      [{ 'sec-fetch-site': 'cross-site' }],
      [{ 'sec-fetch-site': 'same-site' }],
      [{ origin: 'https://evil.test' }],
      [{ origin: 'null' }],
    ])('a change that a browser marks as %o is refused', async (headers) => {
      const { browser } = await enrolledByApi(app, `csrf-${JSON.stringify(headers).replace(/[^a-z]/g, '')}`)
      for (const id of operationIds.filter((one) => operations[one].method !== 'GET')) {
        const { method, path } = operations[id]
        const sent = await browser.send(apiPath + path.replace(':id', nobody), {
          method,
          headers: { ...type, ...headers },
          body: '{}',
        })
        expect([id, asApiReply(sent).code]).toEqual([id, 'cross-site'])
      }
      expect((await api(browser, 'GET /session')).status).toBe(200)
    })

    it('other methods and other addresses are problems, too', async () => {
      const browser = app.browser()
      const method = asApiReply(await browser.json('PUT', `${apiPath}/session`, {}))
      expect(method).toMatchObject({ status: 405, code: 'wrong-method' })
      expect(method.headers['allow']).toBe('GET, DELETE, HEAD')
      for (const path of ['/nothing', '/sessions/1', '/authenticators/totp/x/confirm'])
        expect(asApiReply(await browser.json('GET', apiPath + path))).toMatchObject({
          status: 404,
          code: 'not-found',
        })
      expect(asApiReply(await browser.get(`${apiPath}/session?a=%ff`)).code).toBe('malformed-request')
    })

    it('a password in a header opens nothing', async () => {
      const basic = Buffer.from(`ada:${testPassword}`).toString('base64')
      const reply = await app.browser().get(`${apiPath}/session`, { authorization: `Basic ${basic}` })
      expect(asApiReply(reply).code).toBe('not-signed-in')
    })
  })

  it('answers 503 and keeps nobody waiting while the database cannot answer', async () => {
    const broken = await startApp()
    await broken.nightlatch.storage.close()
    const reply = asApiReply(await broken.browser().json('GET', `${apiPath}/session`))
    const tried = asApiReply(
      await broken.browser().json('POST', `${apiPath}/sign-in`, { username: 'ada', password: 'x' }),
    )
    expect(reply.code).toBe('not-signed-in') // no cookie: nothing to ask the database
    expect(tried.status).toBeGreaterThanOrEqual(500)
    expect(JSON.stringify(tried.value)).not.toMatch(/sqlite|\.ts|\.js/i)
    await broken.close().catch(() => undefined)
  })
})

describe('where the second factor is optional', () => {
  const app = useApp({ env: { NIGHTLATCH_MFA: 'optional' } })

  it('a password is enough, there is nothing to recover, and the last authenticator can go', async () => {
    await app.person('alone')
    const browser = app.browser()
    const begun = await api(browser, 'POST /sign-in', { username: 'alone', password: testPassword })
    expect(begun.value).toEqual({ next: 'done' })
    expect((await api(browser, 'GET /session')).value).toMatchObject({ factors: ['password'] })
    expect((await api(browser, 'POST /recovery-codes')).code).toBe('no-second-factor')
    const { value } = await api(browser, 'POST /authenticators/totp')
    const phone = new Phone(String(value['secret']), app.clock)
    const id = String(value['id'])
    await accepted(browser, `POST /authenticators/totp/${id}/confirm`, { otp: phone.code() })
    expect((await api(browser, `DELETE /authenticators/${id}`)).status).toBe(204)
    expect((await api(browser, 'GET /authenticators')).value).toEqual({ authenticators: [] })
    app.clock.advance(600)
    const proven = await api(browser, 'POST /session/verify', { password: testPassword })
    expect(proven.status).toBe(200)
  })
})
