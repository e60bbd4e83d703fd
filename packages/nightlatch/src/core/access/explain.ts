import type { AccessRule, AccessRules, AskedFor, Person, Verdict } from './rules.js'
import { demandsFor, judge } from './rules.js'

/** What would happen, and which rules say so. */
export interface Explanation {
  /** `unreadable`: nobody can say which path is meant. */
  readonly outcome: Verdict | 'unreadable'
  /** Their places in the list, from 0 on; every one of them has to be met. */
  readonly rules: readonly number[]
  /** What counts where no rule fits takes part. */
  readonly byDefault: boolean
}

/** The same decision as a request gets. */
export function explainAccess(rules: AccessRules, asked: AskedFor, person: Person | null): Explanation {
  const demands = demandsFor(rules, asked)
  if (demands === null) return { outcome: 'unreadable', rules: [], byDefault: false }
  const places = demands.map((demand) => rules.rules.indexOf(demand as AccessRule))
  const fitting = places.filter((place) => place >= 0).sort((one, other) => one - other)
  return { outcome: judge(demands, person), rules: fitting, byDefault: places.some((place) => place < 0) }
}
