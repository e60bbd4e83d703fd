import * as parse from './parsers.js'
import { describe } from './setting.js'

/** The mail server, and what is sent by it beside notices. */
export const mailSettings = {
  smtpUrl: describe({
    variable: 'NIGHTLATCH_SMTP_URL',
    placeholder: 'url',
    help:
      'The mail server. Without it, only that a mail was due goes to the log. ' +
      'One with a password belongs in the environment.',
    shownDefault: 'none',
    example: 'smtps://auth:password@mail.example.org',
    secret: true,
    parse: parse.smtpUrl,
  }),
  smtpUrlFile: describe({
    variable: 'NIGHTLATCH_SMTP_URL_FILE',
    placeholder: 'file',
    help: 'A file that holds the address of the mail server, instead of the variable.',
    shownDefault: 'none',
    example: '/run/secrets/nightlatch-smtp',
    parse: parse.path,
  }),
  mailFrom: describe({
    variable: 'NIGHTLATCH_MAIL_FROM',
    placeholder: 'address',
    help: 'The sender of mails; needed with a mail server.',
    shownDefault: 'none',
    example: 'Example <auth@example.org>',
    parse: parse.mailAddress,
  }),
  passwordReset: describe({
    variable: 'NIGHTLATCH_PASSWORD_RESET',
    placeholder: 'choice',
    help:
      'on: whoever has forgotten a password is sent a link, with which the second factor is asked for as well. ' +
      'off: whoever runs the site gives a new one. Without a mail server it is off.',
    shownDefault: 'on',
    example: 'off',
    parse: parse.oneOf(['on', 'off']),
  }),
  weeklyReport: describe({
    variable: 'NIGHTLATCH_WEEKLY_REPORT',
    placeholder: 'choice',
    help:
      'on: once a week administrators who have an address get a mail: what was tried and asked for, who is new, who has no ' +
      'second factor, what doctor finds. off: nobody does. Without a mail server it is off.',
    shownDefault: 'on',
    example: 'off',
    parse: parse.oneOf(['on', 'off']),
  }),
}
