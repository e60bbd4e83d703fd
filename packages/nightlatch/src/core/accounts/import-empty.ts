import type { Core } from '../core.js'

/** Of a file with more of a kind none is looked at: it costs a hash each, milliseconds for a weak one and more for the others. */
const mostTried = { weak: 2000, strong: 100 }

const triedAtOnce = 16

interface Tried {
  readonly number: number
  readonly hash: string
}

/**
 * Whose old password is none at all. Nobody can sign in with it here, so it is none that is kept. Programs that write
 * weak hashes take an empty password; of others it is hardly ever so.
 */
export class EmptyPasswords {
  readonly #core: Core
  readonly #candidates = { weak: new Candidates(mostTried.weak), strong: new Candidates(mostTried.strong) }

  constructor(core: Core) {
    this.#core = core
  }

  consider(number: number, hash: string | null): void {
    const { passwords } = this.#core
    if (hash === null || !passwords.canAdopt(hash)) return
    this.#candidates[passwords.isWeak(hash) ? 'weak' : 'strong'].add({ number, hash })
  }

  /** The numbers of those who have none. */
  async find(): Promise<ReadonlySet<number>> {
    const tried = [...this.#candidates.weak.all, ...this.#candidates.strong.all]
    const found = new Set<number>()
    for (let at = 0; at < tried.length; at += triedAtOnce) {
      const some = tried.slice(at, at + triedAtOnce)
      const answers = await Promise.all(some.map(({ hash }) => isOfNothing(this.#core, hash)))
      some.forEach(({ number }, index) => answers[index] === true && found.add(number))
    }
    return found
  }
}

/** All of them, or, where there are too many, none. */
class Candidates {
  readonly #most: number
  #isTooMany = false
  readonly all: Tried[] = []

  constructor(most: number) {
    this.#most = most
  }

  add(one: Tried): void {
    if (this.#isTooMany) return
    this.#isTooMany = this.all.length === this.#most
    if (this.#isTooMany) this.all.length = 0
    else this.all.push(one)
  }
}

async function isOfNothing(core: Core, hash: string): Promise<boolean> {
  for (;;) {
    const answer = await core.passwords.isOfNothing(hash)
    if (answer !== 'busy') return answer
  }
}
