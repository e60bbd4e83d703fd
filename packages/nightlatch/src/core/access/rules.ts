import { isInOneOf } from '../accounts/groups.js'
import type { Policy } from '../policy.js'
import { pathReadings } from './path-readings.js'

/** What an address asks of whoever wants it. */
export type Access = 'public' | 'one-factor' | 'two-factors' | 'phishing-resistant' | 'deny'

/** The first rule that fits decides. A part that is null fits everything. */
export interface AccessRule {
  /** `app.example.org`, or `*.example.org` for every host below it. */
  readonly hosts: readonly string[] | null
  /** `/about` is this path alone, `/public/*` is `/public` and everything below it. */
  readonly paths: readonly string[] | null
  readonly methods: readonly string[] | null
  /** Whom the address is for: members of one of these. It does not take part in the fit: anybody else is refused. */
  readonly groups: readonly string[] | null
  readonly access: Access
  /** What people call what it opens. */
  readonly name?: string
  /** Where that begins: the home page shows it to whoever may open it. */
  readonly launch?: string
}

export interface AccessRules {
  readonly rules: readonly AccessRule[]
  /** What counts where no rule fits. */
  readonly otherwise: Access
}

/** Where there are no rules: whoever is signed in, with as many factors as everybody has here. */
export const noRules = ({ mfa }: Pick<Policy, 'mfa'>): AccessRules => ({
  rules: [],
  otherwise: mfa === 'required' ? 'two-factors' : 'one-factor',
})

/** A request to a protected application. */
export interface AskedFor {
  readonly method: string
  readonly host: string
  /** As it was sent, still encoded. */
  readonly path: string
}

export interface Demand {
  readonly access: Access
  readonly groups: readonly string[] | null
}

/** What must be met, every one of them, whichever way the path is read. Null when it cannot be read. */
export function demandsFor(rules: AccessRules, asked: AskedFor): readonly Demand[] | null {
  const paths = pathReadings(asked.path)
  if (paths === null) return null
  const otherwise: Demand = { access: rules.otherwise, groups: null }
  if (rules.rules.length === 0) return [otherwise]
  const host = asked.host.toLowerCase().replace(/:\d+$/, '')
  const demands = new Set<Demand>()
  for (const path of paths.readings) {
    const one = { method: asked.method, host, path }
    demands.add(ruleFor(rules, one, exactly) ?? otherwise)
    // Some servers do not tell capital letters apart: a rule must not be dodged by them, and not be met by them.
    demands.add(ruleFor(rules, { ...one, path: folded(path) }, loosely) ?? otherwise)
  }
  if (!paths.isSure) demands.add({ access: 'one-factor', groups: null })
  return [...demands]
}

/** Whether a path of a rule and a path that was asked for are the same, and whether one is below the other. */
interface Comparison {
  isSame(pattern: string, path: string): boolean
  isBelow(folder: string, path: string): boolean
}

const exactly: Comparison = {
  isSame: (pattern, path) => pattern === path,
  isBelow: (folder, path) => path === folder || path.startsWith(`${folder}/`),
}

/**
 * For servers to which capital letters, the form of an accent or a slash at the end make no difference, and which
 * run `/page.php` for what is below it, too. The path is folded already, once for all rules.
 */
const loosely: Comparison = {
  isSame: (pattern, path) => {
    const one = folded(pattern)
    return one === path || (/\.[^/]+$/.test(one) && exactly.isBelow(one, path))
  },
  isBelow: (folder, path) => exactly.isBelow(folded(folder), path),
}

/** Up and down again, as Java compares: a dotless i is an i, too. */
const folded = (path: string): string =>
  path
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll('\u0130', 'I')
    .toLowerCase()
    .replace(/(?<!\/)\/+$/, '')

const ruleFor = (rules: AccessRules, asked: AskedFor, comparison: Comparison): Demand | undefined =>
  rules.rules.find((each) => fits(each, asked, comparison))

function fits(rule: AccessRule, asked: AskedFor, comparison: Comparison): boolean {
  return (
    (rule.hosts?.some((host) => isHost(host, asked.host)) ?? true) &&
    (rule.methods?.includes(asked.method) ?? true) &&
    (rule.paths?.some((path) => isPath(path, asked.path, comparison)) ?? true)
  )
}

const isHost = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern

const isPath = (pattern: string, path: string, { isSame, isBelow }: Comparison): boolean =>
  pattern.endsWith('/*') ? isBelow(pattern.slice(0, -2), path) : isSame(pattern, path)

/** Somebody who is signed in, as far as rules look. */
export interface Person {
  readonly groups: readonly string[]
  readonly hasTwoFactors: boolean
  /** Signed in with, or proven again by, a passkey. */
  readonly isPhishingResistant: boolean
}

export type Verdict = 'public' | 'allowed' | 'sign-in' | 'second-factor' | 'passkey' | 'forbidden'

export const isPublic = (demands: readonly Demand[]): boolean =>
  demands.every((demand) => demand.access === 'public')

/** Membership of one of each of these. */
export type AskedGroups = readonly (readonly string[])[]

const noGroups: AskedGroups = []

export const groupsAsked = (demands: readonly Demand[]): AskedGroups =>
  demands.some(({ groups }) => groups !== null)
    ? demands.flatMap(({ groups }) => (groups === null ? [] : [groups]))
    : noGroups

export const isInAll = (groups: readonly string[], asked: AskedGroups): boolean =>
  asked.every((some) => isInOneOf(groups, some))

/** Whether this person meets every demand. */
export function judge(demands: readonly Demand[], person: Person | null): Verdict {
  if (demands.some((demand) => demand.access === 'deny')) return 'forbidden'
  if (isPublic(demands)) return 'public'
  if (person === null) return 'sign-in'
  if (!isInAll(person.groups, groupsAsked(demands))) return 'forbidden'
  const isAsked = (access: Access): boolean => demands.some((demand) => demand.access === access)
  if (isAsked('phishing-resistant') && !person.isPhishingResistant) return 'passkey'
  return isAsked('two-factors') && !person.hasTwoFactors ? 'second-factor' : 'allowed'
}
