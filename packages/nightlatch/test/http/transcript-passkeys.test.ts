import { describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { inviteAccount } from '../../src/core/accounts/administration.js'
import { invitationPath } from '../../src/core/accounts/invitation.js'
import { addInvitations } from '../../src/core/registration/invitations.js'
import { registrationPath } from '../../src/core/registration/open-invitation.js'
import { fullHasher } from '../core/people.js'
import { accepted } from '../support/api.js'
import { enrolledPerson, Phone, setUpKey, TestClock, testPassword, useApp } from '../support/app.js'
import { proveAgain, withPassword } from '../support/attack.js'
import {
  askedOn,
  Authenticator,
  type CreationOptions,
  type RequestOptions,
} from '../support/authenticator.js'
import type { Browser } from '../support/browser.js'
import { Transcript } from './transcript.js'

const start = 1_800_000_000
const next = '/account/password'
const unknown = 'a'.repeat(26)

/** What a browser sends that has made a passkey, or used one. */
const made = (key: Authenticator, body: string): string =>
  JSON.stringify(key.create(askedOn<CreationOptions>(body)))
const used = (key: Authenticator, body: string): string =>
  JSON.stringify(key.get(askedOn<RequestOptions>(body)))

describe('what is said about passkeys', () => {
  const app = useApp({ clock: new TestClock(start) })
  const origin = (): string => app.server.settings.origin

  it('as the first second factor, at the door, and for a fresh proof', async () => {
    const t = new Transcript(app)
    await app.person('ada')
    const key = new Authenticator(origin())
    const browser = await withPassword(app, { username: 'ada', password: testPassword })
    t.about('The first one')
    const page = await t.page(browser, '/mfa/setup/passkey')
    for (const name of ['x'.repeat(300), 'a\u0007b'])
      await t.send(browser, '/mfa/setup/passkey', { credential: made(key, page.body), name, next })
    const again = await browser.get('/mfa/setup/passkey')
    await t.send(browser, '/mfa/setup/passkey', { credential: made(key, again.body), name: 'Key', next })
    await t.page(browser, '/mfa/recovery-codes')
    await t.send(browser, '/mfa/recovery-codes', { saved: 'yes' })
    await t.page(browser, '/account')
    for (const path of [
      '/mfa/passkey-due',
      '/mfa/passkey-due?next=%2Faccount',
      '/account/confirm',
      '/account/confirm/passkey',
      '/account/change-phone',
      '/mfa/setup',
      '/mfa/setup/token',
      '/login/passkey',
    ])
      await t.page(browser, path)

    t.about('Alone, at the door')
    const door = app.browser()
    const login = await door.get('/login')
    await t.send(door, '/login/passkey', { credential: used(new Authenticator(origin()), login.body), next })
    const fresh = await door.get('/login')
    await t.send(door, '/login/passkey', { credential: used(key, fresh.body), next })
    await t.page(door, '/')
    t.about('After the password')
    const half = app.browser()
    await t.send(half, '/login', { username: 'ada', password: testPassword, next })
    const step = await t.page(half, '/mfa/passkey')
    for (const path of ['/mfa/verify', '/mfa/recovery', '/mfa/setup', '/mfa/setup/passkey'])
      await t.page(half, path)
    for (const credential of ['', 'x', '{}']) await t.send(half, '/mfa/passkey', { credential, next })
    await t.send(half, '/mfa/verify', { otp: '123456', next })
    await t.send(half, '/mfa/recovery', { recovery_code: '123456', next })
    await t.send(half, '/mfa/passkey', { credential: used(new Authenticator(origin()), step.body), next })
    const last = await half.get('/mfa/passkey')
    await t.send(half, '/mfa/passkey', { credential: used(key, last.body), next, remember: 'yes' })

    t.about('A fresh proof')
    app.clock.advance(700)
    for (const path of [
      '/account/confirm/passkey',
      '/account/confirm/passkey?next=%2Faccount%2Fpassword',
      '/account/confirm/recovery',
    ])
      await t.page(half, path)
    for (const credential of ['', 'x', '{}'])
      await t.send(half, '/account/confirm/passkey', { credential, next })
    await t.send(half, '/account/confirm/passkey', { credential: '{}', password: 'wrong', next })
    const proof = await half.get('/account/confirm/passkey')
    await t.send(half, '/account/confirm/passkey', { credential: used(key, proof.body), next })

    t.about('One of several')
    const { passkeys } = (await accepted(half, 'GET /passkeys')).value as { passkeys: { id: string }[] }
    const own = `/account/passkeys/${passkeys[0]?.id ?? ''}`
    for (const path of [
      `${own}/rename`,
      `${own}/remove`,
      '/mfa/setup/passkey',
      `/mfa/setup/passkey?replaces=${passkeys[0]?.id ?? ''}`,
      `/mfa/setup/passkey?replaces=${unknown}`,
    ])
      await t.page(half, path)
    for (const name of ['', ' ', 'x'.repeat(300), 'a\u0007b', 'Key'])
      await t.send(half, `${own}/rename`, { name })
    await t.send(half, `${own}/remove`)
    const more = await half.get('/mfa/setup/passkey')
    await t.send(half, '/mfa/setup/passkey', { credential: made(key, more.body), name: 'Key' })
    const other = new Authenticator(origin())
    const second = await half.get('/mfa/setup/passkey')
    await t.send(half, '/mfa/setup/passkey', { credential: made(other, second.body), name: 'Key' })
    const third = await half.get('/mfa/setup/passkey')
    await t.send(half, '/mfa/setup/passkey', { credential: made(other, third.body), name: 'Other', next })
    const setUp = await half.get('/mfa/setup')
    await t.send(half, '/mfa/setup', {
      otp: new Phone(setUpKey(setUp.body), app.clock).code(),
      name: 'Phone',
    })
    await t.page(half, '/account')
    await t.page(half, `${own}/remove`)
    await t.send(half, `${own}/rename`, { name: ' Old key ' })
    await t.send(half, `${own}/remove`)
    await t.page(half, '/account')
    await expect(t.text).toMatchFileSnapshot('recorded/passkeys.txt')
  })

  it('that do not check who holds them, and after a code', async () => {
    const t = new Transcript(app)
    const bob = await enrolledPerson(app, 'bob')
    await proveAgain(app, bob)
    t.about('The offer')
    await t.page(bob.browser, '/')
    await t.page(bob.browser, '/account')
    const door = await withPassword(app, bob)
    await t.send(door, '/mfa/verify', { otp: bob.phone.code() })
    app.clock.advance(30)
    const offered = await t.page(door, '/')
    await t.page(door, '/')
    await t.send(door, '/mfa/setup/passkey', { credential: made(new Authenticator(origin()), offered.body) })
    await expect(t.text).toMatchFileSnapshot('recorded/passkey-offer.txt')
  })
})

describe('what is said while nothing can be hashed', () => {
  const app = useApp({ clock: new TestClock(start), env: { NIGHTLATCH_REGISTRATION: 'invitation' } })

  it('is that it is busy, at every door', async () => {
    const t = new Transcript(app)
    const ada = await enrolledPerson(app, 'ada')
    await app.person('bob')
    await proveAgain(app, ada)
    const half = await withPassword(app, ada)
    const link = await inviteAccount(app.nightlatch.core, { username: 'carol', admin: false })
    const open = await addInvitations(app.nightlatch.core, {}, atTheCommandLine)
    if (link.kind !== 'invited' || open.kind !== 'invited') throw new Error('nobody was invited')
    const newcomer = await withPassword(app, { username: 'bob', password: testPassword })
    const phone = new Phone(setUpKey((await newcomer.get('/mfa/setup')).body), app.clock)
    const pending = (await accepted(newcomer, 'POST /authenticators/totp', {})).value as { id: string }
    const key = new Authenticator(origin(app))
    const page = await newcomer.get('/mfa/setup/passkey')
    for (const core of [app.nightlatch.core, app.server.services.core])
      Object.assign(core, { passwords: fullHasher })
    const stranger = app.browser()
    const [invited, guest] = [app.browser(), app.browser()]
    await t.get(invited, invitationPath(link.token))
    await t.get(guest, registrationPath(open.made[0]!.token))
    const forms: readonly (readonly [Browser, string, Record<string, string>])[] = [
      [stranger, '/login', { username: 'ada', password: testPassword }],
      [half, '/mfa/recovery', { recovery_code: ada.recoveryCodes[0]! }],
      [newcomer, '/mfa/setup', { otp: phone.code() }],
      [newcomer, '/mfa/setup/passkey', { credential: made(key, page.body) }],
      [
        ada.browser,
        '/account/password',
        { current_password: testPassword, new_password: 'a quite different battery' },
      ],
      [ada.browser, '/account/confirm', { password: testPassword, otp: ada.phone.code() }],
      [
        ada.browser,
        '/account/confirm/recovery',
        { password: testPassword, recovery_code: ada.recoveryCodes[0]! },
      ],
      [ada.browser, '/account/recovery-codes/renew', {}],
      [invited, '/invitation', { new_password: 'a quite different battery' }],
      [guest, '/register', { username: 'eve', new_password: 'a quite different battery' }],
    ]
    for (const [browser, path, fields] of forms) await t.send(browser, path, fields)
    const calls: readonly (readonly [Browser, string, object])[] = [
      [stranger, 'POST /sign-in', { username: 'ada', password: testPassword }],
      [half, 'POST /sign-in/recovery', { recoveryCode: ada.recoveryCodes[0] }],
      [newcomer, `POST /authenticators/totp/${pending.id}/confirm`, { otp: phone.code() }],
      [ada.browser, 'POST /password', { current: testPassword, next: 'a quite different battery' }],
      [ada.browser, 'POST /session/verify', { password: testPassword, otp: ada.phone.code() }],
      [ada.browser, 'POST /recovery-codes', {}],
    ]
    for (const [browser, call, body] of calls) await t.json(browser, call, body)
    await expect(t.text).toMatchFileSnapshot('recorded/busy.txt')
  })
})

const origin = (app: { server: { settings: { origin: string } } }): string => app.server.settings.origin
