import type { Core } from '../core.js'
import type { AccountId } from '../ids.js'
import type { Stores } from '../ports/stores.js'
import type { Account } from './account.js'
import { parseLoginName } from './account.js'
import { indexAccount } from './people.js'

/**
 * Whoever reads mails at an address that is not the account's any more has nothing in hand: neither a link with which one
 * chooses a password, nor one that makes another address count. What takes a change back has a life of its own.
 */
export async function endMailedLinks(stores: Stores, account: AccountId): Promise<void> {
  await stores.invitations.removeAllOf(account)
  await stores.mailLinks.removeAllOf(account, 'password-reset')
  await stores.mailLinks.removeAllOf(account, 'email')
}

/** `verified`: whoever asks for it has shown that mail reaches them there. @returns false when it is somebody else's */
export async function setEmail(
  core: Core,
  stores: Stores,
  {
    account,
    email,
    verified,
  }: { readonly account: Account; readonly email: string; readonly verified: boolean },
): Promise<boolean> {
  const now = core.platform.nowSeconds()
  const loginNames = [account.username, email].flatMap((name) => {
    const one = parseLoginName(core.platform, name)
    return one.kind === 'name' ? [one.key] : []
  })
  const heldUntil = now + core.policy.heldNameSeconds
  if (
    !(await stores.accounts.setLoginNames(account.id, {
      loginNames: [...new Set(loginNames)],
      heldUntil,
      now,
    }))
  )
    return false
  const after = { ...account, email }
  await stores.accounts.setProfile(account.id, after)
  await stores.accounts.setEmailVerified(account.id, verified)
  await indexAccount(stores, after)
  if (account.email !== '' && account.email !== email) await endMailedLinks(stores, account.id)
  return true
}
