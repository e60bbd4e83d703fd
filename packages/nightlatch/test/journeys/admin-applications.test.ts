import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import type { Application } from '../../src/core/applications/application.js'
import { findApplication, listApplications } from '../../src/core/applications/registration.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson } from '../support/app.js'
import { answerIn, askAs, authorizePath, follow, redeem, register } from '../support/application.js'
import { accountOf, proveAgain } from '../support/attack.js'
import type { Browser, Reply } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'

const place = '/admin/applications'
const redirect = 'https://grafana.example.org/login/generic_oauth'
const day = 24 * 60 * 60

const handed = ({ body }: Reply): string | undefined => /<code class="handed"[^>]*>([^<]+)</.exec(body)?.[1]

describe.each(databases)('the pages of applications, on $name', (kind) => {
  let app: TestApp
  let chief: Enrolled
  beforeAll(async () => {
    app = await startAppOn(kind)
    chief = await enrolledPerson(app, 'chief')
    await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), {
      edit: { admin: true },
      actor: atTheCommandLine,
    })
  })
  afterAll(() => app.close())

  const fresh = async (): Promise<Browser> => {
    await proveAgain(app, chief)
    return chief.browser
  }

  const found = async (id: string): Promise<Application> => {
    const application = await findApplication(app.nightlatch.core, id)
    if (application === null) throw new Error(`${id} is not there`)
    return application
  }

  const newest = async () =>
    (await app.nightlatch.core.queries.audit.list({ limit: 1 }))[0] ?? { event: 'nothing' }

  /** What the token endpoint says to a code that never was: with a right secret it is about the code. */
  const isTaken = async (id: string, secret: string): Promise<boolean> => {
    const fields = { grant_type: 'authorization_code', code: 'none', redirect_uri: redirect }
    const { body } = await askAs(app.origin, '/oidc/token', { app: { id, secret }, fields })
    expect(['invalid_grant', 'invalid_client']).toContain(body['error'])
    return body['error'] === 'invalid_grant'
  }

  const everyPage = async (id: string): Promise<string> => {
    const paths = [
      place,
      ...['details', 'edit', 'rotate-secret', 'remove'].map((one) => `${place}/${one}?application=${id}`),
    ]
    const replies = await Promise.all(paths.map((path) => chief.browser.get(path)))
    expect(replies.map(({ status }) => status)).toEqual(paths.map(() => 200))
    return replies.map(({ body }) => body).join('\n')
  }

  it('add one with a secret that is shown once, with which its people sign in', async () => {
    const browser = await fresh()
    const made = await browser.post(`${place}/new`, {
      ...{ name: ' Grafana & co ', client_id: 'grafana' },
      redirect_uris: `${redirect}\r\n\r\n  https://grafana.example.org/other\r\n`,
      ...{ groups: 'crew,  staff', two_factors: 'yes', skip_consent: 'yes', device: 'yes' },
      launch_url: 'https://grafana.example.org/',
      post_logout_uris: 'https://grafana.example.org/bye',
      ...{ backchannel_logout_uri: 'https://grafana.example.org/signed-out', signing: 'ES256' },
    })
    expect([made.status, made.headers['cache-control']]).toEqual([200, 'no-store'])
    const secret = handed(made)!
    const told = await browser.get('/.well-known/openid-configuration')
    const { issuer } = JSON.parse(told.body) as { issuer: string }
    expect(made.body).toContain(`>${issuer}/.well-known/openid-configuration<`)
    expect(await found('grafana')).toMatchObject({
      ...{ name: 'Grafana & co', isPublic: false, allowsDevice: true, groups: ['crew', 'staff'] },
      redirectUris: [redirect, 'https://grafana.example.org/other'],
      postLogoutUris: ['https://grafana.example.org/bye'],
      backchannelLogoutUri: 'https://grafana.example.org/signed-out',
      launchUrl: 'https://grafana.example.org/',
      ...{ access: 'two-factors', skipConsent: true, signingAlgorithm: 'ES256' },
    })
    const { id: by } = await accountOf(app, 'chief')
    expect(await newest()).toMatchObject({
      event: 'application.added',
      details: { application: 'grafana', by },
    })
    expect(await everyPage('grafana')).not.toContain(secret)
    expect((await browser.get(place)).body).toContain(`href="${place}/details?application=grafana"`)
    const groups = { edit: { groups: ['crew'] }, actor: atTheCommandLine }
    await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), groups)
    const client = { application: await found('grafana'), id: 'grafana', secret, redirectUri: redirect }
    const { code = '' } = answerIn(await follow(browser, authorizePath(client)))
    expect(await redeem(app.origin, client, code)).toMatchObject({ status: 200 })
  })

  it('add one without a secret, whose id is made here and which has none to rotate', async () => {
    const browser = await fresh()
    const made = await browser.post(`${place}/new`, {
      ...{ name: 'Phone app', public: 'yes', redirect_uris: 'org.example.app:/callback' },
    })
    expect([made.status, handed(made)]).toEqual([200, undefined])
    const id = /application=([a-z2-7]{26})"/.exec(made.body)?.[1] ?? ''
    expect(await found(id)).toMatchObject({
      ...{ name: 'Phone app', isPublic: true, groups: null, access: 'one-factor', secrets: [] },
      ...{ skipConsent: false, allowsDevice: false, signingAlgorithm: 'RS256' },
    })
    const details = await browser.get(`${place}/details?application=${id}`)
    expect(details.body).toContain('it runs in a browser or on a phone')
    const rotate = `${place}/rotate-secret?application=${id}`
    expect(details.body).not.toContain(rotate)
    expect((await browser.get(rotate)).status).toBe(404)
    expect((await browser.post(rotate, { keep_days: '0' })).status).toBe(404)
  })

  it('say at its field what cannot be, keep what was typed and change nothing', async () => {
    const client = await register(app.nightlatch.core, { redirectUris: [redirect] }, { id: 'there' })
    const before = await listApplications(app.nightlatch.core)
    const fields = { name: 'Wiki', redirect_uris: redirect, groups: 'crew', skip_consent: 'yes' }
    const wrong = [
      [{ name: '' }, 'name', 'Enter a name'],
      [{ redirect_uris: ' \r\n' }, 'redirect-uris', 'Enter at least one address'],
      [{ redirect_uris: `${redirect}\r\nhttps://*.example.org/` }, 'redirect-uris', 'without a *'],
      [{ redirect_uris: `${redirect}#<b>` }, 'redirect-uris', 'begins with #'],
      [{ redirect_uris: 'data:x' }, 'redirect-uris', 'no application is opened by that'],
      [{ groups: 'crew, a\u202eb' }, 'groups', 'cannot be a group'],
      [{ launch_url: 'grafana.example.org' }, 'launch-url', 'It must be an address'],
      [{ post_logout_uris: 'javascript:1' }, 'post-logout-uris', 'no application is opened by that'],
      [
        { backchannel_logout_uri: 'org.example:/x' },
        'backchannel-logout-uri',
        'begins with https:// or http://',
      ],
    ] as const
    const browser = await fresh()
    const ids = [
      [{ client_id: 'there' }, 'client-id', 'an application with this ID'],
      [{ client_id: 'a b' }, 'client-id', 'Enter 1 to 100 letters'],
    ] as const
    const tried = [
      ...[...wrong, ...ids].map((one) => [`${place}/new`, ...one] as const),
      ...wrong.map((one) => [`${place}/edit?application=there`, ...one] as const),
    ]
    for (const [path, change, field, words] of tried) {
      const reply = await browser.post(path, { ...fields, ...change })
      const said = new RegExp(`id="${field}-error">(.*?)</p>`, 's').exec(reply.body)?.[1] ?? ''
      expect([path, change, reply.status, said.includes(words)]).toEqual([path, change, 422, true])
      const kept = Object.entries({ ...fields, ...change }).map(
        ([, text]) => text.split('\r\n')[0]?.trim() ?? '',
      )
      for (const text of kept.filter((one) => /^[\w:/.* -]+$/.test(one) && one !== 'yes'))
        expect([path, text, reply.body.includes(text)]).toEqual([path, text, true])
      expect(reply.body).toMatch(/name="skip_consent"[^>]* checked/)
      expect(reply.body).not.toContain('<b>')
    }
    expect(await listApplications(app.nightlatch.core)).toEqual(before)
    expect(await isTaken('there', client.secret)).toBe(true)
  })

  it('change what is said of one, and neither its secret nor whether it keeps one', async () => {
    const { id, secret } = await register(app.nightlatch.core, { groups: ['crew'] }, { id: 'wiki' })
    const browser = await fresh()
    const form = await browser.get(`${place}/edit?application=${id}`)
    expect(form.body).toContain(`${redirect}</textarea>`)
    expect(form.body).not.toContain('filled in')
    const edited = await browser.submit(`${place}/edit?application=${id}`, {
      ...{ name: 'Wiki', public: 'yes', groups: '', two_factors: 'yes' },
      redirect_uris: `https://wiki.example.org/a\n${redirect}`,
    })
    expect(edited.location).toBe(`${place}/details?application=wiki`)
    expect(await found(id)).toMatchObject({
      ...{ name: 'Wiki', isPublic: false, groups: null, access: 'two-factors', skipConsent: false },
      ...{ redirectUris: ['https://wiki.example.org/a', redirect], postLogoutUris: [] },
    })
    const details = await browser.get(edited.location)
    expect(details.body).toContain('The details of <bdi>Wiki</bdi> are saved.')
    expect(details.body).toContain('https://wiki.example.org/a')
    expect(await newest()).toMatchObject({ event: 'application.changed', details: { application: 'wiki' } })
    expect(await isTaken(id, secret)).toBe(true)
  })

  it('make a new secret that is shown once, beside the old one for some days or in its place', async () => {
    const { id, secret: first } = await register(app.nightlatch.core, {}, { id: 'rotated' })
    const path = `${place}/rotate-secret?application=${id}`
    const details = async () => (await chief.browser.get(`${place}/details?application=${id}`)).body
    expect(await details()).toMatch(/<dd>one, since <time/)
    const made = await (await fresh()).post(path, { keep_days: '7' })
    const second = handed(made)!
    expect([made.status, made.headers['cache-control'], second === first]).toEqual([200, 'no-store', false])
    expect([await isTaken(id, first), await isTaken(id, second)]).toEqual([true, true])
    expect(await details()).toMatch(/<dd>two: the newest since <time[^]*which works until <time/)
    expect(await everyPage(id)).not.toContain(second)
    expect(await newest()).toMatchObject({
      event: 'application.secret-rotated',
      details: { application: id },
    })
    expect((await chief.browser.post(path, { keep_days: '3650' })).status).toBe(400)
    const third = handed(await chief.browser.post(path, { keep_days: '0' }))!
    const taken = await Promise.all([first, second, third].map((one) => isTaken(id, one)))
    expect(taken).toEqual([false, false, true])
    expect(await details()).not.toContain('works until')
  })

  it('say of a secret whose days are over nothing any more', async () => {
    const { id } = await register(app.nightlatch.core, {}, { id: 'over' })
    const made = await (await fresh()).post(`${place}/rotate-secret?application=${id}`, { keep_days: '1' })
    expect(made.status).toBe(200)
    expect((await chief.browser.get(`${place}/details?application=${id}`)).body).toContain('works until')
    app.clock.advance(day)
    chief = await signedInAnew()
    expect((await chief.browser.get(`${place}/details?application=${id}`)).body).not.toContain('works until')
  })

  const signedInAnew = async (): Promise<Enrolled> => {
    const browser = app.browser()
    await browser.submit('/login', { username: 'chief', password: chief.password })
    await browser.submit('/mfa/verify', { otp: chief.phone.code() })
    app.clock.advance(30)
    return { ...chief, browser }
  }

  it('remove only the one whose name was typed, with all that it was given', async () => {
    const { id, secret } = await register(app.nightlatch.core, { name: 'Old & gone' }, { id: 'gone' })
    const browser = await fresh()
    const path = `${place}/remove?application=${id}`
    const refused = await browser.post(path, { confirm_name: 'gone' })
    expect([refused.status, refused.body.includes('Type the name as it stands above')]).toEqual([422, true])
    expect(await isTaken(id, secret)).toBe(true)
    const removed = await browser.submit(path, { confirm_name: ' Old & gone ' })
    expect(removed.location).toBe(place)
    expect((await browser.get(place)).body).toContain('<bdi>Old &amp; gone</bdi> is removed.')
    expect(await isTaken(id, secret)).toBe(false)
    expect((await browser.get(`${place}/details?application=${id}`)).status).toBe(404)
    expect((await browser.post(path, { confirm_name: 'Old & gone' })).status).toBe(404)
  })

  it('lose neither the application nor what was typed on the way to a fresh proof', async () => {
    const { id } = await register(app.nightlatch.core, {}, { id: 'proof' })
    const path = `${place}/edit?application=${id}`
    app.clock.advance(11 * 60)
    const fields = { name: 'Proof & co', redirect_uris: `${redirect}\r\nhttps://proof.example.org/` }
    const asked = await chief.browser.post(path, fields)
    const back = new URL(asked.location, app.origin).searchParams.get('next') ?? ''
    const shown = await (await fresh()).get(back)
    expect(shown.body).toContain('value="Proof &amp; co"')
    expect(shown.body).toMatch(
      /https:\/\/grafana\.example\.org\/login\/generic_oauth\r?\nhttps:\/\/proof\.example\.org\/<\/textarea/,
    )
    expect(shown.body).toContain('has filled in these fields')
    expect((await found(id)).name).toBe('Grafana')
    app.clock.advance(11 * 60)
    const many = Array.from({ length: 60 }, (_none, at) => `https://proof.example.org/${String(at)}`)
    const long = await chief.browser.post(path, { ...fields, redirect_uris: many.join('\n') })
    expect(new URL(long.location, app.origin).searchParams.get('next')).toBe(path)
  })
})
