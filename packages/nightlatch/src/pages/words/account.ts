import type { AuditEventName } from '../../core/audit/audit.js'
import type { Proof } from '../../core/sessions/session.js'
import { html, named, type Html } from '../layout/html.js'
import { clockError } from '../layout/time.js'
import { factorWords } from './factors.js'
import { digitsWords, plural } from './words.js'

/** From here on people are warned. */
export const fewRecoveryCodes = 3

/** The words of the account page and of the pages behind its links. */

export const account = {
  title: 'Your account',
  /** "1 authenticator app", "7 recovery codes" */
  status: (factors: readonly string[]): string => `Your account has ${list(factors)} left.`,
  addSecond: 'Add a second authenticator app, so you are not locked out if you lose your phone.',
  addFirst: 'Only a password protects your account. Add an authenticator app.',
  fewCodes: 'You have few recovery codes left. Make new ones before you need them.',
  neverUsed: 'Not used yet.',
  added: 'Added',
  issuer: (issuer: string): Html => html`In the app: ${named(issuer)}`,
  lastUsed: 'Last used',
  drift: (seconds: number): string =>
    `Its clock is about ${clockError(Math.abs(seconds))} ${seconds > 0 ? 'fast' : 'slow'}: we reckon with it.`,
  refused: 'Codes are refused',
  passkeys: 'Passkeys',
  passkeysNone: 'None. With a passkey you sign in with your fingerprint, your face or a screen lock.',
  addPasskey: 'Add a passkey',
  synced: 'Synced to your other devices',
  thisDeviceOnly: 'On one device only',
  afterPassword: 'Counts after the password only',
  elsewhere: 'Made for another address of this site: it cannot be used any more',
  forget:
    'A passkey that you remove here may still be offered by your password manager: delete it there, too.',
  authenticators: 'Authenticator apps',
  add: 'Add an authenticator app',
  addToken: 'Add a code device',
  atMost: (most: number): string => `You have ${most}, which is as many as an account can have.`,
  times: (count: number): string => `${String(count)} times`,
  fromPlaces: (count: number): string => `from ${String(count)} addresses`,
  lastFrom: 'last from',
  changePhone: 'Change phone',
  rename: 'Rename',
  remove: 'Remove',
  codes: 'Recovery codes',
  codesLeft: (left: number, total: number): string => `${left} of ${total} left`,
  codesNone: 'You have none. Without your phone you could not get in.',
  renew: 'Make new recovery codes',
  trusted: 'Trusted devices',
  trustedLead: 'These do not ask for a code when you sign in.',
  trustedNone: 'None. Every sign-in asks for a code.',
  trustedUntil: 'Until',
  trustedEnd: 'Stop trusting',
  password: 'Password',
  changePassword: 'Change password',
  sessions: 'Where you are signed in',
  thisDevice: 'This device',
  signedIn: 'Signed in',
  lastActive: 'Last active',
  endSession: 'Sign out',
  endOthers: 'Sign out everywhere else',
  active: 'active',
  moreSessions: (count: number): string => `${plural(count, 'more device')}`,
  backTo: (host: string | undefined): Html =>
    html`Back to ${host === undefined ? 'the application' : named(host)}`,
  activity: 'Recent activity',
  by: 'by',
  activityLead: 'Something you do not recognise? Change your password and sign out everywhere else.',
  activityNone: 'Nothing has happened yet.',
  older: 'Older',
  from: 'from',
  with: 'with',
}

/** "one, two and three" */
const list = (parts: readonly string[]): string => parts.join(', ').replace(/, ([^,]*)$/, ' and $1')

const proofName = (proof: Proof): string => {
  if (proof === 'password') return 'password'
  return proof === 'device' ? 'trusted device' : factorWords[proof].name
}

/** "password, recovery code and authenticator app" */
export const factorsText = (factors: readonly Proof[]): string => list(factors.map(proofName))

/** The audit trail in sentences, by the name of the event. */
export const activityWords: Readonly<Record<AuditEventName, string>> = {
  'account.created': 'Account created',
  'account.disabled': 'Account blocked by the person who runs this site',
  'account.enabled': 'Account open again',
  'account.removed': 'Account removed',
  'account.registered': 'Account made by its owner',
  'account.approved': 'Let in by the person who runs this site',
  'account.imported': 'Taken over from another system',
  'account.invited': 'Invitation link made',
  'account.invitation-used': 'Invitation link used',
  'account.second-factor-reset': 'Second step reset by the person who runs this site',
  'account.rescued': 'Rescue code made by the person who runs this site',
  'account.renamed': 'User name changed by the person who runs this site',
  'account.name-changed': 'Name changed by the person who runs this site',
  'account.email-changed': 'Email address changed by the person who runs this site',
  'account.email-vouched': 'Confirmation of the email address changed by the person who runs this site',
  'account.rights-changed': 'Rights of an administrator given or taken away',
  'account.groups-changed': 'Groups changed by the person who runs this site',
  'account.end-changed': 'End of the account changed by the person who runs this site',
  'account.sessions-ended': 'All devices signed out by the person who runs this site',
  'invitation.added': 'Invitation made',
  'invitation.withdrawn': 'Invitation withdrawn',
  'group.renamed': 'Group renamed',
  'group.removed': 'Group removed',
  'sign-in.password-accepted': 'Right password',
  'sign-in.password-refused': 'Wrong password',
  'sign-in.password-throttled': 'Password not looked at, after too many wrong ones',
  'sign-in.completed': 'Signed in',
  'code.refused': 'Wrong 6-digit code',
  'code.throttled': 'Code not looked at, after too many wrong ones',
  'code.locked': 'Codes locked, after too many wrong ones',
  'recovery-code.used': 'Recovery code used',
  'recovery-code.refused': 'Wrong recovery code',
  'recovery-code.throttled': 'Recovery code not looked at, after too many wrong ones',
  'recovery-codes.renewed': 'New recovery codes made',
  'authenticator.added': 'Authenticator app added',
  'authenticator.renamed': 'Authenticator app renamed',
  'authenticator.resynchronised': 'Authenticator app brought back into step',
  'authenticator.removed': 'Authenticator app removed',
  'authenticator.unreadable': 'Authenticator app could not be read',
  'token.imported': 'Code devices put into the drawer',
  'token.removed': 'Code device removed',
  'passkey.added': 'Passkey added',
  'passkey.renamed': 'Passkey renamed',
  'passkey.removed': 'Passkey removed',
  'passkey.refused': 'Passkey not accepted',
  'passkey.throttled': 'Passkey not looked at, after too many that were not accepted',
  'passkey.cloned': 'Passkey not accepted, because somebody seems to have copied it',
  'set-up.refused': 'Wrong code while setting up an authenticator app',
  'step-up.passed': 'Confirmed it is you',
  'step-up.refused': 'Could not confirm it is you',
  'password.changed': 'Password changed',
  'password.set-by-administrator': 'Password set by the person who runs this site',
  'password.reset-asked': 'A link for a new password was asked for',
  'account.undone': '“It was not me”: taken back with a link from the mailbox',
  'password.reset': 'New password set with a link from the mailbox',
  'session.ended': 'A device was signed out',
  'session.others-ended': 'All other devices were signed out',
  'session.signed-out': 'Signed out',
  'trusted-device.added': 'Device remembered',
  'trusted-device.ended': 'Remembered device ended',
  'trusted-device.reused': 'Remembered device ended, because somebody seems to have copied it',
  'trusted-device.unanswered': 'Remembered device ended, because the answer to its sign-in was lost',
  'application.added': 'Application added',
  'application.changed': 'Application changed',
  'application.secret-rotated': 'New secret for an application',
  'application.removed': 'Application removed',
  'application.access-given': 'Allowed an application to know you',
  'application.access-withdrawn': 'Took an application’s access away',
  'application.signed-in': 'Signed in to an application',
  'application.refused': 'Turned away at an application',
  'application.device-denied': 'A screen that asked for access was not let in',
  'application.device-code-refused': 'A code of a screen was typed that nobody waits with',
  'application.code-reused': 'An application’s access ended, because what it was given came back twice',
  'application.secret-refused': 'Wrong secret of an application',
  'application.sign-out-not-told': 'An application could not be told that you signed out',
  'signing-key.rotated': 'New keys for signing',
  'installation.restored': 'Everybody signed out after a backup was restored',
  'installation.moved': 'Moved to another database',
}

/** What changes who can get in stands out among what happens every day. */
export const weightyEvents: ReadonlySet<AuditEventName> = new Set<AuditEventName>([
  'account.second-factor-reset',
  'recovery-code.used',
  'recovery-codes.renewed',
  'authenticator.added',
  'authenticator.removed',
  'passkey.added',
  'passkey.removed',
  'passkey.cloned',
  'password.changed',
  'password.set-by-administrator',
  'password.reset',
  'account.undone',
  'trusted-device.added',
  'trusted-device.reused',
  'application.access-given',
  'application.code-reused',
])

export const rename = {
  title: 'Rename an authenticator app',
  heading: (name: string): Html => html`Rename ${named(name)}`,
  label: 'New name',
  submit: 'Save',
}

export const resynchronise = {
  title: 'Bring an authenticator back into step',
  heading: (name: string): Html => html`Codes of ${named(name)} are refused?`,
  whyClock:
    'Most often the clock of the phone is wrong: set its time to automatic, and the next code is right. Where that cannot be done, enter two codes in a row, and we reckon with its clock as it is.',
  whyCounter:
    'It was most likely pressed many times without a sign-in. Enter two codes in a row, and we go on from there.',
  first: (digits?: number): string =>
    digits === undefined
      ? 'The code that it shows now'
      : `The ${digitsWords([digits])} code that it shows now`,
  second: 'The code after that',
  secondHint: 'Wait until it shows another one, or press its button once more.',
  submit: 'Bring it back into step',
}

export const remove = {
  title: 'Remove an authenticator app',
  heading: (name: string): Html => html`Remove ${named(name)}?`,
  effect: 'Codes from it will stop working straight away. Remembered devices will be asked for a code again.',
  effectLast: 'It is your only second step. After that, your password alone opens your account.',
  submit: (name: string): Html => html`Remove ${named(name)}`,
  keep: 'Keep it',
  refused: 'This is your only second step. Add another before you remove it.',
  add: 'Add an authenticator app',
}

export const renamePasskey = { ...rename, title: 'Rename a passkey' }

export const removePasskey = {
  ...remove,
  title: 'Remove a passkey',
  effect:
    'It will stop working straight away, and remembered devices will be asked again. Delete it in your password manager, too, or it may still be offered.',
  add: 'Add another passkey',
}

export const renew = {
  title: 'Make new recovery codes',
  heading: 'Make new recovery codes?',
  effect: 'Making new codes stops the old ones working.',
  left: (left: number): string => `You have ${left} left now.`,
  submit: 'Make new codes',
  keep: 'Keep the old ones',
  empty:
    'You have used your last recovery code. Make new ones now, so that you can get in if you lose your phone.',
}

export const endSession = {
  title: 'Sign out another device',
  heading: (device: string): Html => html`Sign out ${named(device)}?`,
  effect: 'It will have to sign in again with password and code.',
  submit: 'Sign it out',
  keep: 'Leave it signed in',
}

export const endOthers = {
  title: 'Sign out everywhere else',
  heading: 'Sign out everywhere else?',
  effect: (count: number): string =>
    `${plural(count, 'other device')} will have to sign in again, and remembered devices will be asked for a code. This device stays signed in.`,
  none: 'You are signed in on this device only. There is nothing to sign out.',
  submit: 'Sign out everywhere else',
  keep: 'Leave them signed in',
}

export const endTrusted = {
  title: 'Stop trusting a device',
  heading: (device: string): Html => html`Stop trusting ${named(device)}?`,
  effect: 'The next sign-in there asks for a code.',
  submit: 'Stop trusting it',
  keep: 'Keep trusting it',
}

export const password = {
  title: 'Change your password',
  current: 'Current password',
  next: 'New password',
  rules: (min: number): string =>
    `At least ${min} characters. Three or four words in a row are good, and spaces are fine.`,
  effect: 'All other devices will be signed out.',
  submit: 'Change password',
}

const actions = {
  'add-authenticator': 'add an authenticator app',
  'change-phone': 'change your phone',
  'rename-authenticator': 'rename an authenticator app',
  'remove-authenticator': 'remove an authenticator app',
  'add-token': 'add a code device',
  'add-passkey': 'add a passkey',
  'rename-passkey': 'rename a passkey',
  'remove-passkey': 'remove a passkey',
  resynchronise: 'bring an authenticator back into step',
  'renew-recovery-codes': 'make new recovery codes',
  'change-password': 'change your password',
  'end-session': 'sign out another device',
  'end-other-sessions': 'sign out everywhere else',
  'end-trusted-device': 'stop trusting a device',
} as const

/** What a fresh proof is asked for. */
export type ConfirmAction = keyof typeof actions

export const confirm = {
  title: 'Confirm it is you',
  titleRecovery: 'Confirm it is you with a recovery code',
  lead: 'You are about to change how your account is protected.',
  leadFor: (action: ConfirmAction): string => `You are about to ${actions[action]}.`,
  howLong: (minutes: number): string => `We will not ask again for ${plural(minutes, 'minute')}.`,
  password: 'Password',
  code: (lengths: readonly number[]): string => `${digitsWords(lengths)} code`,
  codeHint: (issuers: readonly string[]): Html =>
    html`From your authenticator app, the entry called
    ${issuers.map((issuer, index) => html`${index > 0 && ' or '}${named(issuer)}`)}`,
  submit: 'Confirm',
  spends: 'This uses up the recovery code.',
}

export const signOut = {
  title: 'Sign out',
  heading: 'Sign out?',
  effect: 'You will need your password and a code to come back.',
  submit: 'Sign out',
  keep: 'Stay signed in',
}
