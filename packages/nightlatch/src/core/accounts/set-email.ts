import type { Core } from '../core.js'
import type { Stores } from '../ports/stores.js'
import type { Account } from './account.js'
import { parseLoginName } from './account.js'
import { indexAccount } from './people.js'

/** @returns false when it is somebody else's */
export async function setEmail(
  core: Core,
  stores: Stores,
  { account, email }: { readonly account: Account; readonly email: string },
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
  await indexAccount(stores, after)
  return true
}
