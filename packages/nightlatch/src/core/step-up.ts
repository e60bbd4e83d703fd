import { passwordKey, passwordPolicy } from './attempts.js'
import type { CodeRefusal } from './factors/totp/verify.js'
import { acceptCode, checkCode, parseCode, tellOfWrongCodes } from './factors/totp/verify.js'
import type { Browser, SignedInNow } from './completed-sign-in.js'
import type { Core } from './core.js'
import { knownDeviceKey } from './known-device-key.js'
import { checkPassword } from './password-check.js'
import { acceptRecoveryCode, checkRecoveryCode, tellOfRecovery } from './second-step.js'
import { noteChange, proveSession } from './session-life.js'
import type { Factor, SignedIn } from './sessions.js'
import type { Stores } from './stores.js'
import { Undo } from './stores.js'

export type StepUpOutcome =
  | ({ readonly kind: 'proven' } & Pick<SignedInNow, 'token' | 'session' | 'account' | 'knownDevice'>)
  | { readonly kind: 'wrong-password' }
  | CodeRefusal
  | { readonly kind: 'over' }
  | { readonly kind: 'busy' }

/** What the person proves with: the password, and the second factor where there is one. */
export interface StepUpGiven {
  readonly signedIn: SignedIn
  readonly browser: Browser
  readonly password: string
  readonly second:
    | { readonly kind: 'code'; readonly code: string }
    | { readonly kind: 'recovery-code'; readonly code: string }
}

/** A fresh proof before a change of the account (ASVS 5.0 7.5.1): password and second factor, both. */
export async function stepUp(core: Core, given: StepUpGiven): Promise<StepUpOutcome> {
  const refusal = await provePassword(core, given)
  if (refusal !== null) return refused(core, given, refusal)
  const proof = await checkSecond(core, given)
  if (proof.kind !== 'ready') return refused(core, given, proof)
  const outcome = await core.storage.atomically<StepUpOutcome>(async (stores) => {
    await stores.accounts.hold(given.signedIn.account.id)
    if (!(await proof.spend(stores))) return new Undo<StepUpOutcome>({ kind: 'wrong', failures: 1 })
    const proven = await proveSession(core, stores, { ...given, factor: proof.factor })
    if (proven === null) return new Undo<StepUpOutcome>({ kind: 'over' })
    await noteChange(stores, core, {
      owner: given.signedIn.account,
      event: 'step-up.passed',
      client: given.browser.client,
    })
    return { kind: 'proven', ...proven }
  })
  if (outcome.kind !== 'proven') return refused(core, given, outcome)
  if (given.second.kind === 'recovery-code')
    await tellOfRecovery(core, given.signedIn.account, given.browser.client)
  return outcome
}

/**
 * The password of a signed-in person, counted like one at sign-in: a stolen session is no place to guess, and a
 * stranger's wrong passwords do not keep the owner's own browser out.
 */
export async function provePassword(
  core: Core,
  given: Pick<StepUpGiven, 'signedIn' | 'browser' | 'password'>,
): Promise<Extract<StepUpOutcome, { kind: 'wrong-password' | 'wait' | 'busy' }> | null> {
  const { account } = given.signedIn
  const { attempts } = core.storage.stores
  const now = core.world.nowSeconds()
  const key = (await knownDeviceKey(core, account, given.browser)) ?? passwordKey(account.id)
  const reservation = await attempts.reserve(key, passwordPolicy, now)
  if (reservation.kind === 'wait') return reservation
  if (reservation.kind === 'locked') return { kind: 'wait', untilSeconds: now }
  const check = await checkPassword(core, { account, username: account.username, password: given.password })
  if (check.kind === 'wrong') return { kind: 'wrong-password' }
  await (check.kind === 'right' ? attempts.clear(key) : attempts.giveBack(key))
  return check.kind === 'busy' ? { kind: 'busy' } : null
}

type Second =
  | { readonly kind: 'ready'; readonly factor: Factor; spend(stores: Stores): Promise<boolean> }
  | CodeRefusal
  | { readonly kind: 'busy' }

async function checkSecond(core: Core, given: StepUpGiven): Promise<Second> {
  const { account } = given.signedIn
  const asked = { account: account.id, code: given.second.code, client: given.browser.client }
  if (account.authenticatorCount === 0)
    return { kind: 'ready', factor: 'password', spend: () => Promise.resolve(true) }
  if (given.second.kind === 'code') {
    const parsed = parseCode(asked.code)
    if (parsed.kind === 'malformed') return parsed
    const check = await checkCode(core, core.storage.stores, { ...asked, code: parsed.code })
    if (check.kind === 'wrong') await tellOfWrongCodes(core, { ...asked, failures: check.failures })
    if (check.kind !== 'matched') return check
    return {
      kind: 'ready',
      factor: 'totp',
      spend: (stores) => acceptCode(core, stores, { ...asked, ...check }),
    }
  }
  const check = await checkRecoveryCode(core, asked)
  if (check.kind !== 'hashed') return check
  const spend = (stores: Stores): Promise<boolean> =>
    acceptRecoveryCode(core, stores, { ...asked, hash: check.hash })
  return { kind: 'ready', factor: 'recovery-code', spend }
}

async function refused<Outcome extends StepUpOutcome>(
  core: Core,
  given: StepUpGiven,
  outcome: Outcome,
): Promise<Outcome> {
  const change = {
    owner: given.signedIn.account,
    client: given.browser.client,
    details: { reason: outcome.kind },
  }
  await noteChange(core.storage.stores, core, { ...change, event: 'step-up.refused' })
  return outcome
}
