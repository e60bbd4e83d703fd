import { parseAuthenticatorName, longestAuthenticatorName } from './factors/totp/store.js'
import type { Browser, SignedInNow } from './completed-sign-in.js'
import { endEverything } from './completed-sign-in.js'
import type { Core } from './core.js'
import type { AuthenticatorId, TrustedDeviceId } from './ids.js'
import { keepNewCodes, prepareRecoveryCodes } from './factors/recovery-codes/set-up.js'
import type { PasswordProblem } from './password.js'
import { newPasswordHash } from './new-password.js'
import { hasNotEnded, noteChange, proveSession } from './session-life.js'
import type { SignedIn } from './sessions.js'
import { freshSeconds, isFresh } from './sessions.js'
import { provePassword } from './step-up.js'
import { Undo } from './stores.js'

/** A change of the account by its signed-in owner. */
export interface Change {
  readonly signedIn: SignedIn
  readonly browser: Browser
}

export type NotFresh = { readonly kind: 'not-fresh' }
const notFresh: NotFresh = { kind: 'not-fresh' }

export type RenameOutcome =
  | { readonly kind: 'renamed' | 'not-there' }
  | { readonly kind: 'bad-name'; readonly why: 'empty' | 'too-long' | 'not-allowed' | 'taken' }
  | NotFresh

export async function renameAuthenticator(
  core: Core,
  change: Change & { id: AuthenticatorId; name: string },
): Promise<RenameOutcome> {
  const { account, session } = change.signedIn
  if (!isFresh(session, core.world.nowSeconds())) return notFresh
  const name = parseAuthenticatorName(change.name)
  if (name === '') return { kind: 'bad-name', why: 'empty' }
  if (name === null)
    return {
      kind: 'bad-name',
      why: [...change.name.trim()].length > longestAuthenticatorName ? 'too-long' : 'not-allowed',
    }
  return core.storage.atomically<RenameOutcome>(async (stores) => {
    await stores.accounts.hold(account.id)
    if (!(await stores.authenticators.rename(change.id, account.id, name))) {
      const all = await stores.authenticators.listOf(account.id)
      return all.some(({ id }) => id === change.id)
        ? { kind: 'bad-name', why: 'taken' }
        : { kind: 'not-there' }
    }
    await noteChange(stores, core, {
      owner: account,
      event: 'authenticator.renamed',
      client: change.browser.client,
      details: { authenticator: change.id },
    })
    return { kind: 'renamed' }
  })
}

export type RemoveOutcome = { readonly kind: 'removed' | 'not-there' | 'last-one' } | NotFresh

/** Removes an authenticator; the last one only where a second factor is optional, and then everything of it goes. */
export async function removeAuthenticator(
  core: Core,
  change: Change & { id: AuthenticatorId },
): Promise<RemoveOutcome> {
  const { account, session } = change.signedIn
  if (!isFresh(session, core.world.nowSeconds())) return notFresh
  const all = await core.storage.stores.authenticators.listOf(account.id)
  const name = all.find((one) => one.id === change.id)?.name
  if (name === undefined) return { kind: 'not-there' }
  const outcome = await core.storage.atomically<RemoveOutcome>(async (stores) => {
    await stores.accounts.hold(account.id)
    if (!(await hasNotEnded(stores, session))) return notFresh
    const left = core.policy.mfa === 'required' ? 1 : 0
    if (!(await stores.accounts.countAuthenticatorDown(account.id, left))) return { kind: 'last-one' }
    if (!(await stores.authenticators.remove(change.id, account.id)))
      return new Undo<RemoveOutcome>({ kind: 'not-there' })
    await stores.trustedDevices.endAllOf(account.id)
    if ((await stores.authenticators.listOf(account.id)).length === 0) {
      await stores.recoveryCodes.removeAllOf(account.id)
      await stores.unsavedCodes.removeAllOf(account.id)
      await endEverything(stores, account.id, session.id)
    }
    await noteChange(stores, core, {
      owner: account,
      event: 'authenticator.removed',
      client: change.browser.client,
      details: { authenticator: change.id },
    })
    return { kind: 'removed' }
  })
  if (outcome.kind === 'removed') tell(core, change, { kind: 'authenticator-removed', details: { name } })
  return outcome
}

export type RenewOutcome =
  | { readonly kind: 'renewed'; readonly codes: readonly string[] }
  | { readonly kind: 'no-second-factor' | 'busy' }
  | NotFresh

/** Ten new recovery codes; the old ones stop working. Whoever used the very last one may renew straight away. */
export async function renewRecoveryCodes(core: Core, change: Change): Promise<RenewOutcome> {
  const { account, session } = change.signedIn
  if (account.authenticatorCount === 0) return { kind: 'no-second-factor' }
  if (!(await mayRenewCodes(core, change.signedIn))) return notFresh
  const codes = await prepareRecoveryCodes(core)
  if (codes === 'busy') return { kind: 'busy' }
  const outcome = await core.storage.atomically<RenewOutcome>(async (stores) => {
    // Hashing took time: the second factor or the session may be gone.
    if (((await stores.accounts.hold(account.id))?.authenticatorCount ?? 0) === 0)
      return { kind: 'no-second-factor' }
    if (!(await hasNotEnded(stores, session))) return notFresh
    await keepNewCodes(core, stores, { account: account.id, session: session.id, codes })
    await noteChange(stores, core, {
      owner: account,
      event: 'recovery-codes.renewed',
      client: change.browser.client,
    })
    return { kind: 'renewed', codes: codes.shown }
  })
  if (outcome.kind === 'renewed') tell(core, change, { kind: 'recovery-codes-renewed', details: {} })
  return outcome
}

export async function mayRenewCodes(core: Core, { session, account }: SignedIn): Promise<boolean> {
  const now = core.world.nowSeconds()
  if (isFresh(session, now)) return true
  const justRecovered = session.factors.includes('recovery-code') && now - session.signedInAt < freshSeconds
  return justRecovered && (await core.storage.stores.recoveryCodes.countLeft(account.id)) === 0
}

export async function endTrustedDevice(
  core: Core,
  change: Change & { id: TrustedDeviceId },
): Promise<boolean> {
  const { account } = change.signedIn
  return core.storage.atomically(async (stores) => {
    await stores.accounts.hold(account.id)
    if (!(await stores.trustedDevices.end(change.id, account.id))) return false
    await noteChange(stores, core, {
      owner: account,
      event: 'trusted-device.ended',
      client: change.browser.client,
    })
    return true
  })
}

export type PasswordChangeOutcome =
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
  if (!isFresh(session, core.world.nowSeconds())) return notFresh
  const refusal = await provePassword(core, { ...change, password: change.current })
  if (refusal !== null) return refusedProof(core, change, refusal)
  const hashed = await newPasswordHash(core, account, change.next)
  if (hashed.kind !== 'hashed') return hashed
  const outcome = await core.storage.atomically<PasswordChangeOutcome>(async (stores) => {
    if (!(await stores.accounts.setPasswordHash(account.id, hashed.hash))) return { kind: 'over' }
    await endEverything(stores, account.id, session.id)
    await stores.invitations.removeAllOf(account.id)
    const proven = await proveSession(core, stores, { ...change, factor: 'password' })
    if (proven === null) return new Undo<PasswordChangeOutcome>({ kind: 'over' })
    await noteChange(stores, core, {
      owner: account,
      event: 'password.changed',
      client: change.browser.client,
    })
    return { kind: 'changed', ...proven }
  })
  if (outcome.kind === 'changed') tell(core, change, { kind: 'password-changed', details: {} })
  return outcome
}

async function refusedProof<Refusal extends { readonly kind: string }>(
  core: Core,
  change: Change,
  refusal: Refusal,
): Promise<Refusal> {
  await noteChange(core.storage.stores, core, {
    owner: change.signedIn.account,
    event: 'step-up.refused',
    client: change.browser.client,
    details: { reason: refusal.kind },
  })
  return refusal
}

function tell(
  core: Core,
  change: Change,
  notice: {
    kind: 'authenticator-removed' | 'recovery-codes-renewed' | 'password-changed'
    details: Record<string, string>
  },
): void {
  const at = core.world.nowSeconds()
  core.notices.send({ ...notice, account: change.signedIn.account, at, client: change.browser.client })
}
