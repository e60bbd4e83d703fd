import type { Core } from '../core.js'
import type { AuthenticatorSecret } from '../factors/totp/store.js'
import { sealContext } from '../factors/totp/verify.js'
import type { Passkey } from '../factors/passkeys/store.js'
import type { Stores } from '../ports/stores.js'
import { asciiBytes, asciiText } from '../text.js'
import type { Account } from './account.js'
import { setEmail } from './set-email.js'

/** What lets somebody in, and where its owner hears of it, as it was before a change. It is kept sealed. */
export interface Snapshot {
  readonly email: string
  /** Missing in those of before. */
  readonly emailVerified?: boolean
  readonly passwordHash: string
  /** `plain` is null where its key is lost. */
  readonly authenticators: readonly (AuthenticatorSecret & { readonly plain: string | null })[]
  readonly passkeys: readonly Passkey[]
  readonly recoveryCodes: { readonly salt: string; readonly hashes: readonly string[] } | null
}

/** Within the transaction of the change, before it. Null where nobody could be told how to undo it. */
export async function takeSnapshot(core: Core, stores: Stores, account: Account): Promise<Snapshot | null> {
  if (account.email === '' || (await core.hasMailServer?.(stores)) !== true) return null
  const { id, email, emailVerified, passwordHash } = account
  const [authenticators, passkeys, salt, hashes] = await Promise.all([
    stores.authenticators.listOf(id),
    stores.passkeys.listOf(id),
    stores.recoveryCodes.saltOf(id),
    stores.recoveryCodes.hashesOf(id),
  ])
  return {
    ...{ email, emailVerified, passwordHash, passkeys },
    authenticators: authenticators.map((one) => {
      const opened = core.box.open(one.sealed, sealContext(one))
      return { ...one, plain: opened.kind === 'opened' ? asciiText(opened.plain) : null }
    }),
    recoveryCodes: salt === null ? null : { salt, hashes },
  }
}

/** The same where the first write of the change holds the account: nobody looks at it once more for nothing. */
export async function holdAndTakeSnapshot(
  core: Core,
  stores: Stores,
  { id, email }: Pick<Account, 'id' | 'email'>,
): Promise<Snapshot | null> {
  if (email === '' || (await core.hasMailServer?.(stores)) !== true) return null
  const held = await stores.accounts.hold(id)
  return held && takeSnapshot(core, stores, held)
}

/** What going back to it would change. */
export interface Difference {
  readonly removed: readonly string[]
  readonly restored: readonly string[]
  readonly password: boolean
  readonly recoveryCodes: boolean
  /** The address that comes back, or null. */
  readonly email: string | null
  /** There was no second factor before: the first one stays. */
  readonly keepsFirstFactor: boolean
}

/**
 * Whoever has the mailbox and the password must not get rid of the second factor with a link: where there was none before,
 * what was added stays, and an administrator decides.
 */
const hadSecondFactor = ({ authenticators, passkeys }: Snapshot): boolean =>
  authenticators.length + passkeys.length > 0

export async function differenceTo(stores: Stores, account: Account, before: Snapshot): Promise<Difference> {
  const [authenticators, passkeys, salt] = await Promise.all([
    stores.authenticators.listOf(account.id),
    stores.passkeys.listOf(account.id),
    stores.recoveryCodes.saltOf(account.id),
  ])
  const now = [...authenticators, ...passkeys]
  const then = [...before.authenticators, ...before.passkeys]
  const isBack = hadSecondFactor(before)
  const lost = now.filter(({ id }) => !then.some((one) => one.id === id))
  return {
    removed: isBack ? lost.map(({ name }) => name) : [],
    restored: then.filter(({ id }) => !now.some((one) => one.id === id)).map(({ name }) => name),
    password: account.passwordHash !== before.passwordHash,
    recoveryCodes: isBack && salt !== (before.recoveryCodes?.salt ?? null),
    email: account.email === before.email ? null : before.email,
    keepsFirstFactor: !isBack && lost.length > 0,
  }
}

interface Restoring {
  readonly account: Account
  readonly before: Snapshot
}

/** Within a transaction that holds the account: as it was, but for what was spent since. */
export async function restore(core: Core, stores: Stores, given: Restoring): Promise<void> {
  const { account, before } = given
  if (hadSecondFactor(before)) await restoreFactors(core, stores, given)
  await stores.accounts.setPasswordHash(account.id, before.passwordHash)
  // It is held for the account: only an administrator can have given it to somebody else meanwhile.
  if (core.applicationAccounts === null && account.email !== before.email)
    await setEmail(core, stores, {
      account,
      email: before.email,
      verified: before.emailVerified === true,
    })
}

async function restoreFactors(core: Core, stores: Stores, given: Restoring): Promise<void> {
  const { account, before } = given
  await restoreAuthenticators(core, stores, given)
  const has = await stores.passkeys.listOf(account.id)
  for (const one of has)
    if (!before.passkeys.some(({ id }) => id === one.id)) await stores.passkeys.remove(one.id, account.id)
  for (const one of before.passkeys) if (!has.some(({ id }) => id === one.id)) await stores.passkeys.add(one)
  await recount(stores, account)
  if ((await stores.recoveryCodes.saltOf(account.id)) === (before.recoveryCodes?.salt ?? null)) return
  if (before.recoveryCodes === null) await stores.recoveryCodes.removeAllOf(account.id)
  else await stores.recoveryCodes.replaceAll(account.id, before.recoveryCodes)
}

async function restoreAuthenticators(
  core: Core,
  stores: Stores,
  { account, before }: Restoring,
): Promise<void> {
  const has = await stores.authenticators.listOf(account.id)
  for (const one of has)
    if (!before.authenticators.some(({ id }) => id === one.id))
      await stores.authenticators.remove(one.id, account.id)
  const now = core.platform.nowSeconds()
  for (const { plain, ...one } of before.authenticators) {
    if (has.some(({ id }) => id === one.id)) continue
    const sealed = plain === null ? one.sealed : core.box.seal(asciiBytes(plain), sealContext(one))
    // Whatever was used before it was taken away stays used.
    const lastStep =
      one.counter === null ? Math.max(one.lastStep, Math.floor(now / one.period)) : one.lastStep
    await stores.authenticators.add({ ...one, sealed, lastStep })
  }
}

/** `countFactorUp` holds the row and counts one: there are thirty at most. */
async function recount(stores: Stores, { id }: Account): Promise<void> {
  await stores.accounts.resetFactorCounts(id)
  const [authenticators, passkeys] = await Promise.all([
    stores.authenticators.listOf(id),
    stores.passkeys.listOf(id),
  ])
  const kinds = [...authenticators.map(() => 'totp' as const), ...passkeys.map(() => 'passkey' as const)]
  for (const kind of kinds) await stores.accounts.countFactorUp(id, kind, { atMost: 1000 })
}
