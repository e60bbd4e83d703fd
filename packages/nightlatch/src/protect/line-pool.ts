import { Line } from './line.js'
import type { LineKeeper } from './line.js'
import type { Lines } from './passage.js'

/** More than these wait for the next request no longer than for their turn to be closed. */
const mostIdle = 64
const idleMs = 30_000

/** Connections on which one request follows the other: whoever was used last is used first. */
export class LinePool implements LineKeeper {
  readonly #lines: Lines
  readonly #all = new Set<Line>()
  readonly #idle: Line[] = []
  /** One look at all of them, in place of a timer for each request. */
  #looking: NodeJS.Timeout | null = null
  #isClosed = false

  constructor(lines: Lines) {
    this.#lines = lines
  }

  take(): Line {
    const line = this.#idle.pop() ?? this.#open()
    line.since = performance.now()
    return line
  }

  free(line: Line): void {
    if (this.#isClosed || this.#idle.length >= mostIdle) line.end()
    else {
      line.since = performance.now()
      this.#idle.push(line)
    }
  }

  gone(line: Line): void {
    this.#all.delete(line)
    const at = this.#idle.indexOf(line)
    if (at >= 0) this.#idle.splice(at, 1)
    if (this.#all.size > 0 || this.#looking === null) return
    clearInterval(this.#looking)
    this.#looking = null
  }

  close(): void {
    this.#isClosed = true
    for (const line of this.#idle.splice(0)) line.end()
  }

  #open(): Line {
    this.#looking ??= this.#lookOften()
    const line = new Line(this.#lines, this)
    this.#all.add(line)
    return line
  }

  #lookOften(): NodeJS.Timeout {
    const lookMs = Math.min(1000, Math.max(10, this.#lines.answerMs / 10))
    return setInterval(() => {
      this.#look(performance.now())
    }, lookMs).unref()
  }

  #look(now: number): void {
    for (const line of this.#all)
      if (line.isUnheard && now - line.since > this.#lines.answerMs) line.end('slow')
    for (const line of [...this.#idle]) if (now - line.since > idleMs) line.end()
  }
}
