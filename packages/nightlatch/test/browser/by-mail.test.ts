import axe from 'axe-core'
import { createServer, type Server } from 'node:http'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, isInstalled, startProxy } from '../../../../examples/common/proxies.mjs'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { inviteAccount } from '../../src/core/accounts/administration.js'
import { startApp, type TestApp } from '../support/app.js'
import { useChromium } from '../support/chromium.js'
import { linkIn, runMailServer, withMail, type MailServer } from '../support/mail-server.js'
import { patient } from '../support/pace.js'
import { echo, listening } from '../support/protected.js'
import { until } from '../support/until.js'
import { addAuthenticator } from '../support/virtual-authenticator.js'
import { Visitor } from '../support/visitor.js'

const password = 'a quite different battery'
const slow = patient(120_000)

describe.skipIf(!isInstalled('nginx'))('from a mail to the application behind nginx', () => {
  const chromium = useChromium()
  let mails: MailServer
  let application: Server
  let app: TestApp
  let proxy: { stop(): Promise<void> }
  let origin: string

  beforeAll(async () => {
    mails = await runMailServer()
    application = createServer(echo)
    const ports = { public: await freePort(), nightlatch: 0, application: await listening(application) }
    origin = `http://localhost:${String(ports.public)}`
    app = await startApp({
      env: {
        ...withMail(mails),
        NIGHTLATCH_ORIGIN: origin,
        NIGHTLATCH_BASE_PATH: '/auth',
        NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
      },
    })
    proxy = await startProxy('nginx', { ...ports, nightlatch: app.server.settings.port })
  })
  afterAll(async () => {
    await proxy?.stop()
    await app?.close()
    application.closeAllConnections()
    application.close()
    await mails.down()
  })

  /** The newest mail about this to somebody, and its link. */
  async function link(username: string, about: string, path: string): Promise<string> {
    const to = `${username}@example.org`
    const find = () => mails.mails.findLast((mail) => mail.to === to && mail.subject.includes(about))
    await until(() => find() !== undefined, 30_000)
    return linkIn(find()!, path)
  }

  async function invited(username: string): Promise<string> {
    const input = { username, email: `${username}@example.org`, admin: false }
    const outcome = await inviteAccount(app.nightlatch.core, input, { ...atTheCommandLine, byMail: true })
    expect(outcome.kind).toBe('invited')
    return link(username, 'Choose your password', '/invitation')
  }

  /** What opens every link of a mail before its reader does, and follows it as a browser would. */
  async function scan(address: string): Promise<void> {
    for (let time = 0; time < 2; time += 1) {
      const first = await fetch(address, { redirect: 'manual' })
      expect(first.status).toBe(303)
      const cookie = first.headers
        .getSetCookie()
        .map((one) => one.split(';')[0])
        .join('; ')
      const where = new URL(first.headers.get('location') ?? '', address)
      expect((await fetch(where, { headers: { cookie } })).status).toBe(200)
    }
  }

  async function isAccessible(page: Page): Promise<void> {
    await page.evaluate(axe.source)
    const found = await page.evaluate(async () => {
      const { axe: loaded } = window as unknown as { axe: typeof axe }
      const { violations, incomplete } = await loaded.run(document)
      return [...violations, ...incomplete].map(({ id }) => id)
    })
    expect(found).toEqual([])
  }

  async function reaches(page: Page, username: string): Promise<void> {
    await page.goto(`${origin}/page`)
    const { headers } = JSON.parse((await page.textContent('body')) ?? '') as {
      headers: Record<string, string>
    }
    expect(headers['remote-user']).toBe(username)
  }

  async function choosesPassword(person: Visitor, button: string): Promise<void> {
    await person.type('New password', password)
    await person.press(button)
  }

  it(
    'somebody who is invited sets up a passkey, saves the codes and is there, although a scanner was quicker',
    () =>
      chromium.visiting({}, async (page) => {
        await addAuthenticator(page)
        const address = await invited('ada')
        await scan(address)
        const ada = new Visitor(page, app)
        await page.goto(address)
        await ada.sees('Choose your password')
        await isAccessible(page)
        await choosesPassword(ada, 'Set password')
        await page.waitForURL('**/mfa/setup')
        await isAccessible(page)
        await ada.press('Make a passkey')
        await ada.sees('Save your recovery codes')
        await isAccessible(page)
        await page.getByLabel('I have saved my recovery codes').check()
        await ada.press('Finish')
        await ada.sees('You are signed in')
        await reaches(page, 'ada')
      }),
    slow,
  )

  it(
    'without JavaScript: an app, a forgotten password with its code, and “It was not me” in the notice of that',
    () =>
      chromium.visiting({ javaScriptEnabled: false }, async (page) => {
        const address = await invited('bob')
        await scan(address)
        const bob = new Visitor(page, app)
        await page.goto(address)
        await choosesPassword(bob, 'Set password')
        await bob.setUp()
        await bob.sees('You are signed in')
        await reaches(page, 'bob')

        await page.goto(`${origin}/auth/`)
        await bob.signOut()
        app.clock.advance(60)
        await page.goto(`${origin}/auth/password/forgot`)
        await bob.type('Username or email address', 'bob')
        await page.locator('main form button[type=submit]').first().click()
        const reset = await link('bob', 'A new password', '/password/reset')
        await scan(reset)
        await page.goto(reset)
        await page.locator('input[name=new_password]').fill('another good password')
        await page.locator('input[name=otp]').fill(bob.nextCode())
        await page.locator('main form button[type=submit]').first().click()
        await bob.sees('Sign in')
        await bob.type('Username or email address', 'bob')
        await bob.type('Password', 'another good password')
        await bob.press('Sign in')
        await bob.giveCode()
        await reaches(page, 'bob')

        const undo = await link('bob', 'password', '/notice/undo')
        await scan(undo)
        await page.goto(undo)
        await bob.press('It was not me: take it back')
        await bob.sees('It is taken back')
        await page.goto(`${origin}/page`)
        await bob.sees('Sign in')
        await bob.type('Username or email address', 'bob')
        await bob.type('Password', password)
        await bob.press('Sign in')
        await bob.giveCode()
        await bob.sees('Choose another password')
        await page.locator('input[name=new_password]').fill('a third good password')
        await page.locator('main form button[type=submit]').first().click()
        await reaches(page, 'bob')
      }),
    slow,
  )
})
