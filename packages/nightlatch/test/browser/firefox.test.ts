/** The same passkeys in another engine, by the buttons. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApp, testPassword, type TestApp } from '../support/app.js'
import { Firefox, hasFirefox, type VirtualAuthenticator } from '../support/firefox.js'
import { patient } from '../support/pace.js'

const slow = patient(90_000)

const phone: VirtualAuthenticator = {
  protocol: 'ctap2',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
}
const plainKey: VirtualAuthenticator = {
  protocol: 'ctap1/u2f',
  transport: 'usb',
  hasResidentKey: false,
  hasUserVerification: false,
}

describe.skipIf(!hasFirefox)('Firefox', () => {
  let app: TestApp
  let origin: string
  let firefox: Firefox

  beforeAll(async () => {
    app = await startApp()
    origin = app.server.settings.origin
  })
  afterAll(() => app.close())

  async function givePassword(username: string): Promise<void> {
    await firefox.goto(`${origin}/login`)
    await firefox.fill('#username', username)
    await firefox.fill('#current-password', testPassword)
    await firefox.click('main form button[type=submit]')
  }

  async function enrol(username: string): Promise<void> {
    await app.person(username)
    await givePassword(username)
    await firefox.arrives('/mfa/setup')
    await firefox.press('Make a passkey')
    await firefox.arrives('/mfa/recovery-codes')
    await firefox.click('#saved')
    await firefox.press('Finish')
    await firefox.arrives('/')
  }

  async function signOut(): Promise<void> {
    await firefox.press('Sign out')
    await firefox.arrives('/login')
  }

  it(
    'makes a passkey at the first sign-in, and signs in with it and nothing else',
    async () => {
      firefox = await Firefox.start()
      try {
        await firefox.addAuthenticator(phone)
        await enrol('ada')
        await signOut()
        await firefox.press('Sign in with a passkey')
        await firefox.arrives('/')
        await firefox.goto(`${origin}/account`)
        const text = await firefox.text('main')
        expect(text).toContain('Your account has 1 passkey and 10 recovery codes left.')
        expect(text).toContain('Firefox on Linux')
      } finally {
        await firefox.close()
      }
    },
    slow,
  )

  it(
    'uses a security key that checks nobody after the password',
    async () => {
      firefox = await Firefox.start()
      try {
        await firefox.addAuthenticator(plainKey)
        await enrol('grace')
        await signOut()
        await givePassword('grace')
        await firefox.arrives('/mfa/passkey')
        await firefox.press('Use a passkey')
        await firefox.arrives('/')
      } finally {
        await firefox.close()
      }
    },
    slow,
  )
})
