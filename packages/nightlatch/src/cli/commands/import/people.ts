import { algorithmNamed, decodeBase32, secretStrength, type OtpAccount } from '@nightlatch/otp'
import type { ImportedAuthenticator, ImportedPerson } from '../../../core/accounts/import-plan.js'
import { parseAuthenticatorName } from '../../../core/factors/totp/store.js'

/** What a source says of somebody; whatever is missing is empty. */
interface PersonSaid {
  readonly place: string
  readonly username: string
  readonly name?: string
  readonly email?: string
  readonly emailVerified?: boolean
  readonly groups?: readonly string[]
  readonly disabled?: boolean
  readonly passwordHash?: string | null
  readonly authenticators?: readonly (ImportedAuthenticator | string)[]
  readonly warnings?: readonly string[]
}

const mostAuthenticators = 10

/** A text of its own: a part of another one, kept, keeps the whole file. */
const ownText = (text: string): string => Buffer.from(text).toString()

/** Somebody with what can be taken over; a text among the authenticators says why one cannot. */
export function personOf(said: PersonSaid): ImportedPerson {
  const all = said.authenticators ?? []
  const taken = all.filter((one) => typeof one !== 'string')
  const warnings = [...(said.warnings ?? []), ...all.filter((one) => typeof one === 'string')]
  for (const { secret } of taken)
    if (secret.length < 16) warnings.push(`a secret has ${secret.length * 8} bits only: renew it soon`)
  if (taken.length > mostAuthenticators) warnings.push(`only ${mostAuthenticators} authenticators are taken`)
  return {
    place: said.place,
    username: ownText(said.username.trim()),
    name: said.name ?? '',
    email: said.email?.trim() ?? '',
    emailVerified: said.emailVerified === true,
    groups: said.groups ?? [],
    disabled: said.disabled ?? false,
    passwordHash: said.passwordHash ?? null,
    authenticators: taken.slice(0, mostAuthenticators),
    warnings,
  }
}

/** Further off than this, ten minutes mostly, no clock is believed to be: its owner brings it into step. */
const mostDrift = 20

/** With how far off its clock was found to be. */
export function withDrift(taken: ImportedAuthenticator | string, drift = 0): ImportedAuthenticator | string {
  const isKept = typeof taken !== 'string' && drift !== 0 && Math.abs(drift) <= mostDrift
  return isKept ? { ...taken, drift } : taken
}

/** Codes that nobody can type at the sign-in here, or that anybody could guess. */
export function authenticatorOf(account: OtpAccount, name = account.issuer): ImportedAuthenticator | string {
  const { type, secret, algorithm, digits, periodSeconds, counter, issuer, strength } = account
  if (type === 'steam') return 'an authenticator of Steam is not taken: its codes are letters'
  if (strength === 'too-short') return 'an authenticator is not taken: its secret has fewer than 80 bits'
  if (counter !== undefined && counter >= 2 ** 53)
    return 'an authenticator is not taken: its counter is too large'
  const known = parseAuthenticatorName([...name].slice(0, 40).join('')) ?? ''
  return {
    name: known,
    issuer: issuer === '' ? null : issuer,
    secret,
    algorithm,
    digits,
    period: periodSeconds,
    counter: type === 'hotp' ? Number(counter ?? 0) : null,
  }
}

/** As a server keeps it, in words. */
interface OtpSaid {
  readonly type: 'totp' | 'hotp'
  readonly secret: Uint8Array | null
  readonly algorithm: string
  readonly digits: number
  readonly period: number
  readonly counter: number
  readonly issuer: string
  readonly name: string
}

export function authenticatorSaid(said: OtpSaid): ImportedAuthenticator | string {
  const { secret, digits, period, counter } = said
  const algorithm = algorithmNamed(said.algorithm)
  if (secret === null || secret.length === 0)
    return 'an authenticator is not taken: its secret cannot be read'
  if (algorithm === null) return 'an authenticator is not taken: its algorithm is not known here'
  const isWithin = (value: number, least: number, largest: number): boolean =>
    Number.isSafeInteger(value) && value >= least && value <= largest
  if (!isWithin(digits, 6, 10) || !isWithin(period, 1, 86_400) || !isWithin(counter, 0, 2 ** 53 - 1))
    return 'an authenticator is not taken: its digits, period or counter cannot be'
  const strength = secretStrength(secret.length * 8)
  const { type, issuer, name } = said
  const shape = {
    type,
    secret,
    strength,
    algorithm,
    digits,
    periodSeconds: period,
    issuer,
    account: '',
  } as const
  return authenticatorOf(type === 'hotp' ? { ...shape, counter } : shape, name)
}

export const base32Secret = (text: string): Uint8Array | null => decodeBase32(text)
