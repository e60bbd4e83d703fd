import { html, named, type Html } from '../layout/html.js'

/** The words of the pages with which somebody lets a screen in that has no keyboard. */
export const deviceWords = {
  title: 'Connect a screen',
  lead: 'Type the code that the screen in front of you shows.',
  warning:
    'Only a screen that you have just turned to yourself. Nobody who helps you, writes to you or calls you needs you to type a code here.',
  code: 'Code',
  codeHint: 'Eight letters, with or without the hyphen',
  submit: 'Continue',
  empty: 'Type the code',
  unknown:
    'No screen waits with this code. Look whether it shows another one by now: a code works for ten minutes.',
  others: (application: string): string =>
    `${application} is for others: you are in none of the groups that may use it`,
  askTitle: 'Let this screen in?',
  askHeading: (application: string): Html => html`Let a screen sign in to ${named(application)} as you?`,
  askLead: (username: string): Html =>
    html`You are signed in as <strong>${named(username)}</strong>. Whoever holds the screen can then do there
      what you can.`,
  application: 'Application',
  address: 'The screen asks from',
  program: 'It calls itself',
  since: 'It has asked since',
  learns: 'It learns',
  check:
    'Allow it only if you see that screen now and it asked a moment ago, because you wanted it. If somebody sent you the code, do not allow it.',
  allow: 'Allow',
  deny: 'Do not allow',
  allowedTitle: 'The screen is let in',
  allowed: (application: string): Html =>
    html`The screen goes on with ${named(application)} by itself in a few seconds. You can take its access
    away on your account page.`,
  deniedTitle: 'The screen was not let in',
  denied: 'Nothing was allowed. If somebody asked you to type the code, tell the person who runs this site.',
  home: 'Go to the first page',
}
