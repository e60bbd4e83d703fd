import type { Account } from '../accounts/account.js'
import { isOpen } from '../accounts/account.js'
import { noClient } from '../audit/audit.js'
import type { Core } from '../core.js'
import { tellOwner } from '../notify/notices.js'
import type { Stores } from '../ports/stores.js'
import { registrationKey } from '../rate-limits/attempts.js'

const mostTold = 50

/** That somebody waits. However many come at once, it is one mail to each an hour; the pages list them all. */
export async function tellAdministrators(core: Core, stores: Stores, waiting: Account): Promise<void> {
  const now = core.platform.nowSeconds()
  const key = registrationKey('told', 'administrators')
  const told = await stores.attempts.reserve(key, core.policy.attempts.waitingTold, now)
  if (told.kind !== 'reserved') return
  const administrators = await stores.people.page({ state: 'admin', words: [], limit: mostTold, now })
  const details = { username: waiting.username }
  for (const account of administrators.filter((one) => isOpen(one, now)))
    await tellOwner(core, stores, { kind: 'registration-waiting', account, client: noClient, details })
}
