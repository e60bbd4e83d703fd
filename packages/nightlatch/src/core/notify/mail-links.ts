import type { Account } from '../accounts/account.js'
import { isOpen } from '../accounts/account.js'
import type { Core } from '../core.js'
import type { AccountId, MailLinkId } from '../ids.js'
import { newId } from '../ids.js'
import type { SecretBox } from '../keys/secret-box.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import { hashToken, newToken } from '../tokens.js'
import { fromSealable, sealable } from './sealable.js'

/** What a link of a mail does once somebody has pressed the button behind it. To open it does nothing. */
export type MailLinkKind = 'password-reset' | 'email' | 'undo'

export interface MailLink {
  readonly id: MailLinkId
  readonly kind: MailLinkKind
  readonly account: AccountId
  readonly sealed: string
  readonly createdAt: number
  readonly expiresAt: number
}

export interface MailLinkStore {
  add(link: MailLink, tokenHash: string): Promise<void>
  find(kind: MailLinkKind, tokenHash: string, now: number): Promise<MailLink | null>
  /** The write that decides who uses it: true once. */
  take(id: MailLinkId, now: number): Promise<boolean>
  removeAllOf(account: AccountId, kind: MailLinkKind): Promise<void>
  /** Those that went out at that moment or later. */
  removeSince(account: AccountId, kind: MailLinkKind, since: number): Promise<void>
  /** Up to `limit` that are not sealed under `keyId`. */
  listNotSealedUnder(keyId: string, limit: number): Promise<readonly MailLink[]>
  reseal(id: MailLinkId, sealed: { readonly from: string; readonly to: string }): Promise<boolean>
  removeExpired(now: number, limit: number): Promise<number>
}

interface NewLink<About> {
  readonly kind: MailLinkKind
  readonly account: AccountId
  readonly seconds: number
  /** What it is about, for whoever opens it. */
  readonly about: About
  /** Others of its kind stay alive. */
  readonly beside?: true
}

/** One of a kind is alive: those before it end, unless told. */
export async function addMailLink<About>(
  core: Core,
  stores: Stores,
  { kind, account, seconds, about, beside }: NewLink<About>,
): Promise<{ readonly token: Token; readonly expiresAt: number }> {
  const token = newToken(core.platform)
  const id = newId<MailLinkId>(core.platform.randomBytes)
  const createdAt = core.platform.nowSeconds()
  const expiresAt = createdAt + seconds
  const sealed = core.box.seal(sealable(about), contextOf(id))
  if (beside !== true) await stores.mailLinks.removeAllOf(account, kind)
  await stores.mailLinks.add(
    { id, kind, account, sealed, createdAt, expiresAt },
    hashToken(core.platform, token),
  )
  return { token, expiresAt }
}

export interface OpenedLink<About> {
  readonly link: MailLink
  readonly account: Account
  readonly about: About
}

/** The link behind a token, with its account; null when it is over, or nobody may use the account. */
export async function openMailLink<About>(
  core: Core,
  kind: MailLinkKind,
  token: Token | null,
): Promise<OpenedLink<About> | null> {
  if (token === null) return null
  const { mailLinks, accounts } = core[storage].stores
  const now = core.platform.nowSeconds()
  const link = await mailLinks.find(kind, hashToken(core.platform, token), now)
  const account = link && (await accounts.find(link.account))
  if (link === null || account === null || !isOpen(account, now)) return null
  const opened = core.box.open(link.sealed, contextOf(link.id))
  return opened.kind === 'opened' ? { link, account, about: fromSealable<About>(opened.plain) } : null
}

const contextOf = (id: MailLinkId): string => `mail-link:${id}`

/** Seals up to `limit` anew under the newest key. Those that no key at hand opens end by themselves. @returns how many were done */
export async function resealMailLinks(box: SecretBox, stores: Stores, limit: number): Promise<number> {
  let done = 0
  for (const { id, sealed } of await stores.mailLinks.listNotSealedUnder(box.keyId, limit)) {
    const opened = box.open(sealed, contextOf(id))
    if (opened.kind === 'refused') continue
    const to = box.seal(opened.plain, contextOf(id))
    if (await stores.mailLinks.reseal(id, { from: sealed, to })) done += 1
  }
  return done
}
