import { describe, expect, it } from 'vitest'
import type { Account, LoginName } from '../../src/core/accounts/account.js'
import { accountState } from '../../src/core/accounts/account.js'
import { parseGroup, type Group } from '../../src/core/accounts/groups.js'
import type { PeopleFilter, PersonState } from '../../src/core/accounts/people.js'
import { entryOf, personStates } from '../../src/core/accounts/people.js'
import type { Stores } from '../../src/core/ports/stores.js'
import { Rollback } from '../../src/core/ports/stores.js'
import { databases, useDatabase } from '../support/databases.js'
import { anAccount, anId, fiftyAtOnce, nameOf, somebody } from './things.js'

function group(name: string): Group {
  const parsed = parseGroup(name)
  return parsed.kind === 'group' ? parsed.group : expect.fail(name)
}

describe.each(databases)('groups on $name', (kind) => {
  const servers = useDatabase(kind)
  const groupsOf = async (stores: Stores, id: Awaited<ReturnType<typeof somebody>>['id']) =>
    (await stores.accounts.find(id))?.groups

  it('an account has exactly those that it was put into, spelt as each was first', async () => {
    const [here, there] = [servers.here.stores, servers.there.stores]
    const [ada, bob] = [await somebody(here), await somebody(here)]
    const crew = `Crew ${anId()}`
    expect(await here.groups.setOf(ada.id, [group(crew), group('Ada’s own')], 1000)).toEqual([
      'Ada’s own',
      crew,
    ])
    expect(await there.groups.setOf(bob.id, [group(crew.toUpperCase())], 1000)).toEqual([crew])
    expect(await groupsOf(there, bob.id)).toEqual([crew])
    expect(await here.groups.find(group(crew.toLowerCase()).key)).toEqual({ ...group(crew), members: 2 })
    await here.groups.setOf(ada.id, [], 1000)
    expect(await groupsOf(there, ada.id)).toEqual([])
    expect(await groupsOf(there, bob.id)).toEqual([crew])
  })

  it('a new name reaches every member, and one that is there already is refused', async () => {
    const { groups } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const [old, other] = [`old ${anId()}`, `other ${anId()}`]
    await groups.setOf(ada.id, [group(old), group(other)], 1000)
    expect(await groups.rename(group(old).key, group(other.toUpperCase()))).toBe(false)
    expect(await groupsOf(servers.there.stores, ada.id)).toEqual([old, other])
    expect(await groups.rename(group(old).key, group(`zz ${old}`))).toBe(true)
    expect(await groupsOf(servers.there.stores, ada.id)).toEqual([other, `zz ${old}`])
    expect(await groups.rename(group(`zz ${old}`).key, group(`ZZ ${old}`))).toBe(true)
    expect(await groupsOf(servers.there.stores, ada.id)).toEqual([other, `ZZ ${old}`])
  })

  it('one that is removed is in no account any more', async () => {
    const { groups } = servers.here.stores
    const [ada, bob] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const name = `going ${anId()}`
    for (const { id } of [ada, bob]) await groups.setOf(id, [group(name), group('staying')], 1000)
    expect(await groups.remove(group(name).key)).toBe(2)
    expect(await groups.remove(group(name).key)).toBeNull()
    for (const { id } of [ada, bob]) expect(await groupsOf(servers.there.stores, id)).toEqual(['staying'])
  })

  it('of fifty changes of one account at once, the row and the memberships agree afterwards', async () => {
    const { id } = await somebody(servers.here.stores)
    const names = Array.from({ length: 5 }, (_, at) => `racing ${at} ${anId()}`)
    await fiftyAtOnce([servers.here, servers.there], (server, index) =>
      server.atomically(async (stores) => {
        await stores.groups.hold()
        await stores.accounts.hold(id)
        await stores.groups.setOf(id, names.slice(0, index % 6).map(group), 1000)
      }),
    )
    const { groups } = servers.here.stores
    const inThem: string[] = []
    for (const name of names) if (((await groups.find(group(name).key))?.members ?? 0) > 0) inThem.push(name)
    expect(await groupsOf(servers.here.stores, id)).toEqual(inThem.sort())
  })
})

describe.each(databases)('names that were given up on $name', (kind) => {
  const servers = useDatabase(kind)

  it('are nobody else’s until their time, sign nobody in, and come back to whoever had them', async () => {
    const { accounts } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const next = `next-${ada.id}` as LoginName
    const given = { heldUntil: 5000, now: 1000 }
    expect(await accounts.setLoginNames(ada.id, { loginNames: [next], ...given })).toBe(true)
    expect((await accounts.findByLoginName(next))?.id).toBe(ada.id)
    expect(await accounts.findByLoginName(nameOf(ada))).toBeNull()

    const thief = anAccount({ createdAt: 4999 })
    expect(await accounts.add({ account: thief, loginNames: [nameOf(ada)] })).toBe(false)
    expect(
      await accounts.setLoginNames(ada.id, { loginNames: [nameOf(ada)], heldUntil: 9000, now: 2000 }),
    ).toBe(true)
    expect((await accounts.findByLoginName(nameOf(ada)))?.id).toBe(ada.id)
    const later = anAccount({ createdAt: 9000 })
    expect(await accounts.add({ account: later, loginNames: [next] })).toBe(true)
    expect((await accounts.findByLoginName(next))?.id).toBe(later.id)
  })

  it('a name that somebody has is refused, and nothing is changed', async () => {
    const { accounts } = servers.here.stores
    const [ada, bob] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const wanted = [nameOf(bob), `free-${ada.id}` as LoginName]
    expect(await accounts.setLoginNames(ada.id, { loginNames: wanted, heldUntil: 5000, now: 1000 })).toBe(
      false,
    )
    expect((await accounts.findByLoginName(nameOf(ada)))?.id).toBe(ada.id)
    expect((await accounts.findByLoginName(nameOf(bob)))?.id).toBe(bob.id)
    expect(await accounts.findByLoginName(wanted[1]!)).toBeNull()
  })

  it('go for good when they are free, and no earlier', async () => {
    const { accounts } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const names = { loginNames: [`new-${ada.id}` as LoginName], heldUntil: 5000, now: 1000 }
    await accounts.setLoginNames(ada.id, names)
    await accounts.removeFreedNames(4999, 1000)
    expect(await accounts.add({ account: anAccount({ createdAt: 4999 }), loginNames: [nameOf(ada)] })).toBe(
      false,
    )
    expect(await accounts.removeFreedNames(5000, 1000)).toBeGreaterThan(0)
    expect(await accounts.add({ account: anAccount({ createdAt: 1 }), loginNames: [nameOf(ada)] })).toBe(true)
  })
})

describe.each(databases)('administrators on $name', (kind) => {
  const servers = useDatabase(kind)

  it('two who take each other’s rights away at once leave one, always', async () => {
    const { stores } = servers.here
    for (let round = 0; round < 30; round += 1) {
      const pair = [await somebody(stores, { admin: true }), await somebody(stores, { admin: true })] as const
      const demote = (server: typeof servers.here, { id }: { readonly id: (typeof pair)[0]['id'] }) =>
        server.atomically(async (some) => {
          await some.accounts.holdAdministrators()
          if (!(await some.accounts.hasOtherAdministrator(id))) return new Rollback(false)
          return some.accounts.setAdmin(id, false)
        })
      const outcomes = await Promise.all([demote(servers.here, pair[0]), demote(servers.there, pair[1])])
      expect(outcomes.filter(Boolean)).toHaveLength(1)
      for (const { id } of pair) await stores.accounts.setAdmin(id, false)
    }
  })

  it.each([
    ['is disabled', { disabled: true }],
    ['has no password yet', { passwordHash: '' }],
    ['has ended', { endsAt: 1000 }],
    ['will end', { endsAt: 9_000_000_000 }],
    ['is none', { admin: false }],
  ])('one who %s does not count as another', async (_why, own) => {
    const { accounts } = servers.here.stores
    const ada = await somebody(servers.here.stores, { admin: true })
    const other = await somebody(servers.here.stores, { admin: true, ...own })
    expect(await accounts.hasOtherAdministrator(ada.id)).toBe(false)
    await accounts.remove(ada.id)
    await accounts.remove(other.id)
  })
})

function isIn(state: PersonState, account: Account, now: number): boolean {
  if (state === 'admin') return account.admin
  if (state === 'no-second-factor') return account.factorCounts.totp === 0
  return accountState(account, now) === state
}

/** Everybody whom a filter finds, a page after the other. */
async function walked({ people }: Stores, filter: PeopleFilter): Promise<readonly string[]> {
  const seen: string[] = []
  let after: PeopleFilter['after']
  for (;;) {
    const page = await people.page({ ...filter, after })
    seen.push(...page.map(({ username }) => username))
    const last = page.at(-1)
    if (last === undefined || page.length < filter.limit) return seen
    after = { id: last.id, sortKey: entryOf(last).sortKey }
  }
}

describe.each(databases)('finding people on $name', (kind) => {
  const servers = useDatabase(kind)
  const page = async (own: Partial<PeopleFilter>) =>
    (await servers.there.stores.people.page({ words: [], limit: 100, now: 1000, ...own })).map(
      ({ username }) => username,
    )

  it('finds them by name, state, group and the beginnings of words, page by page, each once', async () => {
    const { stores } = servers.here
    const wanted = [
      { username: 'Zoë', name: 'Zoë Lovelace', email: 'zoe@example.org' },
      { username: 'ada', name: 'Ada Lovelace', disabled: true },
      { username: 'Bob', name: 'Robert Love', passwordHash: '' },
      { username: 'cyd', admin: true, factorCounts: { totp: 1 } },
      { username: 'dan', endsAt: 1000 },
    ]
    for (const own of wanted) {
      const account = anAccount({ name: '', ...own })
      await stores.accounts.add({ account, loginNames: [own.username.toLowerCase() as LoginName] })
      await stores.people.index(account.id, entryOf(account))
      if (own.username !== 'dan') await stores.groups.setOf(account.id, [group('Crew')], 1000)
    }
    expect(await page({})).toEqual(['ada', 'Bob', 'cyd', 'dan', 'Zoë'])
    expect(await page({ limit: 2 })).toEqual(['ada', 'Bob'])
    const bob = await stores.accounts.findByLoginName('bob' as LoginName)
    const after = { id: bob!.id, sortKey: 'bob' }
    expect(await page({ after })).toEqual(['cyd', 'dan', 'Zoë'])
    expect(await page({ group: group('CREW').key })).toEqual(['ada', 'Bob', 'cyd', 'Zoë'])
    expect(await page({ group: group('crew').key, after })).toEqual(['cyd', 'Zoë'])
    expect(await page({ group: group('none').key })).toEqual([])
    const states = ['active', 'invited', 'disabled', 'expired', 'admin', 'no-second-factor'] as const
    expect(await Promise.all(states.map((state) => page({ state })))).toEqual([
      ['cyd', 'Zoë'],
      ['Bob'],
      ['ada'],
      ['dan'],
      ['cyd'],
      ['ada', 'Bob', 'dan', 'Zoë'],
    ])
    expect((await page({ words: ['love'] })).sort()).toEqual(['Bob', 'Zoë', 'ada'])
    expect(await page({ words: ['love', 'zo'] })).toEqual(['Zoë'])
    expect(await page({ words: ['zoe'] })).toEqual(['Zoë'])
    expect(await page({ words: ['love'], group: group('crew').key, state: 'invited' })).toEqual(['Bob'])
    const [first] = await servers.here.stores.people.page({ words: ['love'], limit: 1, now: 1000 })
    const rest = await page({ words: ['love'], after: { id: first!.id, sortKey: '' } })
    expect([first!.username, ...rest].sort()).toEqual(['Bob', 'Zoë', 'ada'])
  })

  it('answers alike whatever is rare: every filter with every other, page by page', async () => {
    const { stores } = servers.here
    const now = 1000
    const everybody = Array.from({ length: 60 }, (_, number) => {
      const names = ['ada', 'grace', 'alan', 'edsger']
      const username = `walk-${names[number % 4]!}-${String(number).padStart(2, '0')}`
      return {
        account: anAccount({
          ...{
            username,
            name: number % 7 === 0 ? 'Rare Word' : 'Usual Word',
            email: `${username}@walk.test`,
          },
          ...{ disabled: number % 5 === 1, admin: number === 8, passwordHash: number % 9 === 2 ? '' : 'x' },
          ...{ endsAt: number % 2 === 0 ? (number % 12 === 4 ? 10 : 5000) : null },
          factorCounts: { totp: number % 10 === 3 ? 0 : 1 },
        }),
        groups: ['walkers', ...(number % 3 === 0 ? ['walk third'] : []), ...(number < 4 ? ['walk few'] : [])],
      }
    })
    for (const { account, groups } of everybody) {
      await stores.accounts.add({ account, loginNames: [nameOf(account)] })
      await stores.groups.setOf(account.id, groups.map(group), now)
      await stores.people.index(account.id, entryOf(account))
    }
    const wanted = ({ words, group: key, state }: Pick<PeopleFilter, 'words' | 'group' | 'state'>) =>
      everybody
        .filter(({ account, groups }) => {
          const own = entryOf(account).words
          return (
            words.every((word) => own.some((one) => one.startsWith(word))) &&
            (key === undefined || groups.some((name) => group(name).key === key)) &&
            (state === undefined || isIn(state, account, now))
          )
        })
        .map(({ account: { username } }) => username)
        .sort()
    const keys = [undefined, 'walk third', 'walk few', 'walkers', 'nobody at all'].map(
      (name) => name && group(name).key,
    )
    for (const words of [
      ['walk'],
      ['walk', 'rare'],
      ['rare', 'walk'],
      ['walk', 'grace'],
      ['w'],
      ['0', 'walk'],
    ])
      for (const key of keys)
        for (const state of [undefined, ...personStates]) {
          const filter = { words, group: key as PeopleFilter['group'], state }
          const seen = await walked(servers.there.stores, { ...filter, now, limit: 7 })
          expect([filter, [...seen].sort()]).toEqual([filter, wanted(filter)])
        }
    for (const key of keys.slice(1))
      for (const state of [undefined, ...personStates]) {
        const filter = { words: [], group: key as PeopleFilter['group'], state }
        const seen = await walked(servers.there.stores, { ...filter, now, limit: 7 })
        expect([filter, seen]).toEqual([filter, wanted(filter)])
      }
  })

  it('finds a number behind a word, and a name of a script that puts no blanks between words', async () => {
    const { stores } = servers.here
    const account = anAccount({ username: 'taro4711', name: '山田太郎', email: 'kim9z@mail.test' })
    await stores.accounts.add({ account, loginNames: [nameOf(account)] })
    await stores.people.index(account.id, entryOf(account))
    for (const word of ['taro', '4711', '山田', '太郎', 'kim', '9z', 'mail'])
      expect([word, await page({ words: [word] })]).toEqual([word, ['taro4711']])
    expect(entryOf({ username: 'kim', name: '김민수', email: '' }).words).toContain('민수'.normalize('NFKD'))
    expect(await page({ words: ['aro'] })).toEqual([])
  })

  it('everybody is counted, and those without a second factor, up to a number', async () => {
    const { people } = servers.here.stores
    const before = [await people.count(), await people.countWithoutSecondFactor()] as const
    await somebody(servers.here.stores)
    await somebody(servers.here.stores)
    await somebody(servers.here.stores, { factorCounts: { totp: 1 } })
    await somebody(servers.here.stores, { factorCounts: { totp: 0, passkey: 1 } })
    expect(await people.count()).toBe(before[0] + 4)
    expect(await people.countWithoutSecondFactor()).toBe(before[1] + 2)
    expect(await people.countWithoutSecondFactor(1)).toBe(1)
  })

  it('finds who was changed under the new name once that is indexed', async () => {
    const { stores } = servers.here
    const ada = await somebody(stores, { name: 'Quirin' })
    await stores.people.index(ada.id, entryOf(ada))
    expect(await page({ words: ['quirin'] })).toHaveLength(1)
    await stores.accounts.setProfile(ada.id, { ...ada, name: 'Xaver' })
    const due = await stores.people.notIndexed(100)
    const changed = due.find(({ id }) => id === ada.id)
    expect(changed?.name).toBe('Xaver')
    await stores.people.index(ada.id, entryOf(changed!))
    expect(await page({ words: ['quirin'] })).toEqual([])
    expect(await page({ words: ['xaver'] })).toHaveLength(1)
    expect((await stores.people.notIndexed(100)).map(({ id }) => id)).not.toContain(ada.id)
  })
})
