import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { firstAccountLink, inviteAccount } from '../../src/core/accounts/administration.js'
import type { TestApp } from '../support/app.js'
import { enrolledPerson, startApp, TestClock, testPassword } from '../support/app.js'
import {
  accountOf,
  anotherSession,
  failuresOf,
  inDatabase,
  isSignedIn,
  proveAgain,
  showsNothingInside,
  withPassword,
} from '../support/attack.js'
import { Browser } from '../support/browser.js'
import { asSuperuser, databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'
import { startStoppable } from '../support/stoppable.js'
import { bin } from '../support/cli.js'

const isRoot = process.getuid?.() === 0

describe('a disk that is full', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nightlatch-full-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  /** Fills it up with sign-ins that are allowed to fail; nobody may get in by it. */
  async function fillUp(origin: string, username: string): Promise<number> {
    for (let tries = 0; tries < 3000; tries += 1) {
      const browser = new Browser(origin)
      const reply = await browser.post('/login', { username, password: testPassword })
      expect(showsNothingInside(reply)).toBe(true)
      if (reply.status >= 500) {
        expect(browser.cookies.size).toBe(0)
        return reply.status
      }
    }
    throw new Error('it never filled up')
  }

  async function withPerson(): Promise<{ app: TestApp; person: Awaited<ReturnType<typeof enrolledPerson>> }> {
    const app = await startApp({ dataFolder: folder })
    const person = await enrolledPerson(app, 'ada')
    await app.server.stop()
    await app.nightlatch.close()
    return { app, person }
  }

  it('a file that may not grow: 503, nobody in, still answering, and nothing lost once there is room', async () => {
    const { person } = await withPerson()
    const limited = await startStoppable(folder, { limit: 'ulimit -f 600' })
    try {
      expect(await fillUp(limited.origin, 'ada')).toBe(503)
      const browser = new Browser(limited.origin)
      expect((await browser.get('/healthz')).status).toBe(200)
      expect((await browser.get('/login')).status).toBe(200)
      const { cookies } = person.browser
      for (const [name, value] of cookies) browser.cookies.set(name, value)
      expect((await browser.get('/account')).status).toBe(200)
      expect((await browser.post('/logout')).status).toBe(503)
    } finally {
      await limited.end('SIGKILL')
    }
    const roomy = await startStoppable(folder)
    try {
      const browser = new Browser(roomy.origin)
      for (const [name, value] of person.browser.cookies) browser.cookies.set(name, value)
      expect((await browser.get('/account')).status).toBe(200)
      expect((await browser.post('/login', { username: 'ada', password: testPassword })).location).toBe(
        '/mfa/verify',
      )
    } finally {
      await roomy.end('SIGTERM')
    }
  })

  const canMount =
    isRoot && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', '/mnt']).status === 0
  if (canMount) spawnSync('umount', ['/mnt'])

  it.skipIf(!canMount)(
    'a full file system: the right code is not lost, and works when there is room again',
    async () => {
      const disk = join(folder, 'disk')
      mkdirSync(disk)
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=0700', 'tmpfs', disk])
      try {
        const app = await startApp({ dataFolder: join(disk, 'data') })
        const ada = await enrolledPerson(app, 'ada')
        const half = await withPassword(app, ada)
        const balloon = openSync(join(disk, 'balloon'), 'w')
        try {
          for (;;) writeSync(balloon, Buffer.alloc(4096, 1))
        } catch {
          closeSync(balloon)
        }
        expect(await fillUp(app.origin, 'ada')).toBe(503)
        const refused = await half.post('/mfa/verify', { otp: ada.phone.code() })
        expect(refused.status).toBe(503)
        expect(await isSignedIn(half)).toBe(false)
        expect((await app.browser().get('/healthz')).status).toBe(200)
        expect(await isSignedIn(ada.browser)).toBe(true)
        rmSync(join(disk, 'balloon'))
        expect((await half.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
        await app.server.stop()
        await app.nightlatch.close()
      } finally {
        spawnSync('umount', ['-l', disk])
      }
    },
  )

  it('a folder that may not be written: one clear line, and no start', async () => {
    await withPerson()
    const closed = mkdtempSync(join(tmpdir(), 'nightlatch-closed-'))
    cpSync(folder, closed, { recursive: true })
    for (const file of readdirSync(closed)) chmodSync(join(closed, file), 0o444)
    chmodSync(closed, 0o555)
    const env = { PATH: process.env['PATH'], NIGHTLATCH_DATA: closed, NIGHTLATCH_PORT: '0' }
    const nobody = isRoot ? { uid: 65_534, gid: 65_534 } : {}
    const ran = spawnSync(process.execPath, [bin, 'serve'], {
      env,
      ...nobody,
      timeout: 20_000,
      cwd: tmpdir(),
    })
    chmodSync(closed, 0o755)
    rmSync(closed, { recursive: true })
    expect(ran.status).toBe(1)
    expect(ran.stdout.toString()).toBe('')
    expect(ran.stderr.toString()).toMatch(/^nightlatch: [^\n]+\n$/)
  })
})

describe('a database that is not as it was', () => {
  const closeOnly = async (app: TestApp): Promise<void> => {
    await app.server.stop()
    await app.nightlatch.close()
  }

  it('from a newer version: a clear line, and no start', async () => {
    const app = await startApp()
    await inDatabase(app, `INSERT INTO migration (id, name, applied_at) VALUES (999, 'later', 0)`)
    await closeOnly(app)
    await expect(startApp({ dataFolder: app.dataFolder })).rejects.toMatchObject({
      code: 'newer-version',
      message: expect.stringContaining('newer version') as unknown,
    })
    rmSync(app.dataFolder, { recursive: true })
  })

  it.each([
    ['overwritten at its beginning', 0],
    ['overwritten in the middle', 4096 * 2],
  ])('%s: nobody in, and no made-up empty database in its place', async (_name, position) => {
    const app = await startApp()
    const ada = await enrolledPerson(app, 'ada')
    await closeOnly(app)
    const file = join(app.dataFolder, 'nightlatch.db')
    const handle = openSync(file, 'r+')
    writeSync(handle, Buffer.alloc(4096 * 6, 0x5a), 0, 4096 * 6, position)
    closeSync(handle)
    const again = await startApp({ dataFolder: app.dataFolder, clock: app.clock }).catch(
      (error: unknown) => error as { code: string },
    )
    if ('code' in again) expect(again.code).toBe('damaged')
    else {
      const browser = again.browser()
      const reply = await browser.post('/login', { username: 'ada', password: ada.password })
      expect([reply.status, browser.cookies.size]).toEqual([503, 0])
      expect((await again.browser().get('/healthz')).status).toBe(200)
      await closeOnly(again)
    }
    rmSync(app.dataFolder, { recursive: true })
  })

  it('that is no database at all: a clear line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-test-'))
    writeFileSync(join(folder, 'nightlatch.db'), 'Dear diary, today nothing happened. '.repeat(100))
    await expect(startApp({ dataFolder: folder })).rejects.toMatchObject({ code: 'damaged' })
    rmSync(folder, { recursive: true })
  })

  it('that takes no writes any more: 503, nobody in, pages still shown, and all well afterwards', async () => {
    const app = await startAppOn(databases[1]!)
    try {
      const ada = await enrolledPerson(app, 'ada')
      const half = await withPassword(app, ada)
      const { database } = app.nightlatch.settings
      const name = database.kind === 'postgres' ? new URL(database.url.reveal()).pathname.slice(1) : ''
      const endConnections = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND pid <> pg_backend_pid()`
      await asSuperuser(null, [
        `ALTER DATABASE ${name} SET default_transaction_read_only = on`,
        endConnections,
      ])
      const code = ada.phone.code()
      const refused = await half.post('/mfa/verify', { otp: code })
      expect([refused.status, refused.headers['set-cookie']]).toEqual([503, undefined])
      expect((await app.browser().post('/login', { username: 'ada', password: ada.password })).status).toBe(
        503,
      )
      expect((await app.browser().get('/healthz')).status).toBe(200)
      expect((await app.browser().get('/readyz')).status).toBe(503)
      await asSuperuser(null, [`ALTER DATABASE ${name} RESET default_transaction_read_only`, endConnections])
      expect((await half.post('/mfa/verify', { otp: code })).status).toBe(303)
      app.clock.advance(30)
      // Connections that are cut between two requests are nobody's trouble.
      await asSuperuser(null, [endConnections])
      expect(await isSignedIn(ada.browser)).toBe(true)
      expect(
        (await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.code() })).status,
      ).toBe(303)
    } finally {
      await app.close()
    }
  })
})

describe('a clock that jumps', () => {
  let app: TestApp
  const clock = new TestClock()
  const start = clock.seconds
  beforeEach(async () => {
    clock.seconds = start
    app = await startApp({ clock })
  })
  afterEach(() => app.close())

  const year = 365 * 86_400

  it('OPS-3 an hour ahead and back: nobody in by an old code, and nobody locked out afterwards', async () => {
    const ada = await enrolledPerson(app, 'ada')
    const spent = ada.phone.code()
    expect((await (await withPassword(app, ada)).post('/mfa/verify', { otp: spent })).status).toBe(303)
    clock.advance(30)
    const phoneTime = ada.phone.code()
    clock.advance(3600)
    const fast = await withPassword(app, ada)
    const statuses: number[] = []
    for (let time = 0; time < 6; time += 1)
      statuses.push((await fast.post('/mfa/verify', { otp: phoneTime })).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
    clock.advance(-3600)
    const back = await withPassword(app, ada)
    const early = await back.post('/mfa/verify', { otp: ada.phone.code() })
    expect([early.status, early.headers['retry-after']]).toEqual([429, '30'])
    clock.advance(30)
    expect((await back.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
    expect((await (await withPassword(app, ada)).post('/mfa/verify', { otp: spent })).status).toBe(401)
  })

  it('OPS-3 an hour back: no spent code opens again', async () => {
    const ada = await enrolledPerson(app, 'ada')
    clock.advance(3600)
    const codes: string[] = []
    for (let time = 0; time < 3; time += 1) {
      codes.push(ada.phone.code())
      expect(
        (await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.code() })).status,
      ).toBe(303)
      clock.advance(30)
    }
    clock.advance(-3600)
    for (const otp of [...codes.slice(0, 2), ada.phone.code()])
      expect((await (await withPassword(app, ada)).post('/mfa/verify', { otp })).status).toBe(401)
    expect(await failuresOf(app, await accountOf(app, 'ada'))).toBe(3)
    clock.advance(3600 + 30)
    expect((await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(
      303,
    )
  })

  it('OPS-3 ten years ahead and back: what began then is over, not good for ten years', async () => {
    const ada = await enrolledPerson(app, 'ada')
    const before = await anotherSession(app, ada)
    clock.advance(10 * year)
    expect(await isSignedIn(before)).toBe(false)
    const future = await anotherSession(app, ada, { remember: 'yes' })
    await proveAgain(app, ada, future)
    expect((await future.get('/account/password')).status).toBe(200)
    const half = await withPassword(app, ada)
    const invited = await inviteAccount(app.nightlatch.core, { username: 'bob', admin: false })
    const invitation = app.browser()
    if (invited.kind === 'invited') await invitation.get(`/invitation?token=${invited.token.reveal()}`)
    expect((await invitation.get('/invitation')).status).toBe(200)
    clock.advance(-10 * year)
    expect(await isSignedIn(future)).toBe(false)
    expect((await future.get('/account/password')).location).toMatch(/^\/login/)
    expect((await half.get('/mfa/verify')).location).toMatch(/^\/login/)
    expect((await invitation.get('/invitation')).status).toBe(404)
    const remembered = await future.post('/login', { username: 'ada', password: ada.password })
    expect(remembered.location).toBe('/mfa/verify')
    expect(await isSignedIn(before)).toBe(true)
    expect(await firstAccountLink(app.nightlatch.core)).toBeNull()
  })

  it('OPS-3 a proof from a little later than now is fresh, one from tomorrow is not', async () => {
    const ada = await enrolledPerson(app, 'ada')
    await proveAgain(app, ada)
    clock.advance(-90)
    expect((await ada.browser.get('/account/password')).status).toBe(200)
    clock.advance(-2 * 3600)
    expect((await ada.browser.get('/account/password')).status).toBe(303)
  })
})
