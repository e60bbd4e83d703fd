import type { Newcomer, NewcomerStore } from '../../core/accounts/newcomers.js'
import type { Db, Param } from '../engine/database.js'
import { newAccountColumns, valuesOfAccount } from './accounts.js'
import { authenticatorColumnList, valuesOfAuthenticator } from './authenticators.js'
import { valuesList } from './rows.js'
import { defineStore } from './store.js'

/** Some hundred parameters a statement cost nothing, some ten thousand more than a database takes. */
const mostParams = 2000

type Row = readonly Param[]

/**
 * As many rows a statement as fit, and then by halves: each statement stays prepared, so of every table there are a
 * dozen, and not one for each number of rows. @returns how many were written
 */
async function insertAll(
  db: Db,
  {
    into,
    rows,
    behind = '',
  }: { readonly into: string; readonly rows: readonly Row[]; readonly behind?: string },
): Promise<number> {
  const width = rows[0]?.length ?? 1
  const written: Promise<number>[] = []
  let atOnce = 2 ** Math.floor(Math.log2(mostParams / width))
  for (let at = 0; at < rows.length; at += atOnce) {
    while (atOnce > rows.length - at) atOnce /= 2
    const values = valuesList(atOnce, width)
    written.push(db.run(`INSERT INTO ${into} VALUES ${values}${behind}`, rows.slice(at, at + atOnce).flat()))
  }
  // Asked at once, they go there together.
  return (await Promise.all(written)).reduce((sum, one) => sum + one, 0)
}

const nameOfGroup = 'SELECT name FROM people_group WHERE key = $1'

async function addGroups(db: Db, newcomers: readonly Newcomer[]): Promise<ReadonlyMap<string, string>> {
  const rows = new Map(
    newcomers.flatMap(({ account, groups }) =>
      groups.map(({ key, name }) => [key, [key, name, account.createdAt] as const] as const),
    ),
  )
  const into = 'people_group (key, name, created_at)'
  await insertAll(db, { into, rows: [...rows.values()], behind: ' ON CONFLICT DO NOTHING' })
  const names = new Map<string, string>()
  const keys = [...rows.keys()]
  // Asked at once, they go there and back together.
  const found = await Promise.all(keys.map((key) => db.one<{ name: string }>(nameOfGroup, [key])))
  found.forEach((row, index) => row !== null && names.set(keys[index] ?? '', row.name))
  return names
}

/** As `add` of accounts: a name that is held back is free from its moment on. */
const takeNames = (now: number): string =>
  ` ON CONFLICT (name) DO UPDATE SET account = excluded.account, held_until = NULL
    WHERE login_name.held_until <= ${String(Math.floor(now))}`

async function addNames(db: Db, newcomers: readonly Newcomer[]): Promise<Newcomer | null> {
  // Sorted, so that two who want the same names wait for each other in the same order.
  const rows = newcomers
    .flatMap(({ account, loginNames }) => [...new Set(loginNames)].map((name) => [name, account.id] as const))
    .sort(([one], [other]) => (one < other ? -1 : 1))
  const behind = takeNames(newcomers[0]?.account.createdAt ?? 0)
  if ((await insertAll(db, { into: 'login_name (name, account)', rows, behind })) === rows.length) return null
  for (const newcomer of newcomers)
    for (const name of newcomer.loginNames) {
      const found = await db.one<{ account: string }>('SELECT account FROM login_name WHERE name = $1', [
        name,
      ])
      if (found?.account !== newcomer.account.id) return newcomer
    }
  return null
}

export const newcomerStore = defineStore<NewcomerStore>({
  async addAll(newcomers) {
    const { db } = this
    const names = await addGroups(db, newcomers)
    const accounts = newcomers.map(({ account, groups, entry }) => {
      const keys = groups.map(({ key }) => key).sort()
      const shown = keys.map((key) => names.get(key) ?? key)
      return [...valuesOfAccount({ ...account, groups: shown }), entry.sortKey]
    })
    await insertAll(db, { into: `account (${newAccountColumns}, sort_key)`, rows: accounts })
    const taken = await addNames(db, newcomers)
    if (taken !== null) return taken.account.id
    await insertAll(db, {
      into: 'membership (people_group, account, sort_key)',
      rows: newcomers.flatMap(({ account, groups, entry }) =>
        groups.map(({ key }) => [key, account.id, entry.sortKey]),
      ),
    })
    await insertAll(db, {
      into: 'search_word (word, account)',
      rows: newcomers.flatMap(({ account, entry }) => entry.words.map((word) => [word, account.id])),
    })
    await insertAll(db, {
      into: `authenticator (${authenticatorColumnList})`,
      rows: newcomers.flatMap(({ authenticators }) => authenticators.map(valuesOfAuthenticator)),
    })
    await insertAll(db, {
      into: 'audit (at, event, account, address, user_agent, details)',
      rows: newcomers.map(({ event }) => [
        ...[event.at, event.event, event.account, event.address, event.userAgent],
        JSON.stringify(event.details),
      ]),
    })
    return null
  },
})
