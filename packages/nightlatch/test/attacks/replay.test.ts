import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApp } from '../support/app.js'
import { enrolledPerson, Phone, setUpKey, startApp, testPassword } from '../support/app.js'
import {
  accountOf,
  anotherSession,
  countOf,
  failuresOf,
  inDatabase,
  isSignedIn,
  personWithSecret,
  withPassword,
} from '../support/attack.js'
import { rfcSecret, vectors } from '../support/vectors.js'

interface ReplayStep {
  readonly now: number
  readonly code: string
  readonly expect: 'accept' | 'reject'
  readonly where?: string
}

const { sequences } = vectors<{ sequences: { name: string; steps: ReplayStep[]; why: string }[] }>(
  'replay-sequences',
)
const windowTable = vectors<{
  now: number
  rows: { step_offset: number; code: string; accept_window_1: boolean }[]
}>('window-table')

describe('a code that was seen', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.close())

  it('REPLAY-1 signs in once: the same code in a second browser is a wrong code, and counts', async () => {
    const ada = await enrolledPerson(app, 'ada1')
    const [first, second] = [await withPassword(app, ada), await withPassword(app, ada)]
    const code = ada.phone.code()
    expect(await first.post('/mfa/verify', { otp: code })).toMatchObject({ status: 303, location: '/' })
    const guessing = await withPassword(app, ada)
    await guessing.refused('/mfa/verify', { otp: ada.phone.wrongCode() })
    // From the second wrong code on, the page speaks of the phone's clock: the spent one is the third.
    const wrong = await guessing.post('/mfa/verify', { otp: ada.phone.wrongCode() })
    const before = await failuresOf(app, await accountOf(app, 'ada1'))
    const again = await second.post('/mfa/verify', { otp: code })
    expect(again.status).toBe(401)
    expect(again.body).toBe(wrong.body)
    expect(again.headers['set-cookie']).toBeUndefined()
    expect(await failuresOf(app, await accountOf(app, 'ada1'))).toBe(before + 1)
    expect(await isSignedIn(second)).toBe(false)
  })

  it('REPLAY-3 of an older step is refused once a newer one was accepted', async () => {
    const ada = await enrolledPerson(app, 'ada3')
    app.clock.advance(60)
    await (await withPassword(app, ada)).submit('/mfa/verify', { otp: ada.phone.code() })
    const late = await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.code(-30) })
    expect(late.status).toBe(401)
    const early = await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.code(30) })
    expect(early.status).toBe(303)
    app.clock.advance(60)
  })

  describe('REPLAY-5 is refused at every other door', () => {
    const services = {
      'sign-in': async (ada: Enrolled5, otp: string) =>
        (await withPassword(app, ada)).post('/mfa/verify', { otp }),
      'sign-in by JSON': async (ada: Enrolled5, otp: string) =>
        (await withPassword(app, ada)).json('POST', '/api/v1/sign-in/verify', { otp }),
      'fresh proof': (ada: Enrolled5, otp: string) =>
        ada.browser.post('/account/confirm', { password: testPassword, otp }),
      'fresh proof by JSON': (ada: Enrolled5, otp: string) =>
        ada.browser.json('POST', '/api/v1/session/verify', { password: testPassword, otp }),
    }
    type Enrolled5 = Awaited<ReturnType<typeof enrolledPerson>>
    type DoorName = keyof typeof services
    const pairs = (Object.keys(services) as DoorName[]).flatMap((first) =>
      (Object.keys(services) as DoorName[]).map((second) => [first, second] as const),
    )
    it.each(pairs)('REPLAY-5 used at %s, then at %s', async (first, second) => {
      const ada = await enrolledPerson(app, `ada5-${first}-${second}`.replaceAll(' ', '_'))
      const code = ada.phone.code()
      expect([200, 303]).toContain((await services[first](ada, code)).status)
      expect((await services[second](ada, code)).status).toBe(401)
      app.clock.advance(30)
      expect([200, 303]).toContain((await services[second](ada, ada.phone.code())).status)
    })
  })

  it('REPLAY-6 at the set-up is spent for the sign-in, too', async () => {
    await app.person('ada6')
    const browser = app.browser()
    await browser.submit('/login', { username: 'ada6', password: testPassword })
    const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    const code = phone.code()
    expect((await browser.post('/mfa/setup', { otp: code })).status).toBe(303)
    await browser.submit('/logout')
    const next = await withPassword(app, { username: 'ada6', password: testPassword })
    expect((await next.post('/mfa/verify', { otp: code })).status).toBe(401)
    app.clock.advance(30)
    expect((await next.post('/mfa/verify', { otp: phone.code() })).status).toBe(303)
  })

  it('REPLAY-7 is still spent after a restart, and for a second server', async () => {
    const ada = await enrolledPerson(app, 'ada7')
    const code = ada.phone.code()
    expect((await (await withPassword(app, ada)).post('/mfa/verify', { otp: code })).status).toBe(303)
    const neighbour = await startApp({ dataFolder: app.dataFolder, clock: app.clock })
    expect((await (await withPassword(neighbour, ada)).post('/mfa/verify', { otp: code })).status).toBe(401)
    await neighbour.server.stop()
    await neighbour.nightlatch.close()
    app = await app.restart()
    expect((await (await withPassword(app, ada)).post('/mfa/verify', { otp: code })).status).toBe(401)
  })

  it('REPLAY-8 every authenticator has its own memory, and its own secret', async () => {
    const ada = await enrolledPerson(app, 'ada8')
    await ada.browser.submit('/account/confirm', { password: testPassword, otp: ada.phone.code() })
    const page = await ada.browser.get('/mfa/setup')
    const tablet = new Phone(setUpKey(page.body), app.clock)
    app.clock.advance(30)
    expect(tablet.code()).not.toBe(ada.phone.code())
    expect((await ada.browser.post('/mfa/setup', { otp: tablet.code(), name: 'Tablet' })).status).toBe(303)
    const onPhone = await (await withPassword(app, ada)).post('/mfa/verify', { otp: ada.phone.code() })
    expect(onPhone.status).toBe(303)
    const onTablet = await (await withPassword(app, ada)).post('/mfa/verify', { otp: tablet.code() })
    expect(onTablet.status).toBe(401)
    app.clock.advance(30)
  })

  it('REPLAY-11 a sign-in that the database could not keep is no sign-in, and costs no code', async () => {
    const ada = await enrolledPerson(app, 'ada11')
    const browser = await withPassword(app, ada)
    const sessions = await countOf(app, 'session')
    await inDatabase(
      app,
      `CREATE TRIGGER broken BEFORE INSERT ON session BEGIN SELECT RAISE(ABORT, 'no'); END`,
    )
    const code = ada.phone.code()
    const failed = await browser.post('/mfa/verify', { otp: code })
    await inDatabase(app, 'DROP TRIGGER broken')
    expect(failed.status).toBeGreaterThanOrEqual(500)
    expect(failed.headers['set-cookie']).toBeUndefined()
    expect(await countOf(app, 'session')).toBe(sessions)
    expect((await browser.post('/mfa/verify', { otp: code })).status).toBe(303)
    expect(await countOf(app, 'session')).toBe(sessions + 1)
  })
})

describe('a sequence of codes', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.close())

  it.each(sequences.map((one, number) => [one.name, number, one] as const))(
    'REPLAY-4 %s',
    async (_name, number, sequence) => {
      app.clock.seconds = (sequence.steps[0]?.now ?? 0) - 3600
      const username = `sequence${String(number)}`
      const atSetUp = sequence.steps[0]?.where === 'enrolment confirmation'
      const ada = await personWithSecret(app, username, rfcSecret)
      if (atSetUp) await markAsConfirmedWith(sequence.steps[0]!, ada.authenticator)
      const atStepUp = sequence.steps.some((step) => step.where === 'disable second factor')
      let signedIn = app.browser()
      for (const step of atSetUp ? sequence.steps.slice(1) : sequence.steps) {
        app.clock.seconds = step.now
        const stepUp = step.where === 'disable second factor'
        const browser = stepUp ? signedIn : await withPassword(app, ada)
        const reply = stepUp
          ? await browser.post('/account/confirm', { password: ada.password, otp: step.code })
          : await browser.post('/mfa/verify', { otp: step.code })
        expect([step, reply.status]).toEqual([step, step.expect === 'accept' ? 303 : 401])
        if (!stepUp && atStepUp) signedIn = browser
      }
    },
  )

  /** The secret of a set-up is ours to choose: the vector's confirmation is written as the set-up would. */
  async function markAsConfirmedWith(step: ReplayStep, authenticator: string): Promise<void> {
    const last = Math.floor(step.now / 30)
    await inDatabase(
      app,
      `UPDATE authenticator SET last_step = ${String(last)} WHERE id = '${authenticator}'`,
    )
  }

  it.each(windowTable.rows)('the window: a code of step $step_offset', async (row) => {
    app.clock.seconds = windowTable.now
    const ada = await personWithSecret(app, `window${String(row.step_offset)}`.replace('-', 'm'), rfcSecret)
    const reply = await (await withPassword(app, ada)).post('/mfa/verify', { otp: row.code })
    expect(reply.status).toBe(row.accept_window_1 ? 303 : 401)
  })

  it('a second session needs a code of its own', async () => {
    const ada = await enrolledPerson(app, 'second')
    const browser = await anotherSession(app, ada)
    expect(await isSignedIn(browser)).toBe(true)
  })
})
