/** The step of each factor, as dashboards know it. */
export type SecondStepMetric = 'code' | 'passkey' | 'recovery-code'

/** A few counters in the Prometheus text format. */
export interface Metrics {
  request(route: string, status: number): void
  /** One more `nightlatch_sign_in_steps_total` of this step and outcome. */
  step(step: 'password' | 'passkey-alone' | SecondStepMetric | 'set-up' | 'step-up', outcome: string): void
  counters(): Counters
}

/** What was counted, as processes hand it to each other. */
export interface Counters {
  /** When the first of them began to serve. */
  readonly startedAt: number
  readonly requests: Counted
  readonly steps: Counted
}

type Counted = readonly (readonly [labels: string, count: number])[]

export function createMetrics(startedAtSeconds: number): Metrics {
  const requests = new Map<string, Map<number, number>>()
  const steps = new Map<string, number>()
  const add = (counters: Map<string, number>, key: string): void => {
    counters.set(key, (counters.get(key) ?? 0) + 1)
  }
  return {
    request: (route, status) => {
      const statuses = requests.get(route) ?? new Map<number, number>()
      if (statuses.size === 0) requests.set(route, statuses)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    },
    step: (step, outcome) => {
      add(steps, `step="${step}",outcome="${outcome}"`)
    },
    counters: () => ({ startedAt: startedAtSeconds, requests: flat(requests), steps: [...steps] }),
  }
}

/** Both together. */
export function added(one: Counters | null, other: Counters): Counters {
  if (one === null) return other
  return {
    startedAt: Math.min(one.startedAt, other.startedAt),
    requests: sum(one.requests, other.requests),
    steps: sum(one.steps, other.steps),
  }
}

function sum(one: Counted, other: Counted): Counted {
  const all = new Map(one)
  for (const [labels, count] of other) all.set(labels, (all.get(labels) ?? 0) + count)
  return [...all]
}

/** For Prometheus: the sum of what each has counted. */
export function metricsText([first, ...others]: readonly [Counters, ...Counters[]]): string {
  const { startedAt, requests, steps } = others.reduce(added, first)
  return [
    ...family('nightlatch_requests_total', 'Answers by route and status.', requests),
    ...family('nightlatch_sign_in_steps_total', 'Steps of sign-ins by outcome.', steps),
    '# HELP nightlatch_start_time_seconds When this server began to serve.',
    '# TYPE nightlatch_start_time_seconds gauge',
    `nightlatch_start_time_seconds ${String(startedAt)}`,
    '',
  ].join('\n')
}

function family(name: string, help: string, counters: Counted): string[] {
  const rows = [...counters].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} counter`,
    ...rows.map(([key, n]) => `${name}{${key}} ${String(n)}`),
  ]
}

const flat = (requests: ReadonlyMap<string, ReadonlyMap<number, number>>): Counted =>
  [...requests].flatMap(([route, statuses]) =>
    [...statuses].map(([status, n]): [string, number] => [`route="${route}",status="${String(status)}"`, n]),
  )
