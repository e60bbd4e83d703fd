/** What another process commits is known here after this long; what this one commits, at once. */
export const versionMs = 1

/**
 * Counts the epochs of what is written seldom. The writing connection is told of what other processes commit, and of
 * nothing that it commits itself: that is told with `next`.
 */
export class SeldomEpochs {
  #epoch = 0
  #others = -1
  #readAt = -Infinity

  epoch(versionOfOthers: () => number): number | null {
    const now = performance.now()
    if (now - this.#readAt < versionMs) return this.#epoch
    try {
      const others = versionOfOthers()
      if (others !== this.#others) this.#epoch += 1
      this.#others = others
      this.#readAt = now
      return this.#epoch
    } catch {
      return null
    }
  }

  next(): void {
    this.#epoch += 1
  }
}
