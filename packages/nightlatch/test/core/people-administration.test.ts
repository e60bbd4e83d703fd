import { describe, expect, it } from 'vitest'
import { atTheCommandLine, type Actor } from '../../src/core/accounts/actor.js'
import {
  addAccount,
  disableAccount,
  findAccount,
  inviteAccount,
  inviteAgain,
  removeAccount,
} from '../../src/core/accounts/administration.js'
import { endSessionsOf } from '../../src/core/accounts/sign-out.js'
import { acceptInvitation, findInvitation } from '../../src/core/accounts/accept-invitation.js'
import { editAccount, type AccountEdit } from '../../src/core/accounts/edit.js'
import { groupKey, isInOneOf, parseGroup } from '../../src/core/accounts/groups.js'
import { removeGroup, renameGroup } from '../../src/core/accounts/group-changes.js'
import { listPeople } from '../../src/core/accounts/people.js'
import { rescueAccount } from '../../src/core/accounts/rescue.js'
import { usualLimits } from '../../src/core/policy.js'
import { noteInstallation } from '../../src/core/maintenance/installation.js'
import { prune } from '../../src/core/maintenance/housekeeping.js'
import { findSession } from '../../src/core/sessions/session-lifetime.js'
import { giveRecoveryCode } from '../support/second-step.js'
import { goodPassword, useHere, type Person } from './people.js'

const here = useHere()
const actor = atTheCommandLine

async function edit(person: Person, wishes: AccountEdit, who: Actor = actor) {
  return editAccount(here.core, await person.account(), { edit: wishes, actor: who })
}

describe('a group', () => {
  it.each([
    ['admins', 'admins'],
    ['  Admins\t', 'Admins'],
    ['Zoe\u0308 & co', 'Zoë & co'],
    ['x'.repeat(64), 'x'.repeat(64)],
  ])('may be called %j', (text, name) => {
    expect(parseGroup(text)).toMatchObject({ kind: 'group', group: { name } })
  })

  it.each([
    ['', 'empty'],
    [' \t ', 'empty'],
    ['x'.repeat(65), 'too-long'],
    ['a,b', 'not-allowed'],
    ['a\nb', 'not-allowed'],
    ['a\u202eb', 'not-allowed'],
    ['a\u200fb', 'not-allowed'],
    ['a\u2028b', 'not-allowed'],
    ['a\ud800', 'not-allowed'],
  ])('cannot be called %j', (text, why) => {
    expect(parseGroup(text)).toEqual({ kind: 'refused', why })
  })

  it('is one, however its letters are written', () => {
    for (const [one, other] of [
      ['Admins', 'aDMINS'],
      ['STRASSE', 'straße'],
      ['ΟΔΟΣ', 'οδος'],
      ['Zoe\u0308', 'ZOË'],
    ] as const)
      expect(groupKey(one)).toBe(groupKey(other))
    expect(isInOneOf(['Admins'], ['ADMINS', 'x'])).toBe(true)
    expect(isInOneOf(['Admins'], ['admin'])).toBe(false)
    expect(isInOneOf([], ['admins'])).toBe(false)
  })
})

describe('an account that an administrator edits', () => {
  it('is different in what was asked for and nothing else, and the trail says from what to what', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const before = await ada.account()
    const other = `ada-${here.next()}`
    const edited = await edit(ada, { username: other, email: `${other}@example.org`, addGroups: ['Staff'] })
    expect(edited).toMatchObject({ kind: 'edited', changed: ['username', 'email', 'groups'] })
    expect(await ada.account()).toEqual({
      ...before,
      username: other,
      email: `${other}@example.org`,
      groups: ['Staff'],
    })
    expect((await ada.trail()).slice(-3)).toMatchObject([
      { event: 'account.renamed', details: { from: ada.username, to: other } },
      { event: 'account.email-changed', details: { from: '', to: `${other}@example.org` } },
      { event: 'account.groups-changed', details: { from: '', to: 'Staff' } },
    ])
    expect((await findAccount(here.core, other))?.id).toBe(ada.id)
    expect((await findAccount(here.core, `${other}@EXAMPLE.org`))?.id).toBe(ada.id)
    expect(await findAccount(here.core, ada.username)).toBeNull()
    expect(await ada.signedIn()).toMatchObject({ account: { username: other, groups: ['Staff'] } })
  })

  it('keeps its old name from everybody else for thirty days', async () => {
    const ada = await here.someoneWithAPassword()
    await edit(ada, { username: `new-${here.next()}` })
    const thief = () =>
      addAccount(here.core, { username: ada.username, admin: false }, { password: goodPassword })
    expect(await thief()).toMatchObject({ kind: 'refused', why: 'name-taken' })
    here.clock.advance(usualLimits.heldNameSeconds - 1)
    expect(await thief()).toMatchObject({ kind: 'refused', why: 'name-taken' })
    here.clock.advance(1)
    expect(await thief()).toMatchObject({ kind: 'added' })
  })

  it('is not changed at all when one part of the change cannot be', async () => {
    const [ada, bob] = [await here.someoneWithAPassword(), await here.someoneWithAPassword('bob')]
    const before = await ada.account()
    const wishes: readonly (readonly [AccountEdit, string])[] = [
      [{ name: 'Ada', username: bob.username }, 'name-taken'],
      [{ name: 'Ada', username: 'a b' }, 'bad-username'],
      [{ name: 'Ada', email: 'ada' }, 'bad-email'],
      [{ email: 'a@example.org', name: 'a\nb' }, 'bad-name'],
      [{ name: 'Ada', addGroups: ['ok', 'a,b'] }, 'bad-group'],
      [{ name: 'Ada', groups: Array.from({ length: 101 }, (_, at) => `group ${at}`) }, 'too-many-groups'],
    ]
    for (const [wish, why] of wishes) expect(await edit(ada, wish)).toMatchObject({ kind: 'refused', why })
    expect(await ada.account()).toEqual(before)
    expect((await listPeople(here.core, { group: 'ok', limit: 9 })).people).toEqual([])
  })

  it('leaves groups alone that are not named, and takes out of those that are', async () => {
    const ada = await here.someoneWithAPassword()
    await edit(ada, { groups: ['one', 'two', 'three'] })
    await edit(ada, { addGroups: ['four', 'TWO'], removeGroups: ['ONE', 'nowhere'] })
    expect((await ada.account()).groups).toEqual(['four', 'three', 'two'])
  })

  it('ends at its moment, with every session, and opens nothing until it is given more time', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const end = here.clock.seconds + 60
    expect(await edit(ada, { endsAt: end })).toMatchObject({ kind: 'edited', changed: ['ends'] })
    here.clock.advance(59)
    expect(await findSession(here.core, ada.browser.session)).not.toBeNull()
    here.clock.advance(1)
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    expect(await ada.givePassword(here.newBrowser())).toMatchObject({ kind: 'refused' })
    await edit(ada, { endsAt: null })
    expect(await ada.givePassword(here.newBrowser())).toMatchObject({ kind: 'code-due' })
  })

  it('whose application keeps names and groups is changed there; rights and end are changed here', async () => {
    const ada = await here.someoneWithAPassword()
    const facts = { origin: 'https://a.example.org', basePath: '', door: 'library', application: '' } as const
    const more = { trustsProxies: false, cookieDomain: '', sendsMail: false, keyId: '' }
    await noteInstallation(here.core, { ...facts, ...more, accounts: 'application' })
    expect(await edit(ada, { name: 'Ada' })).toEqual({ kind: 'kept-elsewhere' })
    expect(await edit(ada, { addGroups: ['x'] })).toEqual({ kind: 'kept-elsewhere' })
    expect(await edit(ada, { endsAt: here.clock.seconds + 60 })).toMatchObject({ kind: 'edited' })
    await noteInstallation(here.core, { ...facts, ...more, accounts: 'own' })
    expect(await edit(ada, { name: 'Ada' })).toMatchObject({ kind: 'edited' })
  })
})

describe('the last administrator who can sign in', () => {
  const last = { kind: 'last-administrator' }

  it('cannot be disabled, removed, demoted or given an end, unless that is really meant', async () => {
    const ada = await here.someoneWithAPassword()
    const account = await ada.account()
    await edit(ada, { admin: true })
    // Another one who was never here does not count, and neither does one who is disabled.
    await inviteAccount(here.core, { username: `invited-${here.next()}`, admin: true })
    expect(await disableAccount(here.core, account)).toEqual(last)
    expect(await removeAccount(here.core, account)).toEqual(last)
    expect(await edit(ada, { admin: false })).toEqual(last)
    expect(await edit(ada, { endsAt: here.clock.seconds + 3600, name: 'Ada' })).toEqual(last)
    expect(await ada.account()).toEqual({ ...account, admin: true })

    const bob = await here.someoneWithAPassword('bob')
    await edit(bob, { admin: true })
    expect(await edit(ada, { admin: false })).toMatchObject({ kind: 'edited' })
    expect(await disableAccount(here.core, await bob.account())).toEqual(last)
    const evenTheLast = { ...actor, evenTheLast: true }
    expect(await disableAccount(here.core, await bob.account(), evenTheLast)).toEqual({ kind: 'done' })
    expect((await bob.account()).disabled).toBe(true)
  })
})

describe('a rescue code', () => {
  it('stands in for the second factor once, behind the password, and leaves the factors as they are', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const rescued = await rescueAccount(here.core, await ada.account())
    if (rescued.kind !== 'rescued') throw new Error(rescued.kind)
    expect(rescued.expiresAt).toBe(here.clock.seconds + usualLimits.rescueSeconds)
    const { signIn } = await ada.beginSignIn()
    const given = { signIn, browser: here.newBrowser(), code: rescued.code }
    expect(await giveRecoveryCode(here.core, given)).toMatchObject({
      kind: 'complete',
      session: { strength: 'password+recovery-code' },
    })
    const again = (await ada.beginSignIn()).signIn
    expect(await giveRecoveryCode(here.core, { ...given, signIn: again })).toMatchObject({ kind: 'wrong' })
    expect((await ada.account()).factorCounts).toEqual({ totp: 1 })
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
    const paper = (await ada.beginSignIn()).signIn
    const printed = { signIn: paper, browser: here.newBrowser(), code: ada.recoveryCodes[0]! }
    expect(await giveRecoveryCode(here.core, printed)).toMatchObject({ kind: 'complete' })
  })

  it('is worth nothing after an hour, nor once there is a newer one', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const codes: string[] = []
    for (let time = 0; time < 2; time += 1) {
      const rescued = await rescueAccount(here.core, await ada.account())
      if (rescued.kind === 'rescued') codes.push(rescued.code)
    }
    const first = { signIn: (await ada.beginSignIn()).signIn, browser: here.newBrowser(), code: codes[0]! }
    expect(await giveRecoveryCode(here.core, first)).toMatchObject({ kind: 'wrong' })
    here.clock.advance(usualLimits.rescueSeconds)
    const second = { signIn: (await ada.beginSignIn()).signIn, browser: here.newBrowser(), code: codes[1]! }
    expect(await giveRecoveryCode(here.core, second)).toMatchObject({ kind: 'wrong' })
    await prune(here.core, here.stores)
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
  })

  it('is made for nobody whom it could not help', async () => {
    const ada = await here.someoneWithAPassword()
    expect(await rescueAccount(here.core, await ada.account())).toEqual({ kind: 'no-second-factor' })
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    await disableAccount(here.core, await bob.account())
    expect(await rescueAccount(here.core, await bob.account())).toEqual({ kind: 'closed' })
  })
})

describe('a new invitation', () => {
  it('ends the earlier ones, and keeps the second factor: it is asked for after the new password', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const links = [
      await inviteAgain(here.core, await ada.account()),
      await inviteAgain(here.core, await ada.account()),
    ]
    const [old, now] = links.map((link) => (link.kind === 'invited' ? link.token : null))
    expect(await findInvitation(here.core, old!)).toBeNull()
    const given = {
      token: now!,
      username: '',
      password: 'quite another battery',
      browser: here.newBrowser(),
    }
    expect(await acceptInvitation(here.core, given)).toMatchObject({
      kind: 'accepted',
      next: { kind: 'code-due' },
    })
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    expect((await ada.account()).factorCounts).toEqual({ totp: 1 })
  })

  it('is not made for an account that nobody may use', async () => {
    const ada = await here.someoneWithAPassword()
    await edit(ada, { endsAt: here.clock.seconds })
    expect(await inviteAgain(here.core, await ada.account())).toEqual({ kind: 'closed' })
  })
})

describe('sessions that an administrator ends', () => {
  it('are all of them, and how many there were is told', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await ada.signIn()
    expect(await endSessionsOf(here.core, await ada.account())).toBe(2)
    expect(await findSession(here.core, ada.browser.session)).toBeNull()
    expect(await ada.lastEvent()).toMatchObject({ event: 'account.sessions-ended', details: { ended: 2 } })
  })
})

describe('a group that is renamed or removed', () => {
  it('is so in every account, and in the trail', async () => {
    const ada = await here.someoneWithAPassword()
    const name = `crew ${here.next()}`
    await edit(ada, { addGroups: [name] })
    expect(await renameGroup(here.core, { name: name.toUpperCase(), next: `${name}!`, actor })).toEqual({
      kind: 'renamed',
      name: `${name}!`,
    })
    expect((await ada.account()).groups).toEqual([`${name}!`])
    expect(await renameGroup(here.core, { name, next: 'x', actor })).toEqual({ kind: 'not-there' })
    expect(await renameGroup(here.core, { name: `${name}!`, next: 'a,b', actor })).toEqual({
      kind: 'bad-group',
      why: 'not-allowed',
    })
    expect(await removeGroup(here.core, { name: `${name}!`, actor })).toBe(1)
    expect(await removeGroup(here.core, { name, actor })).toBeNull()
    expect((await ada.account()).groups).toEqual([])
    const [event] = await here.stores.audit.list({ limit: 1 })
    expect(event).toMatchObject({ event: 'group.removed', details: { group: `${name}!`, members: 1 } })
  })
})

describe('the list of people', () => {
  it('goes on behind the last one, also when that one is gone meanwhile', async () => {
    const names = ['p1', 'p2', 'p3', 'p4'].map((name) => `${name}-${here.next()}`)
    for (const username of names)
      await addAccount(here.core, { username, admin: false, groups: ['paged'] }, { password: goodPassword })
    const first = await listPeople(here.core, { group: 'PAGED', limit: 2 })
    expect(first.people.map(({ username }) => username)).toEqual(names.slice(0, 2))
    expect(first.next).toBe(names[1])
    await removeAccount(here.core, first.people[1]!)
    const second = await listPeople(here.core, { group: 'paged', limit: 2, after: first.next! })
    expect(second.people.map(({ username }) => username)).toEqual(names.slice(2))
    expect(second.next).toBeNull()
    expect(await listPeople(here.core, { group: 'paged', limit: 2, after: 'zzz' })).toEqual({
      people: [],
      next: null,
    })
  })

  it('looks for words and not for marks of the query language', async () => {
    for (const search of ['%', '_', "'; DROP TABLE account; --", '\u{10ffff}'])
      expect((await listPeople(here.core, { search, limit: 9 })).people).toEqual([])
  })
})
