import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApp } from '../support/app.js'
import { enrolledPerson, Phone, recoveryCodesOf, setUpKey, startApp, testPassword } from '../support/app.js'

describe('the first sign-in', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.close())

  it('leads from the password over the set-up and the recovery codes to home, and back in with a code', async () => {
    await app.person('ada')
    const browser = app.browser()
    expect(await browser.get('/')).toMatchObject({ status: 303, location: '/login' })
    expect(await browser.post('/login', { username: 'ada', password: testPassword })).toMatchObject({
      status: 303,
      location: '/mfa/setup',
    })
    const setUp = await browser.get('/mfa/setup')
    expect(setUp.status).toBe(200)
    const phone = new Phone(setUpKey(setUp.body), app.clock)
    expect((await browser.get('/mfa/setup/qr.png')).headers['content-type']).toBe('image/png')
    expect(await browser.post('/mfa/setup', { otp: phone.code(), name: 'Pixel 9' })).toMatchObject({
      status: 303,
      location: '/mfa/recovery-codes',
    })
    expect((await browser.get('/mfa/setup/qr.png')).status).toBe(404)
    const codes = await browser.get('/mfa/recovery-codes')
    expect(recoveryCodesOf(codes.body)).toHaveLength(10)
    expect((await browser.post('/mfa/recovery-codes', {})).status).toBe(422)
    expect(await browser.post('/mfa/recovery-codes', { saved: 'yes' })).toMatchObject({
      status: 303,
      location: '/',
    })
    const home = await browser.get('/')
    expect(home.status).toBe(200)
    expect(home.body).toContain('Pixel 9')
    expect(await browser.post('/logout')).toMatchObject({ status: 303, location: '/login' })
    expect((await browser.get('/')).status).toBe(303)

    app.clock.advance(30)
    expect((await browser.post('/login', { username: 'ADA', password: testPassword })).location).toBe(
      '/mfa/verify',
    )
    expect((await browser.get('/')).status).toBe(303)
    expect(await browser.post('/mfa/verify', { otp: phone.wrongCode() })).toMatchObject({ status: 401 })
    expect(await browser.post('/mfa/verify', { otp: '12 34' })).toMatchObject({ status: 422 })
    const code = phone.code()
    expect(await browser.post('/mfa/verify', { otp: `${code.slice(0, 3)} ${code.slice(3)}` })).toMatchObject({
      status: 303,
      location: '/',
    })
    expect((await browser.get('/account')).status).toBe(200)
  })

  it('survives a restart of the server', async () => {
    const before = await enrolledPerson(app, 'grace')
    app = await app.restart()
    const browser = app.browser()
    await browser.submit('/login', { username: 'grace', password: testPassword })
    expect((await browser.post('/mfa/verify', { otp: before.phone.code() })).location).toBe('/')
  })

  it('leads somebody with the right thing in the wrong box to the right one, and counts nothing', async () => {
    const { phone, recoveryCodes } = await enrolledPerson(app, 'hedy')
    const browser = app.browser()
    await browser.submit('/login', { username: 'hedy', password: testPassword })
    const recoveryCodeAsCode = await browser.post('/mfa/verify', { otp: recoveryCodes[0]! })
    expect(recoveryCodeAsCode.status).toBe(422)
    expect(recoveryCodeAsCode.body).toMatch(
      /role="alert"[^]*<a href="\/mfa\/recovery">That looks like a recovery/,
    )
    const codeAsRecoveryCode = await browser.post('/mfa/recovery', { recovery_code: phone.code() })
    expect(codeAsRecoveryCode.status).toBe(422)
    expect(codeAsRecoveryCode.body).toContain('That looks like a code from your app')
    expect((await browser.post('/mfa/verify', { otp: phone.code() })).location).toBe('/')
  })

  it('does not speak of recovery codes to somebody who has none yet', async () => {
    await app.person('lise')
    const browser = app.browser()
    await browser.submit('/login', { username: 'lise', password: testPassword })
    const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    const refused = [await browser.post('/mfa/setup', { otp: 'k7qm-4xw4-9hd2-p3tn' })]
    for (let wrong = 0; wrong < 6; wrong += 1)
      refused.push(await browser.post('/mfa/setup', { otp: phone.wrongCode() }))
    expect(refused.map(({ status }) => status)).toEqual([422, 401, 401, 401, 401, 401, 429])
    for (const { body } of refused) expect(body.replace(/<[^>]*>/g, '')).not.toMatch(/recovery code/i)
  })

  it('takes a recovery code once', async () => {
    const { recoveryCodes } = await enrolledPerson(app, 'joan')
    const browser = app.browser()
    await browser.submit('/login', { username: 'joan', password: testPassword })
    expect(
      (await browser.post('/mfa/recovery', { recovery_code: recoveryCodes[0]!.toUpperCase() })).location,
    ).toBe('/')
    const again = app.browser()
    await again.submit('/login', { username: 'joan', password: testPassword })
    expect((await again.post('/mfa/recovery', { recovery_code: recoveryCodes[0]! })).status).toBe(401)
  })

  it('is told in the recent activity, with the name of the authenticator app that an event was about', async () => {
    const { browser } = await enrolledPerson(app, 'mary')
    const activity = async (): Promise<string> =>
      /id="activity"[^]*/.exec((await browser.get('/account')).body)![0].replace(/<[^>]*>/g, '')
    expect(await activity()).toContain('Authenticator app added: Authenticator app')
    const [, rename] = /href="([^"]*\/rename)"/.exec((await browser.get('/account')).body)!
    expect((await browser.post(rename!, { name: 'Pixel 9' })).status).toBe(303)
    expect(await activity()).toContain('Authenticator app renamed: Pixel 9')
    expect(await activity()).toContain('Authenticator app added: Pixel 9')
  })
})
