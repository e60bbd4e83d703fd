import { createServer, type Server } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as forExpress from '../../src/adapters/express.js'
import * as forNext from '../../src/adapters/next.js'
import { createNightlatch, type NightlatchAuth } from '../../src/index.js'
import { startApp, type TestApp } from '../support/app.js'
import { Browser, type Reply } from '../support/browser.js'
import { listening, startProtected, type Protected } from '../support/protected.js'

type Headers = Readonly<Record<string, string>>

const html = 'text/html,application/xhtml+xml,*/*;q=0.8'
const navigate = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-dest': 'document',
}

/** Each request, and whether a browser goes to a page with it. */
const requests: readonly [string, string, Headers, boolean][] = [
  ['a link', 'GET', { ...navigate, accept: html }, true],
  ['a form', 'POST', { ...navigate, accept: html }, true],
  ['a form of a browser that sends no Accept', 'POST', navigate, true],
  ['a page in an app that names itself', 'GET', { ...navigate, 'x-requested-with': 'com.example.app' }, true],
  ['a link of an old browser', 'GET', { accept: html }, true],
  ['a form of an old browser', 'POST', { accept: html }, true],
  ['a question about a page', 'HEAD', { accept: 'text/html' }, true],
  ['fetch', 'GET', { 'sec-fetch-mode': 'cors', accept: html }, false],
  ['fetch that sends', 'POST', { 'sec-fetch-mode': 'same-origin', accept: html }, false],
  ['a picture', 'GET', { 'sec-fetch-mode': 'no-cors', accept: 'image/*' }, false],
  ['a script of an old browser', 'GET', { accept: html, 'x-requested-with': 'XMLHttpRequest' }, false],
  ['a program', 'GET', { accept: '*/*' }, false],
  ['a program that wants everything but HTML', 'GET', { accept: 'text/html;q=0, application/json' }, false],
  ['a program that puts', 'PUT', { accept: html }, false],
  ['WebDAV', 'PROPFIND', { accept: html }, false],
  ['a WebSocket', 'GET', { ...navigate, accept: html, upgrade: 'websocket', connection: 'upgrade' }, false],
]

const env = {
  NIGHTLATCH_ORIGIN: 'https://auth.example.test',
  NIGHTLATCH_COOKIE_DOMAIN: 'example.test',
  NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
}

type Door = (method: string, headers: Headers) => Promise<Reply>

let app: TestApp
let behind: Protected
let auth: NightlatchAuth
let server: Server
let address = ''
const folder = mkdtempSync(join(tmpdir(), 'nightlatch-doors-'))

beforeAll(async () => {
  app = await startApp({ env })
  behind = await startProtected()
  auth = await createNightlatch({
    origin: 'http://localhost:3000',
    basePath: '/auth',
    database: `${folder}/`,
  })
  const application = express()
  application.use(forExpress.requireSession(auth))
  server = createServer(application)
  address = `http://127.0.0.1:${await listening(server)}`
})
afterAll(async () => {
  await app.close()
  await behind.close()
  await auth.close()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

async function throughNext(method: string, headers: Headers): Promise<Reply> {
  const guard = forNext.requireSession(auth, () => new Response('inside'))
  const answer = await guard(new Request('http://localhost:3000/page', { method, headers }), {})
  const of = Object.fromEntries(answer.headers)
  return { status: answer.status, headers: of, location: of['location'] ?? '', body: await answer.text() }
}

const services: readonly [string, Door][] = [
  [
    'forward authentication behind Caddy or Traefik',
    (method, headers) =>
      app.browser().send('/forward-auth', {
        headers: {
          'x-forwarded-method': method,
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'app.example.test',
          'x-forwarded-uri': '/page',
          ...headers,
        },
      }),
  ],
  [
    'forward authentication behind nginx or HAProxy',
    (method, headers) =>
      app.browser().send('/forward-auth', {
        headers: {
          'x-original-method': method,
          'x-original-url': 'https://app.example.test/page',
          ...headers,
        },
      }),
  ],
  ['protect', (method, headers) => new Browser(behind.origin).send('/page', { method, headers })],
  ['the guard of Express', (method, headers) => new Browser(address).send('/page', { method, headers })],
  ['the guard of Next and Hono', throughNext],
]

/** A WebSocket's handshake is answered on the connection itself: another test looks at it. */
const sendable = (name: string, headers: Headers): boolean =>
  !name.startsWith('the guard') || headers['upgrade'] === undefined

describe.each(services)('NAV-1 at %s', (name, knock) => {
  it.each(requests.filter(([, , headers]) => sendable(name, headers)))(
    '%s (%s) is led to sign-in only when a browser goes to a page',
    async (_what, method, headers, isPage) => {
      if (headers['upgrade'] !== undefined && name === 'protect') return
      const answer = await knock(method, headers)
      expect(answer.location.includes('/login?next=')).toBe(isPage)
      // nginx turns the 401 into a redirect by itself.
      const redirects = name.includes('nginx') ? [401] : [302, 303]
      expect(isPage ? redirects : [401]).toContain(answer.status)
    },
  )

  it('after a form, the way back is the page that it was on, and none of another site', async () => {
    const origin = /forward/.test(name)
      ? 'https://app.example.test'
      : name === 'protect'
        ? behind.origin
        : auth.origin
    const post = (referer: string): Promise<Reply> => knock('POST', { ...navigate, accept: html, referer })
    const back = async (referer: string): Promise<string> => {
      const { location } = await post(referer)
      return new URL(new URL(location, origin).searchParams.get('next') ?? 'none:', origin).href
    }
    const here = name === 'protect' ? behind.server.settings.origin : origin
    expect(await back(`${here}/form?x=1`)).toBe(`${origin}/form?x=1`)
    expect(await back('https://evil.test/form')).toBe(`${origin}/`)
    expect(await back('nonsense')).toBe(`${origin}/`)
  })
})

const browsers: readonly Headers[] = [
  { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' },
  { 'sec-fetch-site': 'none' },
  { 'x-requested-with': 'XMLHttpRequest' },
  {
    'user-agent':
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/16.0 Safari/605.1.15',
  },
]
const programs: readonly Headers[] = [
  {},
  { 'user-agent': 'git/2.39.5' },
  { 'user-agent': 'Microsoft-WebDAV-MiniRedir/10.0.19045' },
  { 'user-agent': 'Mozilla/5.0 (Linux) mirall/3.7.3' },
]

const pages: readonly [string, Door][] = [
  ...services,
  ['the HTTP interface', (method, headers) => app.browser().send('/api/v1/session', { method, headers })],
]

describe.each(pages)('HDR-5 a 401 of %s', (name, knock) => {
  it.each(programs)('asks a program for a name by Basic: %j', async (headers) => {
    const { status, headers: said } = await knock('GET', headers)
    const host = /forward/.test(name) ? 'app.example.test' : /HTTP/.test(name) ? 'auth.example.test' : '[^"]+'
    expect(status).toBe(401)
    expect(said['www-authenticate']).toMatch(new RegExp(`^Basic realm="${host}", charset="UTF-8"$`))
  })

  it.each(browsers)('shows no dialog in a browser: %j', async (headers) => {
    const { status, headers: said } = await knock('GET', headers)
    expect(status).toBe(401)
    expect(said['www-authenticate']).toMatch(/^Nightlatch realm="[^"]+"$/)
  })
})

it('HDR-5 the page of a refused password challenges nobody to a dialog', async () => {
  await app.person('ada')
  const refused = await app
    .browser({ 'sec-fetch-mode': 'navigate' })
    .post('/login', { username: 'ada', password: 'wrong' })
  expect([refused.status, refused.headers['www-authenticate']]).toEqual([
    401,
    'Nightlatch realm="auth.example.test"',
  ])
})
