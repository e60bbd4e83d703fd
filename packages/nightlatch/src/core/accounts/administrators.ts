import type { Actor } from './actor.js'
import { hasTwoFactors } from '../factors/registry.js'
import type { Policy } from '../policy.js'
import type { Client } from '../ports/platform.js'
import type { SignedIn } from '../sessions/session.js'
import { isFresh } from '../sessions/session.js'

/** Whether this session may look after other people's accounts: an administrator's, begun with two factors. */
export const mayAdminister = ({ account, session }: SignedIn): boolean =>
  account.admin && hasTwoFactors(session)

/**
 * What somebody may do with other people's accounts, at whichever door: nothing (and there is nothing to be seen), look at
 * them, or, with a fresh proof, change them.
 */
export function administrationFor(
  policy: Policy,
  signedIn: SignedIn | null,
  now: number,
): 'nothing' | 'look' | 'change' {
  if (signedIn === null || !mayAdminister(signedIn)) return 'nothing'
  return isFresh(policy, signedIn.session, now) ? 'change' : 'look'
}

/** An administrator on the pages or by the JSON interface. */
export const actingAs = ({ account }: SignedIn, client: Client): Actor => ({ account: account.id, client })
