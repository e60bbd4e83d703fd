/** Applications that sign people in with OpenID Connect, by the JSON interface of the administration. */
import { beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../src/client/index.js'
import { openNightlatch } from '../../src/compose/open.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { accepted, api } from '../support/api.js'
import type { Enrolled } from '../support/app.js'
import { enrolledPerson, quickArgon2, whileTestsRun } from '../support/app.js'
import { answerIn, authorizePath, follow, redeem, type Registered } from '../support/application.js'
import { accountOf, everythingKept, proveAgain } from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { run } from '../support/cli.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'

const callback = 'https://grafana.example.org/login/generic_oauth'
const day = 86_400

interface Answered {
  readonly application: { readonly id: string; readonly secrets: readonly unknown[] }
  readonly secret: string | null
}

describe.each(databases)('applications by the JSON interface on $name', (kind) => {
  const app = whileTestsRun(() => startAppOn(kind))
  let chief: Enrolled
  let ada: Enrolled

  beforeAll(async () => {
    chief = await enrolledPerson(app, 'chief')
    const edit = { admin: true }
    await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), { edit, actor: atTheCommandLine })
    ada = await enrolledPerson(app, 'ada')
  })

  const freshChief = async (): Promise<Browser> => {
    await proveAgain(app, chief)
    return chief.browser
  }
  const add = async (body: Record<string, unknown>): Promise<Answered> =>
    (await accepted(await freshChief(), 'POST /admin/applications', body)).value as unknown as Answered

  /** What the command line says of the same database; it writes times without their thousandths. */
  const client = async (...words: readonly string[]): Promise<Record<string, unknown>> => {
    const { database } = app.nightlatch.settings
    const url = database.kind === 'postgres' ? String(database.url.reveal()) : ''
    const done = await run(['client', ...words, '--json', '--data', app.dataFolder], {
      env: url === '' ? {} : { NIGHTLATCH_DATABASE_URL: url },
      deps: {
        open: (settings, parts = {}) =>
          openNightlatch(settings, {
            ...parts,
            platform: { ...nodePlatform, nowSeconds: () => app.clock.seconds },
            unsafeArgon2Setting: quickArgon2,
          }),
      },
    })
    return JSON.parse(done.out.replace(/(:\d\d)Z"/g, '$1.000Z"')) as Record<string, unknown>
  }

  /** Whether the token endpoint takes a code with this secret. */
  const takes = async (id: string, secret: string | null): Promise<boolean> => {
    const wanted = { id, redirectUri: callback, secret: secret ?? '' }
    const { code } = answerIn(await follow(ada.browser, authorizePath(wanted)))
    const done = await redeem(app.server.services.site.origin, wanted as Registered, String(code))
    if (done.status !== 200) expect(done.body).toMatchObject({ error: 'invalid_client' })
    return done.status === 200
  }

  it('are added with a secret that is answered once and signs people in at once', async () => {
    const added = await accepted(await freshChief(), 'POST /admin/applications', {
      name: 'Grafana',
      id: 'grafana',
      redirectUris: [callback],
      skipConsent: true,
    })
    const { origin } = app.server.services.site
    expect(added.value).toMatchObject({
      issuer: origin,
      discovery: `${origin}/.well-known/openid-configuration`,
      application: { id: 'grafana', public: false, groups: null, launchUrl: null, access: 'one-factor' },
    })
    const { secret } = added.value as unknown as Answered
    expect(await takes('grafana', secret)).toBe(true)
    const shown = await accepted(chief.browser, 'GET /admin/applications/grafana')
    expect(shown.value).toEqual(added.value['application'])
    const listed = await accepted(chief.browser, 'GET /admin/applications')
    const { hash } = (await app.nightlatch.storage.stores.applications.list())[0]!.secrets[0]!
    for (const hidden of [String(secret), hash])
      expect(JSON.stringify([shown.value, listed.value])).not.toContain(hidden)
    expect(shown.value).toEqual((await client('show', 'grafana'))['client'])
    const [event] = await app.nightlatch.core.queries.audit.list({ limit: 1, event: 'application.added' })
    const by = (await accountOf(app, 'chief')).id
    expect(event).toMatchObject({ address: '127.0.0.1', details: { application: 'grafana', by } })
  })

  it('may be public, for screens, with an id that is made here or a secret that was chosen', async () => {
    const phone = await add({ name: 'Phone', public: true, redirectUris: ['org.example.app:/callback'] })
    expect(phone).toMatchObject({ secret: null, application: { public: true, secrets: [] } })
    expect(phone.application.id).toMatch(/^[a-z2-7]{26}$/)
    const place = `/admin/applications/${phone.application.id}`
    expect((await accepted(chief.browser, `GET ${place}`)).value).toEqual(phone.application)
    expect(await api(chief.browser, `POST ${place}/rotate-secret`)).toMatchObject({
      status: 409,
      code: 'no-application-secret',
    })
    await accepted(chief.browser, `DELETE ${place}`)
    const words = ['add', 'Phone', '--public', '--redirect', 'org.example.app:/callback']
    expect(await client(...words)).toMatchObject({ secret: null, client: { public: true, secrets: [] } })
    const screen = await add({ name: 'Screen', id: 'screen', device: true, secret: 'chosen-by-somebody' })
    expect(screen).toMatchObject({ secret: 'chosen-by-somebody', application: { device: true } })
  })

  it('say what they will receive of a person, as the command line does, and why not', async () => {
    await add({
      name: 'Notes',
      id: 'notes',
      redirectUris: ['https://notes.example.org/in'],
      groups: ['crew'],
    })
    const asked = 'GET /admin/applications/notes/received?user=ada'
    const told = (await accepted(chief.browser, asked)).value
    const { origin } = app.server.services.site
    const person = { preferred_username: 'ada', groups: [], amr: ['pwd', 'otp', 'mfa'] }
    const idToken = { iss: origin, aud: 'notes', ...person }
    expect(told).toMatchObject({ user: 'ada', refusal: 'not-in-group', idToken, userinfo: person })
    const { mayUse, userinfo } = await client('try', 'notes', '--user', 'ada')
    expect({ mayUse, userinfo }).toEqual({ mayUse: false, userinfo: told['userinfo'] })
    await accepted(await freshChief(), 'PATCH /admin/applications/notes', { groups: null })
    expect((await accepted(chief.browser, `${asked}&scope=openid`)).value).toMatchObject({ refusal: null })
    const account = await accountOf(app, 'ada')
    const disable = (disabled: boolean) =>
      app.nightlatch.storage.stores.accounts.setDisabled(account.id, disabled)
    await disable(true)
    expect((await accepted(chief.browser, asked)).value).toMatchObject({ refusal: 'account-closed' })
    await disable(false)
    const unknown = 'GET /admin/applications/notes/received?user=nobody'
    expect(await api(chief.browser, unknown)).toMatchObject({ status: 404 })
    // Whoever is no administrator is not told that there is such a place.
    expect(await api(ada.browser, asked)).toMatchObject({ status: 404 })
  })

  it('are changed in every part, and what is left out stays; the command line sees the same', async () => {
    await add({ name: 'Wiki', id: 'a.b_c~d-e', redirectUris: ['https://wiki.example.org/in'] })
    const browser = await freshChief()
    const place = 'PATCH /admin/applications/a.b_c~d-e'
    const edited = await accepted(browser, place, {
      name: 'Our wiki',
      device: true,
      addRedirectUris: ['https://wiki.example.org/too'],
      removeRedirectUris: ['https://wiki.example.org/in'],
      postLogoutUris: ['https://wiki.example.org/bye'],
      backchannelLogoutUri: 'https://wiki.example.org/ended',
      launchUrl: 'https://wiki.example.org/',
      groups: ['staff', 'crew'],
      access: 'two-factors',
      skipConsent: true,
      signing: 'ES256',
    })
    expect(edited.value).toMatchObject({
      name: 'Our wiki',
      device: true,
      redirectUris: ['https://wiki.example.org/too'],
      postLogoutUris: ['https://wiki.example.org/bye'],
      backchannelLogoutUri: 'https://wiki.example.org/ended',
      launchUrl: 'https://wiki.example.org/',
      groups: ['staff', 'crew'],
      access: 'two-factors',
      skipConsent: true,
      signing: 'ES256',
    })
    expect((await accepted(browser, place, {})).value).toEqual(edited.value)
    expect((await client('show', 'a.b_c~d-e'))['client']).toEqual(edited.value)
    const words = ['--everybody', '--no-device', '--no-skip-consent', '--launch', '']
    const byCommand = await client('edit', 'a.b_c~d-e', ...words)
    const undone = { groups: null, device: false, skipConsent: false, launchUrl: null }
    expect(byCommand['client']).toEqual({ ...edited.value, ...undone })
    expect((await accepted(browser, place, undone)).value).toEqual(byCommand['client'])
    const every = '--name|Our wiki|--device|--launch|https://wiki.example.org/|--group|staff|--group|crew'
    const strict = '--access|two-factors|--skip-consent|--signing|ES256'
    const addresses = '--post-logout|https://wiki.example.org/bye|--redirect|https://wiki.example.org/in'
    const more = '--add-redirect|https://wiki.example.org/too|--remove-redirect|https://wiki.example.org/in'
    const flags = [every, strict, addresses, more].flatMap((part) => part.split('|'))
    expect((await client('edit', 'a.b_c~d-e', ...flags))['client']).toEqual(edited.value)
    await accepted(browser, place, { backchannelLogoutUri: null })
    expect((await accepted(browser, 'GET /admin/applications/a.b_c~d-e')).value).toMatchObject({
      backchannelLogoutUri: null,
      postLogoutUris: ['https://wiki.example.org/bye'],
    })
  })

  it('cannot be so: the place is named, nothing is repeated and nothing is kept', async () => {
    await add({ name: 'Held', id: 'held', redirectUris: [callback] })
    const browser = await freshChief()
    const except = ['attempt', 'audit', 'session'] as const
    const kept = await everythingKept(app, [...except])
    const named = { name: 'New', redirectUris: [callback] }
    const cases: readonly (readonly [string, Record<string, unknown>, string, string])[] = [
      ['POST', { ...named, id: 'held' }, 'id-taken', '/id'],
      ['POST', { ...named, id: 'a b' }, 'bad-id', '/id'],
      ['POST', { ...named, secret: 'too-short' }, 'bad-secret', '/secret'],
      ['POST', { ...named, public: true, secret: 'long-enough-to-be-one' }, 'public-secret', '/secret'],
      ['POST', { name: 'New' }, 'no-redirect', '/redirectUris'],
      ['POST', { ...named, name: ' ' }, 'bad-name', '/name'],
      ['PATCH', { redirectUris: [] }, 'no-redirect', '/redirectUris'],
      ['PATCH', { removeRedirectUris: [callback] }, 'no-redirect', '/redirectUris'],
      ['PATCH', { redirectUris: [callback, 'https://*.example.org/x'] }, 'wildcard', '/redirectUris/1'],
      ['PATCH', { addRedirectUris: ['https://a.example.org/#x'] }, 'fragment', '/addRedirectUris/0'],
      ['PATCH', { addRedirectUris: ['javascript:x'] }, 'scheme', '/addRedirectUris/0'],
      ['PATCH', { launchUrl: 'org.example:/x' }, 'private-scheme', '/launchUrl'],
      ['PATCH', { postLogoutUris: ['/bye'] }, 'not-an-address', '/postLogoutUris/0'],
      ['PATCH', { launchUrl: 'wiki.example.org' }, 'not-an-address', '/launchUrl'],
      ['PATCH', { backchannelLogoutUri: 'ftp://a.example.org/' }, 'scheme', '/backchannelLogoutUri'],
      ['PATCH', { groups: ['fine', 'a,b'] }, 'bad-group', '/groups/1'],
      ['PATCH', { name: 'x'.repeat(101) }, 'bad-name', '/name'],
    ]
    for (const [method, body, reason, pointer] of cases) {
      const place = method === 'POST' ? '/admin/applications' : '/admin/applications/held'
      const refused = await api(browser, `${method} ${place}`, body)
      expect(refused, JSON.stringify(body)).toMatchObject({
        status: 422,
        code: 'bad-application',
        value: { reason, errors: [{ pointer, detail: reason }] },
      })
      expect(JSON.stringify(refused.value)).not.toMatch(/example|too-short|held|a,b/)
    }
    for (const [body, pointer] of [
      [{ groups: [] }, '/groups'],
      [{ access: 'three-factors' }, '/access'],
      [{ signing: 'none' }, '/signing'],
      [{ redirectUris: callback }, '/redirectUris'],
      [{ name: null }, '/name'],
      [{ addRedirectUris: ['a\0b'] }, '/addRedirectUris/0'],
    ] as const)
      expect(await api(browser, 'PATCH /admin/applications/held', body)).toMatchObject({
        code: 'invalid-body',
        value: { errors: [{ pointer }] },
      })
    expect(await everythingKept(app, [...except])).toBe(kept)
  })

  it('get a new secret; the old one ends at once, or when it was said', async () => {
    const first = await add({ name: 'Rotated', id: 'rotated', redirectUris: [callback], skipConsent: true })
    const place = 'POST /admin/applications/rotated/rotate-secret'
    for (const keepOld of ['7', '1y', '-1d', '', 7])
      expect(await api(await freshChief(), place, { keepOld })).toMatchObject({
        code: 'invalid-body',
        value: { errors: [{ pointer: '/keepOld' }] },
      })
    const second = (await accepted(chief.browser, place)).value as unknown as Answered
    expect([await takes('rotated', first.secret), await takes('rotated', second.secret)]).toEqual([
      false,
      true,
    ])
    const until = new Date((app.clock.seconds + 10 * 60) * 1000).toISOString()
    const third = (await accepted(chief.browser, place, { keepOld: '10m' })).value as unknown as Answered
    expect(third.application.secrets).toMatchObject([{ expiresAt: null }, { expiresAt: until }])
    const tried = [second, third].map(({ secret }) => secret)
    expect([await takes('rotated', tried[0]!), await takes('rotated', tried[1]!)]).toEqual([true, true])
    app.clock.advance(10 * 60)
    expect([await takes('rotated', tried[0]!), await takes('rotated', tried[1]!)]).toEqual([false, true])
  })

  it('are listed by their ids, a page at a time, also behind one that is gone', async () => {
    for (const id of ['list-c', 'list-a', 'list-d', 'list-b'])
      await add({ name: 'Listed', id, redirectUris: [callback] })
    const page = async (query: string): Promise<[string[], unknown]> => {
      const { value } = await accepted(chief.browser, `GET /admin/applications?${query}`)
      return [(value['applications'] as { id: string }[]).map(({ id }) => id), value['next']]
    }
    expect(await page('after=list-&limit=2')).toEqual([['list-a', 'list-b'], 'list-b'])
    expect((await page('after=list-b'))[0].slice(0, 2)).toEqual(['list-c', 'list-d'])
    await accepted(await freshChief(), 'DELETE /admin/applications/list-b')
    const [rest] = await page('after=list-b')
    expect(rest.slice(0, 2)).toEqual(['list-c', 'list-d'])
    expect(await page('after=~')).toEqual([[], null])
    for (const query of ['limit=0', 'limit=1001', 'limit=', 'limit=x'])
      expect((await api(chief.browser, `GET /admin/applications?${query}`)).code).toBe('invalid-query')
  })

  it('are removed with what they were given, and are not there afterwards', async () => {
    const { secret } = await add({ name: 'Gone', id: 'gone', redirectUris: [callback], skipConsent: true })
    expect(await takes('gone', secret)).toBe(true)
    const browser = await freshChief()
    await accepted(browser, 'DELETE /admin/applications/gone')
    for (const id of ['gone', 'a%20b', '%ZZ', 'a%00b', 'a'.repeat(26), 'x'.repeat(300)])
      for (const [method, word] of [
        ['GET', ''],
        ['PATCH', ''],
        ['DELETE', ''],
        ['POST', '/rotate-secret'],
      ] as const) {
        const body = method === 'PATCH' ? { name: 'x' } : undefined
        const reply = await browser.json(method, `/api/v1/admin/applications/${id}${word}`, body)
        expect(reply.status, `${method} ${id}`).toBe(404)
      }
    expect((await api(browser, 'GET /admin/applications/gone')).code).toBe('not-found')
  })

  it('are for administrators, and changes for those with a fresh proof', async () => {
    for (const call of ['GET /admin/applications', 'GET /admin/applications/grafana'])
      expect(await api(ada.browser, call)).toMatchObject({ status: 404, code: 'not-found' })
    await freshChief()
    app.clock.advance(3600)
    expect((await api(chief.browser, 'GET /admin/applications/grafana')).status).toBe(200)
    for (const [call, body] of [
      ['POST /admin/applications', { name: 'Late', redirectUris: [callback] }],
      ['PATCH /admin/applications/grafana', { name: 'Late' }],
      ['DELETE /admin/applications/grafana', undefined],
      ['POST /admin/applications/grafana/rotate-secret', { keepOld: '7d' }],
    ] as const)
      for (const [browser, code] of [
        [chief.browser, 'fresh-proof-required'],
        [ada.browser, 'not-found'],
        [app.browser(), 'not-found'],
      ] as const)
        expect((await api(browser, call, body)).code, call).toBe(code)
    expect((await api(chief.browser, 'GET /admin/applications/grafana')).value).toMatchObject({
      name: 'Grafana',
    })
  })

  it('are methods of the typed client', async () => {
    const browser = await freshChief()
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const fetch = (url: string, init: RequestInit): Promise<Response> =>
      globalThis.fetch(url, { ...init, headers: { ...(init.headers as object), cookie } })
    const nightlatch = createClient({ origin: app.origin, fetch })
    expect(await nightlatch.application('grafana')).toMatchObject({ ok: true, value: { id: 'grafana' } })
    const kept = await nightlatch.rotateApplicationSecret('grafana', { keepOld: '1d' })
    if (!kept.ok) throw new Error(kept.problem.code)
    const until = new Date((app.clock.seconds + day) * 1000).toISOString()
    expect(kept.value.application.secrets[1]?.expiresAt).toBe(until)
    expect(await nightlatch.rotateApplicationSecret('grafana')).toMatchObject({ ok: true })
    expect(await nightlatch.applications({ limit: '1' })).toMatchObject({ ok: true })
    expect(await nightlatch.removeApplication('../people')).toMatchObject({ ok: false })
  })
})
