import { Hotp, Totp, normaliseCode } from '@nightlatch/otp'
import type { AttemptKey, AttemptPolicy, Place, Reservation } from '../../rate-limits/attempts.js'
import { codeKey, codeKeys, codePolicyAt } from './counters.js'
import { note } from '../../audit/audit.js'
import type { AuthenticatorSecret } from './store.js'
import { ourOtp } from './store.js'
import type { Core } from '../../core.js'
import type { AccountId, AuthenticatorId } from '../../ids.js'
import type { FactorProblem, FactorRefusal, Presented, ReadyProof } from '../factor.js'
import { parseRecoveryCode } from '../recovery-codes/store.js'
import type { Policy } from '../../policy.js'
import { noteRefused } from '../../rate-limits/refusals.js'
import type { Stores } from '../../ports/stores.js'
import { storage } from '../../ports/stores.js'
import type { Client } from '../../ports/platform.js'
import { tellOwner } from '../../notify/notices.js'

export const codeDigits = ourOtp.digits
/** RFC 4226 truncates to 31 bits: more than ten digits there are none of. */
const mostDigits = 10

/** What is spent with a code: a step and all before it, with the drift it was seen at, or a counter up to the `next` one. */
export type Spends = { readonly step: number; readonly drift: number } | { readonly next: number }

type CodeMatch = {
  readonly kind: 'matched'
  readonly authenticator: AuthenticatorId
  readonly spends: Spends
}

export const sealContext = (authenticator: Pick<AuthenticatorSecret, 'id' | 'account'>): string =>
  `totp:${authenticator.account}:${authenticator.id}`

/** What was typed, as a code of the authenticators that are set up here, or why it cannot be one. */
export function parseCode(text: string): ReturnType<typeof parseAnyCode> {
  const parsed = parseAnyCode(text)
  const isOurs = parsed.kind === 'malformed' || parsed.code.length === codeDigits
  return isOurs ? parsed : wrongLength(parsed.code)
}

export const wrongLength = (code: string): FactorRefusal & { kind: 'malformed' } => ({
  kind: 'malformed',
  problem: 'wrong-length',
  digits: code.length,
})

/** The same for authenticators from elsewhere, whose codes have six to ten digits. */
export function parseAnyCode(
  text: string,
): { readonly kind: 'code'; readonly code: string } | (FactorRefusal & { kind: 'malformed' }) {
  const code = normaliseCode(text.slice(0, 200))
  const malformed = (problem: FactorProblem) => ({ kind: 'malformed', problem, digits: code.length }) as const
  if (code === '') return malformed('empty')
  if (/[a-z]/i.test(code) && parseRecoveryCode(text) !== null) return malformed('looks-like-recovery-code')
  if (!/^\d+$/.test(code)) return malformed('not-numbers')
  const couldBe = code.length >= codeDigits && code.length <= mostDigits
  return couldBe ? { kind: 'code', code } : wrongLength(code)
}

/** What was typed, ready to be looked at: nothing of it takes time. */
export function readCode(core: Core, presented: Presented): Promise<ReadyProof | FactorRefusal> {
  const { account, client, place } = presented
  const parsed = parseAnyCode(presented.given)
  if (parsed.kind === 'malformed') return Promise.resolve(parsed)
  const given = { account, client, place, code: parsed.code }
  return Promise.resolve({ kind: 'ready', accept: (stores) => checkAndAccept(core, stores, given) })
}

async function checkAndAccept(
  core: Core,
  stores: Stores,
  presented: Omit<CodeGiven, 'at'>,
): Promise<FactorRefusal | null> {
  const given = { ...presented, at: core.platform.nowSeconds() }
  // Hardly anybody's codes have another length: only then it costs a question more, and no attempt is spent.
  if (given.code.length !== codeDigits) {
    const secrets = await stores.authenticators.listOf(given.account)
    if (!lengthsOf(secrets).includes(given.code.length)) return wrongLength(given.code)
  }
  const check = await checkCode(core, stores, given)
  if (check.kind !== 'matched') return check
  return (await acceptCode(core, stores, { ...given, ...check })) ? null : { kind: 'wrong', failures: 1 }
}

interface CodeGiven {
  readonly account: AccountId
  /** As `parseCode` has it. */
  readonly code: string
  readonly client: Client
  readonly place: Place
  /** The moment by which it is looked at. */
  readonly at: number
}

/**
 * Looks at a code for any of the account's authenticators. The attempt is spent first. A match is not yet an
 * acceptance: `acceptCode` must mark its step as used, in the transaction that acts on it. A wrong one is to be told to
 * `tellOfWrongCodes` once it is kept.
 */
async function checkCode(core: Core, stores: Stores, given: CodeGiven): Promise<CodeMatch | FactorRefusal> {
  const key = codeKey(given.account, given.place)
  const counter = { key, policy: codePolicyAt(core.policy, given.account, given.place) }
  const [reservation, secrets] = await Promise.all([
    reserveCode(core, stores, { ...given, ...counter }),
    stores.authenticators.listOf(given.account),
  ])
  if (reservation.kind !== 'reserved') return reservation
  if (secrets.length > 0 && !lengthsOf(secrets).includes(given.code.length)) {
    await stores.attempts.giveBack(key)
    return wrongLength(given.code)
  }
  const found = matchAny(core, secrets, given)
  if (found.kind === 'matched') return found
  if (found.kind === 'unreadable') {
    await stores.attempts.giveBack(key)
    await note(core, stores, { ...given, event: 'authenticator.unreadable' })
    return found
  }
  const details = found.wasUsed ? wasUsedBefore : {}
  await note(core, stores, { ...given, event: 'code.refused', details })
  return { kind: 'wrong', failures: reservation.failures }
}

/** Spends one attempt of a counter of codes, or says why there is none. */
export async function reserveCode(
  core: Core,
  stores: Stores,
  given: Pick<CodeGiven, 'account' | 'client' | 'at'> & {
    readonly key: AttemptKey
    readonly policy: AttemptPolicy
  },
): Promise<Reservation> {
  const reservation = await stores.attempts.reserve(given.key, given.policy, given.at)
  const { account, client } = given
  if (reservation.kind === 'wait')
    await noteRefused(core, stores, { account, client, ...reservation, event: 'code.throttled' })
  if (reservation.kind === 'locked')
    await noteRefused(core, stores, { account, client, untilSeconds: 0, event: 'code.locked' })
  return reservation
}

/** Marks the step as used and frees the counters; false when another request was first. */
async function acceptCode(
  core: Core,
  stores: Stores,
  match: CodeMatch & Pick<CodeGiven, 'account' | 'client' | 'at'>,
): Promise<boolean> {
  if (!(await spend(stores, match, match.at))) {
    await note(core, stores, { ...match, event: 'code.refused', details: wasUsedBefore })
    return false
  }
  await stores.attempts.clear(...codeKeys(match.account))
  return true
}

/** The write decides: false when it was spent before. */
export const spend = (
  stores: Stores,
  { authenticator, spends }: Pick<CodeMatch, 'authenticator' | 'spends'>,
  now: number,
): Promise<boolean> =>
  'step' in spends
    ? stores.authenticators.consumeStepIfNewer(authenticator, spends, now)
    : stores.authenticators.consumeCounterIfNewer(authenticator, spends.next, now)

/** How many digits the codes of these have. */
const lengthsOf = (secrets: readonly Pick<AuthenticatorSecret, 'digits'>[]): readonly number[] =>
  [...new Set(secrets.map(({ digits }) => digits))].sort((one, other) => one - other)

type Found =
  CodeMatch | { readonly kind: 'wrong'; readonly wasUsed: boolean } | { readonly kind: 'unreadable' }

/** Every authenticator is looked at, whichever matches. */
function matchAny(
  core: Core,
  secrets: readonly AuthenticatorSecret[],
  { code, at }: Pick<CodeGiven, 'code' | 'at'>,
): Found {
  let found: Found = { kind: 'unreadable' }
  for (const secret of secrets) {
    const opened = core.box.open(secret.sealed, sealContext(secret))
    if (opened.kind === 'refused') continue
    const verdict = look({ ...secret, ...core.policy.code }, opened.plain, { code, atSeconds: at })
    const wasUsed = verdict === 'already-used'
    if (typeof verdict === 'object') found = { kind: 'matched', authenticator: secret.id, spends: verdict }
    else if (found.kind === 'unreadable' || (found.kind === 'wrong' && wasUsed))
      found = { kind: 'wrong', wasUsed }
  }
  return found
}

type Verdict = Spends | 'wrong' | 'already-used'

/**
 * What is kept of where a code was found, in steps from now (RFC 6238 §6): nothing while it comes in time. So a clock that
 * goes wrong slowly is followed, one that was set right is in step again at once, and nobody's window creeps. The clock of a
 * hardware token is set by nobody: it is followed (`follows`) from the first step on.
 */
export const driftAfter = (
  offset: number,
  { windowSteps, follows }: Pick<Policy['code'], 'windowSteps'> & { readonly follows: boolean },
): number => (!follows && Math.abs(offset) <= windowSteps ? 0 : offset)

/** By the clock, or by the counter where the authenticator has one. */
function look(
  authenticator: AuthenticatorSecret & Policy['code'],
  secret: Uint8Array,
  { code, atSeconds }: { readonly code: string; readonly atSeconds: number },
): Verdict {
  const { algorithm, digits, period, counter, lastStep, drift, windowSteps, lookAhead } = authenticator
  if (counter !== null) {
    const verdict = new Hotp({ secret, algorithm, digits }).verify(code, { counter, lookAhead })
    return verdict.matched ? { next: verdict.nextCounter } : 'wrong'
  }
  const totp = new Totp({ secret, algorithm, digits, periodSeconds: period })
  const now = totp.stepAt(atSeconds)
  // Around now, and around where its clock was seen last: the second only where that is somewhere else.
  const verdicts = (drift === 0 ? [0] : [0, drift]).map((steps) =>
    totp.verify(code, {
      atSeconds: Math.max(0, atSeconds + steps * period),
      window: windowSteps,
      afterStep: lastStep,
    }),
  )
  const matched = verdicts.flatMap((verdict) => (verdict.matched ? [verdict.step] : []))
  if (matched.length === 0) {
    const wasUsed = verdicts.some((verdict) => !verdict.matched && verdict.why === 'already-used')
    return wasUsed ? 'already-used' : 'wrong'
  }
  const step = Math.max(...matched)
  return { step, drift: driftAfter(step - now, { windowSteps, follows: authenticator.serial !== null }) }
}

/** What the person is asked for: how long the codes are, and what their apps call the entry. */
export async function askedOf(
  core: Core,
  account: AccountId,
): Promise<{ readonly lengths: readonly number[]; readonly issuers: readonly string[] }> {
  const own = await core[storage].stores.authenticators.listOf(account)
  const issuers = [...new Set(own.map(({ issuer }) => issuer ?? core.policy.issuer))]
  return own.length === 0
    ? { lengths: [codeDigits], issuers: [core.policy.issuer] }
    : { lengths: lengthsOf(own), issuers }
}

const wasUsedBefore = { reason: 'already-used' }

/** Mail to the owner, once, when there were many. */
export async function tellOfWrongCodes(
  core: Core,
  stores: Stores,
  given: Pick<CodeGiven, 'account' | 'client'> & { readonly failures: number },
): Promise<void> {
  const { client, failures } = given
  if (failures !== core.policy.tellAfterWrongCodes) return
  const account = await stores.accounts.find(given.account)
  if (account === null) return
  await tellOwner(core, stores, { kind: 'many-wrong-codes', account, client, details: { failures } })
}
