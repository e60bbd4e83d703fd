import type { Core } from '../core.js'
import { countOf } from '../factors/registry.js'
import type { AuthenticatorSecret } from '../factors/totp/store.js'
import { sealContext } from '../factors/totp/verify.js'
import { storage } from '../ports/stores.js'
import type { Account } from './account.js'

export interface ExportedAuthenticator extends AuthenticatorSecret {
  readonly secret: Uint8Array
}

export interface ExportedAccount {
  readonly account: Account
  readonly authenticators: readonly ExportedAuthenticator[]
  /** Those whose key is not here. */
  readonly unreadable: number
}

/** Everybody with the secrets of their authenticators, for who runs the site and wants to leave. */
export async function exportAccounts(core: Core): Promise<readonly ExportedAccount[]> {
  const { accounts, authenticators } = core[storage].stores
  const all: ExportedAccount[] = []
  for (const account of await accounts.list()) {
    const own = countOf(account, 'totp') === 0 ? [] : await authenticators.listOf(account.id)
    const opened = own.flatMap((one) => {
      const plain = core.box.open(one.sealed, sealContext(one))
      return plain.kind === 'refused' ? [] : [{ ...one, secret: plain.plain }]
    })
    all.push({ account, authenticators: opened, unreadable: own.length - opened.length })
  }
  return all
}
