import { describe, expect, it } from 'vitest'
import { enrolledPerson, TestClock, testPassword, useApp } from '../support/app.js'
import { accountOf, anotherSession } from '../support/attack.js'
import { Transcript } from './transcript.js'

const start = 1_800_000_000

describe('what is said and asked on the way through one’s own account', () => {
  const app = useApp({ clock: new TestClock(start) })

  it('is what is written down', async () => {
    const t = new Transcript(app)
    const ada = await enrolledPerson(app, 'ada')
    const { browser } = ada
    const account = await accountOf(app, 'ada')
    const { authenticators, sessions } = app.nightlatch.storage.stores
    const [phone] = await authenticators.listOf(account.id)
    await anotherSession(app, ada, { remember: 'yes' })
    const others = await sessions.listOf(account.id)

    t.about('The account, and who is asked for a fresh proof first')
    await t.page(browser, '/')
    await t.page(browser, '/account')
    app.clock.advance(700)
    const rename = `/account/authenticators/${phone!.id}/rename`
    const remove = `/account/authenticators/${phone!.id}/remove`
    const step = `/account/authenticators/${phone!.id}/resynchronise`
    const changes = [
      rename,
      remove,
      step,
      '/account/recovery-codes/renew',
      '/account/email',
      '/account/password',
      '/account/change-phone',
      '/mfa/setup',
      '/mfa/setup/passkey',
      '/mfa/setup/token',
    ]
    for (const path of changes) {
      await t.get(browser, path)
      await t.send(browser, path, {
        name: 'Other phone',
        otp: '123456',
        current_password: testPassword,
        new_password: 'another battery',
        authenticator: phone!.id,
        serial: '1',
        next_otp: '654321',
      })
    }

    t.about('The proof itself')
    for (const path of [
      '/account/confirm',
      '/account/confirm?next=%2Faccount%2Fpassword',
      '/account/confirm/recovery',
      '/account/confirm/passkey',
    ])
      await t.page(browser, path)
    await t.without(browser, '/account/confirm', {
      password: testPassword,
      otp: '12',
      next: '/account/password',
    })
    for (const otp of ['12', 'abcdef', '1234567', ada.phone.wrongCode(), 'AAAA-BBBB-CCCC'])
      await t.send(browser, '/account/confirm', { password: testPassword, otp })
    await t.send(browser, '/account/confirm', {
      password: 'wrong',
      otp: ada.phone.wrongCode(),
      next: '/account/email',
    })
    await t.without(browser, '/account/confirm/recovery', { password: testPassword, recovery_code: '123456' })
    for (const code of ['123456', 'AAAA', 'AAAA-BBBB-CCCC-DDDD'])
      await t.send(browser, '/account/confirm/recovery', { password: testPassword, recovery_code: code })
    app.clock.advance(3600)
    await t.send(browser, '/account/confirm', {
      password: testPassword,
      otp: ada.phone.code(),
      next: '/account/password',
    })
    app.clock.advance(30)

    t.about('The changes')
    for (const path of changes) await t.page(browser, path)
    await t.without(browser, rename, { name: '' })
    for (const name of [' ', 'x'.repeat(200), 'a\u0007b', 'Other phone'])
      await t.send(browser, rename, { name })
    await t.page(browser, '/account')
    await t.send(browser, remove)
    await t.without(browser, step, { otp: '123456', next_otp: '654321' })
    for (const [otp, next] of [
      ['12', '34'],
      ['abcdef', '123456'],
      ['123456', '123456'],
    ] as const)
      await t.send(browser, step, { otp, next_otp: next })
    await t.without(browser, '/account/password', {
      current_password: 'wrong',
      new_password: 'a quite different battery',
    })
    for (const password of [
      'short',
      'x'.repeat(2000),
      'password1234',
      'ada-ada-ada-1',
      'a\u0000quite different',
    ])
      await t.send(browser, '/account/password', { current_password: testPassword, new_password: password })
    await t.without(browser, '/account/email', { email: 'nonsense' })
    await t.without(browser, '/account/change-phone', { authenticator: 'x' })
    await t.send(browser, '/account/change-phone', { authenticator: phone!.id })
    await t.page(browser, '/mfa/setup')
    for (const otp of ['', '12', 'abcdef', '1234567', '000000', 'AAAA-BBBB-CCCC'])
      await t.send(browser, '/mfa/setup', { otp, name: 'New phone' })
    for (const name of ['x'.repeat(200), 'a\u0007b'])
      await t.send(browser, '/mfa/setup', { otp: '123456', name })

    t.about('Sessions, remembered devices and what is not there')
    for (const { id } of others) await t.page(browser, `/account/sessions/${id}/end`)
    await t.page(browser, '/account/sessions/end-others')
    const [device] = await app.nightlatch.core.queries.trustedDevices.listOf(account.id)
    await t.page(browser, `/account/trusted-devices/${device!.id}/end`)
    for (const path of [
      '/account/authenticators/:id/rename',
      '/account/authenticators/:id/remove',
      '/account/authenticators/:id/resynchronise',
      '/account/passkeys/:id/rename',
      '/account/passkeys/:id/remove',
      '/account/sessions/:id/end',
      '/account/trusted-devices/:id/end',
    ])
      for (const id of ['a'.repeat(26), 'x']) {
        await t.get(browser, path.replace(':id', id))
        await t.send(browser, path.replace(':id', id), { name: 'Mine', otp: '123456', next_otp: '123456' })
      }
    await t.send(browser, `/account/trusted-devices/${device!.id}/end`)
    await t.page(browser, '/account')
    await t.send(browser, '/account/sessions/end-others')
    await t.page(browser, '/account')
    await t.send(browser, '/account/recovery-codes/renew')
    await t.page(browser, '/mfa/recovery-codes')
    await t.get(browser, '/mfa/recovery-codes/download')
    await t.without(browser, '/mfa/recovery-codes', { saved: 'yes' })
    await t.send(browser, '/mfa/recovery-codes', { saved: 'yes' })
    await t.page(browser, '/account')
    await t.get(browser, '/mfa/recovery-codes')
    await t.page(browser, '/logout')
    await t.send(browser, '/logout')
    await t.get(browser, '/account')
    await expect(t.text).toMatchFileSnapshot('recorded/account.txt')
  })
})
