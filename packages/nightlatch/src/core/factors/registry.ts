import type { Account } from '../accounts/account.js'
import type { Proof, Session } from '../sessions/session.js'
import type { Core } from '../core.js'
import type { AccountId } from '../ids.js'
import type { Policy } from '../policy.js'
import type { Stores } from '../ports/stores.js'
import type { Factor, FactorItem, FactorKind, SecondFactor, Strength } from './factor.js'
import { factorKinds, hasSecondFactor, strengths } from './factor.js'
import { passkeys } from './passkeys/factor.js'
import { recoveryCodes } from './recovery-codes/factor.js'
import { totp } from './totp/factor.js'

/** Every factor there is, once. What is to be done with each of them asks here. */
export const factors: { readonly [Kind in FactorKind]: Factor } = {
  totp,
  passkey: passkeys,
  'recovery-code': recoveryCodes,
}

export const allFactors: readonly Factor[] = factorKinds.map((kind) => factors[kind])

export const secondFactors: readonly SecondFactor[] = allFactors.filter(
  (factor) => factor.role === 'second-factor',
)

/** How a session's person may be proven. `device` is a device that was trusted earlier. */
export const proofs: readonly Proof[] = ['password', ...factorKinds, 'device']

/** How many of one kind the account has. */
export const countOf = ({ factorCounts }: Pick<Account, 'factorCounts'>, kind: FactorKind): number =>
  factorCounts[kind] ?? 0

/**
 * Which factors may be given now, the best first: those that the account has and the operator has not
 * switched off, then the ways back in. None where the password alone opens the account.
 */
export function usableFactors(
  core: Pick<Core, 'policy'>,
  account: Pick<Account, 'factorCounts'>,
): readonly FactorKind[] {
  if (!hasSecondFactor(account)) return []
  const isOffered = ({ isOff }: SecondFactor): boolean => isOff?.(core) !== true
  const own = secondFactors.filter((factor) => countOf(account, factor.kind) > 0 && isOffered(factor))
  return [...own, ...allFactors.filter(({ role }) => role === 'fallback')].map(({ kind }) => kind)
}

/** What these proofs are worth together: as much as the strongest of them. */
export function strengthOf(given: Session['factors']): Strength {
  if (given.includes('passkey') && !given.includes('password')) return 'passkey'
  const known = given.map((proof) => strengths.indexOf(strengthWith(proof)))
  return strengths[Math.max(0, ...known)] ?? 'password'
}

function strengthWith(proof: Proof): Strength {
  if (proof === 'password') return 'password'
  if (proof === 'device') return 'password+device'
  // A kind of a version to come, in a rolling update: worth nothing here.
  return (factors[proof] as Factor | undefined)?.strength ?? 'password'
}

/** What a session is worth, as it was noted when it was proven; what an older version began, by its proofs. */
export const strengthOfSession = ({
  strength,
  factors: given,
}: Pick<Session, 'factors' | 'strength'>): Strength =>
  strength !== '' && strengths.includes(strength) ? strength : strengthOf(given)

/** More than a password: a second factor, a way back in, or a device that was trusted with one. */
export const hasTwoFactors = (session: Pick<Session, 'factors' | 'strength'>): boolean =>
  strengthOfSession(session) !== 'password'

/** With a passkey: no other site can be in between and hand on what a person gives. */
export const isPhishingResistant = (session: Pick<Session, 'factors' | 'strength'>): boolean =>
  phishingResistant.has(strengthOfSession(session))

const phishingResistant: ReadonlySet<Strength> = new Set(['password+passkey', 'passkey'])

/** The stronger of two: what was proven once in a session stays proven. */
export const stronger = (one: Strength, other: Strength): Strength =>
  strengths.indexOf(one) > strengths.indexOf(other) ? one : other

const isFallback = (proof: Proof): boolean =>
  allFactors.some(({ kind, role }) => role === 'fallback' && kind === proof)

/** Whether the session was begun with a way back in: its owner has most likely lost the second factor. */
export const wasRecovered = ({ factors: given }: Pick<Session, 'factors'>): boolean => given.some(isFallback)

/**
 * The same just now, and with nothing else since. It is no fresh proof; it lets the person put a new second factor in
 * the lost one's place, once.
 */
export const isJustRecovered = (
  { freshSeconds }: Pick<Policy, 'freshSeconds'>,
  session: Session,
  now: number,
): boolean =>
  wasRecovered(session) &&
  session.factors.every((proof) => proof === 'password' || isFallback(proof)) &&
  now - session.signedInAt < freshSeconds

/** What an account has, for its owner and for the operator. */
export interface OwnFactors {
  readonly items: readonly (FactorItem & { readonly kind: FactorKind })[]
  /** How many of each kind, or how many are left of a way back in. */
  readonly counts: Readonly<Record<FactorKind, number>>
}

/** Asked at once. */
export async function ownFactors(stores: Stores, account: AccountId): Promise<OwnFactors> {
  const found = await Promise.all(
    allFactors.map(async (factor) => {
      const { kind } = factor
      if (factor.role === 'fallback')
        return { kind, items: [], count: await factor.countLeft(stores, account) }
      const items = (await factor.listOf(stores, account)).map((item) => ({ ...item, kind }))
      return { kind, items, count: items.length }
    }),
  )
  return {
    items: found.flatMap(({ items }) => items),
    counts: Object.fromEntries(found.map(({ kind, count }) => [kind, count])) as OwnFactors['counts'],
  }
}

export const noOwnFactors: OwnFactors = {
  items: [],
  counts: Object.fromEntries(factorKinds.map((kind) => [kind, 0])) as OwnFactors['counts'],
}
