import { describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { enrolledPerson, TestClock, useApp } from '../support/app.js'
import { answerIn, authorizePath, redeem, register, verifier } from '../support/application.js'
import { accountOf, proveAgain, withPassword } from '../support/attack.js'
import type { Reply } from '../support/browser.js'
import { Transcript } from './transcript.js'

const start = 1_800_000_000
const unknown = 'a'.repeat(26)
/** Nothing less will do. */
const asksPasskey = JSON.stringify({ id_token: { acr: { essential: true, values: ['phr'] } } })
const place = '/admin/applications'

const requestIn = ({ body }: Reply): string => /name="request" value="([a-z2-7]{26})"/.exec(body)?.[1] ?? ''

describe('what is said about applications that sign people in', () => {
  const app = useApp({ clock: new TestClock(start) })

  it('by the protocol', async () => {
    const t = new Transcript(app)
    const { core } = app.nightlatch
    const ada = await enrolledPerson(app, 'ada')
    const { browser } = ada
    const stranger = app.browser()
    t.about('While none is registered')
    for (const path of ['/oidc/authorize?client_id=none', '/oidc/jwks', '/.well-known/openid-configuration'])
      await t.page(browser, path)
    for (const path of [
      '/oidc/token',
      '/oidc/userinfo',
      '/oidc/revoke',
      '/oidc/introspect',
      '/oidc/device_authorization',
    ])
      await t.ask(path, { fields: { client_id: 'none' } })

    const grafana = await register(
      core,
      { name: 'Grafana', skipConsent: false },
      { id: 'grafana', secret: 's'.repeat(43) },
    )
    const strict = await register(
      core,
      { name: 'Vault', access: 'two-factors', groups: ['crew'] },
      { id: 'vault', secret: 'v'.repeat(43) },
    )
    await register(
      core,
      { name: 'Living room', isPublic: true, allowsDevice: true, redirectUris: [] },
      { id: 'tv' },
    )
    t.about('A request to sign somebody in')
    const keys = await browser.get('/oidc/jwks')
    t.lines([
      `jwks: ${String(keys.status)} ${String(keys.headers['cache-control'])} ${String(keys.headers['access-control-allow-origin'])}`,
    ])
    const wrong: readonly Record<string, string | undefined>[] = [
      { client_id: undefined },
      { client_id: 'none' },
      { redirect_uri: undefined },
      { redirect_uri: 'https://grafana.example.org/other' },
      { response_type: undefined },
      { response_type: 'token' },
      { scope: undefined },
      { scope: 'profile' },
      { code_challenge: undefined },
      { code_challenge_method: 'plain' },
      { prompt: 'none' },
      { prompt: 'nonsense' },
      { response_mode: 'nonsense' },
      { request: 'x' },
      { max_age: '-1' },
    ]
    for (const more of wrong) await t.page(browser, authorizePath(grafana, more))
    for (const more of wrong.slice(3, 6)) await t.get(stranger, authorizePath(grafana, more))
    for (const path of [
      '/oidc/authorize/x',
      `/oidc/authorize/${unknown}`,
      '/oidc/consent',
      '/oidc/consent?request=x',
      `/oidc/consent?request=${unknown}`,
    ])
      await t.get(browser, path)
    for (const fields of [{}, { request: 'x' }, { request: unknown, answer: 'allow' }])
      await t.send(browser, '/oidc/consent', fields)
    for (const method of ['PUT', 'DELETE', 'HEAD'] as const)
      for (const path of ['/oidc/authorize', '/oidc/logout', '/oidc/token', '/oidc/userinfo']) {
        const { status, headers } = await browser.send(path, { method })
        t.lines([`${method} ${path} ${String(status)} ${String(headers['allow'] ?? '')}`])
      }
    await t.send(browser, '/oidc/authorize', { client_id: 'grafana', scope: 'openid' })
    await t.send(browser, '/oidc/authorize', { client_id: 'grafana', scope: 'x'.repeat(8000) })
    await t.send(browser, '/oidc/authorize', { client_id: 'grafana', scope: 'x'.repeat(70_000) })

    t.about('Its way through')
    const asked = await t.get(stranger, authorizePath(grafana, { login_hint: 'ada' }))
    await t.page(stranger, asked.location)
    await t.get(stranger, authorizePath(grafana, { prompt: 'login' }))
    for (const more of [
      { prompt: 'login' },
      { prompt: 'select_account' },
      { max_age: '0' },
      { acr_values: 'phr' },
    ])
      await t.get(browser, authorizePath(grafana, more))
    const waiting = await t.get(browser, authorizePath(grafana))
    const consent = await t.page(browser, waiting.location)
    await t.send(browser, '/oidc/consent', { request: requestIn(consent), answer: 'deny' })
    await t.get(browser, `/oidc/authorize/${requestIn(consent)}`)
    const second = await browser.get((await browser.get(authorizePath(grafana))).location)
    await t.send(browser, '/oidc/consent', { request: requestIn(second), answer: 'allow' })
    const back = await t.get(browser, `/oidc/authorize/${requestIn(second)}`)
    await t.page(browser, authorizePath(grafana, { response_mode: 'form_post' }))
    await t.page(browser, '/account')
    await t.get(browser, '/account/applications/withdraw')
    await t.get(browser, '/account/applications/withdraw?application=none')
    await t.page(browser, '/account/applications/withdraw?application=grafana')
    const got = (await redeem(app.origin, grafana, answerIn(back)['code'] ?? '')).body
    t.lines([`what came for the code: ${Object.keys(got).join(', ')}`])
    const half = await withPassword(app, ada)
    await t.get(half, authorizePath(strict))
    const turned = await t.get(browser, authorizePath(strict))
    await t.page(browser, turned.location)

    t.about('What it asks for itself')
    for (const fields of [
      {},
      { grant_type: 'nonsense' },
      { grant_type: 'authorization_code' },
      {
        grant_type: 'authorization_code',
        code: 'x',
        redirect_uri: grafana.redirectUri,
        code_verifier: verifier,
      },
      { grant_type: 'refresh_token', refresh_token: 'x' },
    ]) {
      await t.ask('/oidc/token', { app: grafana, fields })
      await t.ask('/oidc/token', { app: { id: 'grafana', secret: 'wrong' }, fields })
    }
    await t.ask('/oidc/token', { fields: { grant_type: 'authorization_code', client_id: 'none' } })
    await t.ask('/oidc/token', { app: grafana, fields: `a=${'x'.repeat(70_000)}` })
    await t.ask('/oidc/token', { app: grafana, fields: 'a=%ff', headers: { 'content-type': 'text/plain' } })
    for (const authorization of ['Bearer x', `Bearer ${String(got['access_token'])}`])
      await t.ask('/oidc/userinfo', { headers: { authorization } })
    await t.ask('/oidc/userinfo', {})
    for (const token of ['x', String(got['access_token'])]) {
      await t.ask('/oidc/introspect', { app: grafana, fields: { token } })
      await t.ask('/oidc/introspect', { app: strict, fields: { token } })
    }
    await t.ask('/oidc/introspect', { app: grafana })
    await t.ask('/oidc/revoke', { app: grafana, fields: { token: String(got['access_token']) } })
    await t.ask('/oidc/introspect', { app: grafana, fields: { token: String(got['access_token']) } })
    await t.ask('/oidc/device_authorization', { fields: { client_id: 'tv', scope: 'nonsense' } })
    await t.ask('/oidc/device_authorization', { app: grafana, fields: { scope: 'openid' } })
    const screen = await t.ask('/oidc/device_authorization', {
      fields: { client_id: 'tv', scope: 'openid profile' },
      headers: { 'user-agent': 'TV/2' },
    })

    t.about('A screen without a keyboard')
    await t.get(stranger, '/device')
    await t.page(browser, '/device?user_code=BCDF-GHJK')
    await t.get(browser, '/device/answer')
    for (const code of ['', ' ', 'nonsense', 'x'.repeat(200), 'BCDF-GHJK'])
      await t.send(browser, '/device', { user_code: code })
    await t.send(browser, '/device')
    const typed = await t.send(browser, '/device', { user_code: String(screen['user_code']).toLowerCase() })
    for (const fields of [{}, { request: 'x', answer: 'allow' }, { request: unknown, answer: 'allow' }])
      await t.send(browser, '/device/answer', fields)
    await t.send(browser, '/device/answer', { request: requestIn(typed), answer: 'allow' })
    await t.send(browser, '/device/answer', { request: requestIn(typed), answer: 'allow' })
    await t.often(12, browser, '/device', { user_code: 'BCDF-GHJK' })
    await t.send(browser, '/device', { user_code: 'BCDF-GHJK' })

    t.about('Where more is asked of people')
    app.clock.advance(60)
    const screens = { name: 'Screen', isPublic: true, allowsDevice: true, redirectUris: [] }
    await register(core, { ...screens, groups: ['crew'] }, { id: 'screen-of-others' })
    await register(core, screens, { id: 'screen' })
    await t.get(browser, authorizePath(grafana, { claims: asksPasskey }))
    const asking: readonly Record<string, string>[] = [
      { client_id: 'screen-of-others' },
      { client_id: 'screen', max_age: '0' },
      { client_id: 'screen', acr_values: 'phr' },
      { client_id: 'screen', claims: asksPasskey },
    ]
    for (const fields of asking) {
      const waits = await t.ask('/oidc/device_authorization', {
        fields: { scope: 'openid', ...fields },
        headers: { 'user-agent': 'TV/2' },
      })
      const told = await t.send(browser, '/device', { user_code: String(waits['user_code']) })
      await t.send(browser, '/device/answer', { request: requestIn(told), answer: 'deny' })
    }

    t.about('To be signed out')
    const out = 'https://grafana.example.org/'
    const hint = String(got['id_token'])
    const queries: readonly Record<string, string>[] = [
      {},
      { client_id: 'grafana' },
      { client_id: 'none', state: 'x' },
      { id_token_hint: 'x' },
      { id_token_hint: hint, client_id: 'vault' },
      { post_logout_redirect_uri: out },
      { client_id: 'grafana', post_logout_redirect_uri: 'https://evil.example/' },
      { client_id: 'grafana', post_logout_redirect_uri: out, state: 'x' },
    ]
    for (const query of queries) {
      const path = `/oidc/logout?${new URLSearchParams(query).toString()}`
      await t.page(browser, path)
      await t.get(stranger, path)
      const { status, location } = await browser.send('/oidc/logout', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' },
        body: new URLSearchParams({ ...query, confirm: 'yes', more: 'no' }).toString(),
      })
      t.lines([`posted from elsewhere: ${String(status)} ${location}`])
    }
    await t.get(browser, '/oidc/logout?a=%ff')
    await t.get(browser, '/oidc/logout?client_id=a&client_id=b')
    await t.send(browser, '/oidc/logout', { more: 'x'.repeat(70_000) })
    await t.send(browser, '/oidc/logout', {
      client_id: 'grafana',
      post_logout_redirect_uri: out,
      state: 'x y',
      confirm: 'yes',
    })
    await t.get(browser, '/account')
    const again = await withPassword(app, ada)
    app.clock.advance(30)
    await t.send(again, '/mfa/verify', { otp: ada.phone.code() })
    await t.send(again, '/oidc/logout', { confirm: 'yes' })
    await t.page(again, '/login')
    await expect(t.text).toMatchFileSnapshot('recorded/applications.txt')
  })

  it('to administrators', async () => {
    const t = new Transcript(app)
    const chief = await enrolledPerson(app, 'chief')
    const { browser } = chief
    await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), {
      edit: { admin: true },
      actor: atTheCommandLine,
    })
    app.clock.advance(700)
    const address = encodeURIComponent('https://grafana.example.org/other')
    const paths = [
      `${place}/new`,
      `${place}/edit?application=grafana`,
      `${place}/rotate-secret?application=grafana`,
      `${place}/remove?application=grafana`,
      `${place}/address?application=grafana&address=${address}`,
    ]
    t.about('Before a fresh proof')
    for (const path of paths) {
      await t.get(browser, path)
      await t.send(browser, path, { name: 'Wiki', application: 'grafana' })
    }
    await t.get(browser, `${place}/details?application=grafana`)
    await proveAgain(app, chief)
    t.about('Applications')
    for (const path of [
      place,
      `${place}/details?application=grafana`,
      `${place}/details?application=tv`,
      ...paths,
      `${place}/rotate-secret?application=grafana&keep_days=0`,
      `${place}/new?name=Wiki&public=yes&device=yes`,
      `${place}/edit?application=grafana&name=typed`,
      `${place}/rotate-secret?application=tv`,
      `${place}/details`,
      `${place}/edit?application=none`,
      `${place}/address?application=grafana`,
      `${place}/address?application=none&address=x`,
    ])
      await t.page(browser, path)
    const good = {
      name: 'Wiki',
      client_id: 'wiki',
      redirect_uris: 'https://wiki.example.org/back',
      groups: 'crew',
      two_factors: 'yes',
      skip_consent: 'yes',
      device: 'yes',
      launch_url: 'https://wiki.example.org/',
      post_logout_uris: 'https://wiki.example.org/bye',
      backchannel_logout_uri: 'https://wiki.example.org/out',
      signing: 'ES256',
    }
    await t.send(browser, `${place}/new`)
    for (const [name, value] of [
      ['name', ''],
      ['name', 'x'.repeat(300)],
      ['client_id', 'a b'],
      ['client_id', 'grafana'],
      ['redirect_uris', ''],
      ['redirect_uris', 'nonsense'],
      ['redirect_uris', 'http://wiki.example.org/back'],
      ['groups', 'a\u0007'],
      ['launch_url', 'nonsense'],
      ['post_logout_uris', 'nonsense'],
      ['backchannel_logout_uri', 'nonsense'],
    ] as const) {
      await t.send(browser, `${place}/new`, { ...good, [name]: value })
      await t.send(browser, `${place}/edit?application=grafana`, { ...good, [name]: value })
    }
    await t.send(browser, `${place}/new`, good)
    await t.page(browser, `${place}/details?application=wiki`)
    await t.send(browser, `${place}/new`, {
      name: 'Phone app',
      client_id: 'phone',
      public: 'yes',
      redirect_uris: 'org.example.app:/back',
    })
    await t.send(browser, `${place}/edit?application=wiki`, {
      name: 'The wiki',
      redirect_uris: 'https://wiki.example.org/a\r\n\r\n https://wiki.example.org/b ',
    })
    await t.page(browser, `${place}/details?application=wiki`)
    await t.page(browser, `${place}/edit?application=wiki`)
    for (const days of ['', '0', '7', '8'])
      await t.send(browser, `${place}/rotate-secret?application=wiki`, { keep_days: days })
    await t.send(browser, `${place}/rotate-secret?application=wiki`)
    await t.send(browser, `${place}/rotate-secret?application=phone`)
    await t.page(browser, `${place}/details?application=wiki`)
    await t.without(browser, `${place}/remove?application=wiki`, { confirm_name: 'wiki' })
    await t.send(browser, `${place}/remove?application=wiki`, { confirm_name: 'wiki' })
    await t.send(browser, `${place}/remove?application=wiki`, { confirm_name: ' The wiki ' })
    for (const fields of [
      {},
      { application: 'none', address: 'https://grafana.example.org/other' },
      { application: 'grafana' },
      { application: 'grafana', address: 'nonsense' },
      { application: 'grafana', address: 'https://grafana.example.org/other' },
    ])
      await t.send(browser, `${place}/address`, fields)
    await t.page(browser, `${place}/details?application=grafana`)
    await t.page(browser, place)
    await t.page(browser, '/admin/activity')
    await expect(t.text).toMatchFileSnapshot('recorded/admin-applications.txt')
  })
})
