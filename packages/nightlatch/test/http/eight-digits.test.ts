import { describe, expect, it } from 'vitest'
import { useApp } from '../support/app.js'
import { inDatabase, personWithSecret, withPassword } from '../support/attack.js'
import { rfcSecret } from '../support/vectors.js'

describe('an account whose authenticator has eight digits', () => {
  const app = useApp()

  async function someone(username: string) {
    const person = await personWithSecret(app, username, rfcSecret)
    await inDatabase(app, `UPDATE authenticator SET digits = 8 WHERE id = '${person.authenticator}'`)
    return withPassword(app, person)
  }

  it.each([
    ['', 'Enter the 8-digit code from your app'],
    ['abcdefgh', 'The code must be 8 numbers'],
    ['123456', 'You entered 6 numbers. The code must be 8 numbers.'],
  ])('is told so when it gives %j', async (otp, words) => {
    const browser = await someone(`eight-${otp.length}`)
    const reply = await browser.post('/mfa/verify', { otp })
    expect(reply.status).toBe(422)
    expect(reply.body).toContain(words)
    expect(reply.body).not.toMatch(/6-digit|be 6 numbers/)
  })

  it('is told that a code of eight digits in the box for a recovery code is none', async () => {
    const browser = await someone('wrong-box')
    const [eight, six] = [
      await browser.post('/mfa/recovery', { recovery_code: '12345678' }),
      await browser.post('/mfa/recovery', { recovery_code: '123456' }),
    ]
    expect([eight.status, six.status]).toEqual([422, 422])
    expect(eight.body).toBe(six.body.replaceAll('123456', '12345678'))
  })
})
