import { describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { addInvitations } from '../../src/core/registration/invitations.js'
import { registrationPath } from '../../src/core/registration/open-invitation.js'
import { enrolledPerson } from '../support/app.js'
import { accountOf, countOf } from '../support/attack.js'
import { atOnce } from '../support/at-once.js'
import { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { useTwoOn } from '../support/kinds.js'
import { patient } from '../support/pace.js'

describe.each(databases)('on two servers, on $name', (kind) => {
  const { app, there } = useTwoOn(kind, { NIGHTLATCH_REGISTRATION: 'invitation' })

  it(
    'REG-1 twenty browsers with a link for five make five accounts',
    async () => {
      const made = await addInvitations(app.nightlatch.core, { uses: 5, groups: ['crew'] }, atTheCommandLine)
      if (made.kind !== 'invited') throw new Error(made.why)
      const [{ invitation, token }] = made.made as [(typeof made.made)[number]]
      const before = await countOf(app, 'account')
      const forms = await Promise.all(
        Array.from({ length: 20 }, async (_, at) => {
          const browser = new Browser((at % 2 === 0 ? app : there).origin)
          await browser.get(registrationPath(token))
          const fields = { username: `racer-${at}`, new_password: 'quite another battery' }
          return { browser, path: '/register', fields }
        }),
      )
      const answers = await atOnce(forms)
      const won = answers.filter(({ status, location }) => status === 303 && location === '/mfa/setup')
      const late = answers.filter(({ body }) => body.includes('This invitation is used up'))
      expect([won.length, late.length]).toEqual([5, 15])
      expect(await countOf(app, 'account')).toBe(before + 5)
      expect(await countOf(app, "membership WHERE people_group = 'crew'")).toBe(5)
      const now = await app.nightlatch.storage.stores.openInvitations.find(invitation.id)
      expect(now).toMatchObject({ used: 5, uses: 5 })
    },
    patient(60_000),
  )

  it('an account that ends is over on both a second later', async () => {
    const ada = await enrolledPerson(app, 'ending')
    const elsewhere = new Browser(there.origin)
    for (const [name, value] of ada.browser.cookies) elsewhere.cookies.set(name, value)
    const endsAt = app.clock.seconds + 60
    await editAccount(app.nightlatch.core, await accountOf(app, 'ending'), {
      edit: { endsAt },
      actor: atTheCommandLine,
    })
    const statuses = async (): Promise<number[]> => [
      (await ada.browser.get('/forward-auth')).status,
      (await elsewhere.get('/forward-auth')).status,
      (await elsewhere.json('GET', '/api/v1/session')).status,
    ]
    app.clock.advance(59)
    expect(await statuses()).toEqual([200, 200, 200])
    app.clock.advance(2)
    expect(await statuses()).toEqual([401, 401, 401])
    expect((await accountOf(app, 'ending')).endsAt).toBe(endsAt)
  })
})
