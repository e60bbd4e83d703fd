import { randomUUID } from 'node:crypto'
import { mailSender } from '../../compose/mail-sender.js'
import { mailAddress } from '../../config/parsers.js'
import { tryMail } from '../../mail/try-mail.js'
import type { AddCommands } from '../framework/command.js'
import { Refused, WrongUsage } from '../framework/errors.js'
import { printJson, tell } from '../framework/output.js'
import { addSettingFlags, settingsOf } from '../framework/settings-flags.js'
import { mailServerOf } from './by-mail.js'

export const addMailCommands: AddCommands = (program, deps) => {
  const mail = program.command('mail').description('Mails: whether they arrive.')
  mail.example('nightlatch mail test ada@example.org')
  const test = mail
    .command('test <address>')
    .description(
      'Signs in to the mail server and sends one mail, now and from this machine. Where it fails, it says at which step: ' +
        'connection, EHLO, STARTTLS, AUTH, MAIL FROM, RCPT TO or DATA.',
    )
    .example('nightlatch mail test ada@example.org')
    .option('--json', 'Print JSON.')
  addSettingFlags(test, ['origin', 'basePath', 'issuer', 'contact', 'smtpUrlFile', 'mailFrom', 'smtpUrl'])
  test.action(async (address: string, options: Readonly<Record<string, unknown>>) => {
    const settings = settingsOf(deps, options)
    mailServerOf(settings)
    const to = address.trim()
    if (to.includes('<') || mailAddress(to).kind === 'refused')
      throw new WrongUsage(`${JSON.stringify(address)} is no mail address.`)
    const mailer = await deps.mailer(settings)
    const trial = await tryMail(
      { mailer, sender: mailSender(settings) },
      { to, at: Math.floor(deps.now()), id: randomUUID() },
    )
    if (trial.kind === 'failed') throw new Refused(`the mail was not sent: ${trial.reason}`, 'mail-failed')
    if (options['json'] === true) printJson(deps, { mail: { to, sent: true } })
    else tell(deps, `The mail server has taken a mail for ${to}. Look for it there, and among the spam.`)
  })
}
