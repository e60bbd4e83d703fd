import { describe, expect, it } from 'vitest'
import { enrolledPerson, testPassword, useApp } from '../support/app.js'
import { withoutChallenge } from '../support/attack.js'
import { useChromium } from '../support/chromium.js'
import { codeAt } from '../support/other-totp.js'
import { bringCookies, Visitor } from '../support/visitor.js'

const { visiting } = useChromium()

const app = useApp()

let people = 0
/** Somebody new who has an authenticator app, so that no test uses up the tries of another. */
const somebody = () => enrolledPerson(app, `person${(people += 1)}`)

/** A sign-in whose password is given already, in this browser. */
async function withPassword(username: string, next = ''): Promise<ReadonlyMap<string, string>> {
  const browser = app.browser()
  await browser.submit('/login', { username, password: testPassword, ...(next === '' ? {} : { next }) })
  return browser.cookies
}

describe('what people type', () => {
  it.each([
    ['as it is', (code: string) => code],
    ['with a space', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`],
    ['with a hyphen', (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`],
    ['with blanks around it', (code: string) => `  ${code} `],
    ['with an en dash', (code: string) => `${code.slice(0, 3)}–${code.slice(3)}`],
    ['with a no-break space', (code: string) => `${code.slice(0, 3)}\u00a0${code.slice(3)}`],
    [
      'with full-width digits',
      (code: string) => code.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    ],
  ])('UX-F03 a code is accepted %s', async (_how, written) => {
    const { username, phone } = await somebody()
    await visiting({}, async (page) => {
      await bringCookies(page, await withPassword(username))
      const person = new Visitor(page, app)
      person.key = phone.key
      await person.open('/mfa/verify')
      await expect.poll(() => person.focused()).toBe('code')
      await page.keyboard.insertText(written(person.nextCode()))
      await page.keyboard.press('Enter')
      await person.sees('You are signed in')
    })
  })

  it('UX-F04 a recovery code is accepted in any case, with any spaces and dashes, and with letters mistaken for digits', async () => {
    const { username, recoveryCodes } = await somebody()
    const written = [
      (code: string) => code.toUpperCase(),
      (code: string) => code.replaceAll('-', ''),
      (code: string) => ` ${code.replaceAll('-', ' ')} `,
      (code: string) => code.replaceAll('-', '–').replaceAll('0', 'O').replaceAll('1', 'l'),
      (code: string) => code.toUpperCase().replaceAll('0', 'o').replaceAll('1', 'I'),
    ]
    // Codes with a 0 or a 1 in them first: they are the ones that the last two are about.
    const codes = [...recoveryCodes].sort(
      (one, other) => Number(/[01]/.test(one)) - Number(/[01]/.test(other)),
    )
    await visiting({}, async (page) => {
      const person = new Visitor(page, app)
      for (const write of written) {
        await page.context().clearCookies()
        await bringCookies(page, await withPassword(username))
        await person.open('/mfa/recovery')
        await person.type('Recovery code', write(codes.pop()!))
        await person.press('Continue')
        await person.sees('You are signed in')
      }
    })
  })

  it('UX-F11 a wrong sign-in keeps the username and clears the password; a wrong code keeps nothing', async () => {
    const { username, phone } = await somebody()
    await visiting({}, async (page) => {
      const person = new Visitor(page, app)
      person.key = phone.key
      await person.givePassword(username, 'wrong')
      expect(await person.problem()).toContain('The username or password is not right')
      expect(await page.getByLabel('Username or email address').inputValue()).toBe(username)
      expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('')
      await person.givePassword(username)
      await person.giveCode(person.wrongCode())
      expect(await person.problem()).toContain('That code is not right or has been used')
      expect(await page.locator('#otp').inputValue()).toBe('')
    })
  })

  it('UX-W03 says the same of an unknown name and a wrong password, of a wrong code and a used one', async () => {
    const { username, phone } = await somebody()
    const wrong = await app.browser().post('/login', { username, password: 'wrong' })
    const unknown = await app.browser().post('/login', { username: 'nobody', password: 'wrong' })
    expect(withoutChallenge(unknown.body).replaceAll('nobody', username)).toBe(withoutChallenge(wrong.body))
    const browser = app.browser()
    await browser.submit('/login', { username, password: testPassword })
    // From the second one on the page also names the clock, whatever was wrong with the code.
    await browser.refused('/mfa/verify', { otp: phone.wrongCode() })
    const used = await browser.post('/mfa/verify', { otp: phone.code(-30) })
    const other = await browser.post('/mfa/verify', { otp: phone.wrongCode() })
    expect(used.status).toBe(401)
    expect(withoutChallenge(other.body)).toBe(withoutChallenge(used.body))
  })
})

describe('with the keyboard alone', () => {
  it('UX-A05 somebody signs in: every stop in the order that it is seen', async () => {
    const { username, phone } = await somebody()
    await visiting({ viewport: { width: 390, height: 700 } }, async (page) => {
      const person = new Visitor(page, app)
      person.key = phone.key
      await person.open('/login')
      const stops: string[] = []
      const tops: number[] = []
      while (stops.at(-1) !== 'Help' && stops.length < 20) {
        await page.keyboard.press('Tab')
        const [name, top] = await page.evaluate(() => {
          const element = document.activeElement as HTMLInputElement
          const label = element.labels?.[0]?.innerText ?? element.getAttribute('aria-label')
          return [label ?? element.innerText, element.getBoundingClientRect().top + scrollY] as const
        })
        stops.push(name)
        tops.push(Math.round(top))
        if (name.startsWith('Username')) await page.keyboard.insertText(username)
        if (name === 'Password') await page.keyboard.insertText(testPassword)
      }
      expect(stops).toEqual([
        'Skip to the content',
        'Nightlatch',
        'Username or email address',
        'Password',
        'Show password',
        'Sign in',
        'Sign in with a passkey',
        'I cannot sign in',
        'Help',
      ])
      expect(tops).toEqual([...tops].sort((one, other) => one - other))
      for (let back = 0; back < 3; back += 1) await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('Enter')
      await person.sees('Enter your 6-digit code')
      await page.keyboard.insertText(person.nextCode())
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await person.sees('You are signed in')
    })
  })

  it.each([true, false])(
    'UX-A05 a newcomer sets up an app, saves the codes and comes home, with JavaScript %s',
    async (javaScriptEnabled) => {
      const username = `keys${javaScriptEnabled}`
      await app.person(username)
      await visiting({ javaScriptEnabled, viewport: { width: 390, height: 700 } }, async (page) => {
        const person = new Visitor(page, app)
        const goTo = async (id: string): Promise<void> => {
          for (let tab = 0; tab < 20; tab += 1) {
            await page.keyboard.press('Tab')
            if ((await page.evaluate(() => document.activeElement?.id)) === id) return
          }
          throw new Error(`The keyboard does not reach ${id}`)
        }
        await person.open('/login')
        await goTo('username')
        await page.keyboard.insertText(username)
        await goTo('current-password')
        await page.keyboard.insertText(testPassword)
        await page.keyboard.press('Enter')
        await person.sees('Set up your authenticator app')
        person.key = await person.readKey()
        await page.keyboard.press('Tab')
        await goTo('otp')
        await page.keyboard.insertText(person.nextCode())
        await page.keyboard.press('Enter')
        await person.sees('Save your recovery codes')
        await goTo('saved')
        await page.keyboard.press('Space')
        await page.keyboard.press('Enter')
        await person.sees('You are signed in')
      })
    },
  )

  it('UX-F09 a password that was shown is hidden again on the way back', async () => {
    await visiting({}, async (page) => {
      const person = new Visitor(page, app)
      await person.open('/login')
      await person.type('Password', 'secret')
      await person.press('Show password')
      expect(await page.locator('#current-password').getAttribute('type')).toBe('text')
      await page.evaluate(() =>
        window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false })),
      )
      expect(await page.locator('#current-password').getAttribute('type')).toBe('password')
    })
  })
})

describe('UX-J02 the journey goes on', () => {
  it.each([
    ['is blocked', null],
    ['throws', 'throw new Error("broken on purpose")'],
  ])('when the script %s', async (_how, body) => {
    const { username, phone } = await somebody()
    await visiting({}, async (page, visited) => {
      await page.route(/nightlatch\.[^.]*\.?js$/, (route) =>
        body === null ? route.abort() : route.fulfill({ contentType: 'text/javascript', body }),
      )
      const person = new Visitor(page, app)
      person.key = phone.key
      await person.signIn(username)
      await person.sees('You are signed in')
      await person.follow('Manage your account')
      await person.sees('Your account')
      await person.signOut()
      await app.person(`newcomer-of-${username}`)
      await person.givePassword(`newcomer-of-${username}`)
      await person.setUp()
      await person.sees('You are signed in')
      await person.signOut()
      const expected = visited.complaints.splice(0)
      expect(expected.length).toBeGreaterThan(0)
      for (const one of expected) expect(one).toMatch(/ERR_FAILED|broken on purpose/)
    })
  })
})

describe('UX-J04 a double click', () => {
  it.each([true, false])('signs in once, with JavaScript %s', async (javaScriptEnabled) => {
    const { username, phone } = await somebody()
    await visiting({ javaScriptEnabled }, async (page) => {
      await bringCookies(page, await withPassword(username))
      const person = new Visitor(page, app)
      person.key = phone.key
      await person.open('/mfa/verify')
      await page.locator('#otp').fill(person.nextCode())
      // Without the script the browser gives up the first request for the second: a hand is slower than the server.
      const delay = javaScriptEnabled ? 0 : 60
      await page.getByRole('button', { name: 'Continue' }).dblclick({ delay })
      await person.sees('You are signed in')
      expect(await page.locator('.box').count(), 'nothing is said to have failed').toBe(0)
    })
  })

  it('of two requests at once makes one session and no failure', async () => {
    const { username, phone } = await somebody()
    const browser = app.browser()
    await browser.submit('/login', { username, password: testPassword })
    app.clock.advance(30)
    const code = phone.code()
    const replies = await Promise.all([
      browser.post('/mfa/verify', { otp: code }),
      browser.post('/mfa/verify', { otp: code }),
    ])
    expect(replies.map(({ status }) => status)).toEqual([303, 303])
    const home = await browser.get((await browser.get('/login')).location)
    expect(home.status).toBe(200)
    expect(home.body).not.toContain('class="box')
  })
})

describe('UX-J06 the destination', () => {
  it('is kept through errors, password, code and a sign-in that took too long', async () => {
    const { username, phone } = await somebody()
    await visiting({}, async (page) => {
      const person = new Visitor(page, app)
      person.key = phone.key
      await person.open('/account?before=9')
      await person.sees('Sign in')
      await person.givePassword(username, 'wrong')
      await person.problem()
      await person.givePassword(username)
      await person.giveCode(person.wrongCode())
      await person.problem()
      app.clock.advance(16 * 60)
      await person.giveCode()
      await person.sees('Sign in')
      await person.done(/This sign-in is over: it took longer than 15 minutes/)
      await person.signIn(username)
      await person.sees('Your account')
      expect(person.path()).toBe('/account?before=9')
    })
  })

  it('is kept through a recovery code, and through set-up and its codes', async () => {
    const { username, recoveryCodes } = await somebody()
    await app.person('newcomer')
    await visiting({}, async (page) => {
      const person = new Visitor(page, app)
      await person.open('/login?next=/help')
      await person.givePassword(username)
      await person.follow('Use a recovery code')
      await person.type('Recovery code', recoveryCodes[0]!)
      await person.press('Continue')
      await person.sees('Help with signing in')
      await page.context().clearCookies()
      await person.open('/login?next=/help')
      await person.givePassword('newcomer')
      await person.setUp()
      await person.sees('Help with signing in')
    })
  })

  it.each([
    '//evil.example',
    'https://evil.example/',
    '/\\evil.example',
    'javascript:alert(1)',
    '/%2f/../..//evil.example',
  ])('is never %s', async (next) => {
    const { username, phone } = await somebody()
    const browser = app.browser()
    await browser.submit('/login', { username, password: testPassword, next })
    app.clock.advance(30)
    const { location } = await browser.post('/mfa/verify', { otp: phone.code() })
    expect(new URL(location, app.server.url).origin).toBe(app.server.url)
  })
})

describe('UX-J07 two tabs', () => {
  it('at sign-in: what one has finished, the other shows', async () => {
    const { username, phone } = await somebody()
    await visiting({}, async (page) => {
      await bringCookies(page, await withPassword(username))
      const one = new Visitor(page, app)
      one.key = phone.key
      const other = new Visitor(await page.context().newPage(), app)
      await one.open('/mfa/verify')
      await other.open('/mfa/verify')
      await one.giveCode()
      await one.sees('You are signed in')
      await other.page.locator('#otp').fill(one.nextCode())
      await other.press('Continue')
      await other.sees('You are signed in')
      expect(await other.page.locator('.box').count()).toBe(0)
    })
  })

  it('at set-up: the other comes to the same recovery codes, and to the account once they are saved', async () => {
    await app.person('twotabs')
    await visiting({}, async (page) => {
      await bringCookies(page, await withPassword('twotabs'))
      const tabs = [page, await page.context().newPage(), await page.context().newPage()]
      const [one, other, third] = tabs.map((tab) => new Visitor(tab, app)) as [Visitor, Visitor, Visitor]
      for (const tab of [one, other, third]) {
        await tab.open('/mfa/setup')
        await tab.sees('Set up your authenticator app')
      }
      const key = await one.readKey()
      expect(await other.readKey()).toBe(key)
      const confirm = async (tab: Visitor): Promise<void> => {
        app.clock.advance(30)
        await tab.page.locator('#otp').fill(codeAt(key, app.clock.seconds))
        await tab.press('Confirm and turn on')
      }
      await confirm(one)
      await one.sees('Save your recovery codes')
      await confirm(other)
      await other.sees('Save your recovery codes')
      expect(await other.recoveryCodes()).toEqual(await one.recoveryCodes())
      await page.getByLabel('I have saved my recovery codes').check()
      await one.press('Finish')
      await confirm(third)
      await third.sees('Your account')
      expect(await third.text()).toContain('1 authenticator app')
      await other.page.getByLabel('I have saved my recovery codes').check()
      await other.press('Finish')
      await other.sees('You are signed in')
    })
  })

  it('after signing out: a form of the other leads to sign-in and back', async () => {
    const { username, phone, browser } = await somebody()
    await visiting({}, async (page) => {
      await bringCookies(page, browser.cookies)
      const one = new Visitor(page, app)
      one.key = phone.key
      const other = new Visitor(await page.context().newPage(), app)
      await other.open('/account/password')
      await one.open('/')
      await one.signOut()
      await other.type('Current password', testPassword)
      await other.type('New password', 'a new brass key on a hook')
      await other.press('Change password')
      await other.sees('Sign in')
      other.key = phone.key
      await other.signIn(username)
      await other.sees('Change your password')
    })
  })
})

describe('UX-J08 a page that was open for a long time', () => {
  const hours = 3600

  it('still signs in', async () => {
    const { username, phone } = await somebody()
    await visiting({}, async (page) => {
      const person = new Visitor(page, app)
      person.key = phone.key
      await person.open('/login')
      app.clock.advance(9 * hours)
      await person.signIn(username)
      await person.sees('You are signed in')
    })
  })

  it('of a change asks for a fresh proof and gives back what was typed (UX-A14)', async () => {
    const { phone, browser } = await somebody()
    await visiting({}, async (page) => {
      await bringCookies(page, browser.cookies)
      const person = new Visitor(page, app)
      person.key = phone.key
      await person.open('/account')
      await person.follow(/^Rename /)
      await person.type('New name', 'Phone & tablet')
      app.clock.advance(hours)
      await person.press('Save')
      await person.sees('Confirm it is you')
      expect(await person.text()).toContain('You are about to rename an authenticator app')
      await person.confirm()
      await person.sees(/^Rename /)
      expect(await page.getByLabel('New name').inputValue()).toBe('Phone & tablet')
      await person.press('Save')
      await person.done('The new name is Phone & tablet')
    })
  })

  it('of a set-up gives a new secret and says so (UX-Q06)', async () => {
    const { phone, browser } = await somebody()
    await visiting({}, async (page) => {
      await bringCookies(page, browser.cookies)
      const person = new Visitor(page, app)
      person.key = phone.key
      await person.open('/mfa/setup')
      const key = await person.readKey()
      app.clock.advance(20 * 60)
      await person.open('/mfa/setup')
      await person.confirm()
      await person.sees('Set up your authenticator app')
      expect(await person.readKey(), 'not old enough').toBe(key)
      app.clock.advance(31 * 60)
      await page.locator('#otp').fill(codeAt(key, app.clock.seconds))
      await person.press('Confirm and turn on')
      await person.confirm()
      await person.sees('Set up your authenticator app')
      expect(await person.problem()).toContain('more than 30 minutes old')
      expect(await person.readKey()).not.toBe(key)
    })
  })
})

describe('UX-J09 after too many wrong codes', () => {
  it('the page says how long it takes, and the way around', async () => {
    const { username, phone, recoveryCodes } = await somebody()
    await visiting({ javaScriptEnabled: false }, async (page) => {
      const person = new Visitor(page, app)
      person.key = phone.key
      await person.givePassword(username)
      for (let wrong = 0; wrong < 5; wrong += 1) await person.giveCode(person.wrongCode())
      expect(await person.text(), 'after some failures').toContain("Codes can fail when your phone's clock")
      const answered = page.waitForResponse((response) => response.request().method() === 'POST')
      await person.giveCode(codeAt(person.key, app.clock.seconds))
      const response = await answered
      expect(response.status()).toBe(429)
      const wait = Number(await response.headerValue('retry-after'))
      expect(wait).toBeGreaterThan(0)
      expect(await person.problem()).toContain(`You can try again in ${wait} seconds.`)
      expect(await person.problem()).toContain('A recovery code works straight away.')
      await page.getByRole('alert').getByRole('link', { name: 'Use a recovery code' }).click()
      await person.type('Recovery code', recoveryCodes[0]!)
      await person.press('Continue')
      await person.sees('You are signed in')
    })
  })
})

it('UX-R05 the codes left are counted, warned about at three, and renewed at none', async () => {
  const { username, recoveryCodes } = await somebody()
  const use = async (code: string): Promise<ReadonlyMap<string, string>> => {
    const browser = app.browser()
    await browser.submit('/login', { username, password: testPassword })
    expect((await browser.post('/mfa/recovery', { recovery_code: code })).status).toBe(303)
    return browser.cookies
  }
  await visiting({}, async (page) => {
    const person = new Visitor(page, app)
    const codes = [...recoveryCodes]
    while (codes.length > 4) await use(codes.pop()!)
    await bringCookies(page, await use(codes.pop()!))
    await person.open('/account')
    expect(await person.text()).toContain('3 of 10 left')
    expect(await person.text()).toContain('You have few recovery codes left')
    await use(codes.pop()!)
    await use(codes.pop()!)
    await page.context().clearCookies()
    await person.open('/login?next=/help')
    await person.givePassword(username)
    await person.follow('Use a recovery code')
    await person.type('Recovery code', codes.pop()!)
    await person.press('Continue')
    await person.sees('Make new recovery codes')
    expect(await page.locator('main a').count(), 'there is no way around').toBe(0)
    await person.open('/')
    await person.sees('Make new recovery codes')
    await person.press('Make new codes')
    await person.sees('Save your recovery codes')
    expect(await person.recoveryCodes()).toHaveLength(10)
  })
})

it('UX-F13 a password manager is led to the page that changes the password', async () => {
  const { browser } = await somebody()
  await visiting({}, async (page) => {
    await bringCookies(page, browser.cookies)
    const person = new Visitor(page, app)
    await person.open('/.well-known/change-password')
    await person.sees('Change your password')
  })
})

it('UX-J05 back and forward never send a form again', async () => {
  const { username, phone } = await somebody()
  await visiting({}, async (page) => {
    const person = new Visitor(page, app)
    person.key = phone.key
    const posts: string[] = []
    page.on('request', (request) => request.method() === 'POST' && posts.push(request.url()))
    await person.givePassword(username, 'wrong')
    await person.problem()
    await person.givePassword(username)
    await person.giveCode(person.wrongCode())
    await person.problem()
    await person.giveCode()
    await person.sees('You are signed in')
    await person.follow('Manage your account')
    expect(posts).toHaveLength(4)
    for (let step = 0; step < 4; step += 1) await page.goBack()
    for (let step = 0; step < 4; step += 1) await page.goForward()
    await page.reload()
    expect(posts).toHaveLength(4)
  })
})

it('UX-J12, UX-J13 every page of an account has buttons and links of different names, and gives the browser nothing to complain about', async () => {
  const { username, phone, browser } = await somebody()
  for (let other = 0; other < 2; other += 1) {
    app.clock.advance(30)
    const agent = app.browser()
    await agent.submit('/login', { username, password: testPassword })
    await agent.submit('/mfa/verify', { otp: phone.code(), remember: 'yes' })
  }
  app.clock.advance(30)
  await browser.submit('/account/confirm', { password: testPassword, otp: phone.code() })
  const violations: string[] = []
  await visiting({}, async (page) => {
    await bringCookies(page, browser.cookies)
    await page.exposeFunction('report', (what: string) => violations.push(what))
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        ;(window as unknown as { report(what: string): void }).report(event.blockedURI)
      })
    })
    const person = new Visitor(page, app)
    await person.open('/account')
    const links = await page
      .locator('main a')
      .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).pathname))
    const paths = [...new Set([...links, '/', '/help', '/logout', '/account/confirm', '/no-such-page'])]
    expect(paths.length).toBeGreaterThan(12)
    for (const path of paths) {
      await person.open(path)
      for (const role of ['button', 'link'] as const) {
        const names = await page
          .getByRole(role)
          .evaluateAll((all) =>
            all.map((one) =>
              (one.getAttribute('aria-label') ?? one.textContent ?? '').replace(/\s+/g, ' ').trim(),
            ),
          )
        expect(names, path).toEqual([...new Set(names)])
      }
    }
  })
  expect(violations).toEqual([])
})
