import type { Nightlatch } from './open.js'
import type { AuditEvent } from '../core/audit/audit.js'
import type { AccountId } from '../core/ids.js'
import type { HttpLog } from '../http/services.js'

const mostNames = 1000
/** A name may be changed. */
const namesLastMs = 60_000

/**
 * Each event of the audit trail is a line of the log, too, where fail2ban, journald and others look for it: with the
 * account's name, never with what a stranger typed.
 */
export function logEvents({ core, storage }: Pick<Nightlatch, 'core' | 'storage'>, log: HttpLog): void {
  if (log.info === undefined) return
  const names = nameFinder(async (id) => (await core.queries.accounts.find(id))?.username)
  let before = Promise.resolve()
  storage.onEvent((event) => {
    before = before.then(async () => log.info?.(event.event, fieldsOf(event, await names(event))))
  })
}

function fieldsOf(
  { address, userAgent, details }: AuditEvent,
  account: string,
): Record<string, string | number> {
  const facts = Object.entries(details).flatMap(([name, value]) =>
    typeof value === 'boolean' ? [] : [[name, value] as const],
  )
  const said = { account, address, userAgent }
  const given = Object.entries(said).filter(([, text]) => text !== '')
  return { ...Object.fromEntries(facts), ...Object.fromEntries(given) }
}

/** The database is asked once in a while, and what it cannot say is no reason to say nothing. */
function nameFinder(find: (id: AccountId) => Promise<string | undefined>) {
  const known = new Map<AccountId, string>()
  let since = performance.now()
  return async ({ account, details }: AuditEvent): Promise<string> => {
    if (account === null) return ''
    if (known.size >= mostNames || performance.now() - since > namesLastMs) {
      known.clear()
      since = performance.now()
    }
    const removed = details['username']
    const name =
      known.get(account) ??
      (typeof removed === 'string' ? removed : await find(account).catch(() => undefined)) ??
      account
    known.set(account, name)
    return name
  }
}
