import { beforeAll, describe, expect, it } from 'vitest'
import { openNightlatch } from '../../src/compose/open.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import type { Enrolled } from '../support/app.js'
import { enrolledPerson, quickArgon2, whileTestsRun } from '../support/app.js'
import { withPassword } from '../support/attack.js'
import { run } from '../support/cli.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'

describe.each(databases)('an authenticator that has lost step, on $name', (kind) => {
  const app = whileTestsRun(() => startAppOn(kind))
  let ada: Enrolled
  let path: string
  beforeAll(async () => {
    ada = await enrolledPerson(app, 'ada')
    const own = await app.nightlatch.core.queries.accounts.list()
    const [one] = await app.nightlatch.core.queries.authenticators.listOf(own[0]!.id)
    path = `/account/authenticators/${one!.id}/resynchronise`
  })

  const command = (...words: string[]) => {
    const { database } = app.nightlatch.settings
    const env = database.kind === 'postgres' ? { NIGHTLATCH_DATABASE_URL: String(database.url.reveal()) } : {}
    return run([...words, '--data', app.dataFolder], {
      env: env as Record<string, string>,
      deps: {
        open: (settings, parts = {}) =>
          openNightlatch(settings, {
            ...parts,
            platform: { ...nodePlatform, nowSeconds: () => app.clock.seconds },
            unsafeArgon2Setting: quickArgon2,
          }),
      },
    })
  }

  it('is brought back by its owner on the account page, who is told what was wrong', async () => {
    const { browser, phone } = ada
    const account = await browser.get('/account')
    expect(account.body).toContain(`href="${path}"`)
    const shown = await browser.get(path)
    expect(shown.body).toMatch(/name="otp"[^]*name="next_otp"/)
    for (const [otp, next, words] of [
      ['', '123456', 'Enter the 6-digit code from your app'],
      ['123456', '12345', 'You entered 5 numbers. The code must be 6 numbers.'],
      ['123456', 'k7qm-4xw4-9hd2-p3tn', 'The code must be 6 numbers'],
    ] as const) {
      const refused = await browser.refused(path, { otp, next_otp: next })
      expect(refused).toMatchObject({ status: 422 })
      expect(refused.body).toContain(words)
    }
    const wrong = await browser.refused(path, { otp: phone.code(540), next_otp: phone.code(600) })
    expect(wrong.status).toBe(401)
    expect(wrong.body).toContain('do not follow one another')
    await browser.submit(path, { otp: `${phone.code(570)} `, next_otp: phone.code(600) })
    const after = await browser.get('/account')
    expect(after.body).toContain('It is back in step.')
    expect(after.body).toContain('Its clock is about 10 minutes fast')
    expect(after.body).toContain('Authenticator app brought back into step')
    expect(app.notices.map(({ kind: one }) => one)).toContain('authenticator-resynchronised')
  })

  it('signs in with the codes of its clock from then on, and with none of the two', async () => {
    const before = await withPassword(app, ada)
    await before.refused('/mfa/verify', { otp: ada.phone.code(600) })
    app.clock.advance(60)
    const browser = await withPassword(app, ada)
    expect(await browser.post('/mfa/verify', { otp: ada.phone.code(600) })).toMatchObject({ status: 303 })
  })

  it('is shown to whoever runs the site, who can bring it back as well', async () => {
    const shown = await command('user', 'show', 'ada')
    expect(shown.out).toMatch(/^clock +that of "[^"]+" is 10 minutes fast/m)
    app.clock.advance(60)
    const codes = [ada.phone.code(7170), ada.phone.code(7200)]
    const ran = await command('user', 'resync', 'ada', ...codes)
    expect(ran).toMatchObject({
      status: 0,
      err: expect.stringContaining('is back in step; its clock is 2 hours fast'),
    })
    expect(await command('user', 'resync', 'ada', ...codes, '--json')).toMatchObject({
      status: 1,
      err: expect.stringContaining('"wrong-code"'),
    })
    expect(await command('user', 'resync', 'ada', codes[0]!)).toMatchObject({ status: 2 })
    expect(await command('user', 'resync', 'ada', '12', '123456')).toMatchObject({
      status: 1,
      err: expect.stringContaining('the first code has to be 6 digits'),
    })
    const json = JSON.parse((await command('user', 'show', 'ada', '--json')).out) as {
      account: { authenticatorList: object[] }
    }
    expect(json.account.authenticatorList).toMatchObject([{ driftSeconds: 7200 }])
  })

  it('RESYNC-1 opens no way around the second step: neither half signed in nor with an old proof', async () => {
    const half = await withPassword(app, ada)
    const pair = { otp: ada.phone.code(8970), next_otp: ada.phone.code(9000) }
    expect((await half.post(path, pair)).location).toMatch(/\/login\?/)
    app.clock.advance(700)
    expect((await ada.browser.post(path, pair)).location).toMatch(/\/account\/confirm\?/)
    const eve = await enrolledPerson(app, 'eve')
    expect((await eve.browser.post(path, pair)).status).toBe(404)
  })

  it('RESYNC-2 lets nobody guess: what is tried there counts with the codes of a fresh proof', async () => {
    const eve = await enrolledPerson(app, 'mallory')
    const own = (await app.nightlatch.core.queries.accounts.list()).find(
      ({ username }) => username === 'mallory',
    )
    const [one] = await app.nightlatch.core.queries.authenticators.listOf(own!.id)
    const at = `/account/authenticators/${one!.id}/resynchronise`
    for (let time = 0; time < 5; time += 1)
      expect((await eve.browser.post(at, { otp: '000000', next_otp: '000001' })).status).toBe(401)
    const waiting = await eve.browser.post(at, { otp: eve.phone.code(0), next_otp: eve.phone.code(30) })
    expect(waiting).toMatchObject({ status: 429, headers: { 'retry-after': '30' } })
    const confirm = { password: eve.password, otp: eve.phone.code() }
    expect((await eve.browser.post('/account/confirm', confirm)).status).toBe(429)
  })
})
