import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { expect, it } from 'vitest'
import { testPassword } from '../support/app.js'
import { Browser } from '../support/browser.js'
import { hasProgram, startCli, temporaryFolder, type Running } from '../support/cli.js'
import { makeCrowd, type Member } from '../support/crowd.js'
import { databases } from '../support/databases.js'
import { freePort } from '../../../../examples/common/proxies.mjs'
import { startHaproxy } from '../support/haproxy.js'
import { cookieOf } from '../support/protected.js'
import { until } from '../support/until.js'
import { patient } from '../support/pace.js'

interface Load {
  /** Every request that did not get the answer that was due. */
  readonly failures: string[]
  signIns: number
  checks: number
  over: boolean
}

/** Signs in one person after the other, as browsers do. */
async function signInAll(origin: string, people: Member[], load: Load): Promise<void> {
  for (let person = people.pop(); person !== undefined && !load.over; person = people.pop()) {
    const browser = new Browser(origin)
    try {
      const { username } = person
      const login = await browser.post('/login', { username, password: testPassword })
      const code = person.totp.at(Math.floor(Date.now() / 1000))
      const verified = await browser.post('/mfa/verify', { otp: code })
      const home = await browser.get('/account')
      const seen = [login.status, login.location, verified.status, home.status].join(' ')
      if (seen !== '303 /mfa/verify 303 200') load.failures.push(`sign-in of ${username}: ${seen}`)
      else load.signIns += 1
    } catch (error) {
      load.failures.push(`sign-in: ${String(error)}`)
    }
  }
}

/** Asks for one session again and again on a kept connection, as an application does. */
async function checkOften(origin: string, cookie: string, load: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  while (!load.over) {
    const outcome = await new Promise<string>((resolve) => {
      request(`${origin}/api/v1/session`, { agent, headers: { cookie } }, (response) => {
        response.resume().once('end', () => resolve(String(response.statusCode)))
      })
        .once('error', (error) => resolve(String(error)))
        .end()
    })
    if (outcome !== '200') load.failures.push(`check: ${outcome}`)
    else load.checks += 1
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  agent.destroy()
}

/** How often the load balancer has asked this server whether it is ready. */
async function timesAsked(port: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/route="\/readyz"[^\n]* (\d+)$/m.exec(metrics)?.[1] ?? 0)
}

it.skipIf(!hasProgram('haproxy'))(
  'three servers behind HAProxy are restarted in turn under load, and not one request fails',
  async () => {
    const database = await databases[1]!.create()
    const [front, ...ports] = (await Promise.all([1, 2, 3, 4].map(freePort))) as [number, ...number[]]
    const env = {
      NIGHTLATCH_DATABASE_URL: String(database.location),
      NIGHTLATCH_SECRET: randomBytes(32).toString('base64'),
      NIGHTLATCH_ORIGIN: `http://localhost:${front}`,
      NIGHTLATCH_DATA: temporaryFolder(),
    }
    const people = await makeCrowd(env, 400)
    const start = async (port: number): Promise<Running> => {
      const server = startCli(['serve', '--port', String(port)], { env })
      await server.until(/server\.listening/)
      return server
    }
    const servers: Running[] = []
    for (const port of ports) servers.push(await start(port))
    const { origin, up } = await startHaproxy(front, ports)
    await until(async () => (await up()) === 3)
    // One question alone could be a person's.
    for (const port of ports) await until(async () => (await timesAsked(port)) > 1)

    const load: Load = { failures: [], signIns: 0, checks: 0, over: false }
    const first = people.slice(0, 1)
    const ada = new Browser(origin)
    await ada.submit('/login', { username: first[0]!.username, password: testPassword })
    await ada.submit('/mfa/verify', { otp: first[0]!.totp.at(Math.floor(Date.now() / 1000)) })
    const rest = people.slice(1)
    const workers = [1, 2, 3].flatMap(() => [
      signInAll(origin, rest, load),
      checkOften(origin, cookieOf(ada), load),
    ])
    for (const [index, port] of ports.entries()) {
      expect(await servers[index]!.stop('SIGTERM')).toBe(0)
      servers[index] = await start(port)
      await until(async () => (await up()) === 3)
    }
    load.over = true
    await Promise.all(workers)
    for (const server of servers) await server.stop('SIGINT')
    await database.remove()
    expect(load.failures).toEqual([])
    expect(rest.length).toBeGreaterThan(0)
    expect(load.signIns).toBeGreaterThan(10)
    expect(load.checks).toBeGreaterThan(100)
  },
  patient(120_000),
)
