import type { Account } from '../accounts/account.js'
import type { Core } from '../core.js'
import type { Client } from '../ports/platform.js'
import type { Stores } from '../ports/stores.js'
import type { Snapshot } from '../accounts/snapshot.js'
import type { Mail, MailFate } from './mail.js'
import { addMailLink } from './mail-links.js'
import { post } from './mail.js'

/** What the owner of an account is told, by mail where mail is set up (ASVS 5.0 6.3.5, 6.3.7). */
export type NoticeKind =
  | 'authenticator-added'
  | 'authenticator-replaced'
  | 'authenticator-removed'
  | 'authenticator-resynchronised'
  | 'passkey-added'
  | 'passkey-replaced'
  | 'passkey-removed'
  | 'passkey-cloned'
  | 'second-factor-reset'
  | 'recovery-code-used'
  | 'recovery-codes-renewed'
  | 'password-changed'
  /** By a link of a mail, together with a second factor. */
  | 'password-reset'
  /** By the owner. */
  | 'email-changed'
  /** By "It was not me". */
  | 'change-undone'
  | 'new-device'
  | 'trusted-device-copied'
  | 'trusted-device-unanswered'
  | 'many-wrong-codes'
  /** An administrator changed names, address, rights, groups or the end. */
  | 'account-changed'
  | 'account-blocked'
  /** After it was blocked. */
  | 'account-opened'
  | 'account-removed'
  /** An administrator has signed out every device. */
  | 'signed-out'
  /** An administrator has made a link with which a new password is chosen, and hands it over. */
  | 'password-link-made'
  | 'rescue-code-made'
  /** An administrator has let in who had registered. */
  | 'account-approved'
  /** To administrators: somebody waits for that. */
  | 'registration-waiting'

export interface Notice {
  readonly kind: NoticeKind
  readonly account: Account
  readonly at: number
  readonly client: Client
  /** Plain facts for the text: the authenticator's name, the codes left. */
  readonly details: Readonly<Record<string, string | number>>
}

/** Hears of each notice once what it tells of is kept, and what became of its mail. Never delays or fails it. */
export interface Notices {
  send(notice: Notice, mail: MailFate): void
  /** There is a mail to be sent. */
  posted?(): void
}

type Told = Omit<Notice, 'at' | 'details'> &
  Partial<Pick<Notice, 'at' | 'details'>> & {
    /** As the account was before, where what was done can be taken back. */
    readonly before?: Snapshot | null
  }

/** What the link behind "It was not me" is about. */
export interface UndoState {
  readonly kind: NoticeKind
  readonly at: number
  /** null: there is nothing to take back, only to be shut. */
  readonly before: Snapshot | null
}

/** What administrators decide, and what was undone, the owner cannot undo. */
const withoutWayBack: ReadonlySet<NoticeKind> = new Set([
  'account-changed',
  'account-blocked',
  'account-opened',
  'account-removed',
  'signed-out',
  'change-undone',
])

interface Posting {
  readonly mail: Mail
  readonly account: Account
  readonly before: Snapshot | null
}

async function postWithWayBack(
  core: Core,
  stores: Stores,
  { mail, account, before }: Posting,
): Promise<MailFate> {
  const kind = mail.kind as NoticeKind
  const hasServer = (await core.hasMailServer?.(stores)) === true
  if (!hasServer || withoutWayBack.has(kind)) return post(core, stores, { mail, account: account.id })
  const about: UndoState = { kind, at: mail.at, before }
  const { undoSeconds, ownEmail } = core.policy
  const seconds = kind === 'email-changed' ? ownEmail.undoSeconds : undoSeconds
  const link = { kind: 'undo', account: account.id, seconds, about, beside: true } as const
  const { token } = await addMailLink(core, stores, link)
  return post(core, stores, { mail: { ...mail, undo: token.reveal() }, account: account.id })
}

/** Tells the owner of an account what was done to it, and from where, within the transaction that does it. Now, unless told. */
export async function tellOwner(
  core: Core,
  stores: Stores,
  { details = {}, at = core.platform.nowSeconds(), before = null, ...told }: Told,
): Promise<void> {
  const notice: Notice = { ...told, at, details }
  const { kind, account, client } = notice
  const { email: to, username, name } = account
  const mail: Mail = { kind, to, username, name, at, client, details }
  const fate = to === '' ? 'no-address' : await postWithWayBack(core, stores, { mail, account, before })
  stores.afterwards.push(core.notices.send.bind(core.notices, notice, fate))
}
