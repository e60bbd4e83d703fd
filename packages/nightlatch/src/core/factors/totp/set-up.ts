import { Totp, encodeBase32, generateSecret, otpauthUri } from '@nightlatch/otp'
import type { Account } from '../../accounts.js'
import { codeKey } from '../../attempts.js'
import type { AuthenticatorSecret, SetUp } from './store.js'
import { mostAuthenticators, parseAuthenticatorName, setUpSeconds } from './store.js'
import { parseCode, reserveCode, windowSteps } from './verify.js'
import type { CodeProblem } from './verify.js'
import type { Core } from '../../core.js'
import type { AuthenticatorId } from '../../ids.js'
import { newId } from '../../ids.js'
import type { SignedIn } from '../../sessions.js'
import { isFresh, isJustRecovered } from '../../sessions.js'
import type { SignIn } from '../../sign-in.js'
import type { Client } from '../../world.js'

/** How far a wrong code is looked for, at set-up only, to tell a wrong clock: ten minutes either side. */
export const driftSteps = 20
const stepSeconds = 30

/** Who sets up: a sign-in whose account has no second factor yet, or a session that was proven freshly. */
export type SetUpOwner =
  | { readonly kind: 'sign-in'; readonly signIn: SignIn; readonly account: Account }
  | { readonly kind: 'session'; readonly signedIn: SignedIn; readonly account: Account }

/** An authenticator that is being set up, as the person sees it. */
export interface PendingSetUp {
  readonly kind: 'pending'
  readonly setUp: SetUp
  /** The shared secret, base32 without padding. */
  readonly key: string
  /** The otpauth URI that the QR code says. */
  readonly uri: string
  /** The account as the app will show it. */
  readonly label: string
}

export type SetUpRefusal = {
  readonly kind: 'not-now'
  /** `which-one`: only what was lost may be replaced, and there are several. */
  readonly why: 'has-second-factor' | 'not-fresh' | 'too-many' | 'which-one'
}

const ownerId = (owner: SetUpOwner): string =>
  owner.kind === 'sign-in' ? owner.signIn.id : owner.signedIn.session.id

/**
 * Whether an authenticator may be added now, or take another one's place. A sign-in may only add the first one:
 * whoever has no more than the password of an account with a second factor gets nowhere. A session that began with a
 * recovery code may replace what was lost, once; it may neither add one beside the others nor take one away. What it
 * began in time it may finish for as long as the set-up lasts.
 */
export function maySetUp(
  core: Core,
  owner: SetUpOwner,
  begun: Pick<SetUp, 'replaces' | 'createdAt'> | null = null,
): SetUpRefusal | null {
  const count = owner.account.authenticatorCount
  if (owner.kind === 'sign-in') return count === 0 ? null : { kind: 'not-now', why: 'has-second-factor' }
  const now = core.world.nowSeconds()
  if (isFresh(owner.signedIn.session, now)) {
    const isOneMore = begun === null || begun.replaces === ''
    return isOneMore && count >= mostAuthenticators ? { kind: 'not-now', why: 'too-many' } : null
  }
  return mayReplaceLost(owner.signedIn, begun ?? { replaces: null, createdAt: now })
    ? null
    : { kind: 'not-now', why: 'not-fresh' }
}

/** `replaces: null`: which one is lost is not said yet. */
const mayReplaceLost = (
  { session }: SignedIn,
  begun: { readonly replaces: AuthenticatorId | '' | null; readonly createdAt: number },
): boolean => begun.replaces !== '' && isJustRecovered(session, begun.createdAt)

/** Whether only what was lost may be replaced. */
export const mayOnlyReplace = (core: Core, owner: SetUpOwner): boolean =>
  owner.kind === 'session' &&
  owner.account.authenticatorCount > 0 &&
  !isFresh(owner.signedIn.session, core.world.nowSeconds())

interface SetUpWishes {
  readonly name?: string
  readonly replaces?: AuthenticatorId
}

/** The owner's set-up: the one that is pending, else a new one. The secret stays until confirmed or too old. */
export async function beginSetUp(
  core: Core,
  owner: SetUpOwner,
  wishes: SetUpWishes = {},
): Promise<PendingSetUp | SetUpRefusal> {
  const now = core.world.nowSeconds()
  const { setUps } = core.storage.stores
  const pending = await setUps.findByOwner(ownerId(owner), now)
  const replaces = await replacedBy(core, owner, wishes.replaces ?? pending?.replaces ?? '')
  if (replaces === null) return { kind: 'not-now', why: 'which-one' }
  const refusal = maySetUp(core, owner, { replaces, createdAt: pending?.createdAt ?? now })
  if (refusal !== null) return refusal
  if (pending !== null) {
    const shown = show(core, owner, pending)
    if (shown !== null && replaces === pending.replaces) return shown
    // That one only: of several requests at once, none takes away what another has just begun and shown.
    await setUps.take(pending.id)
  }
  return beginAnew(core, owner, newSetUp(core, owner, { ...wishes, replaces }))
}

async function beginAnew(core: Core, owner: SetUpOwner, setUp: SetUp): Promise<PendingSetUp | SetUpRefusal> {
  const { setUps } = core.storage.stores
  await setUps.addUnlessThere(setUp)
  const begun = await setUps.findByOwner(ownerId(owner), core.world.nowSeconds())
  // Another request of the same owner confirmed one, or ended everything, at this very moment.
  if (begun === null)
    return { kind: 'not-now', why: owner.kind === 'sign-in' ? 'has-second-factor' : 'not-fresh' }
  const shown = show(core, owner, begun)
  if (shown === null) throw new Error('a set-up that was just begun cannot be read')
  return shown
}

/** What a new authenticator takes the place of: whoever has lost the only one need not say which. Null: they must say. */
async function replacedBy(
  core: Core,
  owner: SetUpOwner,
  wanted: AuthenticatorId | '',
): Promise<AuthenticatorId | '' | null> {
  if (wanted !== '' || !mayOnlyReplace(core, owner) || maySetUp(core, owner) !== null) return wanted
  const [only, ...others] = await core.storage.stores.authenticators.listOf(owner.account.id)
  return only === undefined || others.length > 0 ? null : only.id
}

/** The owner's pending set-up, without beginning one. */
export async function findSetUp(core: Core, owner: SetUpOwner): Promise<PendingSetUp | null> {
  const pending = await core.storage.stores.setUps.findByOwner(ownerId(owner), core.world.nowSeconds())
  if (pending === null || maySetUp(core, owner, pending) !== null) return null
  return show(core, owner, pending)
}

function newSetUp(
  core: Core,
  owner: SetUpOwner,
  wishes: { readonly name?: string; readonly replaces: AuthenticatorId | '' },
): SetUp {
  const id = newId<AuthenticatorId>(core.world.randomBytes)
  const now = core.world.nowSeconds()
  const secret = generateSecret({ random: (count) => core.world.randomBytes(count) })
  return {
    id,
    account: owner.account.id,
    owner: ownerId(owner),
    sealed: core.box.seal(secret, setUpContext({ id, account: owner.account.id })),
    name: parseAuthenticatorName(wishes.name ?? '') ?? '',
    replaces: wishes.replaces,
    createdAt: now,
    expiresAt: now + setUpSeconds,
  }
}

const setUpContext = (setUp: Pick<SetUp, 'id' | 'account'>): string => `set-up:${setUp.account}:${setUp.id}`

function show(core: Core, owner: SetUpOwner, setUp: SetUp): PendingSetUp | null {
  const opened = core.box.open(setUp.sealed, setUpContext(setUp))
  if (opened.kind === 'refused') return null // sealed under a key that is gone: begin anew
  const label = labelFor(core, owner, setUp)
  const uri = otpauthUri({ issuer: core.policy.issuer, account: label, secret: opened.plain })
  return { kind: 'pending', setUp, key: encodeBase32(opened.plain), uri, label }
}

/** Apps tell entries apart by issuer and account, and some overwrite an equal one: every further authenticator
 * of a person gets a short tag, so that the old entry works until the new one is confirmed. */
function labelFor(core: Core, owner: SetUpOwner, setUp: SetUp): string {
  const { username, authenticatorCount } = owner.account
  const label = username.includes('@') ? username : `${username}@${core.policy.host}`
  return authenticatorCount === 0 ? label : `${label} (${setUp.id.slice(0, 4)})`
}

export type SetUpCodeCheck =
  | { readonly kind: 'right'; readonly pending: PendingSetUp; readonly authenticator: AuthenticatorSecret }
  | { readonly kind: 'no-set-up' }
  | { readonly kind: 'malformed'; readonly problem: CodeProblem; readonly digits: number }
  /** `driftSeconds`: how far the phone's clock is off (above zero: fast), when that is why. */
  | { readonly kind: 'wrong'; readonly driftSeconds: number | null }
  | { readonly kind: 'wait'; readonly untilSeconds: number }
  | { readonly kind: 'locked' }

interface SetUpCode {
  readonly code: string
  readonly name: string
  readonly client: Client
}

/** Looks at the first code of a pending set-up; the attempt is spent on the account's one counter. */
export async function checkSetUpCode(
  core: Core,
  owner: SetUpOwner,
  given: SetUpCode,
): Promise<SetUpCodeCheck> {
  const pending = await findSetUp(core, owner)
  if (pending === null) return { kind: 'no-set-up' }
  const parsed = parseCode(given.code)
  if (parsed.kind === 'malformed') return parsed
  const reservation = await reserveCode(core, core.storage.stores, {
    account: owner.account.id,
    client: given.client,
  })
  if (reservation.kind !== 'reserved') return reservation
  const totp = new Totp({ secret: pending.key })
  const atSeconds = core.world.nowSeconds()
  const verdict = totp.verify(parsed.code, { atSeconds, window: windowSteps, afterStep: null })
  if (!verdict.matched) {
    const drift = totp.drift(parsed.code, { atSeconds, windowSteps: driftSteps })
    return { kind: 'wrong', driftSeconds: drift === null ? null : drift * stepSeconds }
  }
  return { kind: 'right', pending, authenticator: confirmed(core, pending, { ...given, step: verdict.step }) }
}

/** The confirming code is spent, too: its step is the authenticator's last one. */
function confirmed(
  core: Core,
  pending: PendingSetUp,
  given: SetUpCode & { step: number },
): AuthenticatorSecret {
  const { setUp } = pending
  const opened = core.box.open(setUp.sealed, setUpContext(setUp))
  if (opened.kind === 'refused') throw new Error('a set-up that was just read cannot be read')
  const { id } = setUp
  const now = core.world.nowSeconds()
  return {
    id,
    account: setUp.account,
    name: given.name === '' ? setUp.name : given.name,
    createdAt: now,
    lastUsedAt: now,
    sealed: core.box.seal(opened.plain, `totp:${setUp.account}:${id}`),
    lastStep: given.step,
  }
}

/** Gives the attempt of a right code back when something else stood in the way. */
export const giveBackSetUpAttempt = (core: Core, owner: SetUpOwner): Promise<void> =>
  core.storage.stores.attempts.giveBack(codeKey(owner.account.id))
