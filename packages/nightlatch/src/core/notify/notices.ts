import type { Account } from '../accounts/account.js'
import type { Client, Platform } from '../ports/platform.js'

/** What the owner of an account is told, by mail where mail is set up (ASVS 5.0 6.3.5, 6.3.7). */
export type NoticeKind =
  | 'authenticator-added'
  | 'authenticator-replaced'
  | 'authenticator-removed'
  | 'passkey-added'
  | 'passkey-replaced'
  | 'passkey-removed'
  | 'passkey-cloned'
  | 'second-factor-reset'
  | 'recovery-code-used'
  | 'recovery-codes-renewed'
  | 'password-changed'
  | 'new-device'
  | 'trusted-device-copied'
  | 'trusted-device-unanswered'
  | 'many-wrong-codes'
  /** An administrator changed names, address, rights, groups or the end. */
  | 'account-changed'
  | 'account-blocked'
  | 'rescue-code-made'

export interface Notice {
  readonly kind: NoticeKind
  readonly account: Account
  readonly at: number
  readonly client: Client
  /** Plain facts for the text: the authenticator's name, the codes left. */
  readonly details: Readonly<Record<string, string | number>>
}

/** Never delays or fails what it tells about. */
export interface Notices {
  send(notice: Notice): void
}

/** Tells the owner of an account what was done to it, and from where. Now, unless told. */
export const tellOwner = (
  { notices, platform }: { readonly notices: Notices; readonly platform: Pick<Platform, 'nowSeconds'> },
  {
    details = {},
    at = platform.nowSeconds(),
    ...notice
  }: Omit<Notice, 'at' | 'details'> & Partial<Pick<Notice, 'at' | 'details'>>,
): void => {
  notices.send({ ...notice, at, details })
}
