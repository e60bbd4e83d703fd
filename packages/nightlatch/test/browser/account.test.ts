import { describe, expect, it } from 'vitest'
import type { Page } from 'playwright-core'
import { enrolledPerson, testPassword, useApp } from '../support/app.js'
import { useChromium } from '../support/chromium.js'
import { codeAt } from '../support/other-totp.js'
import { bringCookies, Visitor } from '../support/visitor.js'

const { visiting } = useChromium()

const app = useApp()

/** Long enough for the last proof to be stale. */
const stale = 11 * 60

/** Every change is asked about first, can be left, and is said to be done in a box that takes the focus. */
async function leaveAndComeBack(person: Visitor, keep: string, link: string | RegExp): Promise<void> {
  await person.follow(keep)
  await person.sees('Your account')
  await person.follow(link)
}

const rows = (page: Page, section: string) => page.locator(`#${section} .rows > li`)

describe.each([true, false])('UX-J01 with JavaScript %s', (javaScriptEnabled) => {
  it('UX-J10 authenticators are added, renamed and removed, but for the last one (UX-J11)', async () => {
    const username = `ada${javaScriptEnabled}`
    await app.person(username)
    await visiting({ javaScriptEnabled }, async (page) => {
      const ada = new Visitor(page, app)
      await ada.givePassword(username)
      await ada.setUp()
      await ada.follow('Manage your account')

      await ada.follow('Remove Pixel 9')
      await ada.sees('Pixel 9')
      expect(await ada.text()).toContain('This is your only second step. Add another before you remove it')
      expect(await page.getByRole('button', { name: /Remove/ }).count()).toBe(0)
      await ada.follow('Add an authenticator app')

      await ada.sees('Set up your authenticator app')
      const first = ada.key
      const second = await ada.readKey()
      expect(second).not.toBe(first)
      await ada.type('Name (for example “Pixel 9”)', 'Pixel 9')
      await page.locator('#otp').fill(codeAt(second, app.clock.seconds))
      await ada.press('Confirm and turn on')
      expect(await ada.problem()).toContain('You already have an app called Pixel 9. Choose another name')
      await ada.type('Name (for example “Pixel 9”)', 'Old tablet')
      await page.locator('#otp').fill(codeAt(second, app.clock.seconds))
      await ada.press('Confirm and turn on')
      await ada.sees('Your account')
      await ada.done(/^Done\s+Authenticator app added/)
      await page.reload()
      expect(await page.locator('.box').count(), 'it is said once').toBe(0)

      await ada.follow('Rename Old tablet')
      await leaveAndComeBack(ada, 'Cancel', 'Rename Old tablet')
      await ada.type('New name', ' ')
      await ada.press('Save')
      expect(await ada.problem()).toContain('Enter a name')
      await ada.type('New name', 'Tablet <b>at</b> home')
      await ada.press('Save')
      await ada.done(/The new name is Tablet <b>at<\/b> home/)

      await ada.follow('Remove Tablet <b>at</b> home')
      await leaveAndComeBack(ada, 'Keep it', 'Remove Tablet <b>at</b> home')
      await ada.press('Remove Tablet <b>at</b> home')
      await ada.done(/Tablet <b>at<\/b> home is removed. Codes from it have stopped working/)
      expect(await rows(page, 'authenticators').count()).toBe(1)
    })
  })

  it('the phone is changed without a gap: the old one works until the new one is confirmed', async () => {
    const { browser, username, phone } = await enrolledPerson(app, `grace${javaScriptEnabled}`)
    await visiting({ javaScriptEnabled }, async (page) => {
      await bringCookies(page, browser.cookies)
      const grace = new Visitor(page, app)
      await grace.open('/account')
      await grace.follow('Change phone')
      await grace.sees('Change your phone')
      await grace.press('Set up the new phone')
      await grace.sees('Set up your authenticator app')
      grace.key = await grace.readKey()

      const elsewhere = app.browser()
      app.clock.advance(30)
      await elsewhere.submit('/login', { username, password: testPassword })
      expect((await elsewhere.post('/mfa/verify', { otp: phone.code() })).location, 'the old phone').toBe('/')

      await page.locator('#otp').fill(grace.nextCode())
      await grace.press('Confirm and turn on')
      await grace.sees('Your account')
      await grace.done(/Your new phone is set up. Codes from the old one have stopped working/)
      expect(await rows(page, 'authenticators').count()).toBe(1)
      await grace.signOut()
      await grace.givePassword(username)
      app.clock.advance(30)
      await grace.giveCode(phone.code())
      expect(await grace.problem()).toContain('That code is not right or has been used')
      await grace.giveCode()
      await grace.sees('You are signed in')
    })
  })
})

it('a lost phone is replaced as the help page says, with one recovery code', async () => {
  const { username, recoveryCodes } = await enrolledPerson(app, 'lost')
  await visiting({}, async (page) => {
    const lost = new Visitor(page, app)
    await lost.givePassword(username)
    await lost.follow('Use a recovery code')
    await lost.type('Recovery code', recoveryCodes[0]!)
    await lost.press('Continue')
    await lost.done(/You have 9 left\. If you have lost your phone, set up a new one/)
    await lost.follow('Set up my new phone')
    await lost.sees('Set up your authenticator app')
    lost.key = await lost.readKey()
    await lost.type('Name (for example “Pixel 9”)', 'New phone')
    await page.locator('#otp').fill(lost.nextCode())
    await lost.press('Confirm and turn on')
    await lost.done(/Your new phone is set up. Codes from the old one have stopped working/)
    expect(await rows(page, 'authenticators').allInnerTexts()).toEqual([expect.stringContaining('New phone')])
    await lost.follow('Make new recovery codes')
    await lost.confirm()
    await lost.press('Make new codes')
    await lost.sees('Save your recovery codes')
  })
})

describe('UX-J01 with JavaScript false', () => {
  const javaScriptEnabled = false

  it('recovery codes are renewed behind a fresh proof, which leads back to exactly that', async () => {
    const before = await enrolledPerson(app, `joan${javaScriptEnabled}`)
    await visiting({ javaScriptEnabled }, async (page) => {
      const joan = new Visitor(page, app)
      joan.key = before.phone.key
      await joan.signIn(before.username)
      app.clock.advance(stale)
      await joan.open('/account')
      await joan.follow('Make new recovery codes')
      await joan.sees('Confirm it is you')
      expect(await joan.text()).toContain('You are about to make new recovery codes')
      await joan.confirm('not the password')
      expect(await joan.problem()).toContain('not right')
      await joan.confirm()
      await joan.sees('Make new recovery codes?')
      await leaveAndComeBack(joan, 'Keep the old ones', 'Make new recovery codes')
      await joan.press('Make new codes')
      await joan.sees('Save your recovery codes')
      await joan.done(/You have new recovery codes. The old ones have stopped working/)
      const codes = await joan.recoveryCodes()
      expect(codes.filter((code) => before.recoveryCodes.includes(code))).toEqual([])
      await page.getByLabel('I have saved my recovery codes').check()
      await joan.press('Finish')
      await joan.signOut()
      await joan.givePassword(before.username)
      await joan.follow('Use a recovery code')
      await joan.type('Recovery code', before.recoveryCodes[0]!)
      await joan.press('Continue')
      expect(await joan.problem()).toContain('That recovery code is not right, or has been used before')
      await joan.type('Recovery code', codes[0]!)
      await joan.press('Continue')
      await joan.sees('You are signed in')
    })
  })

  it('UX-J10 a remembered device is trusted no more, after a question', async () => {
    const { username, phone, browser } = await enrolledPerson(app, 'trusting')
    await browser.submit('/login', { username, password: testPassword })
    await browser.submit('/mfa/verify', { otp: phone.code(), remember: 'yes' })
    await visiting({ javaScriptEnabled }, async (page) => {
      await bringCookies(page, browser.cookies)
      const person = new Visitor(page, app)
      await person.open('/account')
      await person.follow(/^Stop trusting /)
      await leaveAndComeBack(person, 'Keep trusting it', /^Stop trusting /)
      await person.press('Stop trusting it')
      await person.done(/That device will be asked for a code again/)
      expect(await rows(page, 'trusted-devices').count()).toBe(0)
    })
  })

  it('sessions are ended, one and all others, and the password is changed', async () => {
    const { username, phone, browser } = await enrolledPerson(app, `mary${javaScriptEnabled}`)
    const signIn = async () => {
      const other = app.browser({ 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/151.0' })
      app.clock.advance(30)
      await other.submit('/login', { username, password: testPassword })
      await other.submit('/mfa/verify', { otp: phone.code() })
      expect((await other.get('/')).status).toBe(200)
      return other
    }
    const others = [await signIn(), await signIn(), await signIn()]
    await visiting({ javaScriptEnabled }, async (page) => {
      await bringCookies(page, browser.cookies)
      const mary = new Visitor(page, app)
      await mary.open('/account')
      expect(await rows(page, 'sessions').count()).toBe(4)
      expect(await rows(page, 'sessions').first().innerText(), 'one’s own comes first').toContain(
        'This device',
      )
      const link = page.locator('#sessions .row-actions a').first()
      await link.click()
      await mary.sees('Sign out Firefox on Linux?')
      await mary.follow('Leave it signed in')
      await link.click()
      await mary.press('Sign it out')
      await mary.done(/That device is signed out/)
      expect(await rows(page, 'sessions').count()).toBe(3)
      await mary.follow('Sign out everywhere else')
      await mary.sees('Sign out everywhere else?')
      await mary.press('Sign out everywhere else')
      await mary.done(/2 other devices signed out/)
      for (const other of others) expect((await other.get('/')).status).toBe(303)

      await mary.follow('Change password')
      await mary.type('Current password', testPassword)
      await mary.type('New password', 'password')
      await mary.press('Change password')
      expect(await mary.problem()).toContain('easy to guess')
      expect(await page.getByLabel('Current password', { exact: true }).inputValue()).toBe('')
      await mary.type('Current password', testPassword)
      await mary.type('New password', 'a new brass key on a hook')
      await mary.press('Change password')
      await mary.done(/Your password is changed/)
      await mary.signOut()
      await mary.givePassword(username)
      expect(await mary.problem()).toContain('The username or password is not right')
      await mary.givePassword(username, 'a new brass key on a hook')
      await mary.sees('Enter your 6-digit code')
    })
  })
})
