import type { Settings } from '../../config/read.js'
import type { InvitationLink } from '../../core/accounts/administration.js'
import { canMail } from '../../core/notify/mail.js'
import type { Nightlatch } from '../framework/deps.js'
import { Refused } from '../framework/errors.js'

export const byMailHelp = 'Send the owner a link by mail, too; the server does it.'

/** A link that is to go by mail needs an address, and a server that sends. Asked before anything is done. */
export async function mustBeMailable(
  { core }: Nightlatch,
  { username, email = '' }: { readonly username: string; readonly email?: string | undefined },
): Promise<void> {
  const can = await canMail(core, email.trim())
  if (can === 'no-address')
    throw new Refused(
      `${username} has no mail address: give one with --email, or leave --mail out`,
      'no-address',
    )
  if (can === 'no-mail-server') throw noMailServer('the server that was started last has no mail server')
}

const noMailServer = (why: string): Refused =>
  new Refused(`${why}: set NIGHTLATCH_SMTP_URL and NIGHTLATCH_MAIL_FROM`, 'no-mail-server')

/** What became of the mail that was asked for. */
export const mailedInWords = ({ mailedTo }: InvitationLink): string =>
  mailedTo === null
    ? 'Too many mails wait: none was added. Hand the link over.'
    : `A mail with a link of its own is on its way to ${mailedTo} as soon as the server runs: only that one confirms the address, and the first that is used ends the other.`

/** Where this very command is to speak to the mail server. */
export function mailServerOf({ mail }: Settings): NonNullable<Settings['mail']> {
  if (mail === null) throw noMailServer('there is no mail server in the settings of this command')
  return mail
}
