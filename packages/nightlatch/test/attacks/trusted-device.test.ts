import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson } from '../support/app.js'
import { accountOf, anotherSession, countOf, isSignedIn } from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startTwoOn } from '../support/kinds.js'

describe.each(databases)('the copied cookie of a remembered device, on $name', (kind) => {
  let app: TestApp
  let there: TestApp
  let close: () => Promise<void>
  beforeAll(async () => {
    const two = await startTwoOn(kind)
    app = two.here
    there = two.there
    close = two.close
    trusted = app.cookieName('trusted')
  })
  afterAll(() => close())

  let trusted = ''

  async function remembered(username: string): Promise<{ ada: Enrolled; owner: Browser; thief: Browser }> {
    const ada = await enrolledPerson(app, username)
    const owner = await anotherSession(app, ada, { remember: 'yes' })
    const thief = there.browser()
    thief.cookies.set(trusted, owner.cookies.get(trusted)!)
    return { ada, owner, thief }
  }

  const signIn = async (ada: Enrolled, browser: Browser): Promise<string> =>
    (await browser.post('/login', { username: ada.username, password: ada.password })).location

  const alarms = (username: string): string[] =>
    [...app.notices, ...there.notices]
      .filter(({ account, kind }) => account.username === username && kind === 'trusted-device-copied')
      .map(({ kind }) => kind)

  const reuses = async (username: string): Promise<number> => {
    const { id } = await accountOf(app, username)
    return countOf(app, `audit WHERE account = '${id}' AND event = 'trusted-device.reused'`)
  }

  it.each([
    ['once', 1],
    ['twice', 2],
    ['seven times', 7],
  ])('DEV-7 used %s by the thief: the owner comes back, and both lose it', async (_times, times) => {
    const username = `dev7-${String(times)}`
    const { ada, owner, thief } = await remembered(username)
    for (let time = 0; time < times; time += 1) expect(await signIn(ada, thief)).toBe('/')
    app.clock.advance(3600)
    expect(await signIn(ada, owner)).toBe('/mfa/verify')
    expect(await isSignedIn(thief)).toBe(false)
    expect(await signIn(ada, thief)).toBe('/mfa/verify')
    expect(alarms(username)).toHaveLength(1)
    expect(await reuses(username)).toBe(1)
  })

  it('DEV-7 used by the thief long after it was copied: noticed at once, and both lose it', async () => {
    const { ada, owner, thief } = await remembered('dev7-late')
    for (let day = 0; day < 5; day += 1) {
      expect(await signIn(ada, owner)).toBe('/')
      app.clock.advance(86_400)
    }
    expect(await signIn(ada, thief)).toBe('/mfa/verify')
    expect(await signIn(ada, owner)).toBe('/mfa/verify')
    expect(alarms('dev7-late')).toHaveLength(1)
    expect(await reuses('dev7-late')).toBe(1)
  })

  it('DEV-7 one that the thief remembers anew with a code of the owner ends the old one', async () => {
    const { ada, owner, thief } = await remembered('dev7-anew')
    const other = await anotherSession(app, ada, { remember: 'yes' })
    await owner.submit('/logout')
    owner.cookies.delete(trusted)
    owner.cookies.set(trusted, thief.cookies.get(trusted)!)
    const { id } = await accountOf(app, 'dev7-anew')
    expect(await countOf(app, `trusted_device WHERE account = '${id}'`)).toBe(2)
    const browser = app.browser()
    await browser.submit('/login', { username: ada.username, password: ada.password })
    browser.cookies.set(trusted, owner.cookies.get(trusted)!)
    expect((await browser.post('/mfa/verify', { otp: ada.phone.code(), remember: 'yes' })).status).toBe(303)
    expect(await countOf(app, `trusted_device WHERE account = '${id}'`)).toBe(2)
    expect(await signIn(ada, thief)).toBe('/mfa/verify')
    expect(await signIn(ada, other)).toBe('/')
  })

  it('DEV-8 a made-up value of another series asks for the code and ends nothing', async () => {
    const { ada, owner } = await remembered('dev8-other')
    const stranger = app.browser()
    stranger.cookies.set(trusted, 'A'.repeat(43))
    expect(await signIn(ada, stranger)).toBe('/mfa/verify')
    expect(await reuses('dev8-other')).toBe(0)
    expect(await signIn(ada, owner)).toBe('/')
  })
})
