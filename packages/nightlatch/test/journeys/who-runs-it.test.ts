import { describe, expect, it } from 'vitest'
import { startApp } from '../support/app.js'

const withContact = (contact: string) => startApp({ env: { NIGHTLATCH_CONTACT: contact } })

describe('who runs the site', () => {
  it.each([
    ['help@example.org', '<a href="mailto:help@example.org">help@example.org</a>'],
    ['https://example.org/help', '<a href="https://example.org/help">https://example.org/help</a>'],
    ['Ada <in room 12>', 'Ada &lt;in room 12&gt;'],
  ])('is said as %j on the help page and wherever people are told to ask', async (contact, shown) => {
    const app = await withContact(contact)
    // With no account yet, a lost link is made again by a restart: there is nobody to ask.
    await app.person('ada')
    for (const path of ['/help', '/invitation']) {
      const { body } = await app.browser().get(path)
      expect(body, path).toContain('The person who runs this site:')
      expect(body, path).toContain(shown)
    }
    expect((await app.browser().get('/nowhere')).body).not.toContain('The person who runs this site:')
    await app.close()
  })

  it('is left out where nobody has said it', async () => {
    const app = await startApp()
    expect((await app.browser().get('/help')).body).not.toContain('The person who runs this site:')
    await app.close()
  })
})
