import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { run, startCli, temporaryFolder, type Running } from '../support/cli.js'
import { Person } from '../support/person.js'

const password = 'correct horse battery'

interface Line {
  readonly level: string
  readonly event: string
  readonly [field: string]: unknown
}

const linesOf = (server: Running): Line[] =>
  server
    .err()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line)

async function serving(...flags: readonly string[]) {
  const data = temporaryFolder()
  await run(['user', 'add', 'ada', '--password-stdin', '--data', data], { stdin: password })
  const server = startCli(['serve', '--port', '0', '--data', data, ...flags])
  const [, origin = ''] = await server.until(/ is at (http:\/\/localhost:\d+)/)
  return { server, origin }
}

const signIn = (origin: string, username: string, word: string, headers: Record<string, string> = {}) =>
  fetch(`${origin}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ username, password: word }),
  })

describe('the log', () => {
  it('has each event of the audit trail, with the address and the name, and nothing that somebody typed', async () => {
    const { server, origin } = await serving()
    await signIn(origin, 'ada', 'a wrong password of ada')
    await signIn(origin, 'nobody-by-this-name', 'another wrong password')
    const ada = new Person(origin, { base: '', username: 'ada', password })
    await ada.password()
    await ada.setUp()
    await server.until(/sign-in\.completed/)
    const events = linesOf(server).filter(({ event }) => /^(?:sign-in|authenticator)\./.test(event))
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining([
        'sign-in.password-refused',
        'sign-in.password-accepted',
        'authenticator.added',
        'sign-in.completed',
      ]),
    )
    const refused = events.filter(({ event }) => event === 'sign-in.password-refused')
    expect(refused[0]).toMatchObject({ level: 'info', account: 'ada', address: '127.0.0.1' })
    expect(refused[1]).toMatchObject({ address: '127.0.0.1' })
    expect(refused[1]).not.toHaveProperty('account')
    expect(server.err()).not.toMatch(/wrong password|nobody-by-this-name|correct horse/)
  })

  it('has each request at debug alone, by its route and never by its path', async () => {
    const { server, origin } = await serving('--log-level', 'debug')
    await fetch(`${origin}/invitation?token=${'x'.repeat(43)}`)
    await server.until(/"event":"request"/)
    expect(linesOf(server).find(({ event }) => event === 'request')).toMatchObject({
      level: 'debug',
      method: 'GET',
      route: '/invitation',
      status: expect.any(Number),
      requestId: expect.any(String),
    })
    expect(server.err()).not.toContain('xxxx')
    const usual = await serving()
    await fetch(`${usual.origin}/login`)
    await usual.server.stop('SIGTERM')
    expect(usual.server.err()).not.toContain('"event":"request"')
  })

  it('has the requests of an application at debug, too', async () => {
    const application = createServer((_request, response) => response.end('hello'))
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void application.close())
    const url = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
    const flags = ['--port', '0', '--data', temporaryFolder(), '--log-level', 'debug', '--public', '/open']
    const server = startCli(['protect', url, ...flags])
    const [, origin = ''] = await server.until(/ is at (http:\/\/localhost:\d+)/)
    expect(await (await fetch(`${origin}/open`)).text()).toBe('hello')
    await server.until(/"event":"request"/)
    expect(linesOf(server).find(({ event }) => event === 'request')).toMatchObject({
      route: 'application',
      status: 200,
    })
  })

  it('names the setting when a proxy stands in front that nobody named, once for each address', async () => {
    const { server, origin } = await serving()
    for (const client of ['203.0.113.7', '203.0.113.8'])
      await signIn(origin, 'ada', 'a wrong password', { 'x-forwarded-for': client })
    await server.until(/proxy\.not-trusted/)
    const warned = linesOf(server).filter(({ event }) => event === 'proxy.not-trusted')
    expect(warned).toEqual([
      expect.objectContaining({
        level: 'warn',
        address: '127.0.0.1',
        setting: 'NIGHTLATCH_TRUSTED_PROXIES',
      }),
    ])
  })

  it('says nothing of a proxy that is trusted, or where there is none', async () => {
    const { server, origin } = await serving('--trusted-proxies', '127.0.0.1')
    await signIn(origin, 'ada', 'a wrong password', { 'x-forwarded-for': '203.0.113.7' })
    const alone = await serving()
    await signIn(alone.origin, 'ada', 'a wrong password')
    for (const one of [server, alone.server]) {
      await one.until(/sign-in\.password-refused/)
      expect(one.err()).not.toContain('proxy.not-trusted')
    }
    expect(linesOf(server).find(({ event }) => event === 'sign-in.password-refused')).toMatchObject({
      address: '203.0.113.7',
    })
  })
})

describe('a rule for a group', () => {
  it.each(['serve', 'protect'])('that nobody is in is named when %s starts', async (command) => {
    const folder = temporaryFolder()
    const rules = join(folder, 'rules.json')
    writeFileSync(rules, '{"rules": [{"path": "/admin/*", "group": "admins", "access": "two-factors"}]}')
    const target = command === 'protect' ? ['http://127.0.0.1:9'] : []
    const flags = ['--port', '0', '--data', join(folder, 'data'), '--rules', rules]
    const server = startCli([command, ...target, ...flags])
    await server.until(/rules\.group-without-members/)
    expect(linesOf(server).find(({ event }) => event === 'rules.group-without-members')).toMatchObject({
      level: 'warn',
      reason: expect.stringMatching(/^nobody is in the group admins, /),
    })
  })
})

describe('/metrics', () => {
  it('is for this machine: not through a proxy that shows itself, nor by the name of the outside', async () => {
    const { origin } = await serving('--trusted-proxies', '127.0.0.1')
    const { port } = new URL(origin)
    const status = async (headers: Record<string, string>): Promise<number> => {
      const { get } = await import('node:http')
      return new Promise((resolve) => {
        get({ host: '127.0.0.1', port, path: '/metrics', headers }, (response) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        })
      })
    }
    expect(await status({})).toBe(200)
    expect(await status({ host: `localhost:${port}` })).toBe(200)
    expect(await status({ host: 'auth.example.org' })).toBe(404)
    for (const name of [
      'x-forwarded-for',
      'forwarded',
      'x-forwarded-host',
      'x-forwarded-proto',
      'via',
      'x-real-ip',
    ])
      expect([name, await status({ [name]: 'x' })]).toEqual([name, 404])
  })
})
