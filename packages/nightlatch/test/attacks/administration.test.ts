import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { operationIds, operations } from '../../src/http/api/operations.js'
import { routes } from '../../src/http/routes.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, testPassword } from '../support/app.js'
import { register } from '../support/application.js'
import { accountOf, everythingKept, proveAgain, withPassword } from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'

const api = '/api/v1'
const pages = routes.filter(({ path }) => path === '/admin' || path.startsWith('/admin/'))
const calls = operationIds.map((id) => operations[id]).filter(({ path }) => path.startsWith('/admin/'))

const makeAdministrator = async (app: TestApp, username: string): Promise<void> => {
  const edited = await editAccount(app.nightlatch.core, await accountOf(app, username), {
    edit: { admin: true },
    actor: atTheCommandLine,
  })
  expect(edited.kind).toBe('edited')
}

describe.each(databases)('the administration, on $name', (kind) => {
  let app: TestApp
  let chief: Enrolled
  let target: string
  beforeAll(async () => {
    app = await startAppOn(kind)
    chief = await enrolledPerson(app, 'chief')
    await makeAdministrator(app, 'chief')
    target = (await app.person('target')).id
    await editAccount(app.nightlatch.core, await accountOf(app, 'target'), {
      edit: { groups: ['crew'] },
      actor: atTheCommandLine,
    })
    await register(app.nightlatch.core, {}, { id: 'crew' })
  })
  afterAll(() => app.close())

  const filled = (path: string): string => path.replace(':id', target).replace(':name', 'crew')
  /** The one that asks about somebody is told about whom. */
  const asking = (path: string): string => (path.endsWith('/received') ? '?user=target' : '')
  const body = { username: 'mallory', name: 'x', admin: true, uses: 5, groups: ['admins'] }

  const everyCall = async (browser: Browser): Promise<(readonly [string, number, string])[]> => {
    const answers: (readonly [string, number, string])[] = []
    for (const { method, path } of calls) {
      const sent = method === 'GET' || method === 'DELETE' ? undefined : body
      const reply = await browser.json(method, api + filled(path) + asking(path), sent)
      const { code = '' } = JSON.parse(reply.body || '{}') as { code?: string }
      answers.push([`${method} ${path}`, reply.status, code])
    }
    return answers
  }

  const outsiders = async (): Promise<Browser[]> => {
    const ada = await enrolledPerson(app, `ada-${String(Math.random()).slice(2)}`)
    const half = await withPassword(app, { username: 'target', password: testPassword })
    const halfChief = await withPassword(app, chief)
    return [ada.browser, half, halfChief, app.browser()]
  }

  it('AUTHZ-5 asked for by anybody else at either door is not there, and nothing is changed', async () => {
    const browsers = await outsiders()
    const kept = await everythingKept(app, ['attempt', 'audit', 'set_up'])
    for (const browser of browsers) {
      for (const [call, status, code] of await everyCall(browser))
        expect([call, status, code]).toEqual([call, 404, 'not-found'])
      for (const { method, path } of pages) {
        const address = `${filled(path)}?application=crew`
        const reply =
          method === 'GET' ? await browser.get(address) : await browser.post(address, { name: 'x' })
        expect([method, path, reply.status]).toEqual([method, path, 404])
      }
    }
    expect(await everythingKept(app, ['attempt', 'audit', 'set_up'])).toBe(kept)
  })

  it('AUTHZ-6 changed without a fresh proof is asked for one, at either door', async () => {
    await proveAgain(app, chief)
    app.clock.advance(601)
    const kept = await everythingKept(app, ['attempt', 'audit', 'set_up', 'session'])
    for (const [call, status, code] of await everyCall(chief.browser)) {
      if (call.startsWith('GET ')) expect([call, status]).toEqual([call, 200])
      else expect([call, status, code]).toEqual([call, 403, 'fresh-proof-required'])
    }
    for (const { path } of pages.filter(({ method }) => method === 'POST')) {
      const reply = await chief.browser.post(`${filled(path)}?application=crew`, { name: 'x', group: 'crew' })
      expect([path, reply.status]).toEqual([path, 303])
      expect(reply.location).toMatch(/^\/account\/confirm\?next=/)
    }
    expect(await everythingKept(app, ['attempt', 'audit', 'set_up', 'session'])).toBe(kept)
  })

  it('AUTHZ-7 changed from another site is refused, however fresh the proof is', async () => {
    await proveAgain(app, chief)
    const kept = await everythingKept(app, ['attempt', 'audit', 'set_up', 'session'])
    for (const { method, path } of calls.filter((one) => one.method !== 'GET')) {
      for (const site of ['cross-site', 'same-site']) {
        const headers = { 'content-type': 'application/json', 'sec-fetch-site': site }
        const sent = { method, headers, body: JSON.stringify(body) }
        const reply = await chief.browser.send(api + filled(path), sent)
        expect([path, site, reply.status]).toEqual([path, site, 403])
      }
    }
    expect(await everythingKept(app, ['attempt', 'audit', 'set_up', 'session'])).toBe(kept)
  })

  it.each(['people/:id/edit?', 'people/new?', 'applications/new?', 'applications/edit?application=crew&'])(
    'AUTHZ-10 %s says that the address has filled it in, and changes nothing by itself',
    async (path) => {
      await proveAgain(app, chief)
      const address = `/admin/${filled(path)}`
      const own = await chief.browser.get(address.slice(0, -1))
      expect([own.status, own.body.includes('filled in')]).toEqual([200, false])
      const before = await everythingKept(app)
      const led = await chief.browser.get(`${address}username=target&groups=admins&admin=yes`)
      expect(led.body).toContain('The address that led here has filled in these fields.')
      expect(await everythingKept(app)).toEqual(before)
    },
  )

  it('AUTHZ-8 used by somebody who is an administrator no more is not there from the next request on', async () => {
    const second = await enrolledPerson(app, 'second')
    await makeAdministrator(app, 'second')
    await proveAgain(app, second)
    const place = `${api}/admin/people/${target}`
    expect((await second.browser.json('PATCH', place, { name: 'Before' })).status).toBe(200)
    const demoted = `${api}/admin/people/${(await accountOf(app, 'second')).id}`
    await proveAgain(app, chief)
    expect((await chief.browser.json('PATCH', demoted, { admin: false })).status).toBe(200)
    expect((await second.browser.json('PATCH', place, { name: 'After' })).status).toBe(404)
    expect((await second.browser.get('/admin')).status).toBe(404)
    expect((await accountOf(app, 'target')).name).toBe('Before')
  })
})
