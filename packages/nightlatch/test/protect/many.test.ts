import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolledPerson, type Enrolled } from '../support/app.js'
import { answerTo, ask, cookieOf, startProtected, type Protected } from '../support/protected.js'
import { patient } from '../support/pace.js'

const megabyte = 1024 * 1024
/** The nth megabyte: no two are alike, and none has to be kept. */
function block(number: number): Buffer {
  const bytes = Buffer.alloc(megabyte, createHash('sha256').update(String(number)).digest())
  bytes.writeUInt32BE(number)
  return bytes
}

async function sumOf(blocks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of blocks) hash.update(chunk)
  return hash.digest('hex')
}

function* blocks(count: number): Generator<Buffer> {
  for (let number = 0; number < count; number += 1) yield block(number)
}

const application = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname === '/upload') void sumOf(request).then((sum) => response.end(sum))
  else if (pathname === '/together') answerTogether(response)
  else if (pathname === '/download') void send(response, Number(searchParams.get('megabytes')))
  else
    void sumOf(request).then((sum) => response.end(`${request.url} ${request.headers['remote-user']} ${sum}`))
})

async function send(response: ServerResponse, megabytes: number): Promise<void> {
  for (const bytes of blocks(megabytes)) if (!response.write(bytes)) await once(response, 'drain')
  response.end()
}

/** Answered when so many have come: each has a connection of its own. */
const together = 70
const waiting: ServerResponse[] = []

function answerTogether(response: ServerResponse): void {
  waiting.push(response)
  if (waiting.length === together) for (const one of waiting.splice(0)) one.end()
}

let app: Protected
let people: Enrolled[]

beforeAll(async () => {
  // Longer than these tests take: none is closed because it was idle.
  application.keepAliveTimeout = 120_000
  app = await startProtected(application)
  people = [
    await enrolledPerson(app, 'ada'),
    await enrolledPerson(app, 'bea'),
    await enrolledPerson(app, 'cleo'),
  ]
})

afterAll(async () => {
  await app.close()
})

/** What this thread holds; what the process holds is also that of the tests beside it. */
const held = (): number => {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('through protect', () => {
  it(
    '10,000 requests of three people get their own answers, none lost and none mixed up',
    async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 32 })
      const cookies = people.map(({ browser }) => cookieOf(browser))
      let next = 0
      let right = 0
      const one = async (): Promise<void> => {
        while (next < 10_000) {
          const number = next++
          const person = number % people.length
          const body = number % 4 === 0 ? `body ${number}` : ''
          const asked = ask({
            agent,
            port: app.port,
            host: '127.0.0.1',
            path: `/item/${number}?of=${person}`,
            method: body === '' ? 'GET' : 'POST',
            headers: { cookie: cookies[person] },
          })
          const answer = answerTo(asked)
          asked.end(body)
          const sum = createHash('sha256').update(body).digest('hex')
          const wanted = `/item/${number}?of=${person} ${people[person]!.username} ${sum}`
          if ((await answer).body.toString() === wanted) right += 1
        }
      }
      await Promise.all(Array.from({ length: 32 }, one))
      agent.destroy()
      expect(right).toBe(10_000)
    },
    patient(120_000),
  )

  it('no more than 64 connections to the application are kept for what may come, and as many that were promised', async () => {
    for (const method of ['GET', 'POST']) {
      const answers = Array.from({ length: together }, () =>
        answerTo(
          ask({
            ...{ port: app.port, host: '127.0.0.1', path: '/together', method },
            headers: { cookie: cookieOf(people[0]!.browser) },
          }).end(),
        ),
      )
      for (const answer of answers) expect((await answer).status).toBe(200)
    }
    await expect.poll(() => promisify(application.getConnections.bind(application))()).toBe(2 * 64)
  })

  it.each([
    ['upload', 'POST'],
    ['download', 'GET'],
    ['download', 'POST'],
  ])(
    '100 MB go %s byte for byte, and memory stays flat: %s',
    async (direction, method) => {
      const count = 100
      const wanted = await sumOf(blocks(count))
      const highest = { bytes: 0 }
      const before = held()
      const note = (): void => void (highest.bytes = Math.max(highest.bytes, held()))
      const asked = ask({
        port: app.port,
        host: '127.0.0.1',
        path: direction === 'upload' ? '/upload' : `/download?megabytes=${count}`,
        method,
        headers: { cookie: cookieOf(people[0]!.browser) },
      })
      if (direction === 'upload') {
        const answer = answerTo(asked)
        for (const bytes of blocks(count)) {
          if (!asked.write(bytes)) await once(asked, 'drain')
          note()
          await turn()
        }
        asked.end()
        expect((await answer).body.toString()).toBe(wanted)
      } else {
        asked.end()
        const [response] = (await once(asked, 'response')) as [IncomingMessage]
        response.on('data', note)
        expect(await sumOf(response)).toBe(wanted)
      }
      expect(highest.bytes - before).toBeLessThan(64 * megabyte)
    },
    patient(60_000),
  )
})
