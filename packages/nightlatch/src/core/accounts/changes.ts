import { note } from '../audit/audit.js'
import type { AuditEventName } from '../audit/audit.js'
import type { SecondFactor } from '../factors/factor.js'
import { hasSecondFactor } from '../factors/factor.js'
import { allFactors, wasRecovered } from '../factors/registry.js'
import { passkeys } from '../factors/passkeys/factor.js'
import { totp } from '../factors/totp/factor.js'
import { nameProblemOf, parseAuthenticatorName } from '../factors/totp/store.js'
import type { Notice } from '../notify/notices.js'
import { tellOwner } from '../notify/notices.js'
import type { Stores } from '../ports/stores.js'
import type { Storage } from '../ports/stores.js'
import type { Browser, SignedInNow } from '../sign-in/start-session.js'
import { endEverything } from '../sign-in/start-session.js'
import type { Core } from '../core.js'
import type { AccountId, AuthenticatorId, PasskeyId, TrustedDeviceId } from '../ids.js'
import { keepNewCodes, prepareRecoveryCodes } from '../factors/recovery-codes/set-up.js'
import type { PreparedCodes } from '../factors/recovery-codes/set-up.js'
import type { PasswordProblem } from './password.js'
import { newPasswordHash } from './new-password.js'
import { hasNotEnded, mayStillAct, proveSession } from '../sessions/session-lifetime.js'
import type { SignedIn } from '../sessions/session.js'
import { isFresh } from '../sessions/session.js'
import { provePassword } from '../sessions/reauthenticate.js'
import { Rollback, storage } from '../ports/stores.js'
import type { Snapshot } from './snapshot.js'
import { holdAndTakeSnapshot, takeSnapshot } from './snapshot.js'

/** A change of the account by its signed-in owner. */
export interface Change {
  readonly signedIn: SignedIn
  readonly browser: Browser
}

type NotFresh = { readonly kind: 'not-fresh' }
const notFresh: NotFresh = { kind: 'not-fresh' }

type RenameOutcome =
  | { readonly kind: 'renamed' }
  | { readonly kind: 'not-there' }
  | { readonly kind: 'bad-name'; readonly why: 'empty' | 'too-long' | 'not-allowed' | 'taken' }
  | NotFresh

/** One of the account's second factors. */
interface FactorChange extends Change {
  readonly factor: SecondFactor
  readonly id: string
}

async function renameFactor(
  core: Core,
  change: FactorChange & { readonly name: string },
): Promise<RenameOutcome> {
  const { factor, id } = change
  const { account, session } = change.signedIn
  if (!isFresh(core.policy, session, core.platform.nowSeconds())) return notFresh
  const name = parseAuthenticatorName(change.name)
  if (name === '') return { kind: 'bad-name', why: 'empty' }
  if (name === null) return { kind: 'bad-name', why: nameProblemOf(change.name) }
  return core[storage].atomically<RenameOutcome>(async (stores) => {
    if (!(await mayStillAct(core, stores, change.signedIn))) return notFresh
    if (!(await factor.rename(stores, { id, account: account.id, name }))) {
      const all = await factor.listOf(stores, account.id)
      return all.some((one) => one.id === id) ? { kind: 'bad-name', why: 'taken' } : { kind: 'not-there' }
    }
    await noteFactorChange(core, stores, { ...change, event: factor.events.renamed })
    return { kind: 'renamed' }
  })
}

export const renameAuthenticator = (
  core: Core,
  change: Change & { readonly id: AuthenticatorId; readonly name: string },
): Promise<RenameOutcome> => renameFactor(core, { ...change, factor: totp })

export const renamePasskey = (
  core: Core,
  change: Change & { readonly id: PasskeyId; readonly name: string },
): Promise<RenameOutcome> => renameFactor(core, { ...change, factor: passkeys })

type RemoveOutcome = { readonly kind: 'removed' } | { readonly kind: 'not-there' | 'last-one' } | NotFresh

/**
 * Removes one; the last second factor of any kind only where one is optional, and then everything that hangs on there
 * being one goes with it.
 */
async function removeFactor(core: Core, change: FactorChange): Promise<RemoveOutcome> {
  const { factor, id } = change
  const { account, session } = change.signedIn
  if (!isFresh(core.policy, session, core.platform.nowSeconds())) return notFresh
  const all = await factor.listOf(core[storage].stores, account.id)
  const name = all.find((one) => one.id === id)?.name
  if (name === undefined) return { kind: 'not-there' }
  return core[storage].atomically((stores) => takeAway(core, stores, { ...change, name }))
}

async function takeAway(
  core: Core,
  stores: Stores,
  change: FactorChange & { readonly name: string },
): Promise<RemoveOutcome | Rollback<RemoveOutcome>> {
  const { factor, id, name } = change
  const { account, session } = change.signedIn
  const held = await mayStillAct(core, stores, change.signedIn)
  if (held === null) return notFresh
  const before = await takeSnapshot(core, stores, held)
  const left = core.policy.mfa === 'required' ? 1 : 0
  if (!(await stores.accounts.countFactorDown(account.id, factor.kind, left))) return { kind: 'last-one' }
  if (!(await factor.remove(stores, { id, account: account.id })))
    return new Rollback<RemoveOutcome>({ kind: 'not-there' })
  await stores.trustedDevices.endAllOf(account.id)
  const now = await stores.accounts.find(account.id)
  if (now === null || !hasSecondFactor(now)) {
    for (const one of allFactors) if (one.role === 'fallback') await one.removeAllOf(stores, account.id)
    await endEverything(stores, account.id, session.id)
  }
  await noteFactorChange(core, stores, { ...change, event: factor.events.removed })
  await tell(core, stores, { ...change, kind: factor.notices.removed, details: { name }, before })
  return { kind: 'removed' }
}

export const removeAuthenticator = (
  core: Core,
  change: Change & { readonly id: AuthenticatorId },
): Promise<RemoveOutcome> => removeFactor(core, { ...change, factor: totp })

export const removePasskey = (
  core: Core,
  change: Change & { readonly id: PasskeyId },
): Promise<RemoveOutcome> => removeFactor(core, { ...change, factor: passkeys })

const noteFactorChange = (
  core: Core,
  stores: Stores,
  { signedIn, event, factor, id, browser }: FactorChange & { readonly event: AuditEventName },
): Promise<void> =>
  note(core, stores, {
    account: signedIn.account.id,
    event,
    client: browser.client,
    details: { [factor.one]: id },
  })

type RenewOutcome =
  | { readonly kind: 'renewed'; readonly codes: readonly string[] }
  | { readonly kind: 'no-second-factor' | 'busy' }
  | NotFresh

/** Ten new recovery codes; the old ones stop working. Whoever used the very last one may renew straight away. */
export async function renewRecoveryCodes(core: Core, change: Change): Promise<RenewOutcome> {
  const { account } = change.signedIn
  if (!hasSecondFactor(account)) return { kind: 'no-second-factor' }
  if (!(await mayRenewCodes(core, change.signedIn))) return notFresh
  const codes = await prepareAlone(core, account.id)
  return codes === 'busy' ? { kind: 'busy' } : keepRenewed(core, change, codes)
}

/** A set is ten slow hashes: of one account one at a time, or it would hold up the password steps of everybody. */
const renewing = new WeakMap<Storage, Set<AccountId>>()

async function prepareAlone(core: Core, account: AccountId): Promise<PreparedCodes | 'busy'> {
  const those = renewing.get(core[storage]) ?? new Set<AccountId>()
  renewing.set(core[storage], those)
  if (those.has(account)) return 'busy'
  those.add(account)
  try {
    return await prepareRecoveryCodes(core)
  } finally {
    those.delete(account)
  }
}

async function keepRenewed(core: Core, change: Change, codes: PreparedCodes): Promise<RenewOutcome> {
  const { account, session } = change.signedIn
  return core[storage].atomically<RenewOutcome>(async (stores) => {
    // Hashing took time: the second factor or the session may be gone.
    const held = await stores.accounts.hold(account.id)
    if (held === null || !hasSecondFactor(held)) return { kind: 'no-second-factor' }
    if (!(await hasNotEnded(stores, session))) return notFresh
    const before = await takeSnapshot(core, stores, held)
    await stores.unsavedCodes.removeAllOf(account.id)
    await keepNewCodes(core, stores, { account: account.id, session: session.id, codes })
    await note(core, stores, {
      account: account.id,
      event: 'recovery-codes.renewed',
      client: change.browser.client,
    })
    await tell(core, stores, { ...change, kind: 'recovery-codes-renewed', before })
    return { kind: 'renewed', codes: codes.shown }
  })
}

/** Whether codes that are not saved yet may be shown (again): they open the account, as a proof of an hour ago does not. */
export function mayReadCodes(core: Core, { session }: SignedIn): boolean {
  const now = core.platform.nowSeconds()
  return (
    isFresh(core.policy, session, now) ||
    (wasRecovered(session) && now - session.signedInAt < core.policy.freshSeconds)
  )
}

export async function mayRenewCodes(core: Core, { session, account }: SignedIn): Promise<boolean> {
  const now = core.platform.nowSeconds()
  if (isFresh(core.policy, session, now)) return true
  return (
    wasRecovered(session) &&
    now - session.signedInAt < core.policy.freshSeconds &&
    (await core[storage].stores.recoveryCodes.countLeft(account.id)) === 0
  )
}

export async function endTrustedDevice(
  core: Core,
  change: Change & { id: TrustedDeviceId },
): Promise<boolean> {
  const { account } = change.signedIn
  return core[storage].atomically(async (stores) => {
    if (!(await mayStillAct(core, stores, change.signedIn))) return false
    if (!(await stores.trustedDevices.end(change.id, account.id))) return false
    await note(core, stores, {
      account: account.id,
      event: 'trusted-device.ended',
      client: change.browser.client,
    })
    return true
  })
}

type PasswordChangeOutcome =
  | ({ readonly kind: 'changed' } & Pick<SignedInNow, 'token' | 'session' | 'knownDevice'>)
  | { readonly kind: 'bad-password'; readonly why: PasswordProblem }
  | { readonly kind: 'wrong-password' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'over' }
  | { readonly kind: 'kept-elsewhere' }
  | { readonly kind: 'wait'; readonly untilSeconds: number }
  | NotFresh

/** A new password needs the current one, and ends every other session, sign-in and trusted device. */
export async function changePassword(
  core: Core,
  change: Change & { current: string; next: string },
): Promise<PasswordChangeOutcome> {
  const { account, session } = change.signedIn
  if (core.applicationAccounts !== null) return { kind: 'kept-elsewhere' }
  if (!isFresh(core.policy, session, core.platform.nowSeconds())) return notFresh
  const refusal = await provePassword(core, { ...change, password: change.current })
  if (refusal !== null) return refusedProof(core, change, refusal)
  const hashed = await newPasswordHash(core, account, change.next)
  if (hashed.kind !== 'hashed') return hashed
  return core[storage].atomically<PasswordChangeOutcome>(async (stores) => {
    const before = await holdAndTakeSnapshot(core, stores, account)
    if (!(await stores.accounts.setPasswordHash(account.id, hashed.hash))) return { kind: 'over' }
    await endEverything(stores, account.id, session.id)
    await stores.invitations.removeAllOf(account.id)
    const proven = await proveSession(core, stores, { ...change, proof: 'password' })
    if (proven === null) return new Rollback<PasswordChangeOutcome>({ kind: 'over' })
    await note(core, stores, {
      account: account.id,
      event: 'password.changed',
      client: change.browser.client,
    })
    await tell(core, stores, { ...change, kind: 'password-changed', before })
    return { kind: 'changed', ...proven }
  })
}

async function refusedProof<Refusal extends { readonly kind: string }>(
  core: Core,
  change: Change,
  refusal: Refusal,
): Promise<Refusal> {
  await note(core, core[storage].stores, {
    account: change.signedIn.account.id,
    event: 'step-up.refused',
    client: change.browser.client,
    details: { reason: refusal.kind },
  })
  return refusal
}

/** The owner hears of it from where it was done. */
const tell = (
  core: Core,
  stores: Stores,
  {
    signedIn: { account },
    browser: { client },
    kind,
    details = {},
    before,
  }: Change & Pick<Notice, 'kind'> & Partial<Pick<Notice, 'details'>> & { readonly before: Snapshot | null },
): Promise<void> => tellOwner(core, stores, { kind, details, account, client, before })
