import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { TestApp } from './app.js'
import { testPassword } from './app.js'
import { codeAt } from './other-totp.js'

/** A person in front of a real browser, with a phone in hand: only what can be seen and pressed. */
export class Visitor {
  readonly page: Page
  readonly app: TestApp
  /** The setup key in the authenticator app. */
  key = ''

  constructor(page: Page, app: TestApp) {
    this.page = page
    this.app = app
  }

  async open(path: string): Promise<void> {
    await this.page.goto(this.app.server.url + path)
  }

  path(): string {
    const { pathname, search } = new URL(this.page.url())
    return pathname + search
  }

  press(name: string | RegExp): Promise<void> {
    return this.page.getByRole('button', { name, exact: true }).click()
  }

  follow(name: string | RegExp): Promise<void> {
    return this.page.getByRole('link', { name, exact: true }).click()
  }

  type(label: string, text: string): Promise<void> {
    return this.page.getByLabel(label, { exact: true }).fill(text)
  }

  /** Waits for the page with this heading. */
  async sees(heading: string | RegExp): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name: heading }).waitFor()
  }

  /** Back in the history. The answer to a POST is not shown again without being asked: that is an empty page. */
  async back(): Promise<void> {
    await this.page.goBack().catch((error: unknown) => {
      if (!String(error).includes('ERR_CACHE_MISS')) throw error
    })
  }

  /** What can be read on the page. */
  text(): Promise<string> {
    return this.page.locator('body').innerText()
  }

  problem(): Promise<string> {
    return this.page.getByRole('alert').innerText()
  }

  /** The box that says what was done; it has the focus. */
  async done(words: string | RegExp): Promise<void> {
    const box = this.page.locator('.box[role="region"]')
    await expect.poll(() => box.innerText()).toMatch(words)
    await expect.poll(() => this.focused()).toMatch(/^box /)
  }

  focused(): Promise<string> {
    return this.page.evaluate(() => {
      const { activeElement: element } = document
      return element?.className || element?.id || element?.tagName || ''
    })
  }

  /** The code that the app shows next: the last one may be spent. */
  nextCode(): string {
    this.app.clock.advance(30)
    return codeAt(this.key, this.app.clock.seconds)
  }

  wrongCode(): string {
    const near = [-60, -30, 0, 30, 60].map((offset) => codeAt(this.key, this.app.clock.seconds + offset))
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((one) => !near.includes(one))!
  }

  async givePassword(username: string, password = testPassword): Promise<void> {
    if (!this.path().startsWith('/login')) await this.open('/login')
    await this.type('Username or email address', username)
    await this.type('Password', password)
    await this.press('Sign in')
  }

  async giveCode(code = this.nextCode()): Promise<void> {
    await this.sees('Enter your 6-digit code')
    await this.page.locator('#otp').fill(code)
    await this.press('Continue')
  }

  async signIn(username: string, password = testPassword): Promise<void> {
    await this.givePassword(username, password)
    await this.giveCode()
  }

  async signOut(): Promise<void> {
    await this.press('Sign out')
    await this.sees('Sign in')
  }

  /** Reads the setup key from the page, as somebody does who cannot scan. */
  async readKey(): Promise<string> {
    return (await this.page.locator('#setup-key').innerText()).replace(/\s/g, '')
  }

  async recoveryCodes(): Promise<string[]> {
    return (await this.page.locator('.recovery-code').allInnerTexts()).map((code) => code.trim())
  }

  /** From a given password to home, over set-up and recovery codes. @returns the recovery codes */
  async setUp(name = 'Pixel 9'): Promise<string[]> {
    await this.sees('Set up your authenticator app')
    this.key = await this.readKey()
    await this.type('Name (for example “Pixel 9”)', name)
    await this.page.locator('#otp').fill(this.nextCode())
    await this.press('Confirm and turn on')
    await this.sees('Save your recovery codes')
    const codes = await this.recoveryCodes()
    await this.page.getByLabel('I have saved my recovery codes').check()
    await this.press('Finish')
    return codes
  }

  /** "Confirm it is you": password and the next code. */
  async confirm(password = testPassword): Promise<void> {
    await this.sees('Confirm it is you')
    await this.type('Password', password)
    await this.page.locator('#otp').fill(this.nextCode())
    await this.press('Confirm')
  }
}

/** Takes over the cookies of somebody who signed in with a plain client: quicker than typing it all again. */
export async function bringCookies(page: Page, cookies: ReadonlyMap<string, string>): Promise<void> {
  await page
    .context()
    .addCookies(
      [...cookies].map(([name, value]) => ({ name, value, domain: 'localhost', path: '/', httpOnly: true })),
    )
}
