import type { Account } from '../accounts/account.js'
import { note } from '../audit/audit.js'
import { tellOwner } from '../notify/notices.js'
import type { Browser, SignedInNow } from '../sign-in/start-session.js'
import { beginSession, endEverything } from '../sign-in/start-session.js'
import type { Snapshot } from '../accounts/snapshot.js'
import { holdAndTakeSnapshot } from '../accounts/snapshot.js'
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
  /** The moment of the proof. */
  readonly at: number
  readonly browser: Browser
  readonly factor: SecondFactor
  /** Takes what was pending, within the transaction: true once. */
  take(stores: Stores): Promise<boolean>
  /** Removes the one whose place it takes, null when that is gone; null where it takes nobody's. */
  readonly replace: ((stores: Stores) => Promise<Replaced>) | null
  /** Keeps it, under a name that is free: the first one finds every name so. Null when somebody else has the very same one. */
  keep(stores: Stores, isFirst: boolean): Promise<Item | null>
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
  const isFirst = !hasSecondFactor(given.owner.account)
  const codes = isFirst ? await prepareRecoveryCodes(core) : null
  if (codes === 'busy') return { kind: 'busy' }
  const replacesOnly = !isFirst && mayOnlyReplace(core, given.owner)
  const work = { ...given, codes, isFirst, replacesOnly }
  return core[storage].atomically((stores) => addAndRenew(core, stores, work))
}

function tellOfEnrolment<Item extends FactorItem>(
  core: Core,
  stores: Stores,
  given: Enrolling<Item> & {
    readonly name: string
    readonly replaced: Replaced
    readonly before: Snapshot | null
  },
): Promise<void> {
  const { owner, at, browser, factor, replacesOnly, name, replaced, before } = given
  const told = { account: owner.account, at, client: browser.client, before }
  if (replaced === null)
    return tellOwner(core, stores, { ...told, kind: factor.notices.added, details: { name } })
  const details = { name, replaced: replaced.name, recovered: Number(replacesOnly) }
  return tellOwner(core, stores, { ...told, kind: factor.notices.replaced, details })
}

interface Enrolling<Item extends FactorItem> extends Enrolment<Item> {
  readonly codes: PreparedCodes | null
  /** The account had no second factor when the proof was looked at. */
  readonly isFirst: boolean
  /** Whoever came by a way back in may only put one in another's place. */
  readonly replacesOnly: boolean
}

const over = new Rollback<{ readonly kind: 'over' }>({ kind: 'over' })

async function addAndRenew<Item extends FactorItem>(
  core: Core,
  stores: Stores,
  given: Enrolling<Item>,
): Promise<Enrolled<Item> | Rollback<Enrolled<Item>>> {
  const { at, factor, codes, isFirst, replacesOnly } = given
  const before = await holdAndTakeSnapshot(core, stores, given.owner.account)
  const place = await takePlace(core, stores, given)
  if (place === null) return over
  const { account, replaced } = place
  const item = await given.keep(stores, isFirst)
  if (item === null) return over
  await stores.attempts.clear(...factor.countersOf(account.id))
  const signedIn = await signInOrRenew(core, stores, { ...given, account })
  if (signedIn === null) return over
  if (codes !== null)
    await keepNewCodes(core, stores, { account: account.id, session: signedIn.session.id, codes })
  await note(core, stores, {
    event: factor.events.added,
    at,
    account: account.id,
    client: given.browser.client,
    details: {
      [factor.one]: item.id,
      replaced: replaced !== null,
      ...(replacesOnly ? { after: 'recovery-code' } : {}),
    },
  })
  await tellOfEnrolment(core, stores, { ...given, name: item.name, replaced, before })
  return { kind: 'confirmed', signedIn, item, replaced, recoveryCodes: codes?.shown ?? [] }
}

/** What was pending is taken, once, and the account held to the end: as it is with its new count. Null: it is over. */
async function takePlace<Item extends FactorItem>(
  core: Core,
  stores: Stores,
  given: Enrolling<Item>,
): Promise<{ readonly account: Account; readonly replaced: Replaced } | null> {
  const { owner, replace } = given
  const held =
    replace === null ? await makeRoom(core, stores, given) : await stores.accounts.hold(owner.account.id)
  if (held === null || !(await given.take(stores))) return null
  const replaced = replace === null ? null : await replace(stores)
  // Where the old one is gone already, this is one more.
  const account = replace === null || replaced !== null ? held : await makeRoom(core, stores, given)
  return account === null ? null : { account, replaced }
}

/** The write that decides: a sign-in may only add the very first one. In another's place it needs no room. */
async function makeRoom<Item extends FactorItem>(
  core: Core,
  stores: Stores,
  { owner, factor, isFirst, replacesOnly }: Enrolling<Item>,
): Promise<Account | null> {
  if (replacesOnly) return null
  const limit = isFirst ? 'first' : { atMost: factor.most(core.policy) }
  return stores.accounts.countFactorUp(owner.account.id, factor.kind, limit)
}

/** Switching the second factor on ends the account's other sessions; any change of factors ends device trust. */
async function signInOrRenew<Item extends FactorItem>(
  core: Core,
  stores: Stores,
  given: Enrolling<Item> & { readonly account: Account },
): Promise<Renewed | null> {
  const { owner, browser, factor, account } = given
  if (owner.kind === 'sign-in') {
    if (!(await stores.signIns.take(owner.signIn.id))) return null
    await endEverything(stores, account.id)
    return beginSession(core, stores, {
      account,
      browser,
      factors: ['password', factor.kind],
      isProof: true,
      remember: false,
    })
  }
  if (given.codes !== null) await endEverything(stores, account.id, owner.signedIn.session.id)
  else await stores.trustedDevices.endAllOf(account.id)
  const proven = await proveSession(core, stores, {
    signedIn: owner.signedIn,
    browser,
    proof: factor.kind,
    // A code of one more proves that it works, and nothing about who holds it.
    isProof: given.isFirst,
  })
  return proven === null ? null : { ...proven, account }
}
