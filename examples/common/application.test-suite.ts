import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { spawnCli } from '../../packages/nightlatch/test/support/cli.js'
import { Person } from '../../packages/nightlatch/test/support/person.js'
import { compile, lendPackages } from './compile.js'
import { freePort } from './proxies.mjs'

const password = 'a long enough passphrase'
const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }

interface Running {
  readonly folder: string
  readonly origin: string
  stop(): Promise<void>
}

/** Starts one file of an example in an empty folder, as its user does. */
async function start(example: string, file: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), `nightlatch-${example}-`))
  compile(fileURLToPath(new URL(`../${example}/`, import.meta.url)), folder)
  lendPackages(folder)
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const child: ChildProcess = spawn(process.execPath, [`${file}.js`], {
    cwd: folder,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const answers = () => fetch(`http://127.0.0.1:${port}/auth/healthz`).catch(() => null)
  await vi.waitUntil(async () => (await answers())?.status === 200, { timeout: 30_000 })
  return {
    folder,
    origin,
    stop: async () => {
      child.kill()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What every framework's example has to do: its two files are started, and somebody goes the whole way. */
export function applications(example: string): void {
  describe(`the ${example} application`, () => {
    let app: Running
    beforeAll(async () => {
      app = await start(example, 'app')
    })
    afterAll(() => app.stop())

    it('shows its public page to everybody, sends a page to sign-in and a program a 401', async () => {
      const { browser } = new Person(app.origin, { base: '/auth', username: 'nobody', password })
      expect((await browser.get('/', page)).body).toContain('Everybody sees this')
      const guarded = await browser.get('/private?tab=2', page)
      expect([guarded.status, guarded.location]).toEqual([303, '/auth/login?next=%2Fprivate%3Ftab%3D2'])
      expect((await browser.get('/private', { accept: 'application/json' })).status).toBe(401)
    })

    it('lets somebody in by link, code and recovery codes, and out again', async () => {
      const database = ['--data', join(app.folder, 'nightlatch-data'), '--base-path', '/auth']
      const added = spawnCli(['user', 'add', 'ada', ...database, '--origin', app.origin])
      const ada = new Person(app.origin, { base: '/auth', username: 'ada', password })
      await ada.accept(/http:\S+token=\S+/.exec(added.out)?.[0] ?? added.err)
      expect((await ada.get('/private')).body).toBe('Hello ada')
      expect((await ada.signOut()).status).toBe(303)
      expect((await ada.get('/private')).status).toBe(303)
      expect((await ada.signIn('/private')).location).toBe('/private')
      expect((await ada.get('/private')).body).toBe('Hello ada')
    })
  })

  describe(`the ${example} application with users of its own`, () => {
    let app: Running
    beforeAll(async () => {
      app = await start(example, 'second-factor-only')
    })
    afterAll(() => app.stop())

    it('asks them for their own password, then for a code', async () => {
      const user = new Person(app.origin, { base: '/auth', username: 'user1', password: 'password1' })
      expect((await user.password({ password: 'password2' })).status).toBe(401)
      expect((await user.password({ next: '/private' })).location).toBe('/auth/mfa/setup')
      expect((await user.get('/private')).status).toBe(303)
      expect((await user.setUp()).location).toBe('/private')
      expect((await user.get('/private')).body).toBe('Hello user1')
      await user.signOut()
      expect((await user.signIn('/private')).location).toBe('/private')
    })
  })
}
