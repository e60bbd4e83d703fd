import type { SignedIn } from '../core/sessions/session.js'
import type { AccessRules, AskedGroups, Demand, Person } from '../core/access/rules.js'
import type { Verdict as Judgement } from '../core/access/rules.js'
import { demandsFor, groupsAsked, isPublic, judge } from '../core/access/rules.js'
import type { HttpRequest } from '../http/request.js'
import type { Refused } from './refusals.js'

export interface GateParts {
  /** The person behind a live session; rejects while the database cannot say. */
  whoIs(request: HttpRequest): Promise<SignedIn | null>
  /** What the person's session has proven. */
  provenBy(person: SignedIn): Omit<Person, 'groups'>
  readonly rules: AccessRules
  /** The public host, for the rules. */
  readonly host: string
  outage(request: HttpRequest, error: unknown): void
}

export type Verdict =
  | {
      readonly kind: 'pass'
      readonly person: SignedIn | null
      readonly groups: AskedGroups
    }
  | { readonly kind: 'refused'; readonly why: Refused }

const refused = (why: Refused): Verdict => ({ kind: 'refused', why })

/** What speaks to the application says `delete` of HTTP/2 in capitals: rules would have been asked about another one. */
const passable = /^(?!TRACE$)[A-Z][A-Z-]*$/

/** The same question for every method, with and without a body, and for a WebSocket. */
export async function verdictOn(request: HttpRequest, parts: GateParts): Promise<Verdict> {
  if (!passable.test(request.method)) return refused('unknown-method')
  const demands = demandsOn(request, parts)
  if (demands === null) return refused('malformed-request')
  try {
    const person = await parts.whoIs(request)
    return verdicts[judge(demands, person && judged(person, parts))](person, demands)
  } catch (error) {
    parts.outage(request, error)
    return isPublic(demands) ? pass(null, demands) : refused('unavailable')
  }
}

/** Where there are no rules, no path has to be understood. */
function demandsOn({ method, path }: HttpRequest, { rules, host }: GateParts): readonly Demand[] | null {
  return rules.rules.length === 0
    ? [{ access: rules.otherwise, groups: null }]
    : demandsFor(rules, { method, host, path })
}

const judged = (person: SignedIn, { provenBy }: GateParts): Person => ({
  groups: person.account.groups,
  ...provenBy(person),
})

const pass = (person: SignedIn | null, demands: readonly Demand[]): Verdict => ({
  kind: 'pass',
  person,
  groups: groupsAsked(demands),
})

const verdicts: Record<Judgement, (person: SignedIn | null, demands: readonly Demand[]) => Verdict> = {
  public: pass,
  allowed: pass,
  'sign-in': () => refused('not-signed-in'),
  'second-factor': () => refused('second-factor-required'),
  passkey: () => refused('passkey-required'),
  forbidden: () => refused('no-access'),
}
