import type { Difference } from '../../core/applications/redirects.js'
import { html, named, type Html } from '../layout/html.js'

/** The words of the pages between a person and an application that signs people in here. */

export const consent = {
  title: 'May this application know you?',
  heading: (application: string): Html => html`May ${named(application)} know you?`,
  lead: (application: string, username: string): Html =>
    html`You are signed in as <strong>${named(username)}</strong>. ${named(application)} asks for:`,
  scopes: {
    openid: 'That it is you, each time',
    profile: 'Your name and user name',
    email: 'Your email address',
    groups: 'The groups that you are in',
    offline_access: 'To go on knowing you while you are not there',
  },
  once: 'You are asked once. You can take it back on your account page.',
  allow: 'Allow',
  deny: 'Do not allow',
}

export const handOver = {
  title: 'Back to the application',
  lead: 'You are signed in. This page leads you back by itself where scripts run.',
  submit: 'Continue',
}

export const notForYou = {
  title: 'This application is for others',
  heading: (application: string): Html => html`${named(application)} is for others`,
  text: (application: string, username: string): Html =>
    html`You are signed in as <strong>${named(username)}</strong>, who is in none of the groups that may use
      ${named(application)}.`,
  ask: 'If you think you should be, ask the person who runs this site.',
  back: (application: string): Html => html`Back to ${named(application)}`,
  other: 'Sign in as somebody else',
}

export const refusal = {
  unknown: {
    title: 'This application is not known here',
    text: 'It sent you here under a name that nobody has registered. Tell the person who runs this site.',
  },
  address: {
    title: 'The application’s address is not registered',
    text: 'We do not send you on to an address that nobody has registered: it could be somebody else’s. Tell the person who runs this site.',
  },
  hint: {
    title: 'The application could not show who you are',
    text: 'It asked us to sign you out with something that is not from us. Nothing was done.',
  },
  request: {
    title: 'The application asked for something that we could not read',
    text: 'Go back to it and try again. If it happens again, tell the person who runs this site.',
  },
  application: 'Application',
  calledItself: 'What it calls itself',
  asked: 'The address that it asked for',
  nearest: 'The registered address that is most like it',
  none: 'None is registered.',
  difference: 'The first difference',
  add: 'Add this address',
  home: 'Go to the first page',
  signOut: 'Sign out',
  detail: 'What was wrong:',
}

export const differences: Readonly<Record<Difference, string>> = {
  scheme: 'http and https',
  host: 'the host',
  port: 'the port',
  slash: 'a slash at the end',
  path: 'the path',
  query: 'what follows the question mark',
  letters: 'capital letters, or another way to write the same',
}

export const signOutOf = {
  title: 'Sign out here, too?',
  effect: (application: string): Html =>
    html`${named(application)} sent you here to sign out. You will have to sign in again on this device.`,
}

export const access = {
  title: 'Applications',
  lead: 'These applications know who you are, because you signed in to them here.',
  since: 'Since',
  withdraw: 'Take access away',
  withdrawTitle: 'Take access away from an application',
  withdrawHeading: (application: string): Html => html`Take access away from ${named(application)}?`,
  withdrawEffect:
    'It can ask nothing more about you. If you sign in to it again, you are asked again. What it knows already, it keeps.',
  keep: 'Leave it as it is',
}
