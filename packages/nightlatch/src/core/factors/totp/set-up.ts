import { encodeBase32, generateSecret, otpauthUri } from '@nightlatch/otp'
import type { Core } from '../../core.js'
import type { AuthenticatorId } from '../../ids.js'
import { newId } from '../../ids.js'
import type { SetUpOwner, SetUpRefusal } from '../enrolment.js'
import { mayEnrol, mayOnlyReplace } from '../enrolment.js'
import { countOf } from '../registry.js'
import { impliedItem, ownItems } from '../replacement.js'
import { totp } from './factor.js'
import type { SetUp } from './store.js'
import { parseAuthenticatorName } from './store.js'
import { storage, type Stores } from '../../ports/stores.js'

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

const ownerId = (owner: SetUpOwner): string =>
  owner.kind === 'sign-in' ? owner.signIn.id : owner.signedIn.session.id

/** Whether an authenticator may be added now, or take another one's place. */
export const maySetUp = (
  core: Core,
  owner: SetUpOwner,
  begun: Pick<SetUp, 'replaces' | 'createdAt'> | null = null,
): SetUpRefusal | null =>
  mayEnrol(core, owner, { factor: totp, begun: begun && { ...begun, replaces: begun.replaces !== '' } })

type NewSetUp = Omit<SetUp, 'entryNumber'>

interface SetUpWishes {
  readonly name?: string
  readonly replaces?: AuthenticatorId
}

/** The owner's set-up: the one that is pending, else a new one. The secret stays until confirmed or too old. */
export async function beginSetUp(
  core: Core,
  owner: SetUpOwner,
  input: SetUpWishes = {},
): Promise<PendingSetUp | SetUpRefusal> {
  const now = core.platform.nowSeconds()
  const { setUps } = core[storage].stores
  const pending = await setUps.findByOwner(ownerId(owner), now)
  const replaces = await replacedBy(core, owner, input.replaces ?? pending?.replaces ?? '')
  if (replaces === null) return { kind: 'not-now', why: 'which-one' }
  const refusal = maySetUp(core, owner, { replaces, createdAt: pending?.createdAt ?? now })
  if (refusal !== null) return refusal
  if (pending !== null) {
    const there = opened(core, pending)
    if (there !== null && replaces === pending.replaces) return show(core, owner, there)
    // That one only: of several requests at once, none takes away what another has just begun and shown.
    await setUps.take(pending.id)
  }
  return beginAnew(core, owner, newSetUp(core, owner, { ...input, replaces }))
}

/** The smallest that nothing else of the account has. Of several first set-ups only one can be confirmed. */
async function freeNumber(stores: Stores, { account, createdAt }: NewSetUp): Promise<number> {
  const all = await stores.authenticators.listOf(account)
  if (all.length === 0) return 1
  const pending = await stores.setUps.entryNumbersOf(account, createdAt)
  const taken = new Set([...all.map(({ entryNumber }) => entryNumber || 1), ...pending])
  let number = 1
  while (taken.has(number)) number += 1
  return number
}

async function beginAnew(
  core: Core,
  owner: SetUpOwner,
  setUp: NewSetUp,
): Promise<PendingSetUp | SetUpRefusal> {
  await core[storage].atomically(async (stores) => {
    // Two browsers at once would both find the same number free: one after the other.
    await stores.accounts.hold(setUp.account)
    await stores.setUps.addUnlessThere({ ...setUp, entryNumber: await freeNumber(stores, setUp) })
  })
  const begun = await core[storage].stores.setUps.findByOwner(ownerId(owner), core.platform.nowSeconds())
  // Another request of the same owner confirmed one, or ended everything, at this very moment.
  if (begun === null)
    return { kind: 'not-now', why: owner.kind === 'sign-in' ? 'has-second-factor' : 'not-fresh' }
  const there = opened(core, begun)
  if (there === null) throw new Error('a set-up that was just begun cannot be read')
  return show(core, owner, there)
}

/**
 * What a new authenticator takes the place of: whoever has lost the only one need not say which. Null: they must say.
 * It may be one of another kind.
 */
async function replacedBy(
  core: Core,
  owner: SetUpOwner,
  wanted: AuthenticatorId | '',
): Promise<AuthenticatorId | '' | null> {
  if (wanted !== '' || !mayOnlyReplace(core, owner) || maySetUp(core, owner) !== null) return wanted
  const implied = impliedItem(await ownItems(core[storage].stores, owner.account.id), totp)
  return implied === null ? null : (implied.id as AuthenticatorId)
}

/** The owner's pending set-up, without beginning one. */
export async function findSetUp(core: Core, owner: SetUpOwner): Promise<PendingSetUp | null> {
  const opened = await openSetUp(core, owner)
  return opened === null ? null : show(core, owner, opened)
}

/** A pending set-up with its secret. */
export interface OpenedSetUp {
  readonly setUp: SetUp
  readonly secret: Uint8Array
}

/** Reads the owner's pending set-up once and opens its secret once. Null when there is none, or none that counts now. */
export async function openSetUp(
  core: Core,
  owner: SetUpOwner,
  now = core.platform.nowSeconds(),
): Promise<OpenedSetUp | null> {
  const pending = await core[storage].stores.setUps.findByOwner(ownerId(owner), now)
  return pending === null || maySetUp(core, owner, pending) !== null ? null : opened(core, pending)
}

/** Null when it was sealed under a key that is gone: the person begins anew. */
function opened(core: Core, setUp: SetUp): OpenedSetUp | null {
  const sealed = core.box.open(setUp.sealed, setUpContext(setUp))
  return sealed.kind === 'refused' ? null : { setUp, secret: sealed.plain }
}

function newSetUp(
  core: Core,
  owner: SetUpOwner,
  input: { readonly name?: string; readonly replaces: AuthenticatorId | '' },
): NewSetUp {
  const id = newId<AuthenticatorId>(core.platform.randomBytes)
  const now = core.platform.nowSeconds()
  const secret = generateSecret({ random: (count) => core.platform.randomBytes(count) })
  return {
    id,
    account: owner.account.id,
    owner: ownerId(owner),
    sealed: core.box.seal(secret, setUpContext({ id, account: owner.account.id })),
    name: parseAuthenticatorName(input.name ?? '') ?? '',
    replaces: input.replaces,
    createdAt: now,
    expiresAt: now + core.policy.authenticators.setUpSeconds,
  }
}

const setUpContext = (setUp: Pick<SetUp, 'id' | 'account'>): string => `set-up:${setUp.account}:${setUp.id}`

function show(core: Core, owner: SetUpOwner, { setUp, secret }: OpenedSetUp): PendingSetUp {
  const label = labelFor(core, owner, setUp)
  const uri = otpauthUri({ issuer: core.policy.issuer, account: label, secret })
  return { kind: 'pending', setUp, key: encodeBase32(secret), uri, label }
}

/** Apps tell entries apart by issuer and account, and some overwrite an equal one: every further authenticator
 * of a person has its number there, so that the old entry works until the new one is confirmed. */
function labelFor(core: Core, owner: SetUpOwner, { entryNumber, id }: SetUp): string {
  const { username } = owner.account
  const label = username.includes('@') ? username : `${username}@${core.policy.host}`
  if (entryNumber === 1 || countOf(owner.account, 'totp') === 0) return label
  // The version before shows its set-ups so, as long as they may be confirmed.
  return `${label} (${entryNumber === 0 ? id.slice(0, 4) : String(entryNumber)})`
}
