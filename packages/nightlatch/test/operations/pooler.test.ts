import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStorage } from '../../src/storage/index.js'
import { type Enrolled, enrolledPerson, startApp, TestClock } from '../support/app.js'
import { isSignedIn, withPassword } from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { hasProgram } from '../support/cli.js'
import { freePort } from '../../../../examples/common/proxies.mjs'
import { folderOfItsOwn, startOwnPostgres, type OwnPostgres } from '../support/own-postgres.js'
import { serverUser } from '../support/postgres-server.js'
import { until } from '../support/until.js'

const timeOuts = 'ignore_startup_parameters = statement_timeout, idle_in_transaction_session_timeout'

/** A real PgBouncer that gives each transaction whichever of its two connections is free. */
async function startPooler(target: OwnPostgres, more: string) {
  const [folder, port] = [folderOfItsOwn(), await freePort()]
  const file = join(folder, 'pgbouncer.ini')
  writeFileSync(
    file,
    `[databases]
* = host=127.0.0.1 port=${target.port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
${more}
`,
  )
  const user = serverUser()
  const asUser = user === null ? {} : { uid: user, gid: user }
  const child: ChildProcess = spawn('pgbouncer', [file], {
    ...asUser,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr?.on('data', (text: Buffer) => (said += text.toString()))
  const ended = new Promise((resolve) => child.once('close', resolve))
  await until(() => {
    if (child.exitCode !== null) throw new Error(`pgbouncer did not start: ${said}`)
    return Promise.resolve(said.includes('process up'))
  })
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      child.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

describe.skipIf(!hasProgram('pgbouncer'))(
  'behind a pooler that shares connections between transactions',
  () => {
    let postgres: OwnPostgres
    beforeAll(async () => {
      postgres = await startOwnPostgres()
    })
    afterAll(() => postgres.stop())

    it('ten people sign in at once, and a session ended on one server is dead on the other', async () => {
      const pooler = await startPooler(postgres, timeOuts)
      const env = {
        NIGHTLATCH_DATABASE_URL: pooler.url,
        NIGHTLATCH_SECRET: randomBytes(32).toString('base64'),
      }
      const clock = new TestClock()
      const [here, there] = [await startApp({ env, clock }), await startApp({ env, clock })]
      const people: Enrolled[] = []
      for (let number = 0; number < 10; number += 1) people.push(await enrolledPerson(here, `p${number}`))
      const halves = await Promise.all(people.map((person) => withPassword(there, person)))
      const replies = await Promise.all(
        halves.map((half, number) => half.post('/mfa/verify', { otp: people[number]!.phone.code() })),
      )
      expect(replies.map(({ status }) => status)).toEqual(people.map(() => 303))
      const [half] = halves as [Browser]
      const elsewhere = here.browser()
      for (const [name, value] of half.cookies) elsewhere.cookies.set(name, value)
      for (let asked = 0; asked < 200; asked += 1) expect(await isSignedIn(elsewhere)).toBe(true)
      expect((await half.post('/logout')).status).toBe(303)
      expect(await isSignedIn(elsewhere)).toBe(false)
      for (const app of [here, there]) await app.close()
      await pooler.stop()
    })

    it('that refuses our time-outs is named in one line, with what to write into its settings', async () => {
      const pooler = await startPooler(postgres, '')
      await expect(openStorage(pooler.url)).rejects.toMatchObject({
        code: 'no-access',
        message: expect.stringContaining('ignore_startup_parameters') as string,
      })
      await pooler.stop()
    })

    it('that cannot keep a promise about the disk for us is refused', async () => {
      await postgres.sql('CREATE DATABASE careless')
      await postgres.sql('ALTER DATABASE careless SET synchronous_commit TO off')
      const pooler = await startPooler(postgres, timeOuts)
      await expect(openStorage(pooler.url.replace(/postgres$/, 'careless'))).rejects.toThrow(
        'synchronous_commit',
      )
      await pooler.stop()
    })
  },
)
