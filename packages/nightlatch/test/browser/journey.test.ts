import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstAccountLink } from '../../src/core/accounts/administration.js'
import type { TestApp } from '../support/app.js'
import { startApp, testPassword } from '../support/app.js'
import { useChromium } from '../support/chromium.js'
import { codeAt } from '../support/other-totp.js'
import { hasZbar, readWithJsqr, readWithZbar } from '../support/qr-readers.js'
import { Visitor } from '../support/visitor.js'

const { visiting } = useChromium()

/** The QR code with 24 px of page around it, as a camera sees it. */
async function photograph(page: Page): Promise<Buffer> {
  const box = (await page.locator('.qr').boundingBox())!
  const width = page.viewportSize()!.width
  const left = Math.max(0, box.x - 24)
  const right = Math.min(width, box.x + box.width + 24)
  const clip = { x: left, y: box.y - 24, width: right - left, height: box.height + 48 }
  return page.screenshot({ clip, fullPage: true })
}

const firstLink = async (app: TestApp): Promise<string> =>
  `/invitation?token=${(await firstAccountLink(app.nightlatch.core))!.token.reveal()}`

/** How many pages were loaded and how many forms were sent since the last look. */
function countOn(page: Page): () => { loads: number; submits: number } {
  let loads = 0
  let submits = 0
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.method() === 'POST') submits += 1
  })
  page.on('response', (response) => {
    if (response.request().isNavigationRequest() && response.status() < 300) loads += 1
  })
  return () => {
    const counted = { loads, submits }
    loads = submits = 0
    return counted
  }
}

describe.each([true, false])('UX-J01 with JavaScript %s', (javaScriptEnabled) => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.close())

  it('the whole journey: invitation, password, set-up (UX-Q04, UX-Q06, UX-Q07), recovery codes (UX-R01, UX-R02, UX-R04), home, out and back in (UX-J05), also after a restart', async () => {
    await visiting({ javaScriptEnabled, acceptDownloads: true }, async (page) => {
      let ada = new Visitor(page, app)
      const counted = countOn(page)

      await ada.open(await firstLink(app))
      await ada.sees('Create the first account')
      expect(ada.path(), 'the token stands in no address').toBe('/invitation')
      await ada.type('Username', 'ada')
      await ada.type('New password', 'password')
      await ada.press('Create account')
      expect(await ada.problem()).toContain('easy to guess')
      expect(await page.getByLabel('Username').inputValue()).toBe('ada')
      await ada.type('New password', testPassword)
      await ada.press('Create account')

      // What the camera reads is what the page says, and it works.
      await ada.sees('Set up your authenticator app')
      counted()
      const uri = new URL(readWithJsqr(await photograph(page))!)
      ada.key = uri.searchParams.get('secret')!
      expect(await ada.readKey()).toBe(ada.key)

      // Neither reloads nor wrong codes change the secret.
      await ada.press('Confirm and turn on')
      expect(await ada.problem()).toContain('Enter the 6-digit code from your app')
      await page.locator('#otp').fill(codeAt(ada.key, app.clock.seconds + 180))
      await ada.press('Confirm and turn on')
      expect(await ada.problem()).toContain("Your app's clock is about 3 minutes fast")
      await page.locator('#otp').fill(ada.wrongCode())
      await ada.press('Confirm and turn on')
      expect(await ada.problem()).toContain('That code is not right. Wait for the next code')
      await ada.open('/mfa/setup')
      expect(await ada.readKey()).toBe(ada.key)

      await ada.type('Name (for example “Pixel 9”)', 'Pixel 9')
      const code = ada.nextCode()
      await page.locator('#otp').fill(`${code.slice(0, 3)} ${code.slice(3)}`)
      await ada.press('Confirm and turn on')
      await ada.sees('Save your recovery codes')
      const codes = await ada.recoveryCodes()
      expect(codes).toHaveLength(10)

      await page.reload()
      expect(await ada.recoveryCodes()).toEqual(codes)
      await ada.press('Finish')
      expect(await ada.problem()).toContain('Tick the box when you have saved your recovery codes')
      expect(await ada.recoveryCodes()).toEqual(codes)
      const waiting = page.waitForEvent('download')
      await ada.follow('Download codes')
      const download = await waiting
      const day = new Date(app.clock.seconds * 1000).toISOString().slice(0, 10)
      expect(download.suggestedFilename()).toBe(`nightlatch-recovery-codes-ada-${day}.txt`)
      const lines = readFileSync(await download.path(), 'utf8').split('\r\n')
      expect(lines.filter((line) => codes.includes(line))).toEqual(codes)
      await page.getByLabel('I have saved my recovery codes').check()
      await ada.press('Finish')
      await ada.sees('You are signed in')
      expect(await ada.text()).toContain('Pixel 9')

      // Going back shows no codes, and after signing out nothing at all.
      await ada.back()
      if (javaScriptEnabled) await ada.sees('Your account')
      expect(await ada.text()).not.toContain(codes[0])
      await ada.open('/')
      await ada.signOut()
      expect(await ada.text()).toContain('You are signed out')
      await ada.back()
      await ada.sees('Sign in')
      for (const secret of ['Pixel 9', 'Signed in as', codes[0]!])
        expect(await ada.text()).not.toContain(secret)

      await ada.open('/login')
      counted()
      await ada.signIn('ada')
      await ada.sees('You are signed in')
      expect(counted(), 'UX-J03').toEqual({ loads: 2, submits: 2 })

      app = await app.restart()
      const { key } = ada
      ada = new Visitor(page, app)
      ada.key = key
      await ada.open('/')
      await ada.sees('You are signed in')
      await ada.signOut()
      await ada.signIn('ada')
      await ada.sees('You are signed in')
      await ada.signOut()

      counted()
      await ada.givePassword('ada')
      await ada.sees('Enter your 6-digit code')
      await ada.follow('Use a recovery code')
      await ada.type('Recovery code', codes[3]!.toUpperCase().replaceAll('-', ' '))
      await ada.press('Continue')
      await ada.sees('You are signed in')
      expect(counted().loads, 'UX-J03').toBeLessThanOrEqual(3)
      await ada.done(/You signed in with a recovery code. You have 9 left/)
      expect(await ada.text()).toContain('9 recovery codes left')
    })
  })

  it('UX-J03 set-up with its recovery codes takes two forms and two pages more', async () => {
    await app.person('joan')
    await visiting({ javaScriptEnabled }, async (page) => {
      const joan = new Visitor(page, app)
      await joan.open('/login')
      const counted = countOn(page)
      await joan.givePassword('joan')
      await joan.setUp()
      await joan.sees('You are signed in')
      expect(counted()).toEqual({ loads: 3, submits: 3 })
    })
  })

  it('UX-A14 nothing is asked twice on the way', async () => {
    await app.person('mary')
    await visiting({ javaScriptEnabled }, async (page) => {
      const mary = new Visitor(page, app)
      const asked: string[] = []
      const note = async (): Promise<void> => {
        asked.push(
          ...(await page
            .locator('input:visible')
            .evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).name))),
        )
      }
      await mary.open('/login')
      await note()
      await mary.givePassword('mary')
      await mary.sees('Set up your authenticator app')
      await note()
      mary.key = await mary.readKey()
      await page.locator('#otp').fill(mary.nextCode())
      await mary.press('Confirm and turn on')
      await mary.sees('Save your recovery codes')
      await note()
      expect(asked).toEqual(['username', 'password', 'otp', 'name', 'saved'])
      expect(await page.locator('input[type="text"]').count(), 'no code is to be typed back').toBe(0)
    })
  })
})

describe('the QR code', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp({ env: { NIGHTLATCH_ISSUER: 'Acme Home & Söhne' } })
    await app.person('ada')
  })
  afterAll(() => app.close())

  const themes = ['light', 'dark', 'forced'] as const
  const readers = [['jsqr', readWithJsqr] as const, ...(hasZbar ? [['zbarimg', readWithZbar] as const] : [])]

  it('UX-Q01 is read by strict readers in every theme, on phones and desks; UX-Q03 and says what every app understands', async () => {
    for (const deviceScaleFactor of [1, 2]) {
      await visiting({ deviceScaleFactor }, async (page) => {
        const ada = new Visitor(page, app)
        await ada.givePassword('ada')
        await ada.sees('Set up your authenticator app')
        const key = await ada.readKey()
        const uri = `otpauth://totp/Acme%20Home%20%26%20S%C3%B6hne:ada%40localhost?secret=${key}&issuer=Acme%20Home%20%26%20S%C3%B6hne`
        for (const width of [1280, 320]) {
          await page.setViewportSize({ width, height: 800 })
          for (const theme of themes) {
            await page.emulateMedia({
              colorScheme: theme === 'light' ? 'light' : 'dark',
              forcedColors: theme === 'forced' ? 'active' : 'none',
            })
            const picture = await photograph(page)
            for (const [name, read] of readers)
              expect(read(picture), `${name}, ${theme}, ${width} px, ${deviceScaleFactor}x`).toBe(uri)
          }
        }
      })
    }
  })

  it('the readers above would notice an inverted code and a missing quiet zone', async () => {
    await visiting({ colorScheme: 'dark', bypassCSP: true }, async (page) => {
      const ada = new Visitor(page, app)
      await ada.givePassword('ada')
      await ada.sees('Set up your authenticator app')
      const style = await page.addStyleTag({ content: '.qr { filter: invert(1) }' })
      for (const [name, read] of readers) expect(read(await photograph(page)), name).toBeNull()
      await style.evaluate((element) => (element.textContent = '.qr { border-radius: 0; border: 0 }'))
      await page.evaluate(() => {
        const svg = document.querySelector<SVGSVGElement>('.qr svg')!
        const size = svg.viewBox.baseVal.width - 8
        svg.setAttribute('viewBox', `4 4 ${size} ${size}`)
      })
      expect(readWithJsqr(await photograph(page))).toBeNull()
    })
  })

  it('of a second authenticator has an account name of its own (UX-Q03)', async () => {
    await app.person('grace')
    await visiting({}, async (page) => {
      const grace = new Visitor(page, app)
      await grace.givePassword('grace')
      await grace.sees('Set up your authenticator app')
      const first = new URL(readWithJsqr(await photograph(page))!)
      await grace.setUp()
      await grace.open('/mfa/setup')
      const second = new URL(readWithJsqr(await photograph(page))!)
      expect(second.pathname).toBe(`${first.pathname}%20(2)`)
      expect(second.searchParams.get('secret')).not.toBe(first.searchParams.get('secret'))
    })
  })
})

describe('UX-Q08 a wrong clock', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.close())

  it.each([
    [-600, '10 minutes slow'],
    [-300, '5 minutes slow'],
    [-90, '2 minutes slow'],
    [90, '2 minutes fast'],
    [180, '3 minutes fast'],
    [600, '10 minutes fast'],
  ])('of %i seconds is named at set-up, and never at sign-in', async (offset, words) => {
    const username = `drift${offset}`
    await app.person(username)
    const browser = app.browser()
    await browser.submit('/login', { username, password: testPassword })
    const key = /id="setup-key"[^>]*>([^<]+)/.exec((await browser.get('/mfa/setup')).body)![1]!
    const drifted = (): string => codeAt(key, app.clock.seconds + offset)
    const refused = await browser.post('/mfa/setup', { otp: drifted() })
    expect(refused.status).toBe(401)
    expect(refused.body).toContain(`about ${words}`)
    await browser.submit('/mfa/setup', { otp: codeAt(key, app.clock.seconds) })
    const again = app.browser()
    await again.submit('/login', { username, password: testPassword })
    const atSignIn = await again.post('/mfa/verify', { otp: drifted() })
    expect(atSignIn.status).toBe(401)
    expect(atSignIn.body).toContain('That code is not right or has been used')
    expect(atSignIn.body).not.toMatch(/fast|slow/)
  })
})
