import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Browser } from '../../packages/nightlatch/test/support/browser.js'
import { Person } from '../../packages/nightlatch/test/support/person.js'
import { blocksOf } from '../../test/docs/blocks.js'
import { freePort } from '../common/proxies.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
/** Next puts its own path before what `redirect` is given, unless it is a whole address. */
const belowShop = "redirect(new URL((await auth()).signInUrl('/shop/private'), process.env.ORIGIN).href)"
const ofThePage = (text: string): string => {
  const commands = blocksOf('docs/guides/frameworks/next.md').filter(({ language }) => language === 'sh')
  return commands.find((block) => block.text.includes(text))?.text ?? `echo no block has ${text}; exit 1`
}

/** The application as a reader of the page has it: its commands in an empty folder, then its files. */
function install(folder: string): void {
  const run = (script: string, cwd: string) => {
    const ran = spawnSync('bash', ['-ec', script], { cwd, encoding: 'utf8', env: environment() })
    if (ran.status !== 0) throw new Error(`${script}: ${ran.stdout}${ran.stderr}`)
  }
  const packed = mkdtempSync(join(tmpdir(), 'nightlatch-packed-'))
  run(`npm pack -w packages/otp -w packages/nightlatch --pack-destination ${packed}`, root)
  run(ofThePage('npm init -y').replaceAll('/path/to/nightlatch/', `${packed}/`), folder)
  for (const part of ['app', 'lib', 'next.config.ts'])
    cpSync(join(root, 'examples/next', part), join(folder, part), { recursive: true })
  rmSync(packed, { recursive: true })
}

/** Without vitest's NODE_ENV: it would build for another mode. */
function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => name !== 'NODE_ENV')
  return { ...Object.fromEntries(own), ...more, NEXT_TELEMETRY_DISABLED: '1' } as NodeJS.ProcessEnv
}

describe('the Next application', () => {
  let folder: string
  let server: ChildProcess
  let origin: string

  const build = () => {
    const built = spawnSync('npx', ['next', 'build'], { cwd: folder, encoding: 'utf8', env: environment() })
    expect(built.status, built.stdout + built.stderr).toBe(0)
  }

  const start = async (base = '') => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    const args = ['start', '-H', '127.0.0.1', '-p', String(port)]
    server = spawn(join(folder, 'node_modules/.bin/next'), args, {
      cwd: folder,
      env: environment({ ORIGIN: origin }),
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const home = () => fetch(`http://127.0.0.1:${port}${base}`).catch(() => null)
    await vi.waitUntil(async () => (await home())?.status === 200, { timeout: 30_000 })
  }

  const stop = async () => {
    if (server?.exitCode !== null) return
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill()
    await ended
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nightlatch-next-'))
    install(folder)
    build()
    await start()
  })

  afterAll(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const browser = () => new Browser(origin.replace('localhost', '127.0.0.1'))

  it('was built without a database', () => {
    expect(existsSync(join(folder, 'nightlatch-data'))).toBe(false)
  })

  it('sends a page to sign-in and a program a 401', async () => {
    const guarded = await browser().get('/private', page)
    expect([guarded.status, guarded.location]).toEqual([307, '/auth/login?next=%2Fprivate'])
    const api = await browser().get('/api/whoami', { accept: 'application/json' })
    expect([api.status, JSON.parse(api.body).code]).toEqual([401, 'not-signed-in'])
    const forged = { 'x-middleware-subrequest': 'middleware:middleware', 'remote-user': 'admin' }
    expect((await browser().get('/private', { ...page, ...forged })).status).toBe(307)
  })

  it('has the pages of Nightlatch with their styles, types and policies', async () => {
    const login = await browser().get('/auth/login', page)
    expect(login.status).toBe(200)
    expect(login.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(login.headers['cache-control']).toBe('no-store')
    expect(login.headers['content-security-policy']).toContain("default-src 'none'")
    const style = /href="(\/auth\/assets\/[^"]+\.css)"/.exec(login.body)?.[1] ?? ''
    const asset = await browser().get(style)
    expect([asset.status, asset.headers['content-type']]).toEqual([200, 'text/css; charset=utf-8'])
    expect((await browser().get('/auth/nowhere', page)).status).toBe(404)
    expect((await browser().send('/auth/login', { method: 'HEAD' })).status).toBe(200)
  })

  it('takes somebody from the link through set-up, code and page to sign-out, and back in', async () => {
    const ada = new Person(origin, { base: '/auth', username: 'ada', password: 'a long enough passphrase' })
    expect((await ada.accept(addUser('ada'))).status).toBe(303)
    expect(ada.recoveryCodes).toHaveLength(10)
    expect((await ada.get('/private')).body).toMatch(/Hello (?:<!-- -->)?ada/)
    expect(JSON.parse((await ada.get('/api/whoami')).body)).toEqual({ username: 'ada' })
    expect((await ada.signOut()).status).toBe(303)
    expect((await ada.get('/private')).status).toBe(307)
    expect((await ada.password()).location).toBe('/auth/mfa/verify')
    expect((await ada.get('/private')).status).toBe(307)
    expect((await ada.browser.post('/auth/mfa/verify', { otp: '000000' })).status).toBe(401)
    expect((await ada.signIn('/private')).location).toBe('/private')
    expect((await ada.get('/private')).status).toBe(200)
    expect((await ada.browser.json('GET', '/auth/api/v1/session')).status).toBe(200)
  })

  it('adds the second factor to accounts of its own', async () => {
    await stop()
    const own = readFileSync(join(folder, 'lib/auth.ts'), 'utf8')
    cpSync(join(folder, 'lib/second-factor-only.ts'), join(folder, 'lib/auth.ts'))
    build()
    await start()
    const user = new Person(origin, { base: '/auth', username: 'user1', password: 'password1' })
    expect((await user.password({ password: 'password2' })).status).toBe(401)
    expect((await user.password({ next: '/private' })).location).toBe('/auth/mfa/setup')
    expect((await user.get('/private')).status).toBe(307)
    expect((await user.setUp()).location).toBe('/private')
    expect((await user.get('/private')).body).toMatch(/Hello (?:<!-- -->)?user1/)
    writeFileSync(join(folder, 'lib/auth.ts'), own)
  }, 120_000)

  it('lives below another path, too, as the guide says', async () => {
    await stop()
    const change = (file: string, from: string, to: string) => {
      const text = readFileSync(join(folder, file), 'utf8')
      expect(text).toContain(from)
      writeFileSync(join(folder, file), text.replace(from, to))
    }
    change('next.config.ts', 'serverExternalPackages', "basePath: '/shop',\n  serverExternalPackages")
    change('lib/auth.ts', "basePath: '/auth'", "basePath: '/shop/auth'")
    change('app/private/page.tsx', "redirect((await auth()).signInUrl('/private'))", belowShop)
    change('app/auth/[[...path]]/route.ts', 'handlers(auth)', "handlers(auth, { basePath: '/shop' })")
    change('app/api/whoami/route.ts', '}),\n)', "}), { basePath: '/shop' })")
    build()
    await start('/shop')
    const api = await browser().get('/shop/api/whoami', page)
    expect([api.status, api.location]).toEqual([303, '/shop/auth/login?next=%2Fshop%2Fapi%2Fwhoami'])
    const guarded = await browser().get('/shop/private', page)
    expect(guarded.location).toBe(`${origin}/shop/auth/login?next=%2Fshop%2Fprivate`)
    const bea = new Person(origin, {
      base: '/shop/auth',
      username: 'bea',
      password: 'a long enough passphrase',
    })
    await bea.accept(addUser('bea', '/shop/auth'))
    expect((await bea.get('/shop/private')).body).toMatch(/Hello (?:<!-- -->)?bea/)
    await bea.signOut()
    expect((await bea.signIn('/shop/private')).location).toBe('/shop/private')
  }, 120_000)

  /** @returns the link that the administrator sends */
  function addUser(username: string, base = '/auth'): string {
    const bin = join(folder, 'node_modules/.bin/nightlatch')
    const args = ['user', 'add', username, '--origin', origin, '--base-path', base]
    const { stdout, stderr } = spawnSync(bin, args, { cwd: folder, encoding: 'utf8' })
    return /http:\S+token=\S+/.exec(stdout)?.[0] ?? `${stdout}${stderr}`
  }
})
