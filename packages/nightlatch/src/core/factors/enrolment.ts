import type { Account } from '../accounts/account.js'
import { note } from '../audit/audit.js'
import { tellOwner } from '../notify/notices.js'
import type { Browser, SignedInNow } from '../sign-in/start-session.js'
import { beginSession, endEverything } from '../sign-in/start-session.js'
import type { Core } from '../core.js'
import { proveSession } from '../sessions/session-lifetime.js'
import type { SignedIn } from '../sessions/session.js'
import { isFresh } from '../sessions/session.js'
import type { SignIn } from '../sign-in/sign-in.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import type { FactorItem, SecondFactor } from './factor.js'
import { hasSecondFactor } from './factor.js'
import type { PreparedCodes } from './recovery-codes/set-up.js'
import { keepNewCodes, prepareRecoveryCodes } from './recovery-codes/set-up.js'
import { countOf, isJustRecovered } from './registry.js'

/** Who sets up: a sign-in whose account has no second factor yet, or a session that was proven freshly. */
export type SetUpOwner =
  | { readonly kind: 'sign-in'; readonly signIn: SignIn; readonly account: Account }
  | { readonly kind: 'session'; readonly signedIn: SignedIn; readonly account: Account }

export type SetUpRefusal = {
  readonly kind: 'not-now'
  /** `which-one`: only what was lost may be replaced, and there are several. */
  readonly why: 'has-second-factor' | 'not-fresh' | 'too-many' | 'which-one'
}

/** A set-up that was begun, or is to be. */
interface Begun {
  /** It takes the place of another one. */
  readonly replaces: boolean
  readonly createdAt: number
}

/**
 * Whether a second factor may be added now, or take another one's place. A sign-in may only add the first one:
 * whoever has no more than the password of an account with a second factor, of whichever kind, gets nowhere. A session
 * that began with a way back in may replace what was lost, once; it may neither add one beside the others nor take one
 * away. What it began in time it may finish for as long as the set-up lasts.
 */
export function mayEnrol(
  core: Core,
  owner: SetUpOwner,
  { factor, begun }: { readonly factor: SecondFactor; readonly begun: Begun | null },
): SetUpRefusal | null {
  const { account } = owner
  if (owner.kind === 'sign-in')
    return hasSecondFactor(account) ? { kind: 'not-now', why: 'has-second-factor' } : null
  const now = core.platform.nowSeconds()
  const { session } = owner.signedIn
  if (isFresh(core.policy, session, now)) {
    const isOneMore = begun === null || !begun.replaces
    const isFull = countOf(account, factor.kind) >= factor.most(core.policy)
    return isOneMore && isFull ? { kind: 'not-now', why: 'too-many' } : null
  }
  const mayReplace = begun === null || begun.replaces
  return mayReplace && isJustRecovered(core.policy, session, begun?.createdAt ?? now)
    ? null
    : { kind: 'not-now', why: 'not-fresh' }
}

/** Whether only what was lost may be replaced. */
export const mayOnlyReplace = (core: Core, owner: SetUpOwner): boolean =>
  owner.kind === 'session' &&
  hasSecondFactor(owner.account) &&
  !isFresh(core.policy, owner.signedIn.session, core.platform.nowSeconds())

/** A second factor that was proven once and is to count from now on. */
interface Enrolment<Item extends FactorItem> {
  readonly owner: SetUpOwner
  readonly browser: Browser
  readonly factor: SecondFactor
  /** Takes what was pending, within the transaction: true once. */
  take(stores: Stores): Promise<boolean>
  /** Removes the one whose place it takes; null when it takes nobody's. */
  replace(stores: Stores): Promise<Replaced>
  /** Keeps it, under a name that is free. */
  keep(stores: Stores): Promise<Item>
}

type Replaced = { readonly name: string } | null

export type Enrolled<Item extends FactorItem> =
  /** `recoveryCodes`: the ten new ones with the first second factor, otherwise none. */
  | {
      readonly kind: 'confirmed'
      readonly signedIn: Renewed
      readonly item: Item
      /** The one whose place it took, or null. */
      readonly replaced: Replaced
      readonly recoveryCodes: readonly string[]
    }
  /** Somebody else finished first, or the sign-in or session ended. */
  | { readonly kind: 'over' }
  | { readonly kind: 'busy' }

export type Renewed = Pick<SignedInNow, 'token' | 'session' | 'account' | 'knownDevice'>

/** The last step of every set-up: it counts from now on, with recovery codes if it is the first, and the owner is told. */
export async function enrol<Item extends FactorItem>(
  core: Core,
  given: Enrolment<Item>,
): Promise<Enrolled<Item>> {
  const { account } = given.owner
  const codes = hasSecondFactor(account) ? null : await prepareRecoveryCodes(core)
  if (codes === 'busy') return { kind: 'busy' }
  const outcome = await core[storage].atomically((stores) => addAndRenew(core, stores, { ...given, codes }))
  if (outcome.kind !== 'confirmed') return outcome
  tellOfEnrolment(core, given, outcome)
  return outcome
}

function tellOfEnrolment<Item extends FactorItem>(
  core: Core,
  { owner, browser, factor }: Enrolment<Item>,
  { item: { name }, replaced }: Enrolled<Item> & { readonly kind: 'confirmed' },
): void {
  const told = { account: owner.account, client: browser.client }
  if (replaced === null) return tellOwner(core, { ...told, kind: factor.notices.added, details: { name } })
  const details = { name, replaced: replaced.name, recovered: Number(mayOnlyReplace(core, owner)) }
  tellOwner(core, { ...told, kind: factor.notices.replaced, details })
}

type WithCodes<Item extends FactorItem> = Enrolment<Item> & { readonly codes: PreparedCodes | null }

async function addAndRenew<Item extends FactorItem>(
  core: Core,
  stores: Stores,
  given: WithCodes<Item>,
): Promise<Enrolled<Item> | Rollback<Enrolled<Item>>> {
  const over = new Rollback<Enrolled<Item>>({ kind: 'over' })
  const { factor, codes } = given
  const { account } = given.owner
  await stores.accounts.hold(account.id)
  if (!(await given.take(stores))) return over
  const replaced = await given.replace(stores)
  if (replaced === null && !(await makeRoom(core, stores, given))) return over
  const item = await given.keep(stores)
  for (const key of factor.countersOf(account.id)) await stores.attempts.clear(key)
  const signedIn = await signInOrRenew(core, stores, given)
  if (signedIn === null) return over
  if (codes !== null)
    await keepNewCodes(core, stores, { account: account.id, session: signedIn.session.id, codes })
  await note(core, stores, {
    event: factor.events.added,
    account: account.id,
    client: given.browser.client,
    details: {
      [factor.one]: item.id,
      replaced: replaced !== null,
      ...(mayOnlyReplace(core, given.owner) ? { after: 'recovery-code' } : {}),
    },
  })
  return { kind: 'confirmed', signedIn, item, replaced, recoveryCodes: codes?.shown ?? [] }
}

/**
 * The write that decides: a sign-in may only add the very first one, and whoever came by a way back in may only put one
 * in another's place, which needs no room.
 */
async function makeRoom<Item extends FactorItem>(
  core: Core,
  stores: Stores,
  { owner, factor }: WithCodes<Item>,
): Promise<boolean> {
  if (mayOnlyReplace(core, owner)) return false
  const limit = hasSecondFactor(owner.account) ? { atMost: factor.most(core.policy) } : 'first'
  return stores.accounts.countFactorUp(owner.account.id, factor.kind, limit)
}

/** Switching the second factor on ends the account's other sessions; any change of factors ends device trust. */
async function signInOrRenew<Item extends FactorItem>(
  core: Core,
  stores: Stores,
  given: WithCodes<Item>,
): Promise<Renewed | null> {
  const { owner, browser, factor } = given
  const account = await stores.accounts.find(owner.account.id) // with the new count
  if (account === null) return null
  if (owner.kind === 'sign-in') {
    if (!(await stores.signIns.take(owner.signIn.id))) return null
    await endEverything(stores, account.id)
    return beginSession(core, stores, {
      account,
      browser,
      factors: ['password', factor.kind],
      verifiedAt: core.platform.nowSeconds(),
      remember: false,
    })
  }
  if (given.codes !== null) await endEverything(stores, account.id, owner.signedIn.session.id)
  else await stores.trustedDevices.endAllOf(account.id)
  // A code of one more proves that it works, and nothing about who holds it.
  const isProof = !hasSecondFactor(owner.account)
  const proven = await proveSession(core, stores, {
    signedIn: owner.signedIn,
    browser,
    proof: factor.kind,
    isProof,
  })
  return proven === null ? null : { ...proven, account }
}
