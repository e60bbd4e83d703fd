import { html, named, type Html } from '../layout/html.js'
import { plural } from './words.js'

/** The words of registration and of the invitations that lead there. */

export const registration = {
  title: 'Create your account',
  lead: 'Choose a username and a password. The second step comes after it.',
  leadApproval: 'Choose a username and a password. Somebody looks at each new account before it can be used.',
  username: 'Username',
  usernameHint: 'Letters, numbers, dots, dashes and underscores; a letter or a number first',
  name: 'Your name',
  nameHint: 'You can leave this empty',
  email: 'Email address',
  emailHint: 'You can leave this empty',
  forAddress: (email: string): Html => html`For <strong>${named(email)}</strong>`,
  password: 'New password',
  submit: 'Create account',
  addressTitle: 'Create an account',
  addressLead: 'We send a link to your email address. It leads on from there.',
  addressHint: (domains: readonly string[]): string =>
    domains.length === 0 ? '' : `An address that ends with ${domains.map((one) => `@${one}`).join(' or ')}`,
  addressSubmit: 'Send the link',
  sentTitle: 'Look in your mail',
  sent: 'If the address can be used here, a mail is on its way to it. The link in it is good for a day.',
  sentAside: 'Nothing has come? Look among the unwanted mail, and check the address.',
  again: 'Use another address',
  waitingTitle: 'Your account waits',
  waiting:
    'Your account is made, and your password is right. The person who runs this site has to open it before you can come in; where mail is set up, a mail tells you.',
  toSignIn: 'Go to sign-in',
  signIn: 'I have an account already',
  badName: 'Enter a name of at most 100 characters on one line',
  badEmail: 'Enter an email address such as ada@example.org',
  otherDomain: (domains: readonly string[]): string =>
    `Only addresses that end with ${domains.map((one) => `@${one}`).join(' or ')} can be used here`,
}

export const invitations = {
  title: 'Invitations',
  lead: 'Whoever has the link makes an account of their own. A link is used up by accounts, not by opening it.',
  off: 'Nobody can use a link while NIGHTLATCH_REGISTRATION is off.',
  none: 'There is no invitation.',
  add: 'Make an invitation',
  addTitle: 'Make an invitation',
  forAnybody: 'For whoever has the link',
  used: (used: number, uses: number): string => `${used} of ${plural(uses, 'account')} made`,
  groups: 'Groups',
  uses: 'How many accounts',
  groupsHint: 'That the new accounts are in, separated by commas',
  usesHint: 'Sent to addresses below, it is one for each of them',
  ends: 'Good until',
  endsHint: 'A date, as 2027-03-01, or for how long, as 7d',
  domain: 'Only for addresses of this domain',
  domainHint: 'Such as example.org; the address is confirmed by a mail first',
  mail: 'Send it to these addresses',
  mailHint: 'Each gets a link of its own; commas go between them',
  submit: 'Make the invitation',
  more: 'Show more',
  withdraw: 'Withdraw',
  withdrawTitle: 'Withdraw an invitation',
  withdrawHeading: 'Withdraw this invitation?',
  withdrawEffect: 'Nobody can use its link any more. Accounts that it has made stay.',
  withdrawSubmit: 'Withdraw it',
  linkTitle: 'The invitation',
  linkLead: 'Give this link to whom it is for, on a way that nobody else reads. It is shown once.',
  linkSent:
    'Each address gets a link of its own by mail, which also confirms it. Should a mail not arrive, give the link below on a way that nobody else reads. It is shown once; the first of the two that is used ends the other.',
  full: 'No mail was sent to this address: too many wait for the mail server.',
  until: 'Good until',
  back: 'Back',
  by: 'by',
  state: {
    open: null,
    'used-up': 'used up',
    withdrawn: 'withdrawn',
    expired: 'expired',
  } as const,
}

export const invitationProblems = {
  'bad-group': 'A group has 1 to 64 characters on one line, without a comma',
  'too-many-groups': 'These are more groups than an account can be in',
  'bad-uses': 'Enter a number from 1 to 10000',
  'bad-end': 'Enter a date in the next year, such as 2027-03-01, or 7d',
  'bad-domain': 'Enter a domain such as example.org, or nothing',
  'bad-email': 'Enter email addresses such as ada@example.org, separated by commas, at most 100 of them',
  'no-mail': 'No mail server is set up here, so nothing can be sent or confirmed',
} as const
