import type { Account } from '../core/accounts/account.js'
import type { SessionId } from '../core/ids.js'
import type { SignedIn } from '../core/sessions/session.js'

/** An answer or a WebSocket, as far as it has to be ended. */
export interface OpenStream {
  end(): void
}

/** Answers and WebSockets that are open in the name of a session, and end with it. */
export interface OpenStreams {
  add(person: SignedIn, stream: OpenStream): void
  /** It is over by itself. */
  remove(person: SignedIn, stream: OpenStream): void
  /** Ends what belongs to sessions that are over. */
  prune(): Promise<void>
}

interface OfOneAccount {
  readonly account: Account
  readonly streams: Map<SessionId, Set<OpenStream>>
}

type LiveSessions = (account: Account) => Promise<ReadonlySet<SessionId>>

/** Every request passes here: what has become empty is only put away when somebody looks. */
export function openStreams(liveSessions: LiveSessions): OpenStreams {
  const open = new Map<string, OfOneAccount>()
  return {
    add: ({ account, session }, stream) => {
      let here = open.get(account.id)
      if (here === undefined) open.set(account.id, (here = { account, streams: new Map() }))
      const streams = here.streams.get(session.id)
      if (streams === undefined) here.streams.set(session.id, new Set([stream]))
      else streams.add(stream)
    },
    remove: ({ account, session }, stream) => {
      open.get(account.id)?.streams.get(session.id)?.delete(stream)
    },
    prune: async () => {
      for (const { account, streams } of [...open.values()]) {
        for (const [id, those] of streams) if (those.size === 0) streams.delete(id)
        if (streams.size === 0) open.delete(account.id)
        if (streams.size === 0) continue
        const begun = [...streams.keys()]
        const live = await liveSessions(account)
        for (const id of begun) if (!live.has(id)) endAll(streams.get(id))
      }
    },
  }
}

const endAll = (streams: ReadonlySet<OpenStream> | undefined): void => {
  for (const stream of [...(streams ?? [])]) stream.end()
}
