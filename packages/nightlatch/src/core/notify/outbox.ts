import type { Core } from '../core.js'
import type { AccountId, MailId } from '../ids.js'
import { sendReset } from '../accounts/password-reset.js'
import { storage } from '../ports/stores.js'
import type { Mail, MailKind } from './mail.js'
import { openMail } from './mail.js'

/** A mail that waits. What it says is sealed under the root key until it is sent. */
export interface WaitingMail {
  readonly id: MailId
  readonly kind: MailKind
  readonly account: AccountId | null
  readonly sealed: string
  /** How often somebody has begun to send it. */
  readonly tries: number
  readonly createdAt: number
  /** From then on it is worth nothing to anybody. */
  readonly expiresAt: number
}

interface Claim {
  /** Whoever holds the lease of the outbox, and nobody else. */
  readonly holder: string
  /** Who dies with it leaves it to the next one after so long. */
  readonly nextTrySeconds: number
}

export interface OutboxStore {
  /** False when `most` wait already. */
  add(mail: WaitingMail, most: number): Promise<boolean>
  /** Those whose time has come, the longest due first. */
  listDue(now: number, limit: number): Promise<readonly WaitingMail[]>
  /** The write that decides who sends it, before it is sent. */
  claim(mail: Pick<WaitingMail, 'id' | 'tries'>, claim: Claim, now: number): Promise<boolean>
  /** It was not looked at: the try counts for nothing. */
  putBack(id: MailId, seconds: number, now: number): Promise<void>
  remove(id: MailId): Promise<boolean>
  removeExpired(now: number, limit: number): Promise<number>
  /** How many wait, and since when; 0: none. */
  summary(): Promise<{ readonly waiting: number; readonly oldestAt: number }>
}

const outboxLease = 'outbox'

/** What became of one mail. `reason` is for the operator. */
export type Delivery =
  | { readonly kind: 'sent' }
  /** The server does not take it now (greylisting, a full mailbox), or the connection ended on the way. */
  | { readonly kind: 'later'; readonly reason: string; readonly error: unknown }
  /** It never will: there is no such mailbox. */
  | { readonly kind: 'refused'; readonly reason: string; readonly error: unknown }
  /** The server cannot be reached, or does not take us: that is no mail's fault. */
  | { readonly kind: 'no-server'; readonly reason: string; readonly error: unknown }

export type MailReport = Pick<WaitingMail, 'kind' | 'account'> & {
  readonly attempt: number
  readonly delivery:
    Delivery | { readonly kind: 'expired' | 'unreadable'; readonly reason: string; readonly error: unknown }
}

export interface Sending {
  /** Holds the lease of the outbox, and makes it last while this goes on. */
  readonly holder: string
  readonly signal: { readonly aborted: boolean }
  /** Mails that were sent and could not be taken out of the outbox: the database was away. */
  readonly sent: Set<MailId>
  deliver(mail: Mail, id: MailId): Promise<Delivery>
  report(report: MailReport): void
}

/**
 * Sends what is due, a few at a time, until nothing is or the mail server is away. @returns false when it is away
 *
 * A mail is claimed before it is sent, and taken out after the server has taken it: whatever dies in between, it is sent
 * at least once, and twice only if that happens between the server's answer and our write. Both have one Message-ID.
 */
export async function sendWaiting(core: Core, sending: Sending): Promise<boolean> {
  const { outbox } = core[storage].stores
  while (!sending.signal.aborted) {
    const due = await outbox.listDue(core.platform.nowSeconds(), core.policy.mail.atOnce)
    if (due.length === 0) return true
    const done = await Promise.all(due.map((mail) => sendOne(core, sending, mail)))
    if (done.includes('no-server')) return false
    // Somebody else holds the lease now.
    if (done.every((one) => one === 'not-ours')) return true
  }
  return true
}

async function sendOne(
  core: Core,
  sending: Sending,
  mail: WaitingMail,
): Promise<'done' | 'not-ours' | 'no-server'> {
  const { outbox } = core[storage].stores
  const now = core.platform.nowSeconds()
  const nextTrySeconds = waitAfter(core, mail.tries)
  if (!(await outbox.claim(mail, { holder: sending.holder, nextTrySeconds }, now))) return 'not-ours'
  if (mail.kind === 'password-reset-asked') {
    await lookUpAndSend(core, mail)
    return 'done'
  }
  const delivery = await deliver(core, sending, mail)
  if (delivery.kind === 'no-server') await outbox.putBack(mail.id, core.policy.mail.noServerSeconds, now)
  if (delivery.kind !== 'no-server' && delivery.kind !== 'later') {
    sending.sent.add(mail.id)
    await outbox.remove(mail.id)
    sending.sent.delete(mail.id)
  }
  if (!sending.signal.aborted || delivery.kind === 'sent')
    sending.report({ kind: mail.kind, account: mail.account, attempt: mail.tries + 1, delivery })
  return delivery.kind === 'no-server' ? 'no-server' : 'done'
}

/** A name that somebody typed: from here on known names and unknown ones part. */
async function lookUpAndSend(core: Core, mail: WaitingMail): Promise<void> {
  const asked = openMail(core, mail)
  await core[storage].atomically(async (stores) => {
    if (!(await stores.outbox.remove(mail.id)) || asked === null) return
    if (mail.expiresAt > core.platform.nowSeconds()) await sendReset(core, stores, asked)
  })
}

async function deliver(
  core: Core,
  { deliver: send, sent }: Sending,
  mail: WaitingMail,
): Promise<MailReport['delivery']> {
  if (sent.has(mail.id)) return { kind: 'sent' }
  if (mail.expiresAt <= core.platform.nowSeconds())
    return { kind: 'expired', reason: 'nobody took it in time', error: null }
  const opened = openMail(core, mail)
  return opened === null
    ? { kind: 'unreadable', reason: 'it is sealed under a root key that is not here', error: null }
    : send(opened, mail.id)
}

/** From one try to the next: it doubles. */
function waitAfter({ policy }: Core, tries: number): number {
  const { firstWaitSeconds, longestWaitSeconds } = policy.mail
  return Math.min(longestWaitSeconds, firstWaitSeconds * 2 ** Math.min(tries, 30))
}

/** Whether there is anything to do: asked before the lease is. */
export const isMailDue = async (core: Core): Promise<boolean> =>
  (await core[storage].stores.outbox.listDue(core.platform.nowSeconds(), 1)).length > 0

/** @returns whether this one sends from now on, for as long as it says so often enough */
export const holdOutbox = (core: Core, holder: string): Promise<boolean> =>
  core[storage].stores.leases.take(
    { name: outboxLease, holder, seconds: core.policy.mail.leaseSeconds },
    core.platform.nowSeconds(),
  )

export const leaveOutbox = (core: Core, holder: string): Promise<void> =>
  core[storage].stores.leases.release(outboxLease, holder)
