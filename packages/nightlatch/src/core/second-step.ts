import type { Account } from './accounts.js'
import { codeKey, recoveryKey, recoveryPolicy } from './attempts.js'
import { auditEvent } from './audit.js'
import type { CodeRefusal } from './factors/totp/verify.js'
import { acceptCode, checkCode, codeDigits, parseCode, tellOfWrongCodes } from './factors/totp/verify.js'
import type { Browser, SignedInNow } from './completed-sign-in.js'
import { beginSession, tellOfNewDevice } from './completed-sign-in.js'
import type { Core } from './core.js'
import type { AccountId } from './ids.js'
import { parseRecoveryCode } from './factors/recovery-codes/store.js'
import type { SignIn, SigningIn } from './sign-in.js'
import { signInSeconds } from './sign-in.js'
import type { Stores } from './stores.js'
import { Undo } from './stores.js'
import type { Token } from './tokens.js'
import { hashToken } from './tokens.js'
import type { Client } from './world.js'
import { isStillToCome } from './world.js'

/** The sign-in that a browser's cookie stands for, while it lasts. */
export async function findSignIn(core: Core, token: Token | null): Promise<SigningIn | null> {
  if (token === null) return null
  const now = core.world.nowSeconds()
  const found = await core.storage.stores.signIns.findByTokenHash(hashToken(core.world, token), now)
  if (found === null || found.account.disabled) return null
  return isStillToCome(found.signIn.expiresAt, now, signInSeconds) ? found : null
}

/** Somebody gives up half-way: a copy of the cookie is worth nothing from now on. */
export async function giveUpSignIn(core: Core, token: Token | null): Promise<void> {
  if (token !== null) await core.storage.stores.signIns.endByTokenHash(hashToken(core.world, token))
}

export type SecondStepOutcome =
  | SignedInNow
  | CodeRefusal
  /** The sign-in ended meanwhile: another request completed it, or it was ended. */
  | { readonly kind: 'over' }
  | { readonly kind: 'busy' }

interface SecondStep {
  readonly signIn: SignIn
  readonly browser: Browser
}

interface CodeStep extends SecondStep {
  readonly code: string
  readonly remember: boolean
}

/**
 * The second step with a code of an authenticator app, in one transaction: the attempt is spent, the code is looked at,
 * and a right one begins the session. The same code once more, of a double click, finds it over.
 */
export async function giveCode(core: Core, given: CodeStep): Promise<SecondStepOutcome> {
  const parsed = parseCode(given.code)
  if (parsed.kind === 'malformed') return parsed
  const outcome = await core.storage.atomically((stores) =>
    lookAndBegin(core, stores, { ...given, code: parsed.code }),
  )
  const { client } = given.browser
  if (outcome.kind === 'complete') tellOfNewDevice(core, outcome, client)
  if (outcome.kind === 'wrong')
    await tellOfWrongCodes(core, { ...outcome, account: given.signIn.account, client })
  return outcome
}

/** The account is held to the end: whoever gives a code at the same moment finds out what became of this one. */
async function lookAndBegin(core: Core, stores: Stores, given: CodeStep): Promise<SecondStepOutcome> {
  const { signIn, code } = given
  const { client } = given.browser
  const account = await stores.accounts.hold(signIn.account)
  if (account === null || account.disabled) return { kind: 'over' }
  const check = await checkCode(core, stores, { account: account.id, code, client })
  if (check.kind === 'wrong' && !(await stores.signIns.isOpen(signIn.id))) return { kind: 'over' }
  if (check.kind !== 'matched') return check
  if (!(await acceptCode(core, stores, { ...check, account: account.id, client })))
    return { kind: 'wrong', failures: 1 }
  if (!(await stores.signIns.take(signIn.id))) return { kind: 'over' }
  const verifiedAt = core.world.nowSeconds()
  return beginSession(core, stores, { ...given, account, factors: ['password', 'totp'], verifiedAt })
}

/** The second step with a recovery code. It does not count as a fresh proof for taking other factors away. */
export async function giveRecoveryCode(
  core: Core,
  given: SecondStep & { readonly code: string },
): Promise<SecondStepOutcome> {
  const { signIn, browser } = given
  const check = await checkRecoveryCode(core, {
    account: signIn.account,
    code: given.code,
    client: browser.client,
  })
  if (check.kind !== 'hashed') return check
  const outcome = await core.storage.atomically((stores) =>
    takeAndBegin(core, stores, { signIn, browser, hash: check.hash }),
  )
  if (outcome.kind === 'complete') await tellOfRecovery(core, outcome.account, browser.client)
  return outcome.kind === 'not-proven' ? refuseRecovery(core, { ...check, ...given }) : outcome
}

interface RecoveryGiven {
  readonly account: AccountId
  readonly code: string
  readonly client: Client
}

export type RecoveryCheck =
  | { readonly kind: 'hashed'; readonly hash: string; readonly failures: number }
  | Exclude<CodeRefusal, { kind: 'wrong' | 'unreadable' }>
  | { readonly kind: 'busy' }

/** Spends an attempt and hashes what was typed; only `acceptRecoveryCode` tells whether it is one. */
export async function checkRecoveryCode(core: Core, given: RecoveryGiven): Promise<RecoveryCheck> {
  const code = parseRecoveryCode(given.code)
  if (code === null) {
    const inTheWrongBox = parseCode(given.code).kind === 'code'
    const problem = given.code.trim() === '' ? 'empty' : 'wrong-length'
    return { kind: 'malformed', problem, digits: inTheWrongBox ? codeDigits : 0 }
  }
  const { attempts, recoveryCodes, audit } = core.storage.stores
  const now = core.world.nowSeconds()
  const reservation = await attempts.reserve(recoveryKey(given.account), recoveryPolicy, now)
  if (reservation.kind !== 'reserved') {
    await audit.add(
      auditEvent('recovery-code.throttled', { at: now, account: given.account, client: given.client }),
    )
    return reservation
  }
  const salt = (await recoveryCodes.saltOf(given.account)) ?? '00'.repeat(16)
  const hashes = await core.passwords.hashAll([code], salt)
  if (hashes !== 'busy') return { kind: 'hashed', hash: hashes[0] ?? '', failures: reservation.failures }
  await attempts.giveBack(recoveryKey(given.account))
  return { kind: 'busy' }
}

/** Spends the code itself: true once. Success frees the account's codes, too. */
export async function acceptRecoveryCode(
  core: Core,
  stores: Stores,
  given: { account: AccountId; hash: string; client: Client },
): Promise<boolean> {
  if (!(await stores.recoveryCodes.take(given.account, given.hash))) return false
  await stores.attempts.clear(recoveryKey(given.account))
  await stores.attempts.clear(codeKey(given.account))
  const left = await stores.recoveryCodes.countLeft(given.account)
  const parts = {
    at: core.world.nowSeconds(),
    account: given.account,
    client: given.client,
    details: { left },
  }
  await stores.audit.add(auditEvent('recovery-code.used', parts))
  return true
}

async function refuseRecovery(core: Core, given: SecondStep & { failures: number }): Promise<CodeRefusal> {
  const parts = { at: core.world.nowSeconds(), account: given.signIn.account, client: given.browser.client }
  await core.storage.stores.audit.add(auditEvent('recovery-code.refused', parts))
  return { kind: 'wrong', failures: given.failures }
}

export async function tellOfRecovery(core: Core, account: Account, client: Client): Promise<void> {
  const left = await core.storage.stores.recoveryCodes.countLeft(account.id)
  core.notices.send({
    kind: 'recovery-code-used',
    account,
    at: core.world.nowSeconds(),
    client,
    details: { left },
  })
}

type Recovered = SignedInNow | { readonly kind: 'over' } | { readonly kind: 'not-proven' }

/** Sign-in → session: the sign-in is taken, the recovery code is spent, the session begins, or none of it. */
async function takeAndBegin(
  core: Core,
  stores: Stores,
  { signIn, browser, hash }: SecondStep & { readonly hash: string },
): Promise<Recovered | Undo<Recovered>> {
  const account = await stores.accounts.hold(signIn.account)
  if (account === null || account.disabled) return { kind: 'over' }
  if (!(await stores.signIns.take(signIn.id))) return { kind: 'over' }
  const isProven = await acceptRecoveryCode(core, stores, {
    account: account.id,
    hash,
    client: browser.client,
  })
  if (!isProven) return new Undo<Recovered>({ kind: 'not-proven' })
  const factors = ['password', 'recovery-code'] as const
  return beginSession(core, stores, { account, browser, factors, verifiedAt: 0, remember: false })
}
