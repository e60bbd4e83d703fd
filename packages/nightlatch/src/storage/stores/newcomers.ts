import type { Merge, Newcomer, NewcomerStore } from '../../core/accounts/newcomers.js'
import type { Account } from '../../core/accounts/account.js'
import type { AccountId } from '../../core/ids.js'
import type { Db, Param } from '../engine/database.js'
import { accountColumns, accountOf, newAccountColumns, valuesOfAccount, type AccountRow } from './accounts.js'
import { authenticatorColumnList, valuesOfAuthenticator } from './authenticators.js'
import { marks, valuesList } from './rows.js'
import { defineStore } from './store.js'

/** Some hundred parameters a statement cost nothing, some ten thousand more than a database takes. */
const mostParams = 2000

type Row = readonly Param[]

interface Inserting {
  readonly into: string
  readonly width: number
  /** What the statement says behind the rows, by the number of the first parameter that is none of them. */
  readonly behind?: (first: number) => string
}

/** @returns how many were written */
type InsertAll = (db: Db, rows: readonly Row[], more?: readonly Param[]) => Promise<number>

/**
 * As many rows a statement as fit, and then by halves: each statement is put together once and stays prepared, so of every
 * table there are a dozen, and not one for each number of rows.
 */
function inserting({ into, width, behind = () => '' }: Inserting): InsertAll {
  const texts = new Map<number, string>()
  const textFor = (rows: number): string => {
    const known = texts.get(rows)
    if (known !== undefined) return known
    const text = `INSERT INTO ${into} VALUES ${valuesList(rows, width)}${behind(rows * width + 1)}`
    texts.set(rows, text)
    return text
  }
  return async (db, rows, more = []) => {
    const written: Promise<number>[] = []
    let atOnce = 2 ** Math.floor(Math.log2(mostParams / width))
    for (let at = 0; at < rows.length; at += atOnce) {
      while (atOnce > rows.length - at) atOnce /= 2
      written.push(db.run(textFor(atOnce), [...rows.slice(at, at + atOnce).flat(), ...more]))
    }
    // Asked at once, they go there together.
    return (await Promise.all(written)).reduce((sum, one) => sum + one, 0)
  }
}

const unlessThere = (): string => ' ON CONFLICT DO NOTHING'

/** As `add` of accounts: a name that is held back is free from its moment on. */
const takeNames = (now: number): string =>
  ` ON CONFLICT (name) DO UPDATE SET account = excluded.account, held_until = NULL
    WHERE login_name.held_until <= CAST($${String(now)} AS bigint)`

const columnsIn = (list: string): number => list.split(',').length

const into = {
  accounts: inserting({
    into: `account (${newAccountColumns}, sort_key)`,
    width: columnsIn(newAccountColumns) + 1,
  }),
  groups: inserting({ into: 'people_group (key, name, created_at)', width: 3, behind: unlessThere }),
  names: inserting({ into: 'login_name (name, account)', width: 2, behind: takeNames }),
  memberships: inserting({
    into: 'membership (people_group, account, sort_key)',
    width: 3,
    // A group that somebody is in already is no other one.
    behind: unlessThere,
  }),
  words: inserting({ into: 'search_word (word, account)', width: 2 }),
  authenticators: inserting({
    into: `authenticator (${authenticatorColumnList})`,
    width: columnsIn(authenticatorColumnList),
  }),
  audit: inserting({ into: 'audit (at, event, account, address, user_agent, details)', width: 6 }),
}

type GroupMember = Pick<Newcomer, 'account' | 'groups'>

const nameOfGroup = 'SELECT name FROM people_group WHERE key = $1'

async function addGroups(db: Db, newcomers: readonly GroupMember[]): Promise<ReadonlyMap<string, string>> {
  const rows = new Map(
    newcomers.flatMap(({ account, groups }) =>
      groups.map(({ key, name }) => [key, [key, name, account.createdAt] as const] as const),
    ),
  )
  await into.groups(db, [...rows.values()])
  const names = new Map<string, string>()
  const keys = [...rows.keys()]
  // Asked at once, they go there and back together.
  const found = await Promise.all(keys.map((key) => db.one<{ name: string }>(nameOfGroup, [key])))
  found.forEach((row, index) => row !== null && names.set(keys[index] ?? '', row.name))
  return names
}

async function addNames(db: Db, newcomers: readonly Newcomer[]): Promise<Newcomer | null> {
  // Sorted, so that two who want the same names wait for each other in the same order.
  const rows = newcomers
    .flatMap(({ account, loginNames }) => [...new Set(loginNames)].map((name) => [name, account.id] as const))
    .sort(([one], [other]) => (one < other ? -1 : 1))
  const now = newcomers[0]?.account.createdAt ?? 0
  if ((await into.names(db, rows, [now])) === rows.length) return null
  for (const newcomer of newcomers)
    for (const name of newcomer.loginNames) {
      const found = await db.one<{ account: string }>('SELECT account FROM login_name WHERE name = $1', [
        name,
      ])
      if (found?.account !== newcomer.account.id) return newcomer
    }
  return null
}

/** What lies in tables of their own. */
async function addWhatIsTheirs(db: Db, people: readonly Omit<Newcomer, 'loginNames'>[]): Promise<void> {
  await into.memberships(
    db,
    people.flatMap(({ account, groups, entry }) => groups.map(({ key }) => [key, account.id, entry.sortKey])),
  )
  await into.words(
    db,
    people.flatMap(({ account, entry }) => entry.words.map((word) => [word, account.id])),
  )
  await into.authenticators(
    db,
    people.flatMap(({ authenticators }) => authenticators.map(valuesOfAuthenticator)),
  )
  await into.audit(
    db,
    people.map(({ event }) => [
      ...[event.at, event.event, event.account, event.address, event.userAgent],
      JSON.stringify(event.details),
    ]),
  )
}

const mostAtOnce = 128

/** In hundreds, and then by halves: of every statement there are a few lengths only, each of which stays prepared. */
async function eachOf<One>(
  all: readonly One[],
  work: (some: readonly One[]) => Promise<void>,
): Promise<void> {
  let size = mostAtOnce
  for (let at = 0; at < all.length; at += size) {
    while (size > all.length - at) size /= 2
    await work(all.slice(at, at + size))
  }
}

/** In the order of their ids, so that two who hold several wait for each other in the same order. */
async function holdAll(db: Db, ids: readonly AccountId[]): Promise<ReadonlyMap<AccountId, Account>> {
  const found = new Map<AccountId, Account>()
  const lock = db.dialect === 'postgres' ? ' FOR NO KEY UPDATE' : ''
  await eachOf([...new Set(ids)].sort(), async (some) => {
    const select = `SELECT ${accountColumns} FROM account WHERE id IN (${marks(some.length)}) ORDER BY id${lock}`
    for (const row of await db.all<AccountRow>(select, some)) found.set(row.id as AccountId, accountOf(row))
  })
  return found
}

/** Their parameters as a table of that name. */
const theirs = (rows: number, columns: readonly string[]): string =>
  `WITH theirs (${columns.join(', ')}) AS (VALUES ${valuesList(rows, columns.length)})`

const mergeColumns = [
  'id',
  'name',
  'group_names',
  'password_hash',
  'verified_email',
  'disabled',
  'sort_key',
  'more',
] as const

function valuesOfMerge(
  { account, groups, entry, authenticators }: Merge,
  names: ReadonlyMap<string, string>,
): readonly Param[] {
  const keys = groups.map(({ key }) => key).sort()
  const shown = JSON.stringify(keys.map((key) => names.get(key) ?? key))
  const verified = account.emailVerified ? account.email : ''
  return [
    account.id,
    account.name,
    shown,
    account.passwordHash,
    verified,
    Number(account.disabled),
    entry.sortKey,
    authenticators.length,
  ]
}

const merge = `UPDATE account SET name = theirs.name, group_names = theirs.group_names,
  password_due = CASE WHEN account.password_hash = theirs.password_hash THEN account.password_due ELSE 0 END,
  password_hash = theirs.password_hash, verified_email = theirs.verified_email,
  disabled = CAST(theirs.disabled AS bigint), sort_key = theirs.sort_key,
  authenticator_count = account.authenticator_count + CAST(theirs.more AS bigint) FROM theirs WHERE account.id = theirs.id`

const sortMemberships = `UPDATE membership SET sort_key = theirs.sort_key FROM theirs
  WHERE membership.account = theirs.id AND membership.sort_key <> theirs.sort_key`

export const newcomerStore = defineStore<NewcomerStore>({
  async addAll(newcomers) {
    const { db } = this
    const names = await addGroups(db, newcomers)
    const accounts = newcomers.map(({ account, groups, entry }) => {
      const keys = groups.map(({ key }) => key).sort()
      const shown = keys.map((key) => names.get(key) ?? key)
      return [...valuesOfAccount({ ...account, groups: shown }), entry.sortKey]
    })
    await into.accounts(db, accounts)
    const taken = await addNames(db, newcomers)
    if (taken !== null) return taken.account.id
    await addWhatIsTheirs(db, newcomers)
    return null
  },
  holdAll(ids) {
    return holdAll(this.db, ids)
  },
  async mergeAll(merges) {
    const { db } = this
    const names = await addGroups(db, merges)
    await eachOf(merges, async (some) => {
      const rows = some.map((one) => [...valuesOfMerge(one, names)])
      await db.run(`${theirs(rows.length, mergeColumns)} ${merge}`, rows.flat())
      const keys = some.map(({ account, entry }) => [account.id, entry.sortKey])
      await db.run(`${theirs(keys.length, ['id', 'sort_key'])} ${sortMemberships}`, keys.flat())
      const ids = some.map(({ account }) => account.id)
      await db.run(`DELETE FROM search_word WHERE account IN (${marks(ids.length)})`, ids)
    })
    await addWhatIsTheirs(db, merges)
  },
})
