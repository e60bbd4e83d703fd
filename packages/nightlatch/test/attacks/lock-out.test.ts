import { describe, expect, it } from 'vitest'
import type { Enrolled } from '../support/app.js'
import { enrolledPerson, useApp } from '../support/app.js'
import { isSignedIn, proveAgain, withPassword } from '../support/attack.js'

const stranger = { 'x-forwarded-for': '198.51.100.66' }
const home = { 'x-forwarded-for': '203.0.113.5' }

describe('a stranger who only knows the name', () => {
  const app = useApp({ env: { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })

  const hammer = async (ada: Enrolled): Promise<void> => {
    for (let time = 0; time < 100; time += 1) {
      const headers = { 'x-forwarded-for': `10.1.${String(time)}.1` }
      await app.browser(headers).refused('/login', { username: ada.username, password: 'not it at all' })
    }
  }

  it('LOCK-1 cannot lock the owner out of a browser that has signed in before', async () => {
    const ada = await enrolledPerson(app, 'ada')
    await ada.browser.submit('/logout')
    await hammer(ada)
    const elsewhere = await app.browser(home).post('/login', { username: 'ada', password: ada.password })
    expect(elsewhere.status).toBe(429)
    const { username, password } = ada
    const own = await ada.browser.post('/login', { username, password }, home)
    expect(own.location).toBe('/mfa/verify')
    expect((await ada.browser.post('/mfa/verify', { otp: ada.phone.code() }, home)).status).toBe(303)
  })

  it('LOCK-1 cannot stop the code of a sign-in whose password is given', async () => {
    const ada = await enrolledPerson(app, 'ada2')
    const browser = await withPassword(app, ada, home)
    await hammer(ada)
    expect((await browser.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
  })

  it('LOCK-1 cannot keep a signed-in owner from proving it is them, or from a new password', async () => {
    const ada = await enrolledPerson(app, 'ada3')
    await hammer(ada)
    expect((await proveAgain(app, ada)).status).toBe(303)
    const changed = await ada.browser.post('/account/password', {
      current_password: ada.password,
      new_password: 'a quite different battery',
    })
    expect(changed.location).toBe('/account')
    expect(await isSignedIn(ada.browser)).toBe(true)
  })

  it('LOCK-1 a known browser of one account is a stranger to another', async () => {
    const ada = await enrolledPerson(app, 'ada4')
    const eve = await enrolledPerson(app, 'eve4')
    const statuses: number[] = []
    for (let time = 0; time < 11; time += 1) {
      const wrong = { username: ada.username, password: 'not it at all' }
      statuses.push((await eve.browser.post('/login', wrong, stranger)).status)
    }
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429])
  })

  it('LOCK-1 the known browser itself may not guess for ever either', async () => {
    const ada = await enrolledPerson(app, 'ada5')
    await ada.browser.submit('/logout')
    const statuses: number[] = []
    for (let time = 0; time < 11; time += 1)
      statuses.push((await ada.browser.post('/login', { username: 'ada5', password: 'not it' })).status)
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429])
  })

  it('LOCK-4 a recovery code works while codes have to wait, and frees them', async () => {
    const ada = await enrolledPerson(app, 'ada6')
    const browser = await withPassword(app, ada)
    for (let time = 0; time < 5; time += 1)
      await browser.refused('/mfa/verify', { otp: ada.phone.wrongCode() })
    expect((await browser.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(429)
    expect((await browser.post('/mfa/recovery', { recovery_code: ada.recoveryCodes[0]! })).status).toBe(303)
    const next = await withPassword(app, ada)
    expect((await next.post('/mfa/verify', { otp: ada.phone.code() })).status).toBe(303)
  })
})
