import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findInvitation } from '../../src/core/accounts/accept-invitation.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { inviteAgain } from '../../src/core/accounts/administration.js'
import { endTrustedDevice, renameAuthenticator } from '../../src/core/accounts/changes.js'
import { editAccount, type AccountEdit } from '../../src/core/accounts/edit.js'
import { confirmEmail } from '../../src/core/accounts/own-email.js'
import type { Core } from '../../src/core/core.js'
import type { MailLinkKind } from '../../src/core/notify/mail-links.js'
import { addMailLink, openMailLink } from '../../src/core/notify/mail-links.js'
import {
  endOtherSessions,
  endSession,
  findSession,
  signOut,
} from '../../src/core/sessions/session-lifetime.js'
import type { Token } from '../../src/core/tokens.js'
import { databases, type TestDatabase } from '../support/databases.js'
import { Here, justBeforeTheWrite, noon, type Person } from './people.js'

describe.each(databases)('what has ended meanwhile, on $name', (kind) => {
  let database: TestDatabase
  let here: Here
  beforeAll(async () => {
    database = await kind.create()
    here = new Here()
    here.open(await database.open())
  })
  beforeEach(() => {
    here.clock.seconds = noon
  })
  afterAll(() => database.remove())

  const edit = async (person: Person, wishes: AccountEdit, core: Core = here.core) =>
    editAccount(core, await person.account(), { edit: wishes, actor: atTheCommandLine })

  const address = (): string => `somebody${here.next()}@example.org`

  const linkTo = async (person: Person, of: MailLinkKind, about: object = {}): Promise<Token> => {
    const wish = { kind: of, account: person.id, seconds: 3600, about, beside: true } as const
    return (await here.storage.atomically((stores) => addMailLink(here.core, stores, wish))).token
  }

  const opens = async (of: MailLinkKind, token: Token): Promise<boolean> =>
    (await openMailLink(here.core, of, token)) !== null

  async function mailedTo(person: Person) {
    const invited = await inviteAgain(here.core, await person.account())
    if (invited.kind !== 'invited') throw new Error(invited.kind)
    const [reset, email, undo] = [
      await linkTo(person, 'password-reset'),
      await linkTo(person, 'email'),
      await linkTo(person, 'undo'),
    ]
    return async () => ({
      invitation: (await findInvitation(here.core, invited.token)) !== null,
      reset: await opens('password-reset', reset),
      email: await opens('email', email),
      undo: await opens('undo', undo),
    })
  }
  const all = { invitation: true, reset: true, email: true, undo: true }
  const none = { invitation: false, reset: false, email: false, undo: false }

  it('links that were mailed to an address end when an administrator puts another one in its place', async () => {
    const ada = await here.someoneWithAPassword()
    await edit(ada, { email: address() })
    const links = await mailedTo(ada)
    await edit(ada, { name: 'Ada', addGroups: ['staff'] })
    expect(await links()).toEqual(all)
    await edit(ada, { email: address() })
    expect(await links()).toEqual(none)
  })

  it('they end as well when the address is taken away', async () => {
    const ada = await here.someoneWithAPassword()
    await edit(ada, { email: address() })
    const links = await mailedTo(ada)
    await edit(ada, { email: '' })
    expect(await links()).toEqual(none)
  })

  it('a first address ends no link: none was mailed', async () => {
    const ada = await here.someoneWithAPassword()
    const links = await mailedTo(ada)
    await edit(ada, { email: address() })
    expect(await links()).toEqual(all)
  })

  it('an edit that is refused ends none', async () => {
    const [ada, bob] = [await here.someoneWithAPassword(), await here.someoneWithAPassword('bob')]
    await edit(ada, { email: address() })
    const links = await mailedTo(ada)
    expect(await edit(ada, { email: address(), username: bob.username })).toMatchObject({ kind: 'refused' })
    expect(await links()).toEqual(all)
  })

  it('where the owner has changed it, what takes that back is still good at the old one', async () => {
    const ada = await here.someoneWithAPassword()
    const before = address()
    await edit(ada, { email: before })
    const links = await mailedTo(ada)
    const token = await linkTo(ada, 'email', { email: address(), before })
    const { client } = ada.browser
    expect(await confirmEmail(here.core, { token, client })).toMatchObject({ kind: 'confirmed' })
    expect(await links()).toEqual({ ...none, undo: true })
  })

  it('an account that comes back from its end has nobody signed in', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await edit(ada, { endsAt: here.clock.seconds + 60 })
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
    here.clock.advance(61)
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    await edit(ada, { endsAt: null })
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    expect(await here.stores.sessions.listOf(ada.id)).toEqual([])
  })

  it('one whose end is put off in time stays signed in', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await edit(ada, { endsAt: here.clock.seconds + 60 })
    await edit(ada, { endsAt: here.clock.seconds + 3600 })
    here.clock.advance(61)
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
  })

  /** Somebody with a remembered device and a session elsewhere, and what the person is about to change. */
  async function changing() {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const elsewhere = await ada.signIn(here.newBrowser(), true)
    const change = await ada.change()
    const [authenticator] = await here.stores.authenticators.listOf(ada.id)
    const [device] = await here.stores.trustedDevices.listOf(ada.id)
    const { client } = ada.browser
    const { signedIn } = change
    const changes = {
      rename: (core: Core) => renameAuthenticator(core, { ...change, id: authenticator!.id, name: 'New' }),
      device: (core: Core) => endTrustedDevice(core, { ...change, id: device!.id }),
      session: (core: Core) => endSession(core, { signedIn, id: elsewhere.session.id, client }),
      others: (core: Core) => endOtherSessions(core, signedIn, client),
    }
    const left = async () => ({
      name: (await here.stores.authenticators.listOf(ada.id))[0]!.name,
      devices: (await here.stores.trustedDevices.listOf(ada.id)).length,
      isElsewhere: (await findSession(here.core, elsewhere.token)) !== null,
    })
    return { ada, changes, left, signOutFirst: () => signOut(here.core, signedIn, client) }
  }

  it.each([
    ['rename', { kind: 'not-fresh' }],
    ['device', false],
    ['session', false],
    ['others', null],
  ] as const)('a session that ended meanwhile changes nothing any more: %s', async (what, refusal) => {
    const { ada, changes, left, signOutFirst } = await changing()
    const before = await left()
    expect(await changes[what](justBeforeTheWrite(here.core, signOutFirst))).toEqual(refusal)
    expect(await left()).toEqual(before)
    expect(await ada.lastEvent()).toMatchObject({ event: 'session.signed-out' })
  })

  it('nor does one whose account came to its end meanwhile', async () => {
    const { ada, changes, left } = await changing()
    await edit(ada, { endsAt: here.clock.seconds + 1 })
    const before = await left()
    const ends = (): Promise<void> => Promise.resolve(here.clock.advance(1))
    expect(await changes.rename(justBeforeTheWrite(here.core, ends))).toEqual({ kind: 'not-fresh' })
    expect({ ...(await left()), isElsewhere: true }).toEqual(before)
  })

  it('the others change what they change', async () => {
    const { changes, left } = await changing()
    expect(await changes.rename(here.core)).toEqual({ kind: 'renamed' })
    expect(await changes.device(here.core)).toBe(true)
    expect(await changes.session(here.core)).toBe(true)
    expect(await changes.others(here.core)).toBe(0)
    expect(await left()).toEqual({ name: 'New', devices: 0, isElsewhere: false })
  })
})
