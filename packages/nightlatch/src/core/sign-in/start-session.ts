import type { Account } from '../accounts/account.js'
import { note } from '../audit/audit.js'
import { tellOwner } from '../notify/notices.js'
import type { Core } from '../core.js'
import { allFactors, strengthOf } from '../factors/registry.js'
import type { AccountId, SessionId, TrustedDeviceId } from '../ids.js'
import { newId } from '../ids.js'
import type { Proof, Session } from '../sessions/session.js'
import { unseenSince } from '../sessions/session.js'
import type { Stores } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import { hashSeries, hashSessionToken, hashToken, newToken, twoTokens } from '../tokens.js'
import type { Client } from '../ports/platform.js'

/** What the browser that signs in brought along. */
export interface Browser {
  readonly client: Client
  /** Its known-device token. */
  readonly knownDevice: Token | null
  /** Its trusted-device token. */
  readonly trustedDevice: Token | null
  /** The session that it had until now: it ends when the new one begins. */
  readonly session: Token | null
  /** The challenges of passkeys that it was given, sealed. */
  readonly challenges?: string | null
}

/** A new session, and what the browser is to hold from now on. */
export interface SignedInNow {
  readonly kind: 'complete'
  readonly account: Account
  readonly session: Session
  readonly token: Token
  readonly knownDevice: Token
  /** The account was used before, and never in this browser. */
  readonly isNewDevice: boolean
  /** Present when the device is (still) trusted: the new value of its cookie. */
  readonly trustedDevice: Token | null
}

interface NewSession {
  readonly account: Account
  readonly factors: readonly Proof[]
  /** False: not proven freshly enough for a change of the account. */
  readonly isProof: boolean
  readonly browser: Browser
  readonly remember: boolean
  /** The next token of a device that was trusted already. */
  readonly trustedDevice?: Token
}

/** Begins a session inside the transaction that decided that it may. */
export async function beginSession(core: Core, stores: Stores, start: NewSession): Promise<SignedInNow> {
  const { account, browser } = start
  const session = newSession(core, start)
  const [token, another] = twoTokens(core.platform)
  const knownDevice = browser.knownDevice ?? another
  const deviceHash = hashToken(core.platform, knownDevice)
  const isFirst = account.lastSignInAt === 0
  const [isKnown] = await Promise.all([
    !isFirst && stores.knownDevices.noteAgain(account.id, deviceHash, session.signedInAt),
    makeRoom(core, stores, start),
  ])
  const isNewDevice = !isFirst && !isKnown
  const trustedDevice = start.remember
    ? await trustDevice(core, stores, start)
    : (start.trustedDevice ?? null)
  await Promise.all([
    stores.sessions.add(session, hashSessionToken(core.platform, token)),
    isKnown || stores.knownDevices.note(account.id, deviceHash, session.signedInAt),
    isNewDevice && stores.knownDevices.removeOldestOf(account.id, core.policy.knownDevice.most),
    stores.accounts.noteSignIn(account.id, session.signedInAt),
    note(core, stores, {
      event: 'sign-in.completed',
      at: session.signedInAt,
      account: account.id,
      client: browser.client,
      details: { factors: session.factors.join('+') },
    }),
  ])
  return { kind: 'complete', account, session, token, knownDevice, isNewDevice, trustedDevice }
}

/** The browser's own session makes room first. */
async function makeRoom(core: Core, stores: Stores, { account, browser }: NewSession): Promise<void> {
  await Promise.all([
    browser.session !== null &&
      stores.sessions.endByTokenHash(hashSessionToken(core.platform, browser.session)),
    stores.sessions.endOldestOf(account.id, core.policy.session.most - 1),
  ])
}

/** In a browser in which the account was never used. */
export const tellOfNewDevice = (
  core: Core,
  stores: Stores,
  told: { readonly account: Account; readonly client: Client },
): Promise<void> => tellOwner(core, stores, { ...told, kind: 'new-device' })

function newSession(core: Core, start: NewSession): Session {
  const now = core.platform.nowSeconds()
  return {
    id: newId<SessionId>(core.platform.randomBytes),
    account: start.account.id,
    factors: start.factors,
    strength: strengthOf(start.factors),
    signedInAt: now,
    verifiedAt: start.isProof ? now : 0,
    lastSeenAt: start.factors.includes('device') ? unseenSince(core.policy, now) : now,
    expiresAt: now + core.policy.session.longestSeconds,
    address: start.browser.client.address,
    userAgent: start.browser.client.userAgent.slice(0, 256),
  }
}

async function trustDevice(core: Core, stores: Stores, start: NewSession): Promise<Token> {
  const token = newToken(core.platform)
  const now = core.platform.nowSeconds()
  const device = {
    id: newId<TrustedDeviceId>(core.platform.randomBytes),
    account: start.account.id,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: now + core.policy.trustedDevice.seconds,
    userAgent: start.browser.client.userAgent.slice(0, 256),
    address: start.browser.client.address,
  }
  const older = (await stores.trustedDevices.listOf(device.account)).slice(core.policy.trustedDevice.most - 1)
  for (const one of older) await stores.trustedDevices.end(one.id, one.account)
  const held = start.browser.trustedDevice
  if (held !== null) await stores.trustedDevices.endSeries(device.account, hashSeries(core.platform, held))
  await stores.trustedDevices.add(device, hashToken(core.platform, token), hashSeries(core.platform, token))
  const { client } = start.browser
  await note(core, stores, { event: 'trusted-device.added', account: start.account.id, client })
  return token
}

/** Ends everything that was begun before a change that must reach every browser. Sign-ins go first: whoever
 * completes one at this moment has either done so, and the session ends below, or cannot any more. */
export async function endEverything(stores: Stores, account: AccountId, except?: SessionId): Promise<void> {
  await stores.signIns.endAllOf(account)
  for (const factor of allFactors) await factor.endSetUpsOf?.(stores, account)
  await stores.trustedDevices.endAllOf(account)
  await stores.sessions.endAllOf(account, except)
}
