import { applicationsOfRules } from '../core/access/applications.js'
import { hostOf } from '../core/access/challenge.js'
import { noRules } from '../core/access/rules.js'
import { applicationsOfClients } from '../core/applications/launch.js'
import type { Core } from '../core/core.js'
import type { Services } from '../http/services.js'
import type { ServiceParts } from './open.js'

/** What requests meet at this door, and what it lets people open. */
export function rulesInForce(
  core: Core,
  { door, rules, accessRules }: ServiceParts,
  origin: string,
): Pick<Services, 'rules' | 'applications'> {
  const clients = applicationsOfClients(core)
  if (door === 'library') return { rules: null, applications: [clients] }
  const own = rules ?? accessRules ?? noRules(core.policy)
  return { rules: own, applications: [applicationsOfRules(own, hostOf(origin)), clients] }
}
