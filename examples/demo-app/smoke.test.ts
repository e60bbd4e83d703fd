import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Totp } from '@nightlatch/otp'
import { describe, expect, it } from 'vitest'
import { Browser } from '../../packages/nightlatch/test/support/browser.js'
import { setUpKey } from '../../packages/nightlatch/test/support/app.js'
import { startDemoApp } from './app.mjs'

const start = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url))

describe('the small application', () => {
  it('leads to the pages of Nightlatch, wherever they are', async () => {
    const application = await startDemoApp(0, '/auth')
    const { body } = await new Browser(application.url).get('/')
    application.close()
    expect(body.match(/href="[^"]+\/(?:account|logout)"/g)).toEqual([
      'href="/auth/account"',
      'href="/auth/logout"',
    ])
  })
})

describe('npm run demo', () => {
  it('protects an application, says what to do in twelve lines, and leaves nothing behind', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'nightlatch-demo-test-'))
    const child = spawn(process.execPath, [start, 'demo', '--port', '0'], {
      env: { ...process.env, NIGHTLATCH_BASE_PATH: '/of-the-real-one', TMPDIR: temporary },
    })
    let [out, err] = ['', '']
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    const port = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString()
        const found = /http:\/\/localhost:(\d+)/.exec(out)
        if (found !== null) resolve(found[1] ?? '')
      })
      void ended.then(() => reject(new Error(err)))
    })
    const said = (out + err).split('\n').filter((line) => line.trim() !== '' && !line.startsWith('{'))
    expect(said.length).toBeLessThanOrEqual(12)
    expect(err).toContain('user1 with password1')

    const browser = new Browser(`http://127.0.0.1:${port}`)
    const asked = await browser.get('/notes?page=2', { accept: 'text/html' })
    expect(asked.location).toBe('/_nightlatch/login?next=%2Fnotes%3Fpage%3D2')
    const fields = { username: 'user1', password: 'password1', next: '/notes?page=2' }
    expect((await browser.post('/_nightlatch/login', fields)).location).toBe('/_nightlatch/mfa/setup')
    const key = setUpKey((await browser.get('/_nightlatch/mfa/setup')).body).replaceAll(' ', '')
    await browser.submit('/_nightlatch/mfa/setup', { otp: new Totp({ secret: key }).now() })
    const saved = await browser.post('/_nightlatch/mfa/recovery-codes', { saved: 'yes' })
    expect(saved.location).toBe('/notes?page=2')
    expect((await browser.get(saved.location)).body).toContain('signed in as <strong>user1</strong>')

    expect(readdirSync(temporary)).toHaveLength(1)
    child.kill('SIGINT')
    expect(await ended).toBe(0)
    expect(readdirSync(temporary)).toEqual([])
    rmSync(temporary, { recursive: true })
  })
})
