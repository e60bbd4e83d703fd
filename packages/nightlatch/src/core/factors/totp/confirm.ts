import { codeKey } from '../../attempts.js'
import { auditEvent } from '../../audit.js'
import type { AuthenticatorSecret } from './store.js'
import { longestAuthenticatorName, mostAuthenticators, parseAuthenticatorName } from './store.js'
import type { Browser, SignedInNow } from '../../completed-sign-in.js'
import { beginSession, endEverything } from '../../completed-sign-in.js'
import type { Core } from '../../core.js'
import type { PreparedCodes } from '../recovery-codes/set-up.js'
import { keepNewCodes, prepareRecoveryCodes } from '../recovery-codes/set-up.js'
import { noteChange } from '../../session-life.js'
import { proveSession } from '../../session-life.js'
import type { SetUpCodeCheck, SetUpOwner } from './set-up.js'
import { checkSetUpCode, findSetUp, giveBackSetUpAttempt, mayOnlyReplace } from './set-up.js'
import type { Stores } from '../../stores.js'
import { Undo } from '../../stores.js'
import type { Client } from '../../world.js'

export type SetUpOutcome =
  /** `recoveryCodes`: the ten new ones with the first authenticator, otherwise none. */
  | {
      readonly kind: 'confirmed'
      readonly signedIn: Pick<SignedInNow, 'token' | 'session' | 'account' | 'knownDevice'>
      readonly authenticator: AuthenticatorSecret
      /** The one whose place it took, or null. */
      readonly replaced: { readonly name: string } | null
      readonly recoveryCodes: readonly string[]
    }
  | Exclude<SetUpCodeCheck, { kind: 'right' }>
  | { readonly kind: 'bad-name'; readonly why: 'too-long' | 'not-allowed' | 'taken' }
  /** Somebody else finished first, or the sign-in or session ended. */
  | { readonly kind: 'over' }
  | { readonly kind: 'busy' }

interface Confirmation {
  readonly code: string
  readonly name: string
  readonly browser: Browser
}

/** The last step of a set-up: a right code, and the authenticator counts from now on. */
export async function confirmSetUp(
  core: Core,
  owner: SetUpOwner,
  given: Confirmation,
): Promise<SetUpOutcome> {
  const name = await parseNewName(core, owner, given.name)
  if (name.kind === 'bad-name') return name
  const check = await checkSetUpCode(core, owner, {
    code: given.code,
    name: name.name,
    client: given.browser.client,
  })
  if (check.kind === 'wrong')
    await noteChange(core.storage.stores, core, {
      owner: owner.account,
      event: 'set-up.refused',
      client: given.browser.client,
    })
  if (check.kind !== 'right') return check
  const codes = owner.account.authenticatorCount === 0 ? await prepareRecoveryCodes(core) : null
  if (codes === 'busy') {
    await giveBackSetUpAttempt(core, owner)
    return { kind: 'busy' }
  }
  const outcome = await core.storage.atomically((stores) =>
    enrol(core, stores, { owner, check, codes, browser: given.browser }),
  )
  if (outcome.kind === 'confirmed') tellOwner(core, owner, { ...outcome, client: given.browser.client })
  return outcome
}

async function parseNewName(
  core: Core,
  owner: SetUpOwner,
  text: string,
): Promise<{ kind: 'name'; name: string } | (SetUpOutcome & { kind: 'bad-name' })> {
  const name = parseAuthenticatorName(text)
  if (name === null) {
    return {
      kind: 'bad-name',
      why: [...text.trim()].length > longestAuthenticatorName ? 'too-long' : 'not-allowed',
    }
  }
  const replaces = (await findSetUp(core, owner))?.setUp.replaces
  const all = await core.storage.stores.authenticators.listOf(owner.account.id)
  const others = all.filter((other) => other.id !== replaces)
  return name !== '' && others.some((other) => other.name === name)
    ? { kind: 'bad-name', why: 'taken' }
    : { kind: 'name', name }
}

interface Enrolment {
  readonly owner: SetUpOwner
  readonly check: SetUpCodeCheck & { kind: 'right' }
  readonly codes: PreparedCodes | null
  readonly browser: Browser
}

async function enrol(
  core: Core,
  stores: Stores,
  given: Enrolment,
): Promise<SetUpOutcome | Undo<SetUpOutcome>> {
  const over = new Undo<SetUpOutcome>({ kind: 'over' })
  const { owner, check, codes } = given
  await stores.accounts.hold(owner.account.id)
  if (!(await stores.setUps.take(check.pending.setUp.id))) return over
  const replaced = await makeRoom(core, stores, given)
  if (replaced === 'no-room') return over
  const authenticator = { ...check.authenticator, name: await freeName(stores, check.authenticator) }
  await stores.authenticators.add(authenticator)
  await stores.attempts.clear(codeKey(owner.account.id))
  const signedIn = await signInOrRenew(core, stores, given)
  if (signedIn === null) return over
  if (codes !== null)
    await keepNewCodes(core, stores, { account: owner.account.id, session: signedIn.session.id, codes })
  const details = {
    authenticator: authenticator.id,
    replaced: replaced !== null,
    ...(mayOnlyReplace(core, owner) ? { after: 'recovery-code' } : {}),
  }
  const parts = {
    at: core.world.nowSeconds(),
    account: owner.account.id,
    client: given.browser.client,
    details,
  }
  await stores.audit.add(auditEvent('authenticator.added', parts))
  return { kind: 'confirmed', signedIn, authenticator, replaced, recoveryCodes: codes?.shown ?? [] }
}

/**
 * The write that decides: a sign-in may only add the very first one; a change of phone takes the old one's place; and
 * whoever signed in with a recovery code may do nothing but that. @returns the name of the one that made room
 */
async function makeRoom(
  core: Core,
  stores: Stores,
  given: Enrolment,
): Promise<{ name: string } | null | 'no-room'> {
  const { owner, check } = given
  const { setUp } = check.pending
  const { id, authenticatorCount } = owner.account
  if (setUp.replaces !== '') {
    const old = (await stores.authenticators.listOf(id)).find((one) => one.id === setUp.replaces)
    if (await stores.authenticators.remove(setUp.replaces, id)) return { name: old?.name ?? '' }
  }
  if (mayOnlyReplace(core, owner)) return 'no-room'
  const atMost = authenticatorCount === 0 ? 1 : mostAuthenticators
  return (await stores.accounts.countAuthenticatorUp(id, atMost)) ? null : 'no-room'
}

async function freeName(stores: Stores, wanted: AuthenticatorSecret): Promise<string> {
  const taken = new Set((await stores.authenticators.listOf(wanted.account)).map((other) => other.name))
  const base = wanted.name === '' ? 'Authenticator app' : wanted.name
  for (let number = 2, name = base; ; number += 1) {
    if (!taken.has(name)) return name
    name = `${[...base].slice(0, longestAuthenticatorName - 4).join('')} ${number}`
  }
}

type Renewed = Pick<SignedInNow, 'token' | 'session' | 'account' | 'knownDevice'>

/** Switching the second factor on ends the account's other sessions; any change of factors ends device trust. */
async function signInOrRenew(core: Core, stores: Stores, given: Enrolment): Promise<Renewed | null> {
  const { owner, browser } = given
  const verifiedAt = core.world.nowSeconds()
  const account = await stores.accounts.find(owner.account.id) // with the new count
  if (account === null) return null
  if (owner.kind === 'sign-in') {
    if (!(await stores.signIns.take(owner.signIn.id))) return null
    await endEverything(stores, account.id)
    return beginSession(core, stores, {
      account,
      browser,
      factors: ['password', 'totp'],
      verifiedAt,
      remember: false,
    })
  }
  if (given.codes !== null) await endEverything(stores, account.id, owner.signedIn.session.id)
  else await stores.trustedDevices.endAllOf(account.id)
  // A code of one more proves that it works, and nothing about who holds it.
  const isProof = owner.account.authenticatorCount === 0
  const step = { signedIn: owner.signedIn, browser, factor: 'totp', isProof } as const
  const proven = await proveSession(core, stores, step)
  return proven === null ? null : { ...proven, account }
}

function tellOwner(
  core: Core,
  owner: SetUpOwner,
  { authenticator, replaced, client }: SetUpOutcome & { kind: 'confirmed' } & { readonly client: Client },
): void {
  const told = { account: owner.account, at: core.world.nowSeconds(), client }
  const { name } = authenticator
  if (replaced === null) return core.notices.send({ ...told, kind: 'authenticator-added', details: { name } })
  const details = { name, replaced: replaced.name, recovered: Number(mayOnlyReplace(core, owner)) }
  core.notices.send({ ...told, kind: 'authenticator-replaced', details })
}
