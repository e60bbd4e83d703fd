import { rmSync } from 'node:fs'
import { parseOtpauthUri, Totp } from '@nightlatch/otp'
import type { Page as Tab } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { useChromium } from '../../packages/nightlatch/test/support/chromium.js'
import { Person } from '../../packages/nightlatch/test/support/person.js'
import { readWithJsqr } from '../../packages/nightlatch/test/support/qr-readers.js'
import { freshClone, inClone } from './clone.js'
import { Page } from './page.js'
import type { Terminal } from './terminal.js'
import { patient } from '../../packages/nightlatch/test/support/pace.js'

const clone = freshClone()
const { visiting } = useChromium()
const linkIn = (terminal: Terminal): Promise<string> => terminal.saying(/http:\S+token=[\w-]{43}/)
const account = { username: 'ada', password: 'correct horse battery' }

afterAll(() => {
  rmSync(clone, { recursive: true, force: true })
})

async function working(file: string, journey: (page: Page) => Promise<void>): Promise<void> {
  const page = await Page.open(file)
  inClone(page, clone)
  try {
    await journey(page)
    await page.runRest()
  } finally {
    await page.terminal.close()
  }
}

/** What the person does in the browser, from the link to the application. */
async function createAccount(tab: Tab): Promise<Totp> {
  await tab.getByLabel('Username', { exact: true }).fill(account.username)
  await tab.getByLabel('New password', { exact: true }).fill(account.password)
  await tab.keyboard.press('Enter')
  await tab.waitForURL(/\/mfa\/setup/)
  const uri = readWithJsqr(await tab.screenshot({ fullPage: true })) ?? ''
  const read = parseOtpauthUri(uri)
  if (!read.parsed) throw new Error(`no QR code on the page: ${uri}`)
  const totp = new Totp(read.account)
  await tab.locator('input[name=otp]').fill(totp.now())
  await tab.keyboard.press('Enter')
  await tab.waitForURL(/\/mfa\/recovery-codes/)
  expect(await tab.locator('.recovery-code').count()).toBe(10)
  await tab.locator('input[name=saved]').check()
  await tab.getByRole('button', { name: 'Finish' }).click()
  return totp
}

async function signIn(tab: Tab, totp: Totp): Promise<void> {
  await tab.locator('input[name=username]').fill(account.username)
  await tab.locator('input[name=password]').fill(account.password)
  await tab.keyboard.press('Enter')
  await tab.waitForURL(/\/mfa\/verify/)
  await tab.locator('input[name=otp]').fill(totp.at(Date.now() / 1000 + 30))
  await tab.keyboard.press('Enter')
}

describe('in a fresh clone', () => {
  it(
    'the tutorial leads from nothing to a protected application, in a real browser, in two minutes',
    async () => {
      const began = Date.now()
      await working('docs/tutorials/five-minutes.md', async (page) => {
        const { terminal } = page
        await page.runThrough('node hello.mjs')
        const direct = await fetch(`http://127.0.0.1:${terminal.port(5000)}`)
        expect(await direct.text()).toContain('Hello stranger')
        await page.runThrough('token=…')
        await visiting({}, async (tab) => {
          await tab.goto(await linkIn(terminal))
          const totp = await createAccount(tab)
          await tab.getByRole('heading', { name: 'Hello ada' }).waitFor()
          expect(new URL(tab.url()).port).toBe(String(terminal.port(3000)))
          await page.runThrough('a forged Remote-User')
          await tab.getByRole('button', { name: 'Sign out' }).click()
          await tab.goto(`http://localhost:${terminal.port(3000)}/`)
          await tab.waitForURL(/_nightlatch\/login/)
          await signIn(tab, totp)
          await tab.getByRole('heading', { name: 'Hello ada' }).waitFor()
        })
        await visiting({}, async (tab) => {
          await tab.goto(`http://localhost:${terminal.port(3000)}/`)
          expect(tab.url()).toContain('/_nightlatch/login')
        })
      })
      expect(Date.now() - began).toBeLessThan(120_000)
    },
    patient(180_000),
  )

  it(
    'README.md: npm start prints a link that works once',
    async () => {
      await working('README.md', async (page) => {
        await page.runThrough('npm start')
        const origin = `http://localhost:${page.terminal.port(3000)}`
        const ada = new Person(origin, { base: '', ...account })
        expect((await ada.accept(await linkIn(page.terminal))).status).toBe(303)
        expect((await ada.get('/')).body).toContain('ada')
      })
    },
    patient(120_000),
  )

  it(
    'docs/tutorials/first-sign-in.md',
    async () => {
      await working('docs/tutorials/first-sign-in.md', async (page) => {
        await page.runThrough('token=…')
        const origin = `http://localhost:${page.terminal.port(3000)}`
        const ada = new Person(origin, { base: '', ...account })
        await ada.accept(await linkIn(page.terminal))
        expect((await ada.get('/')).status).toBe(200)
        await ada.signOut()
        expect((await ada.signIn()).location).toBe('/')
        // Ctrl-C, and once more.
        await page.terminal.endServers()
        await page.terminal.run('npm start')
        expect((await ada.get('/')).status).toBe(200)
      })
    },
    patient(120_000),
  )

  it(
    'docs/guides/in-front-of-an-application.md',
    async () => {
      await working('docs/guides/in-front-of-an-application.md', async (page) => {
        const { terminal } = page
        const { startDemoApp } = await import('../../examples/demo-app/app.mjs')
        const application = await startDemoApp(terminal.port(5000))
        try {
          await page.runThrough('nightlatch protect')
          const origin = `http://localhost:${terminal.port(3000)}`
          const ada = new Person(origin, { base: '/_nightlatch', ...account })
          expect((await ada.get('/')).status).toBe(303)
          await ada.accept(await linkIn(terminal))
          expect((await ada.get('/')).body).toContain('signed in as <strong>ada</strong>')
        } finally {
          application.close()
        }
      })
    },
    patient(120_000),
  )

  it(
    'CONTRIBUTING.md',
    async () => {
      await working('CONTRIBUTING.md', (page) => page.runRest())
    },
    patient(120_000),
  )

  it(
    'docs/guides/inside-your-application.md',
    async () => {
      await working('docs/guides/inside-your-application.md', async (page) => {
        await page.runThrough('npm pack')
        await page.terminal.run('ls nightlatch-otp-0.1.0.tgz nightlatch-0.1.0.tgz')
      })
    },
    patient(120_000),
  )

  it(
    'docs/guides/upgrade.md: from a backup to the next start',
    async () => {
      await working('docs/guides/upgrade.md', async (page) => {
        await page.terminal.run('npx nightlatch user add ada')
        await page.runThrough('nightlatch doctor')
        await page.terminal.run('npx nightlatch user list --data nightlatch-data && ls before-the-upgrade.db')
        expect(page.terminal.said).toContain('ada')
      })
    },
    patient(120_000),
  )
})
