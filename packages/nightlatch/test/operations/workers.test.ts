import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databases, patiently, type TestDatabase } from '../support/databases.js'
import { startCli, spawnCli, temporaryFolder, type Running } from '../support/cli.js'
import { patient } from '../support/pace.js'
import { Person } from '../support/person.js'
import { listening } from '../support/protected.js'

const password = 'a long enough passphrase'
let database: TestDatabase
let folder = ''
const secret = randomBytes(32).toString('base64')

beforeAll(async () => {
  database = await databases.find(({ name }) => name === 'postgres')!.create()
})
afterAll(() => database.remove())

const env = (): Record<string, string> => ({
  NIGHTLATCH_DATABASE_URL: String(patiently(database.location)),
  NIGHTLATCH_SECRET: secret,
  NIGHTLATCH_WORKERS: '2',
})

interface Server {
  readonly running: Running
  readonly origin: string
  readonly ada: Person
  workers(): readonly number[]
}

/** Two workers, and somebody who is signed in there. */
async function started(command: readonly string[] = ['serve']): Promise<Server> {
  folder = temporaryFolder()
  const running = startCli([...command, '--port', '0', '--data', join(folder, 'data'), '--drain', '0'], {
    env: env(),
  })
  const [, origin = ''] = await running.until(/ is at (http:\/\/localhost:\d+)/)
  const username = `ada${String(Date.now())}`
  const base = command[0] === 'protect' ? '/_nightlatch' : ''
  const at = ['--data', join(folder, 'data'), '--origin', origin]
  const added = spawnCli(['user', 'add', username, ...at], { env: env() })
  const ada = new Person(origin, { base, username, password })
  await ada.accept(/http:\S+token=[\w-]{43}/.exec(added.out)?.[0] ?? '')
  return { running, origin, ada, workers: () => childrenOf(running.pid) }
}

const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

/** The same question on so many new connections, which go to one worker after the other. */
async function statuses(ada: Person, path = '/api/v1/session', times = 12): Promise<ReadonlySet<number>> {
  const all = new Set<number>()
  for (let time = 0; time < times; time += 1) all.add((await ada.browser.get(path)).status)
  return all
}

async function counted(ada: Person, labels: string): Promise<number> {
  const { body } = await ada.browser.get('/metrics', { host: 'localhost' })
  const line = body.split('\n').find((one) => one.startsWith(`nightlatch_requests_total{${labels}}`))
  return Number(line?.split(' ').at(-1) ?? 0)
}

describe('two workers at one port', { timeout: patient(60_000) }, () => {
  it('are one server: one link to begin with, one session, one end of it', async () => {
    const { running, ada } = await started()
    expect(running.out().match(/is at http/g)).toHaveLength(1)
    expect(running.out().match(/token=/g)).toHaveLength(1)
    expect(await statuses(ada)).toEqual(new Set([200]))
    const copy = ada.browser.copy()
    await ada.browser.submit('/logout')
    for (let time = 0; time < 8; time += 1) expect((await copy.get('/api/v1/session')).status).toBe(401)
    expect(await running.stop('SIGTERM')).toBe(0)
  })

  it('take a code once, however many copies come to both', async () => {
    const { running, ada } = await started()
    await ada.browser.submit('/logout')
    await ada.password()
    const code = ada.code()
    const copies = Array.from({ length: 20 }, () => ada.browser.copy())
    const answers = await Promise.all(copies.map((one) => one.post('/mfa/verify', { otp: code })))
    expect(answers.filter(({ status, location }) => status === 303 && location === '/')).toHaveLength(1)
    expect(await running.stop('SIGINT')).toBe(0)
  })

  it('look at a wrong password as often as one server does, however many come to both', async () => {
    const { running, ada } = await started()
    await ada.browser.submit('/logout')
    const wrong = { password: 'not the passphrase' }
    const answers = await Promise.all(Array.from({ length: 16 }, () => ada.password(wrong)))
    const looked = answers.filter(({ status }) => status === 401)
    expect([looked.length, answers.filter(({ status }) => status === 429).length]).toEqual([10, 6])
    expect(await running.stop('SIGTERM')).toBe(0)
  })

  it('count together, also what one has counted that was killed', async () => {
    const { running, ada, workers } = await started()
    const asked = 'route="/api/v1/session",status="200"'
    await statuses(ada)
    for (let time = 0; time < 4; time += 1) expect(await counted(ada, asked)).toBe(12)
    const [first = 0, second] = workers()
    process.kill(first, 'SIGKILL')
    await running.until(/"event":"worker\.ended"/)
    await expect.poll(() => workers().length).toBe(2)
    expect(workers()).toContain(second)
    // Nobody was signed out, and nothing is counted twice or forgotten.
    expect(await statuses(ada)).toEqual(new Set([200]))
    expect(await counted(ada, asked)).toBe(24)
    expect(running.err()).toContain('"reason":"SIGKILL"')
    expect(await running.stop('SIGTERM')).toBe(0)
  })

  it('answer what is under way before they end, in front of an application, too', async () => {
    const application = createServer((_request, response) => {
      application.once('answer', () => response.end('late'))
      application.emit('come')
    })
    const target = `http://127.0.0.1:${await listening(application)}`
    const { running, ada, workers } = await started(['protect', target])
    const come = once(application, 'come')
    const answer = ada.browser.get('/slow')
    await come
    const ended = running.stop('SIGTERM')
    await running.until(/"event":"server.stopping"/)
    application.emit('answer')
    expect((await answer).body).toBe('late')
    expect(await ended).toBe(0)
    expect(workers).toThrow('ENOENT')
    application.close()
  })

  it('end with the process that started them', async () => {
    const { running, workers } = await started()
    const both = workers()
    await running.stop('SIGKILL')
    const isThere = (pid: number): boolean => {
      try {
        return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
      } catch {
        return false
      }
    }
    await expect.poll(() => both.some(isThere), { timeout: patient(10_000) }).toBe(false)
  })

  it('say it once when the port is taken', async () => {
    const other = createServer()
    const port = await listening(other)
    const args = ['serve', '--port', String(port), '--data', join(temporaryFolder(), 'data')]
    const { status, err } = spawnCli(args, { env: env() })
    other.close()
    expect([status, err.match(/nightlatch: /g)?.length]).toEqual([1, 1])
    expect(err).toContain(`the port ${port} is taken`)
  })
})

it('more than one worker on SQLite is refused in one line that says why', () => {
  const { status, err } = spawnCli(['serve', '--workers', '2', '--data', join(temporaryFolder(), 'data')])
  expect(status).toBe(2)
  expect(err).toBe(
    'nightlatch: NIGHTLATCH_WORKERS: more than one needs PostgreSQL (NIGHTLATCH_DATABASE_URL): SQLite has one writer ' +
      'at a time, for whom the others would stand still.\n',
  )
})
