import { applicationsOfRules } from '../core/access/applications.js'
import { hostOf } from '../core/access/challenge.js'
import { noRules } from '../core/access/rules.js'
import type { Core } from '../core/core.js'
import type { Services } from '../http/services.js'
import type { ServiceParts } from './open.js'

/** What requests meet at this door, and what it lets people open. */
export function rulesInForce(
  { policy }: Core,
  { door, rules, accessRules }: ServiceParts,
  origin: string,
): Pick<Services, 'rules' | 'applications'> {
  if (door === 'library') return { rules: null, applications: [] }
  const own = rules ?? accessRules ?? noRules(policy)
  return { rules: own, applications: [applicationsOfRules(own, hostOf(origin))] }
}
