import { describe, expect, it } from 'vitest'
import { findAccount, firstAccountLink, inviteAgain } from '../../src/core/accounts/administration.js'
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

  it.each([
    ['', ''],
    [' Root@Example.org ', 'Root@Example.org'],
  ])('may give an email address, and need not: %j', async (email, kept) => {
    const fresh = await startApp()
    const { token } = (await firstAccountLink(fresh.nightlatch.core))!
    const browser = fresh.browser()
    await browser.get(`/invitation?token=${token.reveal()}`)
    expect((await browser.get('/invitation')).body).toContain('Email address (optional)')
    const typed = { username: 'root', new_password: 'a quite different battery' }
    const bad = await browser.refused('/invitation', { ...typed, email: 'no address' })
    expect(bad.body).toContain('Enter an email address, like name@example.org')
    expect(bad.body).toContain('value="no address"')
    await browser.submit('/invitation', { ...typed, email })
    expect(await findAccount(fresh.nightlatch.core, 'root')).toMatchObject({ email: kept, admin: true })
    if (kept !== '') expect((await findAccount(fresh.nightlatch.core, kept))?.username).toBe('root')
    await fresh.close()
  })

  it('an address says nothing about anybody’s account but the first', async () => {
    const fresh = await startApp()
    const { id } = await fresh.person('ada')
    const invited = await inviteAgain(
      fresh.nightlatch.core,
      (await findAccount(fresh.nightlatch.core, 'ada'))!,
    )
    if (invited.kind !== 'invited') throw new Error(invited.kind)
    const browser = fresh.browser()
    await browser.get(`/invitation?token=${invited.token.reveal()}`)
    expect((await browser.get('/invitation')).body).not.toContain('name="email"')
    await browser.submit('/invitation', { new_password: 'a quite different battery', email: 'eve@evil.test' })
    expect(await fresh.nightlatch.core.queries.accounts.find(id)).toMatchObject({ email: '' })
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
