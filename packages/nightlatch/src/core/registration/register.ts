import type { Account, LoginName } from '../accounts/account.js'
import { parseEmail } from '../accounts/account.js'
import type { Actor } from '../accounts/actor.js'
import { addPrepared } from '../accounts/administration.js'
import type { AccountProblem, PreparedAccount } from '../accounts/new-account.js'
import { parseAccountInput } from '../accounts/new-account.js'
import { newPasswordHash } from '../accounts/new-password.js'
import type { PasswordProblem } from '../accounts/password.js'
import type { Core } from '../core.js'
import type { Mail, MailFate } from '../notify/mail.js'
import { mailStranger } from '../notify/mail.js'
import type { Client } from '../ports/platform.js'
import { hour } from '../ports/platform.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import { networkOf, registrationKey } from '../rate-limits/attempts.js'
import type { PasswordAccepted } from '../sign-in/password-step.js'
import { acceptPassword } from '../sign-in/password-step.js'
import type { Browser } from '../sign-in/start-session.js'
import type { Token } from '../tokens.js'
import { hashToken, newToken } from '../tokens.js'
import { tellAdministrators } from './approval.js'
import type { ClosedWhy, FollowedInvitation, OpenInvitation, Registration } from './open-invitation.js'
import { whyClosed } from './open-invitation.js'

/** Why nobody registers here just now. */
export type NotOpen =
  /** Nobody ever does. */
  | { readonly kind: 'off' }
  | { readonly kind: 'invitation-needed' }
  | { readonly kind: 'closed'; readonly why: ClosedWhy }

/** What a link, or the page without one, leads to. */
export type Opened =
  | NotOpen
  /** The address is to be confirmed first. */
  | { readonly kind: 'address-first'; readonly invitation: OpenInvitation | null }
  | Open

interface Open {
  readonly kind: 'open'
  readonly invitation: OpenInvitation | null
  /** Confirmed, and the account's; null: it may name one. */
  readonly email: string | null
  readonly registration: Registration | null
}

const expired: NotOpen = { kind: 'closed', why: 'expired' }

export async function findRegistration(core: Core, token: Token | null): Promise<Opened> {
  const { mode, confirmsMail } = core.policy.registration
  if (mode === 'off' || core.applicationAccounts !== null) return { kind: 'off' }
  if (token !== null) return openedBy(core, hashToken(core.platform, token))
  if (mode === 'invitation') return { kind: 'invitation-needed' }
  return confirmsMail
    ? { kind: 'address-first', invitation: null }
    : { kind: 'open', invitation: null, email: null, registration: null }
}

async function openedBy(core: Core, tokenHash: string): Promise<Opened> {
  const { openInvitations, registrations } = core[storage].stores
  const now = core.platform.nowSeconds()
  const followed = await openInvitations.findByTokenHash(tokenHash)
  if (followed !== null) return openedByInvitation(followed, now)
  const registration = await registrations.find(tokenHash, now)
  if (registration === null) return expired
  const { email } = registration
  if (registration.invitation === null)
    return mayAskWithoutInvitation(core, registration.emailKey)
      ? { kind: 'open', invitation: null, email, registration }
      : { kind: 'invitation-needed' }
  const its = await openInvitations.find(registration.invitation)
  const why = its === null ? 'withdrawn' : whyClosed(its, now)
  return why === null ? { kind: 'open', invitation: its, email, registration } : { kind: 'closed', why }
}

/** Only the link that was mailed confirms the address: the other one was seen by whoever made it. */
function openedByInvitation({ invitation, isMailed }: FollowedInvitation, now: number): Opened {
  const why = whyClosed(invitation, now)
  if (why !== null) return { kind: 'closed', why }
  if (isMailed) return { kind: 'open', invitation, email: invitation.email, registration: null }
  return invitation.domain === ''
    ? { kind: 'open', invitation, email: null, registration: null }
    : { kind: 'address-first', invitation }
}

/** The setting may have changed since the link was sent. */
function mayAskWithoutInvitation({ policy: { registration } }: Core, email: LoginName): boolean {
  return (
    registration.mode === 'approval' ||
    (registration.mode === 'domain' && registration.domains.some((domain) => email.endsWith(`@${domain}`)))
  )
}

type AskOutcome =
  | NotOpen
  /** One answer for every address, whether or not it has an account and a mail was sent. */
  | { readonly kind: 'sent' }
  | { readonly kind: 'bad-email' }
  | { readonly kind: 'other-domain'; readonly domains: readonly string[] }

interface Asking {
  readonly token: Token | null
  readonly email: string
  /** Where it is all to lead, or null. */
  readonly next: string | null
  readonly client: Client
}

/** The first step where addresses are confirmed: a link goes there. */
export async function askToRegister(core: Core, asking: Asking): Promise<AskOutcome> {
  const opened = await findRegistration(core, asking.token)
  if (opened.kind !== 'address-first') return opened.kind === 'open' ? expired : opened
  const email = parseEmail(core.platform, asking.email)
  if (email.kind === 'refused') return { kind: 'bad-email' }
  const { invitation } = opened
  const domains = invitation === null ? core.policy.registration.domains : [invitation.domain]
  if (domains.length > 0 && !domains.some((domain) => email.key.endsWith(`@${domain}`)))
    return { kind: 'other-domain', domains }
  if (await maySend(core, email.key, asking.client)) await sendLink(core, { asking, email, invitation })
  return { kind: 'sent' }
}

/** So many mails an hour to one address, and for one sender. */
async function maySend(core: Core, email: LoginName, client: Client): Promise<boolean> {
  const now = core.platform.nowSeconds()
  const { mailsToAddress, mailsOfSender } = core.policy.attempts
  const to = registrationKey('to', core.platform.sha256(email))
  const from = registrationKey('from', networkOf(client.address))
  return core[storage].atomically<boolean>(async (stores) => {
    const sender = await stores.attempts.reserve(from, mailsOfSender, now)
    if (sender.kind !== 'reserved') return new Rollback(false)
    const address = await stores.attempts.reserve(to, mailsToAddress, now)
    return address.kind === 'reserved'
  })
}

interface Sending {
  readonly asking: Asking
  readonly email: { readonly shown: string; readonly key: LoginName }
  readonly invitation: OpenInvitation | null
}

/** Whoever has an account is told so in the mail, and nobody else is. */
async function sendLink(core: Core, { asking, email, invitation }: Sending): Promise<void> {
  const token = newToken(core.platform)
  const at = core.platform.nowSeconds()
  const expiresAt = at + core.policy.registrationSeconds
  const known = await core[storage].stores.accounts.findByLoginName(email.key)
  const registration = {
    ...{ emailKey: email.key, email: email.shown, invitation: invitation?.id ?? null },
    ...{ createdAt: at, expiresAt },
  }
  const next: Mail['details'] = asking.next === null ? {} : { next: asking.next }
  await core[storage].atomically(async (stores) => {
    await stores.registrations.put(registration, hashToken(core.platform, token))
    const to = email.shown
    await (known === null
      ? mailStranger(core, stores, {
          ...{ kind: 'registration-link', to, token, expiresAt },
          details: { until: expiresAt, ...next },
        })
      : tellKnown(core, stores, to))
  })
}

const tellKnown = (core: Core, stores: Stores, to: string): Promise<MailFate> =>
  mailStranger(core, stores, { kind: 'registration-known', to, details: {}, token: null })

export type RegisterOutcome =
  | NotOpen
  | { readonly kind: 'registered'; readonly next: PasswordAccepted }
  /** An administrator has to agree first. */
  | { readonly kind: 'waiting'; readonly account: Account }
  /** Whoever confirmed the address has an account. */
  | { readonly kind: 'known' }
  | { readonly kind: 'address-first' }
  | { readonly kind: 'refused'; readonly why: AccountProblem }
  | { readonly kind: 'bad-password'; readonly why: PasswordProblem }
  | { readonly kind: 'wait'; readonly untilSeconds: number }
  | { readonly kind: 'busy' }

interface Registering {
  readonly token: Token | null
  readonly username: string
  readonly name: string
  /** Read only where none is confirmed. */
  readonly email: string
  readonly password: string
  readonly browser: Browser
}

/** Makes the account, which spends the invitation; the sign-in goes on from there. */
export async function register(core: Core, given: Registering): Promise<RegisterOutcome> {
  const opened = await findRegistration(core, given.token)
  if (opened.kind === 'address-first') return { kind: 'address-first' }
  if (opened.kind !== 'open') return opened
  const prepared = await prepare(core, opened, given)
  if (prepared.kind !== 'prepared') return prepared
  const waits = opened.invitation === null && core.policy.registration.mode === 'approval'
  const account: Account = { ...prepared.account, disabled: waits, waiting: waits }
  const kept = await keep(core, { ...prepared, account, opened, given })
  if (kept !== null) return kept
  if (waits) return { kind: 'waiting', account }
  const settle = (): Promise<void> => Promise.resolve()
  const next = await acceptPassword(core, { account, browser: given.browser, settle })
  // The account is there; whoever changed it since then decides what follows.
  return next.kind === 'changed-meanwhile' ? expired : { kind: 'registered', next }
}

type Prepared = PreparedAccount & {
  readonly kind: 'prepared'
  /** Somebody else's address was named: they are told, and the account is made without it. */
  readonly tell: string | null
}

async function prepare(
  core: Core,
  opened: Open,
  given: Registering,
): Promise<Prepared | Exclude<RegisterOutcome, { kind: 'registered' }>> {
  const named = opened.email ?? given.email.trim()
  const why = problemOfNames(core, given.username, named)
  if (why !== null) return { kind: 'refused', why }
  const spent = await spend(core, given.browser.client)
  if (spent !== null) return spent
  const isKnown = await isAddressOfSomebody(core, named)
  if (isKnown && opened.email !== null) return { kind: 'known' }
  const groups = opened.invitation === null ? [] : opened.invitation.groups
  const { username, name } = given
  const input = { username, name, email: isKnown ? '' : named, admin: false, groups }
  const parsed = parseAccountInput(core, input)
  if (parsed.kind === 'refused') return parsed
  const hashed = await newPasswordHash(core, parsed.account, given.password)
  if (hashed.kind !== 'hashed') return hashed
  // What brought the link is a mail to that address.
  const emailVerified = opened.email !== null
  const account = { ...parsed.account, passwordHash: hashed.hash, emailVerified }
  return { ...parsed, kind: 'prepared', account, tell: isKnown ? named : null }
}

/** Names that look like addresses would tell whose addresses there are, and take them from their owners. */
function problemOfNames(core: Core, username: string, email: string): AccountProblem | null {
  if (username.includes('@')) return 'bad-username'
  return email !== '' && parseEmail(core.platform, email).kind === 'refused' ? 'bad-email' : null
}

async function isAddressOfSomebody(core: Core, text: string): Promise<boolean> {
  const email = parseEmail(core.platform, text)
  return email.kind === 'name' && (await core[storage].stores.accounts.findByLoginName(email.key)) !== null
}

/** Each try costs a hash: one sender has so many. */
async function spend(
  core: Core,
  client: Client,
): Promise<{ readonly kind: 'wait'; readonly untilSeconds: number } | null> {
  const now = core.platform.nowSeconds()
  const key = registrationKey('of', networkOf(client.address))
  const reserved = await core[storage].stores.attempts.reserve(key, core.policy.attempts.registration, now)
  if (reserved.kind === 'reserved') return null
  return { kind: 'wait', untilSeconds: reserved.kind === 'wait' ? reserved.untilSeconds : now + hour }
}

type Keeping = Omit<Prepared, 'kind'> & { readonly opened: Open; readonly given: Registering }

/** @returns why nothing was kept, or null */
async function keep(core: Core, keeping: Keeping): Promise<RegisterOutcome | null> {
  const { account, loginNames, groups, opened, given } = keeping
  const { invitation, registration } = opened
  const now = core.platform.nowSeconds()
  const actor: Actor = { client: given.browser.client, account: null }
  const tokenHash = given.token === null ? '' : hashToken(core.platform, given.token)
  const take = ({ registrations }: Stores, { emailKey }: Registration): Promise<boolean> =>
    registrations.take(emailKey, tokenHash)
  return core[storage].atomically<RegisterOutcome | null>(async (stores) => {
    if (groups.length > 0) await stores.groups.hold()
    if (invitation !== null && !(await stores.openInvitations.use(invitation.id, now)))
      return new Rollback<RegisterOutcome>(await closedNow(stores, invitation, now))
    if (registration !== null && !(await take(stores, registration)))
      return new Rollback<RegisterOutcome>({ kind: 'closed', why: 'used-up' })
    const details = invitation === null ? {} : { invitation: invitation.id }
    const wish = { account, loginNames, groups, actor, event: 'account.registered', details } as const
    if (!(await addPrepared(core, stores, wish)))
      return new Rollback<RegisterOutcome>({ kind: 'refused', why: 'name-taken' })
    if (keeping.tell !== null) await tellKnown(core, stores, keeping.tell)
    if (account.waiting) await tellAdministrators(core, stores, account)
    return null
  })
}

async function closedNow(stores: Stores, { id }: OpenInvitation, now: number): Promise<NotOpen> {
  const invitation = await stores.openInvitations.find(id)
  return { kind: 'closed', why: (invitation && whyClosed(invitation, now)) ?? 'expired' }
}
