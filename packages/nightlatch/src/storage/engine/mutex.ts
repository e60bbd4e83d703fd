/**
 * Lets one at a time in, in the order of arrival. Between two of them this thread answers whatever has arrived
 * meanwhile: many who wait for their turn delay nobody who needs none.
 */
export class Mutex {
  isTaken = false
  readonly #waiting: (() => void)[] = []

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.isTaken) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.isTaken = true
    try {
      return await work()
    } finally {
      // A waiting one gets the turn handed over: nobody who comes just now can slip in between.
      const next = this.#waiting.shift()
      if (next === undefined) this.isTaken = false
      else setImmediate(next)
    }
  }
}
