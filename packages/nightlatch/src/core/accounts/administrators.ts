import type { Actor } from './actor.js'
import { hasTwoFactors } from '../factors/registry.js'
import type { Client } from '../ports/platform.js'
import type { SignedIn } from '../sessions/session.js'

/** Whether this session may look after other people's accounts: an administrator's, begun with two factors. */
export const mayAdminister = ({ account, session }: SignedIn): boolean =>
  account.admin && hasTwoFactors(session)

/** An administrator on the pages or by the JSON interface. */
export const actingAs = ({ account }: SignedIn, client: Client): Actor => ({ account: account.id, client })
