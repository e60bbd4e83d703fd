import { Totp, normaliseCode } from '@nightlatch/otp'
import type { Reservation } from '../../attempts.js'
import { codeKey, codePolicy } from './counters.js'
import { auditEvent } from '../../audit.js'
import type { AuthenticatorSecret } from './store.js'
import type { Core } from '../../core.js'
import type { AccountId, AuthenticatorId } from '../../ids.js'
import type { FactorProblem, FactorRefusal, Presented, ReadyProof } from '../factor.js'
import { parseRecoveryCode } from '../recovery-codes/store.js'
import { noteRefused } from '../../refusals.js'
import type { Stores } from '../../stores.js'
import type { Client } from '../../world.js'

/** Steps of 30 seconds accepted on either side of now (RFC 6238 §5.2). */
export const windowSteps = 1
export const stepSeconds = 30
export const codeDigits = 6
/** After this many wrong codes in a row the owner is told, once. */
const tellAfterFailures = 10

/** The time step that a moment falls into (RFC 6238 §4.2). */
export const stepAt = (unixSeconds: number): number => Math.floor(unixSeconds / stepSeconds)

export type CodeMatch = {
  readonly kind: 'matched'
  readonly authenticator: AuthenticatorId
  readonly step: number
}

export const sealContext = (authenticator: Pick<AuthenticatorSecret, 'id' | 'account'>): string =>
  `totp:${authenticator.account}:${authenticator.id}`

/** What was typed, as six digits, or why it cannot be a code. */
export function parseCode(
  text: string,
): { readonly kind: 'code'; readonly code: string } | (FactorRefusal & { kind: 'malformed' }) {
  const code = normaliseCode(text.slice(0, 200))
  const malformed = (problem: FactorProblem) => ({ kind: 'malformed', problem, digits: code.length }) as const
  if (code === '') return malformed('empty')
  if (/[a-z]/i.test(code) && parseRecoveryCode(text) !== null) return malformed('looks-like-recovery-code')
  if (!/^\d+$/.test(code)) return malformed('not-numbers')
  return code.length === codeDigits ? { kind: 'code', code } : malformed('wrong-length')
}

/** What was typed, ready to be looked at: nothing of it takes time. */
export function readCode(core: Core, presented: Presented): Promise<ReadyProof | FactorRefusal> {
  const { account, client } = presented
  const parsed = parseCode(presented.given)
  if (parsed.kind === 'malformed') return Promise.resolve(parsed)
  const given = { account, client, code: parsed.code }
  return Promise.resolve({ kind: 'ready', accept: (stores) => checkAndAccept(core, stores, given) })
}

async function checkAndAccept(core: Core, stores: Stores, given: CodeGiven): Promise<FactorRefusal | null> {
  const check = await checkCode(core, stores, given)
  if (check.kind !== 'matched') return check
  return (await acceptCode(core, stores, { ...given, ...check })) ? null : { kind: 'wrong', failures: 1 }
}

interface CodeGiven {
  readonly account: AccountId
  /** As `parseCode` has it. */
  readonly code: string
  readonly client: Client
}

/**
 * Looks at a code for any of the account's authenticators. The attempt is spent first. A match is not yet an
 * acceptance: `acceptCode` must mark its step as used, in the transaction that acts on it. A wrong one is to be told to
 * `tellOfWrongCodes` once it is kept.
 */
export async function checkCode(
  core: Core,
  stores: Stores,
  given: CodeGiven,
): Promise<CodeMatch | Exclude<FactorRefusal, { kind: 'malformed' }>> {
  const [reservation, secrets] = await Promise.all([
    reserveCode(core, stores, given),
    stores.authenticators.listOf(given.account),
  ])
  if (reservation.kind !== 'reserved') return reservation
  const found = matchAny(core, secrets, given.code)
  if (found.kind === 'matched') return found
  if (found.kind === 'unreadable') {
    await stores.attempts.giveBack(codeKey(given.account))
    await note(core, stores, { ...given, event: 'authenticator.unreadable' })
    return found
  }
  const details = found.wasUsed ? wasUsedBefore : {}
  await note(core, stores, { ...given, event: 'code.refused', details })
  return { kind: 'wrong', failures: reservation.failures }
}

/** Spends one attempt of the account's code budget, or says why there is none. */
export async function reserveCode(
  core: Core,
  stores: Stores,
  given: Pick<CodeGiven, 'account' | 'client'>,
): Promise<Reservation> {
  const now = core.world.nowSeconds()
  const reservation = await stores.attempts.reserve(codeKey(given.account), codePolicy, now)
  if (reservation.kind === 'wait')
    await noteRefused(core, stores, { ...given, ...reservation, event: 'code.throttled' })
  if (reservation.kind === 'locked')
    await noteRefused(core, stores, { ...given, untilSeconds: 0, event: 'code.locked' })
  return reservation
}

/** Marks the step as used and frees the counter; false when another request was first. */
export async function acceptCode(
  core: Core,
  stores: Stores,
  match: CodeMatch & Pick<CodeGiven, 'account' | 'client'>,
): Promise<boolean> {
  const now = core.world.nowSeconds()
  if (!(await stores.authenticators.consumeStepIfNewer(match.authenticator, match.step, now))) {
    await note(core, stores, { ...match, event: 'code.refused', details: wasUsedBefore })
    return false
  }
  await stores.attempts.clear(codeKey(match.account))
  return true
}

type Found =
  CodeMatch | { readonly kind: 'wrong'; readonly wasUsed: boolean } | { readonly kind: 'unreadable' }

/** Every authenticator is looked at, whichever matches. */
function matchAny(core: Core, secrets: readonly AuthenticatorSecret[], code: string): Found {
  let found: Found = { kind: 'unreadable' }
  for (const secret of secrets) {
    const opened = core.box.open(secret.sealed, sealContext(secret))
    if (opened.kind === 'refused') continue
    const verdict = new Totp({ secret: opened.plain }).verify(code, {
      atSeconds: core.world.nowSeconds(),
      window: windowSteps,
      afterStep: secret.lastStep,
    })
    const wasUsed = !verdict.matched && verdict.why === 'already-used'
    if (verdict.matched) found = { kind: 'matched', authenticator: secret.id, step: verdict.step }
    else if (found.kind === 'unreadable' || (found.kind === 'wrong' && wasUsed))
      found = { kind: 'wrong', wasUsed }
  }
  return found
}

type CodeEvent = 'code.refused' | 'authenticator.unreadable'

const wasUsedBefore = { reason: 'already-used' }

interface Note extends Pick<CodeGiven, 'account' | 'client'> {
  readonly event: CodeEvent
  readonly details?: Readonly<Record<string, string>>
}

async function note(
  core: Core,
  stores: Stores,
  { event, account, client, details = {} }: Note,
): Promise<void> {
  await stores.audit.add(auditEvent(event, { at: core.world.nowSeconds(), account, client, details }))
}

/** Mail to the owner, once, when there were many. */
export async function tellOfWrongCodes(
  core: Core,
  given: Pick<CodeGiven, 'account' | 'client'> & { readonly failures: number },
): Promise<void> {
  const { client, failures } = given
  if (failures !== tellAfterFailures) return
  const account = await core.storage.stores.accounts.find(given.account)
  if (account === null) return
  const at = core.world.nowSeconds()
  core.notices.send({ kind: 'many-wrong-codes', account, at, client, details: { failures } })
}
