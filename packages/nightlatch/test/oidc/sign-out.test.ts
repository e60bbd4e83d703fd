import { describe, expect, it } from 'vitest'
import { enrolledPerson, useApp } from '../support/app.js'
import { answerIn, authorizePath, follow, redeem, register } from '../support/application.js'
import type { Registered } from '../support/application.js'
import type { Browser } from '../support/browser.js'

const app = useApp()
const core = () => app.nightlatch.core

let people = 0
const somebody = () => enrolledPerson(app, `ada${String((people += 1))}`)

async function idTokenFor(browser: Browser, client: Registered): Promise<string> {
  const back = await follow(browser, authorizePath(client))
  return String((await redeem(app.origin, client, answerIn(back)['code'] ?? '')).body['id_token'])
}

const path = (fields: Record<string, string>): string =>
  `/oidc/logout?${new URLSearchParams(fields).toString()}`

const isSignedIn = async (browser: Browser): Promise<boolean> =>
  (await browser.get('/account')).status === 200

const back = 'https://grafana.example.org/'

describe('an application signs its person out', () => {
  it('at once where it shows a token of the session, however old, and knows where to go', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const id_token_hint = await idTokenFor(browser, client)
    app.clock.advance(2 * 3600)
    const fields = { id_token_hint, post_logout_redirect_uri: back, state: 'abc' }
    const reply = await browser.get(path(fields))
    expect(reply).toMatchObject({ status: 303, location: `${back}?state=abc` })
    expect(await isSignedIn(browser)).toBe(false)
    // Nobody is signed in again in silence.
    expect(answerIn(await follow(browser, authorizePath(client, { prompt: 'none' })))['error']).toBe(
      'login_required',
    )
    expect((await browser.get(path(fields))).location).toBe(`${back}?state=abc`)
  })

  it('by a form of its own, too', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const id_token_hint = await idTokenFor(browser, client)
    const posted = await browser.send('/oidc/logout', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ id_token_hint, post_logout_redirect_uri: back, confirm: 'yes' }).toString(),
    })
    expect(posted.status).toBe(303)
    expect(await isSignedIn(browser)).toBe(true)
    expect((await browser.get(posted.location)).location).toBe(back)
    expect(await isSignedIn(browser)).toBe(false)
  })

  it('by asking, where it cannot show whose session it means', async () => {
    const client = await register(core())
    const [ada, bea] = [await somebody(), await somebody()]
    const foreign = await idTokenFor(bea.browser, client)
    const asked: readonly Record<string, string>[] = [
      {},
      { client_id: client.id, post_logout_redirect_uri: back, state: 'abc' },
      { id_token_hint: foreign, post_logout_redirect_uri: back },
      { id_token_hint: await idTokenFor(ada.browser, client) },
    ]
    for (const fields of asked) {
      const page = await ada.browser.get(path(fields))
      expect(page.status).toBe(200)
      expect(page.body).toContain('Sign out')
      expect(await isSignedIn(ada.browser)).toBe(true)
    }
    const page = await ada.browser.get(path(asked[1] ?? {}))
    expect(String(page.headers['content-security-policy'])).toContain(
      "form-action 'self' https://grafana.example.org;",
    )
    const done = await ada.browser.submit('/oidc/logout', { ...asked[1], confirm: 'yes' })
    expect(done.location).toBe(`${back}?state=abc`)
    expect(await isSignedIn(ada.browser)).toBe(false)
    expect(await isSignedIn(bea.browser)).toBe(true)
  })

  it('and leads nowhere that is not registered, nor for a token that is not ours', async () => {
    const client = await register(core())
    const { browser } = await somebody()
    const id_token_hint = await idTokenFor(browser, client)
    const wrong: readonly Record<string, string>[] = [
      { id_token_hint, post_logout_redirect_uri: 'https://evil.example/' },
      { id_token_hint, post_logout_redirect_uri: `${back}?x=1` },
      { post_logout_redirect_uri: back },
      { id_token_hint: `${id_token_hint}x`, post_logout_redirect_uri: back },
      { id_token_hint, client_id: 'somebody-else', post_logout_redirect_uri: back },
    ]
    for (const fields of wrong) {
      const page = await browser.get(path(fields))
      expect(page).toMatchObject({ status: 400, location: '' })
      expect(await isSignedIn(browser)).toBe(true)
    }
  })
})
