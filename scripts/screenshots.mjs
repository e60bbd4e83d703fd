/**
 * Takes the pictures of the documentation: a server with throw-away data, a real browser, day and night.
 *
 *     npm run build && node scripts/screenshots.mjs [folder]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { Totp } from '../packages/otp/dist/index.js'
import { openNightlatch } from '../packages/nightlatch/dist/compose/open.js'
import { readSettings } from '../packages/nightlatch/dist/config/read.js'
import { addAccount } from '../packages/nightlatch/dist/core/accounts/administration.js'
import { nodePlatform } from '../packages/nightlatch/dist/crypto/platform.js'
import { serve } from '../packages/nightlatch/dist/compose/http-server.js'
import { smallPng } from './small-png.mjs'

const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/images/', import.meta.url))
const username = 'ada'
const password = 'a brass key on a hook'
const themes = { day: 'light', night: 'dark' }
const desk = { width: 1280, height: 860 }
const phone = { width: 390, height: 844 }
const common = { locale: 'en-GB', timezoneId: 'Europe/Berlin' }
/** So much of what is beside the page's card is shown: the rest says nothing. */
const beside = 80

const clock = { seconds: Date.UTC(2026, 10, 21, 14, 17) / 1000 }

async function openServer(dataFolder) {
  const read = readSettings({ env: { NIGHTLATCH_PORT: '0', NIGHTLATCH_DATA: dataFolder } })
  if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
  const platform = { ...nodePlatform, nowSeconds: () => clock.seconds }
  const nightlatch = await openNightlatch(read.settings, { platform })
  const log = { warn: () => undefined, error: (...what) => console.error(...what) }
  const server = await serve(nightlatch, log)
  const wishes = { username, name: 'Ada Lovelace', admin: false }
  const added = await addAccount(nightlatch.core, wishes, { password })
  if (added.kind !== 'added') throw new Error(JSON.stringify(added))
  const close = async () => {
    await server.stop(1000)
    await nightlatch.close()
  }
  return { origin: server.url, close }
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).click()

async function givePassword(page, origin) {
  await page.goto(`${origin}/login`)
  await page.fill('#username', username)
  await page.fill('#current-password', password)
  await press(page, 'Sign in')
}

/** Two pictures of the page as it is now; of a long one only the beginning. */
async function take(page, name, { isLong = false } = {}) {
  for (const [theme, colorScheme] of Object.entries(themes)) {
    await page.emulateMedia({ colorScheme })
    await page.evaluate('document.activeElement?.blur()')
    const { width, height } = page.viewportSize()
    const footer = await page.locator('.bottom').boundingBox()
    // A picture of more than the window would be taken without the touch screen, so the window grows.
    const card = await page.locator('.door').boundingBox()
    const shown = Math.min(width, Math.ceil(card.width) + 2 * beside)
    const tall = Math.ceil(Math.min(footer.y + footer.height + 40, isLong ? 1180 : Infinity))
    await page.setViewportSize({ width, height: Math.max(height, tall) })
    const clip = { x: (width - shown) / 2, y: 0, width: shown, height: tall }
    const file = join(folder, `${name}-${theme}.png`)
    const picture = smallPng(await page.screenshot({ clip }))
    await page.setViewportSize({ width, height })
    writeFileSync(file, picture)
    console.log(`${(picture.length / 1024).toFixed(1).padStart(6)} KB  ${file}`)
  }
}

/** The same page in the same person's hand. */
async function onPhone(page, name) {
  const context = await page
    .context()
    .browser()
    .newContext({
      ...common,
      viewport: phone,
      deviceScaleFactor: 1.5,
      isMobile: true,
      hasTouch: true,
      storageState: await page.context().storageState(),
    })
  const other = await context.newPage()
  await other.goto(page.url())
  await take(other, `${name}-phone`)
  await context.close()
}

async function story(page, origin) {
  await page.goto(`${origin}/login`)
  await take(page, 'sign-in')
  await givePassword(page, origin)
  await take(page, 'set-up')
  await onPhone(page, 'set-up')
  const app = new Totp({ secret: (await page.textContent('#setup-key')).replaceAll(' ', '') })
  await page.fill('#name', 'Pixel 9')
  await page.fill('#otp', app.at(clock.seconds))
  await press(page, 'Confirm and turn on')
  await take(page, 'recovery-codes')
  const [code] = await page.locator('.recovery-code').allTextContents()
  await page.check('#saved')
  await press(page, 'Finish')
  clock.seconds += 40 * 60
  await page.goto(`${origin}/logout`)
  await press(page, 'Sign out')
  await givePassword(page, origin)
  await take(page, 'code')
  await onPhone(page, 'code')
  await page.fill('#otp', app.at(clock.seconds))
  await press(page, 'Continue')
  await take(page, 'home')
  return { code, app }
}

/** A second device by a recovery code, and a second authenticator: an account that has been lived with. */
async function live(page, origin, { code, app }) {
  const agent =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1'
  const context = await page.context().browser().newContext({ userAgent: agent })
  const other = await context.newPage()
  clock.seconds += 3 * 3600
  await givePassword(other, origin)
  await other.getByRole('link', { name: 'Use a recovery code' }).click()
  await other.fill('#recovery-code', code)
  await press(other, 'Continue')
  await context.close()
  await page.goto(`${origin}/account/confirm?next=/mfa/setup`)
  await page.fill('#current-password', password)
  await page.fill('#otp', app.at(clock.seconds))
  await page.locator('main button[type=submit]').click()
  const tablet = new Totp({ secret: (await page.textContent('#setup-key')).replaceAll(' ', '') })
  await page.fill('#name', 'Tablet at home')
  await page.fill('#otp', tablet.at(clock.seconds))
  await press(page, 'Confirm and turn on')
  await page.waitForURL(`${origin}/account`)
}

const dataFolder = mkdtempSync(join(tmpdir(), 'nightlatch-pictures-'))
mkdirSync(folder, { recursive: true })
const { origin, close } = await openServer(dataFolder)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking', '--disable-dev-shm-usage'],
})
try {
  const context = await browser.newContext({ ...common, viewport: desk, deviceScaleFactor: 1.5 })
  const page = await context.newPage()
  await live(page, origin, await story(page, origin))
  await page.goto(`${origin}/account`)
  await take(page, 'account', { isLong: true })
} finally {
  await browser.close()
  await close()
  rmSync(dataFolder, { recursive: true, force: true })
}
