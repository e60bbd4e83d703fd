import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endpoints } from '../../src/http/api/endpoints.js'
import { readBody } from '../../src/http/api/call.js'
import { apiRoutes } from '../../src/http/api/routes.js'
import type { HttpRequest } from '../../src/http/request.js'
import { addressOf, readForwarded } from '../../src/http/forward-auth/forwarded-request.js'
import type { Context } from '../../src/http/context.js'

const askWith = (parts: Partial<HttpRequest>): HttpRequest => ({
  id: 'test',
  method: 'POST',
  path: '/',
  query: '',
  peer: '127.0.0.1',
  connection: null,
  header: () => undefined,
  hasAny: () => false,
  headerCount: () => 0,
  hasArrived: () => true,
  body: () => Promise.resolve(new Uint8Array()),
  ...parts,
})

describe('the body of a call', () => {
  it('reaches the handler with the members that its schema names, and no others', async () => {
    const sent = '{"username":"ada","password":"x","browser":{},"__proto__":{"admin":true},"remember":true}'
    const ask = askWith({
      header: (name) => (name === 'content-type' ? 'application/json' : undefined),
      headerCount: () => 1,
      body: () => Promise.resolve(Buffer.from(sent)),
    })
    const read = await readBody(endpoints.signIn, { request: ask } as unknown as Context)
    expect(read).toEqual({ kind: 'body', value: { username: 'ada', password: 'x' } })
  })

  it('is not read where none is asked for', async () => {
    const ask = askWith({ body: () => Promise.reject(new Error('the body was read')) })
    const describing = apiRoutes.find(({ path }) => path === '/api/v1/openapi.json')
    const context = {
      request: ask,
      services: {
        site: { origin: 'http://localhost:3000', base: '' },
        cookies: { nameOf: (name: string) => name },
      },
    } as unknown as Context
    expect(await describing?.handler(context)).toMatchObject({ status: 200 })
  })
})

describe('forwarded headers', () => {
  const sound = new Map([
    ['x-forwarded-method', 'GET'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-host', 'app.example.test'],
    ['x-forwarded-uri', '/'],
  ])
  const policy = { isTrusted: true, secure: true }

  it('are read when each is there once', () => {
    const ask = askWith({
      header: (name) => sound.get(name),
      headerCount: (name) => (sound.has(name) ? 1 : 0),
    })
    expect(readForwarded(ask, policy)).toMatchObject({
      kind: 'asked',
      proto: 'https',
      host: 'app.example.test',
      path: '/',
    })
  })

  it.each([...sound.keys()])(
    'are refused when %s was sent twice, even where only one value is shown',
    (twice) => {
      const headerCount = (name: string) => (name === twice ? 2 : sound.has(name) ? 1 : 0)
      const ask = askWith({ header: (name) => sound.get(name), headerCount })
      expect(readForwarded(ask, policy)).toMatchObject({ kind: 'refused', code: 'forwarded-headers' })
    },
  )

  const askFor = (host: string) => {
    const sent = new Map([...sound, ['x-forwarded-host', host]])
    return askWith({ header: (name) => sent.get(name), headerCount: (name) => (sent.has(name) ? 1 : 0) })
  }

  it('make an address whenever they are taken', () => {
    const label = fc.stringMatching(/^(?:xn--)?[a-z0-9_-]{1,12}$/)
    const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
    fc.assert(
      fc.property(host, (name) => {
        const read = readForwarded(askFor(name), policy)
        return read.kind === 'asked' ? addressOf(read).startsWith('https://') : read.kind === 'refused'
      }),
      { numRuns: 2000 },
    )
  })

  it.each(['app.example.test:99999', '1.2.3.999', 'app.0x', '[::1::]'])(
    'are refused when %s is no host',
    (host) => {
      expect(readForwarded(askFor(host), policy)).toMatchObject({ kind: 'refused' })
    },
  )
})
