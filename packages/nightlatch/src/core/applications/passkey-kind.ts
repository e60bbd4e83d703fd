import type { Core } from '../core.js'
import type { SignedIn } from '../sessions/session.js'

/** A key that is on several devices is one of software; where an account has both kinds, the one that was used last. */
export async function passkeyKind(core: Core, { session, account }: SignedIn): Promise<'hwk' | 'swk'> {
  if (!session.factors.includes('passkey')) return 'hwk'
  const all = await core.queries.passkeys.listOf(account.id)
  const [last] = [...all].sort((one, other) => other.lastUsedAt - one.lastUsedAt)
  return last?.backupEligible === true ? 'swk' : 'hwk'
}
