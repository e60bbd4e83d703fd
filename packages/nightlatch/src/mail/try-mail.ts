import type { Mail } from '../core/notify/mail.js'
import type { Mailer } from './mailer.js'
import type { Sender } from './messages.js'
import { messageFor } from './messages.js'
import { smtpFailure, smtpStage, type SmtpStage } from './smtp-errors.js'

export type MailTrial =
  | { readonly kind: 'sent' }
  /** `reason` names the step as well, where there is one. */
  | { readonly kind: 'failed'; readonly stage: SmtpStage | null; readonly reason: string }

/** So long somebody waits who wants to know. */
const longestMs = 30_000

/** Signs in to the mail server and hands over one mail, now: for whoever wants to know whether mails arrive. */
export async function tryMail(
  { mailer, sender }: { readonly mailer: Mailer; readonly sender: Sender },
  { to, at, id }: { readonly to: string; readonly at: number; readonly id: string },
): Promise<MailTrial> {
  const mail: Mail = {
    ...{ kind: 'test', to, username: '', name: '', at, details: {} },
    client: { address: '', userAgent: '' },
  }
  try {
    await mailer.verify()
    await mailer.send(messageFor(mail, id, sender), AbortSignal.timeout(longestMs))
    return { kind: 'sent' }
  } catch (error) {
    return { kind: 'failed', stage: smtpStage(error), reason: smtpFailure(error) }
  }
}
