import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { findAccount } from '../../src/core/accounts/administration.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { removeApplication } from '../../src/core/applications/registration.js'
import { afterEach, describe, expect, it } from 'vitest'
import { serve } from '../../src/compose/http-server.js'
import { parseAccessRules } from '../../src/core/access/rules-file.js'
import { addAccount } from '../../src/core/accounts/administration.js'
import { elements, words } from '../pages/read.js'
import { enrolledPerson, startApp, testPassword } from '../support/app.js'
import type { TestApp } from '../support/app.js'
import { register } from '../support/application.js'
import type { Browser } from '../support/browser.js'
import { startProtected } from '../support/protected.js'

let app: TestApp
afterEach(() => app.close())

/** Where the page leads on to, but for its own pages. */
const waysOn = (body: string, base = ''): readonly string[] => {
  const links = elements(body, 'a').map(({ attributes }) => attributes['href'] ?? '')
  return links.filter((href) => !href.startsWith('#') && !own.some((path) => href === base + path))
}
const own = [
  '/',
  '/help',
  '/account',
  '/account/password',
  '/account/change-phone',
  '/mfa/setup',
  '/mfa/setup/passkey',
  '/admin',
]

/** Who runs the installation, with a password alone. */
async function administrator(): Promise<Browser> {
  const password = { password: testPassword, unsafeExemptFromPolicy: true }
  await addAccount(app.nightlatch.core, { username: 'root', admin: true }, password)
  const browser = app.browser()
  const base = app.server.settings.basePath
  await browser.submit(`${base}/login`, { username: 'root', password: testPassword })
  return browser
}

const optional = { NIGHTLATCH_MFA: 'optional' }
const advice = 'npx nightlatch protect'

describe('home', () => {
  it('under protect leads to the application, as the account page does, and never says to run protect', async () => {
    app = await startProtected(undefined, { env: optional })
    const browser = await administrator()
    const home = await browser.get('/_nightlatch/')
    expect(home.status).toBe(200)
    expect(waysOn(home.body, '/_nightlatch')).toEqual(['/'])
    expect(words(home.body)).toContain('Go to the application')
    expect(home.body).toContain('npx nightlatch doctor')
    expect(home.body).not.toContain(advice)
    const account = await browser.get('/_nightlatch/account')
    expect(words(account.body)).toContain('Back to the application')
    expect(waysOn(account.body, '/_nightlatch')).toEqual(['/'])
  })

  it('of a server that nothing is behind tells its owner what to run', async () => {
    app = await startApp({ env: optional })
    const { body } = await (await administrator()).get('/')
    expect(body).toContain(advice)
    expect(waysOn(body)).toEqual([])
  })

  it.each([
    ['a parent domain is protected', { NIGHTLATCH_COOKIE_DOMAIN: 'example.test' }],
    ['a proxy is trusted', { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' }],
  ])('does not advise to run protect where %s', async (_what, more) => {
    app = await startApp({ env: { NIGHTLATCH_ORIGIN: 'https://auth.example.test', ...optional, ...more } })
    const { body } = await (await administrator()).get('/')
    expect(body).toContain('npx nightlatch doctor')
    expect(body).not.toContain(advice)
  })

  it.each([
    { path: '/wiki/*', access: 'one-factor', name: 'Wiki', launch: '/wiki/' },
    { host: 'wiki.example.test', access: 'one-factor' },
  ])('nor where a rule is about an application: %j', async (rule) => {
    const read = parseAccessRules(JSON.stringify({ rules: [rule] }), 'two-factors')
    if (read.kind !== 'rules') throw new Error(read.kind)
    app = await startApp({
      env: optional,
      serve: (nightlatch, log) => serve(nightlatch, log, read.rules),
    })
    const { body } = await (await administrator()).get('/')
    expect(body).toContain('npx nightlatch doctor')
    expect(body).not.toContain(advice)
  })

  it('nor where an application is registered', async () => {
    app = await startApp({ env: optional })
    await register(app.nightlatch.core)
    expect((await (await administrator()).get('/')).body).not.toContain(advice)
  })

  it('leads to registered applications that have an address to open, for their people, as it is now', async () => {
    app = await startApp({ env: optional })
    const { core } = app.nightlatch
    const { browser, username } = await enrolledPerson(app)
    const links = async (): Promise<readonly string[]> => {
      const { body } = await browser.get('/')
      return ['Grafana', 'Crew', 'Silent'].filter((name) => body.includes(`>${name}<`))
    }
    await register(core, { name: 'Silent' })
    expect(await links()).toEqual([])
    const grafana = await register(core, { name: 'Grafana', launchUrl: 'https://grafana.example.org/' })
    await register(core, { name: 'Crew', launchUrl: 'https://crew.example.org/', groups: ['crew'] })
    expect(await links()).toEqual(['Grafana'])
    expect((await browser.get('/')).body).toContain('href="https://grafana.example.org/"')
    const account = (await findAccount(core, username))!
    await editAccount(core, account, { edit: { addGroups: ['crew'] }, actor: atTheCommandLine })
    expect(await links()).toEqual(['Grafana', 'Crew'])
    await removeApplication(core, { id: grafana.id, actor: atTheCommandLine })
    expect(await links()).toEqual(['Crew'])
  })

  it('of somebody who does not run the installation has no commands', async () => {
    app = await startApp()
    const { browser } = await enrolledPerson(app)
    expect((await browser.get('/')).body).not.toContain('npx ')
  })

  it('says in a sentence what the second step is, and how many recovery codes are left', async () => {
    app = await startApp()
    const { browser } = await enrolledPerson(app)
    const home = words((await browser.get('/')).body)
    expect(home).toMatch(/Your second step is on: Authenticator app ?\./)
    expect(home).toContain('10 recovery codes left.')
  })
})

describe('with forward authentication', () => {
  const env = { NIGHTLATCH_ORIGIN: 'https://auth.example.test', NIGHTLATCH_COOKIE_DOMAIN: 'example.test' }

  it('home and account lead back to the application whose link was followed, and only for that visit', async () => {
    app = await startApp({ env })
    const { browser } = await enrolledPerson(app)
    const from = { Referer: 'https://photos.example.test/' }
    await browser.get('/')
    for (const [path, label] of [
      ['/', 'Go to photos.example.test'],
      ['/account', 'Back to photos.example.test'],
    ] as const) {
      const there = await browser.get(path, from)
      expect(words(there.body)).toContain(label)
      expect(there.body).toContain('href="https://photos.example.test/"')
      expect((await browser.get(path)).body).not.toContain('photos.example.test')
    }
  })

  it.each([
    'https://evil.test/',
    'http://photos.example.test/',
    'https://photos.example.test:8443/',
    'https://example.test.evil.test/',
    'https://auth.example.test/login',
    'not an address',
    '/photos',
  ])('they lead nowhere for a link from %s', async (referer) => {
    app = await startApp({ env })
    const { browser } = await enrolledPerson(app)
    for (const path of ['/', '/account']) {
      const { body } = await browser.get(path, { Referer: referer })
      expect(words(body)).not.toMatch(/Go to|Back to/)
      expect(body).not.toContain('evil.test')
    }
  })
})

describe('the activity of the account page', () => {
  it('has one line for wrong codes in a row, whatever passwords were right between them', async () => {
    app = await startApp()
    const { browser, username } = await enrolledPerson(app)
    for (let count = 0; count < 3; count++) {
      const stranger = app.browser()
      await stranger.submit('/login', { username, password: testPassword })
      expect((await stranger.refused('/mfa/verify', { otp: '000000' })).status).toBe(401)
    }
    const shown = words((await browser.get('/account')).body)
    expect(shown).toContain('Wrong 6-digit code (3 times)')
    expect(shown.match(/Wrong 6-digit code/g)).toHaveLength(1)
  })

  it('says from how many addresses they came, and which was the last', async () => {
    app = await startApp({ env: { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })
    const { browser, username } = await enrolledPerson(app)
    for (const from of ['192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.3']) {
      const stranger = app.browser({ 'x-forwarded-for': from })
      await stranger.submit('/login', { username, password: testPassword })
      await stranger.refused('/mfa/verify', { otp: '000000' })
    }
    const shown = words((await browser.get('/account')).body)
    expect(shown).toMatch(/Wrong 6-digit code \(4 times\) +from 3 addresses, last from 192\.0\.2\.3/)
    expect(shown).not.toContain('192.0.2.1')
  })
})
