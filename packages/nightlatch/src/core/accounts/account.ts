import type { FactorCounts, FactorKind } from '../factors/factor.js'
import type { AccountId } from '../ids.js'
import type { Platform } from '../ports/platform.js'

export interface Account {
  readonly id: AccountId
  /** As typed, for show. */
  readonly username: string
  readonly name: string
  readonly email: string
  /** Somebody has confirmed that mail to this very address reaches them, or an administrator vouches for it. */
  readonly emailVerified: boolean
  readonly groups: readonly string[]
  readonly admin: boolean
  readonly disabled: boolean
  /** Somebody who has registered, and whom an administrator has yet to let in. Disabled as well. */
  readonly waiting: boolean
  /** From this moment on (Unix seconds) nobody gets in any more; null: it does not end. */
  readonly endsAt: number | null
  /** PHC string of argon2id, or '' while no password has been chosen or the application keeps it. */
  readonly passwordHash: string
  /** What `hasSecondFactor` reads: whether or not their secrets can be opened. */
  readonly factorCounts: FactorCounts
  readonly createdAt: number
  readonly lastSignInAt: number
  /** Somebody else may know the password: before anything else its owner chooses a new one. */
  readonly passwordDue?: true
}

/** Whether somebody may sign in to it, and stay: not disabled, and its end, if it has one, is still to come. */
export const isOpen = (account: Pick<Account, 'disabled' | 'endsAt'>, now: number): boolean =>
  !account.disabled && (account.endsAt === null || now < account.endsAt)

/** In one word: what keeps somebody out comes first. */
export function accountState(
  account: Pick<Account, 'disabled' | 'waiting' | 'endsAt' | 'passwordHash'>,
  now: number,
): 'waiting' | 'disabled' | 'expired' | 'invited' | 'active' {
  if (account.disabled) return account.waiting ? 'waiting' : 'disabled'
  if (!isOpen(account, now)) return 'expired'
  return account.passwordHash === '' ? 'invited' : 'active'
}

/** What a name is looked up by: one namespace for usernames and email addresses, so that neither shadows the other. */
export type LoginName = string & { readonly is: 'login-name' }

export interface NewAccount {
  readonly account: Account
  /** The user name's key first, then the email's if there is one. All must be free. */
  readonly loginNames: readonly LoginName[]
}

export interface AccountStore {
  /** False when one of the names is taken. */
  add(account: NewAccount): Promise<boolean>
  /** The same, and only while there is no account at all. */
  addFirst(account: NewAccount): Promise<boolean>
  find(id: AccountId): Promise<Account | null>
  /**
   * The account, which nobody else changes until the transaction ends. Every transaction that writes what belongs to
   * an account begins with it, or with a write of the account itself: so no two wait for each other.
   */
  hold(id: AccountId): Promise<Account | null>
  findByLoginName(name: LoginName): Promise<Account | null>
  /** Whose the names are, of those that are somebody's. */
  findByLoginNames(names: readonly LoginName[]): Promise<ReadonlyMap<LoginName, Account>>
  /** Whether somebody's name is this one with an `@` and a domain behind it. */
  isLocalPart(name: LoginName): Promise<boolean>
  list(): Promise<readonly Account[]>
  /** Whether there is no account at all. */
  isEmpty(): Promise<boolean>
  /** Either way nobody waits any more. */
  setDisabled(id: AccountId, disabled: boolean): Promise<boolean>
  remove(id: AccountId): Promise<boolean>
  /** No other one is due then. */
  setPasswordHash(id: AccountId, hash: string): Promise<boolean>
  setPasswordDue(id: AccountId): Promise<void>
  /** Renews an old hash; false when the password was changed meanwhile. */
  renewPasswordHash(id: AccountId, hashes: { readonly from: string; readonly to: string }): Promise<boolean>
  /** Whether a hash begins so. */
  hasPasswordHash(prefix: string): Promise<boolean>
  /** Another address is confirmed by nobody. */
  setProfile(id: AccountId, profile: Pick<Account, 'username' | 'name' | 'email' | 'groups'>): Promise<void>
  /** Of the address that the account has; where it has none, nothing is confirmed. */
  setEmailVerified(id: AccountId, verified: boolean): Promise<void>
  /**
   * Makes these the names of the account, all or none: false when somebody else has or holds one of them. Those that it
   * gives up are held back until `heldUntil`: nobody signs in with them, and nobody else gets them.
   */
  setLoginNames(id: AccountId, names: NewLoginNames): Promise<boolean>
  setAdmin(id: AccountId, admin: boolean): Promise<boolean>
  setEnd(id: AccountId, endsAt: number | null): Promise<boolean>
  /** Until the transaction ends, nobody else takes an administrator away. Before any account is held. */
  holdAdministrators(): Promise<void>
  /** Whether an administrator other than this one can sign in, now and for good: one who ends leaves nobody behind. */
  hasOtherAdministrator(id: AccountId): Promise<boolean>
  /** Names that nobody has to be kept from any more. */
  removeFreedNames(now: number, limit: number): Promise<number>
  /**
   * Counts one more of a kind. @returns the account as it is then; null when it has `atMost` of it already, or,
   * `first`, any second factor
   */
  countFactorUp(id: AccountId, kind: FactorKind, limit: FactorLimit): Promise<Account | null>
  /** Counts one less of a kind; false when fewer than `atLeast` second factors of all kinds would be left. */
  countFactorDown(id: AccountId, kind: FactorKind, atLeast: number): Promise<boolean>
  resetFactorCounts(id: AccountId): Promise<void>
  noteSignIn(id: AccountId, at: number): Promise<void>
}

export interface NewLoginNames {
  readonly loginNames: readonly LoginName[]
  readonly heldUntil: number
  readonly now: number
}

export type FactorLimit = { readonly atMost: number } | 'first'

type NameProblem = 'empty' | 'too-long' | 'not-allowed'

type ParsedName =
  | { readonly kind: 'name'; readonly shown: string; readonly key: LoginName }
  | { readonly kind: 'refused'; readonly why: NameProblem }

const refuse = (why: NameProblem): ParsedName => ({ kind: 'refused', why })
const longestName = 254
const longestDisplayName = 100

/** In ASCII nothing is another way to write something, and all can be seen. */
const isPlain = (text: string): boolean => /^[ -~]*$/.test(text)

const isDeceptive = (text: string, shown: string): boolean =>
  [...text].some((char) => char.normalize('NFKC') !== char && char.trim() !== '') ||
  /\p{Default_Ignorable_Code_Point}/u.test(shown)

/**
 * A username or email address as typed → what is shown and what is compared. Names are the same when they are
 * equal after lower-casing and NFC (small letters may compose where their capitals do not); an email's domain also
 * in its IDNA form. Characters that are another way
 * to write a plain one (full-width letters, the Kelvin sign) are refused rather than folded: folding is how
 * two people become one (CVE-2019-19844 and its kin). So are those that nobody sees (variation selectors, fillers): two
 * names would look like one, and a domain leaves them out that the mail then does not go to.
 */
export function parseLoginName(platform: Pick<Platform, 'domainToAscii'>, text: string): ParsedName {
  const shown = text.trim().normalize('NFC')
  if (shown === '') return refuse('empty')
  if (shown.length > longestName) return refuse('too-long')
  if (!isPlain(text) && isDeceptive(text, shown)) return refuse('not-allowed')
  if (!/^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}._+@'-]*[\p{L}\p{M}\p{N}_+-])?$/u.test(shown))
    return refuse('not-allowed')
  // Lower-casing can take a character apart that NFC had put together.
  const [local = '', domain, ...more] = shown.toLowerCase().normalize('NFC').split('@')
  if (domain === undefined) return { kind: 'name', shown, key: local as LoginName }
  const ascii = platform.domainToAscii(domain)
  if (more.length > 0 || ascii.split('.').includes('')) return refuse('not-allowed')
  return { kind: 'name', shown, key: `${local}@${ascii}` as LoginName }
}

/** Letters of two scripts that are drawn alike: nobody sees which `a` of `аdmin` is Cyrillic. */
const isMixed = (name: string): boolean =>
  /\p{Script=Latin}/u.test(name) && /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(name)

/** A name that somebody is to have from now on: beside what any name must be, in scripts that can be told apart. */
export function parseNewName(platform: Pick<Platform, 'domainToAscii'>, text: string): ParsedName {
  const parsed = parseLoginName(platform, text)
  return parsed.kind === 'name' && isMixed(parsed.shown.replace(/@.*/u, '')) ? refuse('not-allowed') : parsed
}

/**
 * What a name looks like to a database that compares loosely: without accents and case. A letter that is written in two
 * ways (a Greek sigma at the end of a word) becomes one.
 */
export const looseForm = (name: LoginName): LoginName =>
  name.normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase().toLowerCase().replaceAll('ς', 'σ') as LoginName

/** The same for an email address, which must have a domain. */
export function parseEmail(platform: Pick<Platform, 'domainToAscii'>, text: string): ParsedName {
  const parsed = parseLoginName(platform, text)
  return parsed.kind === 'name' && !parsed.key.includes('@') ? refuse('not-allowed') : parsed
}

/** A person's display name: one line of printable text, at most 100 characters; null when it is not. */
export function parseDisplayName(text: string): string | null {
  const shown = text.trim().normalize('NFC')
  return [...shown].length <= longestDisplayName &&
    !/[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|[\u202a-\u202e\u2066-\u2069]/u.test(shown)
    ? shown
    : null
}
