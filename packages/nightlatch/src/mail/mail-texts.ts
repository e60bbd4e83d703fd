import type { Mail, MailKind } from '../core/notify/mail.js'
import type { NoticeKind } from '../core/notify/notices.js'
import { isoMinutes } from '../shared/time.js'
import type { Sender } from './messages.js'
import { oneLine } from './one-line.js'
import type { Part } from './parts.js'
import { noticeTexts, type NoticeText } from './texts.js'
import { weeklyReport } from './weekly-report.js'

/** A mail in words: what it is about, the facts (account, time, place) unless there are none to tell, and what follows. */
export interface MailText {
  readonly subject: string
  readonly parts: readonly Part[]
  readonly facts?: false
  readonly after: readonly Part[]
}

type Writer = (mail: Mail, sender: Sender) => MailText

const notice =
  ({ subject, what, ifNotYou }: NoticeText): Writer =>
  ({ details, undo }, { site }) => ({
    subject,
    parts: [{ text: what(details) }],
    after: [
      { text: 'If it was you, there is nothing to do.' },
      ...(undo === undefined ? [] : wayBack(site, undo)),
      { text: ifNotYou },
      { link: `${site}/account`, label: 'Your account' },
    ],
  })

const wayBack = (site: string, undo: string): readonly Part[] => [
  { link: `${site}/notice/undo?token=${undo}`, label: 'It was not me' },
  {
    text:
      'The link first says what it will do: it takes the account back to what it was before, signs everybody out, and asks for ' +
      'a new password at the next sign-in. It works once.',
  },
]

const notices = Object.fromEntries(
  Object.entries(noticeTexts).map(([kind, text]) => [kind, notice(text)]),
) as Readonly<Record<NoticeKind, Writer>>

/** Where it is all to lead: checked before it was written down, and once more when it is opened. */
const nextOf = ({ next }: Mail['details']): string =>
  next === undefined ? '' : `&next=${encodeURIComponent(next)}`

/** Every mail there is. */
export const mailTexts: Readonly<Record<MailKind, Writer>> = {
  ...notices,
  invitation: ({ username, token = '', details }, { site, issuer }) => ({
    subject: 'Choose your password',
    parts: [
      { text: `There is an account for you at ${oneLine(issuer)}. Its user name is ${oneLine(username)}.` },
      { text: 'Open this link to choose your password:' },
      { link: `${site}/invitation?token=${token}`, label: 'Choose your password' },
      {
        text: `It works once, until ${isoMinutes(Number(details['until']))} UTC. Keep it to yourself: it is as good as a password.`,
      },
    ],
    facts: false,
    after: [{ text: 'If you did not expect this mail, you need not do anything.' }],
  }),
  'open-invitation': ({ token = '', details }, { site, issuer }) => ({
    subject: 'You are invited',
    parts: [
      {
        text: `You are invited to make an account at ${oneLine(issuer)}. This link leads there, and makes one account:`,
      },
      { link: `${site}/register?token=${token}`, label: 'Make my account' },
      { text: `It works until ${isoMinutes(Number(details['until']))} UTC.` },
    ],
    facts: false,
    after: [{ text: 'If you did not expect this mail, you need not do anything.' }],
  }),
  'registration-link': ({ token = '', details }, { site }) => ({
    subject: 'Go on with your account',
    parts: [
      { text: 'Somebody, most likely you, wants to make an account with this address. This link goes on:' },
      { link: `${site}/register?token=${token}${nextOf(details)}`, label: 'Go on' },
      { text: `It works once, until ${isoMinutes(Number(details['until']))} UTC.` },
    ],
    facts: false,
    after: [{ text: 'If it was not you, you need not do anything: without the link no account is made.' }],
  }),
  'registration-known': (_mail, { site }) => ({
    subject: 'You have an account already',
    parts: [
      {
        text: 'Somebody, most likely you, wanted to make an account with this address. There is one already.',
      },
      { link: `${site}/login`, label: 'Sign in' },
    ],
    facts: false,
    after: [{ text: 'If it was not you, you need not do anything: nothing was changed.' }],
  }),
  'undone-reported': ({ username }, { site }) => ({
    subject: 'Somebody has taken a change of their account back',
    parts: [
      {
        text: `The owner of the account ${oneLine(username)}, or somebody who reads their mails, has taken a change back. Look at what happened there:`,
      },
      { link: `${site}/admin/activity`, label: 'Activity' },
    ],
    after: [],
  }),
  'password-reset-link': ({ token = '', details }, { site }) => ({
    subject: 'A new password',
    parts: [
      { text: 'Somebody asked for a new password for your account. If it was you, open this link:' },
      { link: `${site}/password/reset?token=${token}`, label: 'Choose a new password' },
      {
        text:
          `It works once, until ${isoMinutes(Number(details['until']))} UTC, and not after you have signed in. ` +
          'You need your second step for it as well.',
      },
    ],
    after: [{ text: 'If it was not you, you need not do anything: your password stays as it is.' }],
  }),
  'email-confirmation': ({ token = '', username, details }, { site, issuer }) => ({
    subject: 'Confirm your email address',
    parts: [
      {
        text: `This address is to become that of the account ${oneLine(username)} at ${oneLine(issuer)}. If it is yours, confirm it:`,
      },
      { link: `${site}/email/confirm?token=${token}`, label: 'Confirm this address' },
      { text: `The link works once, until ${isoMinutes(Number(details['until']))} UTC.` },
    ],
    facts: false,
    after: [{ text: 'If you did not ask for it, you need not do anything: nothing changes.' }],
  }),
  'weekly-report': weeklyReport,
  // Looked up and never sent as it is.
  'password-reset-asked': () => ({ subject: '', parts: [], facts: false, after: [] }),
  test: (_mail, { site }) => ({
    subject: 'A mail to see whether mails arrive',
    parts: [
      { text: 'Somebody who runs this site wanted to know whether its mails arrive. This one has.' },
      { text: `It was sent for ${site.replace(/^https?:\/\//, '')}.` },
    ],
    facts: false,
    after: [],
  }),
}
