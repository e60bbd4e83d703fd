import { setTimeout as wait } from 'node:timers/promises'
import type { Notice, Notices } from '../core/notify/notices.js'
import type { Log } from '../log/log.js'
import type { Mailer } from './mailer.js'
import { smtpProblem } from './smtp-errors.js'
import { messageFor, type Message, type Sender } from './messages.js'

export interface MailNoticesOptions {
  /** null: there is no mail server, and only that a mail was due goes to the log. */
  readonly mailer: Mailer | null
  readonly sender: Sender
  readonly log: Log
  readonly retryAfterSeconds?: readonly number[]
}

export interface ClosableNotices extends Notices {
  /** Waits a moment for the mails that are under way, then gives the rest up. */
  close(patienceMs?: number): Promise<void>
}

const longestQueue = 1000

interface Due {
  readonly message: Message
  readonly notice: Notice
}

/**
 * Tells people by mail, one after the other, from memory: a sign-in never waits for a mail server and never
 * fails with one. A mail that the server does not take is tried a few times more.
 */
export function mailNotices(options: MailNoticesOptions): ClosableNotices {
  const { mailer, sender, log } = options
  const queue: Due[] = []
  const ending = new AbortController()
  let working: Promise<void> | null = null

  const workOff = async (post: Mailer): Promise<void> => {
    for (let due = queue.shift(); due !== undefined && !ending.signal.aborted; due = queue.shift())
      await deliver(post, due, { ...options, signal: ending.signal })
    working = null
  }
  return {
    send(notice) {
      const message = messageFor(notice, sender)
      const fields = { kind: notice.kind, account: notice.account.id }
      if (message === null) return
      if (mailer === null) return log.event('info', 'mail.due', fields)
      if (queue.length >= longestQueue) return log.event('error', 'mail.dropped', fields)
      queue.push({ message, notice })
      working ??= workOff(mailer)
    },
    async close(patienceMs = 2000) {
      await Promise.race([working, wait(patienceMs, undefined, { ref: false })])
      ending.abort()
      mailer?.close()
      if (queue.length > 0) log.event('error', 'mail.dropped', { count: queue.length })
    },
  }
}

type Delivery = MailNoticesOptions & { readonly signal: AbortSignal }

async function deliver(mailer: Mailer, { message, notice }: Due, options: Delivery): Promise<void> {
  const waits = options.retryAfterSeconds ?? [5, 60, 300]
  const fields = { kind: notice.kind, account: notice.account.id }
  for (const [index, seconds] of [0, ...waits].entries()) {
    if (!(await waitUnlessEnding(seconds * 1000, options.signal))) return
    try {
      await mailer.send(message)
      return options.log.event('info', 'mail.sent', { ...fields, attempt: index + 1 })
    } catch (error) {
      const last = index === waits.length
      options.log.event(last ? 'error' : 'warn', 'mail.failed', {
        ...{ ...fields, attempt: index + 1 },
        ...{ error, reason: smtpProblem(error) },
      })
      if (last || isPermanent(error)) return
    }
  }
}

async function waitUnlessEnding(ms: number, signal: AbortSignal): Promise<boolean> {
  if (ms > 0) await wait(ms, undefined, { signal, ref: false }).catch(() => undefined)
  return !signal.aborted
}

/** The server said no for good (RFC 5321 §4.2.1), as to an address that does not exist. */
const isPermanent = (error: unknown): boolean =>
  error instanceof Error &&
  'responseCode' in error &&
  typeof error.responseCode === 'number' &&
  error.responseCode >= 500
