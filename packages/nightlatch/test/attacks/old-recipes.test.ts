import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer } from 'node:http'
import { freePort, isInstalled, startProxy } from '../../../../examples/common/proxies.mjs'
import { startApp, type TestApp } from '../support/app.js'
import { run } from '../support/cli.js'
import { echo, listening, startProtected } from '../support/protected.js'

/** As it stood in many a copied configuration: the question names what the client wrote. */
const old = {
  nginx: (text: string) =>
    text
      .replaceAll('$host$public_port', '$http_host')
      .replace(/ {2}server \{\n[^}]*return 421;\n {2}\}\n/, ''),
  haproxy: (text: string) => text.replace(/^.*return status 404 unless.*$/m, ''),
  caddy: (text: string) => text,
}

describe('FA-47 doctor --url looks for a proxy that believes the client', () => {
  const application = createServer(echo)
  let app: TestApp
  let port: number
  let origin: string

  beforeAll(async () => {
    port = await freePort()
    origin = `http://localhost:${String(port)}`
    app = await startApp({
      env: {
        NIGHTLATCH_ORIGIN: origin,
        NIGHTLATCH_BASE_PATH: '/auth',
        NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
      },
    })
    await listening(application)
  })

  afterAll(async () => {
    await app.close()
    application.closeAllConnections()
    application.close()
  })

  const found = async (name: 'nginx' | 'haproxy' | 'caddy', edit?: (text: string) => string) => {
    const address = application.address()
    const ports = {
      public: port,
      nightlatch: app.server.settings.port,
      application: typeof address === 'object' && address !== null ? address.port : 0,
    }
    const proxy = await startProxy(name, ports, edit === undefined ? {} : { edit })
    try {
      return await run(['doctor', '--url', `${origin}/page`, '--origin', origin])
    } finally {
      await proxy.stop()
    }
  }

  for (const name of ['nginx', 'haproxy', 'caddy'] as const) {
    it.skipIf(!isInstalled(name))(`the configuration for ${name} is in order`, async () => {
      const { out } = await found(name)
      expect(out).toContain('a request under another name opens nothing')
      expect(out).not.toContain('FAIL')
    })
  }

  for (const name of ['nginx', 'haproxy'] as const) {
    it.skipIf(!isInstalled(name))(`an old one for ${name} is not`, async () => {
      const { status, out } = await found(name, old[name])
      expect(out).toMatch(/FAIL {2}names .*the name that the client wrote.*refuse names/)
      expect(status).toBe(1)
    })
  }

  it('protect goes by the name of its settings, whatever the client says', async () => {
    const behind = await startProtected()
    try {
      const { out } = await run(['doctor', '--url', `${behind.origin}/page`, '--origin', behind.origin])
      expect(out).toContain('a request under another name opens nothing')
    } finally {
      await behind.close()
    }
  })
})
