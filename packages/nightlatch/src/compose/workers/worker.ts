import type { Settings } from '../../config/read.js'
import type { Counters } from '../../http/health/metrics.js'
import { mark, type ToPrimary, type ToWorker } from './messages.js'

/** The other workers of one server, as one of them knows them. */
export interface Peers {
  /** How many there are, this one included. */
  readonly count: number
  /** What this one has counted, whenever somebody asks. */
  tellOf(own: () => Counters): void
  /** What the others have, those that have ended included. */
  counters(): Promise<readonly Counters[]>
}

export interface WorkerProcess {
  readonly peers: Peers
  /** Resolves with the signal that the first process was sent. */
  readonly stopSignal: Promise<string>
  serving(at: { readonly port: number; readonly url: string }): void
  onRenewTls(listener: () => void): void
  /** There is nothing more to be heard. */
  leave(): void
}

const pushMs = 5000
const patienceMs = 2000

/** What this process is to whoever started it; null when nobody did. */
export function workerProcess(env: NodeJS.ProcessEnv): WorkerProcess | null {
  const count = Number(env[mark] ?? '')
  if (process.send === undefined || !Number.isInteger(count) || count < 1) return null
  // The first process gets them, too, and says what is to be done.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)
  const line = new Line()
  return {
    peers: {
      count,
      tellOf: (own) => {
        line.own = own
      },
      counters: () => line.countersOfOthers(),
    },
    stopSignal: line.stopSignal,
    serving: (at) => {
      line.say({ kind: 'serving', ...at })
    },
    onRenewTls: (listener) => {
      line.onRenewTls = listener
    },
    leave: () => {
      if (process.connected) process.disconnect()
    },
  }
}

/** Its own share of what one server may hold open. */
export function shareOf(settings: Settings, { count }: Peers): Settings {
  const { connections, connectionsPerAddress, ...server } = settings.server
  return {
    ...settings,
    server: {
      ...server,
      connections: Math.ceil(connections / count),
      connectionsPerAddress: Math.ceil(connectionsPerAddress / count),
    },
  }
}

class Line {
  readonly stopSignal: Promise<string>
  onRenewTls: () => void = () => undefined
  readonly #waiting = new Map<number, (others: readonly Counters[]) => void>()
  #questions = 0
  own: (() => Counters) | null = null
  #stop: (signal: string) => void = () => undefined

  constructor() {
    this.stopSignal = new Promise((resolve) => {
      this.#stop = resolve
    })
    process.on('message', (message: ToWorker) => {
      this.#hear(message)
    })
    // What was counted is known when this process is killed.
    const timer = setInterval(() => {
      this.#tell(0)
    }, pushMs)
    timer.unref()
  }

  say(message: ToPrimary): void {
    if (process.connected) process.send?.(message)
  }

  /** None where the first process does not answer. */
  countersOfOthers(): Promise<readonly Counters[]> {
    const question = (this.#questions += 1)
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        this.#waiting.delete(question)
        resolve([])
      }, patienceMs)
      this.#waiting.set(question, (others) => {
        clearTimeout(late)
        resolve(others)
      })
      this.say({ kind: 'metrics-of-others', question })
    })
  }

  #tell(question: number): void {
    if (this.own !== null) this.say({ kind: 'metrics', question, counters: this.own() })
  }

  #hear(message: ToWorker): void {
    if (message.kind === 'stop') this.#stop(message.signal)
    else if (message.kind === 'renew-tls') this.onRenewTls()
    else if (message.kind === 'metrics') this.#tell(message.question)
    else {
      this.#waiting.get(message.question)?.(message.others)
      this.#waiting.delete(message.question)
    }
  }
}
