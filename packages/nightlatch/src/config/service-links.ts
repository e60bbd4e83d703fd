type Env = Readonly<Record<string, string | undefined>>

/**
 * Kubernetes puts variables into every container for every Service beside it. One that is named `nightlatch` makes
 * `NIGHTLATCH_PORT=tcp://10.0.0.1:3000`, `NIGHTLATCH_SERVICE_HOST` and more; `nightlatch-db` makes
 * `NIGHTLATCH_DB_PORT` and so on. Nobody set those: exactly they are left out.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export function withoutServiceLinks(env: Env): Env {
  const services = Object.keys(env).flatMap(
    (name) => /^(NIGHTLATCH(?:_.+)?)_SERVICE_HOST$/.exec(name)?.[1] ?? [],
  )
  if (services.length === 0) return env
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name, value]) => !services.some((service) => isLink(service, name, value ?? '')),
    ),
  )
}

function isLink(service: string, name: string, value: string): boolean {
  if (!name.startsWith(`${service}_`)) return false
  const rest = name.slice(service.length + 1)
  if (rest === 'PORT') return /^(?:tcp|udp|sctp):\/\//.test(value)
  return /^SERVICE_(?:HOST|PORT(?:_.+)?)$|^PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(rest)
}
