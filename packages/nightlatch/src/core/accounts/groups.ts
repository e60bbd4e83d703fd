import type { AccountId } from '../ids.js'

/** What two spellings of one group have in common: groups whose names differ in case only are one. */
export type GroupKey = string & { readonly is: 'group-key' }

export interface Group {
  readonly key: GroupKey
  /** As it was first written, for show and for the headers. */
  readonly name: string
}

export interface GroupWithCount extends Group {
  readonly members: number
}

export interface GroupStore {
  /** Until the transaction ends, nobody else changes groups. Before any account is held. */
  hold(): Promise<void>
  /** Puts the account into exactly these; a group that is not there is made. @returns their names, as shown */
  setOf(account: AccountId, groups: readonly Group[], now: number): Promise<readonly string[]>
  find(key: GroupKey): Promise<GroupWithCount | null>
  list(): Promise<readonly GroupWithCount[]>
  /** As shown, and without counting anybody. */
  names(): Promise<readonly string[]>
  /** Gives a group another name, in every account of its members; false when there is another group of that name. */
  rename(key: GroupKey, next: Group): Promise<boolean>
  /** Takes it away, and out of every account. @returns how many were in it; null: there is none of that name */
  remove(key: GroupKey): Promise<number | null>
}

export type GroupProblem = 'empty' | 'too-long' | 'not-allowed'

type ParsedGroup =
  { readonly kind: 'group'; readonly group: Group } | { readonly kind: 'refused'; readonly why: GroupProblem }

const longestGroupName = 64

const separators = /[,\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u
const bidi = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/

/** A group's name as typed: 1 to 64 characters, without a comma (which separates them in a header), control or bidi marks. */
export function parseGroup(text: string): ParsedGroup {
  const name = text.trim().normalize('NFC')
  if (name === '') return { kind: 'refused', why: 'empty' }
  if ([...name].length > longestGroupName) return { kind: 'refused', why: 'too-long' }
  if (separators.test(name) || bidi.test(name)) return { kind: 'refused', why: 'not-allowed' }
  return { kind: 'group', group: { name, key: groupKey(name) } }
}

type ParsedGroups =
  | { readonly kind: 'groups'; readonly groups: readonly Group[] }
  /** Which of them it was. */
  | { readonly kind: 'refused'; readonly text: string; readonly why: GroupProblem }

/** Several of them; one that is named twice counts once. */
export function parseGroups(names: readonly string[]): ParsedGroups {
  const groups = new Map<GroupKey, Group>()
  for (const text of names) {
    const parsed = parseGroup(text)
    if (parsed.kind === 'refused') return { ...parsed, text }
    if (!groups.has(parsed.group.key)) groups.set(parsed.group.key, parsed.group)
  }
  return { kind: 'groups', groups: [...groups.values()] }
}

/** Up and down again, and small letters that have two forms as one: nobody tells groups apart by them. */
export const groupKey = (name: string): GroupKey =>
  name.trim().normalize('NFC').toUpperCase().toLowerCase().normalize('NFC').replaceAll('ς', 'σ') as GroupKey

/** Whether somebody with these groups is in one of those that are asked for. */
export function isInOneOf(groups: readonly string[], asked: readonly string[]): boolean {
  if (groups.length === 0) return false
  const keys = new Set(groups.map(groupKey))
  return asked.some((name) => keys.has(groupKey(name)))
}
