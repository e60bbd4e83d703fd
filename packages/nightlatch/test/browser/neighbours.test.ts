import { createServer, type Server } from 'node:http'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { journeyIn } from '../../../../examples/common/behind.test-suite.js'
import { freePort, isInstalled, startProxy } from '../../../../examples/common/proxies.mjs'
import { startApp, type TestApp } from '../support/app.js'
import { useChromium } from '../support/chromium.js'
import { patient } from '../support/pace.js'
import { echo, listening, startProtected, type Protected } from '../support/protected.js'

describe.skipIf(!isInstalled('caddy'))('two installations on localhost, one browser', () => {
  const chromium = useChromium()
  let protect: Protected
  let application: Server
  let behind: TestApp
  let proxy: { stop(): Promise<void> }
  let port: number

  beforeAll(async () => {
    protect = await startProtected(echo)
    application = createServer(echo)
    const applicationPort = await listening(application)
    port = await freePort()
    behind = await startApp({
      env: {
        NIGHTLATCH_ORIGIN: `http://localhost:${String(port)}`,
        NIGHTLATCH_BASE_PATH: '/auth',
        NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
      },
    })
    const ports = { public: port, nightlatch: behind.server.settings.port, application: applicationPort }
    proxy = await startProxy('caddy', ports)
    await protect.person('emma')
    await behind.person('frances')
  })
  afterAll(async () => {
    await proxy?.stop()
    await behind?.close()
    await protect?.close()
    application.closeAllConnections()
    application.close()
  })

  const whoIs = async (page: Page, origin: string): Promise<unknown> => {
    await page.goto(`${origin}/page`)
    const { headers } = JSON.parse((await page.textContent('body')) ?? '') as {
      headers: Record<string, string>
    }
    return headers['remote-user']
  }

  it(
    'somebody who signs in to both stays signed in to both, and out of one only',
    async () => {
      const [first, second] = [`http://localhost:${String(protect.port)}`, `http://localhost:${String(port)}`]
      await chromium.visiting({}, async (page, { complaints }) => {
        await journeyIn(page, { origin: first, username: 'emma', clock: protect.clock })
        await journeyIn(page, { origin: second, username: 'frances', clock: behind.clock })
        complaints.length = 0 // the journey asks once without cookies, and is refused
        expect([await whoIs(page, first), await whoIs(page, second)]).toEqual(['emma', 'frances'])
        await page.goto(`${second}/auth/`)
        await page.getByRole('button', { name: 'Sign out' }).click()
        await page.waitForURL(/\/auth\/login/)
        expect(await whoIs(page, first)).toBe('emma')
      })
    },
    patient(60_000),
  )
})
