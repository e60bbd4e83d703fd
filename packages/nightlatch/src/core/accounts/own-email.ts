import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import type { Mail } from '../notify/mail.js'
import { canMail, post } from '../notify/mail.js'
import type { OpenedLink } from '../notify/mail-links.js'
import { addMailLink, openMailLink } from '../notify/mail-links.js'
import { tellOwner } from '../notify/notices.js'
import type { Client } from '../ports/platform.js'
import { Rollback, storage } from '../ports/stores.js'
import type { AttemptKey } from '../rate-limits/attempts.js'
import { mayStillAct } from '../sessions/session-lifetime.js'
import { isFresh } from '../sessions/session.js'
import type { Token } from '../tokens.js'
import type { Account } from './account.js'
import { parseEmail } from './account.js'
import type { Change } from './changes.js'
import { setEmail } from './set-email.js'
import { takeSnapshot } from './snapshot.js'

interface NewAddress {
  /** As typed. */
  readonly email: string
  /** The address until now: another change since ends the link. */
  readonly before: string
}

type AskOutcome =
  /** A mail is on its way there, whether or not the address is somebody else's. */
  | { readonly kind: 'asked'; readonly email: string }
  | { readonly kind: 'bad-email' | 'same-email' | 'not-fresh' | 'kept-elsewhere' | 'no-mail-server' }
  | { readonly kind: 'wait'; readonly untilSeconds: number }

const emailKey = ({ id }: Account): AttemptKey => `email:${id}` as AttemptKey

/** Whether people may change their own address: somebody must be able to write to the new one. */
export const offersOwnEmail = async (core: Core): Promise<boolean> =>
  core.applicationAccounts === null && (await canMail(core, 'somebody')) === true

/** Somebody wants another address: a link goes there, and only whoever can read it there makes it count. */
export async function askForEmail(
  core: Core,
  change: Change & { readonly email: string },
): Promise<AskOutcome> {
  const { account, session } = change.signedIn
  if (core.applicationAccounts !== null) return { kind: 'kept-elsewhere' }
  if (!isFresh(core.policy, session, core.platform.nowSeconds())) return { kind: 'not-fresh' }
  const email = parseEmail(core.platform, change.email)
  if (email.kind === 'refused') return { kind: 'bad-email' }
  if (email.shown === account.email) return { kind: 'same-email' }
  const now = core.platform.nowSeconds()
  return core[storage].atomically<AskOutcome>(async (stores) => {
    const held = await mayStillAct(core, stores, change.signedIn)
    if (held === null) return { kind: 'not-fresh' }
    const reserved = await stores.attempts.reserve(emailKey(held), core.policy.ownEmail.asked, now)
    if (reserved.kind === 'wait') return reserved
    const { token, expiresAt } = await addMailLink<NewAddress>(core, stores, {
      ...{ kind: 'email', account: held.id, seconds: core.policy.ownEmail.linkSeconds },
      about: { email: email.shown, before: held.email },
    })
    const { username, name } = held
    const { client } = change.browser
    const mail: Mail = {
      ...{ kind: 'email-confirmation', to: email.shown, username, name, at: now, client },
      ...{ details: { until: expiresAt }, token: token.reveal() },
    }
    const fate = await post(core, stores, { mail, account: held.id, expiresAt })
    if (fate !== 'waiting') return new Rollback<AskOutcome>({ kind: 'no-mail-server' })
    return { kind: 'asked', email: email.shown }
  })
}

export async function findNewEmail(core: Core, token: Token | null): Promise<OpenedLink<NewAddress> | null> {
  const found = await openMailLink<NewAddress>(core, 'email', token)
  return found !== null && found.account.email === found.about.before ? found : null
}

type ConfirmOutcome = { readonly kind: 'confirmed'; readonly email: string } | { readonly kind: 'gone' }

/** From now on it counts, also as a name to sign in with. One that is somebody else's meanwhile is refused as any old link is. */
export async function confirmEmail(
  core: Core,
  { token, client }: { readonly token: Token | null; readonly client: Client },
): Promise<ConfirmOutcome> {
  const found = await findNewEmail(core, token)
  if (found === null) return { kind: 'gone' }
  const { link, about } = found
  return core[storage].atomically<ConfirmOutcome>(async (stores) => {
    const held = await stores.accounts.hold(link.account)
    if (held === null || held.email !== about.before) return { kind: 'gone' }
    if (!(await stores.mailLinks.take(link.id, core.platform.nowSeconds()))) return { kind: 'gone' }
    const before = await takeSnapshot(core, stores, held)
    if (!(await setEmail(core, stores, { account: held, email: about.email, verified: true })))
      return new Rollback<ConfirmOutcome>({ kind: 'gone' })
    const after = { ...held, email: about.email }
    const details = { from: held.email, to: about.email }
    await note(core, stores, { event: 'account.email-changed', account: held.id, client, details })
    await tellOwner(core, stores, { kind: 'email-changed', account: after, client })
    // Only who had the address before can take it back.
    if (held.email !== '')
      await tellOwner(core, stores, { kind: 'email-changed', account: held, client, before })
    return { kind: 'confirmed', email: about.email }
  })
}
