import { noClient, note } from '../audit/audit.js'
import type { Core } from '../core.js'
import { tellOwner } from '../notify/notices.js'
import { storage } from '../ports/stores.js'
import { endEverything } from '../sign-in/start-session.js'
import type { Account } from './account.js'
import type { Actor } from './actor.js'
import { atTheCommandLine, by } from './actor.js'

/** Ends every session, sign-in and remembered device. @returns how many sessions there were */
export async function endSessionsOf(
  core: Core,
  account: Account,
  actor: Actor = atTheCommandLine,
): Promise<number> {
  return core[storage].atomically(async (stores) => {
    await stores.accounts.hold(account.id)
    const ended = (await stores.sessions.listOf(account.id)).length
    await endEverything(stores, account.id)
    const details = { ended, ...by(actor) }
    const event = 'account.sessions-ended'
    await note(core, stores, { account: account.id, event, client: actor.client, details })
    await tellOwner(core, stores, { kind: 'signed-out', account, client: noClient })
    return ended
  })
}
