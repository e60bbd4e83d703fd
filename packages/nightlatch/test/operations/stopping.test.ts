import { Agent, createServer, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { TestApp } from '../support/app.js'
import { enrolledPerson, startApp } from '../support/app.js'
import { answerTo, cookieOf, startProtected } from '../support/protected.js'
import { until } from '../support/until.js'

const seconds = 1000

const asked = async (origin: string, path: string, agent: Agent, headers = {}): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request(`${origin}${path}`, { agent, headers }, (response) => {
      response.resume().once('end', () => resolve(response))
    })
      .once('error', reject)
      .end()
  })

/** A load balancer: asks again and again, until nobody answers. @returns what it has heard */
function poll(origin: string, everyMs: number): { readonly heard: number[]; readonly over: Promise<void> } {
  const heard: number[] = []
  const ask = async (): Promise<void> => {
    for (;;) {
      const agent = new Agent()
      heard.push((await asked(origin, '/readyz', agent)).statusCode ?? 0)
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  }
  return { heard, over: ask().catch(() => undefined) }
}

async function timed(work: Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work
  return performance.now() - began
}

describe('a server that is asked to stop', () => {
  let app: TestApp
  let agent: Agent
  afterEach(async () => {
    agent.destroy()
    await app.nightlatch.close()
  })
  const start = async (): Promise<void> => {
    agent = new Agent({ keepAlive: true, maxSockets: 1 })
    app = await startApp()
  }

  it('where nobody asks /readyz again and again, does so at once, kept connections and all', async () => {
    await start()
    expect((await asked(app.origin, '/readyz', agent)).statusCode).toBe(200)
    await asked(app.origin, '/healthz', agent)
    expect(await timed(app.server.stop(10 * seconds, 15 * seconds))).toBeLessThan(1 * seconds)
    await expect(asked(app.origin, '/healthz', new Agent())).rejects.toThrow()
  })

  it('tells the load balancer three times, serves meanwhile, and keeps no connection', async () => {
    await start()
    const { heard, over } = poll(app.origin, 100)
    await until(() => heard.length >= 2)
    const before = await asked(app.origin, '/login', agent)
    expect(before.headers['connection']).toBe('keep-alive')
    const stopped = app.server.stop(10 * seconds, 15 * seconds)
    await until(() => heard.includes(503))
    const meanwhile = await asked(app.origin, '/login', agent)
    expect([meanwhile.statusCode, meanwhile.headers['connection']]).toEqual([200, 'close'])
    expect(await timed(stopped)).toBeLessThan(5 * seconds)
    await over
    const told = heard.filter((status) => status === 503).length
    expect(heard.indexOf(503)).toBe(heard.length - told)
    expect(told).toBeGreaterThanOrEqual(3)
    await expect(asked(app.origin, '/healthz', new Agent())).rejects.toThrow()
  })

  it('waits no longer than it may for a load balancer that went silent', async () => {
    await start()
    for (let time = 0; time < 3; time += 1) await asked(app.origin, '/readyz', agent)
    const waited = await timed(app.server.stop(10 * seconds, 400))
    expect(waited).toBeGreaterThan(390)
    expect(waited).toBeLessThan(3 * seconds)
  })

  it('does not wait for somebody behind the load balancer who asks', async () => {
    await start()
    for (let time = 0; time < 3; time += 1)
      await asked(app.origin, '/readyz', agent, { 'x-forwarded-for': '203.0.113.7' })
    expect(await timed(app.server.stop(10 * seconds, 15 * seconds))).toBeLessThan(1 * seconds)
  })

  it('ends at the deadline what does not end by itself', async () => {
    await start()
    const socket = connect(app.server.settings.port, '127.0.0.1')
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(
      'POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nuser',
    )
    await asked(app.origin, '/healthz', agent)
    const waited = await timed(app.server.stop(300))
    expect(waited).toBeGreaterThan(290)
    expect(waited).toBeLessThan(3 * seconds)
    await closed
  })
})

it('protect stops just so: pages and the application are served until the load balancer knows', async () => {
  let release: () => void = () => undefined
  const slow = new Promise<void>((resolve) => (release = resolve))
  const application = createServer((asked, response) => {
    if (asked.url === '/slow') void slow.then(() => response.end('slow'))
    else response.end('quick')
  })
  application.keepAliveTimeout = 60 * seconds
  const app = await startProtected(application, { publicPaths: ['/*'] })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ada = await enrolledPerson(app, 'ada')
  const { heard, over } = poll(`${app.origin}/_nightlatch`, 100)
  await until(() => heard.length >= 2)
  const inFlight = answerTo(request(`${app.origin}/slow`, { agent: new Agent({ keepAlive: true }) }).end())
  await asked(app.origin, '/quick', agent)
  await answerTo(request(`${app.origin}/quick`, { method: 'POST', agent }).end('a form'))
  const stopped = app.server.stop(10 * seconds, 15 * seconds)
  await until(() => heard.includes(503))
  for (const path of ['/quick', '/_nightlatch/account']) {
    const meanwhile = await asked(app.origin, path, agent, { cookie: cookieOf(ada.browser) })
    expect([path, meanwhile.statusCode, meanwhile.headers['connection']]).toEqual([path, 200, 'close'])
  }
  await over
  release()
  expect((await inFlight).body.toString()).toBe('slow')
  expect(await timed(stopped)).toBeLessThan(2 * seconds)
  agent.destroy()
  const connections = promisify(application.getConnections.bind(application))
  await expect.poll(connections).toBe(0)
  await app.nightlatch.close()
  application.close()
})
