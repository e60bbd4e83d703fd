import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { findAccount } from '../../src/core/accounts/administration.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { callbackOf, freePort, hasApache, startApache } from '../support/apache.js'
import type { Apache } from '../support/apache.js'
import { enrolledPerson, testPassword, useApp } from '../support/app.js'
import { follow, register } from '../support/application.js'
import { Browser } from '../support/browser.js'
import type { Reply } from '../support/browser.js'
import { useChromium } from '../support/chromium.js'
import { patient } from '../support/pace.js'
import { Visitor } from '../support/visitor.js'

/** Apache with mod_auth_openidc, which most of the applications have in front of them that speak no protocol. */
describe.skipIf(!hasApache)('behind Apache with mod_auth_openidc', () => {
  const app = useApp()
  const core = () => app.nightlatch.core
  let apache: Apache
  beforeAll(async () => {
    const port = await freePort()
    const client = await register(core(), {
      name: 'Apache',
      redirectUris: [callbackOf(port)],
      postLogoutUris: [`http://localhost:${String(port)}/`],
      skipConsent: false,
    })
    apache = await startApache(port, { issuer: app.server.settings.origin, client })
  })
  afterAll(() => apache.close())

  /** The same person at both: the browser of Apache, and the one that has the session here. */
  async function person(name: string, groups: readonly string[]) {
    const { browser } = await enrolledPerson(app, name)
    const account = await findAccount(core(), name)
    await editAccount(core(), account!, { edit: { addGroups: groups }, actor: atTheCommandLine })
    const visitor = new Browser(apache.origin.replace('localhost', '127.0.0.1'), {
      host: new URL(apache.origin).host,
      // Programs are not sent anywhere: they get 401.
      accept: 'text/html',
    })
    return { ours: browser, visitor }
  }

  type Person = Awaited<ReturnType<typeof person>>

  const pathOf = ({ location }: Reply): string => location.replace(/^https?:\/\/[^/]+/, '')

  /** Opens a page of Apache, by way of the sign-in where it wants one; agrees where that is asked. */
  async function open({ ours, visitor }: Person, path: string): Promise<Reply> {
    let reply = await visitor.get(path)
    if (reply.status !== 302) return reply
    let back = await follow(ours, pathOf(reply))
    const request = /name="request" value="(\w+)"/.exec(back.body)?.[1]
    if (request !== undefined) {
      const agreed = await ours.submit('/oidc/consent', { request, answer: 'allow' })
      back = await follow(ours, agreed.location)
    }
    expect(back.location).toMatch(/\/members\/callback\?/)
    reply = await visitor.get(pathOf(back))
    expect(reply.status).toBe(302)
    return visitor.get(pathOf(reply))
  }

  it('members come in, and the group admins alone where it is for them', async () => {
    const [ada, bea] = [await person('ada', ['admins', 'staff']), await person('bea', ['staff'])]
    for (const one of [ada, bea])
      expect(await open(one, '/members/')).toMatchObject({
        status: 200,
        body: expect.stringContaining('Here is /members') as string,
      })
    expect((await open(ada, '/admins/')).status).toBe(200)
    expect([401, 403]).toContain((await open(bea, '/admins/')).status)
  })

  it('a sign-out there is one here, at once and without a question', async () => {
    const ada = await person('cleo', [])
    expect((await open(ada, '/members/')).status).toBe(200)
    const back = encodeURIComponent(`${apache.origin}/`)
    const out = await ada.visitor.get(`/members/callback?logout=${back}`)
    expect(pathOf(out)).toMatch(/^\/oidc\/logout\?/)
    const done = await ada.ours.get(pathOf(out))
    expect(done).toMatchObject({ status: 303, location: `${apache.origin}/` })
    expect((await ada.ours.get('/account')).location).toMatch(/^\/login/)
    expect((await ada.visitor.get('/members/')).status).toBe(302)
  })

  const { visiting } = useChromium()
  let tries = 0

  // Seen once: the browser stood still between the two servers until the time was over.
  it(
    'a newcomer goes all the way in a browser: password, set-up, codes, consent, the page, and out again',
    { retry: 1, timeout: patient(60_000) },
    async () => {
      tries += 1
      const username = `dora${tries}`
      await app.person(username)
      await visiting({}, async (page) => {
        const dora = new Visitor(page, app)
        await page.goto(`${apache.origin}/members/`)
        await dora.sees('Sign in')
        expect(await dora.text()).toContain('Apache')
        await dora.type('Username or email address', username)
        await dora.type('Password', testPassword)
        await dora.press('Sign in')
        await dora.setUp()
        await dora.sees('May Apache know you?')
        await dora.press('Allow')
        await dora.sees('Here is /members')
        expect(page.url()).toBe(`${apache.origin}/members/`)
        await page.goto(`${apache.origin}/members/callback?logout=${encodeURIComponent(`${apache.origin}/`)}`)
        await dora.sees('Here is /')
        await page.goto(`${apache.origin}/members/`)
        await dora.sees('Sign in')
      })
    },
  )
})
