import type { Notices } from '../core/notify/notices.js'
import type { HttpLog } from '../http/services.js'
import type { Nightlatch } from './open.js'

type Hearing = Pick<Nightlatch, 'onNotice' | 'onMail'>

/** Whoever wants to hears of notices that are to be mailed, and that there are mails; `first` hears of every notice. */
export function heardBy(first: Notices | undefined): Hearing & { readonly notices: Notices } {
  const hearers = new Set<Notices['send']>()
  const bells = new Set<() => void>()
  return {
    notices: {
      send(notice, mail) {
        first?.send(notice, mail)
        if (mail !== 'no-address') for (const hear of hearers) hear(notice, mail)
      },
      posted() {
        for (const ring of bells) ring()
      },
    },
    onNotice: (hear) => void hearers.add(hear),
    onMail: (ring) => void bells.add(ring),
  }
}

/** That a mail was due and nobody sends it is a line of the log. */
export function hearNotices({ onNotice }: Pick<Nightlatch, 'onNotice'>, log: HttpLog): void {
  onNotice(({ kind, account: { id: account } }, mail) => {
    if (mail === 'no-mail-server') log.info?.('mail.due', { kind, account })
    if (mail === 'full') log.error('mail.dropped', { kind, account, reason: 'too many wait' }, null)
  })
}
