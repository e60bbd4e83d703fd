import type { Mail } from '../core/notify/mail.js'
import { isoMinutes } from '../shared/time.js'
import type { MailText } from './mail-texts.js'
import type { Sender } from './messages.js'
import { oneLine } from './one-line.js'
import type { Part } from './parts.js'

/** What administrators hear once a week. */
export const weeklyReport = ({ details, at }: Mail, { site, issuer }: Sender): MailText => ({
  subject: 'The week at a glance',
  parts: [
    {
      text: `What happened at ${oneLine(issuer)} from ${isoMinutes(Number(details['since']))} to ${isoMinutes(at)} UTC:`,
    },
    {
      facts: [
        ['Wrong passwords', figure(details, 'wrongPasswords')],
        ['Wrong codes', figure(details, 'wrongCodes')],
        ['New passwords asked for by mail', figure(details, 'resetsAsked')],
        ['Recovery codes used', figure(details, 'recoveryCodesUsed')],
        ['New people', figure(details, 'newPeople')],
        ['People without a second step', figure(details, 'withoutSecondFactor')],
      ],
    },
    { link: `${site}/admin/activity`, label: 'What happened, one by one' },
    ...withoutSecondStep(details, site),
    ...findings(String(details['findings'] ?? ''), site),
  ],
  facts: false,
  after: [
    {
      text: 'This mail comes once a week, to administrators. NIGHTLATCH_WEEKLY_REPORT=off ends it for all of them.',
    },
  ],
})

const figure = (details: Mail['details'], name: string): string => String(details[name] ?? 0)

function withoutSecondStep(details: Mail['details'], site: string): readonly Part[] {
  if (Number(details['withoutSecondFactor'] ?? 0) === 0) return []
  const what =
    details['required'] === 1
      ? 'They are asked to set one up when they next sign in.'
      : 'Their password alone opens their account. Tell them before you make a second step required (NIGHTLATCH_MFA).'
  return [
    { text: `Some people have no second step. ${what}` },
    { link: `${site}/admin?state=no-second-factor`, label: 'Who they are' },
  ]
}

const findings = (found: string, site: string): readonly Part[] =>
  found === ''
    ? [{ text: 'The server finds nothing about itself that has to be mended.' }]
    : [
        { text: 'What the server finds about itself, as nightlatch doctor does:' },
        ...found.split('\n').map((text) => ({ text })),
        { link: `${site}/admin/findings`, label: 'Health' },
      ]
