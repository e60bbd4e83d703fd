import { describe, expect, it } from 'vitest'
import type { Enrolled } from '../support/app.js'
import { enrolledPerson, setUpKey, testPassword, useApp } from '../support/app.js'
import type { Browser, Reply } from '../support/browser.js'
import { codeAt } from '../support/other-totp.js'

const app = useApp()

/** The words of the box at the top, and where its links lead. */
function alertOf({ body }: Reply): { text: string; links: string[] } {
  const alert = /role="alert">([\s\S]*?)<\/ul>/.exec(body)?.[1] ?? ''
  const links = [...alert.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href)
  return { text: alert.replace(/<[^>]+>/g, '').replace(/\s+/g, ' '), links }
}

async function atTheCode(person: Enrolled): Promise<Browser> {
  const browser = app.browser()
  await browser.submit('/login', { username: person.username, password: person.password })
  return browser
}

const aboutTheClock = 'Codes can fail when your phone&#39;s clock is wrong. Set its time to automatic.'

describe('a wrong code at sign-in', () => {
  it('says from the second one on that it may be the clock, also while there is a wait', async () => {
    const person = await enrolledPerson(app, 'often-wrong')
    const browser = await atTheCode(person)
    const wrong = (): Promise<Reply> => browser.refused('/mfa/verify', { otp: person.phone.wrongCode() })
    expect((await wrong()).body).not.toContain('clock')
    for (const times of [2, 3, 4]) expect((await wrong()).body, String(times)).toContain(aboutTheClock)
    await wrong()
    const waiting = await wrong()
    expect(waiting.status).toBe(429)
    expect(waiting.body).toContain(aboutTheClock)
  })

  it('says so where a change of the account asks for one, too', async () => {
    const { browser, phone } = await enrolledPerson(app, 'step-up')
    const wrong = (): Promise<Reply> =>
      browser.post('/account/confirm', { password: testPassword, otp: phone.wrongCode() })
    expect((await wrong()).body).not.toContain('clock')
    const second = await wrong()
    expect(second.status).toBe(401)
    expect(second.body).toContain(aboutTheClock)
  })

  it('too often, makes one wait, and a recovery code works straight away: the page says so and leads there', async () => {
    const person = await enrolledPerson(app, 'waiting')
    const browser = await atTheCode(person)
    for (let tries = 0; tries < 5; tries += 1)
      await browser.refused('/mfa/verify', { otp: person.phone.wrongCode() })
    const refused = await browser.post('/mfa/verify', { otp: person.phone.code() })
    expect(refused.status).toBe(429)
    const { text, links } = alertOf(refused)
    expect(text).toContain('A recovery code works straight away.')
    expect(links).toEqual(['/mfa/recovery'])
    expect(text, 'half a minute is no matter of the clock').toMatch(/You can try again in \d+ seconds\./)
    expect(text).not.toMatch(/\d\d:\d\d/)
    const recovered = await browser.post('/mfa/recovery', { recovery_code: person.recoveryCodes[0]! })
    expect(recovered.status).toBe(303)
  })
})

describe('a right code of an authenticator whose secret cannot be opened any more', () => {
  it('gets a true sentence and the way to a recovery code, which works', async () => {
    const person = await enrolledPerson(app, 'lost-key')
    const { accounts, authenticators } = app.nightlatch.storage.stores
    const account = await accounts.findByLoginName('lost-key' as never)
    const [one] = await authenticators.listOf(account!.id)
    await authenticators.reseal(one!.id, { from: one!.sealed, to: one!.sealed.slice(0, -8) })
    const browser = await atTheCode(person)
    const refused = await browser.post('/mfa/verify', { otp: person.phone.code() })
    expect(refused.status).toBe(401)
    const { text, links } = alertOf(refused)
    expect(text).toContain('We cannot check codes from your app any more')
    expect(text).not.toContain('Too many')
    expect(links).toEqual(['/mfa/recovery'])
    const recovered = await browser.post('/mfa/recovery', { recovery_code: person.recoveryCodes[0]! })
    expect(recovered.status).toBe(303)
  })
})

describe('at a set-up, a clock in a wrong time zone', () => {
  const hours = 3600
  it.each([
    [1 * hours, '1 hour fast'],
    [-1 * hours, '1 hour slow'],
    [1 * hours - 60, '1 hour fast'],
    [-0.5 * hours, '30 minutes slow'],
    [5.5 * hours, '5 hours and 30 minutes fast'],
    [-5.75 * hours, '5 hours and 45 minutes slow'],
    [9.5 * hours, '9 hours and 30 minutes fast'],
    [14 * hours, '14 hours fast'],
    [-14 * hours, '14 hours slow'],
  ])('of %d seconds is named', async (offset, words) => {
    const username = `zone${offset}`
    await app.person(username)
    const browser = app.browser()
    await browser.submit('/login', { username, password: testPassword })
    const key = setUpKey((await browser.get('/mfa/setup')).body).replaceAll(' ', '')
    const refused = await browser.post('/mfa/setup', { otp: codeAt(key, app.clock.seconds + offset) })
    expect(refused.status).toBe(401)
    expect(alertOf(refused).text).toContain(
      `about ${words}. Set your phone&#39;s time and time zone to automatic`,
    )
    expect((await browser.post('/mfa/setup', { otp: codeAt(key, app.clock.seconds) })).status).toBe(303)
  })

  it('is not taken for one that is a day off', async () => {
    await app.person('day-off')
    const browser = app.browser()
    await browser.submit('/login', { username: 'day-off', password: testPassword })
    const key = setUpKey((await browser.get('/mfa/setup')).body).replaceAll(' ', '')
    const refused = await browser.post('/mfa/setup', { otp: codeAt(key, app.clock.seconds + 24 * hours) })
    expect(alertOf(refused).text).toContain('That code is not right.')
  })
})
