import type { HttpRequest } from './request.js'
import type { Addresses, HttpLog } from './services.js'

/** How often one address is named, and how many addresses are remembered: anybody may send these headers. */
const everyMs = 60 * 60_000
const mostAddresses = 20

const headers = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded'] as const

interface Options {
  readonly trustedProxies: Addresses
  readonly log: HttpLog
  /** Milliseconds that only grow. */
  readonly now?: () => number
}

/**
 * A proxy in front of us that nobody named: all people share its address, and forward authentication does not work.
 * It is said where the operator looks, once an hour for each address.
 */
export function untrustedProxies({ trustedProxies, log, now = () => performance.now() }: Options) {
  const warned = new Map<string, number>()
  return (request: HttpRequest): void => {
    if (!request.hasAny(headers) || request.peer === '' || trustedProxies.has(request.peer)) return
    const at = now()
    const last = warned.get(request.peer)
    if (last !== undefined ? at - last < everyMs : warned.size >= mostAddresses && !forgetOne(warned, at))
      return
    warned.set(request.peer, at)
    log.warn('proxy.not-trusted', {
      address: request.peer,
      setting: 'NIGHTLATCH_TRUSTED_PROXIES',
      reason: 'its X-Forwarded-* headers do not count: if it is your proxy, name its address in the setting',
    })
  }
}

/** Room for one more, when the oldest was named an hour ago. */
function forgetOne(warned: Map<string, number>, at: number): boolean {
  const [oldest] = warned
  return oldest !== undefined && at - oldest[1] >= everyMs && warned.delete(oldest[0])
}
