import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import type { Mail } from '../notify/mail.js'
import { post } from '../notify/mail.js'
import type { OpenedLink } from '../notify/mail-links.js'
import { openMailLink } from '../notify/mail-links.js'
import type { UndoState } from '../notify/notices.js'
import { tellOwner } from '../notify/notices.js'
import type { Client } from '../ports/platform.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import { endEverything } from '../sign-in/start-session.js'
import type { Token } from '../tokens.js'
import type { Account } from './account.js'
import { endMailedLinks } from './set-email.js'
import type { Difference } from './snapshot.js'
import { differenceTo, restore } from './snapshot.js'

interface FoundUndo extends OpenedLink<UndoState> {
  /** What is taken back beside ending everything; null: there is nothing to take back. */
  readonly difference: Difference | null
}

/** What "It was not me" would do, for whoever has opened the link. Nothing is done yet. */
export async function findUndo(core: Core, token: Token | null): Promise<FoundUndo | null> {
  const found = await openMailLink<UndoState>(core, 'undo', token)
  if (found === null) return null
  const { before } = found.about
  const { stores } = core[storage]
  return { ...found, difference: before === null ? null : await differenceTo(stores, found.account, before) }
}

/**
 * "It was not me": the account is as it was before the change, and what came after the change goes with it. Whoever has
 * nothing but the mailbox gains nothing: no session begins, and what is needed to sign in is what was needed then, and a new password.
 */
export async function undoChange(
  core: Core,
  { token, client }: { readonly token: Token | null; readonly client: Client },
): Promise<'undone' | 'gone'> {
  const found = await openMailLink<UndoState>(core, 'undo', token)
  if (found === null) return 'gone'
  const { link, about } = found
  return core[storage].atomically<'undone' | 'gone'>(async (stores) => {
    const held = await stores.accounts.hold(link.account)
    if (held === null || !(await stores.mailLinks.take(link.id, core.platform.nowSeconds()))) return 'gone'
    if (about.before !== null) {
      await restore(core, stores, { account: held, before: about.before })
      // What they would go back to is gone with them.
      await stores.mailLinks.removeSince(held.id, 'undo', link.createdAt)
    }
    await shut(core, stores, held)
    const after = (await stores.accounts.find(held.id)) ?? held
    await note(core, stores, {
      event: 'account.undone',
      account: held.id,
      client,
      details: { notice: about.kind },
    })
    await tellOwner(core, stores, { kind: 'change-undone', account: after, client })
    if (after.email !== held.email)
      await tellOwner(core, stores, { kind: 'change-undone', account: held, client })
    await tellAdministrators(core, stores, { account: after, client })
    return 'undone'
  })
}

/** Everything that was begun or remembered, and a new password at the next sign-in. */
async function shut(core: Core, stores: Stores, account: Account): Promise<void> {
  await endEverything(stores, account.id)
  await stores.grants.endAllOf(account.id)
  await stores.knownDevices.removeAllOf(account.id)
  await endMailedLinks(stores, account.id)
  await stores.recoveryCodes.removeRescueOf(account.id)
  await stores.unsavedCodes.removeAllOf(account.id)
  if (core.applicationAccounts === null && account.passwordHash !== '')
    await stores.accounts.setPasswordDue(account.id)
}

const mostTold = 20

async function tellAdministrators(
  core: Core,
  stores: Stores,
  { account, client }: { readonly account: Account; readonly client: Client },
): Promise<void> {
  const at = core.platform.nowSeconds()
  const all = await stores.people.page({ state: 'admin', words: [], limit: mostTold, now: at })
  for (const { id, email: to, name } of all) {
    if (id === account.id) continue
    const mail: Mail = {
      kind: 'undone-reported',
      to,
      username: account.username,
      name,
      at,
      client,
      details: {},
    }
    await post(core, stores, { mail, account: account.id })
  }
}
