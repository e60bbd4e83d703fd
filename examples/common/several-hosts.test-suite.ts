import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  enrolledPerson,
  startApp,
  type Enrolled,
  type TestApp,
} from '../../packages/nightlatch/test/support/app.js'
import { Browser } from '../../packages/nightlatch/test/support/browser.js'
import { echo, listening, seen } from '../../packages/nightlatch/test/support/protected.js'
import { severalHostsInChromium } from './several-hosts-browser.test-suite.js'
import { freePort, isInstalled, startProxy, type ProxyName } from './proxies.mjs'

const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }

/** The sign-in on one host, an application on another one below the same domain. */
export function severalHosts(name: ProxyName, file: string): void {
  describe.skipIf(!isInstalled(name))(`several hosts behind ${name}`, () => {
    let application: Server
    let app: TestApp
    let proxy: { stop(): Promise<void> }
    let port: number
    let ada: Enrolled

    // As it is on the default port: people are sent back to no other.
    const host = (first: string) => `${first}.nightlatch.localhost`
    const at = (first: string, cookies: Record<string, string> = {}) => {
      const browser = new Browser(`http://127.0.0.1:${port}`, { host: host(first) })
      for (const [cookie, value] of Object.entries(cookies)) browser.cookies.set(cookie, value)
      return browser
    }
    const forward = () => ada.browser.cookies.get('nightlatch-forward') ?? ''

    beforeAll(async () => {
      application = createServer(echo)
      const applicationPort = await listening(application)
      port = await freePort()
      app = await startApp({
        env: {
          NIGHTLATCH_ORIGIN: 'http://auth.nightlatch.localhost',
          NIGHTLATCH_COOKIE_DOMAIN: 'nightlatch.localhost',
          NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
        },
      })
      const ports = { public: port, nightlatch: app.server.settings.port, application: applicationPort }
      proxy = await startProxy(name, ports, { file })
      ada = await enrolledPerson(app, 'ada')
    })

    afterAll(async () => {
      await proxy?.stop()
      await app?.close()
      application.closeAllConnections()
      application.close()
    })

    severalHostsInChromium(() => ({ app, port }))

    it('the application sends to the sign-in host, which knows the way back', async () => {
      const shown = await at('app').get('/deep?x=1', page)
      const next = encodeURIComponent(`http://${host('app')}/deep?x=1`)
      expect([shown.status, shown.location]).toEqual([302, `http://${host('auth')}/login?next=${next}`])
      expect((await at('auth').get(`/login?next=${next}`, page)).status).toBe(200)
      expect((await at('app').get('/deep', { accept: '*/*', 'sec-fetch-mode': 'cors' })).status).toBe(401)
    })

    it('a program is asked for a name, and a browser shows no dialog', async () => {
      const program = await at('app').get('/repository', { accept: '*/*', 'user-agent': 'git/2.39.5' })
      const challenge = `Basic realm="${host('app')}", charset="UTF-8"`
      expect([program.status, program.headers['www-authenticate']]).toEqual([401, challenge])
      const script = await at('app').get('/data', { accept: '*/*', 'sec-fetch-mode': 'cors' })
      expect(script.headers['www-authenticate']).toBe(`Nightlatch realm="${host('app')}"`)
    })

    it('a form that is sent after the session has ended leads to sign-in, and back to its page', async () => {
      const referer = `http://${host('app')}/form?x=1`
      const shown = await at('app').send('/save', {
        method: 'POST',
        headers: { ...page, referer },
        body: 'a=b',
      })
      const next = encodeURIComponent(referer)
      expect([shown.status, shown.location]).toEqual([302, `http://${host('auth')}/login?next=${next}`])
    })

    it('somebody signed in there is known here, and the application sees no cookie of ours', async () => {
      const tricks = { 'remote-user': 'admin', remote_user: 'admin' }
      for (const others of [{ before: '1' }, {}]) {
        const cookies = { ...others, 'nightlatch-forward': forward(), theme: 'dark' }
        const answer = await at('app', cookies).get('/deep?x=1', { ...page, ...tricks })
        expect(answer.status).toBe(200)
        const { headers, url } = seen(answer)
        expect(url).toBe('/deep?x=1')
        expect(headers['remote-user']).toBe('ada')
        expect(headers['cookie']).toBe(
          [...Object.entries(others), ['theme', 'dark']].map((one) => one.join('=')).join('; '),
        )
        expect(answer.body).not.toContain('admin')
      }
    })

    it('the application sees none either when another host has set one beside it', async () => {
      const real = { 'nightlatch-forward': forward() }
      const beside = { '__Secure-nightlatch-forward': 'x' }
      const inside = { theme: 'nightlatch-forward=x' }
      for (const cookies of [
        { ...real, ...beside },
        { ...beside, ...real },
        { ...inside, ...real },
      ]) {
        const answer = await at('app', cookies).get('/', page)
        expect(answer.status).toBe(200)
        expect(answer.body).not.toContain(forward())
      }
    })

    it('the cookie of the domain opens nothing on the sign-in host', async () => {
      const visitor = at('auth', { 'nightlatch-session': forward(), 'nightlatch-forward': forward() })
      expect((await visitor.get('/account', page)).location).toContain('/login')
    })
  })
}
