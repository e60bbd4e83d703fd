import { html, named, type HtmlValue } from './html.js'
import { person } from '../words/admin.js'
import { plural } from '../words/words.js'

/** What a page says once, after a redirect. */
export type Notice =
  | { readonly key: PlainNoticeKey }
  | { readonly key: 'signed-out'; readonly otherSessions?: number | undefined }
  | { readonly key: 'recovery-code-used'; readonly left: number }
  | {
      readonly key: 'authenticator-renamed' | 'authenticator-removed' | 'passkey-removed'
      readonly name: string
    }
  | { readonly key: 'sessions-ended'; readonly count: number }
  | { readonly key: PersonNoticeKey; readonly name: string }
  | {
      readonly key:
        | 'group-renamed'
        | 'group-removed'
        | 'application-address-added'
        | 'application-changed'
        | 'application-removed'
        | 'application-withdrawn'
      readonly name: string
    }
  | { readonly key: 'email-asked' | 'email-changed'; readonly name: string }
  | { readonly key: 'other'; readonly text: string; readonly important?: boolean | undefined }

/** What an administrator has done to somebody. */
type PersonNoticeKey = `person-${keyof typeof person.done}`

type PlainNoticeKey =
  | 'sign-in-expired'
  | 'way-back-lost'
  | 'authenticator-added'
  | 'phone-changed'
  | 'passkey-added'
  | 'resynchronised'
  | 'token-added'
  | 'recovery-codes-renewed'
  | 'session-ended-other'
  | 'trusted-device-ended'
  | 'password-changed'
  | 'password-set'
  | 'no-account-yet'
  | 'invitation-withdrawn'

export type NoticeKey = Notice['key']

type Words = { readonly [Key in NoticeKey]: string | ((notice: Extract<Notice, { key: Key }>) => HtmlValue) }

export const noticeWords: Words = {
  'signed-out': ({ otherSessions }) =>
    otherSessions
      ? `You are signed out. You are still signed in on ${plural(otherSessions, 'other device')}.`
      : 'You are signed out.',
  'sign-in-expired':
    'This sign-in is over: it took longer than 15 minutes, or it was finished in another window. Start again.',
  'way-back-lost':
    'The address that you came from is too long to be kept. Open it again when you are signed in.',
  'authenticator-added': 'Authenticator app added. You will be asked for a code next time you sign in.',
  'token-added': 'Code device added. You will be asked for a code next time you sign in.',
  resynchronised: 'It is back in step. The two codes are used up: wait for the next one.',
  'passkey-added': 'Passkey added. You can sign in with it from now on.',
  'passkey-removed': ({ name }) =>
    html`${named(name)} is removed. Delete it in your password manager, too, or it may still be offered.`,
  'phone-changed': 'Your new phone is set up. Codes from the old one have stopped working.',
  'authenticator-renamed': ({ name }) => html`The new name is ${named(name)}.`,
  'authenticator-removed': ({ name }) => html`${named(name)} is removed. Codes from it have stopped working.`,
  'recovery-codes-renewed': 'You have new recovery codes. The old ones have stopped working.',
  'recovery-code-used': ({ left }) =>
    `You signed in with a recovery code. You have ${left} left. If you have lost your phone, set up a new one: it takes the place of the lost one.`,
  'session-ended-other': 'That device is signed out.',
  'sessions-ended': ({ count }) =>
    count === 0 ? 'You were signed in nowhere else.' : `${plural(count, 'other device')} signed out.`,
  'person-edit': ({ name }) => person.done.edit(name),
  'person-disable': ({ name }) => person.done.disable(name),
  'person-enable': ({ name }) => person.done.enable(name),
  'person-end-sessions': ({ name }) => person.done['end-sessions'](name),
  'person-give-token': ({ name }) => person.done['give-token'](name),
  'person-take-token': ({ name }) => person.done['take-token'](name),
  'person-reset-mfa': ({ name }) => person.done['reset-mfa'](name),
  'person-remove': ({ name }) => person.done.remove(name),
  'group-renamed': ({ name }) => html`The group is called ${named(name)} now.`,
  'group-removed': ({ name }) => html`The group ${named(name)} is removed.`,
  'invitation-withdrawn': 'The invitation is withdrawn: its link opens nothing any more.',
  'application-withdrawn': ({ name }) => html`${named(name)} has no access any more.`,
  'application-changed': ({ name }) => html`The details of ${named(name)} are saved.`,
  'application-removed': ({ name }) => html`${named(name)} is removed.`,
  'application-address-added': ({ name }) => html`The address is added to ${named(name)}.`,
  'trusted-device-ended': 'That device will be asked for a code again.',
  'password-changed': 'Your password is changed. All other devices are signed out.',
  'email-asked': ({ name }) =>
    html`A link is on its way to ${named(name)}. Open it there and confirm the address; until then nothing
    changes.`,
  'email-changed': ({ name }) => html`Your email address is ${named(name)} now.`,
  'password-set': 'Your password is set. Sign in with it now.',
  'no-account-yet':
    'There is no account here yet. Open the link that was printed at the start: it makes the first one. It works for an hour, and every start prints a new one.',
  other: ({ text }) => text,
}

const important = new Set<NoticeKey>([
  'sign-in-expired',
  'way-back-lost',
  'recovery-code-used',
  'no-account-yet',
  'email-asked',
])

export const isImportant = (notice: Notice): boolean =>
  important.has(notice.key) || (notice.key === 'other' && notice.important === true)

/** What the person most likely wants to do next, and where. */
export function noticeAction({ key }: Notice): { readonly label: string; readonly path: string } | null {
  if (key === 'recovery-code-used') return { label: 'Set up my new phone', path: '/mfa/setup' }
  return factorGone.has(key)
    ? { label: 'Sign out other devices', path: '/account/sessions/end-others' }
    : null
}

/** Whoever has it may be signed in with it: whether that is somebody else, only the owner knows (ASVS 5.0 7.4.3). */
const factorGone = new Set<NoticeKey>(['authenticator-removed', 'passkey-removed', 'phone-changed'])

export function noticeText(notice: Notice): HtmlValue {
  const words = noticeWords[notice.key] as string | ((notice: Notice) => HtmlValue)
  return typeof words === 'string' ? words : words(notice)
}
