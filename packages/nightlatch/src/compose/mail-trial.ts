import { randomUUID } from 'node:crypto'
import type { Settings } from '../config/read.js'
import type { Core } from '../core/core.js'
import type { Services } from '../http/services.js'
import { mailSender } from './mail-sender.js'
import { mailerOf } from './post-office.js'

/** One mail past the outbox, for whoever waits to hear what becomes of it. The library is loaded with the first one. */
export function mailTrial({ platform }: Pick<Core, 'platform'>, settings: Settings): Services['tryMail'] {
  if (settings.mail === null) return null
  return async (to) => {
    const [{ tryMail }, mailer] = await Promise.all([import('../mail/try-mail.js'), mailerOf(settings)])
    const about = { to, at: platform.nowSeconds(), id: randomUUID() }
    return tryMail({ mailer, sender: mailSender(settings) }, about)
  }
}
