import { isOpen } from '../accounts/account.js'
import type { Browser, SignedInNow } from './start-session.js'
import { beginSession, tellOfNewDevice } from './start-session.js'
import type { Core } from '../core.js'
import type { Factor, FactorKind, FactorRefusal, Presented, ReadyProof } from '../factors/factor.js'
import { countOf, factors } from '../factors/registry.js'
import type { SignIn, SigningIn } from './sign-in.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import { hashToken } from '../tokens.js'
import { isStillToCome } from '../ports/platform.js'

/** The sign-in that a browser's cookie stands for, while it lasts. */
export async function findSignIn(core: Core, token: Token | null): Promise<SigningIn | null> {
  if (token === null) return null
  const tokenHash = hashToken(core.platform, token)
  const now = core.platform.nowSeconds()
  const found = await core[storage].stores.signIns.findByTokenHash(tokenHash, now)
  if (found === null || !isOpen(found.account, now)) return null
  return isStillToCome(found.signIn.expiresAt, now, core.policy.signInSeconds) ? found : null
}

/** Somebody gives up half-way: a copy of the cookie is worth nothing from now on. */
export async function giveUpSignIn(core: Core, token: Token | null): Promise<void> {
  if (token !== null) await core[storage].stores.signIns.endByTokenHash(hashToken(core.platform, token))
}

export type SecondStepOutcome =
  | SignedInNow
  | FactorRefusal
  /** The sign-in ended meanwhile: another request completed it, or it was ended. */
  | { readonly kind: 'over' }
  | { readonly kind: 'busy' }

export interface SecondStep {
  readonly signIn: SignIn
  readonly browser: Browser
  readonly factor: FactorKind
  /** What the person gave for it. */
  readonly given: string
  /** This device is to stand in for the second factor from now on; never with a way back in. */
  readonly remember?: boolean
}

/**
 * The second step, with any factor: what was given is looked at and, where it is right, begins the session, in one
 * transaction. The same once more, of a double click, finds the sign-in over. A way back in does not count as a fresh
 * proof for taking other factors away.
 */
export async function giveSecondFactor(core: Core, step: SecondStep): Promise<SecondStepOutcome> {
  const factor = factors[step.factor]
  const { client, challenges = null } = step.browser
  const { id: owner, account } = step.signIn
  const presented: Presented = {
    ...{ account, given: step.given, client },
    place: 'sign-in',
    ceremony: { challenges, owner },
  }
  const ready = await factor.read(core, presented)
  if (ready.kind !== 'ready') return ready
  return core[storage].atomically((stores) => lookAndBegin(core, stores, { ...step, ready }))
}

/** The account is held to the end: whoever gives something at the same moment finds out what became of this one. */
async function lookAndBegin(
  core: Core,
  stores: Stores,
  step: SecondStep & { readonly ready: ReadyProof },
): Promise<SecondStepOutcome | Rollback<SecondStepOutcome>> {
  const { signIn, browser } = step
  const factor = factors[step.factor]
  const isSecond = factor.role === 'second-factor'
  const account = await stores.accounts.hold(signIn.account)
  if (account === null || !isOpen(account, core.platform.nowSeconds())) return { kind: 'over' }
  if (isSecond && countOf(account, step.factor) === 0) return { kind: 'unreadable' }
  const refusal = await step.ready.accept(stores)
  if (refusal?.kind === 'wrong' && !(await stores.signIns.isOpen(signIn.id))) return { kind: 'over' }
  const told = { account: signIn.account, client: browser.client, refusal }
  if (refusal !== null) {
    await factor.tell(core, stores, told)
    return refusal
  }
  // What was right for a sign-in that is over was not used: it is not lost with it.
  if (!(await stores.signIns.take(signIn.id))) return new Rollback<SecondStepOutcome>({ kind: 'over' })
  const begun = await beginSession(core, stores, {
    account,
    browser,
    factors: ['password', step.factor],
    isProof: isSecond,
    remember: isSecond && step.remember === true,
  })
  await tellOfSuccess(core, stores, { begun, factor, told })
  return begun
}

interface Success {
  readonly begun: SignedInNow
  readonly factor: Factor
  readonly told: Parameters<Factor['tell']>[2]
}

async function tellOfSuccess(core: Core, stores: Stores, { begun, factor, told }: Success): Promise<void> {
  if (factor.role === 'fallback') await factor.tell(core, stores, told)
  else if (begun.isNewDevice)
    await tellOfNewDevice(core, stores, { account: begun.account, client: told.client })
}
