import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccessRules } from '../../src/core/access/rules.js'
import { enrolledPerson } from '../support/app.js'
import { cookieOf, echo, seen, sendBytes, startProtected, type Protected } from '../support/protected.js'

/** Reading is for everybody, writing is not. */
const readable: AccessRules = {
  rules: [{ hosts: null, paths: ['/notes/*'], methods: ['GET', 'HEAD'], groups: null, access: 'public' }],
  otherwise: 'two-factors',
}

const methodOverrides = [
  'X-HTTP-Method-Override',
  'X-HTTP-Method',
  'X-Method-Override',
  'x_http_method_override',
]
const addressOverrides = [
  'X-Original-URL',
  'X-Original-URI',
  'X-Rewrite-URL',
  'X-Original-Method',
  'x.rewrite.url',
  'X-Original-Path',
  'X-Rewrite-Path',
  'X-Forwarded',
  'X-Host',
  'X-HTTP-Host-Override',
]

describe('what protect passes on of headers that change a request', () => {
  let byMethod: Protected
  let byPath: Protected
  beforeAll(async () => {
    byMethod = await startProtected(echo, { rules: readable })
    byPath = await startProtected(echo, { publicPaths: ['/notes/*'] })
  })
  afterAll(() => Promise.all([byMethod.close(), byPath.close()]))

  const sent = async ({ port }: Protected, lines: readonly string[]) => {
    const head = ['GET /notes/1 HTTP/1.1', 'Host: localhost', ...lines, 'Connection: close', '', '']
    const answer = await sendBytes(port, head.join('\r\n'))
    return seen({ body: answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1) })
  }

  it.each(methodOverrides)('FA-50 %s is dropped where a rule asks for the method', async (name) => {
    const { method, raw, headers } = await sent(byMethod, [`${name}: DELETE`, 'X-Method: own'])
    expect([method, headers['x-method']]).toEqual(['GET', 'own'])
    expect(raw).not.toContain('DELETE')
  })

  it.each(methodOverrides)('%s is the application’s own where none does', async (name) => {
    expect((await sent(byPath, [`${name}: DELETE`])).raw).toContain('DELETE')
  })

  it.each(addressOverrides)('FA-50 %s never passes', async (name) => {
    for (const app of [byMethod, byPath])
      expect((await sent(app, [`${name}: /admin`])).raw).not.toContain('/admin')
  })

  it.each([
    'Remote-User',
    'close, Remote-User, Remote-Groups',
    'x-forwarded-for, x-forwarded-host, remote-user',
  ])('FA-49 Connection: %s takes nothing of ours away', async (list) => {
    const ada = await enrolledPerson(byPath, `ada${String(list.length)}`)
    const { headers } = await sent(byPath, [`Connection: ${list}`, `Cookie: ${cookieOf(ada.browser)}`])
    expect(headers).toMatchObject({ 'remote-user': `ada${String(list.length)}`, 'remote-groups': '' })
    expect(headers['x-forwarded-for']).toBe('127.0.0.1')
    expect(headers['connection'] ?? '').not.toMatch(/remote|forwarded/)
  })
})
