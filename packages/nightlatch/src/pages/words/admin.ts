import type { PersonState } from '../../core/accounts/people.js'
import { html, named, type Html, type HtmlValue } from '../layout/html.js'
import { plural } from './words.js'

export const admin = {
  title: 'People',
  nav: 'Administration',
  people: 'People',
  groups: 'Groups',
  invitations: 'Invitations',
  rules: 'Rules',
  applications: 'Applications',
  findings: 'Health',
  activity: 'Activity',
  home: 'Your own account',
  found: (count: number, more: boolean): string =>
    more ? `The first ${count}` : count === 0 ? 'Nobody fits.' : plural(count, 'person', 'people'),
  more: 'Show more',
  search: 'Look for',
  searchHint: 'The beginning of a name, user name or email address',
  state: 'Who',
  group: 'In the group',
  anyGroup: 'any',
  find: 'Find',
  add: 'Invite somebody',
  addLead: 'They get a link: whoever opens it chooses a password and sets up the second step.',
  addSubmit: 'Invite',
  administrator: 'administrator',
  noSecondStep: 'No second step yet',
  secondStep: 'Second step:',
  never: 'Never signed in',
  lastSignIn: 'Last signed in',
  ends: 'Ends',
  ended: 'Ended',
  none: 'none',
}

/** As the mail that comes once a week says it. */
export const week = {
  title: 'The last seven days',
  wrongPasswords: 'Wrong passwords',
  wrongCodes: 'Wrong codes',
  resetsAsked: 'New passwords asked for by mail',
  recoveryCodesUsed: 'Recovery codes used',
  newPeople: 'New people',
  withoutSecondStep: 'People without a second step',
  unsound: 'What the server finds about itself',
  moreThan: (count: number): string => `more than ${count.toLocaleString('en')}`,
} as const

export const stateWords: Readonly<Record<PersonState | 'any', string>> = {
  any: 'everybody',
  active: 'who can sign in',
  waiting: 'who waits to be let in',
  invited: 'who has no password yet',
  disabled: 'who is blocked',
  expired: 'whose account has ended',
  admin: 'administrators',
  'no-second-factor': 'who has no second step',
}

/** What keeps somebody out, in a word. */
export const badgeWords = {
  active: null,
  invited: 'invited',
  waiting: 'waits',
  disabled: 'blocked',
  expired: 'ended',
} as const

export const person = {
  details: 'Details',
  username: 'User name',
  usernameHint: 'The old one is held back for 30 days; applications hear the new one at once.',
  name: 'Name',
  email: 'Email address',
  emailConfirmed: 'confirmed',
  emailNotConfirmed: 'not confirmed',
  emailVerified: 'The address is theirs, and applications may rely on it',
  groups: 'Groups',
  groupsHint: 'Separated by commas. A group that is not there yet is made.',
  admin: 'Administrator',
  endsOn: 'Ends on',
  endsHint: 'A date, as 2027-03-01, at its beginning (UTC). Leave it empty for an account that does not end.',
  edit: 'Change details',
  filledIn: 'The address that led here has filled in these fields. Look them over before you save.',
  save: 'Save',
  waysIn: 'Ways in',
  recoveryCodesLeft: (left: number): string => `${plural(left, 'recovery code')} left`,
  sessions: 'Signed in',
  sessionsNone: 'nowhere',
  sessionsCount: (count: number): string => `on ${plural(count, 'device')}`,
  trusted: (count: number): string => `, ${plural(count, 'remembered device')}`,
  never: 'never',
  activity: 'What happened',
  created: 'Added',
  help: 'Help this person',
  elsewhere: 'This account comes from the application, which keeps its names and groups.',
  done: {
    edit: (name: string): Html => html`The details of ${named(name)} are saved.`,
    disable: (name: string): Html => html`${named(name)} is blocked and signed out everywhere.`,
    enable: (name: string): Html => html`${named(name)} can sign in again.`,
    'end-sessions': (name: string): Html => html`${named(name)} is signed out everywhere.`,
    'give-token': (name: string): Html => html`${named(name)} has the code device now.`,
    'take-token': (name: string): Html => html`The code device of ${named(name)} is back in the drawer.`,
    'reset-mfa': (name: string): Html => html`The second step of ${named(name)} is reset.`,
    remove: (name: string): Html => html`${named(name)} is removed.`,
  },
}

export type Act =
  | 'invite'
  | 'rescue'
  | 'give-token'
  | 'take-token'
  | 'end-sessions'
  | 'reset-mfa'
  | 'disable'
  | 'enable'
  | 'approve'
  | 'remove'

interface ActWords {
  readonly link: string
  readonly heading: (name: string) => Html
  readonly effect: string
  readonly submit: string
}

export const actWords: Readonly<Record<Act, ActWords>> = {
  invite: {
    link: 'New link for a password',
    heading: (name) => html`Make a new link for ${named(name)}?`,
    effect:
      'Whoever opens the link chooses a new password, once, within three days. Earlier links stop working. The second step stays, and is asked for after the new password.',
    submit: 'Make the link',
  },
  rescue: {
    link: 'Rescue code',
    heading: (name) => html`Make a rescue code for ${named(name)}?`,
    effect:
      'It stands in for the second step once, within the hour, behind the password. Nothing is taken away. Be sure that it is really they who ask.',
    submit: 'Make the code',
  },
  'give-token': {
    link: 'Give a code device',
    heading: (name) => html`Give ${named(name)} a code device`,
    effect:
      'One from the drawer, by its serial number. They read two codes to you, one after the other: so you both know that it is the right one. Be sure that it is really they who have it.',
    submit: 'Give it',
  },
  'take-token': {
    link: 'Take a code device back',
    heading: (name) => html`Take a code device of ${named(name)} back?`,
    effect:
      'It goes back into the drawer, and its codes open nothing here any more. They are signed out everywhere.',
    submit: 'Take it back',
  },
  'end-sessions': {
    link: 'Sign out everywhere',
    heading: (name) => html`Sign out ${named(name)} everywhere?`,
    effect: 'Every device has to sign in again, with password and second step.',
    submit: 'Sign out everywhere',
  },
  'reset-mfa': {
    link: 'Reset the second step',
    heading: (name) => html`Reset the second step of ${named(name)}?`,
    effect:
      'This removes every second step, recovery code and remembered device and signs out everywhere. Whoever has the password sets up a new second step at the next sign-in: be sure that it is really they who ask.',
    submit: 'Reset it',
  },
  disable: {
    link: 'Block',
    heading: (name) => html`Block ${named(name)}?`,
    effect: 'They are signed out everywhere and cannot sign in until you open the account again.',
    submit: 'Block',
  },
  enable: {
    link: 'Open again',
    heading: (name) => html`Let ${named(name)} sign in again?`,
    effect: 'Password and second step are as they were.',
    submit: 'Open the account',
  },
  approve: {
    link: 'Let in',
    heading: (name) => html`Let ${named(name)} in?`,
    effect:
      'They can sign in from now on; where mail is set up, a mail tells them. To say no, remove the account.',
    submit: 'Let them in',
  },
  remove: {
    link: 'Remove',
    heading: (name) => html`Remove ${named(name)}?`,
    effect:
      'The account goes for good, with its second step and its sessions. What happened stays in the trail.',
    submit: 'Remove for good',
  },
}

export const acts = {
  keep: 'Leave it as it is',
  typeName: (name: string): Html => html`Type ${named(name)} to go on`,
  nameWrong: 'Type the user name as it stands above',
  lastAdministrator:
    'This is the last administrator who can sign in. Make somebody else an administrator first.',
  closed: 'The account is blocked or has ended: open it first.',
  tooMany: 'There are as many authenticators as an account can have.',
  notTheirs: 'They have no code device of that number.',
  onlySecondStep:
    'It is their only second step: reset the second step instead, and the next sign-in sets up a new one.',
  noSecondFactor: 'There is no second step: the next sign-in sets it up.',
  linkTitle: 'The new link',
  linkLead: (name: string): Html =>
    html`Give this link to ${named(name)} on a way that nobody else reads. It is shown once.`,
  codeTitle: 'The rescue code',
  codeLead: (name: string): Html =>
    html`Give this code to ${named(name)} on a way that nobody else reads. They sign in with their password,
    follow “Use a recovery code” and enter it. It is shown once.`,
  until: 'Good until',
  back: 'Back',
}

export const delivery = {
  legend: 'How do they get the link?',
  mail: (to: string | undefined): HtmlValue =>
    to === undefined ? 'By mail, if there is an address above' : html`By mail, to ${named(to)}`,
  hand: 'I hand it over myself',
  sent: (to: HtmlValue): Html =>
    html`A link is on its way to ${to} by mail. Whoever uses it has confirmed the address, too.`,
  alsoHere: (name: string): Html =>
    html`Should the mail not arrive, give ${named(name)} this link on a way that nobody else reads. It
    confirms no address, and is shown once. The first of the two that is used ends the other.`,
  full: 'No mail was sent: too many wait for the mail server.',
}

export const groupWords = {
  title: 'Groups',
  lead: 'Rules ask for a group, and applications hear which ones somebody is in. A group is made when the first person is put into it.',
  none: 'There is no group yet.',
  people: (count: number): string => plural(count, 'person', 'people'),
  rename: 'Rename',
  remove: 'Remove',
  newName: 'New name',
  renameHint: 'Rules that ask for the old name have to be changed by whoever wrote them.',
  renameTitle: 'Rename a group',
  removeTitle: 'Remove a group',
  removeHeading: (name: string): Html => html`Remove the group ${named(name)}?`,
  removeEffect: (members: number): string =>
    members === 0
      ? 'Nobody is in it.'
      : `${plural(members, 'person', 'people')} will be in it no more; rules that ask for it let them pass no more.`,
  removeSubmit: 'Remove the group',
  save: 'Save',
  bad: 'A group has 1 to 64 characters on one line, without a comma',
  taken: 'There is a group of that name already',
}

export const editProblems = {
  'bad-username':
    'Choose a user name of at most 254 letters, numbers, dots, dashes and underscores. It begins with a letter or a number and does not end with a dot.',
  'no-email': 'Enter an email address: without one there is nothing to confirm',
  'bad-email': 'Enter an email address such as ada@example.org, or nothing',
  'bad-name': 'Enter a name of at most 100 characters on one line',
  'bad-group': 'A group has 1 to 64 characters on one line, without a comma',
  'too-many-groups': 'These are more groups than an account can be in',
  'name-taken': 'This user name or email address belongs to another account',
  'bad-end': 'Enter a date such as 2027-03-01, or nothing',
} as const

export const findings = {
  title: 'Health',
  lead: 'What this server finds when it looks at itself. On the machine, more is looked at by',
  command: 'nightlatch doctor',
  fix: 'What to do:',
  states: { ok: 'in order', warn: 'look at it', fail: 'mend it' },
  checks: {
    node: 'Node.js',
    database: 'Database',
    key: 'Root key',
    clock: 'Clock',
    audit: 'Audit trail',
    accounts: 'Accounts',
    passkeys: 'Passkeys',
    outbox: 'Mails that wait',
    permissions: 'Permissions of files',
    tls: 'Certificate',
    proxy: 'Proxy',
    cookies: 'Cookies',
    mail: 'Mail server',
  } as Readonly<Record<string, string>>,
} as const

export const trail = {
  title: 'Activity',
  lead: 'Everything that happened, newest first.',
  none: 'Nothing has happened.',
  older: 'Older',
  week: 'The last seven days',
  withoutSecondStep: 'Without a second step',
  counted: (times: number, accounts: number, addresses: number): string =>
    `${plural(times, 'time')}${accounts > 0 ? `, at ${plural(accounts, 'account')}` : ''}${addresses > 0 ? `, from ${plural(addresses, 'address', 'addresses')}` : ''}`,
  who: 'Who',
  whoHint: 'A user name or email address',
  event: 'What',
  anyEvent: 'anything',
  since: 'Since',
  sinceHint: 'A date, as 2026-11-01, or how long ago, as 7d',
  address: 'From the address',
  find: 'Find',
  nobody: 'There is no account of that name',
  badSince: 'Enter a date such as 2026-11-01, or 7d',
  cutShort: 'Nothing more fits among the latest events. “Older” looks further back.',
}
