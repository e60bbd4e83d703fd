import type { Account, LoginName } from './account.js'
import { parseLoginName } from './account.js'
import type { Core } from '../core.js'
import type { GroupKey } from './groups.js'
import { groupKey } from './groups.js'
import type { AccountId } from '../ids.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'

/** What an account is found and sorted by. */
export interface PersonEntry {
  readonly sortKey: string
  /** Words of the name, the user name and the address, each of which may be looked for by its beginning. */
  readonly words: readonly string[]
}

export const personStates = [
  'active',
  'waiting',
  'invited',
  'disabled',
  'expired',
  'admin',
  'no-second-factor',
] as const
export type PersonState = (typeof personStates)[number]

/** Which people, and how many of them. */
export interface PeopleFilter {
  readonly state?: PersonState | undefined
  readonly group?: GroupKey | undefined
  /** Beginnings of words, every one of which must fit. */
  readonly words: readonly string[]
  /** Those behind this account, in the order of the list. */
  readonly after?: { readonly id: AccountId; readonly sortKey: string } | undefined
  readonly limit: number
  readonly now: number
}

export interface PeopleStore {
  /** Writes what an account is found by, in the place of what was there. */
  index(id: AccountId, entry: PersonEntry): Promise<void>
  /** Accounts that were added or changed without it. */
  notIndexed(limit: number): Promise<readonly Account[]>
  /** By user name; where words are looked for, by the first word that fits. One look-up in an index, however many there are. */
  page(filter: PeopleFilter): Promise<readonly Account[]>
  count(): Promise<number>
  /** All of them, or no more than so many. */
  countWithoutSecondFactor(most?: number): Promise<number>
}

const longestWord = 64
const mostWords = 32
/** More than anybody types; each is a condition of the query. */
const mostSearched = 8

/** Without case and accents: `zoe` finds Zoë. */
const wordsOf = (text: string): readonly string[] =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

const cut = (word: string): string => [...word].slice(0, longestWord).join('')

/** Where somebody sees another word begin: numbers behind letters, and each sign of a script that puts no blanks between words. */
const innerStart =
  /(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})|(?<=.)(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u1100-\u115f\p{Script=Thai}])/gu

/** `person77` is found as `77`, too, and 山田太郎 as 太郎. */
const endsOf = (word: string): readonly string[] =>
  [...word.matchAll(innerStart)].map(({ index }) => word.slice(index))

const sortKeyOf = (username: string): string => username.toLowerCase().normalize('NFC')

export function entryOf({
  username,
  name,
  email,
}: Pick<Account, 'username' | 'name' | 'email'>): PersonEntry {
  const whole = [username, name, email].flatMap(wordsOf)
  const words = new Set([...whole, ...whole.flatMap(endsOf)].map(cut))
  return { sortKey: sortKeyOf(username), words: [...words].slice(0, mostWords) }
}

/** What somebody typed into a search box; the longest first, which fits the fewest. */
const searchedWords = (text: string): readonly string[] =>
  [...new Set(wordsOf(text).map(cut))].slice(0, mostSearched).sort((one, other) => other.length - one.length)

export const indexAccount = (stores: Stores, account: Account): Promise<void> =>
  stores.people.index(account.id, entryOf(account))

/** Indexes some of those that are not. @returns how many */
export async function indexSome(stores: Stores, limit: number): Promise<number> {
  const accounts = await stores.people.notIndexed(limit)
  for (const account of accounts) await indexAccount(stores, account)
  return accounts.length
}

interface PeopleWish {
  readonly state?: PersonState | undefined
  readonly group?: string | undefined
  readonly search?: string | undefined
  /** The user name behind which the page begins. */
  readonly after?: string | undefined
  readonly limit: number
}

interface PeoplePage {
  readonly people: readonly Account[]
  /** What `after` has to be for the next page; null: there is none. */
  readonly next: string | null
}

/** A page of people. A page beyond the end is empty. */
export async function listPeople(core: Core, wish: PeopleWish): Promise<PeoplePage> {
  const { stores } = core[storage]
  while ((await indexSome(stores, batch)) > 0);
  const words = searchedWords(wish.search ?? '')
  const nothing: PeoplePage = { people: [], next: null }
  // Something was looked for, and nobody has such a word.
  if ((wish.search ?? '').trim() !== '' && words.length === 0) return nothing
  const after = wish.after === undefined ? undefined : await placeOf(core, wish.after)
  const found = await stores.people.page({
    state: wish.state,
    group: wish.group === undefined ? undefined : groupKey(wish.group),
    words,
    after,
    limit: wish.limit + 1,
    now: core.platform.nowSeconds(),
  })
  const people = found.slice(0, wish.limit)
  return { people, next: found.length > wish.limit ? (people.at(-1)?.username ?? null) : null }
}

export const countWithoutSecondFactor = (core: Core): Promise<number> =>
  core[storage].stores.people.countWithoutSecondFactor()

const batch = 500

/** Somebody who is gone meanwhile has still a place in the order. */
async function placeOf(core: Core, username: string): Promise<PeopleFilter['after']> {
  const name = parseLoginName(core.platform, username)
  const key = name.kind === 'name' ? name.key : (sortKeyOf(username) as LoginName)
  const account = await core[storage].stores.accounts.findByLoginName(key)
  return { id: account?.id ?? ('' as AccountId), sortKey: sortKeyOf(account?.username ?? username) }
}
