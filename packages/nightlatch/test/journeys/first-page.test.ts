import { describe, expect, it } from 'vitest'
import { firstAccountLink } from '../../src/core/accounts/administration.js'
import { enrolledPerson, Phone, setUpKey, startApp, useApp } from '../support/app.js'

const hint = 'There is no account here yet'

describe('whoever finishes installing', () => {
  const app = useApp()

  it('reads at the sign-in page where the link to the first account is, as long as there is none', async () => {
    const first = (await app.browser().get('/login')).body
    expect(first).toContain(hint)
    expect(first).toContain('Important')
    const { token } = (await firstAccountLink(app.nightlatch.core))!
    const browser = app.browser()
    await browser.get(`/invitation?token=${token.reveal()}`)
    await browser.submit('/invitation', { username: 'ada', new_password: 'a quite different battery' })
    expect((await app.browser().get('/login')).body).not.toContain(hint)
    const setUp = await browser.get('/mfa/setup')
    await browser.submit('/mfa/setup', { otp: new Phone(setUpKey(setUp.body), app.clock).code() })
    await browser.submit('/mfa/recovery-codes', { saved: 'yes' })
    const home = (await browser.get('/')).body
    for (const command of ['nightlatch protect', 'nightlatch user add', 'nightlatch doctor'])
      expect(home, 'as it can be pasted on a fresh clone').toContain(`>npx ${command}`)
  })

  it('reads at a first link that is too old how to get a new one', async () => {
    const fresh = await startApp()
    const { token } = (await firstAccountLink(fresh.nightlatch.core))!
    fresh.clock.advance(3601)
    const late = fresh.browser()
    await late.get(`/invitation?token=${token.reveal()}`)
    for (const page of [await late.get('/invitation'), await late.post('/invitation', { username: 'ada' })]) {
      expect(page.status).toBe(404)
      expect(page.body).toContain('Start the server again: every start prints a new one.')
    }
    await fresh.person('ada')
    const other = await late.get('/invitation')
    expect(other.body).toContain('Ask the person who runs this site for a new one.')
    await fresh.close()
  })

  it('finds behind “I cannot sign in” the section of that name, with what to ask for', async () => {
    const { body } = await app.browser().get('/login')
    const [, section = ''] = /href="\/help#([\w-]+)">I cannot sign in</.exec(body) ?? []
    const help = (await app.browser().get('/help')).body
    const [, text = ''] = new RegExp(`<section id="${section}"([^]*?)</section>`).exec(help) ?? []
    expect(text).toContain('>I cannot sign in</h2>')
    expect(text).toContain('ask the person who runs this site for a new invitation link')
  })

  it('and nobody else is told how to run the server', async () => {
    const { browser } = await enrolledPerson(app, 'grace')
    expect((await browser.get('/')).body).not.toContain('npx nightlatch')
  })

  it('the sign-in page comes up while the database does not answer', async () => {
    const broken = await startApp()
    await broken.nightlatch.storage.close()
    const page = await broken.browser().get('/login')
    expect([page.status, page.body.includes(hint)]).toEqual([200, false])
    await broken.close()
  })
})
