import type { CliDeps } from './deps.js'
import { tell } from './output.js'

const barWidth = 24
const redrawSeconds = 0.1
/** Short work needs no words, and a log no more than one line a second. */
const lineSeconds = 1

/** How far it is: a bar on a terminal, now and then a line elsewhere. Goes to standard error. */
export class Progress {
  readonly #deps: CliDeps
  readonly #what: string
  #shownAt: number
  #shownTenth = 0
  #isDrawn = false

  constructor(deps: CliDeps, what: string) {
    this.#deps = deps
    this.#what = what
    this.#shownAt = deps.now()
  }

  show(done: number, total: number): void {
    const isTerminal = this.#deps.stderr.isTTY === true
    const part = total === 0 ? 1 : Math.min(done / total, 1)
    const now = this.#deps.now()
    if (now - this.#shownAt < (isTerminal ? redrawSeconds : lineSeconds)) return
    if (isTerminal) this.#draw(part)
    else if (Math.floor(part * 10) === this.#shownTenth) return
    else tell(this.#deps, `${this.#what} ${percent(part)}`)
    this.#shownTenth = Math.floor(part * 10)
    this.#shownAt = now
  }

  /** Takes the bar away: what comes next is the result. */
  end(): void {
    if (this.#isDrawn) this.#deps.stderr.write('\r\u001b[K')
    this.#isDrawn = false
  }

  #draw(part: number): void {
    this.#isDrawn = true
    const full = Math.floor(part * barWidth)
    const bar = '#'.repeat(full) + '-'.repeat(barWidth - full)
    this.#deps.stderr.write(`\r${this.#what} [${bar}] ${percent(part)}\u001b[K`)
  }
}

const percent = (part: number): string => `${String(Math.floor(part * 100)).padStart(3)} %`
