import type { Core } from '../core.js'
import { hasSecondFactor } from '../factors/factor.js'
import { passkeys } from '../factors/passkeys/factor.js'
import { countOf } from '../factors/registry.js'
import { withoutId } from '../sign-in/password-check.js'
import type { Account, LoginName } from './account.js'
import { parseDisplayName, parseEmail, parseLoginName } from './account.js'
import type { Group } from './groups.js'
import { parseGroup } from './groups.js'
import type { ImportedPerson, ImportProblem, OnConflict, PlannedPerson } from './import-plan.js'

export interface Named {
  readonly number: number
  readonly person: ImportedPerson
  readonly shown: string
  readonly key: LoginName
  readonly email: { readonly shown: string; readonly key: LoginName } | null
  readonly warnings: readonly string[]
}

interface Groups {
  /** Those that can be named here, once each. */
  readonly groups: readonly Group[]
  readonly leftOut: number
}

function groupsOf(core: Core, names: readonly string[]): Groups {
  const groups = new Map<string, Group>()
  let leftOut = 0
  for (const name of names) {
    const parsed = parseGroup(name)
    if (parsed.kind === 'refused') leftOut += 1
    else if (!groups.has(parsed.group.key)) groups.set(parsed.group.key, parsed.group)
  }
  return { groups: [...groups.values()].slice(0, core.policy.groups.most), leftOut }
}

export interface Numbered {
  readonly number: number
  readonly person: ImportedPerson
}

export function nameOne(core: Core, { number, person }: Numbered): Named | ImportProblem {
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

interface Found {
  readonly isKnown: boolean
  readonly isOfNothing: boolean
  readonly leftOut: number
}

function warningsOf(
  core: Core,
  { person, warnings }: Named,
  { isKnown, isOfNothing, leftOut }: Found,
): readonly string[] {
  return [
    ...warnings,
    ...(leftOut > 0 ? [`${leftOut} of the groups cannot be named here`] : []),
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
  const { groups, leftOut } = groupsOf(core, person.groups)
  const given = {
    username: one.shown,
    name: parseDisplayName(person.name) ?? '',
    email: one.email?.shown ?? '',
    groups: groups.map(({ name }) => name),
    disabled: person.disabled,
    emailVerified: person.emailVerified && one.email !== null,
    factorCounts: { totp: person.authenticators.length },
  }
  const isKnown = person.passwordHash !== null && core.passwords.canAdopt(person.passwordHash)
  const isKept = isKnown && !isOfNothing
  return {
    number,
    person,
    action: 'add',
    account: { id: null, ...withoutId(core, given) },
    groups,
    loginNames: keysOf(one),
    password: isKept ? 'kept' : 'needs-link',
    authenticators: person.authenticators,
    warnings: warningsOf(core, one, { isKnown, isOfNothing, leftOut }),
  }
}

interface Merging {
  readonly account: Account
  readonly isOfNothing: boolean
}

/**
 * Whoever is disabled there gets no password here that lets them in: not into an account to which nobody could sign in until
 * now. One that is in use stays as it is, and it is said.
 */
export const isClosedBy = ({ disabled }: Pick<ImportedPerson, 'disabled'>, here: Account): boolean =>
  disabled && here.passwordHash === '' && countOf(here, passkeys.kind) === 0 && !here.admin

/** What somebody has here stays; what is missing is added. */
function planMerge(core: Core, one: Named, { account, isOfNothing }: Merging): PlannedPerson {
  const { number, person } = one
  const planned = planNew(core, one, isOfNothing)
  const hasPassword = account.passwordHash !== ''
  const { groups } = groupsOf(core, [...account.groups, ...one.person.groups])
  const disabled = account.disabled || isClosedBy(person, account)
  const isOpenHere = person.disabled && !disabled
  const isWithout = account.email === '' && one.email !== null
  return {
    number,
    person,
    action: 'merge',
    account: {
      ...account,
      groups: groups.map(({ name }) => name),
      name: account.name || planned.account.name,
      disabled,
    },
    groups,
    loginNames: [],
    password: hasPassword ? 'unchanged' : planned.password,
    authenticators: hasSecondFactor(account) ? [] : planned.authenticators,
    warnings: [
      ...planned.warnings,
      ...(isOpenHere ? ['is disabled there, and not here'] : []),
      ...(isWithout ? ['has no address here: it is not added, `nightlatch user edit` does'] : []),
    ],
  }
}

export const keysOf = ({ key, email }: Named): readonly LoginName[] => [
  ...new Set([key, ...(email === null ? [] : [email.key])]),
]

interface Standing {
  readonly standing: Account | null
  readonly onConflict: OnConflict
  readonly isOfNothing: boolean
}

export function planOne(
  core: Core,
  one: Named,
  { standing, onConflict, isOfNothing }: Standing,
): PlannedPerson {
  if (standing === null) return planNew(core, one, isOfNothing)
  if (onConflict === 'skip') return skipped(core, one, standing)
  return planMerge(core, one, { account: standing, isOfNothing })
}

interface Looking {
  readonly found: ReadonlyMap<LoginName, Account>
  readonly onConflict: OnConflict
}

/** Whose account it is here, nobody's, or why it cannot be. */
export function standingOf(one: Named, { found, onConflict }: Looking): Account | ImportProblem | null {
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
