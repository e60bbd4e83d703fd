import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { hasNodeSqlite } from './driver.js'

/** With so many commits the log has some thousand pages, which is what SQLite itself waits for. */
export const commitsBetween = 100

/** So many pages in the log, and SQLite copies them itself, in the middle of a commit: the thread has not kept up. */
export const mostPages = 8000

const script = new URL('./checkpoint-worker.js', import.meta.url)

/**
 * Checkpoints off the thread that answers requests: each waits twice for the disk. A thread that cannot be started, or
 * ends, is not missed: then the commits do the work, as they always could.
 */
export class Checkpoints {
  readonly #path: string
  readonly #settings: string
  #worker: Worker | null = null
  #isCopying = false

  constructor(path: string, settings: string) {
    this.#path = path
    this.#settings = settings
  }

  /** Unless it is at it. */
  copy(): void {
    if (this.#isCopying) return
    this.#isCopying = true
    this.#worker ??= this.#start()
    this.#worker.postMessage('copy')
  }

  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === null) return
    worker.ref()
    worker.postMessage('close')
    await once(worker, 'exit').catch(() => undefined)
  }

  #start(): Worker {
    const isNodes = hasNodeSqlite(process.versions.node)
    const workerData = { path: this.#path, settings: this.#settings, isNodes }
    const worker = new Worker(script, { workerData, resourceLimits: { maxOldGenerationSizeMb: 16 } })
    worker.unref()
    const over = (): void => {
      this.#isCopying = false
    }
    worker.on('message', over)
    // A failure is always followed by the exit; without a listener it would end the process.
    worker.on('error', () => undefined)
    worker.on('exit', () => {
      over()
      this.#worker = null
    })
    return worker
  }
}
