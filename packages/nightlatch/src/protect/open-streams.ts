import type { Account } from '../core/accounts/account.js'
import type { SessionId } from '../core/ids.js'
import type { SignedIn } from '../core/sessions/session.js'

/** Answers and WebSockets that are open in the name of a session, and end with it. */
export interface OpenStreams {
  /** @returns what to call when it is over by itself */
  add(person: SignedIn, end: () => void): () => void
  /** Ends what belongs to sessions that are over. */
  prune(): Promise<void>
}

interface OfOneAccount {
  readonly account: Account
  readonly ends: Map<SessionId, Set<() => void>>
}

type LiveSessions = (account: Account) => Promise<ReadonlySet<SessionId>>

export function openStreams(liveSessions: LiveSessions): OpenStreams {
  const open = new Map<string, OfOneAccount>()
  return {
    add: ({ account, session }, end) => {
      const here = open.get(account.id) ?? { account, ends: new Map<SessionId, Set<() => void>>() }
      const ends = here.ends.get(session.id) ?? new Set()
      open.set(account.id, here)
      here.ends.set(session.id, ends.add(end))
      return () => {
        ends.delete(end)
        if (ends.size === 0 && here.ends.get(session.id) === ends) here.ends.delete(session.id)
        if (here.ends.size === 0 && open.get(account.id) === here) open.delete(account.id)
      }
    },
    prune: async () => {
      for (const { account, ends } of [...open.values()]) {
        const begun = [...ends.keys()]
        const live = await liveSessions(account)
        for (const id of begun) if (!live.has(id)) endAll(ends.get(id))
      }
    },
  }
}

const endAll = (ends: ReadonlySet<() => void> | undefined): void => {
  for (const end of [...(ends ?? [])]) end()
}
