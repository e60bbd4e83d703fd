import type { Account } from '../accounts/account.js'
import type { Core } from '../core.js'
import type { Client } from '../ports/platform.js'
import type { Stores } from '../ports/stores.js'
import type { MailFate } from './mail.js'
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
  | 'new-device'
  | 'trusted-device-copied'
  | 'trusted-device-unanswered'
  | 'many-wrong-codes'
  /** An administrator changed names, address, rights, groups or the end. */
  | 'account-changed'
  | 'account-blocked'
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

/** Tells the owner of an account what was done to it, and from where, within the transaction that does it. Now, unless told. */
export async function tellOwner(
  core: Core,
  stores: Stores,
  {
    details = {},
    at = core.platform.nowSeconds(),
    ...told
  }: Omit<Notice, 'at' | 'details'> & Partial<Pick<Notice, 'at' | 'details'>>,
): Promise<void> {
  const notice: Notice = { ...told, at, details }
  const { kind, account, client } = notice
  const { email: to, username, name } = account
  const mail = { kind, to, username, name, at, client, details }
  const fate = to === '' ? 'no-address' : await post(core, stores, { mail, account: account.id })
  stores.afterwards.push(core.notices.send.bind(core.notices, notice, fate))
}
