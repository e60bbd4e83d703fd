import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findAccount } from '../../src/core/accounts/administration.js'
import { prune } from '../../src/core/maintenance/housekeeping.js'
import { storage } from '../../src/core/ports/stores.js'
import { enrolledPerson, type Enrolled, type TestApp } from '../support/app.js'
import { askAs, claimsIn, register } from '../support/application.js'
import type { Registered } from '../support/application.js'
import type { Reply } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startServersOn, type Servers } from '../support/kinds.js'

const grantType = 'urn:ietf:params:oauth:grant-type:device_code'

interface Screen {
  readonly device: string
  readonly code: string
}

describe.each(databases)('a screen without a keyboard, on $name', (kind) => {
  let servers: Servers
  let app: TestApp
  let tv: Registered
  let ada: Enrolled
  let people = 0
  beforeAll(async () => {
    servers = await startServersOn(kind, 2)
    app = servers.apps[0]!
    const wish = { name: 'Living room', isPublic: true, allowsDevice: true, redirectUris: [] }
    tv = await register(app.nightlatch.core, wish)
    ada = await somebody()
  })
  afterAll(() => servers.close())

  const core = () => app.nightlatch.core
  const somebody = () => enrolledPerson(app, `ada${String((people += 1))}`)
  const elsewhere = (): TestApp => servers.apps[1]!

  const begin = (scope = 'openid profile', id = tv.id) =>
    askAs(app.origin, '/oidc/device_authorization', {
      fields: { client_id: id, scope },
      headers: { 'user-agent': 'Jellyfin-TV/2.1' },
    })

  async function screen(scope?: string): Promise<Screen> {
    const { body } = await begin(scope)
    return { device: String(body['device_code']), code: String(body['user_code']) }
  }

  const poll = async ({ device }: Screen, at = app, id = tv.id) => {
    const fields = { grant_type: grantType, device_code: device, client_id: id }
    const { status, body } = await askAs(at.origin, '/oidc/token', { fields })
    return { status, error: body['error'], body }
  }

  const requestIn = ({ body }: Reply): string => /name="request" value="([a-z2-7]{26})"/.exec(body)?.[1] ?? ''

  /** Types the code and answers. */
  async function answer({ code }: Screen, said: 'allow' | 'deny', person = ada): Promise<Reply> {
    const asked = await person.browser.post('/device', { user_code: code })
    return person.browser.post('/device/answer', { request: requestIn(asked), answer: said })
  }

  it('is let in by somebody who types its code, and is told who that is', async () => {
    const { status, body } = await begin('openid profile offline_access')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${app.server.settings.origin}/device`,
      expires_in: 600,
      interval: 5,
    })
    expect(body).not.toHaveProperty('verification_uri_complete')
    const one: Screen = { device: String(body['device_code']), code: String(body['user_code']) }
    expect(await poll(one)).toMatchObject({ status: 400, error: 'authorization_pending' })
    const typed = ` ${one.code.toLowerCase().replace('-', '')} `
    const asked = await ada.browser.post('/device', { user_code: typed })
    expect(asked.status).toBe(200)
    for (const text of ['Living room', '127.0.0.1', 'Jellyfin-TV/2.1', ada.username])
      expect(asked.body).toContain(text)
    const request = requestIn(asked)
    const allowed = await ada.browser.post('/device/answer', { request, answer: 'allow' })
    expect([allowed.status, allowed.body.includes('The screen is let in')]).toEqual([200, true])
    const got = await poll(one, elsewhere())
    expect(got.status).toBe(200)
    const account = (await findAccount(core(), ada.username))!
    const claims = claimsIn(got.body['id_token'])
    expect(claims).toMatchObject({ sub: account.id, amr: ['pwd', 'otp', 'mfa'], name: ada.username })
    const fields = {
      grant_type: 'refresh_token',
      refresh_token: String(got.body['refresh_token']),
      client_id: tv.id,
    }
    const again = await askAs(app.origin, '/oidc/token', { fields })
    expect(claimsIn(again.body['id_token'])).toMatchObject({ sub: account.id, sid: claims['sid'] })
    expect(await poll(one)).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect((await ada.browser.post('/device', { user_code: one.code })).status).toBe(422)
    expect((await ada.browser.get('/account')).body).toContain('Living room')
  })

  it('is told that it was not let in, and nothing was given', async () => {
    const one = await screen()
    expect((await answer(one, 'deny')).body).toContain('The screen was not let in')
    expect(await poll(one)).toMatchObject({ status: 400, error: 'access_denied' })
    expect(await poll(one, elsewhere())).toMatchObject({ status: 400, error: 'access_denied' })
  })

  it('asks every five seconds, and less often when it was told to', async () => {
    const one = await screen()
    const errors: unknown[] = []
    for (const seconds of [0, 4, 9, 10, 5]) {
      app.clock.advance(seconds)
      errors.push((await poll(one, seconds === 9 ? elsewhere() : app)).error)
    }
    const [slow, pending] = ['slow_down', 'authorization_pending']
    expect(errors).toEqual([pending, slow, slow, slow, slow])
    app.clock.advance(25)
    expect((await poll(one)).error).toBe(pending)
  })

  it('waits ten minutes, and then its code is worth nothing to anybody', async () => {
    const one = await screen()
    app.clock.advance(600)
    expect((await ada.browser.post('/device', { user_code: one.code })).status).toBe(422)
    expect(await poll(one)).toMatchObject({ status: 400, error: 'expired_token' })
    app.clock.advance(3600)
    await prune(core(), core()[storage].stores)
    expect(await poll(one)).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it('OIDC-20 of fifty that poll with one code at two servers, one gets tokens, and keeps them', async () => {
    app.clock.advance(3600)
    const bob = await somebody()
    const one = await screen()
    expect((await answer(one, 'allow', bob)).status).toBe(200)
    const all = await Promise.all(
      Array.from({ length: 50 }, (_none, at) => poll(one, at % 2 === 0 ? app : elsewhere())),
    )
    const got = all.filter(({ status }) => status === 200)
    expect(got).toHaveLength(1)
    expect(new Set(all.map(({ error }) => error))).toEqual(new Set([undefined, 'invalid_grant']))
    const headers = { authorization: `Bearer ${String(got[0]?.body['access_token'])}` }
    expect((await fetch(`${app.origin}/oidc/userinfo`, { headers })).status).toBe(200)
  })

  it('OIDC-21 a link brings no code along, and nobody is asked before they have signed in', async () => {
    const one = await screen()
    const bob = await somebody()
    const shown = await bob.browser.get(`/device?user_code=${one.code}`)
    expect(shown.body).not.toContain(one.code)
    expect(shown.body).not.toContain('Living room')
    const stranger = app.browser()
    expect((await stranger.get('/device')).location).toBe('/login?next=%2Fdevice')
    expect((await stranger.post('/device', { user_code: one.code })).location).toMatch(/^\/login/)
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }
    expect((await bob.browser.post('/device', { user_code: one.code }, foreign)).status).toBe(403)
    const request = requestIn(await bob.browser.post('/device', { user_code: one.code }))
    const answered = await bob.browser.post('/device/answer', { request, answer: 'allow' }, foreign)
    expect(answered.status).toBe(403)
    expect(await poll(one)).toMatchObject({ error: 'authorization_pending' })
  })

  it('OIDC-22 codes are guessed ten times, by account and by sender, and then not looked at', async () => {
    app.clock.advance(3600)
    const [bob, carol] = [await somebody(), await somebody()]
    const one = await screen()
    for (let guess = 0; guess < 10; guess += 1)
      expect((await bob.browser.post('/device', { user_code: 'BBBB-BBBB' })).status).toBe(422)
    const waits = await bob.browser.post('/device', { user_code: one.code })
    expect([waits.status, Number(waits.headers['retry-after']) > 0]).toEqual([429, true])
    expect((await carol.browser.post('/device', { user_code: one.code })).status).toBe(429)
    app.clock.advance(3600)
  })

  it('is for applications that allow it, of their members, with what they ask', async () => {
    const plain = await register(core(), { isPublic: true })
    expect((await begin('openid', plain.id)).body).toMatchObject({ error: 'unauthorized_client' })
    expect((await begin('openid', 'nobody')).status).toBe(401)
    const wish = { name: 'Crew', isPublic: true, allowsDevice: true, redirectUris: [], groups: ['crew'] }
    const crew = await register(core(), wish)
    const { body } = await begin('openid', crew.id)
    const refused = await ada.browser.post('/device', { user_code: String(body['user_code']) })
    expect([refused.status, refused.body.includes('is for others')]).toEqual([403, true])
    const other = { device: String(body['device_code']), code: '' }
    expect(await poll(other, app, tv.id)).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it('loses what it was given with the session that let it in', async () => {
    app.clock.advance(3600)
    const bob = await somebody()
    const one = await screen()
    await answer(one, 'allow', bob)
    await bob.browser.submit('/logout')
    expect(await poll(one)).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  const asks = async (more: Readonly<Record<string, string>>) =>
    askAs(app.origin, '/oidc/device_authorization', {
      fields: { client_id: tv.id, scope: 'openid', ...more },
    })
  const screenWith = async (more: Readonly<Record<string, string>>): Promise<Screen> => {
    const { body } = await asks(more)
    return { device: String(body['device_code']), code: String(body['user_code']) }
  }
  const essential = (value: string) => JSON.stringify({ id_token: { acr: { essential: true, value } } })
  const sfa = 'https://refeds.org/profile/sfa'

  it('has its person proven anew where it asks for that, once and not in a circle', async () => {
    app.clock.advance(3600)
    const bob = await somebody()
    for (const wish of [{ max_age: '60' }, { max_age: '0' }]) {
      app.clock.advance(90)
      const one = await screenWith(wish)
      const began = app.clock.seconds
      const stopped = await bob.browser.post('/device', { user_code: one.code })
      expect([stopped.status, stopped.location]).toEqual([303, '/account/confirm?next=%2Fdevice'])
      app.clock.advance(30)
      const confirmed = await bob.browser.submit('/account/confirm', {
        ...{ password: bob.password, otp: bob.phone.code(), next: '/device' },
      })
      expect(confirmed.location).toBe('/device')
      app.clock.advance(20)
      expect((await answer(one, 'allow', bob)).body).toContain('The screen is let in')
      const claims = claimsIn((await poll(one)).body['id_token'])
      expect(claims['auth_time']).toBeGreaterThanOrEqual(began)
    }
    const old = await screenWith({ max_age: '3600' })
    expect((await answer(old, 'allow', bob)).body).toContain('The screen is let in')
  })

  it('has no older proof taken by an answer that was made ready before', async () => {
    const bob = await somebody()
    const one = await screenWith({ max_age: '60' })
    const request = requestIn(await bob.browser.post('/device', { user_code: one.code }))
    expect(request).not.toBe('')
    app.clock.advance(300)
    const two = await screenWith({ max_age: '60' })
    const other = await bob.browser.post('/device', { user_code: two.code })
    expect(other.location).toBe('/account/confirm?next=%2Fdevice')
    const late = await bob.browser.post('/device/answer', { request, answer: 'allow' })
    expect(late.location).toBe('/account/confirm?next=%2Fdevice')
    expect(await poll(one)).toMatchObject({ error: 'authorization_pending' })
  })

  it('is told the context that it asked for, waits for a passkey where it must have one, and learns what cannot be', async () => {
    const bob = await somebody()
    const wish = await screenWith({ acr_values: `urn:gold ${sfa}` })
    await answer(wish, 'allow', bob)
    expect(claimsIn((await poll(wish)).body['id_token'])).toMatchObject({ acr: sfa })
    const must = await screenWith({ claims: essential('phr') })
    const stopped = await bob.browser.post('/device', { user_code: must.code })
    expect([stopped.status, stopped.location]).toEqual([303, '/mfa/passkey-due?next=%2Fdevice'])
    expect(await asks({ claims: essential('urn:gold') })).toMatchObject({
      status: 400,
      body: { error: 'unmet_authentication_requirements' },
    })
    for (const wrong of [{ max_age: '-1' }, { max_age: 'soon' }, { claims: '{' }, { claims: '[]' }])
      expect(await asks(wrong), JSON.stringify(wrong)).toMatchObject({
        status: 400,
        body: { error: 'invalid_request' },
      })
  })

  it('may ask by the names of claims, and its person sees that before they allow it', async () => {
    const bob = await somebody()
    const claims = JSON.stringify({ id_token: { groups: null }, userinfo: { email: { essential: true } } })
    const one = await screenWith({ claims })
    const asked = await bob.browser.post('/device', { user_code: one.code })
    expect(asked.body).toMatch(/group/i)
    const answered = await bob.browser.post('/device/answer', { request: requestIn(asked), answer: 'allow' })
    expect(answered.status).toBe(200)
    expect(claimsIn((await poll(one)).body['id_token'])).toMatchObject({ groups: [] })
  })

  it('stands in the document that applications read', async () => {
    const response = await fetch(`${app.origin}/.well-known/openid-configuration`)
    const said = (await response.json()) as Record<string, unknown>
    expect(said['device_authorization_endpoint']).toBe(
      `${app.server.settings.origin}/oidc/device_authorization`,
    )
    expect(said['grant_types_supported']).toContain(grantType)
  })
})
