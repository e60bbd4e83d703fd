import type { Notice, NoticeKind } from '../core/notify/notices.js'
import { oneLine } from './one-line.js'

/** What a notice says. Nothing in it becomes a link that a stranger chose. */
export interface NoticeText {
  readonly subject: string
  readonly what: (details: Notice['details']) => string
  readonly ifNotYou: string
}

const signInAndLook =
  'If it was not you, sign in at once, change your password, and look through your authenticators, devices and ' +
  'sessions. If you cannot sign in any more, ask your administrator.'
const askAdministrator = 'If you did not ask for it, tell your administrator at once.'

export const noticeTexts: Readonly<Record<NoticeKind, NoticeText>> = {
  'authenticator-added': {
    subject: 'An authenticator was added to your account',
    what: ({ name }) => `An authenticator app was added to your account${named(name)}.`,
    ifNotYou: signInAndLook,
  },
  'authenticator-replaced': {
    subject: 'An authenticator of your account was replaced',
    what: ({ name, replaced, recovered }) =>
      `${recovered === 1 ? 'After a sign-in with one of your recovery codes, an' : 'An'} authenticator app of your ` +
      `account was replaced. Codes from the old one${named(replaced)} no longer work. ` +
      `Codes come from the new one${named(name)}.`,
    ifNotYou:
      'If it was not you, sign in at once with another authenticator or a recovery code, put your own phone in the ' +
      'place of the new one, end the other sessions, make new recovery codes and change your password. If you cannot ' +
      'sign in any more, tell your administrator at once: an administrator can reset the second step.',
  },
  'authenticator-removed': {
    subject: 'An authenticator was removed from your account',
    what: ({ name }) => `An authenticator app was removed from your account${named(name)}.`,
    ifNotYou: signInAndLook,
  },
  'authenticator-resynchronised': {
    subject: 'An authenticator of your account was brought back into step',
    what: ({ name }) =>
      `An authenticator of your account${named(name)} whose codes were refused, because its clock is off or it was ` +
      'pressed too often, is accepted again. Two codes of it were given for that.',
    ifNotYou: signInAndLook,
  },
  'passkey-added': {
    subject: 'A passkey was added to your account',
    what: ({ name }) => `A passkey was added to your account${named(name)}.`,
    ifNotYou: signInAndLook,
  },
  'passkey-replaced': {
    subject: 'A second factor of your account was replaced by a passkey',
    what: ({ name, replaced, recovered }) =>
      `${recovered === 1 ? 'After a sign-in with one of your recovery codes, a' : 'A'} passkey${named(name)} has taken ` +
      `the place of what you had${named(replaced)}, which no longer lets in.`,
    ifNotYou:
      'If it was not you, sign in at once with another passkey, an authenticator app or a recovery code, remove the ' +
      'new passkey, end the other sessions, make new recovery codes and change your password. If you cannot sign in ' +
      'any more, tell your administrator at once: an administrator can reset the second step.',
  },
  'passkey-removed': {
    subject: 'A passkey was removed from your account',
    what: ({ name }) => `A passkey was removed from your account${named(name)}.`,
    ifNotYou: signInAndLook,
  },
  'passkey-cloned': {
    subject: 'There seems to be a copy of your passkey',
    what: ({ name }) =>
      `Somebody tried to sign in with a passkey of yours${named(name)} whose counter went back. Most likely there is a ` +
      'copy of it. They did not get in.',
    ifNotYou:
      'If it was not you, sign in in another way, remove this passkey and make a new one on a device that you trust.',
  },
  'second-factor-reset': {
    subject: 'Your second step was reset',
    what: () =>
      'An administrator removed every second step from your account and ended its sessions. ' +
      'Your next sign-in sets it up anew.',
    ifNotYou: askAdministrator,
  },
  'recovery-code-used': {
    subject: 'A recovery code was used',
    what: ({ left }) =>
      `Somebody signed in to your account with one of your recovery codes. ${codesLeft(left)}`,
    ifNotYou: signInAndLook,
  },
  'recovery-codes-renewed': {
    subject: 'You have new recovery codes',
    what: () => 'Your recovery codes were replaced by new ones. The old ones no longer work.',
    ifNotYou: signInAndLook,
  },
  'password-changed': {
    subject: 'Your password was changed',
    what: () => 'The password of your account was changed.',
    ifNotYou: 'If it was not you, ask your administrator at once to set a new one.',
  },
  'password-reset': {
    subject: 'Your password was set anew',
    what: () =>
      'A new password was set with a link from your mailbox, together with your second step. Everybody was signed out.',
    ifNotYou:
      'If it was not you, somebody reads your mails and has your second step: tell your administrator at once.',
  },
  'email-changed': {
    subject: 'The email address of your account was changed',
    what: () =>
      'The email address of your account was changed. Notices go to the new one, which is also a name to sign in with.',
    ifNotYou: signInAndLook,
  },
  'change-undone': {
    subject: 'A change of your account was taken back',
    what: () =>
      'Somebody said “It was not me” with a link from your mailbox. Everybody is signed out, and the next sign-in asks for a new password.',
    ifNotYou: 'If it was not you, somebody reads your mails: tell your administrator at once.',
  },
  'new-device': {
    subject: 'A new device signed in to your account',
    what: () => 'Somebody signed in to your account on a device that was not used for it before.',
    ifNotYou: signInAndLook,
  },
  'trusted-device-copied': {
    subject: 'A remembered device is remembered no more',
    what: () =>
      'An old value of the cookie of a remembered device came back, together with your right password. Most likely ' +
      'somebody has copied it. The device is remembered no more, and the sessions that remembered devices began are ended.',
    ifNotYou:
      'If your connection broke off while you signed in just now, that is why: you only have to give a code again. ' +
      'If it was not you, somebody knows your password: change it now, and look through your devices and sessions.',
  },
  'trusted-device-unanswered': {
    subject: 'A remembered device has to give a code again',
    what: () =>
      'A remembered device signed in, did not get our answer, and tried again with your right password. Perhaps the ' +
      'connection broke off. The device is remembered no more, so it is asked for a code.',
    ifNotYou: signInAndLook,
  },
  'account-changed': {
    subject: 'Your account was changed',
    what: ({ parts }) => `An administrator changed your account${named(parts)}.`,
    ifNotYou: askAdministrator,
  },
  'account-blocked': {
    subject: 'Your account was blocked',
    what: () => 'An administrator blocked your account and signed it out everywhere.',
    ifNotYou: 'If it was not you who asked for it, ask your administrator why.',
  },
  'account-opened': {
    subject: 'Your account is open again',
    what: () => 'An administrator has opened your account again: you can sign in as before.',
    ifNotYou: 'If it was not you who asked for it, ask your administrator why.',
  },
  'account-removed': {
    subject: 'Your account was removed',
    what: () => 'An administrator removed your account, with its second step and its sessions.',
    ifNotYou: 'If it was not you who asked for it, ask your administrator why.',
  },
  'signed-out': {
    subject: 'You were signed out everywhere',
    what: () =>
      'An administrator signed your account out on every device. Sign in again, with password and second step.',
    ifNotYou: 'If it was not you who asked for it, ask your administrator why.',
  },
  'password-link-made': {
    subject: 'A link for a new password was made',
    what: () =>
      'An administrator made a link with which a new password for your account is chosen, once. Your second step stays, and is asked for after it.',
    ifNotYou: askAdministrator,
  },
  'account-approved': {
    subject: 'Your account is open',
    what: () => 'The person who runs this site has let you in: you can sign in now.',
    ifNotYou: askAdministrator,
  },
  'registration-waiting': {
    subject: 'Somebody waits to be let in',
    what: ({ username }) =>
      `Somebody has made an account${named(username)} and cannot use it before an administrator lets them in. ` +
      'There may be more: the administration lists everybody who waits.',
    ifNotYou:
      'You get this because you are an administrator. If it was not you who let people register, look at NIGHTLATCH_REGISTRATION.',
  },
  'rescue-code-made': {
    subject: 'A rescue code was made for your account',
    what: () =>
      'An administrator made a code that stands in for your second step once, within the hour, together with your password.',
    ifNotYou: askAdministrator,
  },
  'many-wrong-codes': {
    subject: 'Many wrong codes for your account',
    what: ({ failures }) =>
      `Somebody gave your right password and then ${failures ?? 'many'} wrong codes in a row. ` +
      'They did not get in.',
    ifNotYou: 'If it was not you, somebody knows your password: change it now.',
  },
}

const named = (name: string | number | undefined): string =>
  name === undefined || name === '' ? '' : `: ${oneLine(String(name))}`

function codesLeft(left: string | number | undefined): string {
  if (left === 0) return 'None is left: make new ones now.'
  if (left === 1) return 'One is left: make new ones soon.'
  return left === undefined ? '' : `${left} are left.`
}
