import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renewRecoveryCodes } from '../../src/core/accounts/changes.js'
import { noteRefused } from '../../src/core/rate-limits/refusals.js'
import { findSession } from '../../src/core/sessions/session-lifetime.js'
import { parseToken } from '../../src/core/tokens.js'
import type { TestApp } from '../support/app.js'
import { enrolledPerson, recoveryCodesOf, testPassword } from '../support/app.js'
import { accountOf, countOf, inDatabase, proveAgain, withPassword } from '../support/attack.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'

describe.each(databases)('what costs nothing to ask, on $name', (kind) => {
  let app: TestApp
  beforeAll(async () => {
    app = await startAppOn(kind)
  })
  afterAll(() => app.close())

  const rows = async (event: string, account: string | null): Promise<number[]> => {
    const whose = account === null ? 'account IS NULL' : `account = '${account}'`
    const found = await inDatabase(
      app,
      `SELECT details FROM audit WHERE event = '${event}' AND ${whose} ORDER BY sequence`,
    )
    return found.map(({ details }) => Number((JSON.parse(String(details)) as { more?: number }).more ?? 0))
  }

  it('BRUTE-22 throttled passwords are one row a wait at both doors, and the rest is counted', async () => {
    const ada = await enrolledPerson(app, 'ada22')
    const { id } = await accountOf(app, 'ada22')
    const stranger = app.browser()
    const form = { username: 'ada22', password: 'wrong' }
    for (let wrong = 0; wrong < 10; wrong += 1) expect((await stranger.post('/login', form)).status).toBe(401)
    for (let more = 0; more < 20; more += 1) {
      expect((await stranger.post('/login', form)).status).toBe(429)
      expect((await stranger.json('POST', '/api/v1/sign-in', form)).status).toBe(429)
    }
    expect(await rows('sign-in.password-throttled', id)).toEqual([0])
    app.clock.advance(30)
    expect((await stranger.post('/login', form)).status).toBe(401)
    expect((await stranger.post('/login', form)).status).toBe(429)
    expect(await rows('sign-in.password-throttled', id)).toEqual([0, 39])
    expect((await ada.browser.get('/account')).body).toMatch(/Password not looked at[^<]*\(\d+ times\)/)
  })

  it('BRUTE-22 so are throttled codes and recovery codes, and unknown names share one', async () => {
    const ada = await enrolledPerson(app, 'ada22b')
    const { id } = await accountOf(app, 'ada22b')
    const half = await withPassword(app, ada)
    const otp = ada.phone.wrongCode()
    const recovery_code = '0123-4567-89ab-cdef'
    for (let time = 0; time < 15; time += 1) {
      expect((await half.post('/mfa/verify', { otp })).status).toBe(time < 5 ? 401 : 429)
      expect((await half.post('/mfa/recovery', { recovery_code })).status).toBe(time < 5 ? 401 : 429)
    }
    expect(await rows('code.throttled', id)).toEqual([0])
    expect(await rows('recovery-code.throttled', id)).toEqual([0])
    const before = (await rows('sign-in.password-throttled', null)).length
    for (let time = 0; time < 15; time += 1)
      await app.browser().json('POST', '/api/v1/sign-in', { username: 'nobody22', password: 'wrong' })
    expect((await rows('sign-in.password-throttled', null)).length).toBe(before + 1)
  })

  it('BRUTE-22 names that wait until different times, one after the other, are one row for each wait at most', async () => {
    const names = ['nobody23', 'noone23']
    const browser = app.browser()
    const tryAs = async (username: string): Promise<number> =>
      (await browser.json('POST', '/api/v1/sign-in', { username, password: 'wrong' })).status
    for (const name of names) {
      app.clock.advance(10)
      for (let wrong = 0; wrong < 10; wrong += 1) expect(await tryAs(name)).toBe(401)
    }
    const before = (await rows('sign-in.password-throttled', null)).length
    for (let time = 0; time < 20; time += 1) for (const name of names) expect(await tryAs(name)).toBe(429)
    expect((await rows('sign-in.password-throttled', null)).length).toBeLessThanOrEqual(before + names.length)
  })

  it('BRUTE-22 one wait whose end is now this second, now the next, as two clocks say it, is one row', async () => {
    await enrolledPerson(app, 'ada22c')
    const { id } = await accountOf(app, 'ada22c')
    const { core } = app.nightlatch
    const untilSeconds = app.clock.seconds + 30
    for (let time = 0; time < 20; time += 1)
      await noteRefused(core, app.nightlatch.storage.stores, {
        event: 'code.throttled',
        account: id,
        client: { address: '203.0.113.9', userAgent: '' },
        untilSeconds: untilSeconds + (time % 2),
      })
    expect(await rows('code.throttled', id)).toEqual([0])
  })

  it('RC-15 codes that are not saved yet are read again with a fresh proof only', async () => {
    const ada = await enrolledPerson(app, 'ada15')
    await proveAgain(app, ada)
    await ada.browser.submit('/account/recovery-codes/renew')
    const shown = recoveryCodesOf((await ada.browser.get('/mfa/recovery-codes')).body)
    expect(shown).toHaveLength(10)
    app.clock.advance(600)
    const asks = '/account/confirm?next=%2Fmfa%2Frecovery-codes'
    expect((await ada.browser.get('/mfa/recovery-codes')).location).toBe(asks)
    expect((await ada.browser.get('/mfa/recovery-codes/download')).location).toBe(asks)
    expect((await ada.browser.post('/mfa/recovery-codes', {})).location).toBe(asks)
    await proveAgain(app, ada)
    expect(recoveryCodesOf((await ada.browser.get('/mfa/recovery-codes')).body)).toEqual(shown)
    app.clock.advance(600)
    expect((await ada.browser.post('/mfa/recovery-codes', { saved: 'yes' })).location).toBe('/')
    expect(await countOf(app, 'unsaved_codes')).toBe(0)
  })

  it('RC-16 of many renewals at once of one account one is worked on', async () => {
    const ada = await enrolledPerson(app, 'ada16')
    await proveAgain(app, ada)
    const { core } = app.nightlatch
    const token = parseToken(ada.browser.cookies.get(app.cookieName('session')))
    const signedIn = await findSession(core, token)
    if (signedIn === null) throw new Error('not signed in')
    const client = { address: '127.0.0.1', userAgent: '' }
    const browser = { client, knownDevice: null, trustedDevice: null, session: token }
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, () => renewRecoveryCodes(core, { signedIn, browser })),
    )
    const kinds = outcomes.map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'renewed')).toHaveLength(1)
    expect(kinds.filter((kind) => kind === 'busy')).toHaveLength(15)
    expect(
      (await withPassword(app, { username: 'ada16', password: testPassword })).cookies.size,
    ).toBeGreaterThan(0)
  })
})
