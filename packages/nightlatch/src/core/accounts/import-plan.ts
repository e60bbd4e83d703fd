import type { Core } from '../core.js'
import { hasSecondFactor } from '../factors/factor.js'
import type { Otp } from '../factors/totp/store.js'
import { storage } from '../ports/stores.js'
import { newAccount } from '../sign-in/password-check.js'
import type { Account, LoginName } from './account.js'
import type { Group } from './groups.js'
import { parseGroup } from './groups.js'
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
  readonly person: ImportedPerson
  readonly shown: string
  readonly key: LoginName
  readonly email: { readonly shown: string; readonly key: LoginName } | null
  readonly isOfNothing: boolean
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

function nameOne(core: Core, person: ImportedPerson): Named | ImportProblem {
  const { place, username } = person
  const name = parseLoginName(core.platform, username)
  if (name.kind === 'refused') return { place, username, why: 'bad-username', other: '' }
  const email = person.email === '' ? null : parseEmail(core.platform, person.email)
  const isBadEmail = email?.kind === 'refused'
  return {
    person,
    shown: name.shown,
    key: name.key,
    email: email?.kind === 'name' ? email : null,
    isOfNothing: false,
    warnings: [...person.warnings, ...(isBadEmail ? ['the email address is none, and was left out'] : [])],
  }
}

/** Everybody's names; those of two people that are the same are problems, whatever is wanted of accounts here. */
function nameAll(core: Core, people: readonly ImportedPerson[]) {
  const problems: ImportProblem[] = []
  const named: Named[] = []
  const owners = new Map<LoginName, ImportedPerson>()
  for (const person of people) {
    const one = nameOne(core, person)
    if ('why' in one) {
      problems.push(one)
      continue
    }
    const keys = keysOf(one)
    const taken = keys.find((key) => owners.has(key) && owners.get(key) !== person)
    const { place, username } = person
    if (taken !== undefined) {
      const other = owners.get(taken)
      problems.push({
        place,
        username,
        why: 'same-name-twice',
        other: `${other?.username} (${other?.place})`,
      })
    }
    for (const key of keys) if (!owners.has(key)) owners.set(key, person)
    named.push(one)
  }
  return { problems, named }
}

const atOnce = 100

/** The accounts that have one of the names here. */
async function lookUp(core: Core, names: readonly LoginName[]): Promise<ReadonlyMap<LoginName, Account>> {
  const { accounts } = core[storage].stores
  const found = new Map<LoginName, Account>()
  if (await accounts.isEmpty()) return found
  for (let at = 0; at < names.length; at += atOnce) {
    const some = names.slice(at, at + atOnce)
    const all = await Promise.all(some.map((name) => accounts.findByLoginName(name)))
    all.forEach((account, index) => {
      const name = some[index]
      if (account !== null && name !== undefined) found.set(name, account)
    })
  }
  return found
}

/** Of a file with more of a kind none is looked at: it costs a hash each, milliseconds for a weak one and more for the others. */
const mostTried = { weak: 2000, strong: 100 }

/**
 * Whose old password is none at all. Nobody can sign in with it here, so it is none that is kept. Programs that write
 * weak hashes take an empty password; of others it is hardly ever so.
 */
async function ofNothing(
  core: Core,
  people: readonly ImportedPerson[],
): Promise<ReadonlySet<ImportedPerson>> {
  const known = people.filter(
    ({ passwordHash }) => passwordHash !== null && core.passwords.canAdopt(passwordHash),
  )
  const isWeak = ({ passwordHash }: ImportedPerson): boolean => core.passwords.isWeak(passwordHash ?? '')
  const [weak, strong] = [known.filter(isWeak), known.filter((one) => !isWeak(one))]
  const tried = [
    ...(weak.length <= mostTried.weak ? weak : []),
    ...(strong.length <= mostTried.strong ? strong : []),
  ]
  const found = new Set<ImportedPerson>()
  for (let at = 0; at < tried.length; at += triedAtOnce) {
    const some = tried.slice(at, at + triedAtOnce)
    const answers = await Promise.all(some.map((one) => isOfNothing(core, one)))
    some.forEach((one, index) => answers[index] === true && found.add(one))
  }
  return found
}

const triedAtOnce = 16

async function isOfNothing(core: Core, { passwordHash }: ImportedPerson): Promise<boolean> {
  for (;;) {
    const answer = await core.passwords.isOfNothing(passwordHash ?? '')
    if (answer !== 'busy') return answer
  }
}

function planNew(core: Core, one: Named): PlannedPerson {
  const { person } = one
  const groups = groupsOf(core, person.groups)
  const left = person.groups.filter((name) => parseGroup(name).kind === 'refused').length
  const profile = {
    username: one.shown,
    name: parseDisplayName(person.name) ?? '',
    email: one.email?.shown ?? '',
    groups: groups.map(({ name }) => name),
  }
  const isKnown = person.passwordHash !== null && core.passwords.canAdopt(person.passwordHash)
  const isKept = isKnown && !one.isOfNothing
  const account = {
    ...newAccount(core, profile),
    disabled: person.disabled,
    emailVerified: person.emailVerified && one.email !== null,
    factorCounts: { totp: person.authenticators.length },
  }
  return {
    person,
    action: 'add',
    account,
    groups,
    loginNames: keysOf(one),
    password: isKept ? 'kept' : 'needs-link',
    authenticators: person.authenticators,
    warnings: [
      ...one.warnings,
      ...(left > 0 ? [`${left} of the groups cannot be named here`] : []),
      ...(one.isOfNothing ? ['the old password is empty'] : []),
      ...(isKnown || person.passwordHash === null
        ? []
        : ['the password hash is of a kind that is not known here']),
    ],
  }
}

/** What somebody has here stays; what is missing is added. */
function planMerge(core: Core, one: Named, account: Account): PlannedPerson {
  const planned = planNew(core, one)
  const hasPassword = account.passwordHash !== ''
  const groups = groupsOf(core, [...account.groups, ...one.person.groups])
  const names = groups.map(({ name }) => name)
  return {
    ...planned,
    action: 'merge',
    account: { ...account, groups: names, name: account.name || planned.account.name },
    groups,
    loginNames: [],
    password: hasPassword ? 'unchanged' : planned.password,
    authenticators: hasSecondFactor(account) ? [] : planned.authenticators,
  }
}

type ImportPlan =
  | { readonly kind: 'refused'; readonly problems: readonly ImportProblem[] }
  | { readonly kind: 'planned'; readonly people: readonly PlannedPerson[] }

const keysOf = ({ key, email }: Named): readonly LoginName[] => [
  ...new Set([key, ...(email === null ? [] : [email.key])]),
]

/** Who will be added, and what of them; or everything that stands in the way. Writes nothing. */
export async function planImport(
  core: Core,
  people: readonly ImportedPerson[],
  onConflict: OnConflict,
): Promise<ImportPlan> {
  const { problems, named } = nameAll(core, people)
  const empty = problems.length > 0 ? null : await ofNothing(core, people)
  const here = await lookUp(core, [...new Set(named.flatMap(keysOf))])
  const planned: PlannedPerson[] = []
  for (const one of named) {
    const isOfNothing = empty?.has(one.person) === true
    const decided = decide(core, { ...one, isOfNothing }, { here, onConflict })
    if ('why' in decided) problems.push(decided)
    else planned.push(decided)
  }
  return problems.length > 0 ? { kind: 'refused', problems } : { kind: 'planned', people: planned }
}

interface Deciding {
  readonly here: ReadonlyMap<LoginName, Account>
  readonly onConflict: OnConflict
}

function decide(core: Core, one: Named, { here, onConflict }: Deciding): PlannedPerson | ImportProblem {
  const { place, username } = one.person
  const account = here.get(one.key)
  const byEmail = one.email === null ? undefined : here.get(one.email.key)
  const other = account ?? byEmail
  if (other === undefined) return planNew(core, one)
  if (onConflict === 'skip') return skipped(core, one, other)
  if (byEmail !== undefined && byEmail.id !== account?.id)
    return { place, username, why: 'email-taken', other: byEmail.username }
  return onConflict === 'merge'
    ? planMerge(core, one, other)
    : { place, username, why: 'name-taken', other: other.username }
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
