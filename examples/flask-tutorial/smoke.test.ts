import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolledPerson, type Enrolled } from '../../packages/nightlatch/test/support/app.js'
import { startProtected, type Protected } from '../../packages/nightlatch/test/support/protected.js'
import { freePort } from '../common/proxies.mjs'

const folder = fileURLToPath(new URL('.', import.meta.url))
const hasFlask = findFlask()

/** On Debian as root it is installed where it is missing; anywhere else the test says that it is skipped. */
function findFlask(): boolean {
  const isThere = () => spawnSync('python3', ['-c', 'import flask']).status === 0
  if (isThere()) return true
  if (process.getuid?.() !== 0 || spawnSync('sh', ['-c', 'command -v apt-get']).status !== 0) return false
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'python3-flask'], { timeout: 120_000 })
  return isThere()
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = request({ port, host: '127.0.0.1', path: '/login', agent: false }, (response) => {
      response.resume()
      resolve(true)
    })
    asked.on('error', () => resolve(false))
    asked.end()
  })

if (!hasFlask) it.skip('the Flask application: skipped, because Flask is not installed here')

describe.skipIf(!hasFlask)('the Flask application of the tutorials behind protect', () => {
  let flask: ChildProcess
  let app: Protected
  let ada: Enrolled

  beforeAll(async () => {
    const port = await freePort()
    flask = spawn('python3', ['app.py'], {
      cwd: folder,
      env: { ...process.env, PORT: String(port), PYTHONDONTWRITEBYTECODE: '1' },
      stdio: 'ignore',
    })
    while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 50))
    app = await startProtected(undefined, { target: new URL(`http://127.0.0.1:${port}`) })
    ada = await enrolledPerson(app)
  })

  afterAll(async () => {
    flask?.kill('SIGTERM')
    await app?.close()
  })

  it('is closed to everybody else', async () => {
    const page = { accept: 'text/html' }
    expect((await app.browser().get('/login', page)).location).toBe('/_nightlatch/login?next=%2Flogin')
  })

  it('works as it did before: its own form, its own session, its own sign-out', async () => {
    const { browser } = ada
    expect((await browser.get('/')).location).toBe('/login')
    expect((await browser.post('/login', { username: 'user1', password: 'wrong' })).body).toContain('Wrong')
    const entered = await browser.post('/login', { username: 'user1', password: 'password1' })
    expect(entered).toMatchObject({ status: 302, location: '/' })
    expect((await browser.get('/')).body).toContain('Hello, user1!')
    expect((await browser.get('/logout')).location).toBe('/login')
  })

  it('was not changed for it', () => {
    const text = readFileSync(`${folder}app.py`, 'utf8')
    expect(text).not.toMatch(/nightlatch|remote.user|otp/i)
  })
})
