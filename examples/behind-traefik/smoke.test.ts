import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  enrolledPerson,
  startApp,
  type Enrolled,
  type TestApp,
} from '../../packages/nightlatch/test/support/app.js'
import { Browser } from '../../packages/nightlatch/test/support/browser.js'
import { cookieOf } from '../../packages/nightlatch/test/support/protected.js'
import { behind } from '../common/behind.test-suite.js'
import { names } from '../common/names.test-suite.js'
import { severalHosts } from '../common/several-hosts.test-suite.js'

behind('traefik', { journey: false })
severalHosts('traefik', 'several-hosts.yml')
names('traefik', 'several-hosts.yml')

/** What Traefik's ForwardAuth sends: the client's headers, and the address in five of its own. */
const asked = (uri: string, more: Record<string, string>, method = 'GET'): Record<string, string> => ({
  'user-agent': 'Mozilla/5.0',
  'accept-encoding': 'gzip',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-method': method,
  'x-forwarded-proto': 'http',
  'x-forwarded-host': 'localhost:8080',
  'x-forwarded-uri': uri,
  ...more,
})

describe("a question in Traefik's form", () => {
  let app: TestApp
  let ada: Enrolled
  const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
  const ask = (headers: Record<string, string>) => new Browser(app.origin).get('/auth/forward-auth', headers)

  beforeAll(async () => {
    app = await startApp({
      env: {
        NIGHTLATCH_ORIGIN: 'http://localhost:8080',
        NIGHTLATCH_BASE_PATH: '/auth',
        NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
      },
    })
    ada = await enrolledPerson(app, 'ada')
  })

  afterAll(async () => {
    await app.close()
  })

  it('sends a page to sign-in and back, and a script nowhere', async () => {
    const shown = await ask(asked('/deep?x=1', page))
    expect(shown.status).toBe(302)
    expect(new URL(shown.location).searchParams.get('next')).toBe('http://localhost:8080/deep?x=1')
    expect((await ask(asked('/deep', { accept: '*/*', 'sec-fetch-mode': 'cors' }))).status).toBe(401)
  })

  it.each(['GET', 'HEAD', 'OPTIONS', 'POST'])('is answered alike for %s', async (method) => {
    const cookie = cookieOf(ada.browser)
    const passed = await ask(asked('/x', { cookie, 'remote-user': 'admin' }, method))
    expect(passed.status).toBe(200)
    expect(passed.headers).toMatchObject({
      'remote-user': 'ada',
      'remote-name': '',
      'remote-email': '',
      'remote-groups': '',
      'cache-control': 'no-store',
    })
    expect((await ask(asked('/x', {}, method))).status).toBe(401)
  })

  it('is for a WebSocket, too', async () => {
    const upgrade = { 'x-forwarded-proto': 'ws', connection: 'Upgrade', upgrade: 'websocket' }
    expect((await ask(asked('/socket', { ...upgrade, ...page }))).status).toBe(401)
  })
})
