import { describe, expect, it } from 'vitest'
import {
  disableAccount,
  enableAccount,
  firstAccountLink,
  inviteAccount,
  setPassword,
} from '../../src/core/accounts/administration.js'
import { enrolledPerson, testPassword, useApp } from '../support/app.js'
import { accountOf, countOf, inDatabase, isSignedIn, withPassword } from '../support/attack.js'

describe('a one-time link', () => {
  const app = useApp()

  async function invite(username: string) {
    const invited = await inviteAccount(app.nightlatch.core, { username, admin: false })
    if (invited.kind !== 'invited') throw new Error(invited.why)
    return { ...invited, link: `/invitation?token=${invited.token.reveal()}` }
  }
  const choose = { new_password: 'a quite different battery' }

  it('AUTHZ-4 the first account is made with the printed link only, and once', async () => {
    expect((await app.browser().get('/invitation')).status).toBe(404)
    const guesses = ['A'.repeat(43), '', 'x', '%00', "' OR 1=1--"]
    for (const guess of guesses) {
      const browser = app.browser()
      await browser.get(`/invitation?token=${guess}`)
      expect((await browser.post('/invitation', { username: 'mallory', ...choose })).status).toBe(404)
    }
    const earlier = await firstAccountLink(app.nightlatch.core)
    const link = await firstAccountLink(app.nightlatch.core)
    const old = app.browser()
    await old.get(`/invitation?token=${earlier!.token.reveal()}`)
    expect((await old.post('/invitation', { username: 'mallory', ...choose })).status).toBe(404)
    const browser = app.browser()
    await browser.get(`/invitation?token=${link!.token.reveal()}`)
    const copy = browser.copy()
    expect((await browser.post('/invitation', { username: 'root', ...choose })).location).toBe('/mfa/setup')
    expect((await copy.post('/invitation', { username: 'mallory', ...choose })).status).toBe(404)
    expect(await firstAccountLink(app.nightlatch.core)).toBeNull()
    expect(await app.nightlatch.storage.stores.accounts.list()).toHaveLength(1)
  })

  it('RESET-8 opening it spends nothing, and its token stands in no address, page or row afterwards', async () => {
    const { token, link } = await invite('bob')
    const browser = app.browser()
    for (let time = 0; time < 3; time += 1) {
      const moved = await browser.get(link)
      expect([moved.status, moved.location]).toEqual([303, '/invitation'])
      expect(moved.headers['referrer-policy']).toMatch(/^(no-referrer|same-origin)$/)
    }
    const page = await browser.get('/invitation')
    expect(page.status).toBe(200)
    expect(page.body).not.toContain(token.reveal())
    expect(JSON.stringify(await inDatabase(app, 'SELECT * FROM invitation'))).not.toContain(token.reveal())
    expect((await browser.post('/invitation', choose)).status).toBe(303)
    expect(browser.cookies.has(app.cookieName('invitation'))).toBe(false)
  })

  it('RESET-2 works once, for three days, and not after a password was set otherwise', async () => {
    const used = await invite('carol')
    const first = app.browser()
    await first.get(used.link)
    const second = first.copy()
    await first.submit('/invitation', choose)
    expect((await second.post('/invitation', { new_password: 'the attacker’s own choice' })).status).toBe(404)
    const late = await invite('dave')
    const set = await invite('erin')
    await setPassword(app.nightlatch.core, set.account, testPassword)
    const browser = app.browser()
    await browser.get(set.link)
    expect((await browser.post('/invitation', choose)).status).toBe(404)
    app.clock.advance(3 * 86_400)
    await browser.get(late.link)
    expect((await browser.post('/invitation', choose)).status).toBe(404)
  })

  it('is nothing while the account is disabled', async () => {
    const { account, link } = await invite('frank')
    await disableAccount(app.nightlatch.core, account)
    const browser = app.browser()
    await browser.get(link)
    expect((await browser.post('/invitation', choose)).status).toBe(404)
    await enableAccount(app.nightlatch.core, account)
    expect((await browser.get('/invitation')).status).toBe(200)
  })

  it('gives no session and takes no second factor away', async () => {
    const { link } = await invite('grace')
    const browser = app.browser()
    await browser.get(link)
    const accepted = await browser.post('/invitation', {
      ...choose,
      username: 'root',
      admin: 'yes',
      is_admin: '1',
    })
    expect(accepted.location).toBe('/mfa/setup')
    expect(await isSignedIn(browser)).toBe(false)
    const grace = await accountOf(app, 'grace')
    expect([grace.admin, grace.username]).toEqual([false, 'grace'])
  })

  it('RESET-1 of an account with a second factor leads to its code', async () => {
    const ada = await enrolledPerson(app, 'ada')
    const account = await accountOf(app, 'ada')
    const { link } = await invite('helper')
    await inDatabase(app, `UPDATE invitation SET account = '${account.id}'`)
    const browser = app.browser()
    await browser.get(link)
    expect((await browser.post('/invitation', choose)).location).toBe('/mfa/verify')
    expect(await isSignedIn(browser)).toBe(false)
    expect(await isSignedIn(ada.browser)).toBe(false)
    expect(await countOf(app, `session WHERE account = '${account.id}'`)).toBe(0)
    expect((await browser.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
    expect(
      await isSignedIn(await withPassword(app, { username: 'ada', password: choose.new_password })),
    ).toBe(false)
  })
})
