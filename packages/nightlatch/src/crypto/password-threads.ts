import { Worker } from 'node:worker_threads'
import type { Argon2Setting } from './phc-string.js'

/** What a thread is asked; it answers with what the kind stands for. */
export type Job = { readonly setting: Argon2Setting } & (
  | { readonly kind: 'hash'; readonly password: string }
  | { readonly kind: 'verify'; readonly password: string; readonly hash: string }
  | { readonly kind: 'hash-all'; readonly secrets: readonly string[]; readonly salt: string }
)

export type Answer =
  | { readonly kind: 'done'; readonly value: string | boolean | readonly string[] }
  | { readonly kind: 'failed' }

interface Waiting {
  readonly job: Job
  readonly settle: (answer: Answer | Error) => void
  triesLeft: number
}

export interface ThreadsOptions {
  readonly threads: number
  /** How many jobs may wait for a thread. */
  readonly longestQueue: number
  readonly script: URL
}

/**
 * Threads that hash passwords, started when first needed. First come, first served; one job a thread; a job
 * whose thread dies is tried once more on a new one. An idle thread keeps no process alive.
 */
export class PasswordThreads {
  readonly #options: ThreadsOptions
  readonly #queue: Waiting[] = []
  readonly #idle: Worker[] = []
  readonly #busy = new Map<Worker, Waiting>()
  #closed: Promise<void> | null = null
  #nothingLeft: () => void = () => undefined

  constructor(options: ThreadsOptions) {
    this.#options = options
  }

  run(job: Job): Promise<Answer | 'busy'> {
    const threadsLeft = this.#options.threads - this.#busy.size
    const full = threadsLeft <= 0 && this.#queue.length >= this.#options.longestQueue
    if (full || this.#closed !== null) return Promise.resolve('busy')
    return new Promise((resolve, reject) => {
      const settle = (answer: Answer | Error): void => {
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
      this.#queue.push({ job, settle, triesLeft: 2 })
      this.#next()
    })
  }

  /** Takes no more jobs, finishes those that wait, ends the threads. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    if (this.#busy.size > 0) await new Promise<void>((resolve) => (this.#nothingLeft = resolve))
    await Promise.all(this.#idle.splice(0).map((worker) => worker.terminate()))
  }

  #next(): void {
    if (this.#queue.length === 0 && this.#busy.size === 0) this.#nothingLeft()
    while (this.#queue.length > 0 && this.#busy.size < this.#options.threads) {
      const waiting = this.#queue.shift()
      if (waiting !== undefined) this.#give(this.#idle.pop() ?? this.#start(), waiting)
    }
  }

  #give(worker: Worker, waiting: Waiting): void {
    waiting.triesLeft -= 1
    this.#busy.set(worker, waiting)
    worker.ref()
    worker.postMessage(waiting.job)
  }

  #start(): Worker {
    const worker = new Worker(this.#options.script, { resourceLimits: { maxOldGenerationSizeMb: 32 } })
    worker.unref()
    worker.on('message', (answer: Answer) => {
      const waiting = this.#busy.get(worker)
      if (!this.#busy.delete(worker)) return
      worker.unref()
      this.#idle.push(worker)
      waiting?.settle(answer)
      this.#next()
    })
    // A failure is always followed by the exit; without a listener it would end the process.
    worker.on('error', () => undefined)
    worker.on('exit', () => this.#bury(worker))
    return worker
  }

  #bury(worker: Worker): void {
    const index = this.#idle.indexOf(worker)
    if (index >= 0) this.#idle.splice(index, 1)
    const waiting = this.#busy.get(worker)
    if (!this.#busy.delete(worker) || waiting === undefined) return
    if (waiting.triesLeft > 0) this.#queue.unshift(waiting)
    else waiting.settle(new Error('A password thread died twice over one hash.'))
    this.#next()
  }
}
