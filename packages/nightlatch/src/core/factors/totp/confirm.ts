import { note } from '../../audit/audit.js'
import { Totp } from '@nightlatch/otp'
import type { Browser } from '../../sign-in/start-session.js'
import type { Core } from '../../core.js'
import type { Stores } from '../../ports/stores.js'
import { storage } from '../../ports/stores.js'
import { hour, minute } from '../../ports/platform.js'
import type { Enrolled, Renewed, SetUpOwner } from '../enrolment.js'
import { enrol } from '../enrolment.js'
import type { FactorProblem } from '../factor.js'
import { setUpKey } from './counters.js'
import { ownItems, takeOut } from '../replacement.js'
import { totp } from './factor.js'
import type { OpenedSetUp } from './set-up.js'
import { openSetUp } from './set-up.js'
import type { AuthenticatorId } from '../../ids.js'
import type { AuthenticatorSecret } from './store.js'
import { longestAuthenticatorName, nameProblemOf, ourOtp, parseAuthenticatorName } from './store.js'
import { parseCode, reserveCode, sealContext } from './verify.js'

/** How far a wrong code is looked for, at set-up only, to tell a wrong clock: ten minutes either side. */
const driftSteps = 20
/** A clock that shows the time of another zone: zones are whole quarters of an hour apart, and 14 hours at most. */
const zoneSeconds = 15 * minute
const mostZones = (14 * hour) / zoneSeconds
/** A clock in a wrong zone is rarely right to the second. */
const zoneSteps = 2

export type SetUpOutcome =
  | {
      readonly kind: 'confirmed'
      readonly signedIn: Renewed
      readonly authenticator: AuthenticatorSecret
      /** The ten new ones with the first second factor, otherwise none. */
      readonly recoveryCodes: readonly string[]
      /** The one whose place it took, a change of phone, or null. */
      readonly replaced: { readonly name: string } | null
    }
  | { readonly kind: 'no-set-up' }
  | { readonly kind: 'malformed'; readonly problem: FactorProblem; readonly digits: number }
  /** `driftSeconds`: how far the phone's clock is off (above zero: fast), when that is why. */
  | { readonly kind: 'wrong'; readonly driftSeconds: number | null }
  | { readonly kind: 'wait'; readonly untilSeconds: number }
  | { readonly kind: 'locked' }
  | { readonly kind: 'bad-name'; readonly why: 'too-long' | 'not-allowed' | 'taken' }
  | Exclude<Enrolled<AuthenticatorSecret>, { kind: 'confirmed' }>

interface Confirmation {
  readonly code: string
  readonly name: string
  readonly browser: Browser
  /** The set-up that is meant; whichever is pending unless told. */
  readonly id?: string
}

type Refused = Exclude<SetUpOutcome, { kind: 'confirmed' }>

/** The last step of a set-up: a right code, and the authenticator counts from now on. */
export async function confirmSetUp(
  core: Core,
  owner: SetUpOwner,
  given: Confirmation,
): Promise<SetUpOutcome> {
  const at = core.platform.nowSeconds()
  const opened = await openSetUp(core, owner, at)
  if (given.id !== undefined && opened?.setUp.id !== given.id) return { kind: 'no-set-up' }
  const name = await parseNewName(core, owner, { text: given.name, opened })
  if (name.kind === 'bad-name') return name
  if (opened === null) return { kind: 'no-set-up' }
  const check = await checkFirstCode(core, { ...given, owner, opened, at })
  if (check.kind !== 'right') return check
  const { id, replaces } = opened.setUp
  const wanted = confirmed(core, opened, { name: name.name, step: check.step, at })
  const outcome = await enrol(core, {
    owner,
    at,
    browser: given.browser,
    factor: totp,
    take: (stores) => stores.setUps.take(id),
    replace: replaces === '' ? null : (stores) => replaceOld(core, stores, { owner, replaces }),
    keep: (stores, isFirst) => keepAuthenticator(stores, wanted, isFirst),
  })
  // A right code is no failure of the person's.
  if (outcome.kind === 'busy') await core[storage].stores.attempts.giveBack(setUpKey(owner.account.id))
  if (outcome.kind !== 'confirmed') return outcome
  const { item: authenticator, ...rest } = outcome
  return { ...rest, authenticator }
}

async function parseNewName(
  core: Core,
  owner: SetUpOwner,
  { text, opened }: { readonly text: string; readonly opened: OpenedSetUp | null },
): Promise<{ readonly kind: 'name'; readonly name: string } | (Refused & { kind: 'bad-name' })> {
  const name = parseAuthenticatorName(text)
  if (name === null) return { kind: 'bad-name', why: nameProblemOf(text) }
  if (name === '') return { kind: 'name', name }
  const all = await core[storage].stores.authenticators.listOf(owner.account.id)
  const others = all.filter(({ id }) => id !== opened?.setUp.replaces)
  return others.some((other) => other.name === name)
    ? { kind: 'bad-name', why: 'taken' }
    : { kind: 'name', name }
}

type FirstCode = Confirmation & {
  readonly owner: SetUpOwner
  readonly opened: OpenedSetUp
  readonly at: number
}

/** Looks at the first code; the attempt is spent on the account's counter of set-ups. */
async function checkFirstCode(
  core: Core,
  given: FirstCode,
): Promise<Refused | { readonly kind: 'right'; readonly step: number }> {
  const { stores } = core[storage]
  const { account } = given.owner
  const { client } = given.browser
  const { at: atSeconds } = given
  const parsed = parseCode(given.code)
  if (parsed.kind === 'malformed') return parsed
  const reservation = await reserveCode(core, stores, {
    account: account.id,
    client,
    at: atSeconds,
    key: setUpKey(account.id),
    policy: core.policy.attempts.setUp,
  })
  if (reservation.kind !== 'reserved') return reservation
  const app = new Totp({ secret: given.opened.secret })
  const verdict = app.verify(parsed.code, {
    atSeconds,
    window: core.policy.code.windowSteps,
    afterStep: null,
  })
  if (verdict.matched) return { kind: 'right', step: verdict.step }
  await note(core, stores, { account: account.id, event: 'set-up.refused', client })
  return { kind: 'wrong', driftSeconds: driftOf(app, parsed.code, atSeconds) }
}

/** By how many seconds the phone's clock is off, when that explains the code: a little, or by a time zone. */
function driftOf(app: Totp, code: string, now: number): number | null {
  const near = app.drift(code, { atSeconds: now, windowSteps: driftSteps })
  if (near !== null) return near * ourOtp.period
  for (let zone = 1; zone <= mostZones; zone += 1) {
    for (const offset of [zone * zoneSeconds, -zone * zoneSeconds]) {
      if (now + offset < 0) continue
      const steps = app.drift(code, { atSeconds: now + offset, windowSteps: zoneSteps })
      if (steps !== null) return offset + steps * ourOtp.period
    }
  }
  return null
}

async function replaceOld(
  core: Core,
  stores: Stores,
  { owner: { account }, replaces }: { readonly owner: SetUpOwner; readonly replaces: AuthenticatorId },
): Promise<{ name: string } | null> {
  const item = (await ownItems(stores, account.id)).find(({ id }) => id === replaces)
  return item === undefined
    ? null
    : takeOut(stores, { account, item, by: totp, most: totp.most(core.policy) })
}

/** The confirming code is spent, too: its step is the authenticator's last one. */
function confirmed(
  core: Core,
  { setUp, secret }: OpenedSetUp,
  given: { readonly name: string; readonly step: number; readonly at: number },
): AuthenticatorSecret {
  const { id, account } = setUp
  return {
    id,
    account,
    name: given.name === '' ? setUp.name : given.name,
    createdAt: given.at,
    lastUsedAt: given.at,
    sealed: core.box.seal(secret, sealContext({ id, account })),
    lastStep: given.step,
    ...ourOtp,
    // The name of this installation may be changed later; the entry on the phone keeps this one.
    issuer: core.policy.issuer,
    entryNumber: setUp.entryNumber,
    drift: 0,
    serial: null,
  }
}

async function keepAuthenticator(
  stores: Stores,
  wanted: AuthenticatorSecret,
  isFirst: boolean,
): Promise<AuthenticatorSecret> {
  const others = isFirst ? [] : await stores.authenticators.listOf(wanted.account)
  const authenticator = { ...wanted, name: freeName(wanted.name, others) }
  await stores.authenticators.add(authenticator)
  return authenticator
}

function freeName(wanted: string, others: readonly AuthenticatorSecret[]): string {
  const taken = new Set(others.map(({ name }) => name))
  const base = wanted === '' ? 'Authenticator app' : wanted
  for (let number = 2, name = base; ; number += 1) {
    if (!taken.has(name)) return name
    name = `${[...base].slice(0, longestAuthenticatorName - 4).join('')} ${number}`
  }
}
