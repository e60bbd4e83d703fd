import { html, named, type Html, type HtmlValue } from '../layout/html.js'

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

export const undo = {
  title: 'It was not me',
  forWhom: (username: string): Html => html`For the account ${named(username)}.`,
  since: 'Somebody did something with your account on',
  effects: 'If it was not you, this takes the account back to what it was before:',
  removed: 'Stops working:',
  restored: 'Works again:',
  password: 'The password from before counts again.',
  recoveryCodes: 'The recovery codes from before count again.',
  email: 'The email address is again',
  keepsFirstFactor:
    'Your account had no second step before, so the one that it has now stays. Ask the person who runs this site to reset it.',
  always: [
    'Everybody is signed out, and remembered devices are forgotten.',
    'The next sign-in asks for your second step as ever, and then for a new password.',
    'The administrators of this site are told.',
  ],
  ifItWas: 'If it was you, close this page: nothing has happened.',
  submit: 'It was not me: take it back',
  doneTitle: 'It is taken back',
  done: 'Everybody is signed out. Sign in now, as before; you are asked for a new password.',
  toSignIn: 'Sign in',
}

export const due = {
  title: 'Choose another password',
  why: 'Somebody else may know your password. Choose a new one; then you can go on.',
  password: 'New password',
  rules: (min: number): string => `At least ${String(min)} characters, and not the one that you have now.`,
  submit: 'Set it and go on',
}

export const mailTrial = {
  title: 'Do mails arrive?',
  link: 'Send a mail to see whether mails arrive',
  lead: (to: HtmlValue): Html =>
    html`One mail goes to ${to} now, and this page says at which step it failed, if it does.`,
  send: 'Send it',
  noServer: 'There is no mail server. Set these, and start the server again:',
  noAddress: 'You have no email address to send it to. Give yourself one first.',
  account: 'Your account',
  sent: (to: HtmlValue): Html =>
    html`The mail server has taken a mail for ${to}. Look for it there, and among the spam.`,
  failed: (reason: string): string => `The mail was not sent: ${reason}.`,
  /** What the two servers say to each other, in that order. */
  stages: ['connection', 'EHLO', 'STARTTLS', 'AUTH', 'MAIL FROM', 'RCPT TO', 'DATA'],
  done: 'done, or not needed',
  failedHere: 'failed',
  notReached: 'not reached',
  back: 'Health',
} as const
