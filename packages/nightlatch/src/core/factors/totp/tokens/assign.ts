import type { Account } from '../../../accounts/account.js'
import { isOpen } from '../../../accounts/account.js'
import type { Actor } from '../../../accounts/actor.js'
import { atTheCommandLine, by } from '../../../accounts/actor.js'
import { noClient, note } from '../../../audit/audit.js'
import type { Core } from '../../../core.js'
import type { AccountId, AuthenticatorId } from '../../../ids.js'
import { newId } from '../../../ids.js'
import { tellOwner } from '../../../notify/notices.js'
import type { Client } from '../../../ports/platform.js'
import type { Stores } from '../../../ports/stores.js'
import { Rollback, storage } from '../../../ports/stores.js'
import type { Reservation } from '../../../rate-limits/attempts.js'
import type { Browser } from '../../../sign-in/start-session.js'
import { endEverything } from '../../../sign-in/start-session.js'
import type { Enrolled, SetUpOwner, SetUpRefusal } from '../../enrolment.js'
import { enrol, mayEnrol, mayOnlyReplace } from '../../enrolment.js'
import type { FactorItem } from '../../factor.js'
import { hasSecondFactor } from '../../factor.js'
import { setUpKey } from '../counters.js'
import { totp } from '../factor.js'
import type { CodePair, MalformedPair } from '../pair.js'
import { findPair, readAnyPair } from '../pair.js'
import type { Spends } from '../verify.js'
import { reserveCode, sealContext } from '../verify.js'
import type { GivenToken, HeldToken, SerialKey } from './store.js'
import { parseSerial, tokenContext } from './store.js'

/** The number on its back, and two codes in a row: whoever has it in their hand. */
interface TokenInHand {
  readonly serial: string
  readonly codes: CodePair
}

export type TokenRefusal =
  | { readonly kind: 'no-serial' }
  | MalformedPair
  /** No such number, somebody else's, or other codes: one answer, because strangers may ask. */
  | { readonly kind: 'wrong' }
  | { readonly kind: 'unreadable' }
  | Exclude<Reservation, { kind: 'reserved' }>

type Found = {
  readonly kind: 'found'
  readonly token: HeldToken
  readonly secret: Uint8Array
  readonly spends: Spends
}

interface Looking extends TokenInHand {
  readonly account: AccountId
  readonly client: Client
}

const decoy = { algorithm: 'SHA1', digits: 6, period: 30, counter: null, lastStep: -1, drift: 0 } as const
const noSecret = new Uint8Array(20)

/** The attempt is spent first, on the account's counter of set-ups. A match is not yet an acceptance: `give` decides. */
async function lookAt(core: Core, given: Looking): Promise<Found | TokenRefusal> {
  const { account, client } = given
  const { stores } = core[storage]
  const serial = parseSerial(given.serial)
  if (serial === null) return { kind: 'no-serial' }
  const read = readAnyPair(given.codes)
  if (read.kind === 'malformed') return read
  const at = core.platform.nowSeconds()
  const counter = { key: setUpKey(account), policy: core.policy.attempts.setUp }
  const reservation = await reserveCode(core, stores, { account, client, at, ...counter })
  if (reservation.kind !== 'reserved') return reservation
  const token = await stores.hardwareTokens.find(serial.key)
  const match = searchFor(core, token, { pair: read.pair, at })
  if (match === 'unreadable') await stores.attempts.giveBack(counter.key)
  if (match === 'unreadable') return { kind: 'unreadable' }
  if (match !== null) return { kind: 'found', ...match }
  await note(core, stores, { account, client, event: 'set-up.refused', details: { token: true } })
  return { kind: 'wrong' }
}

/** Whose number is not there, or is somebody else's, is looked for just as long. */
function searchFor(
  core: Core,
  token: HeldToken | null,
  given: Parameters<typeof findPair>[2],
): Omit<Found, 'kind'> | null | 'unreadable' {
  const opened = token === null ? null : core.box.open(token.sealed, tokenContext(token.key))
  if (opened?.kind === 'refused') return 'unreadable'
  const secret = opened?.plain ?? noSecret
  const spends = findPair(core.policy, { ...(token ?? decoy), secret, follows: true }, given)
  const isFree = token !== null && token.holder === null
  return isFree && spends !== null ? { token, secret, spends } : null
}

const spent = (spends: Spends): Pick<GivenToken, 'lastStep' | 'drift' | 'counter'> =>
  'step' in spends
    ? { lastStep: spends.step, drift: spends.drift, counter: null }
    : { lastStep: -1, drift: 0, counter: spends.next }

/** Called after its number, as people tell tokens apart; under a name of its own. */
async function give(
  core: Core,
  stores: Stores,
  { account, found: { token, secret, spends } }: { readonly account: AccountId; readonly found: Found },
): Promise<(FactorItem & { readonly id: AuthenticatorId }) | null> {
  const id = newId<AuthenticatorId>(core.platform.randomBytes)
  const taken = new Set((await stores.authenticators.listOf(account)).map(({ name }) => name))
  let name = token.serial
  for (let number = 2; taken.has(name); number += 1) name = `${token.serial.slice(0, 36)} ${String(number)}`
  const sealed = core.box.seal(secret, sealContext({ id, account }))
  const createdAt = core.platform.nowSeconds()
  const given = { id, account, name, sealed, createdAt, serial: token.key, ...spent(spends) }
  return (await stores.hardwareTokens.give(given)) ? { id, name, createdAt, lastUsedAt: createdAt } : null
}

export type OwnTokenOutcome = Enrolled<FactorItem> | TokenRefusal | SetUpRefusal

/** Somebody adds the token in their hand to their own account: as the first second factor, or as one more. */
export async function addOwnToken(
  core: Core,
  owner: SetUpOwner,
  { browser, ...inHand }: TokenInHand & { readonly browser: Browser },
): Promise<OwnTokenOutcome> {
  const refusal = mayAddToken(core, owner)
  if (refusal !== null) return refusal
  const { account } = owner
  const found = await lookAt(core, { ...inHand, account: account.id, client: browser.client })
  if (found.kind !== 'found') return found
  let isTaken = false
  const outcome = await enrol<FactorItem>(core, {
    owner,
    browser,
    at: core.platform.nowSeconds(),
    factor: totp,
    take: () => Promise.resolve(true),
    replace: null,
    keep: async (stores) => {
      const item = await give(core, stores, { account: account.id, found })
      isTaken = item === null
      return item
    },
  })
  if (outcome.kind === 'busy') await core[storage].stores.attempts.giveBack(setUpKey(account.id))
  return isTaken ? { kind: 'wrong' } : outcome
}

/** One more beside the others: whoever came by a way back in may only replace what was lost. */
export const mayAddToken = (core: Core, owner: SetUpOwner): SetUpRefusal | null =>
  mayOnlyReplace(core, owner)
    ? { kind: 'not-now', why: 'not-fresh' }
    : mayEnrol(core, owner, { factor: totp, begun: null })

type GiveOutcome =
  | { readonly kind: 'given'; readonly name: string }
  | TokenRefusal
  /** Disabled, ended or gone. */
  | { readonly kind: 'closed' }
  /** As many authenticators as an account can have. */
  | { readonly kind: 'too-many' }

/** An administrator gives somebody a token, who reads two codes in a row to them. */
export async function giveToken(
  core: Core,
  { account, ...inHand }: TokenInHand & { readonly account: Account },
  actor: Actor = atTheCommandLine,
): Promise<GiveOutcome> {
  const found = await lookAt(core, { ...inHand, account: account.id, client: actor.client })
  if (found.kind !== 'found') return found
  return core[storage].atomically((stores) => handOver(core, stores, { account, found, actor }))
}

interface HandingOver {
  readonly account: Account
  readonly found: Found
  readonly actor: Actor
}

/** Switching the second factor on ends the account's sessions; any change of factors ends device trust. */
async function handOver(
  core: Core,
  stores: Stores,
  { account: { id }, found, actor }: HandingOver,
): Promise<GiveOutcome | Rollback<GiveOutcome>> {
  const held = await stores.accounts.hold(id)
  if (held === null || !isOpen(held, core.platform.nowSeconds())) return { kind: 'closed' }
  if ((await stores.accounts.countFactorUp(id, totp.kind, { atMost: totp.most(core.policy) })) === null)
    return { kind: 'too-many' }
  const item = await give(core, stores, { account: id, found })
  if (item === null) return new Rollback<GiveOutcome>({ kind: 'wrong' })
  await stores.attempts.clear(...totp.countersOf(id))
  if (hasSecondFactor(held)) await stores.trustedDevices.endAllOf(id)
  else await endEverything(stores, id)
  const details = { [totp.one]: item.id, serial: found.token.serial, ...by(actor) }
  await note(core, stores, { account: id, client: actor.client, event: totp.events.added, details })
  const { name } = item
  const told = { account: held, client: noClient, details: { name } }
  await tellOwner(core, stores, { ...told, kind: totp.notices.added })
  return { kind: 'given', name }
}

type TakeBackOutcome =
  | { readonly kind: 'taken-back'; readonly username: string }
  | { readonly kind: 'not-there' }
  | { readonly kind: 'in-the-drawer' }
  /** Its holder would be left without a second factor: that is for a reset. */
  | { readonly kind: 'last-one'; readonly username: string }

/** A token comes back: its holder has nothing of it any more, and what was used of it stays used. */
export async function takeTokenBack(
  core: Core,
  key: SerialKey,
  actor: Actor = atTheCommandLine,
): Promise<TakeBackOutcome> {
  const token = await core[storage].stores.hardwareTokens.find(key)
  if (token === null) return { kind: 'not-there' }
  const { holder } = token
  if (holder === null) return { kind: 'in-the-drawer' }
  const { username } = holder
  return core[storage].atomically<TakeBackOutcome>(async (stores) => {
    const held = await stores.accounts.hold(holder.account)
    const now = await stores.hardwareTokens.find(key)
    if (held === null || now?.holder?.authenticator !== holder.authenticator) return { kind: 'in-the-drawer' }
    if (!(await stores.accounts.countFactorDown(held.id, totp.kind, 1))) return { kind: 'last-one', username }
    await stores.authenticators.remove(holder.authenticator, held.id)
    await endEverything(stores, held.id)
    const details = { [totp.one]: holder.authenticator, serial: token.serial, ...by(actor) }
    const about = { account: held.id, client: actor.client, details }
    await note(core, stores, { ...about, event: totp.events.removed })
    const told = { account: held, client: noClient, details: { name: token.serial } }
    await tellOwner(core, stores, { ...told, kind: totp.notices.removed })
    return { kind: 'taken-back', username }
  })
}
