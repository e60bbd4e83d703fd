import type { FactorKind } from '../../core/factors/factor.js'
import { plural } from './words.js'

/** What people read of a factor, and where its pages are. */
export interface FactorWords {
  /** What somebody was proven with: "password and authenticator app". */
  readonly name: string
  /** "2 authenticator apps" */
  readonly count: (number: number) => string
  /** It counts down: none left is worth saying. */
  readonly isFallback: boolean
  /** The way to it from another factor's page. */
  readonly use: string
  /** Where it is given at sign-in, and for a fresh proof. */
  readonly stepPath: string
  readonly confirmPath: string
}

export const factorWords: Readonly<Record<FactorKind, FactorWords>> = {
  totp: {
    name: 'authenticator app',
    count: (number) => plural(number, 'authenticator app'),
    isFallback: false,
    use: 'Use your authenticator app',
    stepPath: '/mfa/verify',
    confirmPath: '/account/confirm',
  },
  passkey: {
    name: 'passkey',
    count: (number) => plural(number, 'passkey'),
    isFallback: false,
    use: 'Use a passkey',
    stepPath: '/mfa/passkey',
    confirmPath: '/account/confirm/passkey',
  },
  'recovery-code': {
    name: 'recovery code',
    count: (number) => plural(number, 'recovery code'),
    isFallback: true,
    use: 'Use a recovery code',
    stepPath: '/mfa/recovery',
    confirmPath: '/account/confirm/recovery',
  },
}

/** Those there are any of, and of the others how many are left. */
export const countWords = (counts: Readonly<Record<FactorKind, number>>): readonly string[] =>
  (Object.keys(factorWords) as FactorKind[])
    .filter((kind) => counts[kind] > 0 || factorWords[kind].isFallback)
    .map((kind) => factorWords[kind].count(counts[kind]))
