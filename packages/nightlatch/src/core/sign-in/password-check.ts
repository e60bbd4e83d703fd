import type { Account, LoginName } from '../accounts/account.js'
import { isOpen, looseForm, parseDisplayName, parseEmail, parseLoginName } from '../accounts/account.js'
import type { ApplicationAccount, Core } from '../core.js'
import { noFactors } from '../factors/factor.js'
import { newId } from '../ids.js'
import { couldBePassword, normalisePassword } from '../accounts/password.js'
import { Secret } from '../secret.js'
import { oldHashFact } from '../accounts/old-hashes.js'
import { storage } from '../ports/stores.js'

type PasswordCheck =
  | { readonly kind: 'right'; readonly account: Account }
  | { readonly kind: 'wrong' }
  /** It is right, and an administrator has yet to let them in. */
  | { readonly kind: 'waiting' }
  /** Too many passwords are being hashed: nothing was looked at. */
  | { readonly kind: 'busy' }

interface Given {
  /** The account behind the name, when there is one. */
  readonly account: Account | null
  readonly username: string
  readonly password: string
}

/** Looks at a password. An unknown name, a disabled account and one without a password cost the same hash. */
export async function checkPassword(core: Core, given: Given): Promise<PasswordCheck> {
  if (!couldBePassword(core.policy, given.password)) return { kind: 'wrong' }
  if (core.applicationAccounts !== null) return askApplication(core, given)
  const { account } = given
  const hash =
    account === null || account.passwordHash === '' ? core.passwords.unknownAccountHash : account.passwordHash
  const password = new Secret(normalisePassword(given.password))
  const matches = await core.passwords.verify(hash, password, await oldHashes(core))
  if (matches === 'busy') return { kind: 'busy' }
  const now = core.platform.nowSeconds()
  if (!matches || account === null || account.passwordHash === '') return { kind: 'wrong' }
  if (!isOpen(account, now)) return { kind: account.waiting ? 'waiting' : 'wrong' }
  if (!core.passwords.needsRenewal(hash)) return { kind: 'right', account }
  return { kind: 'right', account: await renewHash(core, { account, password }) }
}

/** One for each cost of hashes that were taken over from another system and not renewed yet. */
const oldHashes = async (core: Core): Promise<readonly string[]> =>
  (await core[storage].stores.facts.list(oldHashFact)).map(({ value }) => value)

/** @returns the account with the hash that it has now */
async function renewHash(
  core: Core,
  given: { account: Account; password: Secret<string> },
): Promise<Account> {
  const { account } = given
  const to = await core.passwords.hash(given.password)
  if (to === 'busy') return account // the next sign-in renews it
  const from = account.passwordHash
  const renewed = await core[storage].stores.accounts.renewPasswordHash(account.id, { from, to })
  return renewed ? { ...account, passwordHash: to } : account
}

async function askApplication(core: Core, given: Given): Promise<PasswordCheck> {
  const found = await core.applicationAccounts?.verifyPassword(given.username, given.password)
  if (found === null || found === undefined || found === false) return { kind: 'wrong' }
  const now = core.platform.nowSeconds()
  if (given.account !== null && !isOpen(given.account, now)) return { kind: 'wrong' }
  const named = found === true ? await exactlyNamed(core, given.username) : found
  if (named === null) {
    core.onUnclearAnswer?.()
    return { kind: 'wrong' }
  }
  const account = await mirror(core, named)
  return account === null || !isOpen(account, now) ? { kind: 'wrong' } : { kind: 'right', account }
}

/**
 * Whom an application means that says no more than that the password is right: the account with exactly this name. A
 * name that may be another way to write somebody's (other letters, blanks, an email address and its first part) is
 * nobody's: it would become a second account of the same person, without the second factor. Null: it has to say who.
 */
async function exactlyNamed(core: Core, username: string): Promise<ApplicationAccount | null> {
  const name = parseLoginName(core.platform, username)
  if (name.kind === 'refused' || name.shown !== username) return null
  const { accounts } = core[storage].stores
  const known = await accounts.findByLoginName(name.key)
  if (known !== null) return known.username === username ? known : null
  const local = name.key.split('@')[0] as LoginName
  const others = [looseForm(name.key), local].filter((other) => other !== name.key)
  for (const other of others) if ((await accounts.findByLoginName(other)) !== null) return null
  return (await accounts.isLocalPart(name.key)) ? null : { username }
}

/** Keeps our row of an application's account up to date; its factors hang on it. */
async function mirror(core: Core, found: ApplicationAccount): Promise<Account | null> {
  const name = parseLoginName(core.platform, found.username)
  if (name.kind === 'refused') return null
  const email = parseEmail(core.platform, found.email ?? '')
  const profile = {
    username: name.shown,
    name: parseDisplayName(found.name ?? '') ?? '',
    email: email.kind === 'name' ? email.shown : '',
    groups: found.groups ?? [],
  }
  const accounts = core[storage].stores.accounts
  const known = await accounts.findByLoginName(name.key)
  if (known !== null) {
    await accounts.setProfile(known.id, profile)
    const emailVerified = known.emailVerified && known.email === profile.email
    return { ...known, ...profile, emailVerified }
  }
  const account = newAccount(core, profile)
  await accounts.add({ account, loginNames: [name.key] })
  return accounts.findByLoginName(name.key)
}

export function newAccount(
  core: Core,
  profile: Pick<Account, 'username' | 'name' | 'email' | 'groups'>,
): Account {
  return { id: newId(core.platform.randomBytes), ...withoutId(core, profile) }
}

type Profile = Pick<Account, 'username' | 'name' | 'email' | 'groups'> &
  Partial<Pick<Account, 'emailVerified' | 'disabled' | 'factorCounts'>>

/** What is only planned needs no id. */
export function withoutId(core: Core, profile: Profile): Omit<Account, 'id'> {
  return {
    emailVerified: false,
    admin: false,
    disabled: false,
    waiting: false,
    endsAt: null,
    passwordHash: '',
    factorCounts: noFactors,
    createdAt: core.platform.nowSeconds(),
    lastSignInAt: 0,
    // At the end: what is named behind it is slow to add, for each of a hundred thousand.
    ...profile,
  }
}
