import { isoMinutes } from '../shared/time.js'
import type { Mail } from '../core/notify/mail.js'
import { inHtml, inText, type Part } from './parts.js'
import { oneLine } from './one-line.js'
import { mailTexts } from './mail-texts.js'

export interface Message {
  /** The same at each try: whoever gets it twice can tell. */
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Of this service, as mails speak of it. */
export interface Sender {
  /** The name of this service, as the person knows it. */
  readonly issuer: string
  /** Where browsers find it, with the base path. */
  readonly site: string
  /** How to reach the person who runs it, or ''. */
  readonly contact: string
  /** "Firefox on Linux", as the pages call a device. */
  deviceName(userAgent: string): string
}

/** What somebody gets to read: plain text, and the same as HTML. */
export function messageFor(mail: Mail, id: string, sender: Sender): Message {
  const words = mailTexts[mail.kind](mail, sender)
  const parts: readonly Part[] = [
    { text: `Hello${mail.name === '' ? '' : ` ${oneLine(mail.name)}`},` },
    ...words.parts,
    ...(words.facts === false ? [] : [{ facts: factsOf(mail, sender) }]),
    ...words.after,
    ...(sender.contact === '' ? [] : [{ text: `Your administrator: ${sender.contact}` }]),
  ]
  const subject = `${sender.issuer}: ${words.subject}`
  return {
    id: `<${id}@${new URL(sender.site).hostname}>`,
    to: mail.to,
    subject,
    text: inText(parts),
    html: inHtml(subject, parts),
  }
}

function factsOf({ username, at, client }: Mail, sender: Sender): readonly (readonly [string, string])[] {
  const address = client.address.replace(/[^\da-f.:]/gi, '')
  const { userAgent } = client
  return [
    ['Account', oneLine(username)],
    ['Time', `${isoMinutes(at)} UTC`],
    ...(address === '' ? [] : [['Address', address] as const]),
    ...(userAgent === '' ? [] : [['Browser', oneLine(sender.deviceName(userAgent))] as const]),
  ]
}
