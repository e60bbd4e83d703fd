import type { LoginName } from './account.js'

interface Someone {
  readonly place: string
  readonly username: string
}

/** Who owns which of the names that somebody said already: people are told apart before any of them is written. */
export interface Owners {
  /** @returns who has one of the names already */
  take(person: Someone, keys: readonly LoginName[]): string | undefined
}

/** Most names occur once, and of these nothing has to be known but that: eight bytes each, and nobody's owner. */
export class SeenNames implements Owners {
  readonly #seen = new Fingerprints()
  readonly #seed: number
  /** Fingerprints that came twice: of one name, or, hardly ever, of two. */
  readonly twice = new Set<number>()

  constructor(seed: number) {
    this.#seed = seed
  }

  take(_person: Someone, keys: readonly LoginName[]): undefined {
    for (const key of keys) {
      const fingerprint = fingerprintOf(key, this.#seed)
      if (!this.#seen.add(fingerprint)) this.twice.add(fingerprint)
    }
  }

  /** Of the names that came twice, who had them first: for another pass over the same people. */
  owners(): Owners {
    return new KnownOwners((key) => this.twice.has(fingerprintOf(key, this.#seed)))
  }
}

class KnownOwners implements Owners {
  readonly #isLookedFor: (key: LoginName) => boolean
  readonly #owners = new Map<LoginName, string>()

  constructor(isLookedFor: (key: LoginName) => boolean) {
    this.#isLookedFor = isLookedFor
  }

  take({ place, username }: Someone, keys: readonly LoginName[]): string | undefined {
    const mine = keys.filter(this.#isLookedFor)
    const other = mine.map((key) => this.#owners.get(key)).find((one) => one !== undefined)
    // Joined, the two would not be one text but a tree of three.
    const owner = [username, place].join('\n')
    for (const key of mine) if (!this.#owners.has(key)) this.#owners.set(key, owner)
    return other?.replace(/\n(.*)$/s, ' ($1)')
  }
}

/** 53 bits, which a number holds, and never 0. The seed is nobody's to know: names could be chosen to be alike. */
export function fingerprintOf(name: string, seed: number): number {
  let [one, other] = [0xdeadbeef ^ seed, 0x41c6ce57 ^ seed]
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at)
    one = Math.imul(one ^ code, 2654435761)
    other = Math.imul(other ^ code, 1597334677)
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909)
  other = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909)
  return (other & 0x1fffff) * 2 ** 32 + (one >>> 0) || 1
}

/** A set of numbers in one block of memory; no place of it is asked for long while a third of them is free. */
class Fingerprints {
  #places = new Float64Array(2 ** 12)
  #count = 0

  /** @returns false where it was there */
  add(fingerprint: number): boolean {
    const place = placeOf(this.#places, fingerprint)
    if (this.#places[place] === fingerprint) return false
    this.#places[place] = fingerprint
    this.#count += 1
    if (this.#count * 3 > this.#places.length * 2) this.#grow()
    return true
  }

  #grow(): void {
    const larger = new Float64Array(this.#places.length * 2)
    for (const one of this.#places) if (one !== 0) larger[placeOf(larger, one)] = one
    this.#places = larger
  }
}

/** Where it stands, or may stand. */
function placeOf(places: Float64Array, fingerprint: number): number {
  const mask = places.length - 1
  let place = fingerprint & mask
  while (places[place] !== 0 && places[place] !== fingerprint) place = (place + 1) & mask
  return place
}

/** Somebody got, or lost, one of the names while the plan was carried out. */
export class NameTaken extends Error {
  readonly username: string
  constructor(username: string) {
    super('a name was taken meanwhile')
    this.username = username
  }
}
