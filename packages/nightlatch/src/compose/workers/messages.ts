import type { Counters } from '../../http/health/metrics.js'

/** What a worker and the process that started it say to each other. */
export type ToPrimary =
  | { readonly kind: 'serving'; readonly port: number; readonly url: string }
  /** Somebody asks this worker for the numbers of all. */
  | { readonly kind: 'metrics-of-others'; readonly question: number }
  | { readonly kind: 'metrics'; readonly question: number; readonly counters: Counters }

export type ToWorker =
  | { readonly kind: 'stop'; readonly signal: string }
  | { readonly kind: 'renew-tls' }
  | { readonly kind: 'metrics'; readonly question: number }
  | { readonly kind: 'metrics-of-others'; readonly question: number; readonly others: readonly Counters[] }

/** In the environment of a worker: how many there are. No setting, so without the name of one. */
export const mark = 'LATCH_WORKERS'
