import type { SigningAlgorithm } from '../../core/applications/application.js'
import type { ApplicationProblem } from '../../core/applications/registration.js'
import { html, named, type Html } from '../layout/html.js'

/** The words of the pages on which administrators look after applications. */

export const list = {
  title: 'Applications',
  lead: 'They sign people in here with OpenID Connect.',
  none: 'There is none yet.',
  add: 'Add an application',
  everybody: 'For everybody',
  groups: (groups: readonly string[]): Html => html`For ${named(groups.join(', '))}`,
  twoFactors: 'with a second factor',
}

export const addAddress = {
  title: 'Add an address to an application',
  heading: (application: string): Html => html`Send people of ${named(application)} there, too?`,
  lead: 'Whoever owns this address is told who signs in. Add it if it is the application’s own.',
  submit: 'Add this address',
  keep: 'Leave it as it is',
}

export const application = {
  title: 'An application',
  id: 'Client ID',
  issuer: 'Issuer',
  discovery: 'Discovery',
  secret: 'Client secret',
  noSecret: 'none: it runs in a browser or on a phone',
  oneSecret: 'one, since',
  twoSecrets: 'two: the newest since',
  before: 'and the one before it since',
  until: 'which works until',
  who: 'Who may use it',
  everybody: 'everybody',
  strength: 'How they sign in',
  twoFactors: 'with a second factor',
  oneFactor: 'as everywhere here',
  consent: 'Consent',
  asked: 'everybody is asked once',
  skipped: 'nobody is asked',
  redirects: 'Sends people back to',
  postLogout: 'After they signed out',
  backchannel: 'Is told of sign-outs at',
  launch: 'People open it at',
  device: 'Screens without a keyboard',
  deviceOn: 'sign in with a code',
  deviceOff: 'cannot sign in',
  signing: 'Signed with',
  added: 'Added',
  none: 'none',
  edit: 'Change details',
  rotate: 'Make a new secret',
  remove: 'Remove this application',
}

export const form = {
  addTitle: 'Add an application',
  editTitle: 'Change an application',
  addLead: 'Its documentation says which addresses it uses. You get what is pasted into it.',
  name: 'Name',
  nameHint: 'As people see it',
  id: 'Client ID',
  idHint: 'Letters, digits, dots, dashes and underscores. Leave it empty and one is made.',
  public: 'It keeps no secret: it runs in a browser or on a phone',
  redirects: 'Addresses that it sends people back to',
  redirectsHint: 'Its callback or redirect addresses, one a line. They are compared letter by letter.',
  groups: 'Only for members of these groups',
  groupsHint: 'Separated by commas. Leave it empty for everybody.',
  twoFactors: 'People have to sign in with a second factor',
  skipConsent: 'It is your own: people are not asked whether it may know them',
  device: 'Screens without a keyboard may sign people in by a code',
  launch: 'Where people open it',
  launchHint: 'It stands on their first page then. Leave it empty if not.',
  postLogout: 'Addresses for after the sign-out',
  postLogoutHint: 'Where it may send people after they signed out, one a line.',
  backchannel: 'Where it is told of sign-outs',
  backchannelHint: 'Its address for back-channel logout, if it has one.',
  signing: 'What it is told is signed with',
  signings: { RS256: 'RS256, which nearly all take', ES256: 'ES256' } satisfies Record<
    SigningAlgorithm,
    string
  >,
  addSubmit: 'Add',
  save: 'Save',
}

export const made = {
  addedTitle: 'The application is added',
  rotatedTitle: 'The new secret',
  lead: 'Put this into the application now. The secret is not shown again.',
  leadPublic: 'Put this into the application.',
  back: 'Go to the application',
}

export const rotate = {
  title: 'Make a new secret',
  heading: (name: string): Html => html`Make a new secret for ${named(name)}?`,
  effect: 'Both work until the old one ends, so that the application can be changed first. Two work at most.',
  keep: 'The old secret',
  kept: {
    0: 'ends at once',
    1: 'works for a day more',
    7: 'works for 7 more days',
    30: 'works for 30 more days',
  },
  submit: 'Make a new secret',
}

export const remove = {
  title: 'Remove an application',
  heading: (name: string): Html => html`Remove ${named(name)}?`,
  effect: 'Nobody can sign in to it with this any more. What it was given ends at once.',
  submit: 'Remove',
  nameWrong: 'Type the name as it stands above',
}

type Uri = Extract<ApplicationProblem, { what: 'uri' }>

const whyNot: Readonly<Record<Uri['why'], string>> = {
  'not-an-address': 'It must be an address, like https://app.example.org/callback.',
  fragment: 'Enter it without a part that begins with #, which no server ever sees.',
  wildcard: 'Addresses are compared letter by letter. Enter each, without a *.',
  scheme: 'Choose another one: no application is opened by that.',
  'private-scheme': 'Enter one that begins with https:// or http://.',
}

/** At its field, which keeps what was typed: where there are several lines, it says which one. */
export function problemWords(problem: ApplicationProblem): Html {
  switch (problem.what) {
    case 'name':
      return html`Enter a name of 1 to 100 characters`
    case 'id':
      return html`Enter 1 to 100 letters, digits, dots, dashes and underscores`
    case 'secret':
      return html`Enter a secret of 16 to 128 characters`
    case 'public-secret':
      return html`Choose one of the two: it keeps a secret, or none`
    case 'no-redirect':
      return html`Enter at least one address, like https://app.example.org/callback`
    case 'group':
      return html`${named(problem.text)} cannot be a group. Choose a name of 1 to 64 characters.`
    case 'uri':
      return html`${named(problem.text)} cannot be used. ${whyNot[problem.why]}`
  }
}

export const idTaken = 'There is an application with this ID already. Choose another one.'
