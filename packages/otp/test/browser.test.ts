/** The built package in a real browser, on a page and in a worker, with nothing but a file server. */
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const chrome = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && existsSync(path),
)
const built = existsSync(new URL('../dist/index.js', import.meta.url))
const missing = chrome === undefined ? 'no Chromium' : built ? '' : 'not built: npm run build'

const page = '<!doctype html><meta charset="utf-8"><title>smoke</title>'
const run = `const { smoke } = await import('/test/smoke.mjs')
const wrong = await smoke((name) => import('/dist/' + name + '.js'))`

/** Files of this package, and two programs. */
function answer(path: string): { type: string; body: string | Buffer } | null {
  if (path === '/') return { type: 'text/html', body: page }
  if (path === '/worker.js') return { type: 'text/javascript', body: `${run}\npostMessage(wrong)` }
  if (!/^\/(?:dist|test)\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.m?js$/.test(path)) return null
  return { type: 'text/javascript', body: readFileSync(new URL(`..${path}`, import.meta.url)) }
}

describe.skipIf(missing !== '')(`in a browser${missing && ` (skipped: ${missing})`}`, () => {
  let browser: Browser
  let tab: Page
  const server = createServer((request, response) => {
    const found = answer(request.url ?? '/')
    response.writeHead(found ? 200 : 404, { 'Content-Type': found?.type ?? 'text/plain' }).end(found?.body)
  })

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const args = ['--no-sandbox', '--disable-background-networking', '--headless']
    browser = await chromium.launch({ executablePath: chrome!, args })
    tab = await browser.newPage()
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  })

  afterAll(async () => {
    await browser.close()
    server.close()
  })

  it('everything works on a page', async () => {
    expect(await tab.evaluate(`(async () => { ${run}; return wrong })()`)).toEqual([])
  })

  it('everything works in a worker', async () => {
    const program = `new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js', { type: 'module' })
      worker.onmessage = (event) => resolve(event.data)
      worker.onerror = (event) => reject(new Error(event.message))
    })`
    expect(await tab.evaluate(program)).toEqual([])
  })
})
