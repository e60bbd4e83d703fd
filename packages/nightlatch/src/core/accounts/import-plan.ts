import type { Core } from '../core.js'
import { hasSecondFactor } from '../factors/factor.js'
import type { Otp } from '../factors/totp/store.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import { newAccount } from '../sign-in/password-check.js'
import type { Account, LoginName } from './account.js'
import type { Group } from './groups.js'
import { parseGroup } from './groups.js'
import { EmptyPasswords } from './import-empty.js'
import { NameTaken, Owners } from './import-owners.js'
import { parseDisplayName, parseEmail, parseLoginName } from './account.js'

/** An authenticator app that codes were asked of elsewhere. */
export interface ImportedAuthenticator extends Otp {
  readonly name: string
  /** What the app calls the entry; null: what this installation is called. */
  readonly issuer: string | null
  readonly secret: Uint8Array
}

/** Somebody as another system knows them. */
export interface ImportedPerson {
  /** For messages: `line 4`, `user 2`. */
  readonly place: string
  readonly username: string
  readonly name: string
  readonly email: string
  /** The other system knows that the address is theirs. */
  readonly emailVerified: boolean
  readonly groups: readonly string[]
  readonly disabled: boolean
  /** As the other system wrote it; null where there is none that can be read. */
  readonly passwordHash: string | null
  readonly authenticators: readonly ImportedAuthenticator[]
  readonly warnings: readonly string[]
}

/**
 * Everybody whom a source names, in the same order as often as it is asked. Nobody is held on to: a hundred thousand cost
 * the memory of a few hundred, and each pass the reading again.
 */
export type People = () => Iterable<ImportedPerson> | AsyncIterable<ImportedPerson>

/** What to do with somebody who has an account here. */
export type OnConflict = 'stop' | 'skip' | 'merge'

export interface ImportProblem {
  readonly place: string
  readonly username: string
  readonly why: 'bad-username' | 'same-name-twice' | 'name-taken' | 'email-taken'
  /** Whose name it is, of those that are taken over, or that are here. */
  readonly other: string
}

export interface PlannedPerson {
  /** The how-manieth of the source. */
  readonly number: number
  readonly person: ImportedPerson
  readonly action: 'add' | 'merge' | 'skip'
  /** What it will be, or, to merge, what it is. */
  readonly account: Account
  readonly groups: readonly Group[]
  readonly loginNames: readonly LoginName[]
  readonly password: 'kept' | 'needs-link' | 'unchanged'
  readonly authenticators: readonly ImportedAuthenticator[]
  readonly warnings: readonly string[]
}

interface Named {
  readonly number: number
  readonly person: ImportedPerson
  readonly shown: string
  readonly key: LoginName
  readonly email: { readonly shown: string; readonly key: LoginName } | null
  readonly warnings: readonly string[]
}

/** The groups that can be named here, once each. */
function groupsOf(core: Core, names: readonly string[]): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const name of names) {
    const parsed = parseGroup(name)
    if (parsed.kind === 'group' && !groups.has(parsed.group.key)) groups.set(parsed.group.key, parsed.group)
  }
  return [...groups.values()].slice(0, core.policy.groups.most)
}

interface Numbered {
  readonly number: number
  readonly person: ImportedPerson
}

function nameOne(core: Core, { number, person }: Numbered): Named | ImportProblem {
  const { place, username } = person
  const name = parseLoginName(core.platform, username)
  if (name.kind === 'refused') return { place, username, why: 'bad-username', other: '' }
  const email = person.email === '' ? null : parseEmail(core.platform, person.email)
  const isBadEmail = email?.kind === 'refused'
  return {
    number,
    person,
    shown: name.shown,
    key: name.key,
    email: email?.kind === 'name' ? email : null,
    warnings: [...person.warnings, ...(isBadEmail ? ['the email address is none, and was left out'] : [])],
  }
}

/** So many are looked up, and written, at once: a round trip to the database for each would take longer than all else. */
const atOnce = 250

async function* batchesOf(people: People): AsyncGenerator<readonly Numbered[]> {
  let some: Numbered[] = []
  let number = 0
  for await (const person of people()) {
    some.push({ number, person })
    number += 1
    if (some.length < atOnce) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}

function warningsOf(
  core: Core,
  { person, warnings }: Named,
  { isKnown, isOfNothing }: { readonly isKnown: boolean; readonly isOfNothing: boolean },
): readonly string[] {
  const left = person.groups.filter((name) => parseGroup(name).kind === 'refused').length
  return [
    ...warnings,
    ...(left > 0 ? [`${left} of the groups cannot be named here`] : []),
    ...(isOfNothing ? ['the old password is empty'] : []),
    ...(isKnown || person.passwordHash === null
      ? []
      : [notTaken(core.passwords.tooDear(person.passwordHash))]),
  ]
}

const notTaken = (tooDear: string | null): string =>
  tooDear === null
    ? 'the password hash is of a kind that is not known here'
    : `the password hash asks for ${tooDear} is taken over`

function planNew(core: Core, one: Named, isOfNothing = false): PlannedPerson {
  const { number, person } = one
  const groups = groupsOf(core, person.groups)
  const profile = {
    username: one.shown,
    name: parseDisplayName(person.name) ?? '',
    email: one.email?.shown ?? '',
    groups: groups.map(({ name }) => name),
  }
  const isKnown = person.passwordHash !== null && core.passwords.canAdopt(person.passwordHash)
  const isKept = isKnown && !isOfNothing
  const account = {
    ...newAccount(core, profile),
    disabled: person.disabled,
    emailVerified: person.emailVerified && one.email !== null,
    factorCounts: { totp: person.authenticators.length },
  }
  return {
    number,
    person,
    action: 'add',
    account,
    groups,
    loginNames: keysOf(one),
    password: isKept ? 'kept' : 'needs-link',
    authenticators: person.authenticators,
    warnings: warningsOf(core, one, { isKnown, isOfNothing }),
  }
}

interface Merging {
  readonly account: Account
  readonly isOfNothing: boolean
}

/** What somebody has here stays; what is missing is added. */
function planMerge(core: Core, one: Named, { account, isOfNothing }: Merging): PlannedPerson {
  const planned = planNew(core, one, isOfNothing)
  const hasPassword = account.passwordHash !== ''
  const groups = groupsOf(core, [...account.groups, ...one.person.groups])
  return {
    ...planned,
    action: 'merge',
    account: {
      ...account,
      groups: groups.map(({ name }) => name),
      name: account.name || planned.account.name,
    },
    groups,
    loginNames: [],
    password: hasPassword ? 'unchanged' : planned.password,
    authenticators: hasSecondFactor(account) ? [] : planned.authenticators,
  }
}

/** Who is concerned by what, by their numbers: what is planned of each is worked out anew in each pass. */
export interface ImportPlan {
  readonly people: People
  readonly onConflict: OnConflict
  readonly count: number
  /** Who has an account here. */
  readonly here: ReadonlySet<number>
  readonly ofNothing: ReadonlySet<number>
  /** Whether somebody needs a link, or has a hash that has to be wrapped. */
  readonly needsPreparing: boolean
}

type Planning =
  | { readonly kind: 'refused'; readonly problems: readonly ImportProblem[] }
  | { readonly kind: 'planned'; readonly plan: ImportPlan }

const keysOf = ({ key, email }: Named): readonly LoginName[] => [
  ...new Set([key, ...(email === null ? [] : [email.key])]),
]

interface ImportWish {
  readonly people: People
  readonly onConflict: OnConflict
  /**
   * Is told of everybody on the way, so that one pass is enough to say what would be. Whoever turns out to have an empty password
   * was told otherwise: where `ofNothing` has somebody, `plannedPeople` says it anew.
   */
  readonly onPlanned?: (some: readonly PlannedPerson[]) => void
}

/** Who will be added, and what of them; or everything that stands in the way. Writes nothing. */
export async function planImport(
  core: Core,
  { people, onConflict, onPlanned = () => undefined }: ImportWish,
): Promise<Planning> {
  const { stores } = core[storage]
  const planner = new Planner(core, onConflict)
  const isEmpty = await stores.accounts.isEmpty()
  let [count, needsPreparing] = [0, false]
  for await (const some of batchesOf(people)) {
    count += some.length
    const named = withNames(core, some, planner.problems)
    const found = isEmpty ? nobody : await stores.accounts.findByLoginNames(named.flatMap(keysOf))
    const planned = named.flatMap((one) => planner.consider(one, found))
    // What is refused is told of nobody.
    if (planner.problems.length === 0) onPlanned(planned)
    needsPreparing ||= planned.some((one) => isToPrepare(core, one))
  }
  const { problems, here } = planner
  if (problems.length > 0) return { kind: 'refused', problems }
  const ofNothing = await planner.passwords.find()
  needsPreparing ||= ofNothing.size > 0
  return { kind: 'planned', plan: { people, onConflict, count, here, ofNothing, needsPreparing } }
}

/** What was found out so far of everybody. */
class Planner {
  readonly #core: Core
  readonly #onConflict: OnConflict
  readonly #owners = new Owners()
  readonly problems: ImportProblem[] = []
  readonly here = new Set<number>()
  readonly passwords: EmptyPasswords

  constructor(core: Core, onConflict: OnConflict) {
    this.#core = core
    this.#onConflict = onConflict
    this.passwords = new EmptyPasswords(core)
  }

  consider(one: Named, found: ReadonlyMap<LoginName, Account>): readonly PlannedPerson[] {
    const { place, username, passwordHash } = one.person
    const onConflict = this.#onConflict
    const other = this.#owners.take(one.person, keysOf(one))
    if (other !== undefined) this.problems.push({ place, username, why: 'same-name-twice', other })
    const standing = standingOf(one, { found, onConflict })
    if (standing !== null && 'why' in standing) this.problems.push(standing)
    this.passwords.consider(one.number, passwordHash)
    if (standing !== null && 'why' in standing) return []
    if (standing !== null) this.here.add(one.number)
    return [planOne(this.#core, one, { standing, onConflict, isOfNothing: false })]
  }
}

const isToPrepare = (core: Core, { password, person }: PlannedPerson): boolean =>
  password === 'needs-link' || (password === 'kept' && core.passwords.isWeak(person.passwordHash ?? ''))

const nobody: ReadonlyMap<LoginName, Account> = new Map()

function withNames(core: Core, some: readonly Numbered[], problems: ImportProblem[]): readonly Named[] {
  return some.flatMap((numbered) => {
    const one = nameOne(core, numbered)
    if (!('why' in one)) return [one]
    problems.push(one)
    return []
  })
}

/** What is planned of everybody, some at a time. Throws NameTaken where it is not as it was when it was planned. */
export async function* plannedPeople(
  core: Core,
  { people, onConflict, here, ofNothing }: ImportPlan,
  stores: Stores = core[storage].stores,
): AsyncGenerator<readonly PlannedPerson[]> {
  for await (const some of batchesOf(people)) {
    const named = withNames(core, some, [])
    const known = named.filter(({ number }) => here.has(number))
    const names = known.flatMap(keysOf)
    const found = known.length === 0 ? nobody : await stores.accounts.findByLoginNames(names)
    yield named.map((one) => {
      const standing = standingOf(one, { found, onConflict })
      if (standing !== null && 'why' in standing) throw new NameTaken(one.person.username)
      return planOne(core, one, { standing, onConflict, isOfNothing: ofNothing.has(one.number) })
    })
  }
}

interface Standing {
  readonly standing: Account | null
  readonly onConflict: OnConflict
  readonly isOfNothing: boolean
}

function planOne(core: Core, one: Named, { standing, onConflict, isOfNothing }: Standing): PlannedPerson {
  if (standing === null) return planNew(core, one, isOfNothing)
  if (onConflict === 'skip') return skipped(core, one, standing)
  return planMerge(core, one, { account: standing, isOfNothing })
}

interface Looking {
  readonly found: ReadonlyMap<LoginName, Account>
  readonly onConflict: OnConflict
}

/** Whose account it is here, nobody's, or why it cannot be. */
function standingOf(one: Named, { found, onConflict }: Looking): Account | ImportProblem | null {
  const { place, username } = one.person
  const account = found.get(one.key)
  const byEmail = one.email === null ? undefined : found.get(one.email.key)
  const other = account ?? byEmail
  if (other === undefined) return null
  if (onConflict === 'skip') return other
  if (byEmail !== undefined && byEmail.id !== account?.id)
    return { place, username, why: 'email-taken', other: byEmail.username }
  return onConflict === 'merge' ? other : { place, username, why: 'name-taken', other: other.username }
}

function skipped(core: Core, one: Named, account: Account): PlannedPerson {
  const planned = planNew(core, one)
  return {
    ...planned,
    action: 'skip',
    account,
    password: 'unchanged',
    authenticators: [],
    warnings: ['is here already, and was left as it is'],
  }
}
