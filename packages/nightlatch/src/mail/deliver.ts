import type { Delivery } from '../core/notify/outbox.js'
import type { Mail } from '../core/notify/mail.js'
import type { Mailer } from './mailer.js'
import { messageFor, type Sender } from './messages.js'
import { smtpFailure, smtpStage } from './smtp-errors.js'

/** Longer than any server takes that takes a mail at all. */
const longestMs = 60_000

/** Hands one mail over, and says what became of it: nothing that a mail server does is an error of ours. */
export async function deliverMail(
  { mailer, sender }: { readonly mailer: Mailer; readonly sender: Sender },
  { mail, id, signal }: { readonly mail: Mail; readonly id: string; readonly signal: AbortSignal },
): Promise<Delivery> {
  try {
    await mailer.send(messageFor(mail, id, sender), AbortSignal.any([signal, AbortSignal.timeout(longestMs)]))
    return { kind: 'sent' }
  } catch (error) {
    return { kind: signal.aborted ? 'later' : kindOf(error), reason: smtpFailure(error), error }
  }
}

/**
 * Until a recipient is named, whatever is wrong is between the two servers. From then on the server's word about this
 * mail counts: 5xx is for good (RFC 5321 §4.2.1).
 */
function kindOf(error: unknown): Exclude<Delivery['kind'], 'sent'> {
  const stage = smtpStage(error)
  if (stage === null) return 'later'
  if (stage !== 'RCPT TO' && stage !== 'DATA') return 'no-server'
  const { responseCode = 0 } = error as { responseCode?: number }
  return responseCode >= 500 ? 'refused' : 'later'
}
