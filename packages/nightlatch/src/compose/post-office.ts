import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Settings } from '../config/read.js'
import type { MailId } from '../core/ids.js'
import { holdOutbox, isMailDue, leaveOutbox, sendWaiting } from '../core/notify/outbox.js'
import type { MailReport, Sending } from '../core/notify/outbox.js'
import type { HttpLog } from '../http/services.js'
import type { Mailer } from '../mail/mailer.js'
import { hearNotices } from './hear-notices.js'
import { mailSender } from './mail-sender.js'
import type { Nightlatch } from './open.js'

const seconds = 1000

interface Rhythm {
  /** What another process has written is found so soon; what this one writes, at once. */
  readonly everyMs: number
  /** From one look at a mail server that is away to the next. */
  readonly awayMs: number
  /** A mail that is being handed over when the server is to stop may be finished for so long. */
  readonly patienceMs: number
}

const usual: Rhythm = { everyMs: 2 * seconds, awayMs: 10 * seconds, patienceMs: 5 * seconds }

interface Office {
  readonly nightlatch: Pick<Nightlatch, 'core' | 'onNotice' | 'onMail'>
  readonly settings: Settings
  readonly log: HttpLog
}

/**
 * Sends what waits in the outbox while this server holds its lease. The start does not wait for the mail server, and
 * nothing that it does ends the server. @returns what ends it
 */
export function startPostOffice(office: Office, rhythm: Rhythm = usual): () => Promise<void> {
  const { nightlatch, settings, log } = office
  const alarm = new Alarm()
  hearNotices(nightlatch, log)
  if (settings.mail === null) return () => Promise.resolve()
  nightlatch.onMail(() => alarm.ring())
  const over = new AbortController()
  const holder = randomUUID()
  const sent = new Set<MailId>()
  const impatient = new AbortController()
  const round = async (): Promise<boolean> => {
    try {
      if (!(await isMailDue(nightlatch.core))) return true
      return await whileHolding(office, { holder, sent, impatient: impatient.signal, over: over.signal })
    } catch (error) {
      log.error('mail.outbox-unavailable', {}, error)
      return true
    }
  }
  const run = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const isServerThere = await round()
      // A ring during the round is not lost; while the mail server is away nobody rings it up.
      if (isServerThere) await alarm.wait(rhythm.everyMs, over.signal)
      else await pause(rhythm.awayMs, over.signal)
    }
  }
  const ended = run()
  return async () => {
    over.abort()
    const timer = setTimeout(() => impatient.abort(), rhythm.patienceMs)
    await ended
    clearTimeout(timer)
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<unknown> =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => undefined)

/** Wakes whoever waits, or whoever waits next. */
class Alarm {
  #rung = false
  #wake: (() => void) | null = null

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      const over = new AbortController()
      await Promise.race([woken, pause(ms, AbortSignal.any([signal, over.signal]))])
      over.abort()
      this.#wake = null
    }
    this.#rung = false
  }
}

interface Holding {
  readonly holder: string
  readonly sent: Set<MailId>
  readonly over: AbortSignal
  readonly impatient: AbortSignal
}

/**
 * The lease is renewed meanwhile. Where that does not work in time, what is being handed over is broken off before another
 * server may begin with it. @returns false when the mail server is away
 */
async function whileHolding(
  { nightlatch: { core }, settings, log }: Office,
  { holder, sent, over, impatient }: Holding,
): Promise<boolean> {
  if (!(await holdOutbox(core, holder))) return true
  const lost = new AbortController()
  const leaseMs = core.policy.mail.leaseSeconds * seconds
  let heldSince = performance.now()
  const timer = setInterval(() => {
    const askedAt = performance.now()
    if (askedAt - heldSince > leaseMs * 0.8) lost.abort()
    holdOutbox(core, holder).then(
      (isOurs) => {
        if (isOurs) heldSince = askedAt
        else lost.abort()
      },
      () => undefined,
    )
  }, leaseMs / 5)
  try {
    const deliver = await deliverer(settings, AbortSignal.any([lost.signal, impatient]))
    const signal = AbortSignal.any([over, lost.signal])
    return await sendWaiting(core, { holder, sent, deliver, signal, report: (one) => tell(log, one) })
  } finally {
    clearInterval(timer)
    await leaveOutbox(core, holder).catch(() => undefined) // it ends by itself
  }
}

/** The library is loaded with the first mail. */
async function deliverer(settings: Settings, signal: AbortSignal): Promise<Sending['deliver']> {
  const [{ deliverMail }, mailer] = await Promise.all([import('../mail/deliver.js'), mailerOf(settings)])
  const sender = mailSender(settings)
  return (mail, id) => deliverMail({ mailer, sender }, { mail, id, signal })
}

export async function mailerOf({ mail }: Settings): Promise<Mailer> {
  if (mail === null) throw new Error('there is no mail server')
  const { smtpMailer } = await import('../mail/smtp.js')
  return smtpMailer({ url: mail.smtpUrl, from: mail.from })
}

/** Nothing of the mail itself stands in the log. */
function tell(log: HttpLog, { kind, account, attempt, delivery }: MailReport): void {
  const fields = { kind, ...(account === null ? {} : { account }), attempt }
  if (delivery.kind === 'sent') return log.info?.('mail.sent', fields)
  const { reason, error } = delivery
  if (delivery.kind === 'later' || delivery.kind === 'no-server')
    return log.warn('mail.failed', { ...fields, reason })
  log.error('mail.dropped', { ...fields, reason }, error)
}
