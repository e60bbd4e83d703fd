import { beforeAll, describe, expect, it } from 'vitest'
import type { Enrolled } from '../support/app.js'
import { enrolledPerson, recoveryCodesOf, testPassword, useApp } from '../support/app.js'
import {
  accountOf,
  countOf,
  failuresOf,
  inDatabase,
  isDenied,
  isSignedIn,
  proveAgain,
  withPassword,
} from '../support/attack.js'
import { vectors } from '../support/vectors.js'

interface RecoveryCase {
  readonly id: string
  readonly input: string
  readonly expect: 'accept' | 'reject' | 'accept_or_reject'
}
const { cases } = vectors<{ cases: RecoveryCase[] }>('recovery-code-input')

describe('a recovery code', () => {
  const app = useApp()

  const use = async (ada: Enrolled, code: string) => {
    const browser = await withPassword(app, ada)
    const reply = await browser.post('/mfa/recovery', { recovery_code: code })
    return { browser, reply, status: reply.status }
  }

  it('RC-1 is good once', async () => {
    const ada = await enrolledPerson(app, 'ada1')
    const [code] = ada.recoveryCodes
    expect((await use(ada, code!)).status).toBe(303)
    const again = await use(ada, code!)
    expect(again.status).toBe(401)
    expect(await isSignedIn(again.browser)).toBe(false)
    expect(again.reply.body).toBe((await use(ada, '0000-0000-0000-0000')).reply.body)
  })

  it('RC-4 of the old set is worth nothing once there is a new one, which is shown until it is saved', async () => {
    const ada = await enrolledPerson(app, 'ada4')
    app.clock.advance(600)
    expect((await ada.browser.post('/account/recovery-codes/renew')).location).toMatch(/^\/account\/confirm/)
    await proveAgain(app, ada)
    expect((await ada.browser.get('/account/recovery-codes/renew')).status).toBe(200)
    expect(await countOf(app, 'unsaved_codes')).toBe(0)
    expect((await ada.browser.post('/account/recovery-codes/renew')).location).toBe('/mfa/recovery-codes')
    const shown = await ada.browser.get('/mfa/recovery-codes')
    const fresh = recoveryCodesOf(shown.body)
    expect(fresh).toHaveLength(10)
    expect(shown.headers['cache-control']).toBe('no-store')
    expect(recoveryCodesOf((await ada.browser.get('/mfa/recovery-codes')).body)).toEqual(fresh)
    await ada.browser.submit('/mfa/recovery-codes', { saved: 'yes' })
    expect((await ada.browser.get('/mfa/recovery-codes')).location).toBe('/account')
    expect((await ada.browser.get('/mfa/recovery-codes/download')).status).toBe(404)
    expect((await use(ada, ada.recoveryCodes[0]!)).status).toBe(401)
    expect((await use(ada, fresh[0]!)).status).toBe(303)
  })

  it('RC-4 is shown to the session that made it and to no other', async () => {
    const ada = await enrolledPerson(app, 'ada4b')
    const eve = await enrolledPerson(app, 'eve4b')
    await proveAgain(app, ada)
    await ada.browser.submit('/account/recovery-codes/renew')
    const other = (await use(ada, 'x')).browser
    await other.submit('/mfa/verify', { otp: ada.phone.code() })
    for (const one of [other, eve.browser, app.browser()]) {
      for (const path of ['/mfa/recovery-codes', '/mfa/recovery-codes/download'])
        expect(recoveryCodesOf((await one.get(path)).body)).toEqual([])
    }
    app.clock.advance(30)
  })

  it('RC-5 lies in the database only as a slow hash with a salt of its set', async () => {
    const ada = await enrolledPerson(app, 'ada5')
    const bob = await enrolledPerson(app, 'bob5')
    const kept = JSON.stringify([
      await inDatabase(app, 'SELECT * FROM recovery_code'),
      await inDatabase(app, 'SELECT * FROM recovery_code_set'),
      await inDatabase(app, 'SELECT * FROM unsaved_codes'),
      await inDatabase(app, 'SELECT * FROM audit'),
    ])
    for (const code of [...ada.recoveryCodes, ...bob.recoveryCodes]) {
      expect(kept).not.toContain(code)
      expect(kept).not.toContain(code.replaceAll('-', ''))
    }
    const salts = await inDatabase(app, 'SELECT DISTINCT salt FROM recovery_code_set')
    expect(salts.length).toBe(await countOf(app, 'recovery_code_set'))
    for (const code of ada.recoveryCodes)
      expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/)
    expect(new Set([...ada.recoveryCodes, ...bob.recoveryCodes]).size).toBe(20)
  })

  it('RC-6 guessing has the same limits as guessing codes, over all sign-ins', async () => {
    const ada = await enrolledPerson(app, 'ada6')
    const statuses: number[] = []
    for (let time = 0; time < 6; time += 1) statuses.push((await use(ada, '0123-4567-89ab-cdef')).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
    expect((await use(ada, ada.recoveryCodes[0]!)).status).toBe(429)
    app.clock.advance(30)
    expect((await use(ada, ada.recoveryCodes[0]!)).status).toBe(303)
    expect(await failuresOf(app, await accountOf(app, 'ada6'), 'recovery')).toBe(0)
  })

  it('RC-7 the number left is told, and whoever uses the last one makes new ones first', async () => {
    const ada = await enrolledPerson(app, 'ada7')
    let last = ada.browser
    for (const [index, code] of ada.recoveryCodes.entries()) {
      const used = await use(ada, code)
      expect(used.reply.location).toBe(index < 9 ? '/' : '/account/recovery-codes/renew')
      const notice = app.notices.at(-1)
      expect(notice).toMatchObject({ kind: 'recovery-code-used', details: { left: 9 - index } })
      last = used.browser
    }
    expect((await last.get('/')).location).toBe('/account/recovery-codes/renew')
    expect((await last.post('/account/recovery-codes/renew')).location).toBe('/mfa/recovery-codes')
    expect(recoveryCodesOf((await last.get('/mfa/recovery-codes')).body)).toHaveLength(10)
    await last.submit('/mfa/recovery-codes', { saved: 'yes' })
    expect((await last.get('/')).status).toBe(200)
  })

  it('RC-8 is no fresh proof: nothing is taken away without password and another proof', async () => {
    const ada = await enrolledPerson(app, 'ada8')
    const { browser } = await use(ada, ada.recoveryCodes[0]!)
    expect(app.notices.at(-1)).toMatchObject({ kind: 'recovery-code-used' })
    const account = await accountOf(app, 'ada8')
    const [authenticator] = await app.nightlatch.storage.stores.authenticators.listOf(account.id)
    const changes: [string, Record<string, string>][] = [
      [`/account/authenticators/${authenticator!.id}/remove`, {}],
      [`/account/authenticators/${authenticator!.id}/rename`, { name: 'Mine' }],
      ['/account/recovery-codes/renew', {}],
      ['/account/password', { current_password: testPassword, new_password: 'a quite different battery' }],
    ]
    for (const [path, fields] of changes)
      expect((await browser.post(path, fields)).location, path).toMatch(/^\/account\/confirm/)
    expect((await browser.json('POST', '/api/v1/authenticators/totp')).status).toBe(201)
    expect((await browser.post(changes[0]![0])).location).toMatch(/^\/account\/confirm/)
    const confirm = (code: string) =>
      browser.post('/account/confirm/recovery', { password: testPassword, recovery_code: code })
    expect((await confirm(ada.recoveryCodes[0]!)).status).toBe(401)
    expect((await confirm(ada.recoveryCodes[1]!)).status).toBe(303)
    expect((await browser.post(changes[1]![0], { name: 'Mine' })).location).toBe('/account')
  })

  it('RC-10 there are none before an authenticator is confirmed', async () => {
    await app.person('ada10')
    const half = await withPassword(app, { username: 'ada10', password: testPassword })
    await half.get('/mfa/setup')
    for (const path of ['/mfa/recovery-codes', '/mfa/recovery-codes/download'])
      expect(isDenied(await half.get(path))).toBe(true)
    expect((await half.post('/mfa/recovery', { recovery_code: '0000-0000-0000-0000' })).location).toBe(
      '/mfa/setup',
    )
    const { id } = await accountOf(app, 'ada10')
    expect(await countOf(app, `recovery_code WHERE account = '${id}'`)).toBe(0)
  })

  describe('as people type it', () => {
    let ada: Enrolled
    let eve: Enrolled
    let old: readonly string[]
    beforeAll(async () => {
      const before = await enrolledPerson(app, 'adaTyped')
      eve = await enrolledPerson(app, 'eveTyped')
      old = before.recoveryCodes
      await proveAgain(app, before)
      await before.browser.submit('/account/recovery-codes/renew')
      const recoveryCodes = recoveryCodesOf((await before.browser.get('/mfa/recovery-codes')).body)
      ada = { ...before, recoveryCodes }
    })

    const withZeroOrOne = (codes: readonly string[]): string =>
      codes.find((code) => /[01]/.test(code)) ?? codes[3]!
    const typed: Record<string, () => string> = {
      'as-shown': () => ada.recoveryCodes[0]!,
      upper: () => ada.recoveryCodes[1]!.toUpperCase(),
      blanks: () => `  ${ada.recoveryCodes[2]!.replaceAll('-', ' ')} `,
      again: () => ada.recoveryCodes[0]!,
      'again-other-spelling': () => ada.recoveryCodes[0]!.replaceAll('-', '').toUpperCase(),
      empty: () => '',
      'other-user': () => eve.recoveryCodes[0]!,
      'old-set': () => old[0]!,
      wildcard: () => '%',
      'in-totp-field': () => ada.recoveryCodes[4]!,
      confusables: () => withZeroOrOne(ada.recoveryCodes.slice(3)).replaceAll('0', 'O').replaceAll('1', 'l'),
    }

    it.each(cases)('RC-6 $id: $expect', async ({ id, expect: wanted }) => {
      await inDatabase(app, `DELETE FROM attempt`)
      const text = typed[id]!()
      const browser = await withPassword(app, ada)
      const reply =
        id === 'in-totp-field'
          ? await browser.post('/mfa/verify', { otp: text })
          : await browser.post('/mfa/recovery', { recovery_code: text })
      expect(reply.status).toBeLessThan(500)
      if (wanted !== 'accept_or_reject') expect(reply.status === 303).toBe(wanted === 'accept')
      expect(await isSignedIn(browser)).toBe(reply.status === 303)
      // In the field for codes it is told apart, and costs neither an attempt nor the code.
      if (id === 'in-totp-field')
        expect([reply.status, await failuresOf(app, await accountOf(app, ada.username))]).toEqual([422, 0])
      if (id === 'confusables') expect(reply.status).toBe(303)
    })
  })
})
