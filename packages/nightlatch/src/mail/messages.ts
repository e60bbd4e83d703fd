import { isoMinutes } from '../shared/time.js'
import type { Notice } from '../core/notify/notices.js'
import { noticeTexts, oneLine } from './texts.js'

export interface Message {
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface Sender {
  /** The name of this service, as the person knows it. */
  readonly issuer: string
  /** Where the account can be looked after. */
  readonly accountUrl: string
  /** How to reach the person who runs it, or ''. */
  readonly contact: string
  /** "Firefox on Linux", as the pages call a device. */
  deviceName(userAgent: string): string
}

/** The mail for a notice, to the address stored with the account; null when it has none. */
export function messageFor(notice: Notice, sender: Sender): Message | null {
  const { account, client, details } = notice
  if (account.email === '') return null
  const text = noticeTexts[notice.kind]
  const facts = [
    `Account: ${oneLine(account.username)}`,
    `Time:    ${isoMinutes(notice.at)} UTC`,
    ...(client.address === '' ? [] : [`Address: ${client.address.replace(/[^\da-f.:]/gi, '')}`]),
    ...(client.userAgent === '' ? [] : [`Browser: ${oneLine(sender.deviceName(client.userAgent))}`]),
  ]
  return {
    to: account.email,
    subject: `${sender.issuer}: ${text.subject}`,
    text: [
      `Hello${account.name === '' ? '' : ` ${oneLine(account.name)}`},`,
      text.what(details),
      facts.join('\n'),
      'If it was you, there is nothing to do.',
      text.ifNotYou,
      `Your account: ${sender.accountUrl}`,
      ...(sender.contact === '' ? [] : [`Your administrator: ${sender.contact}`]),
    ].join('\n\n'),
  }
}
