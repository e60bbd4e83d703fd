import type { LoginName } from './account.js'

interface Someone {
  readonly place: string
  readonly username: string
}

/** Names of two people that are the same are problems, whatever is wanted of accounts here. */
export class Owners {
  readonly #owners = new Map<LoginName, string>()

  /** @returns who has one of the names already */
  take({ place, username }: Someone, keys: readonly LoginName[]): string | undefined {
    const other = keys.map((key) => this.#owners.get(key)).find((one) => one !== undefined)
    // Joined, the two would not be one text but a tree of three.
    const owner = [username, place].join('\n')
    for (const key of keys) if (!this.#owners.has(key)) this.#owners.set(key, owner)
    return other?.replace(/\n(.*)$/s, ' ($1)')
  }
}

/** Somebody got, or lost, one of the names while the plan was carried out. */
export class NameTaken extends Error {
  readonly username: string
  constructor(username: string) {
    super('a name was taken meanwhile')
    this.username = username
  }
}
