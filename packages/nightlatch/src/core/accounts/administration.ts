import type { Account, LoginName, NewAccount } from './account.js'
import { parseDisplayName, parseEmail, parseLoginName } from './account.js'
import { passwordKey } from '../rate-limits/attempts.js'
import { noClient } from '../audit/audit.js'
import { endEverything } from '../sign-in/start-session.js'
import type { Core } from '../core.js'
import type { FactorKind } from '../factors/factor.js'
import { allFactors } from '../factors/registry.js'
import type { AccountId, InvitationId } from '../ids.js'
import { newId } from '../ids.js'
import { newAccount } from '../sign-in/password-check.js'
import type { PasswordProblem } from './password.js'
import { newPasswordHash } from './new-password.js'
import { noteChange } from '../sessions/session-lifetime.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import { hashToken, newToken } from '../tokens.js'

export interface AccountInput {
  readonly username: string
  readonly email?: string | undefined
  readonly name?: string | undefined
  readonly admin: boolean
}

export type AccountProblem = 'bad-username' | 'bad-email' | 'bad-name' | 'name-taken'

export type AddOutcome =
  | { readonly kind: 'added'; readonly account: Account }
  | { readonly kind: 'refused'; readonly why: AccountProblem }
  | { readonly kind: 'bad-password'; readonly why: PasswordProblem }
  | { readonly kind: 'busy' }

export type ParsedAccountInput =
  | { readonly kind: 'parsed'; readonly account: Account; readonly loginNames: readonly LoginName[] }
  | { readonly kind: 'refused'; readonly why: AccountProblem }

const refuse = (why: AccountProblem) => ({ kind: 'refused', why }) as const

/** What an administrator (or the first person) asks for → an account that is not stored yet. */
export function parseAccountInput(core: Core, input: AccountInput): ParsedAccountInput {
  const username = parseLoginName(core.platform, input.username)
  if (username.kind === 'refused') return refuse('bad-username')
  const email =
    input.email === undefined || input.email === '' ? null : parseEmail(core.platform, input.email)
  if (email?.kind === 'refused') return refuse('bad-email')
  const name = parseDisplayName(input.name ?? '')
  if (name === null) return refuse('bad-name')
  const profile = { username: username.shown, name, email: email?.shown ?? '', groups: [] }
  const account = { ...newAccount(core, profile), admin: input.admin }
  const loginNames = [...new Set([username.key, ...(email === null ? [] : [email.key])])]
  return { kind: 'parsed', account, loginNames }
}

export interface InitialPassword {
  readonly password: string
  /** The two accounts of the demonstration only. */
  readonly unsafeExemptFromPolicy?: boolean
}

/** Adds an account with a password. */
export async function addAccount(
  core: Core,
  input: AccountInput,
  wish: InitialPassword,
): Promise<AddOutcome> {
  const parsed = parseAccountInput(core, input)
  if (parsed.kind === 'refused') return parsed
  const hashed = await hashWish(core, parsed.account, wish)
  if (hashed.kind !== 'hashed') return hashed
  const account = { ...parsed.account, passwordHash: hashed.hash }
  return (await store(core, { account, loginNames: parsed.loginNames }))
    ? { kind: 'added', account }
    : refuse('name-taken')
}

async function hashWish(core: Core, account: Account, wish: InitialPassword) {
  if (wish.unsafeExemptFromPolicy !== true) return newPasswordHash(core, account, wish.password)
  const exempt = {
    ...core,
    isCommonPassword: () => false,
    policy: { ...core.policy, mfa: 'required' as const },
  }
  return newPasswordHash(exempt, account, wish.password)
}

function store(core: Core, given: NewAccount): Promise<boolean> {
  return core[storage].atomically(async (stores) => (await add(core, stores, given)) || new Rollback(false))
}

async function add(core: Core, stores: Stores, given: NewAccount): Promise<boolean> {
  if (!(await stores.accounts.add(given))) return false
  await noteChange(stores, core, { owner: given.account, event: 'account.created', client: noClient })
  return true
}

export type InviteOutcome =
  | { readonly kind: 'invited'; readonly account: Account; readonly token: Token; readonly expiresAt: number }
  | { readonly kind: 'refused'; readonly why: AccountProblem }

/** Adds an account without a password, and the one-time link with which its owner chooses one. */
export async function inviteAccount(core: Core, input: AccountInput): Promise<InviteOutcome> {
  const parsed = parseAccountInput(core, input)
  if (parsed.kind === 'refused') return parsed
  const { account } = parsed
  return core[storage].atomically<InviteOutcome>(async (stores) => {
    if (!(await add(core, stores, parsed))) return new Rollback<InviteOutcome>(refuse('name-taken'))
    const link = await addLink(core, stores, { account, seconds: core.policy.invitationSeconds })
    return { kind: 'invited', account, ...link }
  })
}

/** The one-time link that creates the first account; null once there is an account. Earlier ones end. */
export function firstAccountLink(core: Core): Promise<{ token: Token; expiresAt: number } | null> {
  return core[storage].atomically(async (stores) => {
    if (!(await stores.accounts.isEmpty())) return null
    await stores.invitations.removeAllOf(null)
    return addLink(core, stores, { account: null, seconds: core.policy.firstAccountLinkSeconds })
  })
}

async function addLink(
  core: Core,
  stores: Stores,
  given: { account: Account | null; seconds: number },
): Promise<{ token: Token; expiresAt: number }> {
  const token = newToken(core.platform)
  const now = core.platform.nowSeconds()
  const expiresAt = now + given.seconds
  const id = newId<InvitationId>(core.platform.randomBytes)
  const account = given.account?.id ?? null
  await stores.invitations.add({ id, account, createdAt: now, expiresAt }, hashToken(core.platform, token))
  if (given.account !== null) {
    await noteChange(stores, core, { owner: given.account, event: 'account.invited', client: noClient })
  }
  return { token, expiresAt }
}

export async function findAccount(core: Core, username: string): Promise<Account | null> {
  const name = parseLoginName(core.platform, username)
  return name.kind === 'name' ? core[storage].stores.accounts.findByLoginName(name.key) : null
}

/** Disabling ends everything the account has begun, at once. */
export async function disableAccount(core: Core, account: Account): Promise<void> {
  await core[storage].atomically(async (stores) => {
    await stores.accounts.setDisabled(account.id, true)
    await endEverything(stores, account.id)
    await noteChange(stores, core, { owner: account, event: 'account.disabled', client: noClient })
  })
}

export async function enableAccount(core: Core, account: Account): Promise<void> {
  await core[storage].atomically(async (stores) => {
    await stores.accounts.setDisabled(account.id, false)
    await noteChange(stores, core, { owner: account, event: 'account.enabled', client: noClient })
  })
}

export async function removeAccount(core: Core, account: Account): Promise<void> {
  await core[storage].atomically(async (stores) => {
    await stores.accounts.hold(account.id)
    await endEverything(stores, account.id)
    for (const key of countersOf(account.id)) await stores.attempts.clear(key)
    await stores.accounts.remove(account.id)
    const details = { username: account.username }
    await noteChange(stores, core, { owner: account, event: 'account.removed', client: noClient, details })
  })
}

export type SetPasswordOutcome =
  | { readonly kind: 'set' }
  | { readonly kind: 'bad-password'; readonly why: PasswordProblem }
  | { readonly kind: 'busy' }

/** Sets a password from the command line and ends the account's sessions. */
export async function setPassword(
  core: Core,
  account: Account,
  password: string,
): Promise<SetPasswordOutcome> {
  const hashed = await newPasswordHash(core, account, password)
  if (hashed.kind !== 'hashed') return hashed
  await core[storage].atomically(async (stores) => {
    await stores.accounts.setPasswordHash(account.id, hashed.hash)
    await endEverything(stores, account.id)
    // Guesses at the old password say nothing of the new one: its owner need not wait for them.
    await stores.attempts.clear(passwordKey(account.id))
    await stores.invitations.removeAllOf(account.id)
    await noteChange(stores, core, {
      owner: account,
      event: 'password.set-by-administrator',
      client: noClient,
    })
  })
  tell(core, account, 'password-changed')
  return { kind: 'set' }
}

/** How many of each kind. */
export type RemovedFactors = Readonly<Record<FactorKind, number>>

/** Removes every second factor and trusted device and ends the sessions: the next sign-in sets up anew. */
export async function resetSecondFactor(core: Core, account: Account): Promise<RemovedFactors> {
  const removed = await core[storage].atomically(async (stores) => {
    await stores.accounts.hold(account.id)
    const counts = {} as Record<FactorKind, number>
    for (const { kind, removeAllOf } of allFactors) counts[kind] = await removeAllOf(stores, account.id)
    await stores.accounts.resetFactorCounts(account.id)
    await stores.knownDevices.removeAllOf(account.id)
    for (const key of countersOf(account.id)) await stores.attempts.clear(key)
    await endEverything(stores, account.id)
    await noteChange(stores, core, { owner: account, event: 'account.second-factor-reset', client: noClient })
    return counts
  })
  tell(core, account, 'second-factor-reset')
  return removed
}

const countersOf = (account: AccountId) => allFactors.flatMap((factor) => factor.countersOf(account))

function tell(core: Core, account: Account, kind: 'password-changed' | 'second-factor-reset'): void {
  core.notices.send({ kind, account, at: core.platform.nowSeconds(), client: noClient, details: {} })
}
