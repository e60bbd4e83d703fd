import { createServer } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nightlatch, requireSession } from '../../src/adapters/express.js'
import { createNightlatch } from '../../src/compose/library.js'
import { serve } from '../../src/compose/http-server.js'
import type { AccessRules } from '../../src/core/access/rules.js'
import { accepted } from '../support/api.js'
import { enrolledPerson, startApp } from '../support/app.js'
import type { Enrolled, TestApp } from '../support/app.js'
import type { CreationOptions, RequestOptions } from '../support/authenticator.js'
import { Authenticator } from '../support/authenticator.js'
import { Browser } from '../support/browser.js'
import type { Protected } from '../support/protected.js'
import { startProtected } from '../support/protected.js'

const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
const rules: AccessRules = {
  otherwise: 'two-factors',
  rules: [{ hosts: null, paths: ['/vault/*'], methods: null, groups: null, access: 'phishing-resistant' }],
}

/** A call of the JSON interface, wherever it lies. */
async function call<T>(
  app: TestApp,
  browser: Browser,
  [path, body = {}]: readonly [string, object?],
): Promise<T> {
  const reply = await browser.json('POST', `${app.server.settings.basePath}/api/v1${path}`, body)
  if (reply.status > 201) throw new Error(`${path}: ${reply.body}`)
  return JSON.parse(reply.body) as T
}

/** Adds a passkey to somebody who has just set up an authenticator app. */
async function addPasskey(app: TestApp, ada: Enrolled): Promise<Authenticator> {
  app.clock.advance(30)
  const { password, phone } = ada
  await call(app, ada.browser, ['/session/verify', { password, otp: phone.code() }])
  const key = new Authenticator(app.server.settings.origin)
  const options = await call<CreationOptions>(app, ada.browser, ['/passkeys/options'])
  await call(app, ada.browser, ['/passkeys', key.create(options)])
  return key
}

/** Signs in with password and code in a browser of its own. */
async function withCode(app: TestApp, ada: Enrolled): Promise<Browser> {
  const browser = app.browser()
  const { username, password, phone } = ada
  await call(app, browser, ['/sign-in', { username, password }])
  app.clock.advance(30)
  await call(app, browser, ['/sign-in/verify', { otp: phone.code() }])
  return browser
}

async function proveWithPasskey(app: TestApp, browser: Browser, key: Authenticator): Promise<void> {
  const options = await call<RequestOptions>(app, browser, ['/sign-in/passkey/options'])
  await call(app, browser, ['/session/verify', { passkey: key.get(options) }])
}

describe('an address that asks for a session that was proven with a passkey', () => {
  describe('through forward authentication', () => {
    let app: TestApp
    beforeAll(async () => {
      app = await startApp({
        env: {
          NIGHTLATCH_ORIGIN: 'https://login.example.test',
          NIGHTLATCH_COOKIE_DOMAIN: 'example.test',
          NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
        },
        serve: (nightlatch, log) => serve(nightlatch, log, rules),
      })
    })
    afterAll(() => app.close())

    const ask = (browser: Browser, path: string, more: Record<string, string> = page) =>
      browser.get('/forward-auth', {
        'X-Forwarded-Method': 'GET',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'app.example.test',
        'X-Forwarded-Uri': path,
        ...more,
      })

    it('leads whoever signed in with a code to their passkey and back, and programs get 401', async () => {
      const ada = await enrolledPerson(app, 'ada')
      const key = await addPasskey(app, ada)
      const browser = await withCode(app, ada)
      expect((await ask(browser, '/')).status).toBe(200)
      const led = await ask(browser, '/vault/1')
      const back = encodeURIComponent('https://app.example.test/vault/1')
      expect(led).toMatchObject({
        status: 302,
        location: `https://login.example.test/mfa/passkey-due?next=${back}`,
      })
      const program = await ask(browser, '/vault/1', { 'sec-fetch-mode': 'cors' })
      expect(program.status).toBe(401)
      expect(JSON.parse(program.body)).toMatchObject({ code: 'passkey-required' })
      const due = await browser.get(`/mfa/passkey-due?next=${back}`)
      expect(due).toMatchObject({ status: 303, location: `/account/confirm/passkey?next=${back}` })
      const confirm = await browser.get(due.location)
      expect(confirm.body).toContain('data-passkey=')
      await proveWithPasskey(app, browser, key)
      expect((await ask(browser, '/vault/1')).status).toBe(200)
      const session = await accepted(browser, 'GET /session')
      expect(session.value).toMatchObject({ strength: 'password+passkey', phishingResistant: true })
    })

    it('leads whoever has none to where one is made', async () => {
      const eve = await enrolledPerson(app, 'eve')
      const due = await eve.browser.get('/mfa/passkey-due')
      expect(due).toMatchObject({ status: 303, location: '/mfa/setup/passkey' })
      expect((await ask(app.browser(), '/vault/1')).location).toContain('/login?next=')
    })
  })

  it('does the same at nightlatch protect', async () => {
    const app: Protected = await startProtected(undefined, { rules })
    const ada = await enrolledPerson(app, 'ada')
    const key = await addPasskey(app, ada)
    const browser = await withCode(app, ada)
    expect((await browser.get('/', page)).status).toBe(200)
    const base = app.server.settings.basePath
    const due = `${base}/mfa/passkey-due`
    expect(await browser.get('/vault/1', page)).toMatchObject({ status: 303, location: due })
    expect(await browser.get(due, page)).toMatchObject({
      location: `${base}/account/confirm/passkey?next=${encodeURIComponent('/vault/1')}`,
    })
    await proveWithPasskey(app, browser, key)
    expect((await browser.get('/vault/1', page)).status).toBe(200)
    await app.close()
  })

  it('does the same behind requireSession', async () => {
    const database = mkdtempSync(join(tmpdir(), 'nightlatch-guard-'))
    const auth = await createNightlatch({
      origin: 'http://localhost:3000',
      database,
      basePath: '/auth',
      onFirstAccountLink: () => undefined,
    })
    const session = { strength: 'password+code', phishingResistant: false }
    const guarded = requireSession(
      { ...auth, session: () => Promise.resolve(session as never) },
      {
        access: 'phishing-resistant',
      },
    )
    const server = createServer((request, response) => {
      nightlatch(auth)(request, response, () => guarded(request, response, () => response.end('inside')))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const browser = new Browser(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
    expect(await browser.get('/vault', page)).toMatchObject({
      status: 303,
      location: `/auth/mfa/passkey-due?next=${encodeURIComponent('/vault')}`,
    })
    expect(JSON.parse((await browser.get('/vault')).body)).toMatchObject({ code: 'passkey-required' })
    session.phishingResistant = true
    expect((await browser.get('/vault', page)).body).toBe('inside')
    server.close()
    await auth.close()
    rmSync(database, { recursive: true, force: true })
  })
})
