import { pathReadings } from './path-readings.js'

/** What an address asks of whoever wants it. */
export type Access = 'public' | 'one-factor' | 'two-factors' | 'deny'

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
}

export interface AccessRules {
  readonly rules: readonly AccessRule[]
  /** What counts where no rule fits. */
  readonly otherwise: Access
}

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

/** What must be met, every one of them: one demand for each reading of the path. Null when it cannot be read. */
export function demandsFor(rules: AccessRules, asked: AskedFor): readonly Demand[] | null {
  const readings = pathReadings(asked.path)
  if (readings === null) return null
  if (rules.rules.length === 0) return [{ access: rules.otherwise, groups: null }]
  const host = asked.host.toLowerCase().replace(/:\d+$/, '')
  return readings.flatMap((path) => {
    const one = { method: asked.method, host, path }
    // Some servers do not tell capital letters apart: a rule must not be dodged by them, and not be met by them.
    return [demandOf(rules, one, same), demandOf(rules, one, sameInAnyCase)]
  })
}

type Compare = (pattern: string, text: string) => boolean

const same: Compare = (pattern, text) => pattern === text
const sameInAnyCase: Compare = (pattern, text) => pattern.toLowerCase() === text.toLowerCase()

function demandOf(rules: AccessRules, asked: AskedFor, compare: Compare): Demand {
  const rule = rules.rules.find((each) => fits(each, asked, compare))
  return rule ?? { access: rules.otherwise, groups: null }
}

function fits(rule: AccessRule, asked: AskedFor, compare: Compare): boolean {
  return (
    (rule.hosts?.some((host) => isHost(host, asked.host)) ?? true) &&
    (rule.methods?.includes(asked.method) ?? true) &&
    (rule.paths?.some((path) => isPath(path, asked.path, compare)) ?? true)
  )
}

const isHost = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern

function isPath(pattern: string, path: string, compare: Compare): boolean {
  if (!pattern.endsWith('/*')) return compare(pattern, path)
  const folder = pattern.slice(0, -2)
  const start = path.slice(0, folder.length)
  return compare(folder, start) && (path.length === folder.length || path[folder.length] === '/')
}

/** Somebody who is signed in, as far as rules look. */
export interface Person {
  readonly groups: readonly string[]
  readonly hasTwoFactors: boolean
}

export type Verdict = 'public' | 'allowed' | 'sign-in' | 'second-factor' | 'forbidden'

export const isPublic = (demands: readonly Demand[]): boolean =>
  demands.every((demand) => demand.access === 'public')

/** Whether this person meets every demand. */
export function judge(demands: readonly Demand[], person: Person | null): Verdict {
  if (demands.some((demand) => demand.access === 'deny')) return 'forbidden'
  if (isPublic(demands)) return 'public'
  if (person === null) return 'sign-in'
  const isMember = ({ groups }: Demand): boolean =>
    groups?.some((group) => person.groups.includes(group)) ?? true
  if (!demands.every(isMember)) return 'forbidden'
  const needsTwo = demands.some((demand) => demand.access === 'two-factors')
  return needsTwo && !person.hasTwoFactors ? 'second-factor' : 'allowed'
}
