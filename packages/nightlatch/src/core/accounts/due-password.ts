import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import { tellOwner } from '../notify/notices.js'
import { Rollback, storage } from '../ports/stores.js'
import { Secret } from '../secret.js'
import { hasNotEnded, proveSession } from '../sessions/session-lifetime.js'
import { endEverything, type SignedInNow } from '../sign-in/start-session.js'
import type { Change } from './changes.js'
import { newPasswordHash } from './new-password.js'
import type { PasswordProblem } from './password.js'
import { normalisePassword } from './password.js'
import { takeSnapshot } from './snapshot.js'

type DueOutcome =
  | ({ readonly kind: 'changed' } & Pick<SignedInNow, 'token' | 'session' | 'knownDevice'>)
  | { readonly kind: 'bad-password'; readonly why: PasswordProblem }
  | { readonly kind: 'same' | 'busy' | 'over' }

/** The new password that is asked for after "It was not me", by whoever has just signed in as ever. */
export async function chooseDuePassword(
  core: Core,
  change: Change & { readonly password: string },
): Promise<DueOutcome> {
  const { account, session } = change.signedIn
  if (core.platform.nowSeconds() - session.signedInAt >= core.policy.freshSeconds) return { kind: 'over' }
  const same = await core.passwords.verify(
    account.passwordHash,
    new Secret(normalisePassword(change.password)),
  )
  if (same === 'busy' || same) return { kind: same === true ? 'same' : 'busy' }
  const hashed = await newPasswordHash(core, account, change.password)
  if (hashed.kind !== 'hashed') return hashed
  return core[storage].atomically<DueOutcome>(async (stores) => {
    const held = await stores.accounts.hold(account.id)
    if (held?.passwordDue !== true || !(await hasNotEnded(stores, session))) return { kind: 'over' }
    const before = await takeSnapshot(core, stores, held)
    await stores.accounts.setPasswordHash(held.id, hashed.hash)
    await endEverything(stores, held.id, session.id)
    const proven = await proveSession(core, stores, { ...change, proof: 'password' })
    if (proven === null) return new Rollback<DueOutcome>({ kind: 'over' })
    const { client } = change.browser
    await note(core, stores, { event: 'password.changed', account: held.id, client })
    await tellOwner(core, stores, { kind: 'password-changed', account: held, client, before })
    return { kind: 'changed', ...proven }
  })
}
