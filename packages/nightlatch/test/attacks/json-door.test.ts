import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operationIds, operations } from '../../src/http/api/operations.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, Phone, testPassword, useApp } from '../support/app.js'
import {
  accountOf,
  anotherSession,
  countOf,
  everythingKept,
  failuresOf,
  isSignedIn,
  proveAgain,
  showsNothingInside,
  withPassword,
} from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'

const api = '/api/v1'

/** Whatever is refused at the door for pages must be refused at the door for programs, and the other way round. */
describe('the other door', () => {
  const app = useApp()

  const bothWrong = (browser: Browser, ada: Enrolled, json: boolean) =>
    json
      ? browser.json('POST', `${api}/sign-in/verify`, { otp: ada.phone.wrongCode() })
      : browser.post('/mfa/verify', { otp: ada.phone.wrongCode() })

  it('BRUTE-1 guesses at both doors are one count', async () => {
    const ada = await enrolledPerson(app, 'ada1')
    const statuses: number[] = []
    for (let time = 0; time < 7; time += 1)
      statuses.push((await bothWrong(await withPassword(app, ada), ada, time % 2 === 0)).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
    expect(await failuresOf(app, await accountOf(app, 'ada1'))).toBe(5)
    const half = await withPassword(app, ada)
    expect((await half.json('POST', `${api}/sign-in/verify`, { otp: ada.phone.code() })).status).toBe(429)
    expect(
      (await half.json('POST', `${api}/session/verify`, { password: testPassword, otp: ada.phone.code() }))
        .status,
    ).toBe(401)
  })

  it('RC-1 a recovery code that one door has taken is spent at the other', async () => {
    const ada = await enrolledPerson(app, 'ada2')
    const [first, second] = ada.recoveryCodes as [string, string]
    const byForm = (code: string) =>
      withPassword(app, ada).then((one) => one.post('/mfa/recovery', { recovery_code: code }))
    const byJson = (code: string) =>
      withPassword(app, ada).then((one) =>
        one.json('POST', `${api}/sign-in/recovery`, { recoveryCode: code }),
      )
    expect([(await byForm(first)).status, (await byJson(first)).status]).toEqual([303, 401])
    expect([(await byJson(second)).status, (await byForm(second)).status]).toEqual([200, 401])
  })

  it('ENROL-2 ENROL-1 with the password alone no authenticator is added and no secret shown', async () => {
    const ada = await enrolledPerson(app, 'ada3')
    const half = await withPassword(app, ada)
    const reply = await half.json('POST', `${api}/authenticators/totp`, { name: 'Mine' })
    expect([401, 403, 409]).toContain(reply.status)
    expect(reply.body).not.toMatch(/secret|otpauth/)
    const account = await accountOf(app, 'ada3')
    expect(await countOf(app, `set_up WHERE account = '${account.id}'`)).toBe(0)
  })

  it('SKIP-11 changes need the same fresh proof', async () => {
    const ada = await enrolledPerson(app, 'ada4')
    const session = await anotherSession(app, ada)
    app.clock.advance(600)
    const [authenticator] = await app.nightlatch.storage.stores.authenticators.listOf(
      (await accountOf(app, 'ada4')).id,
    )
    const changes: [string, string, unknown][] = [
      ['POST', '/authenticators/totp', { name: 'Mine' }],
      ['PATCH', `/authenticators/${authenticator!.id}`, { name: 'Mine' }],
      ['DELETE', `/authenticators/${authenticator!.id}`, undefined],
      ['POST', '/recovery-codes', undefined],
      ['POST', '/password', { current: testPassword, next: 'a quite different battery' }],
    ]
    for (const [method, path, body] of changes) {
      const reply = await session.json(method, api + path, body)
      expect([path, reply.status, JSON.parse(reply.body).code]).toEqual([path, 403, 'fresh-proof-required'])
    }
    const prove = (body: unknown) => session.json('POST', `${api}/session/verify`, body)
    expect((await prove({ password: testPassword })).status).toBeGreaterThanOrEqual(400)
    expect((await prove({ password: 'wrong', otp: ada.phone.code() })).status).toBe(401)
    expect((await prove({ password: testPassword, otp: ada.phone.code() })).status).toBe(200)
    app.clock.advance(30)
    expect(
      (await session.json('PATCH', `${api}/authenticators/${authenticator!.id}`, { name: 'Mine' })).status,
    ).toBe(200)
  })

  it('ENROL-6 ENROL-7 the set-up takes no secret, keeps its own, and is the same at both doors', async () => {
    await app.person('ada5')
    const browser = await withPassword(app, { username: 'ada5', password: testPassword })
    const begin = async (): Promise<{ id: string; secret: string }> =>
      JSON.parse((await browser.json('POST', `${api}/authenticators/totp`, { name: 'Phone' })).body) as never
    const first = await begin()
    expect(await begin()).toMatchObject({ id: first.id, secret: first.secret })
    expect((await browser.get('/mfa/setup')).body.replace(/(?<=[A-Z2-7]{4}) (?=[A-Z2-7]{4})/g, '')).toContain(
      first.secret,
    )
    const phone = new Phone(first.secret, app.clock)
    const confirm = (body: unknown) =>
      browser.json('POST', `${api}/authenticators/totp/${first.id}/confirm`, body)
    const foreign = await confirm({ otp: '000000', secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' })
    expect(foreign.status).toBeGreaterThanOrEqual(400)
    const otp = phone.code()
    const confirmed = await confirm({ otp })
    expect(confirmed.status).toBe(200)
    const next = await withPassword(app, { username: 'ada5', password: testPassword })
    expect((await next.json('POST', `${api}/sign-in/verify`, { otp })).status).toBe(401)
    expect((await browser.json('GET', `${api}/authenticators`)).body).not.toContain(first.secret)
  })

  it('ENROL-10 what belongs to others is not there', async () => {
    const ada = await enrolledPerson(app, 'ada6')
    const eve = await enrolledPerson(app, 'eve6')
    await proveAgain(app, eve)
    const { id } = await accountOf(app, 'ada6')
    const [authenticator] = await app.nightlatch.storage.stores.authenticators.listOf(id)
    const [session] = await app.nightlatch.storage.stores.sessions.listOf(id)
    const tries: [string, string, unknown][] = [
      ['PATCH', `/authenticators/${authenticator!.id}`, { name: 'Eve was here' }],
      ['DELETE', `/authenticators/${authenticator!.id}`, undefined],
      ['DELETE', `/sessions/${session!.id}`, undefined],
    ]
    for (const [method, path, body] of tries)
      expect([path, (await eve.browser.json(method, api + path, body)).status]).toEqual([path, 404])
    expect(await isSignedIn(ada.browser)).toBe(true)
  })

  it('SESS-3 signing out by one door signs out at the other', async () => {
    const ada = await enrolledPerson(app, 'ada7')
    const copy = ada.browser.copy()
    expect((await ada.browser.json('DELETE', `${api}/session`)).status).toBe(204)
    expect(await isSignedIn(copy)).toBe(false)
    expect((await copy.json('GET', `${api}/session`)).status).toBe(401)
  })

  it('SKIP-2 forward authentication knows no half-signed-in person', async () => {
    const ada = await enrolledPerson(app, 'ada8')
    const half = await withPassword(app, ada)
    const headers = {
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'localhost',
      'x-forwarded-uri': '/',
    }
    for (const browser of [half, app.browser()]) {
      for (const more of [{}, headers, { ...headers, 'remote-user': 'ada8' }]) {
        const reply = await browser.get('/forward-auth', {
          ...more,
          authorization: `Basic ${Buffer.from(`ada8:${testPassword}`).toString('base64')}`,
        })
        expect([401, 302, 403]).toContain(reply.status)
        expect(Object.keys(reply.headers).filter((name) => name.startsWith('remote-'))).toEqual([])
      }
    }
    expect((await ada.browser.get('/forward-auth')).headers['remote-user']).toBe('ada8')
    const copy = ada.browser.copy()
    await ada.browser.submit('/logout')
    expect((await copy.get('/forward-auth')).status).toBe(401)
  })
})

describe.each(databases)('odd text in JSON, on $name', (kind) => {
  let app: TestApp
  let ada: Enrolled
  beforeAll(async () => {
    app = await startAppOn(kind)
    ada = await enrolledPerson(app, 'ada')
  })
  afterAll(() => app.close())

  const passing = ['attempt', 'audit', 'set_up']
  const names = [
    'username',
    'password',
    'otp',
    'recoveryCode',
    'name',
    'replaces',
    'current',
    'next',
    'remember',
  ]
  const changing = operationIds
    .map((id) => operations[id])
    .filter(({ method, path }) => ['POST', 'PATCH'].includes(method) && path !== '/recovery-codes')

  it.each(['"\\u0000"', '"ada\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '{"__proto__":{"admin":true}}'])(
    'PARSE-3 %s in any member is a plain no, at every operation and for everybody',
    async (odd) => {
      const half = await withPassword(app, ada)
      const kept = await everythingKept(app, passing)
      const member = (name: string): string => `"${name}":${odd}`
      const bodies = [`{${names.map(member).join()}}`, `{"__proto__":{${names.map(member).join()}}}`]
      for (const { method, path } of changing) {
        for (const browser of [app.browser(), half, ada.browser]) {
          for (const body of [...bodies, ...names.map((name) => `{${member(name)}}`)]) {
            const address = api + path.replace(':id', 'a'.repeat(26))
            const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
            const reply = await browser.send(address, { method, headers, body })
            expect([path, body, reply.status < 500, showsNothingInside(reply)]).toEqual([
              path,
              body,
              true,
              true,
            ])
          }
        }
      }
      expect(await everythingKept(app, passing)).toBe(kept)
    },
  )
})
