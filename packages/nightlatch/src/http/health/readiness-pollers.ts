import type { HttpRequest } from '../request.js'

/** As often is a load balancer told, by usual settings, before it sends nobody here any more. */
const enoughTimes = 3
/** Who asked before that is taken for gone. */
const recentMs = 30_000
/** From the last answer until the load balancer has acted on it. */
const settleMs = 250
const mostPollers = 20

interface Poller {
  asks: number
  lastAt: number
  /** How often it has heard that we are about to stop. */
  told: number
}

/** Who keeps asking /readyz: load balancers, which hear that a server is about to stop before it does. */
export class ReadinessPollers {
  readonly #enoughTimes: number
  readonly #pollers = new Map<string, Poller>()
  #hasHeard: () => void = () => undefined

  /** Where several workers share a port, each hears a part of the questions. */
  constructor(workers = 1) {
    this.#enoughTimes = Math.ceil(enoughTimes / workers)
  }

  /** A question that came from the load balancer itself, not from somebody behind it. */
  note(request: HttpRequest, isStopping: boolean): void {
    if (request.hasAny(['x-forwarded-for', 'forwarded'])) return
    const known = this.#pollers.get(request.peer) ?? { asks: 0, lastAt: 0, told: 0 }
    const poller = { asks: known.asks + 1, lastAt: performance.now(), told: known.told + Number(isStopping) }
    this.#pollers.delete(request.peer)
    this.#pollers.set(request.peer, poller)
    for (const [oldest] of this.#pollers) if (this.#pollers.size > mostPollers) this.#pollers.delete(oldest)
    if (isStopping) this.#hasHeard()
  }

  /** Resolves when everybody who asks again and again has heard it often enough, after `mostMs` at the latest. */
  async allTold(mostMs: number): Promise<void> {
    if (mostMs <= 0 || !this.#someWait()) return
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, mostMs)
      this.#hasHeard = () => {
        if (this.#someWait()) return
        clearTimeout(late)
        setTimeout(resolve, settleMs)
      }
    })
  }

  #someWait(): boolean {
    const since = performance.now() - recentMs
    return [...this.#pollers.values()].some(
      ({ asks, lastAt, told }) => asks > 1 && lastAt > since && told < this.#enoughTimes,
    )
  }
}
