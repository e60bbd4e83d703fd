import { beforeAll, describe, expect, it } from 'vitest'
import type { Enrolled } from '../support/app.js'
import { enrolledPerson, testPassword, useApp } from '../support/app.js'
import { answerIn, askAs, authorizePath, follow, redeem, register, verifier } from '../support/application.js'
import type { Registered } from '../support/application.js'

/** RFC 9700, Best Current Practice for OAuth 2.0 Security: what it asks of an authorization server, by its sections. */
const app = useApp()
const core = () => app.nightlatch.core

let ada: Enrolled
let client: Registered
let open: Registered
beforeAll(async () => {
  ada = await enrolledPerson(app, 'ada')
  client = await register(core())
  open = await register(core(), { isPublic: true, redirectUris: ['http://127.0.0.1/callback'] })
})

const pathWith = (wishes: Readonly<Record<string, string | undefined>>, by = client) =>
  authorizePath(by, wishes)
const answer = async (wishes: Readonly<Record<string, string | undefined>>, by = client) =>
  answerIn(await follow(ada.browser, pathWith(wishes, by)))
const noChallenge = { code_challenge: undefined, code_challenge_method: undefined }

describe('RFC 9700', () => {
  it.each([
    ['another host', 'https://grafana.example.com/login/generic_oauth'],
    ['a path below', 'https://grafana.example.org/login/generic_oauth/more'],
    ['dots', 'https://grafana.example.org/login/x/../generic_oauth'],
    ['upper case', 'https://GRAFANA.example.org/login/generic_oauth'],
    ['an escape', 'https://grafana.example.org/login/generic%5Foauth'],
  ])(
    '§2.1, §4.1.3: an address with %s is another one, and nobody is led there',
    async (_what, redirectUri) => {
      const reply = await ada.browser.get(authorizePath({ ...client, redirectUri }))
      expect(reply).toMatchObject({ status: 400, location: '' })
    },
  )

  it('§2.1.1: whoever keeps no secret sends a challenge, and “plain” is none', async () => {
    expect(await answer(noChallenge, open)).toMatchObject({ error: 'invalid_request' })
    for (const by of [client, open])
      expect(await answer({ code_challenge_method: 'plain', code_challenge: verifier }, by)).toMatchObject({
        error: 'invalid_request',
      })
  })

  it('§2.1.1, §4.8.2: a verifier for a code that was asked for without a challenge is refused', async () => {
    const { code = '' } = await answer(noChallenge)
    expect((await redeem(app.origin, client, code)).body['error']).toBe('invalid_grant')
  })

  it('§2.1.2, §2.4: tokens come from the token endpoint alone, and passwords are no grant', async () => {
    for (const response_type of ['token', 'id_token', 'id_token token', 'code token', 'code id_token'])
      expect(Object.keys(await answer({ response_type }))).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/token$/)]),
      )
    const fields = { grant_type: 'password', username: 'ada', password: testPassword }
    expect((await askAs(app.origin, '/oidc/token', { app: client, fields })).body['error']).toBe(
      'unsupported_grant_type',
    )
  })

  it('§2.2.2, §4.14.2: the refresh token of whoever keeps no secret is a new one each time', async () => {
    const { code = '' } = await answer({ scope: 'openid offline_access' }, open)
    const first = await askAs(app.origin, '/oidc/token', {
      fields: {
        grant_type: 'authorization_code',
        client_id: open.id,
        code,
        redirect_uri: open.redirectUri,
        code_verifier: verifier,
      },
    })
    const renew = () =>
      askAs(app.origin, '/oidc/token', {
        fields: {
          grant_type: 'refresh_token',
          client_id: open.id,
          refresh_token: String(first.body['refresh_token']),
        },
      })
    const second = await renew()
    expect(second.status).toBe(200)
    expect(second.body['refresh_token']).not.toBe(first.body['refresh_token'])
    app.clock.advance(31)
    expect((await renew()).body['error']).toBe('invalid_grant')
  })

  it('§4.2.4, §4.16: what people see on the way tells nobody whence they came, and stands in no frame', async () => {
    const page = await follow(app.browser(), pathWith({}))
    expect(page.headers['referrer-policy']).toMatch(/^(?:no-referrer|same-origin)$/)
    expect(String(page.headers['content-security-policy'])).toContain("frame-ancestors 'none'")
  })

  it('§4.4.2: every answer says whose it is, errors as well', async () => {
    const iss = app.server.settings.origin
    expect(await answer({})).toMatchObject({ iss })
    expect(await answer({ prompt: 'none', max_age: '0' })).toMatchObject({ iss, error: 'login_required' })
  })

  it('§4.5: a code is good for nobody but the application that it was made for', async () => {
    const { code = '' } = await answer({})
    const thief = await register(core())
    const stolen = { ...thief, redirectUri: client.redirectUri }
    expect((await redeem(app.origin, stolen, code)).body['error']).toBe('invalid_grant')
  })

  it('§4.5, RFC 6749 §4.1.3: nor at another address than the one it went to', async () => {
    const { code = '' } = await answer({})
    const elsewhere = { ...client, redirectUri: 'https://grafana.example.org/' }
    expect((await redeem(app.origin, elsewhere, code)).body['error']).toBe('invalid_grant')
  })

  it('§4.11.2: who asks for nothing that is known here is led nowhere', async () => {
    const unknown = { ...client, id: 'nobody', redirectUri: 'https://evil.example/' }
    expect(await ada.browser.get(authorizePath(unknown))).toMatchObject({ status: 400, location: '' })
  })

  it('§4.12: a browser that posted a password goes on with GET', async () => {
    await app.person('bea')
    const browser = app.browser()
    const login = await follow(browser, pathWith({}))
    const next = /name="next" value="([^"]+)"/.exec(login.body)?.[1] ?? ''
    expect((await browser.submit('/login', { username: 'bea', password: testPassword, next })).status).toBe(
      303,
    )
  })

  it('§2.6: pages of other sites cannot read what the authorization endpoint answers', async () => {
    const { headers } = await ada.browser.get(pathWith({}), { origin: 'https://evil.example' })
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })
})

/** Photos on a server, with a secret, and an app on phones that the browser leads back to. */
describe('RFC 8252, at an application with a secret', () => {
  const appAddress = 'app.photos:///oauth-callback'
  const webAddress = 'https://photos.example.org/auth/login'
  let photos: Registered
  let phone: Registered
  beforeAll(async () => {
    photos = await register(core(), { name: 'Photos', redirectUris: [webAddress, appAddress] })
    phone = { ...photos, redirectUri: appAddress }
  })

  it('§6, §8.1: a code that goes to an app is asked for with a challenge, one for the server need not be', async () => {
    const refused = await follow(ada.browser, pathWith(noChallenge, phone))
    expect(refused.location).toMatch(/^app\.photos:\/\/\/oauth-callback\?error=invalid_request&/)
    expect(await answer(noChallenge, photos)).toHaveProperty('code')
    expect(await answer({ ...noChallenge, response_mode: 'fragment' }, phone)).toMatchObject({
      error: 'invalid_request',
      state: 'xyz',
    })
  })

  it('OIDC-24 §8.1: whoever catches the code has neither the verifier nor the secret', async () => {
    const [first, second, third] = await Promise.all([1, 2, 3].map(async () => answer({}, phone)))
    expect((await redeem(app.origin, { ...phone, secret: 'guessed' }, first?.['code'] ?? '')).status).toBe(
      401,
    )
    const wrong = { code_verifier: 'v'.repeat(43) }
    expect((await redeem(app.origin, phone, second?.['code'] ?? '', wrong)).body['error']).toBe(
      'invalid_grant',
    )
    expect((await redeem(app.origin, phone, third?.['code'] ?? '')).status).toBe(200)
  })

  it('the way there is named by the policy of each page, also where the server leads on to the app', async () => {
    const asked = { prompt: 'login' }
    for (const [by, places] of [
      [phone, 'app.photos:'],
      [photos, 'https://photos.example.org app.photos:'],
    ] as const) {
      const page = await follow(ada.browser, pathWith(asked, by))
      expect(page.headers['content-security-policy']).toContain(`form-action 'self' ${places};`)
    }
  })

  it('a page of no origin is none of its own', async () => {
    const { code = '' } = await answer({}, phone)
    const fields = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: appAddress,
      code_verifier: verifier,
    }
    for (const by of [photos, await register(core(), { isPublic: true, redirectUris: [appAddress] })]) {
      const { headers } = await askAs(app.origin, '/oidc/token', {
        headers: { origin: 'null' },
        ...(by.secret === '' ? {} : { app: by }),
        fields: { ...fields, client_id: by.id },
      })
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })
})
