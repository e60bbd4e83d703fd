import { tellOwner } from '../notify/notices.js'
import type { Account } from './account.js'
import { isOpen, parseLoginName } from './account.js'
import type { AccountInput, AccountProblem, AccountRefusal, PreparedAccount } from './new-account.js'
import { parseAccountInput } from './new-account.js'
import { passwordKey } from '../rate-limits/attempts.js'
import type { Invitation } from './invitation.js'
import type { Actor } from './actor.js'
import { atTheCommandLine, by } from './actor.js'
import type { AuditEvent, AuditEventName } from '../audit/audit.js'
import { noClient, note } from '../audit/audit.js'
import { mayLoseAdministrator } from './last-administrator.js'
import { indexAccount } from './people.js'
import { holdAndTakeSnapshot, takeSnapshot } from './snapshot.js'
import { endEverything } from '../sign-in/start-session.js'
import type { Core } from '../core.js'
import { mailInvitation } from '../notify/mail.js'
import type { FactorKind } from '../factors/factor.js'
import { passkeys } from '../factors/passkeys/factor.js'
import { allFactors } from '../factors/registry.js'
import type { AccountId, InvitationId } from '../ids.js'
import { newId } from '../ids.js'
import type { PasswordProblem } from './password.js'
import { newPasswordHash } from './new-password.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import { hashToken, newToken } from '../tokens.js'

const refuse = (why: AccountProblem): AccountRefusal => ({ kind: 'refused', why })

export type AddOutcome =
  | { readonly kind: 'added'; readonly account: Account }
  | AccountRefusal
  | { readonly kind: 'bad-password'; readonly why: PasswordProblem }
  | { readonly kind: 'busy' }

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
  return (await store(core, { ...parsed, account })) ? { kind: 'added', account } : refuse('name-taken')
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

function store(core: Core, given: PreparedAccount): Promise<boolean> {
  return core[storage].atomically(
    async (stores) => (await addPrepared(core, stores, given)) || new Rollback(false),
  )
}

/** Within a transaction: false when one of the names is taken, and then nothing may be kept. */
export async function addPrepared(
  core: Core,
  stores: Stores,
  given: PreparedAccount & Partial<Pick<Act, 'actor' | 'event' | 'details'>>,
): Promise<boolean> {
  const { account, groups, event = 'account.created', actor = atTheCommandLine, details = {} } = given
  if (groups.length > 0) await stores.groups.hold()
  if (!(await stores.accounts.add(given))) return false
  if (groups.length > 0) await stores.groups.setOf(account.id, groups, account.createdAt)
  await indexAccount(stores, account)
  await noteAct(core, stores, { account, event, actor, details })
  return true
}

/** `byMail`: the owner gets a link in a mail, which is written down with it. See `canMail`. */
type Inviting = Actor & { readonly byMail?: boolean }

/** A one-time link, as it is handed over. */
interface HandedLink {
  readonly token: Token
  readonly expiresAt: number
}

export interface InvitationLink extends HandedLink {
  /** Where a mail with a link of its own is on its way to. null: there is none, and this link is all. */
  readonly mailedTo: string | null
}

export type InviteOutcome =
  ({ readonly kind: 'invited'; readonly account: Account } & InvitationLink) | AccountRefusal

/** Adds an account without a password, and the one-time link with which its owner chooses one. */
export async function inviteAccount(
  core: Core,
  input: AccountInput,
  actor: Inviting = atTheCommandLine,
): Promise<InviteOutcome> {
  const parsed = parseAccountInput(core, input)
  if (parsed.kind === 'refused') return parsed
  const { account } = parsed
  return core[storage].atomically<InviteOutcome>(async (stores) => {
    if (!(await addPrepared(core, stores, { ...parsed, actor })))
      return new Rollback<InviteOutcome>(refuse('name-taken'))
    const link = await addLink(core, stores, { account, seconds: core.policy.invitationSeconds, actor })
    return { kind: 'invited', account, ...link }
  })
}

/** The one-time link that creates the first account; null once there is an account. Earlier ones end. */
export function firstAccountLink(core: Core): Promise<HandedLink | null> {
  return core[storage].atomically(async (stores) => {
    if (!(await stores.accounts.isEmpty())) return null
    await stores.invitations.removeAllOf(null)
    return addLink(core, stores, { account: null, seconds: core.policy.firstAccountLinkSeconds })
  })
}

async function addLink(
  core: Core,
  stores: Stores,
  given: { account: Account | null; seconds: number; actor?: Inviting },
): Promise<InvitationLink> {
  const createdAt = core.platform.nowSeconds()
  const expiresAt = createdAt + given.seconds
  const account = given.account?.id ?? null
  const add = async (sent: Pick<Invitation, 'mailedTo'>): Promise<Token> => {
    const token = newToken(core.platform)
    const id = newId<InvitationId>(core.platform.randomBytes)
    const invitation = { id, account, createdAt, expiresAt, ...sent }
    await stores.invitations.add(invitation, hashToken(core.platform, token))
    return token
  }
  const link = { token: await add({}), expiresAt, mailedTo: null }
  if (given.account === null) return link
  const owner = given.account
  const actor: Inviting = given.actor ?? atTheCommandLine
  await noteAct(core, stores, { account: owner, event: 'account.invited', actor })
  if (actor.byMail !== true) return link
  // A link of its own: whoever uses it has read that mail. The first that is used ends the other.
  const mailed = await add({ mailedTo: owner.email })
  const fate = await mailInvitation(core, stores, { account: owner, token: mailed, expiresAt })
  return fate === 'waiting' ? { ...link, mailedTo: owner.email } : link
}

export type InviteAgainOutcome = ({ readonly kind: 'invited' } & InvitationLink) | { readonly kind: 'closed' }

/**
 * A new one-time link with which the owner chooses a password; earlier ones end. Nothing else is lost: neither the
 * history nor the second factor, which is asked for after the new password.
 */
export async function inviteAgain(
  core: Core,
  account: Account,
  actor: Inviting = atTheCommandLine,
): Promise<InviteAgainOutcome> {
  return core[storage].atomically<InviteAgainOutcome>(async (stores) => {
    const held = await stores.accounts.hold(account.id)
    if (held === null || !isOpen(held, core.platform.nowSeconds())) return { kind: 'closed' }
    await stores.invitations.removeAllOf(account.id)
    const link = await addLink(core, stores, { account: held, seconds: core.policy.invitationSeconds, actor })
    // Whoever has a link of their own in a mail, or no password that another one could take the place of, is told enough.
    if (link.mailedTo === null && held.passwordHash !== '')
      await tellOwner(core, stores, { kind: 'password-link-made', account: held, client: noClient })
    return { kind: 'invited', ...link }
  })
}

export async function findAccount(core: Core, username: string): Promise<Account | null> {
  const name = parseLoginName(core.platform, username)
  return name.kind === 'name' ? core[storage].stores.accounts.findByLoginName(name.key) : null
}

export type TakenAway =
  | { readonly kind: 'done' }
  /** Nobody could administer this installation any more. */
  | { readonly kind: 'last-administrator' }

/** Disabling ends everything the account has begun, at once. */
export async function disableAccount(
  core: Core,
  account: Account,
  actor: Actor = atTheCommandLine,
): Promise<TakenAway> {
  return takeAway(core, { account, event: 'account.disabled', actor }, async (stores) => {
    await stores.accounts.setDisabled(account.id, true)
    await endEverything(stores, account.id)
    await tellOwner(core, stores, { kind: 'account-blocked', account, client: noClient })
  })
}

/** Lets somebody sign in: again, or for the first time, who has registered and waited for it. */
export async function enableAccount(
  core: Core,
  account: Account,
  actor: Actor = atTheCommandLine,
): Promise<void> {
  await core[storage].atomically(async (stores) => {
    const held = await stores.accounts.hold(account.id)
    await stores.accounts.setDisabled(account.id, false)
    const waited = held?.waiting === true
    await noteAct(core, stores, { account, event: waited ? 'account.approved' : 'account.enabled', actor })
    const kind = waited ? 'account-approved' : 'account-opened'
    if (held?.disabled === true) await tellOwner(core, stores, { kind, account, client: noClient })
  })
}

interface Act {
  readonly account: Account
  readonly event: AuditEventName
  readonly actor: Actor
  readonly details?: AuditEvent['details']
}

const noteAct = (core: Core, stores: Stores, { account, event, actor, details }: Act): Promise<void> =>
  note(core, stores, {
    account: account.id,
    event,
    client: actor.client,
    details: { ...details, ...by(actor) },
  })

export async function removeAccount(
  core: Core,
  account: Account,
  actor: Actor = atTheCommandLine,
): Promise<TakenAway> {
  const details = { username: account.username }
  return takeAway(core, { account, event: 'account.removed', actor, details }, async (stores) => {
    await stores.accounts.hold(account.id)
    await endEverything(stores, account.id)
    await stores.attempts.clear(...countersOf(account.id))
    // Hardware tokens go back into the drawer, with what was used of them.
    for (const { removeAllOf } of allFactors) await removeAllOf(stores, account.id)
    await stores.accounts.remove(account.id)
    await tellOwner(core, stores, { kind: 'account-removed', account, client: noClient })
  })
}

/** Never the last administrator who can sign in, unless that is what was asked for. */
async function takeAway(core: Core, act: Act, work: (stores: Stores) => Promise<void>): Promise<TakenAway> {
  const { account, actor } = act
  const now = core.platform.nowSeconds()
  return core[storage].atomically<TakenAway>(async (stores) => {
    if (!(await mayLoseAdministrator(stores, account, { actor, now }))) return { kind: 'last-administrator' }
    await work(stores)
    await noteAct(core, stores, act)
    return { kind: 'done' }
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
    const before = await holdAndTakeSnapshot(core, stores, account)
    await stores.accounts.setPasswordHash(account.id, hashed.hash)
    await endEverything(stores, account.id)
    // Guesses at the old password say nothing of the new one: its owner need not wait for them.
    await stores.attempts.clear(passwordKey(account.id))
    await stores.invitations.removeAllOf(account.id)
    await note(core, stores, {
      account: account.id,
      event: 'password.set-by-administrator',
      client: noClient,
    })
    await tellOwner(core, stores, { kind: 'password-changed', account, client: noClient, before })
  })
  return { kind: 'set' }
}

/** How many of each kind. */
export type RemovedFactors = Readonly<Record<FactorKind, number>>

/** Removes every second factor and trusted device and ends the sessions: the next sign-in sets up anew. */
export async function resetSecondFactor(
  core: Core,
  account: Account,
  actor: Actor = atTheCommandLine,
): Promise<RemovedFactors> {
  return core[storage].atomically(async (stores) => {
    const held = await stores.accounts.hold(account.id)
    const before = held && (await takeSnapshot(core, stores, held))
    const counts = {} as Record<FactorKind, number>
    for (const { kind, removeAllOf } of allFactors) counts[kind] = await removeAllOf(stores, account.id)
    await stores.accounts.resetFactorCounts(account.id)
    await stores.knownDevices.removeAllOf(account.id)
    await stores.attempts.clear(...countersOf(account.id))
    await endEverything(stores, account.id)
    await noteAct(core, stores, { account, event: 'account.second-factor-reset', actor })
    await tellOwner(core, stores, { kind: 'second-factor-reset', account, client: noClient, before })
    return counts
  })
}

export type PasskeyRemoval =
  | { readonly kind: 'removed'; readonly name: string }
  | { readonly kind: 'not-there' }
  | { readonly kind: 'last-one' }

/** One that was lost: its holder is to have nothing of it. Who would be left without a second factor is to be reset. */
export async function removePasskeyOf(
  core: Core,
  { account, id }: { readonly account: Account; readonly id: string },
  actor: Actor = atTheCommandLine,
): Promise<PasskeyRemoval> {
  return core[storage].atomically<PasskeyRemoval>(async (stores) => {
    await stores.accounts.hold(account.id)
    const one = (await passkeys.listOf(stores, account.id)).find((each) => each.id === id)
    if (one === undefined) return { kind: 'not-there' }
    if (!(await stores.accounts.countFactorDown(account.id, passkeys.kind, 1))) return { kind: 'last-one' }
    await passkeys.remove(stores, { id, account: account.id })
    await endEverything(stores, account.id)
    const details = { [passkeys.one]: id }
    await noteAct(core, stores, { account, event: 'passkey.removed', actor, details })
    const { name } = one
    await tellOwner(core, stores, { kind: 'passkey-removed', account, client: noClient, details: { name } })
    return { kind: 'removed', name }
  })
}

const countersOf = (account: AccountId) => allFactors.flatMap((factor) => factor.countersOf(account))
