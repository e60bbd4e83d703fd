import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Totp } from '@nightlatch/otp'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as forExpress from '../../src/adapters/express.js'
import * as forFastify from '../../src/adapters/fastify.js'
import * as forHono from '../../src/adapters/hono.js'
import * as forNext from '../../src/adapters/next.js'
import type { ExpressRequest } from '../../src/adapters/express.js'
import type { NightlatchVariables } from '../../src/adapters/hono.js'
import { createNightlatch } from '../../src/index.js'
import type { NightlatchAuth } from '../../src/index.js'
import { Browser } from '../support/browser.js'
import { setUpKey } from '../support/app.js'

interface Mounted {
  readonly server: Server
  readonly auth: NightlatchAuth
}

/** The application keeps its users and its password check, as in a tutorial. */
const users: Record<string, string> = { user1: 'password1', user2: 'password2' }
const accounts = {
  verifyPassword: (username: string, password: string) =>
    Promise.resolve(users[username] === password ? { username, name: 'The First User' } : null),
}

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    })
  })

type Mount = (auth: NightlatchAuth) => Promise<Server>

const withPasskey = { access: 'phishing-resistant' } as const

const mounts: Record<string, Mount> = {
  'Express, before body parsers': (auth) => {
    const app = express()
    app.use(forExpress.nightlatch(auth))
    app.get('/private', forExpress.requireSession(auth), (request, response) => {
      response.send(`Hello ${(request as ExpressRequest).nightlatch?.account.username ?? ''}`)
    })
    app.get('/vault', forExpress.requireSession(auth, withPasskey), (_request, response) => {
      response.send('The vault')
    })
    return Promise.resolve(createServer(app))
  },
  // As larger applications do it: the pages below a path, and the routes in a router, which both cut the address.
  'Express, after body parsers': (auth) => {
    const app = express()
    app.use(express.urlencoded({ extended: true }), express.json())
    app.use('/auth', forExpress.nightlatch(auth))
    const [home, vault] = [express.Router(), express.Router()]
    home.get('/', forExpress.requireSession(auth), (request, response) => {
      response.send(`Hello ${forExpress.sessionOf(request).account.username}`)
    })
    vault.get('/', forExpress.requireSession(auth, withPasskey), (_request, response) => {
      response.send('The vault')
    })
    app.use('/private', home).use('/vault', vault)
    return Promise.resolve(createServer(app))
  },
  Fastify: async (auth) => {
    const app = Fastify()
    await app.register(forFastify.nightlatch(auth) as never)
    app.get('/private', { preHandler: forFastify.requireSession(auth) as never }, (request) => {
      return `Hello ${(request as unknown as ExpressRequest).nightlatch?.account.username ?? ''}`
    })
    app.get(
      '/vault',
      { preHandler: forFastify.requireSession(auth, withPasskey) as never },
      () => 'The vault',
    )
    await app.ready()
    return app.server
  },
  Hono: (auth) => {
    const app = new Hono<{ Variables: NightlatchVariables }>()
    app.use(forHono.nightlatch(auth))
    app.get('/private', forHono.requireSession(auth), (c) =>
      c.text(`Hello ${c.get('nightlatch').account.username}`),
    )
    app.get('/vault', forHono.requireSession(auth, withPasskey), (c) => c.text('The vault'))
    return Promise.resolve(webServer((request) => app.fetch(request)))
  },
  'Next (App Router)': (auth) => {
    const { GET, POST } = forNext.handlers(auth)
    const page = forNext.requireSession(auth, (_request, session) =>
      Promise.resolve(new Response(`Hello ${session.account.username}`)),
    )
    const vault = forNext.requireSession(auth, () => new Response('The vault'), withPasskey)
    return Promise.resolve(
      webServer((request) => {
        const { pathname } = new URL(request.url)
        if (pathname === '/private') return page(request, undefined)
        if (pathname === '/vault') return vault(request, undefined)
        return request.method === 'POST' ? POST(request) : GET(request)
      }),
    )
  },
}

/** The least that a framework of the web's Request and Response does on node:http. */
function webServer(fetch: (request: Request) => Response | Promise<Response>): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const bodiless = request.method === 'GET' || request.method === 'HEAD'
      const init = { method: request.method ?? 'GET', headers: request.headers as Record<string, string> }
      const asked = new Request(`http://${request.headers.host ?? ''}${request.url ?? ''}`, {
        ...init,
        ...(bodiless ? {} : { body: Buffer.concat(chunks) }),
      })
      void Promise.resolve(fetch(asked)).then(async (answer) => {
        const headers: Record<string, string | string[]> = Object.fromEntries(answer.headers)
        if (answer.headers.getSetCookie().length > 0) headers['set-cookie'] = answer.headers.getSetCookie()
        response.writeHead(answer.status, headers).end(Buffer.from(await answer.arrayBuffer()))
      })
    })
  })
}

describe.each(Object.entries(mounts))('inside %s', (_name, mount) => {
  let mounted: Mounted
  let origin: string
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nightlatch-adapter-'))
    const auth = await createNightlatch({
      origin: 'http://localhost:3000',
      basePath: '/auth',
      database: join(folder, 'auth.db'),
      secret: randomBytes(32).toString('base64'),
      issuer: 'Tutorial',
      accounts,
    })
    mounted = { auth, server: await mount(auth) }
    origin = await listen(mounted.server)
  })
  afterAll(async () => {
    mounted.server.closeAllConnections()
    await new Promise((resolve) => mounted.server.close(resolve))
    await mounted.auth.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('sends a page to sign-in and a program a 401', async () => {
    const browser = new Browser(origin)
    expect(await browser.get('/private?tab=2', { accept: 'text/html' })).toMatchObject({
      status: 303,
      location: '/auth/login?next=%2Fprivate%3Ftab%3D2',
    })
    expect((await browser.get('/vault', { accept: 'text/html' })).location).toBe('/auth/login?next=%2Fvault')
    for (const headers of [{}, { accept: 'text/html', 'x-requested-with': 'XMLHttpRequest' }]) {
      const program = await browser.get('/private', { accept: 'application/json', ...headers })
      expect(program.status).toBe(401)
      expect(JSON.parse(program.body)).toMatchObject({ code: 'not-signed-in' })
    }
  })

  it('keeps its refusals out of every cache', async () => {
    const browser = new Browser(origin)
    const page = await browser.get('/private', { accept: 'text/html' })
    const program = await browser.get('/private', { accept: 'application/json' })
    for (const refused of [page, program]) expect(refused.headers['cache-control']).toBe('no-store')
    expect(program.headers['content-type']).toContain('application/problem+json')
  })

  it('gets JSON as it was sent', async () => {
    const right = { username: 'user2', password: 'password2' }
    const browser = new Browser(origin)
    const wrong = { ...right, password: 'wrong' }
    expect((await browser.json('POST', '/auth/api/v1/sign-in', wrong)).status).toBe(401)
    const reply = await browser.json('POST', '/auth/api/v1/sign-in', right)
    expect([reply.status, reply.body]).toEqual([200, '{"next":"setup"}'])
  })

  it("adds the second factor to the application's own accounts, and comes back to the page asked for", async () => {
    const browser = new Browser(origin)
    expect((await browser.post('/auth/login', { username: 'user1', password: 'wrong' })).status).toBe(401)
    const signIn = { username: 'user1', password: 'password1', next: '/private?tab=2' }
    expect(await browser.post('/auth/login', signIn)).toMatchObject({
      status: 303,
      location: '/auth/mfa/setup',
    })
    expect((await browser.get('/private', { accept: 'text/html' })).status).toBe(303)
    const totp = new Totp({
      secret: setUpKey((await browser.get('/auth/mfa/setup')).body).replaceAll(' ', ''),
    })
    const confirmed = await browser.post('/auth/mfa/setup', { otp: totp.now() })
    expect(confirmed).toMatchObject({ status: 303, location: '/auth/mfa/recovery-codes' })
    const saved = await browser.post('/auth/mfa/recovery-codes', { saved: 'yes' })
    expect(saved).toMatchObject({ status: 303, location: '/private?tab=2' })
    expect(await browser.get('/private')).toMatchObject({ status: 200, body: 'Hello user1' })
    // A code is not enough for a route that asks for a passkey.
    expect(await browser.get('/vault', { accept: 'text/html' })).toMatchObject({
      status: 303,
      location: '/auth/mfa/passkey-due?next=%2Fvault',
    })
    const program = await browser.get('/vault')
    expect([program.status, JSON.parse(program.body)]).toMatchObject([401, { code: 'passkey-required' }])
    expect((await browser.post('/auth/logout')).status).toBe(303)
    expect((await browser.get('/private')).status).toBe(401)
  })
})

describe('without a base path', () => {
  it.each(['Express, before body parsers', 'Fastify', 'Hono'])(
    'the pages stand beside those of the application: %s',
    async (name) => {
      const folder = mkdtempSync(join(tmpdir(), 'nightlatch-adapter-'))
      const auth = await createNightlatch({
        origin: 'http://localhost:3000',
        database: join(folder, 'auth.db'),
      })
      const server = await mounts[name]!(auth)
      const browser = new Browser(await listen(server))
      expect((await browser.get('/login')).body).toContain('name="username"')
      expect((await browser.get('/api/v1/session')).status).toBe(401)
      const style = /href="(\/assets\/[^"]+\.css)"/.exec((await browser.get('/login')).body)?.[1] ?? ''
      expect((await browser.get(style)).status).toBe(200)
      expect(await browser.get('/private', { accept: 'text/html' })).toMatchObject({
        status: 303,
        location: '/login?next=%2Fprivate',
      })
      server.closeAllConnections()
      server.close()
      await auth.close()
      rmSync(folder, { recursive: true })
    },
  )
})

describe('inside Express, after a parser of the body', () => {
  const parsers = {
    json: express.json(),
    urlencoded: express.urlencoded({ extended: false }),
    'text, of JSON': express.text({ type: '*/*' }),
    raw: express.raw({ type: '*/*' }),
  }

  it.each(Object.entries(parsers))('%s: what it found is given back as it was sent', async (name, parser) => {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-adapter-'))
    const database = join(folder, 'auth.db')
    const auth = await createNightlatch({ origin: 'http://localhost:3000', database, accounts })
    const app = express()
    app.use(parser, forExpress.nightlatch(auth))
    const server = createServer(app)
    const browser = new Browser(await listen(server))
    const right = { username: 'user1', password: 'password1' }
    if (name !== 'json') {
      expect(await browser.post('/login', right)).toMatchObject({ status: 303, location: '/mfa/setup' })
    }
    if (name !== 'urlencoded') expect((await browser.json('POST', '/api/v1/sign-in', right)).status).toBe(200)
    server.closeAllConnections()
    server.close()
    await auth.close()
    rmSync(folder, { recursive: true })
  })
})

describe('inside Express, after something that reads the body and keeps it to itself', () => {
  it('a form is refused, not left without an answer, and the log says why', async () => {
    const logged: string[] = []
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-adapter-'))
    const auth = await createNightlatch({
      origin: 'http://localhost:3000',
      database: join(folder, 'auth.db'),
      log: { warn: () => undefined, error: (_message, _fields, error) => logged.push(String(error)) },
    })
    const app = express()
    app.use((request, _response, next) => {
      request.resume().on('end', () => setImmediate(next))
    })
    app.use(forExpress.nightlatch(auth))
    const server = createServer(app)
    const browser = new Browser(await listen(server))
    expect((await browser.post('/login', { username: 'ada', password: 'x' })).status).toBe(500)
    expect(logged.join()).toContain('the body was read before it came here')
    server.close()
    await auth.close()
    rmSync(folder, { recursive: true })
  })
})

describe('inside Next', () => {
  it('nothing is opened before the first request, and then once', async () => {
    let opened = 0
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-adapter-'))
    const options = { origin: 'http://localhost:3000', basePath: '/auth', database: join(folder, 'auth.db') }
    let kept: Promise<NightlatchAuth> | undefined
    const auth = () => (kept ??= ((opened += 1), forNext.createNightlatch(options)))
    const { GET } = forNext.handlers(auth)
    const guarded = forNext.requireSession(auth, () => Response.json({}))
    expect(opened).toBe(0)
    expect((await GET(new Request('http://localhost:3000/auth/login'))).status).toBe(200)
    expect((await guarded(new Request('http://localhost:3000/api'), undefined)).status).toBe(401)
    expect(await forNext.pageSession(auth, new Headers())).toBeNull()
    expect(opened).toBe(1)
    await (await auth()).close()
    rmSync(folder, { recursive: true })
  })
})

describe('inside Next, below a base path of its own', () => {
  it.each([
    ['/x?y=1', '/app/x?y=1'],
    ['/app/x', '/app/x'],
    ['/apple', '/app/apple'],
    ['/', '/app/'],
  ])('%s was asked for as %s', async (path, asked) => {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-adapter-'))
    const options = {
      origin: 'http://localhost:3000',
      basePath: '/app/auth',
      database: join(folder, 'auth.db'),
    }
    const auth = await forNext.createNightlatch(options)
    const guarded = forNext.requireSession(auth, () => Response.json({}), { basePath: '/app' })
    const headers = { accept: 'text/html' }
    const answer = await guarded(new Request(`http://localhost:3000${path}`, { headers }), undefined)
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe(`/app/auth/login?next=${encodeURIComponent(asked)}`)
    await auth.close()
    rmSync(folder, { recursive: true })
  })
})

describe('the address of the client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-adapter-'))
  const warned: string[] = []
  const log = {
    warn: (message: string, fields: object) => warned.push(`${message} ${JSON.stringify(fields)}`),
    error: () => undefined,
  }
  const options = {
    origin: 'http://localhost:3000',
    basePath: '/auth',
    database: join(folder, 'auth.db'),
    log,
  }
  const guess = (name: string) =>
    new Request('http://localhost:3000/auth/login', {
      method: 'POST',
      body: new URLSearchParams({ username: name, password: 'wrong horse' }),
    })
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  it.each<[string, (address: string) => unknown]>([
    ['Node', (address) => ({ incoming: { socket: { remoteAddress: address } } })],
    ['Deno', (address) => ({ remoteAddr: { hostname: address } })],
    ['Bun', (address) => ({ requestIP: () => ({ address }) })],
  ])('is found by Hono on %s: who floods is counted, and nobody else', async (runtime, env) => {
    const auth = await createNightlatch({
      ...options,
      accounts: { verifyPassword: () => Promise.resolve(null) },
    })
    const app = new Hono()
    app.use(forHono.nightlatch(auth))
    const from = async (address: string, name: string) =>
      (await app.fetch(guess(name), env(address) as object)).status
    for (let number = 0; number < 50; number += 1)
      expect(await from('203.0.113.9', `${runtime}${String(number)}`)).toBe(401)
    expect(await from('203.0.113.9', `${runtime}-one-more`)).toBe(429)
    expect(await from('203.0.113.10', `${runtime}-somebody-else`)).toBe(401)
    expect(warned).toEqual([])
    await auth.close()
    rmSync(folder, { recursive: true })
  })

  it('is missing: one warning says what that means, however many requests there are', async () => {
    warned.length = 0
    const auth = await createNightlatch(options)
    for (const name of ['ada', 'bob']) await auth.fetch(guess(name))
    expect(warned).toEqual([expect.stringContaining('{"option":"clientAddress"}')])
    await auth.fetch(guess('ada'), { address: '203.0.113.9' })
    // Bun says so of a socket in the file system.
    const app = new Hono()
    app.use(forHono.nightlatch(auth))
    expect((await app.fetch(guess('eve'), { requestIP: () => null })).status).toBe(401)
    await auth.close()
  })

  it('is not known to Next, and the start says so, unless it is told', async () => {
    warned.length = 0
    const auth = await forNext.createNightlatch(options)
    expect(warned).toEqual([expect.stringContaining('{"option":"clientAddress"}')])
    await auth.fetch(guess('ada'))
    expect(warned).toHaveLength(1)
    await auth.close()
    // Nobody is held back for what somebody else does at an address that is not known.
    const theirs = { ...options, accounts: { verifyPassword: () => Promise.resolve(null) } }
    const many = await forNext.createNightlatch(theirs)
    for (let number = 0; number < 51; number += 1)
      expect((await many.fetch(guess(`somebody${String(number)}`))).status).toBe(401)
    await many.close()
    warned.length = 0
    const told = await forNext.createNightlatch({ ...options, clientAddress: () => '203.0.113.9' })
    await told.fetch(guess('ada'))
    expect(warned).toEqual([])
    await told.close()
  })
})

describe('an application without an account', () => {
  const start = (database: string, more: object = {}) =>
    createNightlatch({ origin: 'http://localhost:3000', basePath: '/auth', database, ...more })
  const signUp = async (auth: NightlatchAuth, link: string): Promise<number> => {
    const app = express()
    app.use(forExpress.nightlatch(auth))
    const server = createServer(app)
    const browser = new Browser(await listen(server))
    expect((await browser.get('/auth/login')).body).toContain('There is no account here yet')
    await browser.get(link.replace(/^http:\/\/localhost:3000/, ''))
    const made = await browser.post('/auth/invitation', {
      username: 'ada',
      new_password: 'a quite different battery',
    })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    return made.status
  }

  it('prints the link that makes it, at each start until there is one, and never into the log', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-adapter-'))
    const logged: unknown[] = []
    const note = (...given: unknown[]) => logged.push(given)
    const log = { info: note, warn: note, error: note }
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const printed = () =>
      written.mock.calls
        .splice(0)
        .map(([text]) => String(text))
        .join('')
    const link = /http:\/\/localhost:3000\/auth\/invitation\?token=[\w-]{43}/
    await (await start(folder, { log })).close()
    const earlier = link.exec(printed())?.[0]
    const auth = await start(folder, { log })
    const [now = 'none'] = link.exec(printed()) ?? []
    expect(earlier).toMatch(link)
    expect(now).not.toBe(earlier)
    expect(await signUp(auth, now)).toBe(303)
    await auth.close()
    printed()
    await (await start(folder, { log })).close()
    expect(printed()).not.toMatch(/token|account/)
    written.mockRestore()
    expect(JSON.stringify(logged)).not.toContain('token')
    rmSync(folder, { recursive: true })
  })

  it('tells the link to whoever asks for it, instead; and none where the accounts are the application’s', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-adapter-'))
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const told: [string, Date][] = []
    const onFirstAccountLink = (...given: [string, Date]) => void told.push(given)
    await (await start(join(folder, 'own'), { onFirstAccountLink, accounts })).close()
    expect(told).toEqual([])
    const auth = await start(join(folder, 'ours'), { onFirstAccountLink })
    expect(written.mock.calls.join('')).not.toContain('token')
    written.mockRestore()
    expect(told).toEqual([[expect.stringContaining('/auth/invitation?token='), expect.any(Date)]])
    expect(told[0]![1].getTime()).toBeGreaterThan(Date.now())
    expect(await signUp(auth, told[0]![0])).toBe(303)
    await auth.close()
    rmSync(folder, { recursive: true })
  })
})

describe('an application whose password check fails', () => {
  it('finds the place on standard error, under the number that the page shows, and no password', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-adapter-'))
    const auth = await createNightlatch({
      origin: 'http://localhost:3000',
      database: join(folder, 'auth.db'),
      accounts: {
        verifyPassword: (_username, password) => Promise.reject(new TypeError(`no such user: ${password}`)),
      },
    })
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const answer = await auth.fetch(
      new Request('http://localhost:3000/login', {
        method: 'POST',
        body: new URLSearchParams({ username: 'ada', password: 'correct horse' }),
      }),
    )
    const log = written.mock.calls.map(([text]) => String(text)).join('')
    written.mockRestore()
    expect(answer.status).toBe(500)
    const reference = /<code class="reference"[^>]*>([^<]+)</.exec(await answer.text())?.[1] ?? 'missing'
    expect(log).toContain(reference)
    expect(log).toMatch(/TypeError.*adapters\.test\.ts/)
    expect(log).not.toContain('horse')
    await auth.close()
    rmSync(folder, { recursive: true })
  })
})

describe('sessionOf', () => {
  it('says so where no guard stands before the route', () => {
    expect(() => forExpress.sessionOf({})).toThrow('no requireSession guards this route')
    expect(() => forFastify.sessionOf({ headers: {} })).toThrow(TypeError)
  })
})
