import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { firstAccountLink, inviteAccount } from '../../src/core/accounts/administration.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { invitationPath } from '../../src/core/accounts/invitation.js'
import { addInvitations } from '../../src/core/registration/invitations.js'
import { registrationPath } from '../../src/core/registration/open-invitation.js'
import type { TestApp } from '../support/app.js'
import { enrolledPerson, startApp, TestClock } from '../support/app.js'
import { accountOf, proveAgain } from '../support/attack.js'
import type { MailServer } from '../support/mail-server.js'
import { runMailServer, textOf, withMail } from '../support/mail-server.js'
import { until } from '../support/until.js'
import { Transcript } from './transcript.js'

const start = 1_800_000_000
const bad = ['', 'short', 'x'.repeat(2000), 'password1234', 'a\u0000quite different']
const next = 'a quite different battery'

let server: MailServer
beforeAll(async () => {
  server = await runMailServer()
})
afterAll(() => server.down())

const startWith = (registration: string): Promise<TestApp> =>
  startApp({
    clock: new TestClock(start),
    env: { ...withMail(server), NIGHTLATCH_REGISTRATION: registration },
  })

const opened = new Set<string>()

/** The link to this path in a mail to somebody that was not opened yet. */
async function linkIn(to: string, path: string): Promise<string> {
  const link = new RegExp(`${path}[?]token=[\\w-]{43}(?:&next=[^\\s"]*)?`)
  const found = (): string | undefined =>
    server.mails
      .filter((mail) => mail.to === to)
      .flatMap((mail) => link.exec(textOf(mail))?.[0] ?? [])
      .find((one) => !opened.has(one))
  await until(() => Promise.resolve(found() !== undefined))
  const one = found() ?? ''
  opened.add(one)
  return one
}

const ofLinks = [
  '/password/reset',
  '/notice/undo',
  '/email/confirm',
  '/invitation',
  '/register',
  '/register/sent',
]

describe('what links in mails lead to', () => {
  it('is what is written down', async () => {
    const app = await startWith('off')
    const t = new Transcript(app)
    const ada = await enrolledPerson(app, 'ada')
    await editAccount(app.nightlatch.core, await accountOf(app, 'ada'), {
      edit: { email: 'ada@example.org' },
      actor: atTheCommandLine,
    })
    const stranger = app.browser()
    t.about('Links that are none')
    for (const path of [...ofLinks, '/register/waiting', '/password/due'])
      for (const query of ['', '?token=x', `?token=${'A'.repeat(43)}`]) await t.get(stranger, path + query)
    for (const path of [...ofLinks, '/password/due']) await t.send(stranger, path, { new_password: next })
    t.about('A forgotten password')
    await t.page(stranger, '/login')
    await t.page(stranger, '/password/forgot')
    for (const identifier of ['', ' ', 'nobody', 'ada'])
      await t.send(stranger, '/password/forgot', { identifier })
    await t.send(stranger, '/password/forgot')
    const reset = await linkIn('ada@example.org', '/password/reset')
    await t.get(stranger, reset)
    for (const query of ['', '?with=recovery-code', '?with=nonsense', '?with=passkey'])
      await t.page(stranger, `/password/reset${query}`)
    await t.without(stranger, '/password/reset', { new_password: next, otp: '12', with: 'totp' })
    for (const password of bad)
      await t.send(stranger, '/password/reset', { new_password: password, otp: '123456' })
    for (const [kind, given] of [
      ['totp', 'abcdef'],
      ['totp', ada.phone.wrongCode()],
      ['recovery-code', '123456'],
      ['recovery-code', 'AAAA'],
      ['passkey', '{}'],
    ] as const)
      await t.send(stranger, '/password/reset', {
        new_password: next,
        with: kind,
        otp: given,
        recovery_code: given,
        credential: given,
      })
    await t.send(stranger, '/password/reset', { new_password: next, otp: ada.phone.code() })
    await t.page(stranger, '/login')
    await t.get(stranger, reset)
    await t.get(stranger, '/password/reset')

    t.about('It was not me')
    const undo = await linkIn('ada@example.org', '/notice/undo')
    await t.get(stranger, undo)
    await t.page(stranger, '/notice/undo')
    await t.send(stranger, '/notice/undo')
    await t.get(stranger, '/notice/undo')
    await t.send(stranger, '/notice/undo')
    await t.send(stranger, '/login', { username: 'ada', password: next })

    t.about('Another address')
    const bob = await enrolledPerson(app, 'bob')
    await proveAgain(app, bob)
    await t.page(bob.browser, '/account/email')
    await t.page(bob.browser, '/account')
    await t.send(bob.browser, '/account/email')
    for (const email of [' ', 'nonsense', 'x'.repeat(300), 'ada@example.org', 'bob@example.org'])
      await t.send(bob.browser, '/account/email', { email })
    const confirm = await linkIn('bob@example.org', '/email/confirm')
    await t.get(stranger, confirm)
    await t.page(stranger, '/email/confirm')
    await t.send(stranger, '/email/confirm')
    await t.send(stranger, '/email/confirm')
    await t.send(bob.browser, '/account/email', { email: 'bob@example.org' })
    await t.often(9, bob.browser, '/account/email', { email: 'other@example.org' })
    await t.send(bob.browser, '/account/email', { email: 'again@example.org' })
    await t.get(bob.browser, await linkIn('other@example.org', '/email/confirm'))
    await t.send(bob.browser, '/email/confirm')

    t.about('An invitation')
    const invited = await inviteAccount(
      app.nightlatch.core,
      { username: 'carol', admin: false },
      atTheCommandLine,
    )
    if (invited.kind !== 'invited') throw new Error(invited.kind)
    await t.get(stranger, invitationPath(invited.token))
    await t.page(stranger, '/invitation')
    await t.without(stranger, '/invitation', { new_password: 'short', username: 'other' })
    for (const password of bad.slice(1)) await t.send(stranger, '/invitation', { new_password: password })
    await t.send(stranger, '/invitation', { new_password: 'carol-carol-1' })
    await t.send(stranger, '/invitation', { new_password: next, next: '/account' })
    await t.get(stranger, '/invitation')
    await t.send(stranger, '/invitation', { new_password: next })
    await expect(t.text).toMatchFileSnapshot('recorded/by-mail.txt')
    await app.close()
  })

  it('is the first account, too', async () => {
    const app = await startWith('off')
    const t = new Transcript(app)
    const link = await firstAccountLink(app.nightlatch.core)
    const stranger = app.browser()
    t.about('The first account')
    await t.get(stranger, invitationPath(link!.token))
    await t.page(stranger, '/invitation')
    const good = { username: 'ada', email: 'ada@example.org', new_password: next }
    await t.without(stranger, '/invitation', good)
    for (const [name, value] of [
      ['username', 'x y'],
      ['username', 'x'.repeat(300)],
      ['email', 'nonsense'],
      ['email', 'x'.repeat(300)],
      ['new_password', 'short'],
      ['new_password', 'ada-ada-ada-1'],
      ['new_password', 'ada@example.org'],
    ] as const)
      await t.send(stranger, '/invitation', { ...good, [name]: value })
    await t.send(stranger, '/invitation', good)
    await t.get(stranger, '/login')
    await expect(t.text).toMatchFileSnapshot('recorded/first-account.txt')
    await app.close()
  })
})

describe.each(['invitation', 'approval', 'domain:example.org'])(
  'what somebody is shown and asked who makes an account: %s',
  (mode) => {
    it('is what is written down', async () => {
      const app = await startWith(mode)
      const t = new Transcript(app)
      await enrolledPerson(app, 'ada')
      const stranger = app.browser()
      const good = {
        username: 'eve',
        name: 'Eve',
        email: 'eve@example.org',
        new_password: next,
        next: '/account',
      }
      t.about('Without a link')
      for (const path of [
        '/login',
        '/register',
        '/register?next=%2Faccount',
        '/register?next=https%3A%2F%2Fevil.example',
        '/register/sent',
        '/register/sent?next=%2Faccount',
        '/register/waiting',
      ])
        await t.page(stranger, path)
      for (const query of [
        '?token=x',
        '?token=x&next=%2Faccount',
        `?token=${'A'.repeat(43)}`,
        `?token=${'A'.repeat(43)}&next=%2Faccount`,
        '?link=wrong',
      ]) {
        await t.get(stranger, `/register${query}`)
        await t.get(stranger, '/register')
        await t.send(stranger, '/register', good)
      }
      const newcomer = app.browser()
      for (const email of ['', 'nonsense', 'eve@example.com', 'eve@example.org'])
        await t.send(newcomer, '/register', { email, next: '/account' })
      await t.send(newcomer, '/register', {})

      const made = await addInvitations(app.nightlatch.core, { groups: ['crew'], uses: 3 }, atTheCommandLine)
      const forDomain = await addInvitations(app.nightlatch.core, { domain: 'example.net' }, atTheCommandLine)
      if (made.kind !== 'invited' || forDomain.kind !== 'invited') throw new Error('not invited')
      t.about('With an invitation')
      const guest = app.browser()
      await t.get(guest, `${registrationPath(made.made[0]!.token)}&next=%2Faccount`)
      await t.page(guest, '/register?next=%2Faccount')
      await t.without(guest, '/register', { ...good, new_password: 'short' })
      for (const [name, value] of [
        ['username', 'ada'],
        ['username', 'x y'],
        ['username', 'x'.repeat(300)],
        ['email', 'nonsense'],
        ['email', 'x'.repeat(300)],
        ['name', 'a\u0007'],
        ['name', 'x'.repeat(300)],
        ['new_password', 'eve-eve-eve-1'],
        ['next', 'https://evil.example'],
      ] as const)
        await t.send(guest, '/register', {
          ...good,
          [name]: value,
          ...(name === 'next' ? { username: '' } : {}),
        })
      for (const password of bad) await t.send(guest, '/register', { ...good, new_password: password })
      await t.send(guest, '/register', good)
      await t.get(guest, '/register')
      await t.send(guest, '/register', good)
      t.about('With one for a domain')
      const second = app.browser()
      await t.get(second, registrationPath(forDomain.made[0]!.token))
      await t.page(second, '/register')
      for (const email of ['', 'nonsense', 'eve@example.org', 'fay@example.net'])
        await t.send(second, '/register', { email, next: '/account' })
      t.about('With the link that was mailed')
      const mailed = await linkIn('fay@example.net', '/register')
      await t.get(second, mailed)
      await t.page(second, '/register')
      await t.without(second, '/register', { username: 'fay', name: 'Fay', new_password: 'short' })
      await t.send(second, '/register', { username: 'fay', name: 'Fay', new_password: next })
      await t.get(second, '/register')
      await t.get(app.browser(), mailed)
      await t.page(app.browser(), '/login')
      await t.send(app.browser(), '/login', { username: 'fay', password: next })
      await expect(t.text).toMatchFileSnapshot(`recorded/registration-${mode.replace(/:.*/, '')}.txt`)
      await app.close()
    })
  },
)
