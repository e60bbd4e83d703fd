import { randomBytes } from 'node:crypto'
import { Totp } from '@nightlatch/otp'
import { addAccount } from '../../src/core/accounts/administration.js'
import type { Account } from '../../src/core/accounts/account.js'
import type { Core } from '../../src/core/core.js'
import type { AuthenticatorSecret } from '../../src/core/factors/totp/store.js'
import { ourOtp } from '../../src/core/factors/totp/store.js'
import { sealContext } from '../../src/core/factors/totp/verify.js'
import type { AccountId, AuthenticatorId } from '../../src/core/ids.js'
import { newId } from '../../src/core/ids.js'
import { storage } from '../../src/core/ports/stores.js'

/**
 * People made past the pages: the one place of the tests that does so. Those who go through the pages are in app.ts
 * (`enrolledPerson`), those who go through core/ in core/people.ts, those at a server of its own in person.ts; rows
 * alone, for the contracts of the stores, are in contracts/things.ts.
 */
export const testPassword = 'correct horse battery'

/** An account with this password, which may be as poor as the test needs it. */
export async function addPerson(core: Core, username: string, password = testPassword): Promise<Account> {
  const wish = { password, unsafeExemptFromPolicy: true }
  const added = await addAccount(core, { username, admin: false }, wish)
  if (added.kind !== 'added') throw new Error(JSON.stringify(added))
  return added.account
}

interface OwnPhone extends Partial<Omit<AuthenticatorSecret, 'sealed'>> {
  /** What the codes are made of; random unless told. */
  readonly secret?: Uint8Array
  /** Sealed by this one instead of the core's. */
  readonly box?: Core['box']
}

/** Gives an account one more authenticator app, without a set-up. */
export async function givePhone(
  core: Core,
  { id: account }: { readonly id: AccountId },
  { secret = randomBytes(20), box = core.box, ...own }: OwnPhone = {},
): Promise<{ readonly id: AuthenticatorId; readonly secret: Uint8Array; readonly totp: Totp }> {
  const id = newId<AuthenticatorId>((count) => randomBytes(count))
  const sealed = box.seal(secret, sealContext({ id, account }))
  const phone: AuthenticatorSecret = {
    ...{ id, account, name: 'Phone', sealed, lastStep: -1, drift: 0, serial: null },
    ...ourOtp,
    ...{ issuer: null, entryNumber: 1, createdAt: core.platform.nowSeconds(), lastUsedAt: 0 },
    ...own,
  }
  await core[storage].atomically(async (stores) => {
    await stores.authenticators.add(phone)
    await stores.accounts.countFactorUp(account, 'totp', { atMost: 100 })
  })
  return { id, secret, totp: new Totp({ secret }) }
}
