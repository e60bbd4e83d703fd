import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import type { FactorKind, FactorRefusal, Presented } from '../factors/factor.js'
import { factors, usableFactors } from '../factors/registry.js'
import type { Mail } from '../notify/mail.js'
import { post } from '../notify/mail.js'
import type { OpenedLink } from '../notify/mail-links.js'
import { addMailLink, openMailLink } from '../notify/mail-links.js'
import { tellOwner } from '../notify/notices.js'
import type { Client } from '../ports/platform.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import type { AttemptKey } from '../rate-limits/attempts.js'
import { networkOf, passwordKey } from '../rate-limits/attempts.js'
import type { Browser } from '../sign-in/start-session.js'
import { endEverything } from '../sign-in/start-session.js'
import type { Token } from '../tokens.js'
import type { Account } from './account.js'
import { isOpen, parseLoginName } from './account.js'
import { newPasswordHash } from './new-password.js'
import type { PasswordProblem } from './password.js'
import { takeSnapshot } from './snapshot.js'

/** As the account was when the link went out: whatever was changed since ends it. */
interface ResetState {
  readonly email: string
  /** Of the password's hash. */
  readonly password: string
}

const stateOf = (core: Core, { email, passwordHash }: Account): ResetState => ({
  email,
  password: core.platform.sha256(passwordHash),
})

const addressKey = (address: string): AttemptKey => `reset:address:${networkOf(address)}` as AttemptKey
const accountKey = ({ id }: Account): AttemptKey => `reset:${id}` as AttemptKey

/** Whether anybody can ask for a new password here. */
export const offersReset = ({
  policy,
  applicationAccounts,
}: Pick<Core, 'policy' | 'applicationAccounts'>): boolean =>
  policy.offersPasswordReset && applicationAccounts === null

interface Asked {
  /** A user name or an email address, as it was typed. */
  readonly identifier: string
  readonly client: Client
}

/**
 * Somebody has forgotten a password. The name is written down and looked up later, by whoever sends mails: until there is
 * an answer the same is done for every name, whether or not it is anybody's.
 */
export async function askForReset(core: Core, { identifier, client }: Asked): Promise<void> {
  const { fromAddress, mostWaiting } = core.policy.passwordReset
  const now = core.platform.nowSeconds()
  await core[storage].atomically(async (stores) => {
    if (client.address !== '') {
      const reserved = await stores.attempts.reserve(addressKey(client.address), fromAddress, now)
      if (reserved.kind !== 'reserved') return
    }
    const to = identifier.slice(0, 254)
    const mail: Mail = {
      ...{ kind: 'password-reset-asked', to, username: '', name: '', at: now, client, details: {} },
    }
    await post(core, stores, { mail, account: null, most: mostWaiting })
  })
}

/** Later, within the transaction that takes what was written down: the link goes to the address that the account has. */
export async function sendReset(core: Core, stores: Stores, { to: identifier, client }: Mail): Promise<void> {
  const { ofAccount, linkSeconds } = core.policy.passwordReset
  const name = parseLoginName(core.platform, identifier)
  const account = name.kind === 'name' ? await stores.accounts.findByLoginName(name.key) : null
  const now = core.platform.nowSeconds()
  if (account === null || account.email === '' || !isOpen(account, now) || !offersReset(core)) return
  if ((await stores.attempts.reserve(accountKey(account), ofAccount, now)).kind !== 'reserved') return
  const { token, expiresAt } = await addMailLink(core, stores, {
    ...{ kind: 'password-reset', account: account.id, seconds: linkSeconds, about: stateOf(core, account) },
  })
  await note(core, stores, { event: 'password.reset-asked', account: account.id, client })
  const { email, username, name: shown } = account
  const mail: Mail = {
    ...{ kind: 'password-reset-link', to: email, username, name: shown, at: now, client },
    ...{ details: { until: expiresAt }, token: token.reveal() },
  }
  await post(core, stores, { mail, account: account.id, expiresAt })
}

/** The account that a link may give a new password; null when it is over. A sign-in since then ends it, too. */
export async function findReset(core: Core, token: Token | null): Promise<OpenedLink<ResetState> | null> {
  const found = offersReset(core) ? await openMailLink<ResetState>(core, 'password-reset', token) : null
  return found !== null && isUntouched(core, found, found.account) ? found : null
}

function isUntouched(core: Core, { link, about }: OpenedLink<ResetState>, account: Account): boolean {
  const now = stateOf(core, account)
  return (
    account.lastSignInAt <= link.createdAt && now.email === about.email && now.password === about.password
  )
}

export type ResetOutcome =
  | { readonly kind: 'reset' }
  | { readonly kind: 'bad-password'; readonly why: PasswordProblem }
  | FactorRefusal
  /** The account has no second factor: a mailbox alone is not enough. */
  | { readonly kind: 'no-factor' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'busy' }

interface Reset {
  readonly token: Token | null
  readonly password: string
  readonly second: { readonly kind: FactorKind; readonly given: string }
  readonly browser: Browser
}

/**
 * A new password for whoever holds the link and the account's second factor. Nobody is signed in by it, and no factor
 * goes: a way back in counts here as it does at sign-in, and is used up.
 */
export async function resetPassword(core: Core, given: Reset): Promise<ResetOutcome> {
  const found = await findReset(core, given.token)
  if (found === null) return { kind: 'gone' }
  const { account } = found
  if (!usableFactors(core, account).includes(given.second.kind)) return { kind: 'no-factor' }
  const hashed = await newPasswordHash(core, account, given.password)
  if (hashed.kind !== 'hashed') return hashed
  const { client, challenges = null } = given.browser
  const presented: Presented = {
    ...{ account: account.id, given: given.second.given, client },
    place: 'step-up',
    ceremony: { challenges, owner: found.link.id },
  }
  const factor = factors[given.second.kind]
  const ready = await factor.read(core, presented)
  if (ready.kind !== 'ready') return ready
  return core[storage].atomically<ResetOutcome>(async (stores) => {
    const held = await stores.accounts.hold(account.id)
    const isStill =
      held !== null && isOpen(held, core.platform.nowSeconds()) && isUntouched(core, found, held)
    if (!isStill || !usableFactors(core, held).includes(given.second.kind)) return { kind: 'gone' }
    const refusal = await ready.accept(stores)
    if (refusal !== null || factor.role === 'fallback')
      await factor.tell(core, stores, { account: account.id, client, refusal })
    if (refusal !== null) return refusal
    // What was right for a link that is over was not used.
    if (!(await stores.mailLinks.take(found.link.id, core.platform.nowSeconds())))
      return new Rollback<ResetOutcome>({ kind: 'gone' })
    await keepPassword(core, stores, { account: held, hash: hashed.hash, client })
    return { kind: 'reset' }
  })
}

async function keepPassword(
  core: Core,
  stores: Stores,
  { account, hash, client }: { readonly account: Account; readonly hash: string; readonly client: Client },
): Promise<void> {
  const before = await takeSnapshot(core, stores, account)
  await stores.accounts.setPasswordHash(account.id, hash)
  // The link came by mail, to the address that the account still has.
  await stores.accounts.setEmailVerified(account.id, true)
  await endEverything(stores, account.id)
  await stores.attempts.clear(passwordKey(account.id))
  await stores.invitations.removeAllOf(account.id)
  await note(core, stores, { event: 'password.reset', account: account.id, client })
  await tellOwner(core, stores, { kind: 'password-reset', account, client, before })
}
