import type { Account } from '../accounts/account.js'
import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import { tellOwner } from '../notify/notices.js'
import type { Client } from '../ports/platform.js'
import type { Stores } from '../ports/stores.js'
import { isUnseen, type Session } from '../sessions/session.js'

/** A value that had been replaced came back. */
type Reused = Extract<Awaited<ReturnType<Stores['trustedDevices']['use']>>, { kind: 'reused' }>

interface Reuse extends Reused {
  readonly account: Account
  readonly client: Client
}

/** Also the thief's session: which of them is it nobody can tell. Where no answer has arrived there is none. */
export async function endReused(
  core: Core,
  stores: Stores,
  reuse: Reuse,
): Promise<{ readonly ended: 'copied' | 'unanswered' }> {
  const { account, client } = reuse
  const opened = (await stores.sessions.listOf(account.id)).filter(({ factors }) =>
    factors.includes('device'),
  )
  const unanswered = unansweredOf(core, opened, reuse)
  for (const session of unanswered ?? opened) await stores.sessions.end(session.id, account.id)
  const event = unanswered === null ? 'trusted-device.reused' : 'trusted-device.unanswered'
  await note(core, stores, { event, account: account.id, client })
  const kind = unanswered === null ? 'trusted-device-copied' : 'trusted-device-unanswered'
  await tellOwner(core, stores, { kind, account, client })
  return { ended: unanswered === null ? 'copied' : 'unanswered' }
}

/**
 * The sessions that the newest value came with, when its answer was lost on the way: the value before it comes again from
 * the same browser, soon, and nobody has shown the token of such a session yet. A thief who did would be noticed; one
 * who did not has nothing, because they end. Null: it is a copy, as far as anybody can tell.
 */
function unansweredOf(
  { platform, policy }: Core,
  opened: readonly Session[],
  { device, wasLast, client }: Reuse,
): readonly Session[] | null {
  const begun = opened.filter(({ signedInAt }) => signedInAt === device.lastUsedAt)
  const isLost =
    wasLast &&
    Math.abs(platform.nowSeconds() - device.lastUsedAt) <= policy.trustedDevice.lostAnswerSeconds &&
    begun.length > 0 &&
    begun.every((one) => isUnseen(one) && isOf(client, one))
  return isLost ? begun : null
}

const isOf = (client: Client, { address, userAgent }: Session): boolean =>
  address === client.address && userAgent === client.userAgent.slice(0, 256)
