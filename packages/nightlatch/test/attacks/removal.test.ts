import { describe, expect, it } from 'vitest'
import { resetSecondFactor } from '../../src/core/accounts/administration.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, Phone, setUpKey, testPassword, useApp } from '../support/app.js'
import {
  accountOf,
  anotherSession,
  countOf,
  failuresOf,
  isDenied,
  isSignedIn,
  proveAgain,
  withPassword,
} from '../support/attack.js'

async function authenticatorOf(app: TestApp, username: string): Promise<string> {
  const { id } = await accountOf(app, username)
  return (await app.nightlatch.storage.stores.authenticators.listOf(id))[0]!.id
}

const remove = async (app: TestApp, ada: Enrolled, browser = ada.browser) =>
  browser.post(`/account/authenticators/${await authenticatorOf(app, ada.username)}/remove`)

describe.each(['required', 'optional'])('taking the second factor away, where it is %s', (mfa) => {
  const app = useApp({ env: { NIGHTLATCH_MFA: mfa } })

  /** Also where a second factor is optional, everybody here begins with one. */
  async function person(username: string): Promise<Enrolled> {
    if (mfa === 'required') return enrolledPerson(app, username)
    await app.person(username)
    const browser = app.browser()
    await browser.submit('/login', { username, password: testPassword })
    const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    await browser.submit('/mfa/setup', { otp: phone.code() })
    await browser.submit('/mfa/recovery-codes', { saved: 'yes' })
    app.clock.advance(30)
    return { browser, phone, recoveryCodes: [], username, password: testPassword }
  }

  it('OFF-1 needs a fresh proof, and a wrong one counts', async () => {
    const ada = await person('ada1')
    app.clock.advance(600)
    expect((await remove(app, ada)).location).toMatch(/^\/account\/confirm/)
    expect((await ada.browser.post('/account/recovery-codes/renew')).location).toMatch(/^\/account\/confirm/)
    const confirm = (fields: Record<string, string>) => ada.browser.post('/account/confirm', fields)
    await confirm({ password: 'wrong', otp: ada.phone.code() })
    await confirm({ password: testPassword, otp: ada.phone.wrongCode() })
    const account = await accountOf(app, 'ada1')
    expect(await failuresOf(app, account, 'step-up-code')).toBe(1)
    expect(await countOf(app, `audit WHERE account = '${account.id}' AND event = 'step-up.refused'`)).toBe(2)
    expect((await remove(app, ada)).location).toMatch(/^\/account\/confirm/)
    expect(account.factorCounts.totp).toBe(1)
  })

  it('OFF-2 is not for a sign-in in progress', async () => {
    const ada = await person('ada2')
    const half = await withPassword(app, ada)
    expect(isDenied(await remove(app, ada, half))).toBe(true)
    expect(isDenied(await half.post('/account/recovery-codes/renew'))).toBe(true)
    expect((await half.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
  })

  it('OFF-3 OFF-4 OFF-6 the last one: refused where it is required, else everything of it goes', async () => {
    const ada = await person('ada3')
    const other = await anotherSession(app, ada, { remember: 'yes' })
    await proveAgain(app, ada)
    const half = await withPassword(app, ada)
    const account = await accountOf(app, 'ada3')
    const before = app.notices.length
    const reply = await remove(app, ada)
    const left = {
      authenticators: await countOf(app, `authenticator WHERE account = '${account.id}'`),
      codes: await countOf(app, `recovery_code WHERE account = '${account.id}'`),
      trusted: await countOf(app, `trusted_device WHERE account = '${account.id}'`),
      others: await isSignedIn(other),
    }
    if (mfa === 'required') {
      expect(reply.status).toBe(409)
      expect(left).toEqual({ authenticators: 1, codes: 10, trusted: 1, others: true })
      return
    }
    expect(reply.status).toBe(303)
    expect(left).toEqual({ authenticators: 0, codes: 0, trusted: 0, others: false })
    expect(await isSignedIn(ada.browser)).toBe(true)
    expect(app.notices.slice(before).map((one) => one.kind)).toContain('authenticator-removed')
    expect((await half.post('/mfa/verify', { otp: ada.phone.code() })).location).toMatch(/^\/login/)
    const key = setUpKey((await ada.browser.get('/mfa/setup')).body)
    expect(new Phone(key, app.clock).code()).not.toBe(ada.phone.code())
  })

  it('OFF-4 a new password ends the other sessions, sign-ins and remembered devices, and renews the token', async () => {
    const ada = await person('ada4')
    const other = await anotherSession(app, ada, { remember: 'yes' })
    await proveAgain(app, ada)
    const half = await withPassword(app, ada)
    const old = ada.browser.copy()
    const next = 'a quite different battery'
    const changed = await ada.browser.post('/account/password', {
      current_password: testPassword,
      new_password: next,
    })
    expect(changed.location).toBe('/account')
    expect(await isSignedIn(ada.browser)).toBe(true)
    expect(await isSignedIn(other)).toBe(false)
    expect(await isSignedIn(old)).toBe(false)
    expect((await half.post('/mfa/verify', { otp: ada.phone.code() })).location).toMatch(/^\/login/)
    expect((await other.post('/login', { username: 'ada4', password: next })).location).toBe('/mfa/verify')
    expect(app.notices.at(-1)).toMatchObject({ kind: 'password-changed' })
  })

  it('CHPW-1 CHPW-2 a new password needs the current one, and guessing it has an end', async () => {
    const ada = await person('ada5')
    await proveAgain(app, ada)
    const change = (current: string) =>
      ada.browser.post('/account/password', {
        current_password: current,
        new_password: 'a quite different battery',
      })
    const statuses: number[] = []
    expect((await change('')).status).toBe(422)
    for (let time = 0; time < 11; time += 1) statuses.push((await change(`guess ${String(time)}`)).status)
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429])
    expect((await change(testPassword)).status).toBe(429)
  })

  it('OFF-7 an administrator’s reset takes everything, tells the owner and ends the sessions', async () => {
    const ada = await person('ada7')
    await anotherSession(app, ada, { remember: 'yes' })
    const account = await accountOf(app, 'ada7')
    await resetSecondFactor(app.nightlatch.core, account)
    for (const table of [
      'authenticator',
      'recovery_code',
      'trusted_device',
      'session',
      'sign_in',
      'known_device',
      'set_up',
    ])
      expect(await countOf(app, `${table} WHERE account = '${account.id}'`), table).toBe(0)
    expect(
      await countOf(app, `audit WHERE account = '${account.id}' AND event = 'account.second-factor-reset'`),
    ).toBe(1)
    expect(app.notices.at(-1)).toMatchObject({ kind: 'second-factor-reset' })
  })
})
