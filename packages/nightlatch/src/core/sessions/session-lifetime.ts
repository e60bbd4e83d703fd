import type { Account } from '../accounts/account.js'
import { isOpen } from '../accounts/account.js'
import { note } from '../audit/audit.js'
import type { Browser, SignedInNow } from '../sign-in/start-session.js'
import type { Core } from '../core.js'
import type { SessionId } from '../ids.js'
import { hasSecondFactor } from '../factors/factor.js'
import { hasTwoFactors, stronger, strengthOf, strengthOfSession } from '../factors/registry.js'
import type { Proof, Session, SignedIn } from './session.js'
import { isLive } from './session.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import type { ForwardToken, Token } from '../tokens.js'
import { hashForwardToken, hashSessionToken, newToken } from '../tokens.js'
import type { Client } from '../ports/platform.js'

/** The live session that a browser's token stands for. The one question that every request asks. */
export function findSession(core: Core, token: Token | null): Promise<SignedIn | null> {
  return token === null ? nobody : findLive(core, hashSessionToken(core.platform, token))
}

/** The same for the cookie of forward authentication. */
export function findForwardSession(core: Core, token: ForwardToken | null): Promise<SignedIn | null> {
  return token === null ? nobody : findLive(core, hashForwardToken(core.platform, token))
}

const nobody = Promise.resolve(null)

/** The session of somebody who has to choose a new password first: it is worth nothing else until then. */
export const findDueSession = (core: Core, token: Token | null): Promise<SignedIn | null> =>
  token === null ? nobody : findLive(core, hashSessionToken(core.platform, token), true)

async function findLive(core: Core, tokenHash: string, isDue = false): Promise<SignedIn | null> {
  const { sessions } = core[storage].stores
  const found = await sessions.findByTokenHash(tokenHash)
  const now = core.platform.nowSeconds()
  if (found === null || (found.account.passwordDue === true) !== isDue) return null
  if (!isOpen(found.account, now) || !counts(core, found.session, now)) return null
  if (now - found.session.lastSeenAt >= core.policy.session.touchEverySeconds)
    await sessions.touch(found.session.id, now)
  return found
}

/** Alive, and as strong as is asked for: the password alone may have begun it while people could choose. */
const counts = ({ policy }: Core, session: Session, now: number): boolean =>
  isLive(policy, session, now) && (policy.mfa === 'optional' || hasTwoFactors(session))

/** Ends the session on the server: a copy of its cookie is worth nothing from now on. */
export async function signOut(core: Core, signedIn: SignedIn, client: Client): Promise<void> {
  await core[storage].atomically(async (stores) => {
    await stores.accounts.hold(signedIn.account.id)
    await stores.sessions.end(signedIn.session.id, signedIn.account.id)
    await note(core, stores, { account: signedIn.account.id, event: 'session.signed-out', client })
  })
}

/** False when there is no such session of this account. */
export async function endSession(
  core: Core,
  given: { signedIn: SignedIn; id: SessionId; client: Client },
): Promise<boolean> {
  const { account } = given.signedIn
  return core[storage].atomically(async (stores) => {
    if (!(await mayStillAct(core, stores, given.signedIn))) return false
    if (!(await stores.sessions.end(given.id, account.id))) return false
    await note(core, stores, { account: account.id, event: 'session.ended', client: given.client })
    return true
  })
}

/**
 * Other sessions, sign-ins in progress and every remembered device. @returns how many sessions ended; null when the one
 * that asks has ended meanwhile
 */
export async function endOtherSessions(
  core: Core,
  signedIn: SignedIn,
  client: Client,
): Promise<number | null> {
  return core[storage].atomically(async (stores) => {
    if (!(await mayStillAct(core, stores, signedIn))) return null
    await stores.signIns.endAllOf(signedIn.account.id)
    await stores.trustedDevices.endAllOf(signedIn.account.id)
    const ended = await stores.sessions.endAllOf(signedIn.account.id, signedIn.session.id)
    await note(core, stores, {
      account: signedIn.account.id,
      event: 'session.others-ended',
      client,
      details: { ended },
    })
    return ended
  })
}

/** Within a transaction that holds the account: another request, perhaps at another server, may have ended it. */
export async function hasNotEnded(stores: Stores, session: Session): Promise<boolean> {
  return (await stores.sessions.listOf(session.account)).some(({ id }) => id === session.id)
}

/**
 * Holds the account, for a change that its session makes. Null when either is over: whoever shut it, in between, meant
 * this browser, too.
 */
export async function mayStillAct(
  core: Core,
  stores: Stores,
  { account, session }: SignedIn,
): Promise<Account | null> {
  const held = await stores.accounts.hold(account.id)
  if (held === null || !isOpen(held, core.platform.nowSeconds())) return null
  return (await hasNotEnded(stores, session)) ? held : null
}

/** None where the account is disabled or has come to its end: then nobody is signed in to it. */
export async function liveSessions(core: Core, account: Account): Promise<readonly Session[]> {
  const now = core.platform.nowSeconds()
  if (!isOpen(account, now)) return []
  const sessions = await core[storage].stores.sessions.listOf(account.id)
  return sessions.filter((session) => counts(core, session, now))
}

interface Proving {
  readonly signedIn: SignedIn
  readonly browser: Browser
  readonly proof: Proof
  /** False: the token is renewed and the proof noted, but a change of the account needs another one. */
  readonly isProof?: boolean
}

/**
 * A step up: the session has a new token from now on, and the old one is dead. Null when it was dead already. The
 * password alone makes no proof fresher where there is a second factor.
 */
export async function proveSession(
  core: Core,
  stores: Stores,
  given: Proving,
): Promise<Pick<SignedInNow, 'token' | 'session' | 'account' | 'knownDevice'> | null> {
  const { signedIn, browser } = given
  if (browser.session === null) return null
  const token = newToken(core.platform)
  const now = core.platform.nowSeconds()
  const isWhole =
    (given.isProof ?? true) && (given.proof !== 'password' || !hasSecondFactor(signedIn.account))
  const verifiedAt = isWhole ? now : signedIn.session.verifiedAt
  const factors = [...new Set([...signedIn.session.factors, given.proof])]
  const strength = stronger(strengthOfSession(signedIn.session), strengthOf(factors))
  const session: Session = { ...signedIn.session, factors, strength, verifiedAt, lastSeenAt: now }
  const next = { tokenHash: hashSessionToken(core.platform, token), session }
  if (!(await stores.sessions.replaceToken(hashSessionToken(core.platform, browser.session), next)))
    return null
  return {
    token,
    session,
    account: signedIn.account,
    knownDevice: browser.knownDevice ?? newToken(core.platform),
  }
}
