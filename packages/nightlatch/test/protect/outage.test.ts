import { expect, it } from 'vitest'
import { enrolledPerson } from '../support/app.js'
import { seen, startProtected } from '../support/protected.js'

it('while the database is away, what is public is still there, as nobody, and nothing else is', async () => {
  const app = await startProtected(undefined, { publicPaths: ['/public/*'] })
  const ada = await enrolledPerson(app)
  expect(seen(await ada.browser.get('/public/a')).headers['remote-user']).toBe('ada')
  await app.nightlatch.storage.close()
  const open = await ada.browser.get('/public/a')
  expect(open.status).toBe(200)
  expect(seen(open).headers['remote-user']).toBe('')
  const closed = await ada.browser.get('/secret')
  expect(closed.status).toBe(503)
  expect(app.logged.join('\n')).toContain('the database cannot answer {"request":')
  expect(closed.body).not.toContain('remote-user')
  await app.close().catch(() => undefined)
})
