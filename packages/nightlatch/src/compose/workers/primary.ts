import cluster, { type Worker } from 'node:cluster'
import type { Settings } from '../../config/read.js'
import { atPort } from '../../config/read.js'
import type { HttpLog } from '../../http/services.js'
import { added, type Counters } from '../../http/health/metrics.js'
import type { RunningServer } from '../http-server.js'
import { mark, type ToPrimary, type ToWorker } from './messages.js'

/** A worker could not start; it has said why itself. */
class WorkerFailed extends Error {
  readonly status: number

  constructor(status: number) {
    super(`a worker ended with status ${String(status)} before it served`)
    this.name = 'WorkerFailed'
    this.status = status
  }
}

export type StartedWorkers = Pick<RunningServer, 'settings' | 'url' | 'stop' | 'renewTls'>

/** Starts this same command as so many workers on one port, and keeps so many. */
export async function startWorkers(settings: Settings, log: HttpLog): Promise<StartedWorkers> {
  const group = new Workers(settings.workers, log)
  const { port, url } = await group.start()
  return {
    ...{ settings: atPort(settings, port), url },
    renewTls: () => {
      group.tellAll({ kind: 'renew-tls' })
    },
    stop: (deadlineMs = 0, drainMs = 0) => group.stop(deadlineMs + drainMs + graceMs, drainMs > 0),
  }
}

/** Beyond the time that a worker gives itself. */
const graceMs = 5000
/** One that lived shorter was perhaps ended by what ends the next one, too. */
const shortLifeMs = 5000
const firstPauseMs = 200
const longestPauseMs = 10_000
const patienceMs = 1000

type Serving = Extract<ToPrimary, { readonly kind: 'serving' }>

interface Member {
  readonly worker: Worker
  readonly since: number
  counters: Counters | null
  /** Or takes the place of one that has. */
  hasServed: boolean
}

interface Question {
  readonly open: Set<number>
  answer(): void
}

class Workers {
  readonly #count: number
  readonly #log: HttpLog
  readonly #members = new Map<number, Member>()
  readonly #questions = new Map<number, Question>()
  /** What workers had counted that have ended since. */
  #ended: Counters | null = null
  #lastQuestion = 0
  #pauseMs = 0
  #isStopping = false
  #allGone: () => void = () => undefined

  constructor(count: number, log: HttpLog) {
    this.#count = count
    this.#log = log
    cluster.on('message', (worker, message: ToPrimary) => {
      this.#hear(worker, message)
    })
    cluster.on('exit', (worker, status: number | null, signal: string | null) => {
      this.#left(worker, signal ?? `status ${String(status)}`)
    })
  }

  /** The first alone: what stops it stops all. @returns where they serve */
  async start(): Promise<Serving> {
    try {
      const first = await this.#serving(this.#fork())
      await Promise.all(Array.from({ length: this.#count - 1 }, () => this.#serving(this.#fork())))
      return first
    } catch (error) {
      await this.stop(0, false)
      throw error
    }
  }

  tellAll(message: ToWorker): void {
    for (const { worker } of this.#members.values()) tell(worker, message)
  }

  async stop(withinMs: number, drains: boolean): Promise<void> {
    this.#isStopping = true
    const gone = new Promise<void>((resolve) => {
      this.#allGone = resolve
    })
    this.tellAll({ kind: 'stop', signal: drains ? 'SIGTERM' : 'SIGINT' })
    const late = setTimeout(() => {
      for (const { worker } of this.#members.values()) worker.process.kill('SIGKILL')
    }, withinMs)
    if (this.#members.size > 0) await gone
    clearTimeout(late)
  }

  #fork(): Worker {
    const worker = cluster.fork({ [mark]: String(this.#count) })
    this.#members.set(worker.id, { worker, since: performance.now(), counters: null, hasServed: false })
    return worker
  }

  #serving(worker: Worker): Promise<Serving> {
    return new Promise((resolve, reject) => {
      const hear = (message: ToPrimary): void => {
        if (message.kind !== 'serving') return
        worker.off('message', hear)
        const member = this.#members.get(worker.id)
        if (member !== undefined) member.hasServed = true
        resolve(message)
      }
      worker.on('message', hear)
      worker.once('exit', (status: number | null) => {
        reject(new WorkerFailed(status ?? 1))
      })
    })
  }

  #hear(worker: Worker, message: ToPrimary): void {
    if (message.kind === 'metrics-of-others') {
      void this.#countersBut(worker).then((others) => {
        tell(worker, { kind: 'metrics-of-others', question: message.question, others })
      })
    } else if (message.kind === 'metrics') {
      const member = this.#members.get(worker.id)
      if (member !== undefined) member.counters = message.counters
      this.#answered(message.question, worker.id)
    }
  }

  /** As each says now; of one that says nothing, what it said last. */
  async #countersBut({ id: asks }: Worker): Promise<readonly Counters[]> {
    const question = (this.#lastQuestion += 1)
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, patienceMs)
      const answer = (): void => {
        clearTimeout(late)
        resolve()
      }
      this.#questions.set(question, { open: new Set(this.#members.keys()), answer })
      this.tellAll({ kind: 'metrics', question })
    })
    this.#questions.delete(question)
    const ended = this.#ended === null ? [] : [this.#ended]
    const others = [...this.#members].filter(([id]) => id !== asks)
    return [...ended, ...others.flatMap(([, { counters }]) => counters ?? [])]
  }

  #answered(question: number, id: number): void {
    const asked = this.#questions.get(question)
    asked?.open.delete(id)
    if (asked?.open.size === 0) asked.answer()
  }

  #left({ id }: Worker, reason: string): void {
    const member = this.#members.get(id)
    this.#members.delete(id)
    for (const question of this.#questions.keys()) this.#answered(question, id)
    if (member === undefined) return
    if (member.counters !== null) this.#ended = added(this.#ended, member.counters)
    if (this.#isStopping) {
      if (this.#members.size === 0) this.#allGone()
      return
    }
    if (!member.hasServed) return
    this.#log.warn('worker.ended', { reason, count: this.#members.size })
    const livedShort = performance.now() - member.since < shortLifeMs
    this.#pauseMs = livedShort ? Math.min(longestPauseMs, this.#pauseMs * 2 + firstPauseMs) : 0
    setTimeout(() => {
      this.#replace()
    }, this.#pauseMs)
  }

  #replace(): void {
    if (this.#isStopping) return
    const worker = this.#fork()
    const member = this.#members.get(worker.id)
    if (member !== undefined) member.hasServed = true
  }
}

function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message)
}
