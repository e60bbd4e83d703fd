import type { AccountId } from '../../core/ids.js'
import type { SessionStore, SignedIn } from '../../core/sessions/session.js'
import type { Freshness } from '../engine/database.js'
import { overriding } from '../stores/store.js'

/** Beyond this the one that nobody asked for lately makes room. About 1.1 KB each: 11 MB when it is full. */
const mostSessions = 10_000

interface Remembered {
  readonly signedIn: SignedIn
  /** The epoch in which it was read, and in which it stays true. */
  readonly epoch: number
  wasUsed: boolean
}

/**
 * Live sessions by the hash of their token, so that the one question that every request asks is no question to
 * the database. Only what is there is remembered: unknown tokens take no room.
 */
export class SessionMemory {
  readonly #most: number
  readonly #sessions = new Map<string, Remembered>()
  readonly #hashesOf = new Map<AccountId, Set<string>>()
  #changes = 0

  constructor(most = mostSessions) {
    this.#most = most
  }

  /** Changes with every change that was heard of: what was being read meanwhile may be older than that. */
  get changes(): number {
    return this.#changes
  }

  get size(): number {
    return this.#sessions.size
  }

  find(tokenHash: string, epoch: number): SignedIn | null {
    const known = this.#sessions.get(tokenHash)
    if (known === undefined || known.epoch !== epoch) return null
    known.wasUsed = true
    return known.signedIn
  }

  keep(tokenHash: string, epoch: number, signedIn: SignedIn): void {
    this.forgetToken(tokenHash)
    this.#makeRoom()
    this.#sessions.set(tokenHash, { signedIn, epoch, wasUsed: false })
    const hashes = this.#hashesOf.get(signedIn.account.id)
    if (hashes === undefined) this.#hashesOf.set(signedIn.account.id, new Set([tokenHash]))
    else hashes.add(tokenHash)
  }

  /** Something of this account was changed; null: perhaps of every account. */
  forget(account: AccountId | null): void {
    this.#changes += 1
    if (account === null) {
      this.#sessions.clear()
      this.#hashesOf.clear()
      return
    }
    for (const tokenHash of this.#hashesOf.get(account) ?? []) this.#sessions.delete(tokenHash)
    this.#hashesOf.delete(account)
  }

  forgetToken(tokenHash: string): void {
    const known = this.#sessions.get(tokenHash)
    if (known === undefined) return
    this.#sessions.delete(tokenHash)
    const account = known.signedIn.account.id
    const hashes = this.#hashesOf.get(account)
    hashes?.delete(tokenHash)
    if (hashes?.size === 0) this.#hashesOf.delete(account)
  }

  /** The oldest goes; whoever was asked for since gets a second chance, but only a few in a row. */
  #makeRoom(): void {
    for (let chances = 8; this.#sessions.size >= this.#most; chances -= 1) {
      const oldest = this.#sessions.entries().next().value
      if (oldest === undefined) return
      const [tokenHash, known] = oldest
      if (known.wasUsed && chances > 0) {
        known.wasUsed = false
        this.#sessions.delete(tokenHash)
        this.#sessions.set(tokenHash, known)
      } else this.forgetToken(tokenHash)
    }
  }
}

/**
 * The same store with a memory before its most asked question. The same object as an answer again means that
 * nothing of the account was changed in between: neither its sessions nor its authenticators nor its codes.
 */
export function remembering(
  store: SessionStore,
  freshness: Freshness,
  memory = new SessionMemory(),
): SessionStore {
  freshness.onChange = (account) => {
    memory.forget(account as AccountId | null)
  }
  const reads = readsOf(store, memory)
  const look = (tokenHash: string, epoch: number | null): Promise<SignedIn | null> => {
    if (epoch === null) return reads.past(tokenHash)
    const known = memory.find(tokenHash, epoch)
    return known === null ? reads.into(tokenHash, epoch) : Promise.resolve(known)
  }
  return overriding(store, {
    findByTokenHash(tokenHash) {
      const epoch = freshness.epoch()
      return epoch instanceof Promise
        ? epoch.then((settled) => look(tokenHash, settled))
        : look(tokenHash, epoch)
    },
  })
}

function readsOf(store: SessionStore, memory: SessionMemory) {
  /** The last question about each token that is on its way: only its answer may be kept. */
  const under = new Map<string, object>()
  return {
    /** What the database said last holds, even if it was said past the memory: nobody comes back to life. */
    async past(tokenHash: string): Promise<SignedIn | null> {
      const signedIn = await store.findByTokenHash(tokenHash)
      under.delete(tokenHash)
      memory.forgetToken(tokenHash)
      return signedIn
    },

    async into(tokenHash: string, epoch: number): Promise<SignedIn | null> {
      const { changes } = memory
      const own = {}
      under.set(tokenHash, own)
      try {
        const signedIn = await store.findByTokenHash(tokenHash)
        // What was changed while it was on its way may be missing in it.
        const isLast = under.get(tokenHash) === own && changes === memory.changes
        if (signedIn === null) under.delete(tokenHash)
        if (signedIn === null || !isLast) memory.forgetToken(tokenHash)
        else memory.keep(tokenHash, epoch, signedIn)
        return signedIn
      } finally {
        if (under.get(tokenHash) === own) under.delete(tokenHash)
      }
    },
  }
}
