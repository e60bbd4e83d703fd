import type { Core } from '../../core.js'
import type { AccountId } from '../../ids.js'
import type { Stores } from '../../ports/stores.js'
import type { AuthenticatorSecret } from './store.js'
import { sealContext } from './verify.js'

/** What an operator may know of an authenticator. */
export interface AuthenticatorFacts extends Omit<AuthenticatorSecret, 'sealed'> {
  /** How long its secret is; null where no key at hand opens it. */
  readonly secretBits: number | null
}

/** RFC 4226 §4 asks for 128 bits at least. Apps of other systems often have 80. */
export const shortestSecretBits = 128

export const hasShortSecret = ({ secretBits }: AuthenticatorFacts): boolean =>
  secretBits !== null && secretBits < shortestSecretBits

export async function authenticatorFacts(
  { box }: Pick<Core, 'box'>,
  stores: Pick<Stores, 'authenticators'>,
  account: AccountId,
): Promise<readonly AuthenticatorFacts[]> {
  const all = await stores.authenticators.listOf(account)
  return all.map(({ sealed, ...one }) => {
    const opened = box.open(sealed, sealContext(one))
    return { ...one, secretBits: opened.kind === 'opened' ? opened.plain.length * 8 : null }
  })
}
