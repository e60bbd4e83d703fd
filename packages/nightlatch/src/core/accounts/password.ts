import type { Account } from './account.js'
import type { Policy } from '../policy.js'
import type { Secret } from '../secret.js'

type Password = Secret<string>

/** What can wait stands behind everybody's password steps. */
export type Urgency = 'now' | 'later'

/**
 * argon2id, off the event loop on threads of its own. `busy` means that the queue is full: answer 503 and let
 * the person try again, rather than let a storm take the memory.
 */
export interface PasswordHasher {
  hash(password: Password): Promise<string | 'busy'>
  /**
   * A malformed hash is never a match. Unknown accounts are checked against `unknownAccountHash`. Where hashes of other
   * systems lie in the database, one of each cost is given `besides`: all of them are spent on every name.
   */
  verify(hash: string, password: Password, besides?: readonly string[]): Promise<boolean | 'busy'>
  /** Whether a hash that another system wrote is of a kind that can be taken over. */
  canAdopt(text: string): boolean
  /** What it asks for and how much is borne, where that is why it cannot be taken over. */
  tooDear(text: string): string | null
  /** Whether it would be wrapped. */
  isWeak(text: string): boolean
  /** Whether it is the hash of no password at all: nobody could sign in with it. */
  isOfNothing(text: string): Promise<boolean | 'busy'>
  /** As it is kept here until its owner signs in: what is weak is wrapped in a hash of today. Null: no such kind. */
  adopt(text: string): Promise<string | null | 'busy'>
  /** The name of what checking an adopted hash costs; null for ours. */
  costOf(hash: string): string | null
  /** Another one that costs the same and that no password matches. */
  sameCostAs(hash: string): string
  /** Raw hashes of many short secrets under one salt (recovery codes), in the order given. */
  hashAll(
    secrets: Secret<readonly string[]>,
    salt: string,
    urgency?: Urgency,
  ): Promise<readonly string[] | 'busy'>
  /** The hash was made with a weaker setting than today's. */
  needsRenewal(hash: string): boolean
  /** A hash of today's setting that no password matches: checking it costs what checking a real one costs. */
  readonly unknownAccountHash: string
}

export type PasswordProblem = 'too-short' | 'too-long' | 'not-allowed' | 'common' | 'own-name'

interface PasswordPolicy {
  readonly shortest: number
  readonly longest: number
  /** Names that must not be the password: the user's, the product's, the instance's. */
  readonly names: readonly string[]
  isCommon(lowerCase: string): boolean
}

/** One code point is one character; NFC, and nothing else, is done to it (§3.1.1.2). */
export const normalisePassword = (text: string): string => text.normalize('NFC')

/** Why a new password is refused, or null. There are no composition rules. */
export function passwordProblem(text: string, policy: PasswordPolicy): PasswordProblem | null {
  if (text.length > policy.longest * 2) return 'too-long'
  if (!text.isWellFormed() || text.includes('\0')) return 'not-allowed'
  const password = normalisePassword(text)
  const length = [...password].length
  if (length > policy.longest) return 'too-long'
  if (length < policy.shortest) return 'too-short'
  const lower = password.toLowerCase()
  if (isMadeOf(lower, policy.names)) return 'own-name'
  return policy.isCommon(lower) ? 'common' : null
}

/** The password is one of the names, alone, repeated, or with digits and signs around it. */
function isMadeOf(password: string, names: readonly string[]): boolean {
  return names
    .map((name) => name.normalize('NFC').toLowerCase())
    .filter((name) => name.length >= 3)
    .some((name) => password.replaceAll(name, '').replace(/[^\p{L}]/gu, '') === '' && password.includes(name))
}

/** A password that could never have been set is not worth a hash; it is simply not right. */
export function couldBePassword({ password }: Pick<Policy, 'password'>, text: string): boolean {
  return text !== '' && text.length <= password.longest * 2 && text.isWellFormed() && !text.includes('\0')
}

export function namesOf(account: Pick<Account, 'username' | 'email'>, instance: string): readonly string[] {
  const local = account.email.split('@')[0] ?? ''
  return [
    account.username,
    account.username.split('@')[0] ?? '',
    account.email,
    local,
    instance,
    'nightlatch',
  ]
}
