import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  enrolledPerson,
  startApp,
  type Enrolled,
  type TestApp,
} from '../../packages/nightlatch/test/support/app.js'
import type { AccessRules } from '../../packages/nightlatch/src/core/access/rules.js'
import { serve } from '../../packages/nightlatch/src/compose/http-server.js'
import { echo, listening, sendBytes } from '../../packages/nightlatch/test/support/protected.js'
import { freePort, isInstalled, startProxy, type ProxyName } from './proxies.mjs'

const app = 'app.nightlatch.localhost'
const status = 'status.nightlatch.localhost'

/** The application is for whoever is signed in, the status page for everybody. */
const rules: AccessRules = {
  rules: [{ hosts: [status], paths: null, methods: null, groups: null, access: 'public' }],
  otherwise: 'two-factors',
}

/** A second application in a configuration for several hosts, as its comments say. */
const withStatus: Record<ProxyName, (text: string, port: number) => string> = {
  nginx: (text, port) => {
    const at = text.indexOf('  # An application; every other one has a server like this.')
    const block = text.slice(at, text.lastIndexOf('}'))
    return at < 0 ? text : text.slice(0, text.lastIndexOf('}')) + forStatus(block, port) + '}\n'
  },
  caddy: (text, port) => {
    const at = text.indexOf('# An application; every other one has a block like this.')
    const end = text.indexOf('\n}\n', at) + 3
    return at < 0 ? text : text.slice(0, end) + forStatus(text.slice(at, end), port) + text.slice(end)
  },
  haproxy: (text, port) =>
    !text.includes('txn.host')
      ? text
      : text
          .replace(` ${app} }`, ` ${app} ${status} }`)
          .replace(
            '  # Another application',
            `  use_backend status if { var(txn.host) -m str ${status} }\n  # Another application`,
          ) + `\nbackend status\n  server status 127.0.0.1:${port}\n`,
  traefik: (text, port) => {
    const routers = /( {4}application:\n[^]*?)\n {2}middlewares/.exec(text)?.[1] ?? ''
    const service = / {4}application:\n {6}loadBalancer:\n.*\n/.exec(text)?.[0] ?? ''
    return text.replace(routers, routers + forStatus(routers, port)) + forStatus(service, port)
  },
}

const forStatus = (block: string, port: number): string =>
  block
    .replaceAll(app, status)
    .replaceAll(/\bapplication(?=:|-sockets|$)/gm, 'status')
    .replace(
      /(application.*?127\.0\.0\.1:|proxy_pass http:\/\/127\.0\.0\.1:|reverse_proxy 127\.0\.0\.1:)\d+(?!\/)(;?)(?=\n)/g,
      (_all, before: string, end: string) => `${before}${port}${end}`,
    )

/** Two requests that every HTTP/2 server of the three takes in clear, too. */
const withHttp2: Record<ProxyName, (text: string) => string> = {
  nginx: (text) => text.replaceAll(/listen (\S+?)( default_server)?;/g, 'listen $1$2 http2;'),
  caddy: (text) =>
    text.replace('auto_https off\n', 'auto_https off\n\tservers {\n\t\tprotocols h1 h2c\n\t}\n'),
  haproxy: (text) => text,
  traefik: (text) => text,
}

const request = (line: string, ...headers: string[]): string =>
  [line, ...headers, 'Connection: close', '', ''].join('\r\n')

/** What a stranger may try so as to have one host judged and another one served. */
const attempts: Record<string, string> = {
  'the whole address of one host, and Host of the other': request(
    `GET http://${app}/secret HTTP/1.1`,
    `Host: ${status}`,
  ),
  'the same in HTTP/1.0': request(`GET http://${app}/secret HTTP/1.0`, `Host: ${status}`),
  'the whole address and no Host': request(`GET http://${app}/secret HTTP/1.0`),
  'the whole address by https': request(`GET https://${app}/secret HTTP/1.1`, `Host: ${status}`),
  'the whole address in capitals': request(
    `GET HTTP://${app.toUpperCase()}/secret HTTP/1.1`,
    `Host: ${status}`,
  ),
  'the whole address with a port': request(`GET http://${app}:80/secret HTTP/1.1`, `Host: ${status}`),
  'the whole address with a name before it': request(
    `GET http://${status}@${app}/secret HTTP/1.1`,
    `Host: ${status}`,
  ),
  'the whole address of the public host, and Host of the other': request(
    `GET http://${status}/secret HTTP/1.1`,
    `Host: ${app}`,
  ),
  'a foreign Host': request('GET /secret HTTP/1.1', 'Host: evil.test'),
  'a Host that is an address': request('GET /secret HTTP/1.1', 'Host: 127.0.0.1'),
  'a Host that begins with ours': request('GET /secret HTTP/1.1', `Host: ${app}.evil.test`),
  'an empty Host': request('GET /secret HTTP/1.1', 'Host:'),
  'no Host': request('GET /secret HTTP/1.1'),
  'no Host in HTTP/1.0': request('GET /secret HTTP/1.0'),
  'two Hosts, the public one first': request('GET /secret HTTP/1.1', `Host: ${status}`, `Host: ${app}`),
  'two Hosts, the public one last': request('GET /secret HTTP/1.1', `Host: ${app}`, `Host: ${status}`),
  'two names in one Host': request('GET /secret HTTP/1.1', `Host: ${status}, ${app}`),
  'the same the other way round': request('GET /secret HTTP/1.1', `Host: ${app}, ${status}`),
  'a port': request('GET /secret HTTP/1.1', `Host: ${app}:1234`),
  'a port that is the other name': request('GET /secret HTTP/1.1', `Host: ${app}:${status}`),
  'the same the other way round about': request('GET /secret HTTP/1.1', `Host: ${status}:${app}`),
  'a dot at the end': request('GET /secret HTTP/1.1', `Host: ${app}.`),
  capitals: request('GET /secret HTTP/1.1', `Host: ${app.toUpperCase()}`),
  'Host said by other headers': request(
    'GET /secret HTTP/1.1',
    `Host: ${app}`,
    `X-Forwarded-Host: ${status}`,
    `X-Original-URL: http://${status}/`,
    `X-Host: ${status}`,
    `Forwarded: host=${status}`,
  ),
}

/** The names by which somebody who is signed in is served, each by its own application. */
const spellings: Record<string, string> = {
  plain: request('GET /mine HTTP/1.1', `Host: ${app}`),
  'with a port': request('GET /mine HTTP/1.1', `Host: ${app}:8080`),
  'in capitals': request('GET /mine HTTP/1.1', `Host: App.Nightlatch.LOCALHOST`),
}

/** Behind the configuration for several hosts: what is judged is what is served. */
export function names(name: ProxyName, file: string): void {
  describe.skipIf(!isInstalled(name))(`FA-47 the name that is judged, behind ${name}`, () => {
    let people: TestApp
    let proxy: { stop(): Promise<void> }
    let ada: Enrolled
    let port: number
    const servers: Server[] = []
    const served: string[] = []
    const serving = async (which: string): Promise<number> => {
      const server = createServer((asked, response) => {
        served.push(which)
        echo(asked, response)
      })
      servers.push(server)
      return listening(server)
    }
    const send = async (bytes: string) => {
      served.length = 0
      const answer = await sendBytes(port, bytes)
      return { answer, status: Number(/^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1] ?? 0), served: [...served] }
    }
    const withCookie = (bytes: string): string =>
      bytes.replace(
        '\r\n',
        `\r\nCookie: nightlatch-forward=${ada.browser.cookies.get('nightlatch-forward')}\r\n`,
      )

    beforeAll(async () => {
      const [application, other] = [await serving('app'), await serving('status')]
      port = await freePort()
      people = await startApp({
        env: {
          NIGHTLATCH_ORIGIN: 'http://auth.nightlatch.localhost',
          NIGHTLATCH_COOKIE_DOMAIN: 'nightlatch.localhost',
          NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
        },
        serve: (nightlatch, log) => serve(nightlatch, log, rules),
      })
      const ports = { public: port, nightlatch: people.server.settings.port, application }
      const edit = (text: string): string => withHttp2[name](withStatus[name](text, other))
      // nginx 1.22 speaks one of the two in clear, not both.
      const plainly = (text: string): string => withStatus[name](text, other)
      proxy = await startProxy(name, ports, { file, edit: name === 'nginx' ? plainly : edit })
      ada = await enrolledPerson(people, 'ada')
    })

    afterAll(async () => {
      await proxy?.stop()
      await people?.close()
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
      }
    })

    it('the status page is for everybody, the application is not', async () => {
      expect(await send(request('GET /x HTTP/1.1', `Host: ${status}`))).toMatchObject({
        status: 200,
        served: ['status'],
      })
      expect(await send(request('GET /x HTTP/1.1', `Host: ${app}`))).toMatchObject({
        status: 401,
        served: [],
      })
    })

    it.each(Object.entries(attempts))('%s opens nothing', async (_name, bytes) => {
      const { status: code, served: by } = await send(bytes)
      expect(by).not.toContain('app')
      expect(code).toBeLessThan(500)
    })

    it.each(
      Object.entries(attempts).filter(([title]) => /^(?:a foreign|a Host that|an empty|no Host)/.test(title)),
    )('%s is refused whoever asks', async (_name, bytes) => {
      const { status: code, served: by } = await send(withCookie(bytes))
      expect(by).toEqual([])
      expect([0, 400, 404, 421]).toContain(code)
    })

    it.each(Object.entries(spellings))(
      'somebody signed in is served under the name %s',
      async (_name, bytes) => {
        const { answer, status: code, served: by } = await send(withCookie(bytes))
        expect([code, by]).toEqual([200, ['app']])
        expect(answer).toContain('"remote-user":"ada"')
        expect((await send(bytes)).served).toEqual([])
      },
    )

    describe('in HTTP/2', () => {
      let second: { stop(): Promise<void> } | null = null
      let at: number
      beforeAll(async () => {
        at = port
        if (name !== 'nginx') return
        at = await freePort()
        const [application, other] = [await serving('app'), await serving('status')]
        const ports = { public: at, nightlatch: people.server.settings.port, application }
        const edit = (text: string): string => withHttp2[name](withStatus[name](text, other))
        second = await startProxy(name, ports, { file, edit })
      })
      afterAll(async () => {
        await second?.stop()
      })

      const ask = async (headers: Record<string, string>) => {
        served.length = 0
        const client = connectHttp2(`http://127.0.0.1:${at}`)
        client.on('error', () => undefined)
        try {
          const stream = client.request({ ':path': '/secret', ':scheme': 'http', ...headers })
          const code = await new Promise<number>((resolve) => {
            stream.on('response', (found) => resolve(found[':status'] ?? 0))
            stream.on('error', () => resolve(0))
            stream.on('close', () => resolve(0))
          })
          return { status: code, served: [...served] }
        } finally {
          const closed = once(client, 'close')
          client.destroy()
          await closed
        }
      }

      it('the authority is served and judged', async () => {
        const cookie = `nightlatch-forward=${ada.browser.cookies.get('nightlatch-forward')}`
        expect(await ask({ ':authority': status })).toMatchObject({ status: 200, served: ['status'] })
        expect(await ask({ ':authority': app })).toMatchObject({ status: 401, served: [] })
        expect(await ask({ ':authority': app, cookie })).toMatchObject({ status: 200, served: ['app'] })
      })

      it.each([
        ['the other host beside the authority', { ':authority': app, host: status }],
        ['the same the other way round', { ':authority': status, host: app }],
        ['Host instead of the authority', { host: app }],
        ['a dot at the end', { ':authority': `${app}.` }],
        ['a port', { ':authority': `${app}:443` }],
        ['a foreign authority', { ':authority': 'evil.test', host: app }],
        ['a user before it', { ':authority': `${status}@${app}` }],
      ])('%s opens nothing', async (_name, headers) => {
        const { status: code, served: by } = await ask(headers as Record<string, string>)
        expect(by).not.toContain('app')
        expect(code).toBeLessThan(500)
      })
    })
  })
}
