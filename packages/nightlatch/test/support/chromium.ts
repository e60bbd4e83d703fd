import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page, Request } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { patient } from './pace.js'

/** Machines are slow now and then; a page that does not come at all is noticed soon enough. */
const patienceMs = 20_000

export function findChromium(): string {
  const asked = process.env['CHROMIUM']
  if (asked !== undefined && asked !== '') return asked
  const found = ['chromium', 'chromium-browser', 'google-chrome']
    .map((name) => `/usr/bin/${name}`)
    .find((path) => existsSync(path))
  if (found !== undefined) return found
  throw new Error(
    'The browser tests need Chromium: `apt-get install --no-install-recommends chromium`, or name one in CHROMIUM',
  )
}

export interface Context {
  readonly page: Page
  /** What the browser complained about so far: errors, warnings, violations of the security policy. */
  readonly complaints: string[]
}

export interface Chromium {
  /** Opens a page in a context of its own, which is closed afterwards. Complaints of the browser are failures. */
  visiting<T>(options: BrowserContextOptions, visit: (page: Page, visited: Context) => Promise<T>): Promise<T>
}

/** One browser for all tests of a file, closed after the last one. */
export function useChromium(more: () => readonly string[] = () => []): Chromium {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: findChromium(),
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-dev-shm-usage',
        '--no-first-run',
        ...more(),
      ],
    })
  })
  afterAll(() => browser.close())
  return {
    visiting: async (options, visit) => {
      const context = await browser.newContext(options)
      context.setDefaultTimeout(patient(patienceMs))
      try {
        const page = await context.newPage()
        const complaints = listen(page)
        const underWay = waitedFor(page)
        const result = await visit(page, { page, complaints }).catch((error: unknown) => {
          if (error instanceof Error) error.message += `\nAt ${page.url()}, waiting for ${underWay()}`
          throw error
        })
        expect(complaints, 'what the browser complained about').toEqual([])
        return result
      } finally {
        await context.close()
      }
    },
  }
}

/** What a page has asked for and not got yet: said when a test fails. */
function waitedFor(page: Page): () => string {
  const asked = new Set<Request>()
  page.on('request', (request) => asked.add(request))
  page.on('requestfinished', (request) => asked.delete(request))
  page.on('requestfailed', (request) => asked.delete(request))
  return () => [...asked].map((one) => `${one.method()} ${one.url()}`).join(', ') || 'nothing'
}

/** A page that answers 401 or 422 is reported as an error, too: that is the answer we wanted. */
const refusedForm = /^Failed to load resource: the server responded with a status of 4\d\d/

export function listen(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    const isAsset = message.location().url.includes('/assets/')
    if (!['error', 'warning'].includes(message.type())) return
    if (!refusedForm.test(message.text()) || isAsset) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  return complaints
}
