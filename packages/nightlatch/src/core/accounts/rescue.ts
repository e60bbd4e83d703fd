import { noClient, note } from '../audit/audit.js'
import type { Account } from './account.js'
import { isOpen } from './account.js'
import type { Actor } from './actor.js'
import { atTheCommandLine, by } from './actor.js'
import type { Core } from '../core.js'
import { hasSecondFactor } from '../factors/factor.js'
import { newRecoveryCodes } from '../factors/recovery-codes/store.js'
import { tellOwner } from '../notify/notices.js'
import { storage } from '../ports/stores.js'

type RescueOutcome =
  | { readonly kind: 'rescued'; readonly code: string; readonly expiresAt: number }
  /** The next sign-in sets one up: there is nothing to be rescued from. */
  | { readonly kind: 'no-second-factor' }
  /** Disabled, ended or gone: no code lets anybody in. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'busy' }

/**
 * One more recovery code for somebody who has lost phone and paper: good once, within the hour, and only behind the
 * password. The factors stay; what comes after is what comes after any recovery code.
 */
export async function rescueAccount(
  core: Core,
  account: Account,
  actor: Actor = atTheCommandLine,
): Promise<RescueOutcome> {
  const made = newRecoveryCodes(core.platform, 1)
  const salt = (await core[storage].stores.recoveryCodes.saltOf(account.id)) ?? made.salt
  const hashes = await core.passwords.hashAll(made.codes, salt, 'later')
  if (hashes === 'busy') return { kind: 'busy' }
  const [hash = ''] = hashes
  const [code = ''] = made.shown
  const now = core.platform.nowSeconds()
  const expiresAt = now + core.policy.rescueSeconds
  return core[storage].atomically<RescueOutcome>(async (stores) => {
    const held = await stores.accounts.hold(account.id)
    if (held === null || !isOpen(held, now)) return { kind: 'closed' }
    if (!hasSecondFactor(held)) return { kind: 'no-second-factor' }
    // New codes were made while this one was hashed: it would fit none of them.
    const current = await stores.recoveryCodes.saltOf(held.id)
    if (current !== null && current !== salt) return { kind: 'busy' }
    await stores.recoveryCodes.putRescue(held.id, { hash, expiresAt, salt })
    await note(core, stores, {
      account: held.id,
      event: 'account.rescued',
      client: actor.client,
      details: by(actor),
    })
    await tellOwner(core, stores, { kind: 'rescue-code-made', account: held, client: noClient })
    return { kind: 'rescued', code, expiresAt }
  })
}
