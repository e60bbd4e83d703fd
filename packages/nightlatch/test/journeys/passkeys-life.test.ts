import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { inviteAccount } from '../../src/core/accounts/administration.js'
import { accepted, api } from '../support/api.js'
import type { TestApp } from '../support/app.js'
import { recoveryCodesOf, startApp, TestClock, testPassword } from '../support/app.js'
import type { CreationOptions, RequestOptions } from '../support/authenticator.js'
import { askedOn, Authenticator } from '../support/authenticator.js'
import type { Browser } from '../support/browser.js'
import { run } from '../support/cli.js'

const dataFolder = mkdtempSync(join(tmpdir(), 'nightlatch-life-'))
const clock = new TestClock()
const old = 'https://old.example.org'
const moved = 'https://new.example.org'
let app: TestApp

const open = async (origin: string, env: Record<string, string> = {}): Promise<void> => {
  app = await startApp({ dataFolder, clock, env: { NIGHTLATCH_ORIGIN: origin, ...env } })
}
const shut = async (): Promise<void> => {
  await app.server.stop(1000)
  await app.nightlatch.close()
}
afterAll(async () => {
  await shut()
  rmSync(dataFolder, { recursive: true, force: true })
})

const press = (browser: Browser, path: string, credential: object, more: Record<string, string> = {}) =>
  browser.post(path, { credential: JSON.stringify(credential), ...more })
const givePassword = async (): Promise<Browser> => {
  const browser = app.browser()
  await browser.submit('/login', { username: 'ada', password: testPassword })
  return browser
}

it('an account has a whole life with passkeys, and nobody is locked out of it', async () => {
  await open(old)
  // Invited; the first passkey is made on the phone.
  const invited = await inviteAccount(app.nightlatch.core, { username: 'ada', admin: false })
  if (invited.kind !== 'invited') throw new Error(invited.kind)
  const phone = new Authenticator(old, { synced: true })
  let ada = app.browser()
  await ada.get(`/invitation?token=${invited.token.reveal()}`)
  await ada.submit('/invitation', { new_password: testPassword, token: invited.token.reveal() })
  const setUp = await ada.get('/mfa/setup')
  const made = await press(
    ada,
    '/mfa/setup/passkey',
    phone.create(askedOn<CreationOptions>(setUp.body.slice(setUp.body.indexOf('or-passkey')))),
    { name: 'My phone' },
  )
  expect(made).toMatchObject({ status: 303, location: '/mfa/recovery-codes' })
  const codes = recoveryCodesOf((await ada.get('/mfa/recovery-codes')).body)
  expect(codes).toHaveLength(10)
  await ada.submit('/mfa/recovery-codes', { saved: 'yes' })

  // From the next day on it signs in alone; a second one is made on a key that cannot check who holds it.
  clock.advance(24 * 3600)
  ada = app.browser()
  const asked = askedOn<RequestOptions>((await ada.get('/login')).body)
  expect(await press(ada, '/login/passkey', phone.get(asked))).toMatchObject({ status: 303, location: '/' })
  const key = new Authenticator(old, { userVerified: false })
  const add = await ada.get('/mfa/setup/passkey')
  await press(ada, '/mfa/setup/passkey', key.create(askedOn<CreationOptions>(add.body)), { name: 'Blue key' })
  expect((await ada.get('/account')).body).toContain(
    'Your account has 2 passkeys and 10 recovery codes left.',
  )

  // The key is the second step after the password.
  const withKey = await givePassword()
  const step = await withKey.get('/mfa/passkey')
  expect(await press(withKey, '/mfa/passkey', key.get(askedOn<RequestOptions>(step.body)))).toMatchObject({
    status: 303,
    location: '/',
  })

  // The phone is lost, the key is at home: a recovery code, and a new phone in the place of the lost one.
  const lost = await givePassword()
  await lost.submit('/mfa/recovery', { recovery_code: codes[0] ?? '' })
  const which = await lost.get('/mfa/setup/passkey')
  expect(which.body).toContain('Which one have you lost?')
  const replaces = /replaces=([a-z2-7]{26})">\s*<bdi>My phone/.exec(which.body)?.[1] ?? ''
  const replacing = await lost.get(`/mfa/setup/passkey?replaces=${replaces}`)
  expect(replacing.body).toContain('takes the place of')
  const newPhone = new Authenticator(old, { synced: true })
  await press(lost, '/mfa/setup/passkey', newPhone.create(askedOn<CreationOptions>(replacing.body)), {
    replaces,
  })
  expect((await lost.get('/account')).body).toContain(
    'Your account has 2 passkeys and 9 recovery codes left.',
  )
  const thief = app.browser()
  const stolen = phone.get(askedOn<RequestOptions>((await thief.get('/login')).body))
  expect((await press(thief, '/login/passkey', stolen)).status).toBe(401)

  // The site moves to another address: the passkeys stay behind, and whoever runs it is told.
  await shut()
  await open(moved, { NIGHTLATCH_FORMER_ORIGINS: old })
  const anybody = app.browser()
  expect(JSON.parse((await anybody.get('/.well-known/webauthn')).body)).toEqual({ origins: [old] })
  const doctor = await run(['doctor'], { env: { NIGHTLATCH_DATA: dataFolder, NIGHTLATCH_ORIGIN: moved } })
  expect(doctor.out + doctor.err).toContain('2 passkeys of 2 cannot be used at new.example.org')
  const there = await givePassword()
  expect((await there.get('/mfa/passkey')).body).toContain('None of your passkeys was made for this address')
  expect((await api(there, 'POST /sign-in/passkey/options')).code).toBe('no-passkey')
  await there.submit('/mfa/recovery', { recovery_code: codes[1] ?? '' })
  const again = new Authenticator(moved)
  const own = await accepted(there, 'GET /passkeys')
  const [first] = own.value['passkeys'] as readonly { id: string; usable: boolean }[]
  expect(first?.usable).toBe(false)
  const options = await accepted(there, 'POST /passkeys/options', { replaces: first?.id })
  const credential = again.create(options.value as unknown as CreationOptions)
  await accepted(there, 'POST /passkeys', { credential, replaces: first?.id })
  const back = app.browser()
  const here = askedOn<RequestOptions>((await back.get('/login')).body)
  expect(await press(back, '/login/passkey', again.get(here))).toMatchObject({ status: 303, location: '/' })
})
