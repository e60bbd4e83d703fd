import { hasTwoFactors } from '../factors/registry.js'
import type { Session } from '../sessions/session.js'
import { acrValues, authenticationContexts, authTimeOf, couldMeetAcr, meetsAcr } from './claims.js'

/** What one request of an application wants proven, beside what was registered of the application. */
export interface Demands {
  /** Authentication contexts: some of them, or else nothing. */
  readonly acr: readonly string[]
  /** Without one of them the application wants nobody. */
  readonly isEssential: boolean
  /** So old the proof may be; null: as old as it is. */
  readonly maxAgeSeconds: number | null
}

type Proven = Pick<Session, 'factors' | 'strength' | 'signedInAt' | 'verifiedAt'>

/** Nobody who signs in here could meet it. */
export const cannotBeMet = ({ acr, isEssential }: Demands): boolean =>
  isEssential && acr.length > 0 && !acr.some((one) => acrValues.includes(one))

/** One factor, where two would do. */
export const wantsSecondFactor = ({ acr }: Demands, session: Proven): boolean =>
  couldMeetAcr(acr) && !meetsAcr(session, acr) && !hasTwoFactors(session)

export const wantsPasskey = ({ acr, isEssential }: Demands, session: Proven): boolean =>
  isEssential && acr.includes(authenticationContexts.phishingResistant) && !meetsAcr(session, acr)

export const isTooOld = ({ maxAgeSeconds }: Demands, session: Proven, now: number): boolean =>
  maxAgeSeconds !== null && now - authTimeOf(session) > maxAgeSeconds

interface AcrClaim {
  readonly value?: unknown
  readonly values?: unknown
  readonly essential?: unknown
}

/** The claim says more than the parameter: it counts where both are there (OpenID Connect Core 1.0 §5.5.1.1). */
export function acrDemands(
  acrValuesSaid: string | undefined,
  claim: AcrClaim | null | undefined,
): Pick<Demands, 'acr' | 'isEssential'> {
  const values: readonly unknown[] = Array.isArray(claim?.values) ? claim.values : []
  const inClaim = [claim?.value, ...values].filter((one) => typeof one === 'string')
  const said = acrValuesSaid?.split(' ').filter((one) => one !== '') ?? []
  return { acr: inClaim.length > 0 ? inClaim : said, isEssential: claim?.essential === true }
}
