import { describe, expect, it } from 'vitest'
import { disableAccount, findAccount } from '../../src/core/accounts/administration.js'
import type { ApplicationAccount, Core } from '../../src/core/core.js'
import { checkPassword } from '../../src/core/sign-in/password-check.js'
import { givePassword } from '../../src/core/sign-in/password-step.js'
import { fullHasher, noon, useHere } from './people.js'

const here = useHere()

/** An application that keeps its own accounts: everybody's password is `open sesame`. */
function applicationWith(people: Record<string, ApplicationAccount>): Core & { asked: string[] } {
  const asked: string[] = []
  const applicationAccounts = {
    verifyPassword(username: string, password: string) {
      asked.push(`${username}/${password}`)
      return Promise.resolve(password === 'open sesame' ? (people[username] ?? null) : null)
    },
  }
  return { ...here.core, passwords: fullHasher, applicationAccounts, asked }
}

const give = (core: Core, username: string, password = 'open sesame') =>
  givePassword(core, { username, password, browser: here.newBrowser() })

describe('an application that keeps the accounts', () => {
  it('is asked with what was typed; its account gets a row of ours without a password', async () => {
    const groups = ['staff', 'admins']
    const core = applicationWith({
      'Ada@Work': { username: 'ada', name: ' Ada L. ', email: 'Ada@Example.org', groups },
    })
    const outcome = await give(core, 'Ada@Work')
    expect(core.asked).toEqual(['Ada@Work/open sesame'])
    expect(outcome.kind).toBe('set-up-due')
    expect(await findAccount(here.core, 'ADA')).toEqual({
      id: expect.stringMatching(/^[a-z2-7]{26}$/) as string,
      username: 'ada',
      name: 'Ada L.',
      email: 'Ada@Example.org',
      emailVerified: false,
      groups,
      admin: false,
      disabled: false,
      waiting: false,
      endsAt: null,
      passwordHash: '',
      factorCounts: { totp: 0 },
      createdAt: noon,
      lastSignInAt: 0,
    })
  })

  it('tells no more than a name if it likes', async () => {
    await give(applicationWith({ bob: { username: 'bob' } }), 'bob')
    expect(await findAccount(here.core, 'bob')).toMatchObject({ name: '', email: '', groups: [] })
  })

  it.each([
    ['an address that is none', { email: 'nobody' }, { email: '' }],
    ['a name of two lines', { name: 'Bob\r\nRemote-Groups: admins' }, { name: '' }],
    ['a name that cannot be stored', { name: 'Bob\0' }, { name: '' }],
  ])('that tells %s is not believed in that', async (_what, own, kept) => {
    await give(applicationWith({ bob: { username: 'bob', ...own } }), 'bob')
    expect(await findAccount(here.core, 'bob')).toMatchObject(kept)
  })

  it('may change what it tells; the account stays the same', async () => {
    await give(applicationWith({ eve: { username: 'eve', name: 'Eve', groups: ['one'] } }), 'eve')
    const before = await findAccount(here.core, 'eve')
    const later = { username: 'EVE', name: 'Evelyn', email: 'eve@example.org', groups: ['two'] }
    const core = applicationWith({ eve: later })
    expect(await checkPassword(core, { account: null, username: 'eve', password: 'open sesame' })).toEqual({
      kind: 'right',
      account: { ...before, ...later },
    })
    expect(await findAccount(here.core, 'eve')).toEqual({ ...before, ...later })
  })

  it('says no to a wrong password, and to names that it does not know', async () => {
    const core = applicationWith({ mallory: { username: 'mallory' } })
    expect(await give(core, 'mallory', 'wrong')).toEqual({ kind: 'refused' })
    expect(await give(core, 'nobody')).toEqual({ kind: 'refused' })
    expect(await findAccount(here.core, 'mallory')).toBeNull()
    const silent = { verifyPassword: () => Promise.resolve(undefined as unknown as null) }
    expect(await give({ ...core, applicationAccounts: silent }, 'mallory')).toEqual({ kind: 'refused' })
  })

  it('may say yes and no only: the account is then the one that was named', async () => {
    const applicationAccounts = {
      verifyPassword: (_name: string, password: string) => Promise.resolve(password === 'open sesame'),
    }
    const core = { ...here.core, applicationAccounts }
    expect(await give(core, 'grace', 'wrong')).toEqual({ kind: 'refused' })
    expect(await findAccount(here.core, 'grace')).toBeNull()
    expect((await give(core, 'Grace')).kind).toBe('set-up-due')
    const grace = await findAccount(here.core, 'grace')
    expect(grace).toMatchObject({ username: 'Grace', name: '', email: '' })
    expect((await give(core, 'Grace')).kind).toBe('set-up-due')
    expect(await findAccount(here.core, 'grace')).toEqual(grace)
    await disableAccount(here.core, grace!)
    expect(await give(core, 'Grace')).toEqual({ kind: 'refused' })
  })

  it('that answers neither an account nor yes or no lets nobody in', async () => {
    for (const answer of [{}, { ok: false }, 'grace', 1]) {
      const applicationAccounts = { verifyPassword: () => Promise.resolve(answer as unknown as boolean) }
      await expect(give({ ...here.core, applicationAccounts }, 'henry')).rejects.toThrow()
    }
    expect(await findAccount(here.core, 'henry')).toBeNull()
  })

  it('is not asked with what cannot be a password', async () => {
    const core = applicationWith({ ada: { username: 'ada' } })
    for (const password of ['', 'x\0', 'x'.repeat(513)])
      expect(await give(core, 'ada', password)).toEqual({ kind: 'refused' })
    expect(core.asked).toEqual([])
  })

  it('that names somebody with a name that cannot be one lets nobody in', async () => {
    const core = applicationWith({ odd: { username: 'an odd name' } })
    expect(await give(core, 'odd')).toEqual({ kind: 'refused' })
  })

  it('lets nobody in who is disabled here, by any name', async () => {
    const core = applicationWith({ carol: { username: 'carol' }, nick: { username: 'carol' } })
    expect((await give(core, 'carol')).kind).toBe('set-up-due')
    await disableAccount(here.core, (await findAccount(here.core, 'carol'))!)
    expect(await give(core, 'carol')).toEqual({ kind: 'refused' })
    expect(await give(core, 'nick')).toEqual({ kind: 'refused' })
    const renamed = applicationWith({ carol: { username: 'carol.the.second' } })
    expect(await give(renamed, 'carol')).toEqual({ kind: 'refused' })
  })

  it('gives two first sign-ins at once one account', async () => {
    const core = applicationWith({ dave: { username: 'dave' } })
    const both = await Promise.all([give(core, 'dave'), give(core, 'dave')])
    expect(both.map(({ kind }) => kind)).toEqual(['set-up-due', 'set-up-due'])
    const ids = both.map((one) => (one.kind === 'set-up-due' ? one.signIn.account : one.kind))
    expect(new Set(ids).size).toBe(1)
    const { length } = (await here.stores.accounts.list()).filter(({ username }) => username === 'dave')
    expect(length).toBe(1)
  })

  it('has its wrong passwords counted like ours', async () => {
    const core = applicationWith({ frank: { username: 'frank' } })
    await give(core, 'frank')
    for (let wrong = 1; wrong <= 10; wrong += 1)
      expect(await give(core, 'frank', 'wrong')).toEqual({ kind: 'refused' })
    expect((await give(core, 'frank')).kind).toBe('wait')
  })
})
