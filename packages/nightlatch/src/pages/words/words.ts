import { html, named, type Html } from '../layout/html.js'

/**
 * Every word of the pages, but for problems.ts (what went wrong) and notices.ts (what was done).
 * Plain words for people who sign in: authenticator app, 6-digit code, setup key, recovery code, second step.
 */

export const plural = (number: number, unit: string, many = `${unit}s`): string =>
  `${number} ${number === 1 ? unit : many}`

/** "6-digit", or "6- or 8-digit" where authenticators differ. */
export const digitsWords = (lengths: readonly number[]): string => `${lengths.join('- or ')}-digit`

/** "Example", or "Example or ACME" where their entries have several names. */
const entryNames = (issuers: readonly string[]): readonly Html[] =>
  issuers.map((issuer, index) => html`${index > 0 && ' or '}<strong>${named(issuer)}</strong>`)

/** "one, two and three" */
const andList = (names: readonly Html[]): readonly Html[] =>
  names.map((name, index) => {
    const before = index === 0 ? '' : index === names.length - 1 ? ' and ' : ', '
    return html`${before}<strong class="nb">${name}</strong>`
  })

export const common = {
  skip: 'Skip to the content',
  help: 'Help',
  signOut: 'Sign out',
  signedInAs: (name: string): Html => html`Signed in as ${named(name)}`,
  errorTitle: 'Error: ',
  problems: 'There is a problem',
  done: 'Done',
  important: 'Important',
  cancel: 'Cancel',
  backToAccount: 'Back to your account',
  continue: 'Continue',
  show: 'Show',
  hide: 'Hide',
  showPassword: 'Show password',
  hidePassword: 'Hide password',
  showNewPassword: 'Show new password',
  hideNewPassword: 'Hide new password',
  passwordShown: 'Your password is visible',
  passwordHidden: 'Your password is hidden',
  copied: 'Copied',
  askOperator: (site: string): string => `Ask the person who runs ${site} to reset your second step.`,
}

export const signIn = {
  title: 'Sign in',
  lead: (app: string): Html => html`Sign in to continue to <em>${named(app)}</em>`,
  username: 'Username or email address',
  password: 'Password',
  submit: 'Sign in',
  register: 'Create an account',
  cannot: 'I cannot sign in',
}

export const verify = {
  title: (lengths: readonly number[]): string => `Enter your ${digitsWords(lengths)} code`,
  heading: (lengths: readonly number[]): Html =>
    html`Enter your <span class="nb">${digitsWords(lengths)}</span> code`,
  who: (username: string): Html => html`Signing in as <strong>${named(username)}</strong>`,
  hint: (issuers: readonly string[]): Html =>
    html`Open your authenticator app and find the entry called ${entryNames(issuers)}`,
  clockHelp: "Codes can fail when your phone's clock is wrong. Set its time to automatic.",
  remember: (days: number): string => `Remember this device for ${plural(days, 'day')}`,
  rememberHint: 'Do not tick this on a shared computer',
  cannot: 'Cannot use your app?',
  startAgain: 'Start again as someone else',
}

export const passkey = {
  signIn: 'Sign in with a passkey',
  use: 'Use a passkey',
  title: 'Use your passkey',
  lead: 'Your device asks for your fingerprint, your face, a PIN, or for your security key.',
  closed: 'The passkey request was closed or took too long. Try again, or go on in another way.',
  failed: 'That passkey could not be used here. Try again, or go on in another way.',
  there: 'This device has a passkey for your account already.',
  /** In place of the button, while no script has shown it. */
  cannot:
    'This browser cannot use passkeys here. They need JavaScript, an up-to-date browser and a secure address.',
  noneHere: 'None of your passkeys was made for this address, so none can be used here.',
  otherWays: 'Cannot use your passkey?',
  withPassword: 'A passkey that does not check who holds it counts together with your password.',
}

export const newPasskey = {
  title: 'Add a passkey',
  what: 'With a passkey you sign in with your fingerprint, your face or a screen lock. There is nothing to type, and no fake site can get it out of you.',
  offer: 'Sign in without a code next time',
  instead: 'Or use a passkey',
  insteadOfApp: 'Use an authenticator app instead',
  name: 'Name (for example “My laptop”)',
  submit: 'Make a passkey',
  which: 'Which one have you lost?',
  takesItsPlace: 'Your new passkey takes its place, and it stops working.',
  replaces: (name: string): Html => html`The passkey takes the place of <strong>${named(name)}</strong>.`,
}

export const newToken = {
  title: 'Add a code device',
  lead: 'A small device with a display that shows codes. You need its serial number and two codes, one after the other.',
  offer: 'I have a code device',
  serial: 'Serial number',
  serialHint: 'Printed on the back. Spaces, dashes and capital letters do not matter.',
  submit: 'Add it',
  insteadOfApp: 'Use an authenticator app instead',
}

export const recovery = {
  title: 'Use a recovery code',
  label: 'Recovery code',
  hint: 'It looks like k7qm-4xw4-9hd2-p3tn. Capital letters, spaces and dashes do not matter.',
  submit: 'Continue',
  noneTitle: 'No recovery code?',
}

export const setup = {
  title: 'Set up your authenticator app',
  why: 'Your account needs a second step. It keeps others out, even when they know your password.',
  whyOptional: 'A second step keeps others out, even when they know your password.',
  whyAnother: 'A further one gets you in when the first is lost. The codes of both work.',
  replaces: (name: string): Html =>
    html`Do this with your new phone. ${named(name)} keeps working until the new code is confirmed.`,
  addTo: (instance: string): Html => html`Add ${named(instance)} to your app`,
  scan: 'Scan this QR code with your authenticator app.',
  open: 'Open in my authenticator app',
  qrLabel: 'QR code for your authenticator app. If you cannot scan it, use the setup key that follows.',
  key: 'Setup key',
  copyKey: 'Copy setup key',
  copyFailed: 'Could not copy. Select the key and copy it yourself.',
  cannotScan: 'I cannot scan the QR code',
  typeKey: 'Type or paste the setup key into your app. Choose “time based” if your app asks.',
  account: 'Account',
  issuer: 'Issuer',
  type: 'Type',
  typeValue: 'Time based, 6 digits, 30 seconds',
  noApp: 'I do not have an authenticator app',
  anyApp:
    'Any authenticator app works, on a phone, a tablet or a computer. Many password managers have one built in, and so have newer phones.',
  apps: 'Which apps work?',
  name: 'Name (for example “Pixel 9”)',
  nameHint: 'You can leave this empty',
  codeTitle: 'Enter the code your app shows',
  code: '6-digit code',
  submit: 'Confirm and turn on',
}

export const changePhone = {
  title: 'Change your phone',
  lead: 'Have both phones at hand if you can. Your old one keeps working until the last step.',
  steps: [
    'We show you a new QR code. Scan it with the new phone.',
    'Enter the code that the new phone shows.',
    'Codes from the old phone stop working, and this device stays signed in.',
  ],
  which: 'Which authenticator app do you want to replace?',
  replaces: (name: string): Html => html`The new phone takes the place of <strong>${named(name)}</strong>.`,
  submit: 'Set up the new phone',
  cancel: 'Keep my old phone',
}

export const recoveryCodes = {
  title: 'Save your recovery codes',
  lead: 'If you lose your phone, a recovery code is how you get back in. Each code works once. We cannot show them again.',
  where:
    'Keep them in your password manager, or print them. Do not keep them only on the phone they are for.',
  list: 'Your recovery codes',
  download: 'Download',
  print: 'Print',
  copy: 'Copy',
  ofWhat: 'codes',
  copyFailed: 'Could not copy. Select the codes and copy them yourself.',
  for: (account: string, host: string): Html => html`For ${named(account)} on ${named(host)}`,
  made: 'Made on',
  saved: 'I have saved my recovery codes',
  submit: 'Finish',
  once: 'Each code works once.',
}

export const home = {
  administer: 'Look after people',
  title: 'You are signed in',
  page: 'Home',
  on: (names: readonly Html[]): Html => html`Your second step is on: ${andList(names)}.`,
  none: 'You have no second step yet. Add one, so that a stolen password is not enough.',
  add: 'Add an authenticator app',
  codesLeft: (left: number): string => `${plural(left, 'recovery code')} left`,
  fewCodesLeft: (left: number): string =>
    left === 0
      ? 'No recovery codes left. Without your phone you could not get in.'
      : `${plural(left, 'recovery code')} left. Make new ones before you need them.`,
  renew: 'Make new recovery codes',
  applications: 'Applications',
  ends: 'Your account ends on',
  goTo: (host: string | undefined): Html =>
    html`Go to ${host === undefined ? 'the application' : named(host)}`,
  manage: 'Manage your account',
  nextTitle: 'You run this server',
  nextSteps: [
    {
      text: 'Put it in front of an application',
      command: 'npx nightlatch protect http://127.0.0.1:5000',
      first: true,
    },
    { text: 'Invite somebody', command: 'npx nightlatch user add NAME', first: false },
    { text: 'Check the installation', command: 'npx nightlatch doctor', first: false },
  ],
}

export const invitation = {
  title: 'Choose your password',
  titleFirst: 'Create the first account',
  leadFirst: 'Choose a username and a password.',
  username: 'Username',
  usernameHint: 'Letters, numbers, dots, dashes and underscores; a letter or a number first',
  email: 'Email address (optional)',
  emailHint: 'Where you are told what changes on your account',
  forWhom: (username: string): Html => html`For the account <strong>${named(username)}</strong>`,
  password: 'New password',
  passwordHint: (min: number): string =>
    `At least ${min} characters. Three or four words in a row are good, and spaces are fine.`,
  submit: 'Set password',
  submitFirst: 'Create account',
}
