import { describe, expect, it } from 'vitest'
import { enrolledPerson, Phone, setUpKey, TestClock, testPassword, useApp } from '../support/app.js'
import { Transcript } from './transcript.js'

const start = 1_800_000_000
const next = '/account/password'
const firefox = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }

const ofTheSecondStep = [
  '/mfa/verify',
  '/mfa/recovery',
  '/mfa/passkey',
  '/mfa/setup',
  '/mfa/setup/passkey',
  '/mfa/setup/token',
  '/mfa/recovery-codes',
]

describe('what is said and asked at the door', () => {
  const app = useApp({ clock: new TestClock(start) })

  it('to a stranger, and with the password', async () => {
    const t = new Transcript(app)
    const stranger = app.browser(firefox)
    t.about('Before there is anybody')
    for (const path of ['/', '/login', '/invitation', '/help']) await t.page(stranger, path)
    const ada = await enrolledPerson(app, 'ada')

    t.about('The first step')
    for (const path of [
      '/login',
      `/login?next=${encodeURIComponent(next)}`,
      '/login?next=https%3A%2F%2Fevil.example%2F',
      `/login?next=%2F${'x'.repeat(9000)}`,
      '/login?way-back=lost',
      '/login/passkey',
      '/login/passkey?next=%2Faccount',
    ])
      await t.page(stranger, path)
    await t.without(stranger, '/login', { username: 'ada', password: 'wrong', next })
    for (const username of [' ', 'ada', 'nobody', 'x'.repeat(300)])
      await t.send(stranger, '/login', { username, password: 'wrong', next: 'https://evil.example/' })
    for (const credential of ['', 'x', '{}', '{"id":"AAAA"}'])
      await t.send(stranger, '/login/passkey', { credential, next })
    for (const path of [
      ...ofTheSecondStep,
      '/mfa/recovery-codes/download',
      '/mfa/setup/qr.png',
      '/mfa/setup/qr.svg',
      '/mfa/passkey-due',
      '/logout',
      '/.well-known/change-password',
      '/.well-known/webauthn',
      '/nowhere',
    ])
      await t.get(stranger, path)
    for (const path of [...ofTheSecondStep, '/logout', '/account/password', '/password/due', '/healthz'])
      await t.send(stranger, path, { next, otp: '123456' })

    t.about('The second step')
    await t.send(stranger, '/login', { username: 'ada', password: testPassword, next })
    for (const path of ['/mfa/verify', '/mfa/recovery', '/mfa/verify?next=%2Fhelp'])
      await t.page(stranger, path)
    for (const path of [
      '/mfa/passkey',
      '/mfa/setup',
      '/mfa/setup/passkey',
      '/mfa/setup/token',
      '/mfa/recovery-codes',
      '/mfa/setup/qr.png',
      '/account',
      '/',
      '/mfa/passkey-due',
    ])
      await t.get(stranger, path)
    await t.without(stranger, '/mfa/verify', { otp: '12', next })
    for (const otp of [
      'abcdef',
      '1234567',
      'k7qm-4xw4-9hd2-p3tn',
      ada.phone.wrongCode(),
      ada.phone.wrongCode(),
    ])
      await t.send(stranger, '/mfa/verify', { otp, next })
    await t.without(stranger, '/mfa/recovery', { recovery_code: '123456', next })
    for (const code of ['123456', 'AAAA', 'k7qm-4xw4-9hd2-p3tn'])
      await t.send(stranger, '/mfa/recovery', { recovery_code: code, next })
    await t.send(stranger, '/mfa/passkey', { credential: 'x', next })
    for (const path of [
      '/mfa/setup',
      '/mfa/setup/passkey',
      '/mfa/setup/token',
      '/mfa/recovery-codes',
      '/account/password',
    ])
      await t.send(stranger, path, { otp: '123456', next })
    await t.often(3, stranger, '/mfa/verify', { otp: ada.phone.wrongCode(), next })
    await t.send(stranger, '/mfa/verify', { otp: ada.phone.wrongCode(), next })
    await t.page(stranger, '/mfa/verify')
    app.clock.advance(600)
    await t.send(stranger, '/mfa/verify', { otp: ada.phone.code(), next, remember: 'yes' })
    await t.get(stranger, '/login')
    await t.get(stranger, '/login?next=%2Fhelp')
    await t.page(stranger, '/login?restart')
    await t.get(stranger, '/mfa/verify')
    await t.get(stranger, '/mfa/passkey-due')

    t.about('A sign-in that took too long')
    const slow = app.browser()
    await t.send(slow, '/login', { username: 'ada', password: testPassword })
    app.clock.advance(901)
    await t.get(slow, '/mfa/verify')
    await t.page(slow, '/login')
    await t.page(slow, '/login')

    t.about('With a recovery code')
    const recovering = app.browser()
    await t.send(recovering, '/login', { username: 'ada', password: testPassword })
    await t.send(recovering, '/mfa/recovery', { recovery_code: ada.recoveryCodes[0]! })
    await t.page(recovering, '/account')
    await t.page(recovering, '/account/change-phone')
    await t.page(recovering, '/')
    await t.page(recovering, '/mfa/setup')

    t.about('Too many passwords')
    await t.often(40, app.browser(), '/login', { username: 'ada', password: 'wrong' })
    await t.send(app.browser(), '/login', { username: 'ada', password: 'wrong' })
    await expect(t.text).toMatchFileSnapshot('recorded/sign-in.txt')
  })

  it('to somebody who has no second factor yet', async () => {
    const t = new Transcript(app)
    await app.person('bob')
    const browser = app.browser()
    t.about('The set-up')
    await t.send(browser, '/login', { username: 'bob', password: testPassword, next })
    for (const path of [
      '/mfa/setup',
      '/mfa/setup?anew',
      '/mfa/setup?next=%2Fhelp',
      '/mfa/setup/passkey',
      '/mfa/setup/token',
    ])
      await t.page(browser, path)
    for (const path of [
      '/mfa/verify',
      '/mfa/recovery',
      '/mfa/passkey',
      '/mfa/recovery-codes',
      '/mfa/setup/qr.svg',
      '/account',
    ])
      await t.get(browser, path)
    const png = await browser.get('/mfa/setup/qr.png')
    t.about(
      `The picture: ${String(png.status)} ${String(png.headers['content-type'])} ${String(png.headers['cache-control'])}`,
    )
    await t.without(browser, '/mfa/setup', { otp: '12', name: 'Phone', next })
    for (const otp of ['abcdef', '1234567', '000000', 'k7qm-4xw4-9hd2-p3tn'])
      await t.send(browser, '/mfa/setup', { otp, name: 'Phone', next })
    for (const name of ['x'.repeat(200), 'a\u0007b', ' '])
      await t.send(browser, '/mfa/setup', { otp: '000000', name, next })
    await t.without(browser, '/mfa/setup/token', {
      serial: 'GALT-1',
      otp: '123456',
      next_otp: '654321',
      next,
    })
    for (const [serial, otp, after] of [
      ['GALT-1', '12', '123456'],
      ['GALT-1', 'abcdef', 'x'],
      ['GALT-1', '123456', '654321'],
    ] as const)
      await t.send(browser, '/mfa/setup/token', { serial, otp, next_otp: after, next })
    for (const credential of ['', 'x', '{}', '{"id":"AAAA"}'])
      await t.send(browser, '/mfa/setup/passkey', { credential, name: 'Key', next })

    t.about('A set-up that took too long')
    app.clock.advance(1801)
    await t.send(browser, '/login', { username: 'bob', password: testPassword, next })
    const page = await browser.get('/mfa/setup')
    const phone = new Phone(setUpKey(page.body), app.clock)
    app.clock.advance(880)
    await t.send(browser, '/login', { username: 'bob', password: testPassword, next })
    app.clock.advance(880)
    await t.send(browser, '/login', { username: 'bob', password: testPassword, next })
    app.clock.advance(100)
    await t.send(browser, '/mfa/setup', { otp: phone.code(), next })
    const renewed = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    await t.send(browser, '/mfa/setup', { otp: renewed.code(-600), next })
    await t.send(browser, '/mfa/setup', { otp: renewed.code(), next, name: 'Phone' })
    for (const path of ['/mfa/recovery-codes', '/mfa/setup', '/account']) await t.page(browser, path)
    await t.get(browser, '/mfa/recovery-codes/download')
    await t.without(browser, '/mfa/recovery-codes', { saved: 'yes', next })
    await t.send(browser, '/mfa/recovery-codes', { saved: 'yes', next })
    await t.get(browser, '/mfa/recovery-codes/download')
    await t.send(browser, '/mfa/recovery-codes', { saved: 'yes' })
    await expect(t.text).toMatchFileSnapshot('recorded/set-up.txt')
  })
})
