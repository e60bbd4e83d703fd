import { html, named, type Html } from '../layout/html.js'

/** The words of the pages that come with mails: a forgotten password, a new address. */

export const forgotten = {
  title: 'Forgotten password',
  link: 'I have forgotten my password',
  lead: 'We send a link for a new one to the email address of your account.',
  identifier: 'Username or email address',
  submit: 'Send the link',
  sentTitle: 'Look into your mailbox',
  sent: 'If there is an account of that name with an email address, a link is on its way there. It works for 30 minutes.',
  notThere:
    'Nothing there after a few minutes? Look among the spam. If you have no email address here, or cannot read it any more, ask the person who runs this site.',
  back: 'Back to sign-in',
}

export const reset = {
  title: 'Choose a new password',
  forWhom: (username: string): Html => html`For ${named(username)}.`,
  password: 'New password',
  rules: (min: number): string => `At least ${String(min)} characters. Several words are good.`,
  submit: 'Set the new password',
  submitPasskey: 'Set it with a passkey',
  noFactor:
    'Your account has no second step, and a mailbox alone is not enough. Ask the person who runs this site for a new password.',
}

export const email = {
  title: 'Your email address',
  section: 'Email address',
  change: 'Change the address',
  none: 'You have none yet.',
  current: (address: string): Html => html`Now: ${named(address)}`,
  effect:
    'We send a link to the new address. It counts once you have opened the link and confirmed it there; until then nothing changes. You can also sign in with it.',
  label: 'New email address',
  submit: 'Send the link',
  confirmTitle: 'Confirm your email address',
  confirm: (address: string, username: string): Html =>
    html`${named(address)} becomes the address of the account ${named(username)}: for its notices, and to sign
    in with.`,
  confirmSubmit: 'Use',
}
