import type { Account } from '../accounts/account.js'
import { isOpen, parseLoginName } from '../accounts/account.js'
import type { AttemptKey, AttemptPolicy } from '../rate-limits/attempts.js'
import { addressKey, networkOf, passwordKey, unknownNameKey } from '../rate-limits/attempts.js'
import { note } from '../audit/audit.js'
import type { Browser, SignedInNow } from './start-session.js'
import { beginSession, tellOfNewDevice } from './start-session.js'
import { endReused } from './copied-device.js'
import type { Core } from '../core.js'
import type { SignInId } from '../ids.js'
import { newId } from '../ids.js'
import { hasSecondFactor, sameSecondFactors } from '../factors/factor.js'
import { knownDeviceKey, nobody } from './known-device-key.js'
import { checkPassword } from './password-check.js'
import { noteRefused } from '../rate-limits/refusals.js'
import type { SignIn } from './sign-in.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import { hashSeries, hashToken, newToken, nextInSeries } from '../tokens.js'
import { hour, isStillToCome } from '../ports/platform.js'

/** What a right password leads to. */
export type PasswordAccepted =
  | SignedInNow
  | {
      readonly kind: 'code-due' | 'set-up-due'
      readonly account: Account
      readonly signIn: SignIn
      readonly token: Token
    }

export type PasswordOutcome =
  | PasswordAccepted
  /** One answer for an unknown name, a wrong password and a disabled account. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'wait'; readonly untilSeconds: number }
  | { readonly kind: 'busy' }
  /** Right, and an administrator has yet to let them in. */
  | { readonly kind: 'waiting' }

interface PasswordGiven {
  readonly username: string
  readonly password: string
  readonly browser: Browser
}

/** The first step: name and password. Right or wrong, it proves nothing yet. */
export async function givePassword(core: Core, given: PasswordGiven): Promise<PasswordOutcome> {
  const canonical = (await core.applicationAccounts?.canonicalName?.(given.username)) ?? given.username
  const account = await accountNamed(core, canonical)
  const budget = await budgetFor(core, { account, username: canonical, browser: given.browser })
  const deviceWasCurrent = await isCurrentDevice(core, account, given.browser)
  const spent = await spend(core, budget)
  if (spent.kind === 'wait') {
    await noteWait(core, { given, account, spent })
    return { kind: 'wait', untilSeconds: spent.untilSeconds }
  }
  const accepted = await checkAndAccept(core, { ...given, account, budget, deviceWasCurrent })
  if (accepted.kind === 'busy' || accepted.kind === 'waiting') await giveBack(core, budget)
  if (accepted.kind === 'refused')
    await noteRefusal(core, { given, account, event: 'sign-in.password-refused' })
  return accepted
}

/** Hashing takes time. Whatever was changed meanwhile counts: the password is then looked at again. */
async function checkAndAccept(
  core: Core,
  given: PasswordGiven & { account: Account | null; budget: Budget; deviceWasCurrent: boolean },
): Promise<PasswordAccepted | { readonly kind: 'refused' | 'busy' | 'waiting' }> {
  const { browser, budget, deviceWasCurrent } = given
  let { account } = given
  for (let tries = 0; tries < 3; tries += 1) {
    const check = await checkPassword(core, { ...given, account })
    if (check.kind === 'busy' || check.kind === 'waiting') return check
    if (check.kind === 'wrong') return { kind: 'refused' }
    const settled = (stores: Stores): Promise<void> => settle(stores, budget)
    const accepted = await acceptPassword(core, {
      account: check.account,
      browser,
      deviceWasCurrent,
      settle: settled,
    })
    if (accepted.kind !== 'changed-meanwhile') return accepted
    account = await core[storage].stores.accounts.find(check.account.id)
  }
  return { kind: 'busy' }
}

/** Before the password is looked at: another window of the same browser may be faster, and that is no theft. */
async function isCurrentDevice(core: Core, account: Account | null, browser: Browser): Promise<boolean> {
  if (browser.trustedDevice === null) return false
  const token = hashToken(core.platform, browser.trustedDevice)
  const { trustedDevices } = core[storage].stores
  return trustedDevices.isCurrent(account?.id ?? nobody, token, core.platform.nowSeconds())
}

async function accountNamed(core: Core, username: string): Promise<Account | null> {
  const name = parseLoginName(core.platform, username)
  return name.kind === 'name' ? core[storage].stores.accounts.findByLoginName(name.key) : null
}

type Budget = readonly {
  readonly key: AttemptKey
  readonly policy: AttemptPolicy
  readonly onSuccess: 'clear' | 'give-back'
}[]

/** A device that has signed in to this account before has a count of its own; anybody else shares the account's
 * and the address's. An unknown name has a count like a known one. */
async function budgetFor(
  core: Core,
  given: { account: Account | null; username: string; browser: Browser },
): Promise<Budget> {
  const { account, browser } = given
  const device = await knownDeviceKey(core, account, browser)
  if (device !== null) return [{ key: device, policy: core.policy.attempts.password, onSuccess: 'clear' }]
  const key =
    account === null ? unknownNameKey(core.platform, keyOf(core, given.username)) : passwordKey(account.id)
  const own = { key, policy: core.policy.attempts.password, onSuccess: 'clear' } as const
  const { address } = browser.client
  // Where a framework does not tell the address, nobody may be taken for everybody.
  return address === ''
    ? [own]
    : [own, { key: addressKey(address), policy: core.policy.attempts.address, onSuccess: 'give-back' }]
}

/** All spellings of an unknown name count as one, as those of a known one do; what can be no name counts as typed. */
function keyOf(core: Core, username: string): string {
  const name = parseLoginName(core.platform, username)
  return name.kind === 'name' ? name.key : username.trim().normalize('NFC').toLowerCase()
}

type Waits = {
  readonly kind: 'wait'
  readonly untilSeconds: number
  /** It is the sender's address that has to wait, and not the account. */
  readonly byAddress: boolean
}
type Spent = { readonly kind: 'spent' } | Waits

/**
 * Spends one attempt of every counter, or none: a blocked address does not move the account's count. The disk need not
 * have it before the password is looked at: whatever is answered is written down first, and that waits for both.
 */
function spend(core: Core, budget: Budget): Promise<Spent> {
  const now = core.platform.nowSeconds()
  return core[storage].atomically<Spent>(async (stores) => {
    const reservations = await Promise.all(
      budget.map(({ key, policy }) => stores.attempts.reserve(key, policy, now)),
    )
    const index = reservations.findIndex(({ kind }) => kind !== 'reserved')
    const refused = reservations[index]
    if (refused === undefined) return { kind: 'spent' }
    const byAddress = budget[index]?.policy === core.policy.attempts.address
    const untilSeconds = refused.kind === 'wait' ? refused.untilSeconds : now + hour
    return new Rollback<Spent>({ kind: 'wait', untilSeconds, byAddress })
  }, 'asynchronous')
}

async function giveBack(core: Core, budget: Budget): Promise<void> {
  for (const one of budget) await core[storage].stores.attempts.giveBack(one.key)
}

/** A right password clears the account's count; the address's only gets this attempt back, or one good account
 * would buy a guesser fresh tries at all others. */
async function settle(stores: Stores, budget: Budget): Promise<void> {
  await Promise.all(
    budget.map(({ key, onSuccess }) =>
      onSuccess === 'clear' ? stores.attempts.clear(key) : stores.attempts.giveBack(key),
    ),
  )
}

interface Refusal {
  readonly given: PasswordGiven
  readonly account: Account | null
  readonly event: 'sign-in.password-refused'
}

/** Nothing was looked at: counted, by the account or by the network that has to wait, and told once in a while. */
async function noteWait(
  core: Core,
  { given, account, spent }: { given: PasswordGiven; account: Account | null; spent: Waits },
): Promise<void> {
  const { client } = given.browser
  const whose = spent.byAddress
    ? { account: null, network: networkOf(client.address), details: { by: 'address' } }
    : { account: account?.id ?? null }
  const { untilSeconds } = spent
  const event = 'sign-in.password-throttled'
  await noteRefused(core, core[storage].stores, { event, client, untilSeconds, ...whose })
}

/** An unknown name is not written down: people type passwords into the wrong field. */
async function noteRefusal(core: Core, refusal: Refusal): Promise<void> {
  await note(core, core[storage].stores, {
    event: refusal.event,
    account: refusal.account?.id ?? null,
    client: refusal.given.browser.client,
  })
}

interface Accepted {
  readonly account: Account
  readonly browser: Browser
  /** The trusted device's cookie was the current one when the request began. */
  readonly deviceWasCurrent?: boolean
  /** What else belongs to the same transaction. */
  settle(stores: Stores): Promise<void>
}

/** The account is not as it was when the password was looked at: what was right then decides nothing now. */
type ChangedMeanwhile = { readonly kind: 'changed-meanwhile' }
const changedMeanwhile: ChangedMeanwhile = { kind: 'changed-meanwhile' }

/** What follows a right password: the code, the set-up, or (where the second factor is optional) a session. */
export async function acceptPassword(
  core: Core,
  given: Accepted,
): Promise<PasswordAccepted | ChangedMeanwhile> {
  const { account, browser } = given
  if (hasSecondFactor(account)) {
    const trusted = await signInByTrustedDevice(core, given)
    if (trusted !== null && !('ended' in trusted)) return trusted
    return beginSignIn(core, given, 'code-due')
  }
  if (core.policy.mfa === 'required') return beginSignIn(core, given, 'set-up-due')
  return core[storage].atomically(async (stores) => {
    if (!(await isUnchanged(core, stores, account))) return changedMeanwhile
    await given.settle(stores)
    return beginAndTell(core, stores, {
      account,
      browser,
      factors: ['password'],
      isProof: true,
      remember: false,
    })
  })
}

async function beginAndTell(
  core: Core,
  stores: Stores,
  start: Parameters<typeof beginSession>[2],
): Promise<SignedInNow> {
  const begun = await beginSession(core, stores, start)
  const { account, browser } = start
  if (begun.isNewDevice) await tellOfNewDevice(core, stores, { account, client: browser.client })
  return begun
}

/** Within a transaction, which holds the account's row to its end: the password, the factors, and enabled. */
async function isUnchanged(core: Core, stores: Stores, account: Account): Promise<boolean> {
  const now = await stores.accounts.hold(account.id)
  return (
    now !== null &&
    isOpen(now, core.platform.nowSeconds()) &&
    now.passwordHash === account.passwordHash &&
    sameSecondFactors(now, account)
  )
}

async function beginSignIn(
  core: Core,
  given: Accepted,
  kind: 'code-due' | 'set-up-due',
): Promise<PasswordAccepted | ChangedMeanwhile> {
  const now = core.platform.nowSeconds()
  const token = newToken(core.platform)
  const signIn: SignIn = {
    id: newId<SignInId>(core.platform.randomBytes),
    account: given.account.id,
    startedAt: now,
    expiresAt: now + core.policy.signInSeconds,
  }
  return core[storage].atomically(async (stores) => {
    if (!(await isUnchanged(core, stores, given.account))) return changedMeanwhile
    const noted = { account: given.account.id, client: given.browser.client }
    await Promise.all([
      given.settle(stores),
      stores.signIns.add(signIn, hashToken(core.platform, token)),
      note(core, stores, { event: 'sign-in.password-accepted', ...noted }),
    ])
    return { kind, account: given.account, signIn, token }
  })
}

/**
 * A trusted device stands in for the code, once with each value of its cookie. Whichever value comes back that had been
 * replaced, and whoever sends it: both sides lose the device, and whatever it opened.
 */
async function signInByTrustedDevice(
  core: Core,
  given: Accepted,
): Promise<SignedInNow | ChangedMeanwhile | { readonly ended: 'copied' | 'unanswered' } | null> {
  const { account, browser } = given
  if (browser.trustedDevice === null) return null
  const next = nextInSeries(core.platform, browser.trustedDevice)
  const hashes = {
    token: hashToken(core.platform, browser.trustedDevice),
    next: hashToken(core.platform, next),
    series: hashSeries(core.platform, browser.trustedDevice),
    wasCurrent: given.deviceWasCurrent ?? false,
  }
  const now = core.platform.nowSeconds()
  return core[storage].atomically(async (stores) => {
    if (!(await isUnchanged(core, stores, account))) return changedMeanwhile
    const use = await stores.trustedDevices.use(account.id, hashes, now)
    if (use.kind === 'reused') return endReused(core, stores, { ...use, account, client: browser.client })
    if (use.kind !== 'used' || !isStillToCome(use.device.expiresAt, now, core.policy.trustedDevice.seconds))
      return null
    await given.settle(stores)
    const factors = ['password', 'device'] as const
    return beginAndTell(core, stores, {
      account,
      browser,
      factors,
      isProof: false,
      remember: false,
      trustedDevice: next,
    })
  })
}
