import type { AskedGroups } from '../core/access/rules.js'
import { isInAll } from '../core/access/rules.js'
import type { AccountId, SessionId } from '../core/ids.js'
import type { SignedIn } from '../core/sessions/session.js'

/** An answer or a WebSocket, as far as it has to be ended. */
export interface OpenStream {
  /** What its rules ask for. */
  readonly groups: AskedGroups
  end(): void
}

/** Answers and WebSockets that are open in the name of a session, and end with it, or with the right to open them. */
export interface OpenStreams {
  add(person: SignedIn, stream: OpenStream): void
  /** It is over by itself. */
  remove(person: SignedIn, stream: OpenStream): void
  /** Ends what belongs to sessions that are over, or to groups that the person has left. */
  prune(): Promise<void>
}

type OfOneAccount = Map<SessionId, Set<OpenStream>>

/** What an account is allowed just now. */
export interface Standing {
  readonly sessions: ReadonlySet<SessionId>
  readonly groups: readonly string[]
}

/** Every request passes here: what has become empty is only put away when somebody looks. */
export function openStreams(standingOf: (account: AccountId) => Promise<Standing>): OpenStreams {
  const open = new Map<AccountId, OfOneAccount>()
  return {
    add: ({ account, session }, stream) => {
      let here = open.get(account.id)
      if (here === undefined) open.set(account.id, (here = new Map<SessionId, Set<OpenStream>>()))
      const streams = here.get(session.id)
      if (streams === undefined) here.set(session.id, new Set([stream]))
      else streams.add(stream)
    },
    remove: ({ account, session }, stream) => {
      open.get(account.id)?.get(session.id)?.delete(stream)
    },
    prune: async () => {
      for (const [account, streams] of open) {
        for (const [id, those] of streams) if (those.size === 0) streams.delete(id)
        if (streams.size === 0) open.delete(account)
      }
      for (const [account, streams] of [...open]) {
        const begun = [...streams].flatMap(([id, those]) => [...those].map((stream) => ({ id, stream })))
        const standing = await standingOf(account)
        for (const { id, stream } of begun) if (!mayStay(stream, id, standing)) stream.end()
      }
    },
  }
}

const mayStay = ({ groups }: OpenStream, id: SessionId, standing: Standing): boolean =>
  standing.sessions.has(id) && isInAll(standing.groups, groups)
