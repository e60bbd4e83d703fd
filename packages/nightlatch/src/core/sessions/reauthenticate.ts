import { note } from '../audit/audit.js'
import type { Account } from '../accounts/account.js'
import { passwordKey } from '../rate-limits/attempts.js'
import type { Browser, SignedInNow } from '../sign-in/start-session.js'
import type { Core } from '../core.js'
import type { FactorKind, FactorRefusal, Presented, ReadyProof } from '../factors/factor.js'
import { hasSecondFactor } from '../factors/factor.js'
import { factors, usableFactors } from '../factors/registry.js'
import { knownDeviceKey } from '../sign-in/known-device-key.js'
import { checkPassword } from '../sign-in/password-check.js'
import { noteRefused } from '../rate-limits/refusals.js'
import { proveSession } from './session-lifetime.js'
import type { Proof, SignedIn } from './session.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'

export type StepUpOutcome =
  | ({ readonly kind: 'proven' } & Pick<SignedInNow, 'token' | 'session' | 'account' | 'knownDevice'>)
  | { readonly kind: 'wrong-password' }
  /** What was given is right, and not enough without the password. */
  | { readonly kind: 'password-due' }
  | FactorRefusal
  | { readonly kind: 'over' }
  | { readonly kind: 'busy' }

/** What the person proves with: the password, and the second factor where there is one. */
export interface StepUpGiven {
  readonly signedIn: SignedIn
  readonly browser: Browser
  readonly password: string
  readonly second: { readonly kind: FactorKind; readonly given: string }
}

/** A fresh proof before a change of the account (ASVS 5.0 7.5.1): password and second factor, both. */
export async function stepUp(core: Core, given: StepUpGiven): Promise<StepUpOutcome> {
  const second = mayDoWithoutPassword(given) ? await readAlone(core, given) : await readBoth(core, given)
  if (second.kind !== 'ready') return second.kind === 'password-due' ? second : refused(core, given, second)
  const outcome = await core[storage].atomically((stores) =>
    lookAndProve(core, stores, { ...given, ...second }),
  )
  if (outcome.kind === 'over') return refused(core, given, outcome)
  return outcome.kind === 'proven' ? outcome : refused(core, given, outcome)
}

/** Nothing was typed, and a factor is given that may be enough by itself. */
function mayDoWithoutPassword({ password, second, signedIn }: StepUpGiven): boolean {
  const factor = factors[second.kind]
  return (
    password === '' &&
    hasSecondFactor(signedIn.account) &&
    factor.role === 'second-factor' &&
    factor.mayStandAlone === true
  )
}

type Reading = Second | Exclude<StepUpOutcome, { kind: 'proven' | 'over' }>

async function readAlone(core: Core, given: StepUpGiven): Promise<Reading> {
  const second = await readSecond(core, given)
  return second.kind === 'ready' && second.isAlone !== true ? { kind: 'password-due' } : second
}

const readBoth = async (core: Core, given: StepUpGiven): Promise<Reading> =>
  (await provePassword(core, given)) ?? readSecond(core, given)

type Second = ReadyProof & { readonly proof: Exclude<Proof, 'device'> }

const presentedBy = ({ signedIn, second, browser }: StepUpGiven): Presented => ({
  account: signedIn.account.id,
  given: second.given,
  client: browser.client,
  place: 'step-up',
  ceremony: { challenges: browser.challenges ?? null, owner: signedIn.session.id },
})

/** Where there is no second factor, the password is all of it. */
async function readSecond(
  core: Core,
  given: StepUpGiven,
): Promise<Second | FactorRefusal | { readonly kind: 'busy' }> {
  const { account } = given.signedIn
  if (!hasSecondFactor(account))
    return { kind: 'ready', proof: 'password', accept: () => Promise.resolve(null) }
  const { kind } = given.second
  if (!usableFactors(core, account).includes(kind)) return { kind: 'unreadable' }
  const ready = await factors[kind].read(core, presentedBy(given))
  return ready.kind === 'ready' ? { ...ready, proof: kind } : ready
}

/** A second factor may have come or gone meanwhile. */
const isStillEnough = (core: Core, account: Account, proof: Second['proof']): boolean =>
  proof === 'password' ? !hasSecondFactor(account) : usableFactors(core, account).includes(proof)

type Looked = Extract<StepUpOutcome, { kind: 'proven' | 'over' }> | FactorRefusal

async function lookAndProve(
  core: Core,
  stores: Stores,
  given: StepUpGiven & Second,
): Promise<Looked | Rollback<Looked>> {
  const { account } = given.signedIn
  const over = new Rollback<Looked>({ kind: 'over' })
  const held = await stores.accounts.hold(account.id)
  if (held === null || !isStillEnough(core, held, given.proof)) return over
  const refusal = await given.accept(stores)
  if (refusal === null) {
    const proven = await proveSession(core, stores, given)
    if (proven === null) return over
    await tellOfProof(core, stores, { ...given, refusal })
    await note(core, stores, { account: account.id, event: 'step-up.passed', client: given.browser.client })
    return { kind: 'proven', ...proven }
  }
  await tellOfProof(core, stores, { ...given, refusal })
  return refusal
}

async function tellOfProof(
  core: Core,
  stores: Stores,
  { proof, refusal, ...given }: StepUpGiven & Second & { readonly refusal: FactorRefusal | null },
): Promise<void> {
  if (proof !== 'password') await factors[proof].tell(core, stores, { ...presentedBy(given), refusal })
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
  const { attempts } = core[storage].stores
  const now = core.platform.nowSeconds()
  const key = (await knownDeviceKey(core, account, given.browser)) ?? passwordKey(account.id)
  const reservation = await attempts.reserve(key, core.policy.attempts.password, now)
  if (reservation.kind === 'wait') return reservation
  if (reservation.kind === 'locked') return { kind: 'wait', untilSeconds: now }
  const check = await checkPassword(core, { account, username: account.username, password: given.password })
  if (check.kind === 'wrong') return { kind: 'wrong-password' }
  await (check.kind === 'right' ? attempts.clear(key) : attempts.giveBack(key))
  return check.kind === 'busy' ? { kind: 'busy' } : null
}

async function refused<Outcome extends StepUpOutcome>(
  core: Core,
  given: StepUpGiven,
  outcome: Outcome,
): Promise<Outcome> {
  const { account } = given.signedIn
  const { client } = given.browser
  const details = { reason: outcome.kind }
  const untilSeconds = outcome.kind === 'wait' ? outcome.untilSeconds : 0
  if (outcome.kind === 'wait' || outcome.kind === 'locked') {
    const one = { event: 'step-up.refused', account: account.id, client, untilSeconds, details } as const
    await noteRefused(core, core[storage].stores, one)
    return outcome
  }
  const noted = { account: account.id, client, details }
  await note(core, core[storage].stores, { ...noted, event: 'step-up.refused' })
  return outcome
}
