import { Worker } from 'node:worker_threads'
import type { Urgency } from '../core/accounts/password.js'
import type { Argon2Setting } from './phc-string.js'

/** What a thread is asked; it answers with what the kind stands for. */
export type Job = { readonly setting: Argon2Setting } & (
  | { readonly kind: 'hash'; readonly password: string }
  | { readonly kind: 'verify'; readonly password: string; readonly hash: string }
  /** The first is the one that is asked about; the others cost what they cost. */
  | { readonly kind: 'verify-old'; readonly password: string; readonly hashes: readonly string[] }
  | { readonly kind: 'hash-all'; readonly secrets: readonly string[]; readonly salt: string }
)

export type JobResult =
  | { readonly kind: 'done'; readonly value: string | boolean | readonly string[] }
  | { readonly kind: 'failed' }

interface Waiting {
  readonly job: Job
  readonly settle: (answer: JobResult | Error) => void
  triesLeft: number
}

interface ThreadsOptions {
  readonly threads: number
  /** How many jobs may wait for a thread. */
  readonly longestQueue: number
  readonly script: URL
  /** Whether the thread that answers requests has no time left: then it is left a core of its own. */
  isBusy?(): boolean
}

/** One is being hashed and the next lies ready: no thread waits until this one has time to give it more. */
const mostGiven = 2

/** So many go first, and then one that can wait does: a storm of sign-ins does not put it off for ever. */
const mostAhead = 16

/**
 * Threads that hash passwords, started when first needed. First come, first served, and what can wait after that; it
 * takes nobody's place in the queue. One hash at a time a thread; a job whose thread dies is tried once more on a new one. An idle thread keeps no process alive.
 */
export class PasswordThreads {
  readonly #options: ThreadsOptions
  readonly #queue: Waiting[] = []
  /** What can wait, and how many went ahead of it since its turn. */
  readonly #later: Waiting[] = []
  #ahead = 0
  /** What each thread was given; it is at work on the first. */
  readonly #threads = new Map<Worker, Waiting[]>()
  #closed: Promise<void> | null = null
  #nothingLeft: () => void = () => undefined

  constructor(options: ThreadsOptions) {
    this.#options = options
  }

  run(job: Job, urgency: Urgency = 'now'): Promise<JobResult | 'busy'> {
    const { threads, longestQueue } = this.#options
    const queue = urgency === 'later' ? this.#later : this.#queue
    const full = this.#given + queue.length >= threads + longestQueue
    if (full || this.#closed !== null) return Promise.resolve('busy')
    return new Promise((resolve, reject) => {
      const settle = (answer: JobResult | Error): void => {
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
      queue.push({ job, settle, triesLeft: 2 })
      this.#next()
    })
  }

  /** Takes no more jobs, finishes those that wait, ends the threads. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  get #given(): number {
    let given = 0
    for (const jobs of this.#threads.values()) given += jobs.length
    return given
  }

  get #waiting(): number {
    return this.#queue.length + this.#later.length
  }

  async #end(): Promise<void> {
    if (this.#given > 0) await new Promise<void>((resolve) => (this.#nothingLeft = resolve))
    await Promise.all([...this.#threads.keys()].map((worker) => worker.terminate()))
  }

  #next(): void {
    if (this.#waiting === 0 && this.#given === 0) this.#nothingLeft()
    for (let worker = this.#free(); worker !== null; worker = this.#free()) {
      const waiting = this.#take()
      if (waiting !== undefined) this.#give(worker, waiting)
    }
  }

  #take(): Waiting | undefined {
    const isItsTurn = this.#queue.length === 0 || this.#ahead >= mostAhead
    const later = isItsTurn ? this.#later.shift() : undefined
    this.#ahead = later !== undefined || this.#later.length === 0 ? 0 : this.#ahead + 1
    return later ?? this.#queue.shift()
  }

  /** The thread that takes the next job, if there is one: nothing lies ready where another thread might do it sooner. */
  #free(): Worker | null {
    if (this.#waiting === 0) return null
    const { threads, isBusy } = this.#options
    const most = threads > 1 && isBusy?.() === true ? threads - 1 : threads
    const all = [...this.#threads]
    const working = all.filter(([, jobs]) => jobs.length > 0)
    if (working.length < most) return all.find(([, jobs]) => jobs.length === 0)?.[0] ?? this.#start()
    if (this.#queue.length < threads) return null
    return working.find(([, jobs]) => jobs.length < mostGiven)?.[0] ?? null
  }

  #give(worker: Worker, waiting: Waiting): void {
    const jobs = this.#threads.get(worker) ?? []
    jobs.push(waiting)
    if (jobs.length === 1) this.#begin(worker, waiting)
    worker.postMessage(waiting.job)
  }

  #begin(worker: Worker, first: Waiting): void {
    first.triesLeft -= 1
    worker.ref()
  }

  #start(): Worker {
    const worker = new Worker(this.#options.script, { resourceLimits: { maxOldGenerationSizeMb: 32 } })
    this.#threads.set(worker, [])
    worker.unref()
    worker.on('message', (answer: JobResult) => {
      const jobs = this.#threads.get(worker)
      const done = jobs?.shift()
      const next = jobs?.[0]
      if (next === undefined) worker.unref()
      else this.#begin(worker, next)
      this.#next()
      done?.settle(answer)
    })
    // A failure is always followed by the exit; without a listener it would end the process.
    worker.on('error', () => undefined)
    worker.on('exit', () => this.#bury(worker))
    return worker
  }

  #bury(worker: Worker): void {
    const jobs = this.#threads.get(worker) ?? []
    this.#threads.delete(worker)
    this.#queue.unshift(...jobs.filter(({ triesLeft }) => triesLeft > 0))
    jobs
      .find(({ triesLeft }) => triesLeft === 0)
      ?.settle(new Error('A password thread died twice over one hash.'))
    this.#next()
  }
}
