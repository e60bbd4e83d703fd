import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Totp } from '@nightlatch/otp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { setUpKey } from '../../packages/nightlatch/test/support/app.js'
import { Browser } from '../../packages/nightlatch/test/support/browser.js'

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => {
        resolve(port)
      })
    })
  })

const answers = (origin: string): Promise<number> =>
  new Browser(origin).get('/auth/healthz').then(
    ({ status }) => status,
    () => 0,
  )

describe('the tutorial in Express', () => {
  let app: ChildProcess
  let folder: string
  let origin: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nightlatch-express-'))
    const port = await freePort()
    origin = `http://127.0.0.1:${port}`
    app = spawn(process.execPath, [here('second-factor.mjs')], {
      cwd: folder,
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await vi.waitUntil(async () => (await answers(origin)) === 200, { timeout: 30_000 })
  })
  afterAll(async () => {
    const ended = new Promise((resolve) => app.once('exit', resolve))
    app.kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  })

  it('asks its own two users for a code, and shows them the page', async () => {
    const browser = new Browser(origin)
    expect((await browser.get('/', { accept: 'text/html' })).location).toBe('/auth/login?next=%2F')
    expect((await browser.post('/auth/login', { username: 'user1', password: 'password2' })).status).toBe(401)
    const signIn = { username: 'user1', password: 'password1', next: '/' }
    expect((await browser.post('/auth/login', signIn)).location).toBe('/auth/mfa/setup')
    expect((await browser.get('/', { accept: 'text/html' })).status).toBe(303)
    const key = setUpKey((await browser.get('/auth/mfa/setup')).body).replaceAll(' ', '')
    await browser.submit('/auth/mfa/setup', { otp: new Totp({ secret: key }).now() })
    expect((await browser.post('/auth/mfa/recovery-codes', { saved: 'yes' })).location).toBe('/')
    expect((await browser.get('/')).body).toBe('<h1>Welcome, user1!</h1>')
  })

  it('became so by at most ten changed lines, and the guide shows exactly these', () => {
    const lines = (file: string): string[] => readFileSync(here(file), 'utf8').split('\n')
    const [before, after] = [lines('password-only.mjs'), lines('second-factor.mjs')]
    const removed = before.filter((line) => !after.includes(line)).map((line) => `-${line}`)
    const added = after.filter((line) => !before.includes(line)).map((line) => `+${line}`)
    expect(removed.length + added.length).toBeLessThanOrEqual(10)
    const guide = readFileSync(here('../../docs/guides/inside-your-application.md'), 'utf8')
    for (const line of [...removed, ...added]) expect(guide).toContain(line)
  })
})
