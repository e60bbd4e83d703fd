import { note } from '../audit/audit.js'
import { tellOwner } from '../notify/notices.js'
import type { Account } from './account.js'
import { isOpen } from './account.js'
import type { AccountProblem } from './new-account.js'
import { parseAccountInput } from './new-account.js'
import type { Browser } from '../sign-in/start-session.js'
import { endEverything } from '../sign-in/start-session.js'
import type { Core } from '../core.js'
import type { Invitation } from './invitation.js'
import type { PasswordProblem } from './password.js'
import { newPasswordHash } from './new-password.js'
import { takeSnapshot } from './snapshot.js'
import type { PasswordAccepted } from '../sign-in/password-step.js'
import { acceptPassword } from '../sign-in/password-step.js'
import { Rollback, storage } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import { hashToken } from '../tokens.js'
import { isStillToCome } from '../ports/platform.js'

/** The invitation behind a link, with its account (null: the very first account is to be made). */
export async function findInvitation(
  core: Core,
  token: Token | null,
): Promise<{ invitation: Invitation; account: Account | null } | null> {
  if (token === null) return null
  const { invitations, accounts } = core[storage].stores
  const invitation = await invitations.find(hashToken(core.platform, token), core.platform.nowSeconds())
  if (
    invitation === null ||
    !isStillToCome(invitation.expiresAt, core.platform.nowSeconds(), core.policy.invitationSeconds)
  )
    return null
  if (invitation.account === null) return (await accounts.isEmpty()) ? { invitation, account: null } : null
  const account = await accounts.find(invitation.account)
  return account === null || !isOpen(account, core.platform.nowSeconds()) ? null : { invitation, account }
}

export type InvitationOutcome =
  | { readonly kind: 'accepted'; readonly next: PasswordAccepted }
  | { readonly kind: 'refused'; readonly why: AccountProblem }
  | { readonly kind: 'bad-password'; readonly why: PasswordProblem }
  /** Used or expired meanwhile, or somebody else made the first account. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'busy' }

interface Acceptance {
  readonly token: Token | null
  /** Read only for the very first account. */
  readonly username: string
  /** The same; '' or left out: none. */
  readonly email?: string
  readonly password: string
  readonly browser: Browser
}

/** Chooses the password (and, for the first account, the name); the sign-in goes on from there. */
export async function acceptInvitation(core: Core, given: Acceptance): Promise<InvitationOutcome> {
  const found = await findInvitation(core, given.token)
  if (found === null) return { kind: 'gone' }
  const { username, email = '' } = given
  const input =
    found.account === null ? parseAccountInput(core, { username, email: email.trim(), admin: true }) : null
  if (input?.kind === 'refused') return input
  const account = found.account ?? input?.account
  if (account === undefined) return { kind: 'gone' }
  const hashed = await newPasswordHash(core, account, given.password)
  if (hashed.kind !== 'hashed') return hashed
  const owner = { ...account, passwordHash: hashed.hash }
  const stored = await core[storage].atomically<boolean>(async (stores) => {
    const held = await stores.accounts.hold(owner.id)
    const before = held && (await takeSnapshot(core, stores, held))
    if (!(await stores.invitations.take(found.invitation.id, core.platform.nowSeconds()))) return false
    const kept =
      input === null
        ? await stores.accounts.setPasswordHash(owner.id, hashed.hash)
        : await stores.accounts.addFirst({ account: owner, loginNames: input.loginNames })
    if (!kept) return new Rollback(false)
    await stores.invitations.removeAllOf(owner.id)
    if (held !== null && held.email === found.invitation.mailedTo)
      await stores.accounts.setEmailVerified(owner.id, true)
    await endEverything(stores, owner.id)
    const event = input === null ? 'account.invitation-used' : 'account.created'
    const { client } = given.browser
    await note(core, stores, { account: owner.id, event, client })
    // A first password takes the place of none.
    if (held !== null && held.passwordHash !== '')
      await tellOwner(core, stores, { kind: 'password-changed', account: held, client, before })
    return true
  })
  if (!stored) return { kind: 'gone' }
  const next = await acceptPassword(core, {
    account: owner,
    browser: given.browser,
    settle: () => Promise.resolve(),
  })
  // The link is spent and the password is set; whoever changed the account since then decides what follows.
  return next.kind === 'changed-meanwhile' ? { kind: 'gone' } : { kind: 'accepted', next }
}
