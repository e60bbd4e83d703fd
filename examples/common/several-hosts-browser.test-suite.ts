import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import {
  enrolledPerson,
  Phone,
  testPassword,
  type TestApp,
} from '../../packages/nightlatch/test/support/app.js'
import { useChromium } from '../../packages/nightlatch/test/support/chromium.js'

const application = 'http://app.nightlatch.localhost'
const signIn = 'http://auth.nightlatch.localhost'

/** What people do in a real browser, which follows no redirect from a form to a host that the page did not name. */
export function severalHostsInChromium(where: () => { readonly app: TestApp; readonly port: number }): void {
  // People come without a port, as on the default one.
  const chromium = useChromium(() => [
    `--host-resolver-rules=MAP *.nightlatch.localhost 127.0.0.1:${String(where().port)}`,
  ])

  const password = async (page: Page, username: string): Promise<void> => {
    await page.fill('#username', username)
    await page.fill('#current-password', testPassword)
    await page.click('main button[type=submit]')
  }
  const code = async (page: Page, phone: Phone): Promise<void> => {
    await page.fill('#otp', phone.code())
    await page.click('main button[type=submit]')
  }

  it('REDIR-7 somebody signs in on one host and is back at the very page of the other', async () => {
    const { app } = where()
    const ada = await enrolledPerson(app, 'over-hosts')
    await chromium.visiting({}, async (page) => {
      const deep = `${application}/deep?x=1&y=%C3%A9#/inside?a=b`
      await page.goto(deep)
      expect(page.url()).toContain(`${signIn}/login?next=`)
      await password(page, ada.username)
      await page.waitForURL(`${signIn}/mfa/verify`)
      app.clock.seconds += 30
      await code(page, ada.phone)
      await page.waitForURL(deep)
      expect(await page.textContent('body')).toContain('over-hosts')
    })
  })

  it('REDIR-7 by a recovery code after a wrong one, and with a wrong password before', async () => {
    const { app } = where()
    const ada = await enrolledPerson(app, 'recovering')
    await chromium.visiting({}, async (page) => {
      await page.goto(`${application}/deep?x=2`)
      await page.fill('#username', ada.username)
      await page.fill('#current-password', 'not the right one')
      await page.click('main button[type=submit]')
      await page.waitForSelector('.box.bad')
      await password(page, ada.username)
      await page.waitForURL(`${signIn}/mfa/verify`)
      await page.click('a[href*="/mfa/recovery"]')
      for (const typed of ['aaaa-aaaa-aaaa-aaaa', ada.recoveryCodes[0]!]) {
        await page.fill('#recovery-code', typed)
        await page.click('main button[type=submit]')
        await page.waitForLoadState()
      }
      await page.waitForURL(`${application}/deep?x=2`)
    })
  })

  it('REDIR-7 through the set-up of a second factor', async () => {
    const { app } = where()
    await app.person('beginner')
    await chromium.visiting({}, async (page) => {
      await page.goto(`${application}/deep?x=3#here`)
      await password(page, 'beginner')
      await page.waitForURL(`${signIn}/mfa/setup`)
      await code(page, new Phone((await page.textContent('#setup-key')) ?? '', app.clock))
      await page.waitForURL(`${signIn}/mfa/recovery-codes`)
      await page.check('#saved')
      await page.click('main button[type=submit]')
      await page.waitForURL(`${application}/deep?x=3#here`)
    })
  })

  it('NAV-1 a form that is sent after the session has ended leads to sign-in, and back to its page', async () => {
    const { app } = where()
    const ada = await enrolledPerson(app, 'writing')
    await chromium.visiting({}, async (page) => {
      const { phone, username } = ada
      const signInAgain = async (): Promise<void> => {
        await password(page, username)
        await page.waitForURL(`${signIn}/mfa/verify`)
        app.clock.seconds += 30
        await code(page, phone)
        await page.waitForURL(`${application}/form?x=4`)
      }
      await page.goto(`${application}/form?x=4`)
      await signInAgain()
      await page.context().clearCookies()
      expect(await page.evaluate(async () => (await fetch('/data')).status)).toBe(401)
      await page.evaluate(() => {
        const form = document.createElement('form')
        Object.assign(form, { method: 'post', action: '/save' })
        document.body.append(form)
        form.submit()
      })
      await page.waitForURL(`${signIn}/login?**`)
      await signInAgain()
    })
  })

  it('REDIR-5 two tabs at the code step each come back to their own page', async () => {
    const { app } = where()
    const ada = await enrolledPerson(app, 'two-tabs')
    await chromium.visiting({}, async (first) => {
      const second = await first.context().newPage()
      for (const [tab, path] of [
        [first, '/first'],
        [second, '/second#b'],
      ] as const) {
        await tab.goto(application + path)
        await password(tab, ada.username)
        await tab.waitForURL(`${signIn}/mfa/verify`)
      }
      // What was asked for once more is still the tab's own.
      await first.reload()
      app.clock.seconds += 30
      for (const [tab, path] of [
        [first, '/first'],
        [second, '/second#b'],
      ] as const) {
        await code(tab, ada.phone)
        await tab.waitForURL(application + path)
      }
    })
  })

  it('REDIR-6 an address of thousands of characters is kept', async () => {
    const { app } = where()
    const ada = await enrolledPerson(app, 'long-way')
    await chromium.visiting({}, async (page) => {
      const long = `${application}/deep?q=${'x'.repeat(6000)}#/inside`
      await page.goto(long)
      await password(page, ada.username)
      await page.waitForURL(`${signIn}/mfa/verify?**`)
      app.clock.seconds += 30
      await code(page, ada.phone)
      await page.waitForURL(long)
    })
  })
}
