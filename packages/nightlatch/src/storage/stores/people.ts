import type { Account } from '../../core/accounts/account.js'
import type { PeopleFilter, PeopleStore, PersonEntry, PersonState } from '../../core/accounts/people.js'
import type { GroupKey } from '../../core/accounts/groups.js'
import type { AccountId } from '../../core/ids.js'
import type { Db, Param } from '../engine/database.js'
import { accountColumns, accountOf, type AccountRow } from './accounts.js'
import { valuesList } from './rows.js'
import { defineStore } from './store.js'

async function index(db: Db, id: AccountId, { sortKey, words }: PersonEntry): Promise<void> {
  await db.run('UPDATE account SET sort_key = $2 WHERE id = $1', [id, sortKey])
  await db.run('UPDATE membership SET sort_key = $2 WHERE account = $1', [id, sortKey])
  await db.run('DELETE FROM search_word WHERE account = $1', [id])
  if (words.length === 0) return
  await db.run(
    `INSERT INTO search_word (word, account) VALUES ${valuesList(words.length, 2)}`,
    words.flatMap((word) => [word, id]),
  )
}

const notIndexed = `SELECT ${accountColumns} FROM account WHERE sort_key = '' ORDER BY sort_key, id LIMIT $1`

/** Conditions with their parameters, numbered as they come. */
class Conditions {
  readonly params: Param[] = []
  readonly parts: string[] = []

  /** `?` stands for the next parameter. */
  add(sql: string, ...params: readonly Param[]): void {
    this.parts.push(this.number(sql, ...params))
  }

  number(sql: string, ...params: readonly Param[]): string {
    let at = this.params.length
    this.params.push(...params)
    return sql.replace(/\?/g, () => `$${(at += 1)}`)
  }

  get sql(): string {
    return this.parts.length === 0 ? '' : `WHERE ${this.parts.join(' AND ')}`
  }
}

const ended = 'account.ends_at IS NOT NULL AND account.ends_at <= ?'
const notEnded = '(account.ends_at IS NULL OR account.ends_at > ?)'

/** In the words of the partial indexes, which are used where the condition is theirs. */
const states: Readonly<Record<PersonState, (conditions: Conditions, now: number) => void>> = {
  active: (where, now) =>
    where.add(`account.disabled = 0 AND account.password_hash <> '' AND ${notEnded}`, now),
  invited: (where, now) =>
    where.add(`account.password_hash = '' AND account.disabled = 0 AND ${notEnded}`, now),
  waiting: (where) => where.add('account.waiting = 1'),
  disabled: (where) => where.add('account.disabled = 1 AND account.waiting = 0'),
  expired: (where, now) => where.add(`${ended} AND account.disabled = 0`, now),
  admin: (where) => where.add('account.admin = 1'),
  'no-second-factor': (where) =>
    where.add("account.authenticator_count = 0 AND account.factor_counts = '{}'"),
}

/** The last text that begins with this one ends with the last character that there is. */
const beyond = (prefix: string): string => `${prefix}\u{10ffff}`

/** Up to so many members are looked at one by one; of a larger group somebody comes soon enough on the way through the words. */
const fewMembers = 1000
const countFew = `SELECT count(*) AS n FROM (SELECT account FROM membership WHERE people_group = $1 LIMIT ${fewMembers + 1}) AS few`

async function isSmall(db: Db, group: GroupKey): Promise<boolean> {
  return ((await db.one<{ n: number }>(countFew, [group]))?.n ?? 0) <= fewMembers
}

async function page(db: Db, filter: PeopleFilter): Promise<readonly Account[]> {
  const where = new Conditions()
  if (filter.state !== undefined) states[filter.state](where, filter.now)
  const [first, ...others] = filter.words
  for (const word of others)
    where.add(
      'EXISTS (SELECT 1 FROM search_word AS other WHERE other.account = account.id AND other.word >= ? AND other.word < ?)',
      word,
      beyond(word),
    )
  if (first === undefined) return everybody(db, where, filter)
  const isFew = filter.group !== undefined && (await isSmall(db, filter.group))
  return found(db, where, { ...filter, first, isFew })
}

/** By user name; the members of a group by the same, in an index of theirs. */
function everybody(db: Db, where: Conditions, filter: PeopleFilter): Promise<readonly Account[]> {
  const { group, after } = filter
  const order = group === undefined ? 'account.sort_key, account.id' : 'member.sort_key, member.account'
  if (after !== undefined) where.add(`(${order}) > (?, ?)`, after.sortKey, after.id)
  if (group !== undefined) where.add('member.people_group = ?', group)
  const from =
    group === undefined ? 'account' : 'membership AS member JOIN account ON account.id = member.account'
  return rows(db, where, { from, order, limit: filter.limit })
}

type Found = PeopleFilter & { readonly first: string; readonly isFew: boolean }

/** SQLite takes them in this order. */
const amongFew = `membership AS own CROSS JOIN search_word AS found ON found.account = own.account
  CROSS JOIN account ON account.id = found.account`
const amongFewInPostgres = amongFew.replaceAll('CROSS JOIN', 'JOIN')

/** By the first word of each that fits, so that the index is walked and nobody comes twice. */
function found(db: Db, where: Conditions, filter: Found): Promise<readonly Account[]> {
  const { first, after, group, isFew } = filter
  where.add('found.word >= ? AND found.word < ?', first, beyond(first))
  where.add(
    `NOT EXISTS (SELECT 1 FROM search_word AS before WHERE before.account = found.account
      AND before.word >= ? AND before.word < found.word)`,
    first,
  )
  if (after !== undefined)
    where.add(
      `(found.word, found.account) > (COALESCE((SELECT min(word) FROM search_word
        WHERE account = ? AND word >= ? AND word < ?), ?), ?)`,
      after.id,
      first,
      beyond(first),
      beyond(first),
      after.id,
    )
  if (group !== undefined && isFew) where.add('own.people_group = ?', group)
  if (group !== undefined && !isFew)
    where.add(
      'EXISTS (SELECT 1 FROM membership WHERE membership.people_group = ? AND membership.account = account.id)',
      group,
    )
  const few = db.dialect === 'sqlite' ? amongFew : amongFewInPostgres
  return rows(db, where, {
    from: isFew ? few : 'search_word AS found JOIN account ON account.id = found.account',
    order: 'found.word, found.account',
    limit: filter.limit,
  })
}

interface Reading {
  readonly from: string
  readonly order: string
  readonly limit: number
}

async function rows(db: Db, where: Conditions, { from, order, limit }: Reading): Promise<readonly Account[]> {
  const last = where.number('?', limit)
  const text = `SELECT ${accountColumns} FROM ${from} ${where.sql} ORDER BY ${order} LIMIT ${last}`
  return (await db.all<AccountRow>(text, where.params)).map(accountOf)
}

export const peopleStore = defineStore<PeopleStore>({
  index(id, entry) {
    return this.db.atomic(async (part) => {
      await index(part, id, entry)
    })
  },
  async notIndexed(limit) {
    return (await this.db.all<AccountRow>(notIndexed, [limit])).map(accountOf)
  },
  page(filter) {
    return page(this.db, filter)
  },
  async countWithoutSecondFactor() {
    const found = "SELECT count(*) AS n FROM account WHERE authenticator_count = 0 AND factor_counts = '{}'"
    return (await this.db.one<{ n: number }>(found, []))?.n ?? 0
  },
  async count() {
    return (await this.db.one<{ n: number }>('SELECT count(*) AS n FROM account', []))?.n ?? 0
  },
})
