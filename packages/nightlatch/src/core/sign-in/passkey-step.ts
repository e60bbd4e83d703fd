import { passkeys } from '../factors/passkeys/factor.js'
import { signsInAlone } from '../factors/passkeys/policy.js'
import type { ReadAssertion } from '../factors/passkeys/verify.js'
import { readAssertion } from '../factors/passkeys/verify.js'
import type { FactorRefusal } from '../factors/factor.js'
import { isOpen } from '../accounts/account.js'
import type { Core } from '../core.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import type { Browser, SignedInNow } from './start-session.js'
import { beginSession, tellOfNewDevice } from './start-session.js'

type PasskeySignInOutcome =
  | SignedInNow
  | FactorRefusal
  /** Passkeys do not sign in alone here. */
  | { readonly kind: 'off' }

interface Given {
  /** The credential's JSON. */
  readonly given: string
  readonly browser: Browser
}

/**
 * A sign-in with a passkey alone. It has checked who holds it, so it is two factors at once: nothing more is asked, and
 * it is a fresh proof. Whose it is, it says itself.
 */
export async function signInWithPasskey(
  core: Core,
  { given, browser }: Given,
): Promise<PasskeySignInOutcome> {
  if (!signsInAlone(core)) return { kind: 'off' }
  if (given.trim() === '') return { kind: 'malformed', problem: 'empty', digits: 0 }
  const { client, challenges = null } = browser
  const asked = { account: null, given, client, purpose: 'sign-in', owner: '', challenges } as const
  const ready = await readAssertion(core, asked)
  if (ready.kind !== 'ready') return ready
  return core[storage].atomically((stores) => lookAndBegin(core, stores, { ready, browser }))
}

async function lookAndBegin(
  core: Core,
  stores: Stores,
  { ready, browser }: { readonly ready: ReadAssertion; readonly browser: Browser },
): Promise<SignedInNow | FactorRefusal> {
  const account = ready.account === null ? null : await stores.accounts.hold(ready.account)
  const isClosed = account === null || !isOpen(account, core.platform.nowSeconds())
  const refusal = await ready.accept(stores, isClosed ? 'account-disabled' : undefined)
  const { client } = browser
  if (ready.account !== null) await passkeys.tell(core, stores, { account: ready.account, client, refusal })
  if (refusal !== null || account === null) return refusal ?? { kind: 'wrong', failures: 0 }
  const begun = await beginSession(core, stores, {
    account,
    browser,
    factors: ['passkey'],
    isProof: true,
    remember: false,
  })
  if (begun.isNewDevice) await tellOfNewDevice(core, stores, { account, client })
  return begun
}
