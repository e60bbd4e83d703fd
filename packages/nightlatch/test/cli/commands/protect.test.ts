import { createServer, type Server } from 'node:http'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, startCli, temporaryFolder } from '../../support/cli.js'

let application: Server
let url: string

beforeAll(async () => {
  application = createServer((request, response) => response.end(`the application at ${request.url}`))
  application.listen(0, '127.0.0.1')
  await new Promise((resolve) => application.once('listening', resolve))
  url = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
})

afterAll(() => {
  application.close()
})

describe('protect', () => {
  it('is one command: it prints the link that creates the first account, and lets nobody else in', async () => {
    const data = join(temporaryFolder(), 'data')
    const server = startCli(['protect', url, '--port', '0', '--data', data, '--public', '/open/*', '/health'])
    const [, origin = ''] = await server.until(
      /(http:\/\/localhost:\d+)\/_nightlatch\/invitation\?token=([\w-]{43})/,
    )
    expect(server.out().trimEnd().split('\n').length).toBeLessThanOrEqual(12)
    expect((await fetch(`${origin}/`)).status).toBe(401)
    expect(await (await fetch(`${origin}/open/a?b`)).text()).toBe('the application at /open/a?b')
    expect((await fetch(`${origin}/health`)).status).toBe(200)
    expect((await fetch(`${origin}/healthy`)).status).toBe(401)
    expect((await fetch(`${origin}/_nightlatch/healthz`)).status).toBe(200)
    expect(await server.stop('SIGTERM')).toBe(0)
  })

  it('stands in front of a socket in the file system, also of one that is not there yet', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'app.sock')
    const args = [`unix:${path}`, '--port', '0', '--data', join(folder, 'data'), '--public', '/open/*']
    const server = startCli(['protect', ...args])
    await server.until(/Nothing answers at unix:\/\S+app\.sock yet \(ENOENT\)/)
    const [, origin = ''] = await server.until(/(http:\/\/localhost:\d+)\/_nightlatch\/invitation/)
    const behind = createServer((request, response) => response.end(`by socket: ${request.headers.host}`))
    behind.listen(path)
    await new Promise((resolve) => behind.once('listening', resolve))
    const { host } = new URL(origin)
    expect(await (await fetch(`${origin}/open/a`)).text()).toBe(`by socket: ${host}`)
    expect((await fetch(`${origin}/`)).status).toBe(401)
    expect(await server.stop('SIGTERM')).toBe(0)
    behind.close()
  })

  it.each([
    [['localhost:5000'], 'localhost:5000: it must be an address such as http://127.0.0.1:5000.'],
    [['ftp://127.0.0.1'], 'it must be an address'],
    [['unix:app.sock'], 'unix:app.sock: a socket is named with its whole path, such as unix:/run/app.sock.'],
    [['unix:'], 'a socket is named with its whole path'],
    [['unix://host/app.sock'], 'a socket is named with its whole path'],
    [['http://127.0.0.1:5000/app'], 'without a path'],
    [['http://ada:secret@127.0.0.1:5000'], 'without a path, query or user'],
    [['http://127.0.0.1:3000'], 'that is where Nightlatch itself would listen'],
    [['http://localhost:4000', '--port', '4000'], 'choose another one with --port'],
    [['http://[::1]', '--port', '80', '--host', '::'], 'that is where Nightlatch itself would listen'],
    [['http://127.0.0.1:5000', '--public', 'static'], '--public: a path begins with /.'],
    [['http://127.0.0.1:5000', '--public', '/a/../b'], '--public: a path is written plainly'],
    [['http://127.0.0.1:5000', '--timeout', '0'], 'whole number'],
    [['http://127.0.0.1:5000', '--rules', '/nowhere/rules.json'], '--rules: ENOENT'],
    [['http://127.0.0.1:5000', '--base-path', '/auth'], "unknown option '--base-path'"],
    [[], "missing required argument 'url'"],
  ])('refuses %j and says why', async (args, why) => {
    const ran = await run(['protect', ...args])
    expect(ran).toMatchObject({ status: 2, out: '' })
    expect(ran.err).toContain(why)
    expect(ran.err).not.toContain('secret')
  })

  it('refuses a rules file with mistakes, each with its line', async () => {
    const file = join(temporaryFolder(), 'rules.json')
    writeFileSync(
      file,
      '{\n  "rules": [\n    {"path": "x", "access": "public"},\n    {"access": "open"}\n  ]\n}\n',
    )
    const ran = await run(['protect', url, '--rules', file])
    expect(ran.status).toBe(2)
    expect(ran.err).toContain(`${file}:3: a path begins with /.`)
    expect(ran.err).toContain(`${file}:4: it is one of`)
  })

  it('refuses another base path, together with every other problem', async () => {
    const ran = await run(['protect', url], { env: { NIGHTLATCH_BASE_PATH: '/auth', NIGHTLATCH_MFA: 'x' } })
    expect(ran).toMatchObject({ status: 2, err: expect.stringContaining('it is always /_nightlatch') })
    expect(ran.err).toContain('NIGHTLATCH_MFA: ')
  })
})
