import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp, useApp } from '../support/app.js'
import { anotherSession, isSignedIn } from '../support/attack.js'
import { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startTwoOn } from '../support/kinds.js'
import { echo, startProtected, type Protected } from '../support/protected.js'

/** A browser keeps the cookies of one host in one jar, whatever the port. */
function sharing(jar: Map<string, string>, app: TestApp): Browser {
  return new Browser(app.origin, {}, jar)
}

async function signIn(app: TestApp, browser: Browser, ada: Enrolled): Promise<void> {
  const base = app.server.settings.basePath
  await browser.submit(`${base}/login`, { username: ada.username, password: ada.password })
  await browser.submit(`${base}/mfa/verify`, { otp: ada.phone.code(), remember: 'yes' })
  app.clock.advance(30)
}

describe('several installations on one host', () => {
  const jar = new Map<string, string>()
  let protect: Protected
  let behind: TestApp
  let alone: TestApp
  const open: { app: TestApp; browser: Browser; ada: Enrolled; home: string }[] = []

  beforeAll(async () => {
    protect = await startProtected(echo)
    alone = await startApp()
    behind = await startApp({
      env: { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1', NIGHTLATCH_BASE_PATH: '/auth' },
    })
    for (const app of [protect, behind, alone]) {
      const ada = await enrolledPerson(app, 'ada')
      const home = `${app.server.settings.basePath}/account`
      open.push({ app, browser: sharing(jar, app), ada, home })
    }
  })
  afterAll(async () => {
    for (const { app } of open) await app.close()
  })

  it('whoever signs in to one after the other stays signed in to all of them', async () => {
    for (const { app, browser, ada } of open) await signIn(app, browser, ada)
    for (const { browser, home } of open) expect((await browser.get(home)).status).toBe(200)
  })

  it('the application behind protect, and the proxy that asks, know who it is', async () => {
    const application = await sharing(jar, protect).get('/x')
    expect(JSON.parse(application.body)).toMatchObject({ headers: { 'remote-user': 'ada' } })
    const asked = await sharing(jar, behind).get('/auth/forward-auth', {
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': `localhost:${String(behind.server.settings.port)}`,
      'X-Forwarded-Uri': '/x',
    })
    expect([asked.status, asked.headers['remote-user']]).toEqual([200, 'ada'])
  })

  it('none takes the trusted device of another for its own, and none raises an alarm', async () => {
    for (const { app, browser, ada } of open) {
      const base = app.server.settings.basePath
      const reply = await browser.submit(`${base}/login`, { username: ada.username, password: ada.password })
      expect(reply.location).not.toContain('/mfa/')
    }
    for (const { app } of open)
      expect(app.notices.map(({ kind }) => kind)).not.toContain('trusted-device-copied')
  })

  it('signing out of one signs nobody out of the others', async () => {
    const [first, ...others] = open
    await first!.browser.submit('/_nightlatch/logout')
    expect((await first!.browser.get(first!.home)).status).not.toBe(200)
    for (const { browser, home } of others) expect((await browser.get(home)).status).toBe(200)
  })
})

it.each(databases)(
  'servers on one database, whatever their ports, take each other’s cookies on $name',
  async (kind) => {
    const { here, there, close } = await startTwoOn(kind)
    try {
      expect(here.origin).not.toBe(there.origin)
      const ada = await enrolledPerson(here, 'ada')
      const at = sharing(ada.browser.cookies, there)
      expect(await isSignedIn(at)).toBe(true)
      await at.submit('/logout')
      expect(await isSignedIn(ada.browser)).toBe(false)
      expect([...ada.browser.cookies.keys()]).not.toContain(here.cookieName('session'))
    } finally {
      await close()
    }
  },
)

describe.each([
  ['http', {}, ''],
  ['https', { NIGHTLATCH_ORIGIN: 'https://auth.example.test:8443' }, '__Host-'],
])('cookies from before the upgrade, over %s', (_scheme, env, prefix) => {
  const app = useApp({ env })

  const former = (name: string): string => `${prefix}nightlatch-${name}`

  it('a session goes on, and the next one has the new name', async () => {
    const ada = await enrolledPerson(app, 'ada')
    const old = app.browser()
    old.cookies.set(former('session'), ada.browser.cookies.get(app.cookieName('session'))!)
    expect(await isSignedIn(old)).toBe(true)
    await signIn(app, old, ada)
    const kept = old.cookies.get(app.cookieName('session'))
    expect(kept).not.toBe(old.cookies.get(former('session')))
    expect(await isSignedIn(old)).toBe(true)
    await old.submit('/logout')
    expect(await isSignedIn(old), 'nor does the old one open anything').toBe(false)
  })

  it('a device stays trusted, and the value that was replaced raises no alarm while the new one is there', async () => {
    const ada = await enrolledPerson(app, 'trusting')
    const before = await anotherSession(app, ada, { remember: 'yes' })
    const old = app.browser()
    old.cookies.set(former('trusted'), before.cookies.get(app.cookieName('trusted'))!)
    for (let times = 0; times < 3; times += 1) {
      const reply = await old.submit('/login', { username: ada.username, password: ada.password })
      expect(reply.location).toBe('/')
    }
    expect(app.notices.map(({ kind }) => kind)).not.toContain('trusted-device-copied')
  })

  it('the old name counts for nothing beside the new one, not even beside two of the new one', async () => {
    const ada = await enrolledPerson(app, 'beside')
    const token = ada.browser.cookies.get(app.cookieName('session'))!
    const own = `${app.cookieName('session')}=${'A'.repeat(43)}`
    for (const cookie of [own, `${own}; ${own}`, `${app.cookieName('session')}=`]) {
      const reply = await app
        .browser()
        .get('/account', { cookie: `${former('session')}=${token}; ${cookie}` })
      expect([cookie, reply.status]).toEqual([cookie, 303])
    }
  })

  it('a sign-in in progress is not among them', async () => {
    const ada = await enrolledPerson(app, 'half')
    const half = app.browser()
    await half.submit('/login', { username: ada.username, password: ada.password })
    const old = app.browser()
    old.cookies.set(former('sign-in'), half.cookies.get(app.cookieName('sign-in'))!)
    expect((await old.get('/mfa/verify')).location).toBe('/login')
  })
})

it('the cookie of forward authentication has the mark, too, and is found under its former name', async () => {
  const app = await startApp({
    env: {
      NIGHTLATCH_ORIGIN: 'https://auth.example.test:8443',
      NIGHTLATCH_COOKIE_DOMAIN: 'example.test',
      NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
    },
  })
  try {
    const ada = await enrolledPerson(app, 'ada')
    const name = app.cookieName('forward')
    expect(name).toMatch(/^__Secure-nightlatch-forward-[0-9a-f]{8}$/)
    const value = ada.browser.cookies.get(name)!
    for (const one of [name, '__Secure-nightlatch-forward']) {
      const asked = await app.browser().get('/forward-auth', { cookie: `${one}=${value}` })
      expect([one, asked.status, asked.headers['remote-user']]).toEqual([one, 200, 'ada'])
    }
  } finally {
    await app.close()
  }
})
