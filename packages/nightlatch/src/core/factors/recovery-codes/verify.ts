import { tellOwner } from '../../notify/notices.js'
import { recoveryKey, recoveryKeys, recoveryPolicyAt } from './counters.js'
import { codeKeys } from '../totp/counters.js'
import { note } from '../../audit/audit.js'
import type { Core } from '../../core.js'
import { noteRefused } from '../../rate-limits/refusals.js'
import { Secret } from '../../secret.js'
import type { Stores } from '../../ports/stores.js'
import { storage } from '../../ports/stores.js'
import type { FactorRefusal, Presented, ReadyProof } from '../factor.js'
import { codeDigits, parseAnyCode } from '../totp/verify.js'
import { parseRecoveryCode } from './store.js'

/** Spends an attempt and hashes what was typed; only `accept` tells whether it is one. */
export async function readRecoveryCode(
  core: Core,
  presented: Presented,
): Promise<ReadyProof | FactorRefusal | { readonly kind: 'busy' }> {
  const code = parseRecoveryCode(presented.given)
  if (code === null) return malformed(presented.given)
  const { account, place } = presented
  const key = recoveryKey(account, place)
  const { attempts, recoveryCodes } = core[storage].stores
  const reservation = await attempts.reserve(
    key,
    recoveryPolicyAt(core.policy, account, place),
    core.platform.nowSeconds(),
  )
  if (reservation.kind !== 'reserved') {
    const untilSeconds = reservation.kind === 'wait' ? reservation.untilSeconds : 0
    const refused = {
      account,
      client: presented.client,
      untilSeconds,
      event: 'recovery-code.throttled',
    } as const
    await noteRefused(core, core[storage].stores, refused)
    return reservation
  }
  const salt = (await recoveryCodes.saltOf(account)) ?? '00'.repeat(16)
  const hashes = await core.passwords.hashAll(new Secret([code.reveal()]), salt)
  if (hashes === 'busy') {
    await attempts.giveBack(key)
    return { kind: 'busy' }
  }
  const checked = { ...presented, hash: hashes[0] ?? '', failures: reservation.failures }
  return { kind: 'ready', accept: (stores) => acceptRecoveryCode(core, stores, checked) }
}

function malformed(given: string): FactorRefusal {
  const inTheWrongBox = parseAnyCode(given).kind === 'code'
  const problem = given.trim() === '' ? 'empty' : 'wrong-length'
  return { kind: 'malformed', problem, digits: inTheWrongBox ? codeDigits : 0 }
}

type Checked = Pick<Presented, 'account' | 'client'> & { readonly hash: string; readonly failures: number }

/** Spends the code itself: once. Success frees the account's codes, too. */
export async function acceptRecoveryCode(
  core: Core,
  stores: Stores,
  checked: Checked,
): Promise<FactorRefusal | null> {
  const { account } = checked
  if (!(await stores.recoveryCodes.take(account, checked.hash, core.platform.nowSeconds()))) {
    await note(core, stores, { ...checked, event: 'recovery-code.refused' })
    return { kind: 'wrong', failures: checked.failures }
  }
  await stores.attempts.clear(...recoveryKeys(account), ...codeKeys(account))
  const left = await stores.recoveryCodes.countLeft(account)
  await note(core, stores, { ...checked, event: 'recovery-code.used', details: { left } })
  return null
}

/** Mail to the owner for every code that was used. */
export async function tellOfRecovery(
  core: Core,
  stores: Stores,
  {
    account: id,
    client,
    refusal,
  }: Pick<Presented, 'account' | 'client'> & { readonly refusal: FactorRefusal | null },
): Promise<void> {
  if (refusal !== null) return
  const { accounts, recoveryCodes } = stores
  const [account, left] = await Promise.all([accounts.find(id), recoveryCodes.countLeft(id)])
  if (account === null) return
  await tellOwner(core, stores, { kind: 'recovery-code-used', account, client, details: { left } })
}
