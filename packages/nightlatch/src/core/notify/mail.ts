import type { Account } from '../accounts/account.js'
import { noClient } from '../audit/audit.js'
import type { Core } from '../core.js'
import type { AccountId, MailId } from '../ids.js'
import { newId } from '../ids.js'
import type { Client } from '../ports/platform.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import type { NoticeKind } from './notices.js'
import { fromSealable, sealable } from './sealable.js'
import type { WaitingMail } from './outbox.js'

export type MailKind =
  | NoticeKind
  /** The one-time link with which somebody chooses a password. */
  | 'invitation'
  /** The link of an invitation with which somebody makes an account. */
  | 'open-invitation'
  /** The link that confirms the address of somebody who registers. */
  | 'registration-link'
  /** Somebody wanted to register with an address that has an account. */
  | 'registration-known'
  /** What somebody typed who has forgotten a password, as `to`: it is looked up when its turn comes. No mail is it. */
  | 'password-reset-asked'
  | 'password-reset-link'
  /** To administrators: somebody has taken a change back. */
  | 'undone-reported'
  | 'email-confirmation'
  /** To administrators, once a week. */
  | 'weekly-report'
  /** Somebody asked whether mails arrive. */
  | 'test'

/** What a mail is made of, before anybody has put it into words. */
export interface Mail {
  readonly kind: MailKind
  readonly to: string
  /** Whose account it is about. */
  readonly username: string
  readonly name: string
  readonly at: number
  readonly client: Client
  /** Plain facts for the text: the authenticator's name, the codes left. */
  readonly details: Readonly<Record<string, string | number>>
  /** Of the one-time link that it carries. */
  readonly token?: string
  /** Of the link that undoes what a notice tells of. */
  readonly undo?: string
}

/** What became of a mail that was to be written down. */
export type MailFate = 'waiting' | 'no-address' | 'no-mail-server' | 'full'

interface Posting {
  readonly mail: Mail
  readonly account: AccountId | null
  /** When it is of no use to anybody any more, where that is sooner than usual. */
  readonly expiresAt?: number
  /** No more of anything may wait then; as many as usual unless told. */
  readonly most?: number
}

/** Writes a mail down within the transaction of what it tells of; a server sends it once that is kept. */
export async function post(core: Core, stores: Stores, posting: Posting): Promise<MailFate> {
  const { mail, account } = posting
  if (mail.to === '') return 'no-address'
  if (!(await sendsMail(core, stores))) return 'no-mail-server'
  const now = core.platform.nowSeconds()
  const id = newId<MailId>(core.platform.randomBytes)
  const latest = now + core.policy.mail.trySeconds
  const waiting: WaitingMail = {
    ...{ id, kind: mail.kind, account, tries: 0, createdAt: now },
    sealed: core.box.seal(sealable(mail), contextOf(id)),
    expiresAt: Math.min(latest, posting.expiresAt ?? latest),
  }
  if (!(await stores.outbox.add(waiting, posting.most ?? core.policy.mail.most))) return 'full'
  stores.afterwards.push(() => core.notices.posted?.())
  return 'waiting'
}

/** Whether anybody sends mails here: without, nothing is sent and no address is confirmed. */
export const sendsMail = async (core: Core, stores: Stores = core[storage].stores): Promise<boolean> =>
  (await core.hasMailServer?.(stores)) === true

/** Whether a mail to this address would be sent. */
export async function canMail(core: Core, to: string): Promise<true | Exclude<MailFate, 'waiting' | 'full'>> {
  if (to === '') return 'no-address'
  return (await sendsMail(core)) ? true : 'no-mail-server'
}

interface MailedLink {
  readonly account: Pick<Account, 'id' | 'email' | 'username' | 'name'>
  readonly token: Token
  readonly expiresAt: number
}

/** The one-time link of an invitation, to its owner. */
export function mailInvitation(
  core: Core,
  stores: Stores,
  { account, token, expiresAt }: MailedLink,
): Promise<MailFate> {
  const { id, email: to, username, name } = account
  const mail: Mail = {
    ...{ kind: 'invitation', to, username, name, at: core.platform.nowSeconds(), client: noClient },
    details: { until: expiresAt },
    token: token.reveal(),
  }
  return post(core, stores, { mail, account: id, expiresAt })
}

/** To an address that need not be of any account. */
export function mailStranger(
  core: Core,
  stores: Stores,
  given: Pick<Mail, 'kind' | 'to' | 'details'> & {
    readonly token: Token | null
    readonly expiresAt?: number
  },
): Promise<MailFate> {
  const { kind, to, details, token, expiresAt } = given
  const mail: Mail = {
    ...{ kind, to, details, username: '', name: '', at: core.platform.nowSeconds(), client: noClient },
    ...(token !== null && { token: token.reveal() }),
  }
  return post(core, stores, { mail, account: null, ...(expiresAt !== undefined && { expiresAt }) })
}

/** Null: it is sealed under a key that is not here, or damaged. */
export function openMail({ box }: Pick<Core, 'box'>, { id, sealed }: WaitingMail): Mail | null {
  const opened = box.open(sealed, contextOf(id))
  return opened.kind === 'opened' ? fromSealable<Mail>(opened.plain) : null
}

const contextOf = (id: MailId): string => `mail:${id}`
