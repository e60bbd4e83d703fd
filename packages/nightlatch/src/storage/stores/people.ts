import type { Account } from '../../core/accounts/account.js'
import type { PeopleFilter, PeopleStore, PersonEntry, PersonState } from '../../core/accounts/people.js'
import type { GroupKey } from '../../core/accounts/groups.js'
import type { AccountId } from '../../core/ids.js'
import type { Db, Param } from '../engine/database.js'
import { accountColumns, accountOf, type AccountRow } from './accounts.js'
import { counted, valuesList } from './rows.js'
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

/** A condition with its parameters, for which `?` stands. */
interface Condition {
  readonly sql: string
  readonly params: readonly Param[]
}
const condition = (sql: string, ...params: readonly Param[]): Condition => ({ sql, params })

/** Conditions that are joined, with their parameters numbered as they come. */
class Conditions {
  readonly params: Param[]
  readonly parts: string[] = []

  /** Behind parameters that are there already. */
  constructor(params: Param[] = []) {
    this.params = params
  }

  add(one: Condition): void {
    this.parts.push(this.number(one))
  }

  number({ sql, params }: Condition): string {
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
const states: Readonly<Record<PersonState, (now: number) => Condition>> = {
  active: (now) => condition(`account.disabled = 0 AND account.password_hash <> '' AND ${notEnded}`, now),
  invited: (now) => condition(`account.password_hash = '' AND account.disabled = 0 AND ${notEnded}`, now),
  waiting: () => condition('account.waiting = 1'),
  disabled: () => condition('account.disabled = 1 AND account.waiting = 0'),
  expired: (now) => condition(`${ended} AND account.disabled = 0`, now),
  admin: () => condition('account.admin = 1'),
  'no-second-factor': () => condition("account.authenticator_count = 0 AND account.factor_counts = '{}'"),
}

/** The last text that begins with this one ends with the last character that there is. */
const beyond = (prefix: string): string => `${prefix}\u{10ffff}`

/** One thing that is asked of people: whom it fits, and whether it fits one of them. */
interface Trait {
  /** Their ids, as `id`. */
  readonly all: Condition
  readonly one: Condition
  readonly isState?: boolean
  /** It fits nearly everybody: they are not counted. */
  readonly isUsual?: boolean
}

const stateTrait = (state: PersonState, now: number): Trait => {
  const one = states[state](now)
  const all = condition(`SELECT account.id AS id FROM account WHERE ${one.sql}`, ...one.params)
  return { one, all, isState: true, isUsual: state === 'active' }
}

const groupTrait = (group: GroupKey): Trait => ({
  all: condition('SELECT account AS id FROM membership WHERE people_group = ?', group),
  one: condition(
    'EXISTS (SELECT 1 FROM membership WHERE membership.people_group = ? AND membership.account = account.id)',
    group,
  ),
})

const wordTrait = (word: string): Trait => ({
  all: condition('SELECT account AS id FROM search_word WHERE word >= ? AND word < ?', word, beyond(word)),
  one: condition(
    'EXISTS (SELECT 1 FROM search_word AS other WHERE other.account = account.id AND other.word >= ? AND other.word < ?)',
    word,
    beyond(word),
  ),
})

const traitsOf = ({ state, group, words, now }: PeopleFilter): readonly Trait[] => [
  ...words.map(wordTrait),
  ...(group === undefined ? [] : [groupTrait(group)]),
  ...(state === undefined ? [] : [stateTrait(state, now)]),
]

/** No more are looked at one by one. */
const few = 1000
/** More are not counted. */
const mostCounted = 3000

interface Rarest {
  readonly trait: Trait
  /** So few that each of them is looked at. */
  readonly isFew: boolean
}

/** What fits the fewest. Null where there is an index that has the answer in its order. */
async function rarestOf(db: Db, filter: PeopleFilter, traits: readonly Trait[]): Promise<Rarest | null> {
  // Of those who end, most have not ended yet: their index is not in the order of the list.
  if (traits.length < 2 && filter.state !== 'expired') return null
  const counts = await Promise.all(traits.map((trait) => countSome(db, trait)))
  const least = Math.min(...counts)
  const most = Math.max(...counts)
  // On the way through the index of what fits most, a page has come after about so many as are this rare in it.
  const onTheWay = most > mostCounted ? Infinity : (filter.limit * most) / least
  const trait = traits[counts.indexOf(least)]
  return trait === undefined
    ? null
    : { trait, isFew: least <= few && (traits.length < 2 || least < onTheWay) }
}

async function countSome(db: Db, { all, isUsual }: Trait): Promise<number> {
  if (isUsual === true) return Infinity
  const where = new Conditions()
  const text = `SELECT count(*) AS n FROM (${where.number(all)} LIMIT ${String(mostCounted + 1)}) AS counted`
  return counted(db, text, where.params)
}

async function page(db: Db, filter: PeopleFilter): Promise<readonly Account[]> {
  const traits = traitsOf(filter)
  const rarest = await rarestOf(db, filter, traits)
  if (rarest?.isFew === true) return amongFew(db, filter, { rarest: rarest.trait, traits })
  const [first, ...others] = filter.words
  return first === undefined ? everybody(db, filter, rarest?.trait) : found(db, filter, [first, ...others])
}

/** The first of somebody's words that fits: what people who are searched for are sorted by. */
const firstFitting = (account: string, word: string, params: readonly Param[] = []): Condition =>
  condition(
    `(SELECT min(word) FROM search_word WHERE search_word.account = ${account} AND word >= ? AND word < ?)`,
    ...params,
    word,
    beyond(word),
  )

type Last = NonNullable<PeopleFilter['after']>

/** Where somebody stands in the order, who may be gone meanwhile. */
async function placeOf(db: Db, { id, sortKey }: Last, word: string | undefined): Promise<Condition> {
  if (word === undefined) return condition('(?, ?)', sortKey, id)
  const where = new Conditions()
  const text = `SELECT ${where.number(firstFitting('?', word, [id]))} AS word`
  const place = (await db.one<{ word: string | null }>(text, where.params))?.word ?? beyond(word)
  return condition('(?, ?)', place, id)
}

interface Few {
  readonly rarest: Trait
  readonly traits: readonly Trait[]
}

/** By user name; where words are looked for, by the first of theirs that fits. */
async function amongFew(db: Db, filter: PeopleFilter, { rarest, traits }: Few): Promise<readonly Account[]> {
  const [first] = filter.words
  const where = new Conditions()
  const all = where.number(rarest.all)
  const place = first === undefined ? 'account.sort_key' : where.number(firstFitting('account.id', first))
  for (const trait of traits) if (trait !== rarest) where.add(trait.one)
  const fitting = `WITH few AS MATERIALIZED (SELECT DISTINCT id AS account FROM (${all}) AS fitting)
    SELECT account.*, ${place} AS place FROM few ${theirAccount[db.dialect]('few', where.sql)}`
  const later =
    filter.after === undefined
      ? ''
      : `WHERE (place, id) > ${where.number(await placeOf(db, filter.after, first))}`
  const last = where.number(condition('?', filter.limit))
  const text = `SELECT ${accountColumns} FROM (${fitting}) AS account ${later} ORDER BY place, id LIMIT ${last}`
  return rows(db, text, where)
}

/** By user name; the members of a group by the same, in an index of theirs, unless there are fewer in the state. */
async function everybody(
  db: Db,
  { group, state, after, now, limit }: PeopleFilter,
  rarest: Trait | undefined,
): Promise<readonly Account[]> {
  const where = new Conditions()
  const inState = state === undefined ? null : stateTrait(state, now).one
  const byGroup = group !== undefined && rarest?.isState !== true
  const order = byGroup ? 'member.sort_key, member.account' : 'account.sort_key, account.id'
  if (byGroup) where.add(condition('member.people_group = ?', group))
  if (!byGroup && group !== undefined) where.add(groupTrait(group).one)
  if (after !== undefined) where.add(condition(`(${order}) > (?, ?)`, after.sortKey, after.id))
  if (inState !== null) where.add(inState)
  const from = byGroup
    ? `membership AS member ${db.dialect === 'sqlite' ? 'CROSS JOIN' : 'JOIN'} account ON account.id = member.account`
    : 'account'
  return inOrder(db, where, { from, order, limit })
}

/** By the first word of each that fits, so that the index is walked and nobody comes twice. */
async function found(
  db: Db,
  filter: PeopleFilter,
  [first, ...others]: readonly [string, ...string[]],
): Promise<readonly Account[]> {
  const { after, limit } = filter
  const from = new Conditions()
  from.add(condition('word < ?', beyond(first)))
  const place = after === undefined ? null : await placeOf(db, after, first)
  from.add(
    place === null
      ? condition('word >= ?', first)
      : condition(`(word, account) > ${place.sql}`, ...place.params),
  )
  const where = new Conditions(from.params)
  for (const { one } of traitsOf({ ...filter, words: others })) where.add(one)
  where.add(
    condition(
      `NOT EXISTS (SELECT 1 FROM search_word AS before WHERE before.account = account.id
        AND before.word >= ? AND before.word < found.word)`,
      first,
    ),
  )
  const last = where.number(condition('?', limit))
  const words = `(SELECT word, account FROM search_word ${from.sql} ORDER BY word, account) AS found`
  const text = `SELECT ${accountColumns} FROM ${words} ${theirAccount[db.dialect]('found', where.sql)}
    ORDER BY found.word, found.account LIMIT ${last}`
  return rows(db, text, where)
}

/** One after the other, until there are enough: neither database is to begin with everybody who fits the rest. */
const theirAccount = {
  sqlite: (of: string, where: string) => `CROSS JOIN account ON account.id = ${of}.account ${where}`,
  postgres: (of: string, where: string) => `CROSS JOIN LATERAL (SELECT * FROM account
    ${where === '' ? 'WHERE' : `${where} AND`} account.id = ${of}.account OFFSET 0) AS account`,
} as const

interface Reading {
  readonly from: string
  readonly order: string
  readonly limit: number
}

function inOrder(db: Db, where: Conditions, { from, order, limit }: Reading): Promise<readonly Account[]> {
  const last = where.number(condition('?', limit))
  return rows(db, `SELECT ${accountColumns} FROM ${from} ${where.sql} ORDER BY ${order} LIMIT ${last}`, where)
}

const rows = async (db: Db, text: string, { params }: Conditions): Promise<readonly Account[]> =>
  (await db.all<AccountRow>(text, params)).map(accountOf)

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
  countWithoutSecondFactor(most = Number.MAX_SAFE_INTEGER) {
    const text = `SELECT count(*) AS n FROM (SELECT 1 FROM account
      WHERE authenticator_count = 0 AND factor_counts = '{}' LIMIT $1) AS found`
    return counted(this.db, text, [most])
  },
  count() {
    return counted(this.db, 'SELECT count(*) AS n FROM account', [])
  },
})
