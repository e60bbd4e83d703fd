import type { MessageKey } from '../pages/index.js'
import { adminProblems } from './admin-problems.js'

/** One way in which a request is refused, whoever asks and at whichever door. */
export interface Meaning {
  readonly status: number
  /** For people; may change. */
  readonly title: string
  /** What to do about it, for the reference. */
  readonly help: string
  /** Where more stands, from docs/. */
  readonly guide?: string
  /** What a person sees in the place of a page. Without one, the form that was sent says it itself, or nobody is shown it. */
  readonly page?: MessageKey
  /** When to try again, where that does not depend on anything. */
  readonly retryAfterSeconds?: number
}

/**
 * Every refusal: of the JSON interface, of forward authentication, of `protect`, of the guards of the adapters and of the
 * pages. In the order of the reference. A released code keeps its name and meaning.
 */
export const problems = {
  'malformed-request': {
    status: 400,
    title: 'The request is malformed',
    help: 'The query string cannot be read (it is not percent-encoded UTF-8, or has a name twice); or, at `protect`, the path, the host or the length of the body can be read in two ways.',
    page: 'bad-request',
  },
  'malformed-body': {
    status: 400,
    title: 'The body is malformed',
    help: 'Send one JSON object in UTF-8.',
    page: 'bad-request',
  },
  'forwarded-headers': {
    status: 400,
    title: 'The forwarded headers are incomplete, doubled or malformed',
    help: 'The proxy must send each of its headers once; `detail` names the one that is wrong.',
    guide: 'guides/behind-a-proxy.md',
  },
  'unreadable-address': {
    status: 403,
    title: 'The address cannot be read in one way only',
    help: 'What nginx was asked for has a broken escape, a backslash or a byte that is no ASCII. nginx takes no other status for a refusal.',
    guide: 'guides/behind-a-proxy.md',
  },
  'not-signed-in': {
    status: 401,
    title: 'Nobody is signed in here',
    help: 'Sign in first. Sessions end after 12 hours without use, after 7 days, and with many changes.',
    guide: 'explanation/remembered-sessions.md',
  },
  'second-factor-required': {
    status: 401,
    title: 'The second factor is still due',
    help: 'The password was right. `next` says what comes now: `verify` or `setup`.',
    guide: 'explanation/how-the-second-step-works.md',
  },
  'passkey-required': {
    status: 401,
    title: 'A passkey is asked for here',
    help: 'A rule wants a session that no other site can have got hold of: prove it with a passkey, at `/mfa/passkey-due`.',
    guide: 'guides/passkeys.md',
  },
  'sign-in-over': {
    status: 401,
    title: 'No sign-in is in progress here',
    help: 'It was completed, ended or took longer than 15 minutes: begin again with name and password.',
  },
  'wrong-credentials': {
    status: 401,
    title: 'Name or password is wrong',
    help: 'One answer for an unknown name, a wrong password and a disabled account.',
  },
  'wrong-password': {
    status: 401,
    title: 'The password is wrong',
    help: 'The current password of the person who is signed in.',
  },
  'wrong-code': {
    status: 401,
    title: 'The code is wrong',
    help:
      'It is wrong, too old, or was used before; wait for the next one. At a set-up, `driftSeconds` says how far ' +
      'the clock of the phone is off (above zero: fast), when that is why.',
    guide: 'guides/code-not-right.md',
  },
  'wrong-recovery-code': {
    status: 401,
    title: 'The recovery code is wrong',
    help: 'It is none of the account, or was used before.',
    guide: 'guides/lost-phone.md',
  },
  'wrong-passkey': {
    status: 401,
    title: 'The passkey was not accepted',
    help:
      'One answer for whatever was wrong with it; the audit trail has the reason. Ask for new options, then try again: ' +
      'each challenge is good once, for five minutes, in the browser that asked for it.',
  },
  'code-unreadable': {
    status: 401,
    title: 'Codes cannot be checked',
    help: 'The root key that sealed the secret is missing on the server. Recovery codes still work.',
    guide: 'guides/rotate-keys.md',
  },
  'cross-site': {
    status: 403,
    title: 'The request came from another site',
    help: 'A browser marked it so (`Sec-Fetch-Site`, else `Origin`). Nothing was done.',
    page: 'other-site',
  },
  'fresh-proof-required': {
    status: 403,
    title: 'A fresh proof is required',
    help: 'Changes of the account need a proof at most 10 minutes old: `POST /api/v1/session/verify`, then again.',
  },
  'untrusted-proxy': {
    status: 403,
    title: 'Forwarded headers do not count from this address',
    help: 'If it is your proxy, put its address into `NIGHTLATCH_TRUSTED_PROXIES`.',
    guide: 'guides/behind-a-proxy.md',
  },
  'plain-http': {
    status: 403,
    title: 'The request did not come by https',
    help: 'The proxy says so in `X-Forwarded-Proto`. Send people to https first.',
    guide: 'guides/behind-a-proxy.md',
  },
  'no-access': {
    status: 403,
    title: 'You do not have access to this address',
    help: 'A rule keeps it for others.',
    page: 'no-access',
    guide: 'guides/in-front-of-an-application.md',
  },
  'not-found': {
    status: 404,
    title: 'There is nothing here',
    help: 'No such address, or no such thing of this account.',
    page: 'not-found',
  },
  'passkeys-off': {
    status: 404,
    title: 'Passkeys are not used here',
    help: 'Not at all, or not without a password: `NIGHTLATCH_PASSKEYS` says which.',
    page: 'not-found',
  },
  'wrong-method': {
    status: 405,
    title: 'This address does not take this method',
    help: '`Allow` names those that it takes.',
    page: 'wrong-method',
  },
  'last-authenticator': {
    status: 409,
    title: 'This is the last second factor',
    help: 'A second factor is required: set up another one first.',
  },
  'too-many-authenticators': {
    status: 409,
    title: 'The account has ten authenticators',
    help: 'Remove one first.',
  },
  'too-many-passkeys': {
    status: 409,
    title: 'The account has twenty passkeys',
    help: 'Remove one first.',
  },
  'no-passkey': {
    status: 409,
    title: 'The account has no passkey for this address',
    help: 'Give another second factor, and add a passkey afterwards.',
  },
  'no-second-factor': {
    status: 409,
    title: 'The account has no second factor',
    help: 'Recovery codes come with the first one, and there is nothing to be rescued from.',
  },
  'password-kept-elsewhere': {
    status: 409,
    title: 'The password is not kept here',
    help: 'The application keeps it: change it there.',
  },
  'redirect-loop': {
    status: 409,
    title: 'The proxy sends everybody round in a circle',
    help: 'It asks without the cookie that the page names (pass the header `Cookie` on), or guards the sign-in page itself.',
    page: 'sign-in-loop',
    guide: 'guides/behind-a-proxy.md',
  },
  ...adminProblems,
  'body-too-large': {
    status: 413,
    title: 'The body is too large',
    help: 'At most 64 KiB.',
    page: 'too-large',
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large',
    help: '`detail` names the largest. `NIGHTLATCH_HEADER_LIMIT` is the limit.',
    page: 'headers-too-large',
  },
  'wrong-content-type': {
    status: 415,
    title: 'The content type is wrong',
    help: 'Send `application/json`, in UTF-8 and without a content encoding.',
    page: 'wrong-type',
  },
  'invalid-body': {
    status: 422,
    title: 'The body does not say what is needed',
    help: '`errors` names each member that is missing or of the wrong type.',
  },
  'invalid-query': {
    status: 422,
    title: 'The address does not say what is needed',
    help: '`errors` names each part of the query that cannot be used.',
  },
  'malformed-code': {
    status: 422,
    title: 'That cannot be a code',
    help: '`reason`: `empty`, `not-numbers`, `wrong-length` or `looks-like-recovery-code`. Nothing was counted.',
  },
  'malformed-recovery-code': {
    status: 422,
    title: 'That cannot be a recovery code',
    help: 'Sixteen letters and digits. Nothing was counted.',
  },
  'bad-name': {
    status: 422,
    title: 'The name cannot be used',
    help: '`reason`: `empty`, `too-long`, `not-allowed` or `taken`.',
  },
  'bad-password': {
    status: 422,
    title: 'The new password cannot be used',
    help: '`reason`: `too-short` (`shortest` says how many characters), `too-long`, `not-allowed`, `common` or `own-name`.',
  },
  'passkey-not-device-bound': {
    status: 422,
    title: 'The passkey can be copied to other devices',
    help: 'Only passkeys that stay on their device are taken here, such as those of a security key.',
  },
  'too-many-attempts': {
    status: 429,
    title: 'Too many tries',
    help: 'Nothing was looked at. Try again after `retryAfterSeconds` (and `Retry-After`).',
    guide: 'reference/limits.md',
  },
  'codes-locked': {
    status: 429,
    title: 'Codes are locked',
    help: 'A hundred were wrong in a row. A recovery code or an administrator frees them.',
    guide: 'guides/reset-a-second-step.md',
    retryAfterSeconds: 3600,
  },
  internal: {
    status: 500,
    title: 'Something went wrong here',
    help: 'The log has the details under `reference`.',
    page: 'broken',
  },
  'unknown-method': {
    status: 501,
    title: 'This method is not taken',
    help: 'Use a method of the document, in capitals. `protect` passes no `TRACE` on.',
    page: 'wrong-method',
  },
  'application-down': {
    status: 502,
    title: 'The application behind this address does not answer',
    help: 'At `protect`: it is not running, or what it answers is no HTTP/1.1. The log says which, under `reference`.',
    guide: 'guides/in-front-of-an-application.md',
    page: 'application-down',
  },
  busy: {
    status: 503,
    title: 'Everybody is signing in just now',
    help: 'Nothing was looked at and nothing was counted. Try again after `retryAfterSeconds`.',
    page: 'busy',
    retryAfterSeconds: 2,
  },
  unavailable: {
    status: 503,
    title: 'We cannot answer just now',
    help: 'The database does not answer. Try again after `retryAfterSeconds` (and `Retry-After`).',
    page: 'unavailable',
    retryAfterSeconds: 5,
    guide: 'explanation/high-availability.md',
  },
  'application-slow': {
    status: 504,
    title: 'The application behind this address took too long to answer',
    help: 'At `protect`: it can be reached and did not begin its answer in two minutes.',
    guide: 'guides/in-front-of-an-application.md',
    page: 'application-slow',
  },
} as const satisfies Record<string, Meaning>

export type ProblemCode = keyof typeof problems
export const problemCodes = Object.keys(problems) as ProblemCode[]

/** Those that a person may be shown as a page of their own. */
export type PagedCode = {
  [Code in ProblemCode]: (typeof problems)[Code] extends { readonly page: MessageKey } ? Code : never
}[ProblemCode]

/** What is known of a code, with what it may have. */
export const meaningOf = (code: ProblemCode): Meaning => problems[code]

export const statusOf = (code: ProblemCode): number => problems[code].status
