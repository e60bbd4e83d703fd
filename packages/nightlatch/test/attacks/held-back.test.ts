import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { disableAccount, enableAccount } from '../../src/core/accounts/administration.js'
import type { Enrolled } from '../support/app.js'
import { enrolledPerson, Phone, setUpKey, type TestApp } from '../support/app.js'
import { heldBack } from '../support/at-once.js'
import {
  accountOf,
  anotherSession,
  countOf,
  failuresOf,
  isSignedIn,
  withPassword,
} from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startAppOn, startTwoOn } from '../support/kinds.js'

const formType = 'application/x-www-form-urlencoded'

describe.each(databases)(
  'a request whose last byte is held back until its session is over, on $name',
  (kind) => {
    let app: TestApp
    beforeAll(async () => {
      app = await startAppOn(kind)
    })
    afterAll(() => app.close())

    /** Two authenticators, and a thief with a copy of a session that was proven a moment ago. */
    async function robbed(username: string): Promise<{ ada: Enrolled; thief: Browser; first: string }> {
      const ada = await enrolledPerson(app, username)
      const phone = new Phone(setUpKey((await ada.browser.get('/mfa/setup')).body), app.clock)
      await ada.browser.submit('/mfa/setup', { otp: phone.code(), name: 'Second' })
      app.clock.advance(30)
      const { id } = await accountOf(app, username)
      const [first] = await app.nightlatch.storage.stores.authenticators.listOf(id)
      const thief = await anotherSession(app, ada)
      expect(await isSignedIn(thief)).toBe(true)
      return { ada, thief, first: first!.id }
    }

    const authenticatorsOf = async (username: string) =>
      app.nightlatch.storage.stores.authenticators.listOf((await accountOf(app, username)).id)

    it('SESS-2 takes no authenticator away', async () => {
      const { ada, thief, first } = await robbed('held1')
      const path = `/account/authenticators/${first}/remove`
      const release = await heldBack({ browser: thief, method: 'POST', path, type: formType, body: 'a=1' })
      await ada.browser.submit('/account/sessions/end-others')
      expect((await release()).location).toMatch(/^\/login/)
      expect(await authenticatorsOf('held1')).toHaveLength(2)
    })

    it('SESS-2 ends no session of the owner’s', async () => {
      const { ada, thief } = await robbed('held2')
      const path = '/account/sessions/end-others'
      const release = await heldBack({ browser: thief, method: 'POST', path, type: formType, body: 'a=1' })
      await ada.browser.submit('/account/sessions/end-others')
      expect((await release()).location).toMatch(/^\/login/)
      expect(await isSignedIn(ada.browser)).toBe(true)
    })

    it('SESS-3 changes nothing by the other door either, after it was signed out', async () => {
      const { thief, first } = await robbed('held3')
      const release = await heldBack({
        browser: thief,
        method: 'PATCH',
        path: `/api/v1/authenticators/${first}`,
        type: 'application/json',
        body: '{"name":"Mine now"}',
      })
      await thief.copy().submit('/logout')
      expect((await release()).status).toBe(401)
      expect((await authenticatorsOf('held3')).map((one) => one.name)).not.toContain('Mine now')
    })

    it('SESS-3 is given no secret to set up', async () => {
      const { thief } = await robbed('held4')
      const release = await heldBack({
        browser: thief,
        method: 'POST',
        path: '/api/v1/authenticators/totp',
        type: 'application/json',
        body: '{}',
      })
      await thief.copy().submit('/logout')
      expect(await release()).toMatchObject({ status: 401 })
      expect(await countOf(app, 'set_up')).toBe(0)
    })

    it('SESS-2 looks at no code of a sign-in that an administrator has ended, and counts none', async () => {
      const ada = await enrolledPerson(app, 'held5')
      const account = await accountOf(app, 'held5')
      const services = [
        ['/mfa/verify', formType, `otp=${ada.phone.wrongCode()}`],
        ['/api/v1/sign-in/verify', 'application/json', JSON.stringify({ otp: ada.phone.wrongCode() })],
      ] as const
      for (const [path, type, body] of services) {
        const browser = await withPassword(app, ada)
        const release = await heldBack({ browser, method: 'POST', path, type, body })
        await disableAccount(app.nightlatch.core, account)
        await enableAccount(app.nightlatch.core, account)
        const { status, location } = await release()
        expect([path, status === 401 || location.startsWith('/login')]).toEqual([path, true])
        expect(await failuresOf(app, account)).toBe(0)
      }
    })
  },
)

describe('the same at one of two servers, while the other one ends the session', () => {
  it('SESS-2 takes no authenticator away', async () => {
    const { here, there, close } = await startTwoOn(databases[1]!)
    try {
      const ada = await enrolledPerson(here, 'ada')
      const phone = new Phone(setUpKey((await ada.browser.get('/mfa/setup')).body), here.clock)
      await ada.browser.submit('/mfa/setup', { otp: phone.code(), name: 'Second' })
      here.clock.advance(30)
      const { id } = await accountOf(here, 'ada')
      const { authenticators } = here.nightlatch.storage.stores
      const [first] = await authenticators.listOf(id)
      const thief = there.browser()
      for (const [name, value] of (await anotherSession(here, ada)).cookies) thief.cookies.set(name, value)
      // There, too, it is remembered.
      for (let time = 0; time < 100; time += 1) expect(await isSignedIn(thief)).toBe(true)
      const path = `/account/authenticators/${first!.id}/remove`
      const release = await heldBack({ browser: thief, method: 'POST', path, type: formType, body: 'a=1' })
      await ada.browser.submit('/account/sessions/end-others')
      expect((await release()).location).toMatch(/^\/(login|account\/confirm)/)
      expect(await authenticators.listOf(id)).toHaveLength(2)
    } finally {
      await close()
    }
  })
})
