import { html, named, type Html, type HtmlValue } from './html.js'
import { digitsWords } from '../words/words.js'
import { clockError, tryAgainWords, type Wait } from './time.js'

/** What a form can be refused for. Every sentence says what to do next; none says more than a stranger may know. */
export type Problem =
  | { readonly key: PlainProblemKey; readonly field?: FieldName | undefined }
  | { readonly key: 'too-many'; readonly field?: undefined; readonly wait: Wait }
  | { readonly key: 'code-locked'; readonly field?: undefined; readonly wait: Wait }
  | {
      readonly key: 'code-length'
      readonly field?: FieldName | undefined
      readonly count: number
      readonly lengths?: readonly number[]
    }
  | {
      readonly key: 'code-empty' | 'code-letters'
      readonly field?: FieldName | undefined
      readonly lengths?: readonly number[]
    }
  | {
      readonly key: 'code-drift'
      readonly field?: FieldName | undefined
      readonly seconds: number
      readonly direction: 'fast' | 'slow'
    }
  | { readonly key: 'password-short'; readonly field?: FieldName | undefined; readonly min: number }
  | { readonly key: 'password-long'; readonly field?: FieldName | undefined; readonly max: number }
  | {
      readonly key: 'name-taken' | 'name-taken-passkey'
      readonly field?: FieldName | undefined
      readonly name: string
    }
  | { readonly key: 'name-long'; readonly field?: FieldName | undefined; readonly max: number }
  | { readonly key: 'other'; readonly field?: FieldName | undefined; readonly text: string | Html }

type PlainProblemKey =
  | 'email-bad'
  | 'email-same'
  | 'username-empty'
  | 'username-taken'
  | 'username-characters'
  | 'password-empty'
  | 'password-wrong'
  | 'password-new-empty'
  | 'password-characters'
  | 'password-common'
  | 'password-own-name'
  | 'password-same'
  | 'password-current-empty'
  | 'password-current-wrong'
  | 'wrong-pair'
  | 'code-looks-like-recovery'
  | 'code-wrong'
  | 'pair-wrong'
  | 'serial-empty'
  | 'token-wrong'
  | 'code-blocked'
  | 'code-unreadable'
  | 'setup-code-wrong'
  | 'setup-expired'
  | 'setup-blocked'
  | 'recovery-empty'
  | 'recovery-wrong'
  | 'recovery-looks-like-code'
  | 'recovery-blocked'
  | 'passkey-wrong'
  | 'passkey-empty'
  | 'passkey-set-up-wrong'
  | 'passkey-and-password'
  | 'passkey-not-device-bound'
  | 'not-saved'
  | 'name-empty'
  | 'name-characters'
  | 'choice-empty'

export type ProblemKey = Problem['key']

/** The names of the fields of all forms, as they are posted. */
export type FieldName =
  | 'username'
  | 'user_code'
  | 'identifier'
  | 'password'
  | 'otp'
  | 'next_otp'
  | 'serial'
  | 'remember'
  | 'recovery_code'
  | 'name'
  | 'saved'
  | 'current_password'
  | 'new_password'
  | 'authenticator'
  | 'q'
  | 'email'
  | 'groups'
  | 'ends'
  | 'confirm_name'
  | 'uses'
  | 'domain'
  | 'mail'
  | 'who'
  | 'method'
  | 'url'
  | 'since'
  | 'address'
  | 'credential'
  | 'client_id'
  | 'redirect_uris'
  | 'post_logout_uris'
  | 'backchannel_logout_uri'
  | 'launch_url'

type Words = {
  readonly [Key in ProblemKey]: string | ((problem: Extract<Problem, { key: Key }>) => HtmlValue)
}

export const problemWords: Words = {
  'email-bad': 'Enter an email address, like name@example.org',
  'email-same': 'This is your address already. Enter another one.',
  'username-empty': 'Enter your username or email address',
  'username-taken': 'Somebody has this username already. Choose another one.',
  'username-characters':
    'Choose a username of at most 254 letters, numbers, dots, dashes and underscores. It begins with a letter or a number and does not end with a dot.',
  'password-empty': 'Enter your password',
  'password-wrong': 'That password is not right. Type it again.',
  'password-new-empty': 'Enter the password you want to use',
  'password-short': ({ min }) => `Choose a password of at least ${min} characters`,
  'password-long': ({ max }) => `Choose a password of at most ${max} characters`,
  'password-characters': 'This password has a character that cannot be used. Choose another one.',
  'password-common': 'Many people use this password, so it is easy to guess. Choose another one.',
  'password-own-name': 'Your name makes a password easy to guess. Choose one without it.',
  'password-same': 'This is the password you have now. Choose another one.',
  'password-current-empty': 'Enter the password you use now',
  'password-current-wrong': 'That is not the password you use now. Type it again.',
  'wrong-pair': 'The username or password is not right',
  'too-many': ({ wait }) => html`Too many tries. ${tryAgainWords(wait)}`,
  'code-empty': ({ lengths = [6] }) => `Enter the ${digitsWords(lengths)} code from your app`,
  'code-length': ({ count, lengths = [6] }) =>
    `You entered ${count} ${count === 1 ? 'number' : 'numbers'}. The code must be ${lengths.join(' or ')} numbers.`,
  'code-letters': ({ lengths = [6] }) => `The code must be ${lengths.join(' or ')} numbers`,
  'code-looks-like-recovery': 'That looks like a recovery code. Use the “Use a recovery code” link.',
  'code-wrong': 'That code is not right or has been used. Wait for the next code in your app, then enter it.',
  'code-locked': ({ wait }) =>
    html`Too many wrong codes. ${tryAgainWords(wait)} A recovery code works straight away.`,
  'code-blocked':
    'Too many wrong codes. Use a recovery code, or ask the person who runs this site to reset your second step.',
  'pair-wrong':
    'These two codes do not follow one another, or one was used before. Wait for a new code, and for the one after it.',
  'serial-empty': 'Enter the serial number that is printed on the device',
  'token-wrong':
    'This is no free code device with these two codes. Check the number on its back, wait for a new code, and enter it and the one after it.',
  'code-unreadable':
    'We cannot check codes from your app any more, and that is not your fault. Use a recovery code, or ask the person who runs this site to reset your second step.',
  'code-drift': ({ seconds, direction }) => driftText(seconds, direction),
  'setup-code-wrong': 'That code is not right. Wait for the next code in your app, then enter it.',
  'setup-expired':
    'The setup page you used was more than 30 minutes old. Add this new QR code to your app and enter its code.',
  'setup-blocked':
    'Too many wrong codes. Ask the person who runs this site to reset your second step, then start again.',
  'recovery-empty': 'Enter one of your recovery codes',
  'recovery-wrong': 'That recovery code is not right, or has been used before. Check it, or try another one.',
  'recovery-looks-like-code':
    'That looks like a code from your app. Use the “Use your authenticator app” link, or enter a recovery code.',
  'recovery-blocked':
    'Too many wrong recovery codes. Try again tomorrow, or ask the person who runs this site to reset your second step.',
  'passkey-wrong':
    'That passkey was not accepted, or it took longer than 5 minutes. Try again, or go on in another way.',
  'passkey-empty': 'Use the button, and do what your device asks for',
  'passkey-set-up-wrong': 'That passkey could not be added, or it took longer than 5 minutes. Try again.',
  'passkey-and-password':
    'Your passkey does not check who holds it. Type your password first, then use the passkey again.',
  'passkey-not-device-bound':
    'This passkey can be copied to other devices. Use one that cannot, such as a security key.',
  'not-saved': 'Tick the box when you have saved your recovery codes',
  'name-empty': 'Enter a name',
  'name-characters': 'This name has a character that cannot be used. Choose another one.',
  'name-taken': ({ name }) => html`You already have an app called ${named(name)}. Choose another name.`,
  'name-taken-passkey': ({ name }) =>
    html`You already have a passkey called ${named(name)}. Choose another name.`,
  'name-long': ({ max }) => `Choose a name of at most ${max} characters`,
  'choice-empty': 'Choose the one you want to replace',
  other: ({ text }) => text,
}

/** From there on it is no clock that runs badly but one that was set for another zone. */
const otherZone = 12 * 60

const driftText = (seconds: number, direction: 'fast' | 'slow'): string =>
  seconds < otherZone
    ? `Your app's clock is about ${clockError(seconds)} ${direction}. Set your phone's time to automatic, then enter the next code.`
    : `Your app's clock is about ${clockError(seconds)} ${direction}. Set your phone's time and time zone to automatic, then enter the next code.`

export function problemText(problem: Problem): HtmlValue {
  const words = problemWords[problem.key] as string | ((problem: Problem) => HtmlValue)
  return typeof words === 'string' ? words : words(problem)
}

/**
 * Where a problem is shown: the first field carries the words, the others are only marked.
 * A problem that no field can mend has no field.
 */
export function fieldsOf(problem: Problem): readonly FieldName[] {
  if (problem.field !== undefined) return [problem.field]
  const { key } = problem
  if (key === 'wrong-pair') return ['username', 'password']
  const groups: readonly (readonly [FieldName, RegExp])[] = [
    ['username', /^username-/],
    ['current_password', /^password-current-/],
    ['password', /^password-(empty|wrong)$/],
    ['new_password', /^password-/],
    ['otp', /^(code-(empty|length|letters|wrong|drift)|setup-code-wrong)$/],
    ['recovery_code', /^recovery-(?!blocked)/],
    ['saved', /^not-saved$/],
    ['name', /^name-/],
    ['password', /^passkey-and-password$/],
    ['authenticator', /^choice-empty$/],
  ]
  return groups
    .filter(([, keys]) => keys.test(key))
    .slice(0, 1)
    .map(([field]) => field)
}
