import { isIP } from 'node:net'
import type { HttpRequest } from './request.js'
import type { Addresses, HttpLog } from './services.js'

interface Known {
  readonly trustedProxies: Addresses
  /** Where no proxy says an address that can be read, everybody counts as one: the operator is told, once. */
  readonly log: HttpLog
}

/**
 * Who asks, the only decision about it: the peer, or, when the peer is a trusted proxy, the last address in
 * X-Forwarded-For that is not a trusted proxy itself. What is no address ends the search.
 */
export function clientAddresses({ trustedProxies, log }: Known): (request: HttpRequest) => string {
  let hasWarned = false
  const warn = (hop: string): void => {
    if (hasWarned) return
    hasWarned = true
    const address = hop.slice(0, 100)
    log.warn('an address in X-Forwarded-For cannot be read: the proxy before it counts as the client', {
      address,
    })
  }
  return (request) => {
    const peer = request.peer.replace(mapped, '')
    if (!trustedProxies.has(peer)) return peer
    const said = request.header('x-forwarded-for')
    const hops = said === undefined ? [] : said.split(',').slice(-mostHops).reverse()
    let address = peer
    for (const hop of hops) {
      const next = addressIn(hop)
      if (next === null) warn(hop.trim())
      if (next === null) break
      address = next
      if (!trustedProxies.has(next)) break
    }
    return address
  }
}

const mostHops = 20

/** How a socket that listens on IPv6 shows an IPv4 address. */
const mapped = /^::ffff:(?=[\d.]+$)/i

/** `203.0.113.9`, `203.0.113.9:51234`, `2001:db8::9`, `[2001:db8::9]:51234`, each in quotes or not, without the port. */
function addressIn(hop: string): string | null {
  const text = hop
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .trim()
  const [, v6, v4] = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/.exec(text) ?? []
  const address = (v6 ?? v4 ?? text).replace(/^::ffff:(?=[\d.]+$)/i, '')
  if (v6 !== undefined && isIP(v6) !== 6) return null
  return isIP(address) === 0 ? null : address
}
