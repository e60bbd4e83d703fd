import { day, hour, minute } from './ports/platform.js'
import type { PasskeyPolicy } from './factors/passkeys/policy.js'
import type { AttemptPolicy } from './rate-limits/attempts.js'
import type { RegistrationPolicy } from './registration/policy.js'

/**
 * How long and how many: every limit that a decision of core/ asks for, as one value. What belongs to a format (how
 * long a name is, what a recovery code looks like) stands with its parser instead.
 */
interface Limits {
  /** How often each may be wrong, and what follows. */
  readonly attempts: {
    /** Wrong passwords of an account, and apart from them those of a device that has signed in to it before. */
    readonly password: AttemptPolicy
    /** Wrong passwords of one sender, whichever accounts they were for. */
    readonly address: AttemptPolicy
    /** Codes of an authenticator app. */
    readonly code: AttemptPolicy
    /** The code that confirms a set-up: its secret is on the page, so there is nothing to lock. */
    readonly setUp: AttemptPolicy
    /** Recovery codes have counters of their own: they are the way back in while codes are locked. */
    readonly recoveryCode: AttemptPolicy
    /** Accounts that one sender tries to make: each costs a hash. */
    readonly registration: AttemptPolicy
    /** Mails to an address that somebody wants to register, and mails that one sender asks for. */
    readonly mailsToAddress: AttemptPolicy
    readonly mailsOfSender: AttemptPolicy
    /** Mails to administrators about people who wait. */
    readonly waitingTold: AttemptPolicy
    /** Wrong secrets of an application, by sender. */
    readonly applicationSecret: AttemptPolicy
    /** Codes of screens that somebody types, by account and by sender. */
    readonly deviceCode: AttemptPolicy
    /** Screens that begin to wait, by sender. */
    readonly deviceRequests: AttemptPolicy
  }
  /** After this many wrong codes in a row the owner is told, once. */
  readonly tellAfterWrongCodes: number
  /** Attempts that were refused and are told together, once in a while. */
  readonly refusedAttempts: {
    readonly tellEverySeconds: number
    /** Beyond this the one that was told longest ago is told no more. */
    readonly mostCounted: number
  }
  readonly code: {
    /** Steps accepted on either side of now (RFC 6238 §5.2). */
    readonly windowSteps: number
    /** Codes of a counter that may have been skipped: pressed and not typed (RFC 4226 §7.4). */
    readonly lookAhead: number
  }
  /** How far an authenticator is looked for that has lost step, by two codes in a row (RFC 4226 §7.4, RFC 6238 §6). */
  readonly resynchronisation: {
    /** On either side of now, and no more steps than these: a search takes time. */
    readonly seconds: number
    readonly mostSteps: number
    /** Codes of a counter that may have been skipped. */
    readonly lookAhead: number
  }
  /** In code points. */
  readonly password: {
    readonly shortest: number
    /** Where a second factor is optional, the password may be all there is (NIST SP 800-63B-4 §3.1.1.2). */
    readonly shortestAlone: number
    readonly longest: number
    /** How many steps may wait to be hashed; whoever comes then is told that we are busy. */
    readonly mostWaiting: number
  }
  /** From the password to the second factor. */
  readonly signInSeconds: number
  readonly session: {
    readonly idleSeconds: number
    readonly longestSeconds: number
    /** "Last seen" is written this seldom, so that a page check is not a write. */
    readonly touchEverySeconds: number
    /** Beyond this the oldest session of an account ends. */
    readonly most: number
  }
  /** A change of the account needs a proof at most this old. */
  readonly freshSeconds: number
  readonly trustedDevice: {
    readonly seconds: number
    /** Beyond this the one that was not used for longest is trusted no more. */
    readonly most: number
    /** Whoever did not get the answer to a sign-in tries again within this time. */
    readonly lostAnswerSeconds: number
  }
  readonly knownDevice: {
    readonly seconds: number
    /** Beyond this the ones that were not seen for longest are strangers again. A program may be a new one at each sign-in. */
    readonly most: number
  }
  readonly invitationSeconds: number
  /** An invitation with which others make accounts, unless told; and at most. */
  readonly openInvitation: { readonly seconds: number; readonly longestSeconds: number }
  /** Of the link that confirms the address of somebody who registers. */
  readonly registrationSeconds: number
  /** So long a request of an application waits for its person to sign in. */
  readonly authorizationRequestSeconds: number
  /** A screen waits so long for its code to be typed, and asks so often. */
  readonly deviceCode: { readonly seconds: number; readonly pollSeconds: number }
  /** What an application is given lives so long. */
  readonly applicationTokens: {
    readonly codeSeconds: number
    readonly accessSeconds: number
    readonly idTokenSeconds: number
    /** From its last use on. */
    readonly refreshSeconds: number
  }
  /** Of the link that creates the very first account. */
  readonly firstAccountLinkSeconds: number
  /** Of a code that an administrator makes for somebody who has lost phone and paper. */
  readonly rescueSeconds: number
  /** So long a name that was given up is nobody else's: mail and habits still lead to whoever had it. */
  readonly heldNameSeconds: number
  readonly groups: {
    /** Of one account: all of them go to the application with every request, in one header. */
    readonly most: number
  }
  readonly authenticators: { readonly most: number; readonly setUpSeconds: number }
  readonly passkey: {
    readonly most: number
    /** What the browser is asked for is good for so long. */
    readonly challengeSeconds: number
  }
  readonly recoveryCodes: { readonly count: number }
  /** Of the link with which somebody chooses a new password. */
  readonly passwordReset: {
    readonly linkSeconds: number
    readonly ofAccount: AttemptPolicy
    readonly fromAddress: AttemptPolicy
    /** Beyond this, among what waits in the outbox, nobody's name is written down any more. */
    readonly mostWaiting: number
  }
  /** Of the link that makes a new address count. */
  readonly ownEmail: {
    readonly linkSeconds: number
    readonly asked: AttemptPolicy
    readonly undoSeconds: number
  }
  /** So long a notice can be answered with "It was not me". */
  readonly undoSeconds: number
  readonly mail: {
    /** So long a mail is tried; what is worth nothing sooner ends sooner. */
    readonly trySeconds: number
    /** From the first try to the second; it doubles from then on. */
    readonly firstWaitSeconds: number
    readonly longestWaitSeconds: number
    /** A mail that met no mail server is taken up again after so long. */
    readonly noServerSeconds: number
    /** Beyond this no more are kept. */
    readonly most: number
    readonly atOnce: number
    /** A server that died while it sent holds the others up for no longer than this. */
    readonly leaseSeconds: number
  }
  readonly housekeeping: {
    /** Rows of one kind in one transaction. */
    readonly batch: number
    readonly resealBatch: number
    readonly auditSeconds: number
    /** Longer than any counter looks back; those that never forget are kept for as long as the account. */
    readonly idleAttemptSeconds: number
    /** A server that died while it kept house holds the others up for no longer than this. */
    readonly leaseSeconds: number
  }
}

/** What an installation decides with. */
export interface Policy extends Limits {
  /** `required`: every account has a second factor, and the first sign-in sets it up. */
  readonly mfa: 'required' | 'optional'
  /** The name that authenticator apps show. */
  readonly issuer: string
  /** The host that people see, for the account's label in the app. */
  readonly host: string
  readonly passkeys: PasskeyPolicy
  readonly registration: RegistrationPolicy
  readonly offersPasswordReset: boolean
  /** Administrators get a mail once a week. */
  readonly reportsWeekly: boolean
}

const waits = { firstWaitSeconds: 30, longestWaitSeconds: hour }

/** So many an hour. */
const anHour = (most: number): AttemptPolicy => ({
  waitFrom: most,
  firstWaitSeconds: hour,
  longestWaitSeconds: hour,
  lockAt: null,
  forgetAfterSeconds: hour,
})

/** As they are unless somebody decides otherwise. docs/reference/limits.md says them to people. */
export const usualLimits: Limits = {
  attempts: {
    password: { ...waits, waitFrom: 10, lockAt: null, forgetAfterSeconds: day },
    address: { ...waits, waitFrom: 50, lockAt: null, forgetAfterSeconds: day },
    code: { ...waits, waitFrom: 5, lockAt: 100, forgetAfterSeconds: null },
    setUp: { ...waits, waitFrom: 5, lockAt: null, forgetAfterSeconds: day },
    recoveryCode: { ...waits, waitFrom: 5, lockAt: 100, forgetAfterSeconds: day },
    registration: { ...waits, waitFrom: 50, lockAt: null, forgetAfterSeconds: day },
    mailsToAddress: anHour(3),
    mailsOfSender: anHour(10),
    waitingTold: anHour(1),
    applicationSecret: { ...waits, waitFrom: 10, lockAt: null, forgetAfterSeconds: day },
    deviceCode: { ...waits, waitFrom: 10, lockAt: null, forgetAfterSeconds: hour },
    deviceRequests: anHour(60),
  },
  tellAfterWrongCodes: 10,
  refusedAttempts: { tellEverySeconds: 10 * minute, mostCounted: 10_000 },
  code: { windowSteps: 1, lookAhead: 9 },
  resynchronisation: { seconds: day, mostSteps: 2880, lookAhead: 1000 },
  password: { shortest: 8, shortestAlone: 15, longest: 256, mostWaiting: 64 },
  signInSeconds: 15 * minute,
  session: { idleSeconds: 12 * hour, longestSeconds: 7 * day, touchEverySeconds: minute, most: 100 },
  freshSeconds: 10 * minute,
  trustedDevice: { seconds: 30 * day, most: 20, lostAnswerSeconds: minute / 2 },
  knownDevice: { seconds: 365 * day, most: 100 },
  invitationSeconds: 3 * day,
  openInvitation: { seconds: 7 * day, longestSeconds: 366 * day },
  registrationSeconds: day,
  authorizationRequestSeconds: 15 * minute,
  deviceCode: { seconds: 10 * minute, pollSeconds: 5 },
  applicationTokens: {
    codeSeconds: minute,
    accessSeconds: hour,
    idTokenSeconds: hour,
    refreshSeconds: 30 * day,
  },
  firstAccountLinkSeconds: hour,
  rescueSeconds: hour,
  heldNameSeconds: 30 * day,
  groups: { most: 100 },
  authenticators: { most: 10, setUpSeconds: 30 * minute },
  passkey: { most: 20, challengeSeconds: 5 * minute },
  recoveryCodes: { count: 10 },
  passwordReset: {
    linkSeconds: 30 * minute,
    ofAccount: anHour(3),
    fromAddress: anHour(10),
    mostWaiting: 1000,
  },
  ownEmail: { linkSeconds: day, asked: anHour(3), undoSeconds: 7 * day },
  undoSeconds: 3 * day,
  mail: {
    trySeconds: day,
    firstWaitSeconds: 20,
    longestWaitSeconds: hour,
    noServerSeconds: 10,
    most: 10_000,
    atOnce: 4,
    leaseSeconds: 15,
  },
  housekeeping: {
    batch: 500,
    resealBatch: 100,
    auditSeconds: 400 * day,
    idleAttemptSeconds: 2 * day,
    leaseSeconds: 3 * minute,
  },
}
