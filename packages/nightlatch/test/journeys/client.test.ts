import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Problem } from '../../src/client/index.js'
import { createClient } from '../../src/client/index.js'
import { operationIds } from '../../src/http/api/operations.js'
import { Phone, testPassword, useApp } from '../support/app.js'

/** A fetch with a cookie jar, as a program in Node has one. */
function fetchWithJar(): (url: string, init: RequestInit) => Promise<Response> {
  const jar = new Map<string, string>()
  return async (url, init) => {
    const headers = new Headers(init.headers)
    headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(url, { ...init, headers })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (line.includes('Max-Age=0')) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }
}

describe('the typed client', () => {
  const app = useApp({ env: { NIGHTLATCH_BASE_PATH: '/auth' } })

  const client = () => createClient({ origin: app.origin, basePath: '/auth', fetch: fetchWithJar() })

  it('has one method for every operation', () => {
    expect(Object.keys(client()).sort()).toEqual([...operationIds].sort())
  })

  it('goes through the whole journey: sign-in, set-up, account, sign-out', async () => {
    await app.person('ada')
    const nightlatch = client()
    expect(await nightlatch.signIn({ username: 'ada', password: testPassword })).toEqual({
      ok: true,
      value: { next: 'setup' },
    })
    const pending = await nightlatch.setUpAuthenticator({ name: 'Pixel 9' })
    if (!pending.ok) throw new Error(pending.problem.code)
    const phone = new Phone(pending.value.secret, app.clock)
    const confirmed = await nightlatch.confirmAuthenticator(pending.value.id, { otp: phone.code() })
    if (!confirmed.ok) throw new Error(confirmed.problem.code)
    expect(confirmed.value.recoveryCodes).toHaveLength(10)
    expect(await nightlatch.recoveryCodesSaved()).toEqual({ ok: true, value: null })
    expect(await nightlatch.recoveryCodes()).toEqual({ ok: true, value: { left: 10, unsaved: false } })

    const session = await nightlatch.session()
    if (!session.ok) throw new Error(session.problem.code)
    expect(session.value.account.username).toBe('ada')
    expectTypeOf(session.value.factors).toEqualTypeOf<
      ('password' | 'totp' | 'passkey' | 'recovery-code' | 'device')[]
    >()
    const { id } = pending.value
    expect(await nightlatch.renameAuthenticator(id, { name: 'My phone' })).toMatchObject({
      value: { name: 'My phone' },
    })
    expect(await nightlatch.removeAuthenticator(id)).toMatchObject({
      ok: false,
      problem: { code: 'last-authenticator', status: 409 },
    })
    app.clock.advance(30)
    const proven = await nightlatch.proveAgain({ password: testPassword, otp: phone.code() })
    expect(proven.ok).toBe(true)
    expect(await nightlatch.renewRecoveryCodes()).toMatchObject({ ok: true })
    expect(await nightlatch.sessions()).toMatchObject({ value: { sessions: [{ current: true }] } })
    expect(await nightlatch.trustedDevices()).toMatchObject({ value: { trustedDevices: [] } })
    expect(await nightlatch.endOtherSessions()).toEqual({ ok: true, value: null })
    const changed = { current: testPassword, next: 'an even better password' }
    expect(await nightlatch.changePassword(changed)).toEqual({ ok: true, value: null })
    expect(await nightlatch.signOut()).toEqual({ ok: true, value: null })
    expect(await nightlatch.session()).toMatchObject({ ok: false, problem: { code: 'not-signed-in' } })
  })

  it('knows which codes an operation may be refused with', async () => {
    const refused = await client().signIn({ username: 'nobody', password: 'wrong' })
    if (refused.ok) throw new Error('signed in')
    expectTypeOf(refused.problem.code).extract<'wrong-credentials'>().toEqualTypeOf<'wrong-credentials'>()
    expectTypeOf(refused.problem.code).extract<'last-authenticator'>().toEqualTypeOf<never>()
    expect(refused.problem).toMatchObject({ status: 401, code: 'wrong-credentials' })
  })

  it('cannot be led to another operation by an id', async () => {
    const refused = await client().endSession('../session')
    expect(refused).toMatchObject({ ok: false, problem: { code: 'not-found' } })
  })

  it('gives the whole description of the interface', async () => {
    const description = await client().describe()
    expect(description).toMatchObject({
      ok: true,
      value: { openapi: '3.1.0', servers: [{ url: `${app.server.settings.origin}/auth` }] },
    })
  })

  it.each([
    ['a page', 502, 'text/html', '<h1>Bad Gateway</h1>'],
    ['a page that claims to be fine', 200, 'text/html', '<h1>Welcome to the hotel</h1>'],
    ['broken JSON', 200, 'application/json', '{"next":'],
    ['JSON of somebody else', 500, 'application/json', '{"error":"no"}'],
  ])('calls %s in the place of an answer what it is', async (_what, status, type, body) => {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': type }).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const result = await createClient({ origin }).session()
    server.close()
    expect(result).toEqual({
      ok: false,
      problem: { status, code: 'unexpected-answer', title: expect.any(String) } satisfies Problem,
    })
  })
})
