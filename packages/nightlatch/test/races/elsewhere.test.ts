import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { disableAccount } from '../../src/core/accounts/administration.js'
import type { TestApp } from '../support/app.js'
import { enrolledPerson } from '../support/app.js'
import { accountOf, anotherSession } from '../support/attack.js'
import { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startServersOn, type Servers } from '../support/kinds.js'

/** What a server may go on for after somebody else has ended a session. */
const elsewhereMs = 100

describe('a session that ends on one of three servers', () => {
  let servers: Servers
  let app: TestApp
  beforeAll(async () => {
    servers = await startServersOn(databases[1]!, 3)
    app = servers.apps[0]!
  })
  afterAll(() => servers.close())

  const at = (server: TestApp, browser: Browser): Browser => {
    const there = new Browser(server.origin)
    for (const [name, value] of browser.cookies) there.cookies.set(name, value)
    return there
  }
  const isAlive = async (browser: Browser): Promise<boolean> =>
    (await browser.get('/api/v1/session')).status === 200

  /** Asks all the time, so that each server remembers; ends with when the last right answer was asked for. */
  async function keepAsking(browser: Browser, over: () => boolean): Promise<number> {
    let lastAlive = -Infinity
    const ask = async (): Promise<void> => {
      while (!over()) {
        const asked = performance.now()
        if (await isAlive(browser)) lastAlive = Math.max(lastAlive, asked)
        else if (over()) return
      }
    }
    await Promise.all([ask(), ask(), ask(), ask()])
    return lastAlive
  }

  const endings: Record<string, (browser: Browser, name: string) => Promise<unknown>> = {
    'signing out': (browser) => browser.post('/logout'),
    'a disabled account': async (_browser, name) =>
      disableAccount(app.nightlatch.core, await accountOf(app, name)),
  }

  it.each(Object.entries(endings))(
    'by %s is dead there at once and on the others within 100 ms',
    async (way, end) => {
      const name = way.replaceAll(' ', '-')
      const ada = await enrolledPerson(app, name)
      const browser = await anotherSession(app, ada)
      const others = servers.apps.slice(1).map((server) => at(server, browser))
      let isOver = false
      const asking = others.map((other) => keepAsking(other, () => isOver))
      for (let time = 0; time < 200; time += 1) await isAlive(browser)
      await end(browser, name)
      const ended = performance.now()
      expect(await isAlive(at(app, browser))).toBe(false)
      while (performance.now() < ended + 5 * elsewhereMs) await isAlive(at(app, browser))
      isOver = true
      for (const lastAlive of await Promise.all(asking)) {
        expect(lastAlive).toBeGreaterThan(ended - 2000)
        expect(lastAlive - ended).toBeLessThanOrEqual(elsewhereMs)
      }
    },
  )
})
