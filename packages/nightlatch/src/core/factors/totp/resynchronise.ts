import type { Account } from '../../accounts/account.js'
import { isOpen } from '../../accounts/account.js'
import type { Actor } from '../../accounts/actor.js'
import { atTheCommandLine, by } from '../../accounts/actor.js'
import { note } from '../../audit/audit.js'
import type { Core } from '../../core.js'
import type { AuthenticatorId } from '../../ids.js'
import { tellOwner } from '../../notify/notices.js'
import type { Client } from '../../ports/platform.js'
import type { Stores } from '../../ports/stores.js'
import { storage } from '../../ports/stores.js'
import type { Reservation } from '../../rate-limits/attempts.js'
import { hasNotEnded } from '../../sessions/session-lifetime.js'
import type { Session, SignedIn } from '../../sessions/session.js'
import { isFresh } from '../../sessions/session.js'
import type { Browser } from '../../sign-in/start-session.js'
import type { FactorRefusal } from '../factor.js'
import { wasRecovered } from '../registry.js'
import { codeKey, codeKeys, codePolicyAt } from './counters.js'
import type { CodePair, MalformedPair } from './pair.js'
import { findPair, readPair } from './pair.js'
import type { AuthenticatorSecret } from './store.js'
import type { Spends } from './verify.js'
import { reserveCode, sealContext, spend, tellOfWrongCodes } from './verify.js'

export type Resynchronised =
  /** `driftSeconds`: how far its clock is off, above zero when it is fast; 0 where codes follow a counter. */
  | { readonly kind: 'resynchronised'; readonly name: string; readonly driftSeconds: number }
  | MalformedPair
  | Exclude<FactorRefusal, { kind: 'malformed' }>
  | { readonly kind: 'not-there' | 'not-fresh' }

/**
 * Whoever has lost step has no code of it to prove anything with: another factor does, and so does a sign-in with a
 * recovery code just now. The password alone never does.
 */
export function mayResynchronise(core: Pick<Core, 'policy' | 'platform'>, { session }: SignedIn): boolean {
  const now = core.platform.nowSeconds()
  const isRecovered = wasRecovered(session) && now - session.signedInAt < core.policy.freshSeconds
  return isRecovered || isFresh(core.policy, session, now)
}

interface Wanted {
  readonly id: AuthenticatorId
  readonly codes: CodePair
}

/** Brings the owner's authenticator back into step, by two codes in a row. */
export async function resynchroniseOwn(
  core: Core,
  { signedIn, browser, ...wanted }: Wanted & { readonly signedIn: SignedIn; readonly browser: Browser },
): Promise<Resynchronised> {
  if (!mayResynchronise(core, signedIn)) return { kind: 'not-fresh' }
  return resynchronise(core, { ...wanted, ...signedIn, client: browser.client, actor: null })
}

/** The same by whoever has a shell on the machine, with the codes that the owner tells them. */
export const resynchroniseFor = (
  core: Core,
  wanted: Wanted & { readonly account: Account },
  actor: Actor = atTheCommandLine,
): Promise<Resynchronised> => resynchronise(core, { ...wanted, session: null, client: actor.client, actor })

interface Given extends Wanted {
  readonly account: Account
  /** It must not have ended meanwhile; null: there is none. */
  readonly session: Session | null
  readonly client: Client
  readonly actor: Actor | null
}

async function resynchronise(core: Core, given: Given): Promise<Resynchronised> {
  const at = core.platform.nowSeconds()
  const { account, codes } = given
  const { stores, atomically } = core[storage]
  const own = (await stores.authenticators.listOf(account.id)).find(({ id }) => id === given.id)
  if (own === undefined) return { kind: 'not-there' }
  const read = readPair(codes, own.digits)
  if (read.kind === 'malformed') return read
  const reservation = await atomically((part) => reserve(core, part, { ...given, at }))
  if (reservation.kind !== 'reserved') return reservation
  const opened = core.box.open(own.sealed, sealContext(own))
  if (opened.kind === 'refused') {
    await stores.attempts.giveBack(codeKey(account.id, 'step-up'))
    return { kind: 'unreadable' }
  }
  // The search takes its time, and nobody waits for it: what was used meanwhile, the write finds.
  const spends = findPair(
    core.policy,
    { ...own, secret: opened.plain, follows: own.serial !== null },
    { pair: read.pair, at },
  )
  const { failures } = reservation
  return atomically((part) => accept(core, part, { ...given, at, own, spends, failures }))
}

type Timed = Given & { readonly at: number }

/** Of the same counter as the codes of a fresh proof. */
async function reserve(
  core: Core,
  stores: Stores,
  { account, session, client, at }: Timed,
): Promise<Reservation | { readonly kind: 'not-there' | 'not-fresh' }> {
  const held = await stores.accounts.hold(account.id)
  if (held === null || (session !== null && !isOpen(held, at))) return { kind: 'not-there' }
  if (session !== null && !(await hasNotEnded(stores, session))) return { kind: 'not-fresh' }
  const key = codeKey(account.id, 'step-up')
  const policy = codePolicyAt(core.policy, account.id, 'step-up')
  return reserveCode(core, stores, { account: account.id, client, at, key, policy })
}

interface Looked {
  readonly own: AuthenticatorSecret
  readonly spends: Spends | null
  readonly failures: number
}

/** The account is held to the end. What was wrong is kept as well. */
async function accept(core: Core, stores: Stores, looked: Timed & Looked): Promise<Resynchronised> {
  const { account, session, client, actor, at, own, spends, failures } = looked
  const held = await stores.accounts.hold(account.id)
  if (held === null || (session !== null && !(await hasNotEnded(stores, session))))
    return { kind: 'not-fresh' }
  const about = { account: account.id, client, at }
  if (spends === null || !(await spend(stores, { authenticator: own.id, spends }, at))) {
    const details = { authenticator: own.id, reason: 'resynchronisation' }
    await note(core, stores, { ...about, event: 'code.refused', details })
    await tellOfWrongCodes(core, stores, { ...about, failures })
    return { kind: 'wrong', failures }
  }
  await stores.attempts.clear(...codeKeys(account.id))
  const driftSeconds = 'drift' in spends ? spends.drift * own.period : 0
  const details = { authenticator: own.id, drift: driftSeconds, ...(actor === null ? {} : by(actor)) }
  await note(core, stores, { ...about, event: 'authenticator.resynchronised', details })
  const { name } = own
  const kind = 'authenticator-resynchronised'
  await tellOwner(core, stores, { kind, account: held, client, at, details: { name } })
  return { kind: 'resynchronised', name, driftSeconds }
}
