import { beforeAll, describe, expect, it } from 'vitest'
import type { Enrolled } from '../support/app.js'
import { enrolledPerson } from '../support/app.js'
import { accountOf, anotherSession, countOf, isSignedIn } from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { useTwoOn } from '../support/kinds.js'

describe.each(databases)('the copied cookie of a remembered device, on $name', (kind) => {
  const { app, there } = useTwoOn(kind, { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' })
  beforeAll(() => {
    trusted = app.cookieName('trusted')
  })

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

  const told = (username: string, notice: string): string[] =>
    [...app.notices, ...there.notices]
      .filter(({ account, kind }) => account.username === username && kind === notice)
      .map(({ kind }) => kind)
  const alarms = (username: string): string[] => told(username, 'trusted-device-copied')

  const noted = async (username: string, event: string): Promise<number> => {
    const { id } = await accountOf(app, username)
    return countOf(app, `audit WHERE account = '${id}' AND event = '${event}'`)
  }
  const reuses = (username: string): Promise<number> => noted(username, 'trusted-device.reused')

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

  describe('the answer that brought the new value was lost, and the browser comes with the old one', () => {
    /** The owner signs in, and what the server answered never arrives: the jar is as it was. */
    async function lostAnswer(
      username: string,
      headers: Record<string, string> = {},
    ): Promise<{ ada: Enrolled; owner: Browser; lost: Browser }> {
      const { ada, owner: first } = await remembered(username)
      const owner = app.browser(headers)
      for (const [name, value] of first.cookies) owner.cookies.set(name, value)
      const lost = owner.copy()
      expect(await signIn(ada, lost)).toBe('/')
      return { ada, owner, lost }
    }

    const elsewhere = (owner: Browser, headers: Record<string, string> = {}): Browser => {
      const browser = there.browser(headers)
      for (const [name, value] of owner.cookies) browser.cookies.set(name, value)
      return browser
    }

    it('DEV-9 it is asked for a code, the device is trusted no more, and nobody cries theft', async () => {
      const { ada, owner, lost } = await lostAnswer('dev9')
      app.clock.advance(29)
      const again = elsewhere(owner)
      expect(await signIn(ada, again)).toBe('/mfa/verify')
      expect(alarms('dev9')).toEqual([])
      expect(told('dev9', 'trusted-device-unanswered'), 'but the owner hears of it').toHaveLength(1)
      expect([await reuses('dev9'), await noted('dev9', 'trusted-device.unanswered')]).toEqual([0, 1])
      expect(await isSignedIn(lost), 'what nobody got opens nothing').toBe(false)
      expect(await signIn(ada, lost), 'nor does the value that nobody got').toBe('/mfa/verify')
      await again.submit('/mfa/verify', { otp: ada.phone.code() })
      app.clock.advance(86_400)
      expect(await signIn(ada, again), 'nor the old one').toBe('/mfa/verify')
      expect([alarms('dev9'), await reuses('dev9')]).toEqual([[], 0])
    })

    it('DEV-9 remembered anew with the code, it is trusted again', async () => {
      const { ada, owner } = await lostAnswer('dev9-anew')
      expect(await signIn(ada, owner)).toBe('/mfa/verify')
      await owner.submit('/mfa/verify', { otp: ada.phone.code(), remember: 'yes' })
      app.clock.advance(3600)
      expect(await signIn(ada, owner)).toBe('/')
      expect(alarms('dev9-anew')).toEqual([])
    })

    it.each(['/', '/account', '/api/v1/session', '/forward-auth'])(
      'DEV-9 a thief who has shown what he got at %s is a thief, a second later and on the other server',
      async (path) => {
        const username = `dev9-seen${path.replaceAll('/', '-')}`
        const { ada, owner, lost: thief } = await lostAnswer(username)
        expect((await thief.get(path)).status).toBe(200)
        app.clock.advance(1)
        expect(await signIn(ada, elsewhere(owner))).toBe('/mfa/verify')
        expect([alarms(username).length, await reuses(username)]).toEqual([1, 1])
        expect(await isSignedIn(thief)).toBe(false)
      },
    )

    it.each([
      ['after half a minute', 31, {}],
      ['from another browser', 0, { 'user-agent': 'Another/1.0' }],
      ['from another address', 0, { 'x-forwarded-for': '192.0.2.9' }],
    ])('DEV-9 the old value %s counts as a copy', async (title, seconds, headers) => {
      const username = `dev9-${title.split(' ').at(-1)!}`
      const { ada, owner, lost } = await lostAnswer(username)
      app.clock.advance(seconds)
      expect(await signIn(ada, elsewhere(owner, headers))).toBe('/mfa/verify')
      expect([alarms(username).length, await reuses(username)]).toEqual([1, 1])
      expect(await isSignedIn(lost)).toBe(false)
    })

    it('DEV-9 a value from before the last one counts as a copy, however soon', async () => {
      const { ada, owner, lost } = await lostAnswer('dev9-older')
      expect(await signIn(ada, lost.copy())).toBe('/')
      expect(await signIn(ada, owner)).toBe('/mfa/verify')
      expect([alarms('dev9-older').length, await reuses('dev9-older')]).toEqual([1, 1])
    })

    it('DEV-9 the session that nobody got and that was ended since proves nothing: a copy', async () => {
      const { ada, owner, lost } = await lostAnswer('dev9-out')
      await lost.submit('/logout')
      expect(await signIn(ada, owner)).toBe('/mfa/verify')
      expect([alarms('dev9-out').length, await reuses('dev9-out')]).toEqual([1, 1])
    })

    it('DEV-9 of eight that come again at once, on both servers, one ends the device and none raises an alarm', async () => {
      const { ada, owner } = await lostAnswer('dev9-race')
      const eight = Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? owner.copy() : elsewhere(owner)))
      const answers = await Promise.all(eight.map((one) => signIn(ada, one)))
      expect(new Set(answers)).toEqual(new Set(['/mfa/verify']))
      expect([await noted('dev9-race', 'trusted-device.unanswered'), await reuses('dev9-race')]).toEqual([
        1, 0,
      ])
      expect(alarms('dev9-race')).toEqual([])
      expect(told('dev9-race', 'trusted-device-unanswered')).toHaveLength(1)
    })
  })
})
