import type { AccountId } from '../../core/ids.js'
import type { Group, GroupKey, GroupStore, GroupWithCount } from '../../core/accounts/groups.js'
import { Rollback } from '../../core/ports/stores.js'
import type { Db } from '../engine/database.js'
import { marks, valuesList } from './rows.js'
import { defineStore } from './store.js'

interface GroupRow {
  readonly key: string
  readonly name: string
  readonly members: number
}

const groupOf = ({ key, name, members }: GroupRow): GroupWithCount => ({
  key: key as GroupKey,
  name,
  members,
})

const withMembers = `SELECT key, name,
  (SELECT count(*) FROM membership WHERE membership.people_group = people_group.key) AS members FROM people_group`

async function setOf(db: Db, { account, groups, now }: Membership): Promise<readonly string[]> {
  const keys = groups.map(({ key }) => key)
  if (groups.length > 0)
    await db.run(
      `INSERT INTO people_group (key, name, created_at) VALUES ${valuesList(groups.length, 3)} ON CONFLICT DO NOTHING`,
      groups.flatMap(({ key, name }) => [key, name, now]),
    )
  const others = keys.length === 0 ? '' : `AND people_group NOT IN (${marks(keys.length, 2)})`
  await db.run(`DELETE FROM membership WHERE account = $1 ${others}`, [account, ...keys])
  if (keys.length > 0)
    await db.run(
      `INSERT INTO membership (people_group, account, sort_key)
        SELECT people_group.key, account.id, account.sort_key FROM people_group, account
        WHERE account.id = $1 AND people_group.key IN (${marks(keys.length, 2)}) ON CONFLICT DO NOTHING`,
      [account, ...keys],
    )
  return writeNames(db, account)
}

interface Membership {
  readonly account: AccountId
  readonly groups: readonly Group[]
  readonly now: number
}

const namesOf = `SELECT name FROM people_group JOIN membership ON people_group = key
  WHERE account = $1 ORDER BY key`

/** The account's own row has the names, too: whoever looks a session up finds them there. */
async function writeNames(db: Db, account: string): Promise<readonly string[]> {
  const names = (await db.all<{ name: string }>(namesOf, [account])).map(({ name }) => name)
  await db.run('UPDATE account SET group_names = $2 WHERE id = $1', [account, JSON.stringify(names)])
  return names
}

const pageRows = 500
const members = `SELECT account FROM membership WHERE people_group = $1 AND account > $2
  ORDER BY account LIMIT ${pageRows}`

/** Page by page: no statement takes long, however many there are. */
async function eachMember(
  db: Db,
  key: GroupKey,
  work: (account: string) => Promise<unknown>,
): Promise<number> {
  let count = 0
  for (let last = '', read = pageRows; read === pageRows;) {
    const page = await db.all<{ account: string }>(members, [key, last])
    for (const { account } of page) await work(account)
    last = page.at(-1)?.account ?? ''
    read = page.length
    count += read
  }
  return count
}

async function rename(db: Db, key: GroupKey, next: Group): Promise<boolean | Rollback<boolean>> {
  const isTaken =
    next.key !== key && (await db.one('SELECT key FROM people_group WHERE key = $1', [next.key]))
  if (isTaken) return new Rollback(false)
  await db.run('UPDATE people_group SET key = $2, name = $3 WHERE key = $1', [key, next.key, next.name])
  await eachMember(db, next.key, (account) => writeNames(db, account))
  return true
}

async function remove(db: Db, key: GroupKey): Promise<number | null> {
  const ids: string[] = []
  await eachMember(db, key, (account) => Promise.resolve(ids.push(account)))
  if ((await db.run('DELETE FROM people_group WHERE key = $1', [key])) === 0) return null
  for (const account of ids) await writeNames(db, account)
  return ids.length
}

export const groupStore = defineStore<GroupStore>({
  hold() {
    return this.db.lock('groups')
  },
  setOf(account, groups, now) {
    return this.db.atomic((part) => setOf(part, { account, groups, now }))
  },
  async find(key) {
    const row = await this.db.one<GroupRow>(`${withMembers} WHERE key = $1`, [key])
    return row && groupOf(row)
  },
  async list() {
    return (await this.db.all<GroupRow>(`${withMembers} ORDER BY key`, [])).map(groupOf)
  },
  async names() {
    return (await this.db.all<{ name: string }>('SELECT name FROM people_group ORDER BY key', [])).map(
      ({ name }) => name,
    )
  },
  rename(key, next) {
    return this.db.atomic((part) => rename(part, key, next))
  },
  remove(key) {
    return this.db.atomic((part) => remove(part, key))
  },
})
