/** Hardware tokens, and an authenticator out of step, by the JSON interface. */
import { Hotp, Totp } from '@nightlatch/otp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { accepted, api } from '../support/api.js'
import { enrolledPerson, startApp, type Enrolled, type TestApp } from '../support/app.js'
import { accountOf, everythingKept, proveAgain, withPassword } from '../support/attack.js'
import type { Browser } from '../support/browser.js'

const secrets = { one: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', two: 'KRUGKIDROVUWG2ZAMJZG653OEBTG66DA' }
const counting = new Hotp({ secret: secrets.two })
const timed = new Totp({ secret: secrets.one, algorithm: 'SHA256', digits: 8, periodSeconds: 60 })

let app: TestApp
let chief: Enrolled
let ada: Enrolled
let adaId: string
beforeAll(async () => {
  app = await startApp()
  chief = await enrolledPerson(app, 'chief')
  await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), {
    edit: { admin: true },
    actor: atTheCommandLine,
  })
  ada = await enrolledPerson(app, 'ada')
  adaId = (await accountOf(app, 'ada')).id
})
afterAll(() => app.close())

const freshChief = async (): Promise<Browser> => {
  await proveAgain(app, chief)
  return chief.browser
}

describe('hardware tokens', () => {
  it('are put into the drawer, all or none; what is wrong is named by its place', async () => {
    const browser = await freshChief()
    const kept = await everythingKept(app, ['attempt', 'audit', 'session'])
    const good = { serial: 'GALT-1', secret: secrets.one }
    for (const [bad, reason] of [
      [{ serial: ' ', secret: secrets.one }, 'bad-serial'],
      [{ serial: 'galt 1', secret: secrets.one }, 'same-serial-twice'],
      [{ serial: 'GALT-2', secret: '1!' }, 'bad-secret'],
      [{ serial: 'GALT-2', secret: 'GEZDGNBV' }, 'bad-secret'],
      [{ serial: 'GALT-2', secret: secrets.two, algorithm: 'MD5' }, 'bad-algorithm'],
    ] as const) {
      const refused = await api(browser, 'POST /admin/tokens', { tokens: [good, bad] })
      expect(refused).toMatchObject({ status: 422, code: 'bad-token' })
      expect(refused.value).toMatchObject({ reason, errors: [{ pointer: '/tokens/1', detail: reason }] })
    }
    for (const wrong of [{ digits: 5 }, { digits: 11 }, { period: 0 }, { counter: -1 }, { type: 'steam' }])
      expect(await api(browser, 'POST /admin/tokens', { tokens: [{ ...good, ...wrong }] })).toMatchObject({
        status: 422,
        code: 'invalid-body',
      })
    expect(await everythingKept(app, ['attempt', 'audit', 'session'])).toBe(kept)
    const tokens = [
      { serial: 'GALT-1', secret: secrets.one, algorithm: 'SHA256', digits: 8, period: 60, maker: 'Maker' },
      { serial: 'GALT-2', secret: secrets.two, type: 'hotp', counter: 40 },
    ]
    expect((await accepted(browser, 'POST /admin/tokens', { tokens })).value).toEqual({
      added: 2,
      skipped: 0,
    })
    expect((await api(browser, 'POST /admin/tokens', { tokens })).value).toMatchObject({
      reason: 'serial-taken',
    })
    const again = await accepted(browser, 'POST /admin/tokens', { tokens, onConflict: 'skip' })
    expect(again.value).toEqual({ added: 0, skipped: 2 })
  })

  it('are listed a page at a time, without their secrets', async () => {
    const first = await accepted(chief.browser, 'GET /admin/tokens?limit=1')
    expect(first.value).toMatchObject({
      tokens: [{ serial: 'GALT-1', type: 'totp', algorithm: 'SHA256', digits: 8, period: 60, holder: null }],
      next: 'GALT-1',
    })
    const rest = await accepted(chief.browser, 'GET /admin/tokens?after=GALT-1')
    expect(rest.value).toMatchObject({
      tokens: [{ serial: 'GALT-2', type: 'hotp', period: null }],
      next: null,
    })
    expect(JSON.stringify([first, rest])).not.toMatch(new RegExp(`${secrets.one}|${secrets.two}`))
  })

  it('are given with two codes in a row, and taken back', async () => {
    const browser = await freshChief()
    const place = `/admin/people/${adaId}`
    const inHand = { serial: 'galt2', otp: counting.at(41), nextOtp: counting.at(43) }
    expect(await api(browser, `POST ${place}/give-token`, inHand)).toMatchObject({ code: 'wrong-code' })
    expect(await api(browser, `POST ${place}/give-token`, { ...inHand, serial: 'NO-SUCH' })).toMatchObject({
      code: 'wrong-code',
    })
    expect(await api(browser, `POST ${place}/give-token`, { ...inHand, otp: 'abc' })).toMatchObject({
      code: 'malformed-code',
    })
    const right = { ...inHand, nextOtp: counting.at(42) }
    expect((await accepted(browser, `POST ${place}/give-token`, right)).value).toEqual({ serial: 'GALT-2' })
    expect(await api(browser, 'DELETE /admin/tokens/GALT-2')).toMatchObject({
      status: 409,
      code: 'token-in-use',
    })
    const listed = await accepted(browser, 'GET /admin/tokens')
    expect(listed.value['tokens']).toMatchObject([
      { holder: null },
      { holder: { id: adaId, username: 'ada' } },
    ])
    const signingIn = await withPassword(app, ada)
    expect(await api(signingIn, 'POST /sign-in/verify', { otp: counting.at(42) })).toMatchObject({
      code: 'wrong-code',
    })
    await accepted(signingIn, 'POST /sign-in/verify', { otp: counting.at(43) })
    const chiefs = `/admin/people/${(await accountOf(app, 'chief')).id}`
    expect(await api(browser, `POST ${chiefs}/take-token`, { serial: 'GALT-2' })).toMatchObject({
      status: 404,
    })
    await accepted(browser, `POST ${place}/take-token`, { serial: 'GALT-2' })
    expect((await api(signingIn, 'GET /session')).code).toBe('not-signed-in')
    await accepted(browser, 'DELETE /admin/tokens/GALT-2')
    expect((await api(browser, 'DELETE /admin/tokens/GALT-2')).code).toBe('not-found')
  })

  it('that are the only second factor are not taken back', async () => {
    const browser = await freshChief()
    const grace = await app.person('grace')
    const place = `/admin/people/${grace.id}`
    const at = (steps: number): string => timed.at(app.clock.seconds + steps * 60)
    await accepted(browser, `POST ${place}/give-token`, { serial: 'GALT-1', otp: at(0), nextOtp: at(1) })
    expect(await api(browser, `POST ${place}/take-token`, { serial: 'GALT-1' })).toMatchObject({
      status: 409,
      code: 'last-authenticator',
    })
  })
})

it('an authenticator of one’s own is brought back into step by two codes in a row, after a fresh proof', async () => {
  const name = 'linus'
  const linus = await enrolledPerson(app, name)
  const listed = await accepted(linus.browser, 'GET /authenticators')
  const [own] = listed.value['authenticators'] as { id: string; name: string }[]
  const place = `POST /authenticators/${own!.id}/resynchronise`
  const at = (seconds: number): string => linus.phone.code(seconds)
  app.clock.advance(700)
  expect(await api(linus.browser, place, { otp: at(-300), nextOtp: at(-270) })).toMatchObject({
    code: 'fresh-proof-required',
  })
  await proveAgain(app, linus)
  app.clock.advance(400)
  expect(await api(linus.browser, place, { otp: '12', nextOtp: at(-270) })).toMatchObject({
    code: 'malformed-code',
  })
  expect(await api(linus.browser, place, { otp: at(-300), nextOtp: at(-240) })).toMatchObject({
    code: 'wrong-code',
  })
  const others = place.replace(own!.id, 'a'.repeat(26))
  expect(await api(linus.browser, others, { otp: at(-300), nextOtp: at(-270) })).toMatchObject({
    code: 'not-found',
  })
  const done = await accepted(linus.browser, place, { otp: at(-300), nextOtp: at(-270) })
  expect(done.value).toEqual({ name: own!.name, driftSeconds: -270 })
  const signingIn = await withPassword(app, linus)
  expect(await api(signingIn, 'POST /sign-in/verify', { otp: at(-270) })).toMatchObject({
    code: 'wrong-code',
  })
  await accepted(signingIn, 'POST /sign-in/verify', { otp: at(-240) })
})
