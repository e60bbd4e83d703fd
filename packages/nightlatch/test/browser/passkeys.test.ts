import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApp } from '../support/app.js'
import { enrolledPerson, recoveryCodesOf, startApp, testPassword } from '../support/app.js'
import { useChromium } from '../support/chromium.js'
import { patient } from '../support/pace.js'
import { addAuthenticator } from '../support/virtual-authenticator.js'

const slow = patient(90_000)

describe('passkeys in a real browser', () => {
  const chromium = useChromium()
  let app: TestApp
  let origin: string
  let number = 0

  beforeAll(async () => {
    app = await startApp()
    origin = app.server.settings.origin
  })
  afterAll(() => app.close())

  /** A browser that has passkeys and does not offer them in the field: Chromium's own person would take it at once. */
  const withButtonOnly = (page: Page): Promise<unknown> =>
    page.addInitScript(() => {
      PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false)
    })

  const newName = async (): Promise<string> => {
    number += 1
    const username = `ada${number}`
    await app.person(username)
    return username
  }

  async function givePassword(page: Page, username: string): Promise<void> {
    await page.goto(`${origin}/login`)
    await page.fill('#username', username)
    await page.fill('#current-password', testPassword)
    await page.click('main form button[type=submit]')
  }

  /** Through the first sign-in, with a passkey instead of an app. */
  async function enrol(page: Page, username: string): Promise<readonly string[]> {
    await givePassword(page, username)
    await page.waitForURL('**/mfa/setup')
    await page.getByRole('button', { name: 'Make a passkey' }).click()
    await page.waitForURL('**/mfa/recovery-codes')
    const codes = recoveryCodesOf(await page.content())
    await page.check('#saved')
    await page.getByRole('button', { name: 'Finish' }).click()
    await page.waitForURL(`${origin}/`)
    return codes
  }

  const signOut = async (page: Page): Promise<void> => {
    await page.goto(`${origin}/`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/login')
  }

  it(
    'is made instead of an app at the first sign-in, and signs in with the button and nothing else',
    () =>
      chromium.visiting({}, async (page) => {
        await withButtonOnly(page)
        await addAuthenticator(page)
        const codes = await enrol(page, await newName())
        expect(codes).toHaveLength(10)
        await signOut(page)
        await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
        await page.waitForURL(`${origin}/`)
        await page.goto(`${origin}/account`)
        const text = await page.innerText('main')
        expect(text).toContain('Your account has 1 passkey and 10 recovery codes left.')
        expect(text).toContain('Chrome on Linux')
        expect(text).toContain('On one device only')
        expect(text).toContain('Signed in with passkey')
      }),
    slow,
  )

  it(
    'is filled in by itself where the browser offers it with the saved names',
    () =>
      chromium.visiting({}, async (page) => {
        const authenticator = await addAuthenticator(page)
        await enrol(page, await newName())
        await authenticator.setPresence(false)
        await signOut(page)
        // Nobody presses anything: the virtual person picks the passkey as soon as somebody is there.
        await expect
          .poll(async () => {
            await authenticator.setPresence(false)
            await authenticator.setPresence(true)
            await page.waitForURL(`${origin}/`, { timeout: 3000 }).catch(() => page.reload())
            return page.url()
          })
          .toBe(`${origin}/`)
      }),
    slow,
  )

  it(
    'with a key that cannot check its owner: after the password only, and for a fresh proof together with it',
    () =>
      chromium.visiting({}, async (page) => {
        await withButtonOnly(page)
        await addAuthenticator(page, { protocol: 'u2f', transport: 'usb' })
        const username = await newName()
        await enrol(page, username)
        await page.goto(`${origin}/account`)
        expect(await page.innerText('#passkeys')).toContain('Counts after the password only')
        await signOut(page)
        await givePassword(page, username)
        await page.waitForURL('**/mfa/passkey')
        await page.getByRole('button', { name: 'Use a passkey' }).click()
        await page.waitForURL(`${origin}/`)
        app.clock.advance(3600)
        await page.goto(`${origin}/account/recovery-codes/renew`)
        await page.waitForURL('**/account/confirm/passkey**')
        await page.getByRole('button', { name: 'Use a passkey' }).click()
        await page.waitForSelector('#current-password')
        expect(await page.innerText('main')).toContain('does not check who holds it')
        await page.fill('#current-password', testPassword)
        await page.getByRole('button', { name: 'Use a passkey' }).click()
        await page.waitForURL('**/account/recovery-codes/renew')
      }),
    slow,
  )

  it(
    'beside an app: the page for the code has the button, also with the device to be remembered',
    () =>
      chromium.visiting({}, async (page) => {
        await withButtonOnly(page)
        await addAuthenticator(page, { synced: true })
        const username = await newName()
        await enrol(page, username)
        await page.goto(`${origin}/mfa/setup`)
        const key = (await page.innerText('#setup-key')).replaceAll(' ', '')
        const { Phone } = await import('../support/phone.js')
        await page.fill('#otp', new Phone(key, app.clock).code())
        await page.getByRole('button', { name: 'Confirm and turn on' }).click()
        await page.waitForURL('**/account')
        expect(await page.innerText('#passkeys')).toContain('Synced to your other devices')
        await signOut(page)
        await givePassword(page, username)
        await page.waitForURL('**/mfa/verify')
        await page.check('#remember')
        await page.getByRole('button', { name: 'Use a passkey' }).click()
        await page.waitForURL(`${origin}/`)
        await signOut(page)
        await givePassword(page, username)
        await page.waitForURL(`${origin}/`)
      }),
    slow,
  )

  it(
    'is renamed, a second one is added, and one is removed; the last one stays',
    () =>
      chromium.visiting({}, async (page) => {
        const first = await addAuthenticator(page)
        await enrol(page, await newName())
        await page.goto(`${origin}/account`)
        await page.getByRole('link', { name: 'Rename Chrome on Linux' }).click()
        await page.fill('#name', 'My laptop')
        await page.getByRole('button', { name: 'Save' }).click()
        await page.waitForURL('**/account')
        expect(await page.innerText('#passkeys')).toContain('My laptop')
        // The device that has one already says so, and nothing is sent.
        await page.getByRole('link', { name: 'Add a passkey' }).click()
        await page.getByRole('button', { name: 'Make a passkey' }).click()
        await page.getByText('This device has a passkey for your account already.').waitFor()
        await first.remove()
        await addAuthenticator(page, { transport: 'usb' })
        await page.fill('#name', 'Blue key')
        await page.getByRole('button', { name: 'Make a passkey' }).click()
        await page.waitForURL('**/account')
        expect(await page.innerText('main')).toContain('Passkey added')
        await page.getByRole('link', { name: 'Remove My laptop' }).click()
        await page.getByRole('button', { name: 'Remove My laptop' }).click()
        await page.waitForURL('**/account')
        expect(await page.innerText('main')).toContain(
          'My laptop is removed. Delete it in your password manager',
        )
        await page.getByRole('link', { name: 'Remove Blue key' }).click()
        expect(await page.innerText('main')).toContain('This is your only second step')
      }),
    slow,
  )

  it(
    'that is given up says what to do after a press of the button, and the password works as before',
    () =>
      chromium.visiting({}, async (page) => {
        await withButtonOnly(page)
        const authenticator = await addAuthenticator(page)
        const username = await newName()
        await enrol(page, username)
        await authenticator.setUserVerified(false)
        await signOut(page)
        await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
        await page.getByText('The passkey request was closed or took too long.').waitFor()
        await givePassword(page, username)
        await page.waitForURL('**/mfa/passkey')
      }),
    slow,
  )

  it(
    'answers a challenge that is too old: told so on a fresh page, where it works',
    () =>
      chromium.visiting({}, async (page) => {
        await withButtonOnly(page)
        await addAuthenticator(page)
        await enrol(page, await newName())
        await signOut(page)
        app.clock.advance(360)
        await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
        await page.getByText('it took longer than 5 minutes').first().waitFor()
        await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
        await page.waitForURL(`${origin}/`)
      }),
    slow,
  )

  it(
    'in two windows: each has a challenge of its own',
    () =>
      chromium.visiting({}, async (page) => {
        await withButtonOnly(page)
        await addAuthenticator(page)
        await enrol(page, await newName())
        await signOut(page)
        const other = await page.context().newPage()
        await other.goto(`${origin}/login`)
        await page.bringToFront()
        await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
        await page.waitForURL(`${origin}/`)
      }),
    slow,
  )

  it(
    'is made on the way by a browser that has filled in the password: offered on home, with a button for the others',
    () =>
      chromium.visiting({}, async (page) => {
        // Chromium makes one on the way only with its own password manager, which nobody has here.
        await page.addInitScript(() => {
          const create = navigator.credentials.create.bind(navigator.credentials)
          PublicKeyCredential.getClientCapabilities = () => Promise.resolve({ conditionalCreate: true })
          navigator.credentials.create = (options) =>
            (options as { mediation?: string }).mediation === 'conditional'
              ? create({ publicKey: options!.publicKey! })
              : Promise.reject(new Error('pressed'))
        })
        await addAuthenticator(page, { synced: true })
        const ada = await enrolledPerson(app, 'ada-offer')
        await givePassword(page, ada.username)
        await page.waitForURL('**/mfa/verify')
        await page.fill('#otp', ada.phone.code())
        await page.click('main form button[type=submit]')
        await page.getByText('Passkey added. You can sign in with it from now on.').waitFor()
        expect(new URL(page.url()).pathname).toBe('/')
        await page.goto(`${origin}/account`)
        expect(await page.innerText('#passkeys')).toContain('Chrome on Linux')
      }),
    slow,
  )

  it(
    'without JavaScript nothing of it is shown, and an app is set up as ever',
    () =>
      chromium.visiting({ javaScriptEnabled: false }, async (page) => {
        const username = await newName()
        await page.goto(`${origin}/login`)
        expect(await page.isVisible('form.passkey')).toBe(false)
        await givePassword(page, username)
        await page.waitForURL('**/mfa/setup')
        expect(await page.isVisible('form.passkey')).toBe(false)
        expect(await page.isVisible('#or-passkey')).toBe(false)
        expect(await page.isVisible('#otp')).toBe(true)
        await page.goto(`${origin}/mfa/setup/passkey`)
        expect(await page.innerText('main')).toContain('This browser cannot use passkeys here.')
      }),
    slow,
  )

  it(
    'at an IP address nothing of it is offered, for browsers would refuse it',
    () =>
      chromium.visiting({}, async (page) => {
        const there = await startApp({ env: { NIGHTLATCH_ORIGIN: 'http://127.0.0.1:8080' } })
        await page.goto(`${there.origin}/login`)
        expect(await page.locator('form.passkey').count()).toBe(0)
        await there.close()
      }),
    slow,
  )
})
