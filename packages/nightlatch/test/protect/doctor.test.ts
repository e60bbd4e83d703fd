import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, startCli, temporaryFolder } from '../support/cli.js'

/** An application that knows nothing of sign-in. */
const application = (): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((_request, response) => response.end('the application'))
    server.listen(0, '127.0.0.1', () => {
      resolve(server)
    })
  })

const portOf = (server: Server): number => (server.address() as AddressInfo).port

describe('nightlatch doctor --url', () => {
  let app: Server
  beforeAll(async () => {
    app = await application()
  })
  afterAll(() => new Promise((resolve) => app.close(resolve)))

  it('walks from a protected page to sign-in and back, from outside', async () => {
    const target = `http://127.0.0.1:${portOf(app)}`
    const protect = startCli(['protect', target, '--port', '0', '--data', temporaryFolder()])
    const [, url = ''] = await protect.until(/ is at (http:\/\/localhost:\d+)/)
    const { status, out } = await run(['doctor', '--url', `${url}/photos`, '--origin', url])
    expect(out).not.toContain('FAIL')
    expect(out).toMatch(/sends to .*\/_nightlatch\/login/)
    expect(out).toContain('to /photos')
    expect(out).toContain('a script gets 401')
    expect(out).toContain('a forged Remote-User opens nothing')
    expect(status).toBe(0)
    const elsewhere = await run(['doctor', '--url', url, '--origin', 'https://auth.example.org'])
    expect(elsewhere.out).toMatch(/FAIL {2}sign-in .*NIGHTLATCH_ORIGIN/)
    expect(elsewhere.status).toBe(1)
    await protect.stop('SIGTERM')
  })

  it('says so when nobody is asked to sign in, and how to mend it', async () => {
    const { status, out } = await run(['doctor', '--url', `http://127.0.0.1:${portOf(app)}/`])
    expect(out).toMatch(/FAIL {2}page .*without a sign-in: nobody is asked/)
    expect(status).toBe(1)
  })

  it('asks for a page of the application when it is shown Nightlatch itself', async () => {
    const server = startCli(['serve', '--port', '0', '--data', temporaryFolder()])
    const [, url = ''] = await server.until(/ is at (http:\/\/localhost:\d+)/)
    const { status, out } = await run(['doctor', '--url', url, '--origin', url])
    expect(out).toMatch(
      /^FAIL {2}page .*home page of Nightlatch itself: give the address of a page of the app/,
    )
    expect(status).toBe(1)
    await server.stop('SIGTERM')
  })

  it.each([
    ['http://[', 'which is no web address'],
    ['javascript:alert(1)', 'which is no web address'],
    ['//', 'which is no web address'],
    ['/login?next=http://[', 'after sign-in it would lead to http://['],
  ])('takes a page that sends to %s for what it is', async (location, text) => {
    const sending = createServer((_request, response) => response.writeHead(302, { location }).end())
    await new Promise<void>((resolve) => sending.listen(0, '127.0.0.1', resolve))
    const ran = await run(['doctor', '--url', `http://127.0.0.1:${portOf(sending)}/`])
    await new Promise((resolve) => sending.close(resolve))
    expect(ran.out).toContain(text)
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining('not in order: ') })
  })

  it.each(['foo', 'http://[', 'ftp://example.org/'])('%s is no web address: wrong usage', async (url) => {
    expect(await run(['doctor', '--url', url])).toMatchObject({
      status: 2,
      err: `nightlatch: --url: ${url} is no web address.\n`,
    })
  })
})
