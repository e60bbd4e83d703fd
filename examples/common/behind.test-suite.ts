import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { disableAccount, findAccount } from '../../packages/nightlatch/src/core/accounts/administration.js'
import {
  enrolledPerson,
  Phone,
  setUpKey,
  startApp,
  testPassword,
  type Enrolled,
  type TestApp,
} from '../../packages/nightlatch/test/support/app.js'
import { serve } from '../../packages/nightlatch/src/compose/http-server.js'
import { Browser } from '../../packages/nightlatch/test/support/browser.js'
import {
  answerTo,
  ask,
  cookieOf,
  echo,
  seen,
  sendBytes,
  until,
} from '../../packages/nightlatch/test/support/protected.js'
import { caseRules, expectOnlyAda, headerCases } from './headers.test-suite.js'
import { requestCases } from './requests.test-suite.js'
import { freePort, isInstalled, startProxy, type ProxyName } from './proxies.mjs'
import { patient } from '../../packages/nightlatch/test/support/pace.js'

const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
const script = { accept: '*/*', 'sec-fetch-mode': 'cors' }
const identity = ['remote-user', 'remote-name', 'remote-email', 'remote-groups']
const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

export interface BehindOptions {
  /** What the proxy leaves of names in other spellings is its own matter; nothing that spells ours may remain. */
  readonly journey: boolean
}

/** What every proxy has to do with the configuration of its example. */
export function behind(name: ProxyName, { journey }: BehindOptions): void {
  const installed = isInstalled(name)
  if (!installed) it.skip(`behind ${name}: skipped, because ${name} is not installed here`)
  describe.skipIf(!installed)(`behind ${name}`, () => {
    let application: Server
    let app: TestApp
    let proxy: { stop(): Promise<void> }
    let port: number
    let asked = 0
    let ada: Enrolled

    const browser = (headers?: Record<string, string>) => new Browser(`http://127.0.0.1:${port}`, headers)
    const host = () => `localhost:${port}`
    /** The jar of a person at the proxy's door. */
    const at = (person: Enrolled): Browser => {
      const copy = browser({ host: host() })
      for (const [cookie, value] of person.browser.cookies) copy.cookies.set(cookie, value)
      return copy
    }

    beforeAll(async () => {
      application = createServer((request, response) => {
        asked += 1
        if (request.url === '/size') {
          let size = 0
          request.on('data', (chunk: Buffer) => (size += chunk.length))
          request.on('end', () => response.end(`${size} ${request.headers['remote-user'] ?? ''}`))
        } else echo(request, response)
      })
      application.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
        asked += 1
        socket.on('error', () => undefined)
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n${request.headers['remote-user']}`,
        )
        socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()))
        socket.on('end', () => socket.end())
      })
      application.listen(0, '127.0.0.1')
      await once(application, 'listening')
      port = await freePort()
      app = await startApp({
        env: {
          NIGHTLATCH_ORIGIN: `http://localhost:${port}`,
          NIGHTLATCH_BASE_PATH: '/auth',
          NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
        },
        serve: (nightlatch, log) => serve(nightlatch, log, caseRules),
      })
      proxy = await startProxy(name, {
        public: port,
        nightlatch: app.server.settings.port,
        application: (application.address() as AddressInfo).port,
      })
      ada = await enrolledPerson(app, 'ada')
    })

    afterAll(async () => {
      await proxy?.stop()
      await app?.close()
      application.closeAllConnections()
      application.close()
    })

    it('nobody but signed-in people reaches the application', async () => {
      const before = asked
      const shown = await browser({ host: host() }).get('/deep/page?x=1&y=%26', page)
      expect(shown.status).toBe(302)
      const to = new URL(shown.location, `http://${host()}`)
      expect(to.pathname).toBe('/auth/login')
      expect(to.searchParams.get('next')).toMatch(/\/deep\/page\?x=1&y=%26$/)
      const refused = await browser({ host: host() }).get('/deep/page', script)
      expect(refused.status).toBe(401)
      expect(refused.headers['content-type']).toContain('application/problem+json')
      expect(JSON.parse(refused.body)).toMatchObject({ status: 401, code: 'not-signed-in' })
      expect(asked).toBe(before)
      expect((await browser({ host: host() }).get('/auth/login', page)).status).toBe(200)
    })

    it('a password alone opens nothing', async () => {
      await app.person('grace')
      const half = app.browser()
      await half.submit('/auth/login', { username: 'grace', password: testPassword })
      const token = half.cookies.get(app.cookieName('sign-in')) ?? ''
      const cookie = `${app.cookieName('sign-in')}=${token}; ${app.cookieName('session')}=${token}`
      expect((await browser({ host: host() }).get('/', { ...script, cookie })).status).toBe(401)
    })

    it('the application learns who is there, from us alone', async () => {
      const lies = identity
        .flatMap((one) => [one, one.toUpperCase(), one.replace('-', '_'), one.replace('-', '.')])
        .map((one) => `${one}: admin\r\n`)
        .join('')
      const forwarded =
        'X-Forwarded-For: 1.2.3.4\r\nX_Forwarded_Host: evil.test\r\nX_Forwarded_Uri: /public\r\n' +
        'X-Forwarded-Method: OPTIONS\r\nX-Forwarded-Uri: /public\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: javascript\r\n'
      const signedIn = `Cookie: ${cookieOf(at(ada))}\r\n`
      const sent = (more: string) =>
        sendBytes(port, `GET /who HTTP/1.1\r\nHost: ${host()}\r\nConnection: close\r\n${more}\r\n`)
      const answer = await sent(signedIn + lies + forwarded)
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
      const body = answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)
      expectOnlyAda(seen({ body }))
      const before = asked
      expect(await sent(lies + forwarded)).toMatch(/^HTTP\/1\.1 (?:302|401|400) /)
      expect(asked).toBe(before)
    })

    describe('the cases of forwarded and identity headers', () => {
      let half = ''
      beforeAll(async () => {
        await app.person('hal')
        const hal = app.browser()
        await hal.submit('/auth/login', { username: 'hal', password: testPassword })
        const token = hal.cookies.get(app.cookieName('sign-in'))
        half = `${app.cookieName('session')}=${token}; ${cookieOf(hal)}`
      })
      headerCases(() => ({ app, port, asked: () => asked, signedIn: cookieOf(at(ada)), half }), name)
    })

    requestCases(() => ({ app, port, asked: () => asked, signedIn: cookieOf(at(ada)), half: '' }))

    it.each(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE'])('decides alike for %s', async (method) => {
      const before = asked
      expect((await browser({ host: host() }).send('/x', { method, headers: script })).status).toBe(401)
      expect(asked).toBe(before)
      expect((await at(ada).send('/x', { method, headers: script })).status).toBe(200)
    })

    it(
      'a large body passes for somebody who is signed in, and not for anybody else',
      async () => {
        const megabyte = Buffer.alloc(1024 * 1024, 'x')
        const upload = async (cookie: string) => {
          const headers = { host: host(), cookie, 'content-length': String(100 * megabyte.length) }
          const sending = ask({ port, host: '127.0.0.1', path: '/size', method: 'POST', headers })
          let over = false
          const answer = answerTo(sending).finally(() => (over = true))
          for (let count = 0; count < 100 && !over; count += 1) {
            if (!sending.write(megabyte))
              await new Promise((resolve) => {
                sending.once('drain', resolve)
                answer.then(resolve, resolve)
              })
          }
          sending.end()
          return answer
        }
        expect((await upload(cookieOf(at(ada)))).body.toString()).toBe(`${100 * megabyte.length} ada`)
        const before = asked
        expect((await upload('').catch(() => ({ status: 401 }))).status).toBe(401)
        expect(asked).toBe(before)
      },
      patient(90_000),
    )

    it('a WebSocket is opened for somebody who is signed in, and not for anybody else', async () => {
      const open = (cookie: string): Socket => {
        const socket = connect(port, '127.0.0.1')
        socket.write(
          `GET /socket HTTP/1.1\r\nHost: ${host()}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nRemote-User: admin\r\n` +
            `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nCookie: ${cookie}\r\n\r\n`,
        )
        return socket
      }
      const socket = open(cookieOf(at(ada)))
      expect(await until(socket, /\r\n\r\nada$/)).toMatch(/^HTTP\/1\.1 101 /)
      socket.write('hello')
      await until(socket, /HELLO$/)
      socket.destroy()
      const before = asked
      const refused = open('a=b')
      expect(await until(refused, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 401 /)
      refused.destroy()
      expect(asked).toBe(before)
    })

    it('sign-out and disabling take effect on the next request', async () => {
      const bea = await enrolledPerson(app, 'bea')
      const copy = at(bea)
      expect((await copy.get('/x', script)).status).toBe(200)
      await bea.browser.submit('/auth/logout')
      expect((await copy.get('/x', script)).status).toBe(401)
      const cleo = await enrolledPerson(app, 'cleo')
      expect((await at(cleo).get('/x', script)).status).toBe(200)
      await disableAccount(app.nightlatch.core, (await findAccount(app.nightlatch.core, 'cleo'))!)
      expect((await at(cleo).get('/x', script)).status).toBe(401)
    })

    it('the question itself cannot be asked from outside for another address', async () => {
      const answer = await at(ada).get('/auth/forward-auth', {
        ...script,
        'x-forwarded-uri': '/',
        'x-forwarded-method': 'GET',
      })
      expect(answer.headers['remote-user'] === undefined || answer.headers['remote-user'] === 'ada').toBe(
        true,
      )
      const nobody = await browser({ host: host() }).get('/auth/forward-auth', script)
      expect(nobody.status).toBeGreaterThanOrEqual(400)
      expect(nobody.headers['remote-user'] ?? '').toBe('')
    })

    it.skipIf(!journey)(
      'a person signs in, in a real browser, and is back at the page first asked for',
      async () => {
        await app.person('emma')
        await browserJourney({ origin: `http://${host()}`, username: 'emma', clock: app.clock })
      },
      patient(60_000),
    )
  })
}

/** From a page of the application through sign-in, set-up and code, back to that page with its query. */
interface Journey {
  readonly origin: string
  readonly username: string
  readonly clock: TestApp['clock']
}

export async function browserJourney(given: Journey): Promise<void> {
  const chrome = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
  })
  try {
    await journeyIn(await chrome.newPage(), given)
  } finally {
    await chrome.close()
  }
}

export async function journeyIn(tab: Page, given: Journey): Promise<void> {
  const wanted = `${given.origin}/deep/page?x=1&y=%26`
  await tab.goto(wanted)
  await tab.fill('input[name=username]', given.username)
  await tab.fill('input[name=password]', testPassword)
  await Promise.all([tab.waitForURL(/\/mfa\/setup/), tab.press('input[name=password]', 'Enter')])
  const phone = new Phone(setUpKey(await tab.content()), given.clock)
  await tab.fill('input[name=otp]', phone.code())
  await Promise.all([tab.waitForURL(/\/mfa\/recovery-codes/), tab.press('input[name=otp]', 'Enter')])
  await tab.check('input[name=saved]')
  await Promise.all([tab.waitForURL(wanted), tab.locator('form:has(input[name=saved]) button').click()])
  const { headers, url } = JSON.parse((await tab.textContent('body')) ?? '') as ReturnType<typeof seen>
  expect(url).toBe('/deep/page?x=1&y=%26')
  expect(headers['remote-user']).toBe(given.username)
  const status = await tab.evaluate(async () => (await fetch('/api', { credentials: 'omit' })).status)
  expect(status).toBe(401)
}
