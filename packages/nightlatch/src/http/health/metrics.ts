/** The step of each factor, as dashboards know it. */
export type SecondStepMetric = 'code' | 'passkey' | 'recovery-code'

/** A few counters in the Prometheus text format. */
export interface Metrics {
  request(route: string, status: number): void
  /** One more `nightlatch_sign_in_steps_total` of this step and outcome. */
  step(step: 'password' | 'passkey-alone' | SecondStepMetric | 'set-up' | 'step-up', outcome: string): void
  text(): string
}

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
    text: () =>
      [
        ...family('nightlatch_requests_total', 'Answers by route and status.', flat(requests)),
        ...family('nightlatch_sign_in_steps_total', 'Steps of sign-ins by outcome.', steps),
        '# HELP nightlatch_start_time_seconds When this process began to serve.',
        '# TYPE nightlatch_start_time_seconds gauge',
        `nightlatch_start_time_seconds ${String(startedAtSeconds)}`,
        '',
      ].join('\n'),
  }
}

function family(name: string, help: string, counters: ReadonlyMap<string, number>): string[] {
  const rows = [...counters].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} counter`,
    ...rows.map(([key, n]) => `${name}{${key}} ${String(n)}`),
  ]
}

const flat = (requests: ReadonlyMap<string, ReadonlyMap<number, number>>): ReadonlyMap<string, number> =>
  new Map(
    [...requests].flatMap(([route, statuses]) =>
      [...statuses].map(([status, n]): [string, number] => [
        `route="${route}",status="${String(status)}"`,
        n,
      ]),
    ),
  )
